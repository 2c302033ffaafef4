"""Looks at running tasks: what each answer makes of them, and when the next look is due."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import transitions
from bot.domain.media import due_takes
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import ErrorCode, Kind, Result, State
from bot.engine.budget import Budget, Purpose
from bot.engine.poller import Poller
from bot.store.singing import SingingStore
from bot.tokenlab.errors import (
    AccessRefusedError,
    BadAnswerError,
    TaskGoneError,
    TaskNotOwnedError,
    ThrottledError,
    TryLaterError,
)
from bot.tokenlab.models import ProviderStatus
from tests.fakes.engine_fakes import SONG, FakeProvider, look, until
from tests.fakes.rows import START, HandClock, Rows, history_of, make_task

pytestmark = pytest.mark.usefixtures("databases")
DAY_S = 24 * 3600
PROCESSING = look(ProviderStatus.PROCESSING)
EMPTY = look(ProviderStatus.COMPLETED, result=Result(title="Low Tide"))
UNBILLED = look(ProviderStatus.COMPLETED, billing_transaction_id=None)


class Watch:
    """A poller with everything around it."""

    def __init__(self, *answers: Any, tasks: Any = None, per_minute: int = 1000, **changes: Any) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *(tasks or [make_task(**{"state": State.RUNNING, **changes})]))
        self.provider = FakeProvider(looks=answers)
        self.budget = Budget(per_minute, monotonic=lambda: self.clock().timestamp())
        self.history = history_of(self.rows, self.clock)
        self.singing = SingingStore(self.rows.database)
        self.poller = Poller(
            self.rows, self.singing, self.provider, self.budget, self.history, self.clock, interval_s=5
        )
        self.poller.monotonic = lambda: self.clock().timestamp()

    async def looked(self, *, after_s: float = 0) -> Any:
        self.clock.tick(after_s)
        await self.poller.step()
        return self.rows[1]

    def gap_s(self) -> float | None:
        at = self.rows[1].next_look_at
        return None if at is None else (at - self.clock()).total_seconds()


async def test_a_finished_song_is_stored_whole() -> None:
    watch = Watch(look(ProviderStatus.COMPLETED), progress=50)

    task = await watch.looked()

    assert (task.state, task.result, task.progress) == (State.COMPLETED, SONG, None)
    assert task.clip_candidates == {"audio_id": ["clip_1"]}
    assert (task.billing_transaction_id, task.next_look_at) == ("bill_1", None)
    assert task.media_wanted


async def test_what_is_usual_is_learnt_anew_once_a_task_has_finished() -> None:
    watch = Watch(PROCESSING, look(ProviderStatus.COMPLETED))
    await watch.looked(after_s=30)
    assert "durations" not in watch.rows.calls

    await watch.looked(after_s=30)

    assert watch.rows.calls.count("durations") == 1


async def test_finished_lyrics_want_no_audio() -> None:
    words = Result(lyrics="la la")
    watch = Watch(look(ProviderStatus.COMPLETED, result=words), kind=Kind.LYRICS)

    task = await watch.looked()

    assert (task.state, task.result, task.media_wanted) == (State.COMPLETED, words, False)


@pytest.mark.parametrize(
    ("before", "seen", "after"), [(None, None, None), (None, 30, 30), (50, 60, 60), (50, 40, 50), (50, None, 50)]
)
async def test_progress_never_goes_back(before: int | None, seen: int | None, after: int | None) -> None:
    task = await Watch(look(ProviderStatus.PROCESSING, progress=seen), progress=before).looked()

    assert task.progress == after


@pytest.mark.parametrize(
    ("kind", "result"),
    [(Kind.SONG, Result(lyrics="la la")), (Kind.LYRICS, SONG), (Kind.CONTINUATION, Result()), (Kind.LYRICS, Result())],
)
async def test_finished_without_what_was_asked_for_is_looked_at_for_a_minute_and_then_overdue(
    kind: Kind, result: Result
) -> None:
    watch = Watch(look(ProviderStatus.COMPLETED, result=result), kind=kind)
    gaps = []
    for _ in range(3):
        assert (await watch.looked()).state is State.RUNNING
        gaps.append(watch.gap_s() or 0)
        watch.clock.tick(gaps[-1])

    task = await watch.looked()

    assert sum(gaps) == 60
    assert (task.state, task.error_code, watch.gap_s()) == (State.EXPIRED, ErrorCode.NO_RESULT, 300)
    assert (await watch.looked(after_s=300)).state is State.EXPIRED
    assert watch.gap_s() == 300

    given_up = await watch.looked(after_s=1200 + DAY_S)

    assert (given_up.state, given_up.error_code, given_up.next_look_at) == (State.FAILED, ErrorCode.NO_RESULT, None)


async def test_a_take_that_comes_later_is_waited_for_a_minute_and_then_done_without() -> None:
    watch = Watch(look(ProviderStatus.COMPLETED, result=SONG, lacks_files=True))
    while (task := await watch.looked(after_s=watch.gap_s() or 0)).state is State.RUNNING:
        pass

    assert (watch.clock() - START).total_seconds() == 60
    assert (task.state, task.result) == (State.COMPLETED, SONG)


@pytest.mark.parametrize("empty_looks", [1, 2, 3, 4, 5])
async def test_audio_that_comes_after_the_word_is_taken_whenever_it_comes(empty_looks: int) -> None:
    watch = Watch(*[EMPTY] * empty_looks, look(ProviderStatus.COMPLETED))
    for _ in range(empty_looks):
        await watch.looked(after_s=watch.gap_s() or 0)

    task = await watch.looked(after_s=watch.gap_s() or 0)

    assert (task.state, task.result, task.error_code) == (State.COMPLETED, SONG, None)


async def test_only_looks_in_a_row_are_counted() -> None:
    watch = Watch(EMPTY, EMPTY, EMPTY, PROCESSING, EMPTY, EMPTY, EMPTY, EMPTY)
    for _ in range(7):
        assert (await watch.looked(after_s=watch.gap_s() or 0)).state is State.RUNNING
    assert (await watch.looked(after_s=watch.gap_s() or 0)).state is State.EXPIRED


async def test_a_song_that_was_overdue_already_is_looked_at_a_few_times_when_it_is_said_to_be_finished() -> None:
    watch = Watch(EMPTY, tasks=[expired()])
    gaps = []
    for _ in range(4):
        assert (await watch.looked(after_s=watch.gap_s() or 0)).state is State.EXPIRED
        gaps.append(watch.gap_s())

    assert gaps == [10, 20, 30, 300]


@pytest.mark.parametrize("status", [ProviderStatus.PROCESSING, ProviderStatus.UNKNOWN])
@pytest.mark.parametrize(("age_s", "state"), [(1199, State.RUNNING), (1200, State.COMPLETED)])
async def test_what_is_there_at_the_deadline_is_taken_whatever_the_status_is(
    status: ProviderStatus, age_s: float, state: State
) -> None:
    assert (await Watch(look(status, result=SONG)).looked(after_s=age_s)).state is state


@pytest.mark.parametrize(
    ("answer", "code", "detail"),
    [
        (look(ProviderStatus.FAILED, error_detail="The track failed"), ErrorCode.PROVIDER_FAILED, "The track failed"),
        (look(ProviderStatus.FAILED, is_about_content=True), ErrorCode.CONTENT_REFUSED, None),
    ],
)
@pytest.mark.parametrize("state", [State.RUNNING, State.EXPIRED])
async def test_a_definite_end_is_a_failure(state: State, answer: Any, code: ErrorCode, detail: str | None) -> None:
    task = await Watch(
        answer, tasks=[make_task(state=State.RUNNING)] if state is State.RUNNING else [expired()]
    ).looked()

    assert (task.state, task.error_code, task.error_detail, task.next_look_at) == (State.FAILED, code, detail, None)


async def test_a_task_that_is_not_known_fails_only_after_several_looks_over_two_minutes() -> None:
    watch = Watch(TaskGoneError("gone", detail="Task not found"))
    asked_at = []
    while (task := await watch.looked(after_s=watch.gap_s() or 0)).state is State.RUNNING:
        asked_at.append((watch.clock() - START).total_seconds())

    assert asked_at == [0, 10, 30, 70]
    assert (task.error_code, task.error_detail) == (ErrorCode.RESULT_GONE, "Task not found")
    assert (watch.clock() - START).total_seconds() == 130


async def test_a_clock_that_jumps_does_not_make_two_looks_several() -> None:
    watch = Watch(TaskGoneError("gone"))
    await watch.looked()

    assert (await watch.looked(after_s=7200)).state is State.RUNNING


async def test_a_clock_that_jumps_does_not_make_seconds_two_minutes() -> None:
    watch = Watch(TaskGoneError("gone"))
    watch.poller.monotonic = lambda: 5.0

    for _ in range(4):
        task = await watch.looked(after_s=7200)

    assert task.state is State.RUNNING


@pytest.mark.parametrize("between", [PROCESSING, look(ProviderStatus.UNKNOWN, has_error=True)])
async def test_a_look_that_sees_the_task_makes_it_known_again(between: Any) -> None:
    gone = TaskGoneError("gone")
    watch = Watch(gone, gone, gone, gone, between, gone, gone, gone, gone, gone)
    for _ in range(9):
        assert (await watch.looked(after_s=watch.gap_s() or 0)).state is State.RUNNING

    assert (await watch.looked(after_s=watch.gap_s() or 0)).state is State.FAILED


async def test_a_look_that_fails_otherwise_neither_counts_nor_begins_anew() -> None:
    gone, busy = TaskGoneError("gone"), TryLaterError("busy")
    watch = Watch(gone, busy, gone, busy, busy, gone)
    for _ in range(5):
        assert (await watch.looked(after_s=60)).state is State.RUNNING

    assert (await watch.looked(after_s=60)).state is State.FAILED


async def test_another_organizations_task_is_held_and_the_operator_told_once(caplog: pytest.LogCaptureFixture) -> None:
    other = TaskNotOwnedError("other", request_id="req_7")
    watch = Watch(*[other] * 6, look(ProviderStatus.COMPLETED))
    for _ in range(6):
        assert (await watch.looked(after_s=3600)).state is State.RUNNING

    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "may not see this task" in line.message
    assert (line.__dict__["task_id"], line.__dict__["request_id"]) == (1, "req_7")
    assert (await watch.looked(after_s=3600)).state is State.COMPLETED


TROUBLED = look(ProviderStatus.UNKNOWN, has_error=True, error_detail="No GPU")


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ([TROUBLED] * 2, State.RUNNING),
        ([TROUBLED] * 3, State.FAILED),
        ([TROUBLED, TROUBLED, PROCESSING, TROUBLED, TROUBLED], State.RUNNING),
        ([TROUBLED, TROUBLED, look(ProviderStatus.UNKNOWN), TROUBLED], State.RUNNING),
        ([TROUBLED, TryLaterError("busy"), TROUBLED, TROUBLED], State.FAILED),
        ([look(ProviderStatus.UNKNOWN)] * 9, State.RUNNING),
        ([look(ProviderStatus.PROCESSING, has_error=True)] * 9, State.RUNNING),
    ],
)
async def test_an_unknown_word_beside_an_error_is_a_failure_once_it_is_seen_three_times_in_a_row(
    seen: list[Any], state: State
) -> None:
    watch = Watch(*seen, PROCESSING)
    for _ in seen:
        task = await watch.looked(after_s=10)

    assert task.state is state
    assert task.error_detail == ("No GPU" if state is State.FAILED else None)


@pytest.mark.parametrize("status", [ProviderStatus.PENDING, ProviderStatus.PROCESSING, ProviderStatus.UNKNOWN])
async def test_an_unfinished_task_is_noted_and_looked_at_again(status: ProviderStatus) -> None:
    watch = Watch(look(status, progress=40), look_failures=3)

    task = await watch.looked()

    assert (task.state, task.progress, task.provider_status, task.look_failures) == (State.RUNNING, 40, status, 0)
    assert task.revision == 2
    assert watch.gap_s() == 5


# --- the deadline ----------------------------------------------------------------------------------------------------


def expired() -> Any:
    """A task whose deadline was just now."""
    return replace(make_task(state=State.RUNNING, deadline_at=START), state=State.EXPIRED)


@pytest.mark.parametrize(("age_s", "state"), [(1199, State.RUNNING), (1200, State.EXPIRED), (9999, State.EXPIRED)])
async def test_only_an_unfinished_look_at_or_after_the_deadline_expires_a_task(age_s: float, state: State) -> None:
    watch = Watch(PROCESSING)
    await watch.looked()

    task = await watch.looked(after_s=age_s)

    assert task.state is state
    assert watch.gap_s() == (5 if state is State.RUNNING else 300)


async def test_a_clock_that_is_set_ahead_makes_nothing_overdue() -> None:
    """Two looks that saw it unfinished lie a quarter of its time apart, on a clock that nobody sets."""
    watch, lived_s = Watch(PROCESSING), [0.0]
    watch.poller.monotonic = lambda: lived_s[-1]
    await watch.looked()
    watch.clock.tick(2 * 3600)
    for moment_s in (10.0, 200.0, 299.0):
        lived_s.append(moment_s)
        assert (await watch.looked(after_s=10)).state is State.RUNNING

    lived_s.append(300.0)
    assert (await watch.looked(after_s=10)).state is State.EXPIRED


async def test_after_a_restart_one_look_finds_what_is_overdue() -> None:
    watch = Watch(PROCESSING, looked_at=START)
    assert (await watch.looked(after_s=1200)).state is State.EXPIRED


async def test_the_first_look_of_all_is_not_enough_to_be_overdue() -> None:
    watch = Watch(PROCESSING)
    assert (await watch.looked(after_s=9999)).state is State.RUNNING
    assert (await watch.looked(after_s=300)).state is State.EXPIRED


@pytest.mark.parametrize("error", [TryLaterError("busy"), BadAnswerError("html"), AccessRefusedError("key")])
async def test_one_failed_look_never_expires_a_task(error: Exception) -> None:
    assert (await Watch(error).looked(after_s=DAY_S * 3)).state is State.RUNNING


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (BadAnswerError("html"), State.EXPIRED),
        (TryLaterError("busy"), State.RUNNING),
        (AccessRefusedError("key"), State.RUNNING),
    ],
)
async def test_only_senseless_answers_in_a_row_count_as_not_finished(error: Exception, state: State) -> None:
    watch = Watch(error, error, error)
    for age_s in (1300, 60, 60, 300):
        assert watch.rows[1].state is State.RUNNING
        task = await watch.looked(after_s=age_s)

    assert task.state is state


async def test_senseless_answers_before_the_deadline_expire_nothing() -> None:
    task = await Watch(BadAnswerError("html"), look_failures=9).looked(after_s=1199)

    assert (task.state, task.look_failures) == (State.RUNNING, 10)


@pytest.mark.parametrize(("age_s", "state"), [(DAY_S - 1, State.EXPIRED), (DAY_S, State.FAILED)])
async def test_an_expired_task_with_senseless_answers_is_given_up_after_a_day(age_s: float, state: State) -> None:
    watch = Watch(BadAnswerError("html"), tasks=[replace(expired(), look_failures=2)])

    task = await watch.looked(after_s=age_s)

    assert task.state is state
    assert task.error_code is (ErrorCode.NO_ANSWER if state is State.FAILED else None)


async def test_a_finished_look_after_the_deadline_is_a_success() -> None:
    assert (await Watch(look(ProviderStatus.COMPLETED)).looked(after_s=DAY_S)).state is State.COMPLETED


@pytest.mark.parametrize(("age_s", "state"), [(DAY_S - 1, State.EXPIRED), (DAY_S, State.FAILED)])
async def test_an_expired_task_is_given_up_after_a_day(age_s: float, state: State) -> None:
    watch = Watch(PROCESSING, tasks=[expired()])

    task = await watch.looked(after_s=age_s)

    assert task.state is state
    assert task.error_code is (ErrorCode.NO_ANSWER if state is State.FAILED else None)
    assert watch.gap_s() == (None if state is State.FAILED else 300)


async def test_an_expired_task_may_still_finish() -> None:
    assert (await Watch(look(ProviderStatus.COMPLETED), tasks=[expired()]).looked()).state is State.COMPLETED


# --- looks that fail -------------------------------------------------------------------------------------------------


async def test_the_pause_doubles_with_each_failed_look_up_to_a_minute() -> None:
    watch = Watch(TryLaterError("busy"))
    gaps = []
    for _ in range(6):
        await watch.looked()
        gaps.append(watch.gap_s())
        watch.clock.tick(gaps[-1] or 0)

    assert gaps == [10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize(("asked_s", "gap_s"), [(30, 30), (4000, 60), (1, 10)])
async def test_the_provider_may_ask_for_a_longer_pause(asked_s: float, gap_s: float) -> None:
    watch = Watch(TryLaterError("busy", retry_after_s=asked_s))

    await watch.looked()

    assert watch.gap_s() == gap_s


@pytest.mark.parametrize(("asked_s", "gap_s"), [(30, 30), (1800, 1800), (3600, 3600), (10**9, 3600), (None, 10)])
async def test_a_throttled_task_waits_as_long_as_was_asked_up_to_an_hour_but_no_other(
    asked_s: float | None, gap_s: float
) -> None:
    tasks = [
        make_task(1, state=State.RUNNING),
        make_task(2, state=State.RUNNING, next_look_at=START + timedelta(seconds=1)),
    ]
    watch = Watch(ThrottledError("busy", retry_after_s=asked_s), look(ProviderStatus.COMPLETED), tasks=tasks)

    await watch.looked()
    assert watch.gap_s() == gap_s

    await watch.looked(after_s=95)
    assert watch.rows[2].state is State.COMPLETED


@pytest.mark.parametrize("answer", [PROCESSING, TaskGoneError("gone"), AccessRefusedError("key")])
async def test_any_answer_to_a_look_opens_a_budget_that_waits_for_one(answer: Any) -> None:
    watch = Watch(answer)
    watch.budget.throttled(1e9)

    await watch.looked(after_s=100)

    assert watch.budget.take(Purpose.CREATE)


async def test_a_throttled_look_slows_all_requests_down() -> None:
    watch = Watch(ThrottledError("slow down", retry_after_s=20))
    full = watch.budget.rate_per_s

    await watch.looked()

    assert watch.budget.rate_per_s == full / 2
    watch.rows.put(make_task(2, state=State.RUNNING))
    await watch.looked(after_s=19)
    assert len(watch.provider.looks.asked) == 1


async def test_a_refused_key_is_told_once_when_it_starts_and_once_when_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    refused = AccessRefusedError("no", request_id="req_5")
    watch = Watch(refused, refused, PROCESSING, PROCESSING)
    for _ in range(4):
        await watch.looked(after_s=100)

    told = [(r.levelname, r.message) for r in caplog.records if "key" in r.message]
    assert told == [
        ("ERROR", "the TokenLab key is refused; running tasks are held"),
        ("INFO", "the TokenLab key works again"),
    ]


# --- the bill --------------------------------------------------------------------------------------------------------


async def test_a_late_bill_is_noted_and_ends_the_looking() -> None:
    watch = Watch(UNBILLED, look(ProviderStatus.COMPLETED))
    await watch.looked()
    assert watch.gap_s() == 60

    task = await watch.looked(after_s=60)

    assert (task.billing_transaction_id, task.next_look_at, task.revision) == ("bill_1", None, 3)


async def test_a_take_that_is_told_of_after_the_song_was_finished_is_fetched() -> None:
    first, second = (Track(audio_url=f"https://m.example/{clip}.mp3", audio_id=clip) for clip in "ab")
    both = look(ProviderStatus.COMPLETED, result=Result(tracks=(first, second)))
    watch = Watch(look(ProviderStatus.COMPLETED, result=Result(tracks=(first,)), billing_transaction_id=None), both)
    task = await watch.looked()
    there = MediaFile(name="1-1.mp3", shown_as="x.mp3", size_bytes=9)
    await watch.rows.apply(task, transitions.MediaFetched(media=(there,), media_wanted=False))

    task = await watch.looked(after_s=60)

    assert (task.result and task.result.tracks, task.media_wanted) == ((first, second), True)
    assert (2 in due_takes(task, watch.clock()), task.billing_transaction_id) == (True, "bill_1")


@pytest.mark.parametrize("answer", [UNBILLED, TryLaterError("busy"), AccessRefusedError("key"), TaskGoneError("gone")])
async def test_a_bill_that_never_comes_is_looked_for_twice_at_most_and_changes_nothing(answer: Any) -> None:
    watch = Watch(UNBILLED, answer)
    for _ in range(6):
        await watch.looked(after_s=60)

    assert len(watch.provider.looks.asked) <= 3
    assert (watch.rows[1].state, watch.rows[1].next_look_at) == (State.COMPLETED, None)


# --- who is looked at ------------------------------------------------------------------------------------------------


async def test_looks_that_hang_do_not_hide_the_others() -> None:
    gate = asyncio.Event()
    tasks = [make_task(n, state=State.RUNNING, next_look_at=START - timedelta(seconds=50 - n)) for n in range(1, 6)]
    watch = Watch((gate, PROCESSING), (gate, PROCESSING), (gate, PROCESSING), PROCESSING, tasks=tasks)
    watch.poller.concurrency = 4
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(watch.poller.run(stop))
        await until(lambda: {task_id for task_id, _ in watch.provider.looks.asked} == {f"ld_{n}" for n in range(1, 6)})
        gate.set()
        stop.set()


async def test_without_budget_nothing_is_looked_at() -> None:
    watch = Watch(PROCESSING, tasks=[make_task(n, state=State.RUNNING) for n in range(1, 10)], per_minute=2)

    await watch.looked()

    assert len(watch.provider.looks.asked) == 1


async def test_a_running_task_without_an_id_harms_nobody_else() -> None:
    watch = Watch(look(ProviderStatus.COMPLETED), tasks=[make_task(1, state=State.RUNNING, provider_task_id=None),
                                                         make_task(2, state=State.RUNNING)])  # fmt: skip

    await watch.looked()

    assert [watch.rows[n].state for n in (1, 2)] == [State.RUNNING, State.COMPLETED]
