"""The only place that spends money: what each answer of the provider makes of a wish."""

import asyncio
import logging
from typing import Any

import pytest

from bot.domain.tasks import AttemptOutcome, ErrorCode, Kind, State, TaskId
from bot.engine import submitter as module
from bot.engine.budget import Budget
from bot.engine.submitter import MOST_REFUSALS, SubmitRules, Submitter
from bot.store.versions import VersionStore
from bot.tokenlab.errors import (
    AccessRefusedError,
    ClipRefusedError,
    ModelUnavailableError,
    NotSentError,
    OutcomeUnknownError,
    ProviderRefusedError,
    ThrottledError,
    TryLaterError,
    WishRefusedError,
)
from tests.fakes.engine_fakes import FakeModels, FakeProvider, created, outages_over, until
from tests.fakes.rows import START, HandClock, Rows, at_rest, make_task

pytestmark = pytest.mark.usefixtures("databases")
RECORDS = "Accepted"
"""What of the store writes down an answer."""


class Desk:
    """A submitter with everything around it."""

    def __init__(self, *answers: Any, tasks: Any = None, per_minute: int = 1000) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *(tasks or [make_task()]))
        self.provider = FakeProvider(creates=answers)
        self.budget = Budget(per_minute, monotonic=lambda: self.clock().timestamp())
        rules = SubmitRules(deadline_s=1200, first_look_s=5)
        self.versions = VersionStore(self.rows.database)
        self.models = FakeModels("suno-music")
        self.outages = outages_over(self.rows, self.clock, self.provider, self.budget, models=self.models)
        self.submitter = Submitter(
            self.rows, self.versions, self.provider, self.budget, self.clock, rules, self.outages
        )

    @property
    def sent(self) -> int:
        return len(self.provider.creates.asked)


async def test_an_accepted_wish_runs_with_everything_that_is_needed_to_find_it_again() -> None:
    desk = Desk(created(4))

    await desk.submitter.step()

    task = desk.rows[1]
    assert (task.state, task.attempt) == (State.RUNNING, 1)
    assert (task.provider_task_id, task.poll_url, task.request_id) == ("ld_4", "/v1/tasks/ld_4", "req_1")
    assert task.deadline_at is not None
    assert task.next_look_at is not None
    assert (task.deadline_at - START).total_seconds() == 1200
    assert (task.next_look_at - START).total_seconds() == 5
    assert desk.rows.outcomes == [AttemptOutcome.ACCEPTED]


async def test_everything_that_was_wished_for_is_asked_of_the_provider() -> None:
    wish: dict[str, Any] = {
        "prompt": "Rain", "title": "Low Tide", "tags": "blues", "negative_tags": "metal", "instrumental": True,
        "version": "chirp-v5", "clip_id": "clip_1", "continue_at_s": 65.5,
    }  # fmt: skip
    desk = Desk(created(4), tasks=[make_task(**wish)])

    await desk.submitter.step()

    (asked,) = desk.provider.creates.asked
    assert {name: getattr(asked, name) for name in wish} == wish


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WishRefusedError("no", detail="too rude"), ErrorCode.WISH_REFUSED),
        (ClipRefusedError("no"), ErrorCode.CLIP_REFUSED),
        (ModelUnavailableError("no"), ErrorCode.MODEL_UNAVAILABLE),
        (AccessRefusedError("no"), ErrorCode.NO_ACCESS),
        (ProviderRefusedError("no"), ErrorCode.PROVIDER_BUSY),
    ],
)
async def test_a_definite_refusal_fails_the_wish(error: Exception, code: ErrorCode) -> None:
    desk = Desk(error)

    await desk.submitter.step()

    assert (desk.rows[1].state, desk.rows[1].error_code) == (State.FAILED, code)
    assert desk.rows[1].error_detail == error.detail  # type: ignore[attr-defined]  # every error of the client has one
    assert desk.rows.outcomes == [AttemptOutcome.REFUSED]


@pytest.mark.parametrize(
    ("error", "level"),
    [(AccessRefusedError("no"), "ERROR"), (WishRefusedError("no"), "INFO")],
)
async def test_what_the_operator_has_to_mend_is_logged_as_an_error(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await Desk(error).submitter.step()

    assert [r.levelname for r in caplog.records if r.message == "create was refused"] == [level]


@pytest.mark.parametrize(
    ("error", "delay_s"),
    [
        (TryLaterError("busy"), 5),
        (TryLaterError("busy", retry_after_s=33), 33),
        (ThrottledError("slow down", retry_after_s=1), 5),
        (NotSentError("no way"), 5),
    ],
)
async def test_what_was_surely_not_created_goes_back_into_the_line(error: Exception, delay_s: float) -> None:
    desk = Desk(error)

    await desk.submitter.step()

    task = desk.rows[1]
    assert (task.state, task.refusals, task.attempt) == (State.QUEUED, 1, 1)
    assert task.not_before is not None
    assert (task.not_before - START).total_seconds() == delay_s
    await desk.submitter.step()
    assert desk.sent == 1
    assert desk.rows.outcomes == [AttemptOutcome.REFUSED]


async def test_waiting_grows_up_to_two_minutes_and_patience_ends() -> None:
    desk = Desk(TryLaterError("busy"))
    waits = []
    while desk.rows[1].state is State.QUEUED:
        before = desk.clock()
        await desk.submitter.step()
        if (until := desk.rows[1].not_before) is not None:
            waits.append((until - before).total_seconds())
            desk.clock.tick(waits[-1])

    assert waits[:6] == [5, 10, 20, 40, 80, 120]
    assert max(waits) == 120
    assert desk.sent == MOST_REFUSALS
    assert (desk.rows[1].state, desk.rows[1].error_code) == (State.FAILED, ErrorCode.PROVIDER_BUSY)


async def test_a_throttled_key_sends_nothing_else_meanwhile() -> None:
    desk = Desk(ThrottledError("slow down", retry_after_s=30), created())
    await desk.submitter.step()
    desk.rows.put(make_task(2, user_id=8))

    await desk.submitter.step()
    assert desk.sent == 1
    desk.clock.tick(32)
    await desk.submitter.step()

    assert desk.sent >= 2
    assert desk.budget.rate_per_s < 15


@pytest.mark.parametrize(
    "error", [OutcomeUnknownError("silence", request_id="req_9"), RuntimeError("bug"), KeyError("x")]
)
async def test_any_other_trouble_leaves_the_wish_uncertain_and_it_is_never_sent_again(error: Exception) -> None:
    desk = Desk(error)
    for _ in range(3):
        await desk.submitter.step()
        desk.clock.tick(3600)

    assert desk.rows[1].state is State.UNCERTAIN
    assert desk.rows[1].request_id == getattr(error, "request_id", None)
    assert desk.rows.outcomes == [AttemptOutcome.UNKNOWN]
    assert desk.sent == 1


async def test_a_create_that_is_cut_off_is_uncertain() -> None:
    desk = Desk((asyncio.Event(), created()))
    desk.submitter.grace_s = 0.01
    stop = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.run(stop))
        await until(lambda: desk.sent == 1)
        assert desk.rows.outcomes == []
        stop.set()

    assert desk.rows[1].state is State.UNCERTAIN


async def test_an_answer_within_the_grace_is_recorded() -> None:
    gate = asyncio.Event()
    desk = Desk((gate, created(4)))
    stop = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.run(stop))
        await until(lambda: desk.sent == 1)
        await at_rest(desk.rows)
        stop.set()
        await at_rest(desk.rows)
        gate.set()

    assert (desk.rows[1].state, desk.rows[1].provider_task_id) == (State.RUNNING, "ld_4")


async def test_an_answer_that_is_being_recorded_when_the_job_is_cut_is_on_record_when_the_worker_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RECORD_PAUSE_S", 0.05)
    desk = Desk(created(4))
    desk.rows.broken[RECORDS] = 1
    desk.submitter.grace_s = 0.0
    stop = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.run(stop))
        await until(lambda: desk.rows.broken[RECORDS] == 0)
        assert desk.rows[1].state is State.SUBMITTING
        stop.set()

    assert (desk.rows[1].state, desk.rows[1].provider_task_id) == (State.RUNNING, "ld_4")


async def test_a_store_that_never_comes_back_does_not_hold_up_the_end_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAST_WRITE_S", 0.01)
    monkeypatch.setattr(module, "RECORD_PAUSE_S", 0.001)
    desk = Desk(created())
    desk.rows.broken[RECORDS] = 10**9
    desk.submitter.grace_s = 0.0
    stop = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.run(stop))
        await until(lambda: desk.rows.broken[RECORDS] < 10**9)
        stop.set()

    assert desk.rows[1].state is State.SUBMITTING
    desk.rows.broken.clear()
    await until(lambda: desk.rows[1].state is State.RUNNING)
    await at_rest(desk.rows)


async def test_an_answer_is_recorded_again_and_again_until_it_is_written_and_tells_ids_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "RECORD_PAUSE_S", 0)
    desk = Desk(created(4))
    desk.rows.broken[RECORDS] = 5

    await desk.submitter.step()

    assert desk.rows[1].state is State.RUNNING
    loud = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(loud) == 5
    facts = {"task_id": 1, "attempt": 1, "provider_task_id": "ld_4", "request_id": "req_1"}
    assert all(facts.items() <= vars(record).items() for record in loud)
    assert "harbour" not in caplog.text.lower()
    assert desk.sent == 1


async def test_an_answer_that_comes_after_the_row_was_given_up_is_let_in() -> None:
    gate = asyncio.Event()
    desk = Desk((gate, created(4)))
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.step())
        await until(lambda: desk.sent == 1)
        desk.rows.change(state=State.UNCERTAIN, unclear_attempts=1)
        gate.set()

    assert (desk.rows[1].state, desk.rows[1].provider_task_id) == (State.RUNNING, "ld_4")
    assert desk.rows[1].unclear_attempts == 0


@pytest.mark.parametrize("gone", [True, False])
async def test_an_answer_without_a_row_to_go_to_is_told_the_operator(
    gone: bool,  # noqa: FBT001 -- a column of the table
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = asyncio.Event()
    desk = Desk((gate, created(4)))
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.step())
        await until(lambda: desk.sent == 1)
        desk.rows.change(state=State.CANCELLED, unclear_attempts=1)
        if gone:
            monkeypatch.setattr(desk.rows, "get", _nothing)
        gate.set()

    told = [record.message for record in caplog.records if record.levelno == logging.CRITICAL]
    assert told == ["answer comes too late for its task"]
    assert desk.rows.outcomes == [AttemptOutcome.ACCEPTED]
    assert len(desk.rows) == 2
    assert (desk.rows[1].state, desk.rows[2].state) == (State.CANCELLED, State.RUNNING)
    assert (desk.rows[2].origin_key, desk.rows[2].provider_task_id) == ("a:1:1", "ld_4")


async def test_a_wish_that_somebody_took_out_of_the_line_is_not_sent() -> None:
    desk = Desk()
    (waiting,) = await desk.submitter.find(1)
    desk.rows.change(state=State.CANCELLED)

    await desk.submitter.handle(waiting)

    assert desk.sent == 0


# --- who is next -----------------------------------------------------------------------------------------------------


async def test_members_take_turns_and_nobody_has_more_than_three_at_the_provider() -> None:
    tasks = [make_task(n, user_id=7) for n in range(1, 6)] + [make_task(n, user_id=8) for n in range(6, 8)]
    desk = Desk(created(), tasks=tasks)

    await desk.submitter.step()

    assert [desk.rows[n].state for n in range(1, 8)] == [State.RUNNING] * 3 + [State.QUEUED] * 2 + [State.RUNNING] * 2


async def test_with_little_budget_the_first_in_turn_go() -> None:
    tasks = [make_task(n, user_id=n) for n in range(1, 30)]
    desk = Desk(created(), tasks=tasks, per_minute=2)

    await desk.submitter.step()

    assert [n for n in range(1, 30) if desk.rows[n].state is State.RUNNING] == [1]


async def test_no_more_are_chosen_than_there_is_room_for() -> None:
    desk = Desk(created(), tasks=[make_task(n, user_id=n) for n in range(1, 30)])

    assert len(await desk.submitter.find(4)) == 4


async def test_a_wish_with_a_penalty_does_not_take_the_turn_of_others() -> None:
    desk = Desk(created(), tasks=[make_task(1), make_task(2)])
    desk.submitter._penalise(TaskId(1))

    chosen = await desk.submitter.find(1)

    assert [one.id for one in chosen] == [2]


@pytest.mark.parametrize(
    ("clip_id", "sent"),
    [("clip_1", ("clip_1", None)), ("https://media.example.net/a.mp3", (None, "https://media.example.net/a.mp3"))],
)
async def test_a_continuation_names_a_clip_or_uploads_the_track(
    clip_id: str, sent: tuple[str | None, str | None]
) -> None:
    desk = Desk(created(), tasks=[make_task(kind=Kind.CONTINUATION, clip_id=clip_id, continue_at_s=5.0)])

    await desk.submitter.step()

    (request,) = desk.provider.creates.asked
    assert (request.clip_id, request.extend_audio_url) == sent
    assert request.continue_at_s == 5.0


async def _nothing(_task_id: TaskId) -> None:
    return None
