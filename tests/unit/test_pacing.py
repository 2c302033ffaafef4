"""When to look again, never sooner than the interval and slowly once expired; when it should be finished, honestly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.line import Place
from bot.domain.pacing import Forecast, Phase, Usual, forecast, gives_up, next_look_at, usual_of
from bot.domain.tasks import State
from tests.fakes.rows import START, make_task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INTERVALS = st.floats(0.1, 60)
FAILURES = st.integers(0, 10_000)
RETRY_AFTERS = st.none() | st.floats(0, 1e6)
ANY_MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- zone beside
GRAIN = timedelta(microseconds=1)
SECONDS = st.floats(0.1, 86_400)
HISTORIES = st.lists(SECONDS, max_size=60)


def gap_s(**changes: Any) -> float:
    values: dict[str, Any] = {"now": NOW, "state": State.RUNNING, "interval_s": 5.0, **changes}
    return (next_look_at(**values) - NOW).total_seconds()


@given(now=ANY_MOMENT, interval_s=INTERVALS, failures=FAILURES, retry_after_s=RETRY_AFTERS)
def test_a_running_task_is_looked_at_after_the_interval_and_within_a_minute(
    now: datetime, interval_s: float, failures: int, retry_after_s: float | None
):
    at = next_look_at(
        now=now, state=State.RUNNING, interval_s=interval_s, failures=failures, retry_after_s=retry_after_s
    )
    assert timedelta(seconds=interval_s) - GRAIN <= at - now <= timedelta(seconds=60)


@given(interval_s=INTERVALS, failures=FAILURES)
def test_the_more_looks_fail_the_longer_the_pause(interval_s: float, failures: int):
    assert gap_s(interval_s=interval_s, failures=failures) <= gap_s(interval_s=interval_s, failures=failures + 1)


@pytest.mark.parametrize(("failures", "pause_s"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (99, 60)])
def test_the_pause_doubles_up_to_a_minute(failures: int, pause_s: float):
    assert gap_s(failures=failures) == pause_s


@pytest.mark.parametrize(("retry_after_s", "pause_s"), [(None, 5), (0.0, 5), (4.0, 5), (30.0, 30), (3600.0, 60)])
def test_the_provider_may_ask_for_a_longer_pause(retry_after_s: float | None, pause_s: float):
    assert gap_s(retry_after_s=retry_after_s) == pause_s


@given(interval_s=INTERVALS, failures=FAILURES, retry_after_s=RETRY_AFTERS)
def test_an_expired_task_is_looked_at_every_five_minutes(interval_s: float, failures: int, retry_after_s: float | None):
    assert gap_s(state=State.EXPIRED, interval_s=interval_s, failures=failures, retry_after_s=retry_after_s) == 300


@pytest.mark.parametrize(("after", "given_up"), [(-1, False), (0, False), (86_399, False), (86_400, True)])
def test_an_expired_task_is_given_up_a_day_after_its_deadline(after: int, *, given_up: bool):
    assert gives_up(now=NOW + timedelta(seconds=after), deadline_at=NOW) is given_up


# --- what is usual ---------------------------------------------------------------------------------------------------


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("durations_s", "median_s", "most_s"),
    [
        ([], 100, 200),
        ([400.0], 100 * 4 ** (1 / 20), 200 * 2 ** (1 / 20)),
        ([400.0] * 10, 200, 200 * 2 ** (1 / 2)),
        ([400.0] * 20, 400, 400),
        ([1.0] * 30, 1, 1),
        ([float(s) for s in range(300, 0, -1)], 150, 270),
        ([50.0] * 280 + [1190.0] * 20, 50, 50),
    ],
)
def test_the_guess_gives_way_to_history(durations_s: list[float], median_s: float, most_s: float):
    found = usual_of(durations_s, guess_s=100)
    assert (found.median_s, found.most_s) == (near(median_s), near(most_s))


@pytest.mark.parametrize(
    ("durations_s", "nearly_all_s"),
    [
        ([], 350),
        ([400.0] * 10, 100 * (3.5 * 4) ** 0.5),
        ([float(s) for s in range(300, 0, -1)], 297),
        ([50.0] * 297 + [1190.0] * 3, 50),
        ([50.0] * 296 + [1190.0] * 4, 1190),
    ],
)
def test_what_nearly_all_take_is_learnt_in_the_same_way(durations_s: list[float], nearly_all_s: float):
    assert usual_of(durations_s, guess_s=100).nearly_all_s == near(nearly_all_s)


@given(durations_s=HISTORIES, guess_s=SECONDS)
def test_what_is_usual_lies_between_guess_and_history(durations_s: list[float], guess_s: float):
    found = usual_of(durations_s, guess_s=guess_s)
    lowest, highest = min(durations_s, default=guess_s), max(durations_s, default=guess_s)
    assert min(guess_s, lowest) * 0.999 <= found.median_s <= max(guess_s, highest) * 1.001
    assert min(2 * guess_s, lowest) * 0.999 <= found.most_s <= max(2 * guess_s, highest) * 1.001
    assert found.median_s <= found.most_s * 1.001
    assert found.most_s <= found.nearly_all_s * 1.001


@given(durations_s=HISTORIES, guess_s=SECONDS, data=st.data())
def test_what_is_usual_grows_with_each_duration(durations_s: list[float], guess_s: float, data: st.DataObject):
    longer = [took_s * data.draw(st.floats(1, 10)) for took_s in durations_s]
    before, after = usual_of(durations_s, guess_s=guess_s), usual_of(longer, guess_s=guess_s)
    assert before.median_s <= after.median_s * 1.001
    assert before.most_s <= after.most_s * 1.001
    assert before.nearly_all_s <= after.nearly_all_s * 1.001


# --- the expected finish ---------------------------------------------------------------------------------------------

USUAL = Usual(median_s=60, most_s=100, nearly_all_s=150)
FIRST = Place(ahead=0, people_ahead=0)


def finish(place: Place | None = None, *, after_s: float = 0, usual: Usual = USUAL, **changes: Any) -> Forecast | None:
    """The forecast so long after the start."""
    return forecast(make_task(**changes), place, usual, now=START + timedelta(seconds=after_s))


def at(phase: Phase, seconds: float | None) -> Forecast:
    return Forecast(phase=phase, finish_at=None if seconds is None else START + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("after_s", "progress", "expected"),
    [
        (0, None, at(Phase.FIRST_HALF, 60)),
        (59.9, 49, at(Phase.FIRST_HALF, 60)),
        (10, 50, at(Phase.SECOND_HALF, 100)),
        (60, None, at(Phase.SECOND_HALF, 100)),
        (99.9, 100, at(Phase.SECOND_HALF, 100)),
        (100, None, at(Phase.OVERTIME, None)),
        (5000, 99, at(Phase.OVERTIME, None)),
    ],
)
def test_a_running_task_has_its_usual_moment_then_its_latest_then_none(
    after_s: float, progress: int | None, expected: Forecast
):
    assert finish(after_s=after_s, state=State.RUNNING, progress=progress) == expected


@pytest.mark.parametrize(("own_ahead", "rounds"), [(0, 1), (2, 1), (3, 2), (5, 2), (6, 3), (12, 5)])
@pytest.mark.parametrize("state", [State.RECEIVED, State.QUEUED])
def test_a_waiting_task_takes_its_time_after_those_of_its_member_and_not_after_others(
    state: State, own_ahead: int, rounds: int
):
    place = Place(ahead=99, people_ahead=50, own_ahead=own_ahead)
    assert finish(place, after_s=7, state=state) == at(Phase.WAITING, 7 + rounds * 60)


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (None, {}),
        (FIRST, {"refusals": 1}),
        *((FIRST, {"state": state}) for state in State if state not in {State.RECEIVED, State.QUEUED, State.RUNNING}),
    ],
)
def test_nothing_is_said_where_nobody_knows(place: Place | None, changes: dict[str, Any]):
    assert finish(place, **changes) is None


@given(
    state=st.sampled_from(State),
    age_s=st.floats(0, 1e6),
    median_s=SECONDS,
    spread=st.floats(1, 10),
    progress=st.none() | st.integers(0, 100),
    own_ahead=st.integers(0, 13),
)
def test_a_forecast_is_never_in_the_past(
    state: State, age_s: float, median_s: float, spread: float, progress: int | None, own_ahead: int
):
    usual = Usual(median_s=median_s, most_s=median_s * spread, nearly_all_s=median_s * spread * 2)
    place = Place(ahead=own_ahead, people_ahead=0, own_ahead=own_ahead)
    found = finish(place, after_s=age_s, usual=usual, state=state, progress=progress)
    if found is not None and found.finish_at is not None:
        assert found.finish_at > START + timedelta(seconds=age_s)
