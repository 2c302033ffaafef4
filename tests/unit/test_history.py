"""What is usual here: learnt at the start and when tasks finish, not too often, and never by whoever draws a card."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.line import Place
from bot.domain.pacing import Phase
from bot.domain.tasks import Kind, MusicTask, State
from bot.engine.history import PROMISES_MAX, History
from tests.fakes.rows import START, HandClock, Rows, history_of, make_task

pytestmark = pytest.mark.usefixtures("databases")
FIRST = Place(ahead=0, people_ahead=0)


class Past:
    """A history over rows that a test fills."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock)
        self.history: History = history_of(self.rows, self.clock)

    def finished(self, took_s: float, *, times: int = 20, **changes: Any) -> None:
        """So many tasks have finished, each after so many seconds."""
        done: dict[str, Any] = {
            "state": State.COMPLETED,
            "submitted_at": START,
            "state_at": START + timedelta(seconds=took_s),
            "deadline_at": START + timedelta(seconds=1200),
        }
        first = len(self.rows) + 1
        self.rows.put(*(make_task(number, **done, **changes) for number in range(first, first + times)))

    def expected_s(self, task: MusicTask | None = None) -> float | None:
        """In how many seconds a task should be finished, a waiting song unless it is given."""
        found = self.history.forecast(task or make_task(), FIRST)
        return None if found is None or found.finish_at is None else (found.finish_at - self.clock()).total_seconds()


@pytest.mark.parametrize(("kind", "expected_s"), [(Kind.SONG, 90), (Kind.CONTINUATION, 90), (Kind.LYRICS, 15)])
async def test_before_anything_has_finished_the_settings_are_all_there_is(kind: Kind, expected_s: float) -> None:
    past = Past()
    await past.history.learn()

    assert past.expected_s(make_task(kind=kind)) == pytest.approx(expected_s)


async def test_each_kind_and_model_has_its_own_history() -> None:
    past = Past()
    past.finished(40)
    past.finished(6, kind=Kind.LYRICS)
    past.finished(200, model="slow-model")
    await past.history.learn()

    tasks = (make_task(), make_task(kind=Kind.LYRICS), make_task(model="slow-model"), make_task(model="new-model"))
    assert [past.expected_s(task) for task in tasks] == pytest.approx([40, 6, 200, 90])


async def test_learning_again_within_ten_seconds_costs_nothing() -> None:
    past = Past()
    await past.history.learn()
    past.finished(40)

    past.clock.tick(9)
    await past.history.learn()
    assert past.expected_s() == pytest.approx(90)
    past.clock.tick(1)
    await past.history.learn()
    assert past.expected_s() == pytest.approx(40)
    assert past.rows.calls.count("durations") == 2


async def test_after_the_clock_was_set_back_it_learns_again() -> None:
    past = Past()
    await past.history.learn()
    past.finished(40)
    past.clock.tick(-3 * 3600)
    await past.history.learn()
    assert past.rows.calls.count("durations") == 2


async def test_a_store_that_fails_takes_nothing_of_what_is_known() -> None:
    past = Past()
    past.finished(40)
    await past.history.learn()
    past.clock.tick(60)
    past.rows.broken["durations"] = 1

    with pytest.raises(OSError, match="disk"):
        await past.history.learn()

    assert past.expected_s() == pytest.approx(40)


async def test_a_running_task_keeps_the_forecast_it_began_with() -> None:
    past = Past()
    running = make_task(900, state=State.RUNNING)
    assert past.expected_s(running) == pytest.approx(90)
    past.finished(40)
    await past.history.learn()

    assert past.expected_s(running) == pytest.approx(90)
    assert past.expected_s(make_task(901, state=State.RUNNING)) == pytest.approx(40)
    past.clock.tick(50)
    found = past.history.forecast(running, None)
    assert found is not None
    assert found.phase is Phase.FIRST_HALF


async def test_a_task_is_stuck_after_what_nearly_all_of_its_kind_and_model_took() -> None:
    past = Past()
    past.finished(40)
    past.finished(6, kind=Kind.LYRICS)
    await past.history.learn()

    found = [past.history.stuck_after(*one) for one in ((Kind.SONG, "suno-music"), (Kind.LYRICS, "suno-music"))]
    assert [one.total_seconds() for one in found] == pytest.approx([40, 6])
    assert past.history.stuck_after(Kind.SONG, "new-model").total_seconds() == pytest.approx(90 * 3.5)


async def test_forecasts_of_running_tasks_are_not_remembered_for_ever() -> None:
    past = Past()
    for number in range(PROMISES_MAX + 50):
        past.history.forecast(make_task(number, state=State.RUNNING), None)

    assert len(past.history._promises) == PROMISES_MAX
