"""A version that nobody has chosen gives way to another one after a definite refusal, and only then."""

import asyncio
import logging
from typing import Any

import pytest

from bot.domain.tasks import AttemptOutcome, ErrorCode, Kind, State
from bot.domain.versions import Found
from bot.engine.budget import Budget
from bot.engine.submitter import SubmitRules, Submitter
from bot.store.schema import attempts
from bot.store.versions import VersionStore
from bot.tokenlab.errors import (
    ClipRefusedError,
    ModelUnavailableError,
    OutcomeUnknownError,
    TokenLabError,
    TryLaterError,
    VersionRefusedError,
    WishRefusedError,
)
from bot.tokenlab.models import Created, CreateRequest
from tests.fakes.engine_fakes import FakeProvider, created, outages_over, until
from tests.fakes.rows import HandClock, Rows, at_rest, make_task

pytestmark = pytest.mark.usefixtures("databases")
ORDER = ("chirp-v6", "chirp-v6-mini", "chirp-v5-5", "chirp-v5", "chirp-v4")


class Picky:
    """A provider that takes some versions only; `held` makes it wait, `says` is what it says to the next creates."""

    def __init__(self, *taken: str) -> None:
        self.taken = set(taken)
        self.sent: list[str | None] = []
        self.under_way = self.most_under_way = 0
        self.held: asyncio.Event | None = None
        self.says: list[Exception] = []

    async def create(self, request: CreateRequest) -> Created:
        self.sent.append(request.version)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.held is not None:
                await self.held.wait()
            if self.says:
                raise self.says.pop(0)
            if request.version is not None and request.version not in self.taken:
                raise VersionRefusedError("no", detail=f"{request.version} is gone", request_id="req_no")
            return created(len(self.sent))
        finally:
            self.under_way -= 1


class Desk:
    def __init__(self, *taken: str, tasks: Any = None, order: tuple[str, ...] = ORDER) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *(tasks or [make_task(version="chirp-v6")]))
        self.provider = Picky(*taken)
        self.versions = VersionStore(self.rows.database)
        self.restart(order)

    def restart(self, order: tuple[str, ...] = ORDER) -> None:
        self.order = order
        rules = SubmitRules(deadline_s=1200, first_look_s=5, version=order[0], versions=order)
        budget = Budget(1000, monotonic=lambda: self.clock().timestamp())
        outages = outages_over(self.rows, self.clock, FakeProvider(), budget)
        self.submitter = Submitter(self.rows, self.versions, self.provider, budget, self.clock, rules, outages)  # type: ignore[arg-type]  # creates only

    async def steps(self, count: int = 12) -> None:
        for _ in range(count):
            await self.submitter.step()

    async def found(self) -> Found:
        return await self.versions.found(self.order)

    @property
    def tries(self) -> list[tuple[int, int, str | None, str]]:
        """Each attempt on record: task, number, version, outcome."""
        return [(row.task_id, row.number, row.version, row.outcome) for row in self.rows.all(attempts)]


async def test_each_try_is_an_attempt_of_its_own_with_its_version() -> None:
    desk = Desk("chirp-v5")
    await desk.steps()

    assert desk.tries == [
        (1, 1, "chirp-v6", AttemptOutcome.REFUSED),
        (1, 2, "chirp-v5-5", AttemptOutcome.REFUSED),
        (1, 3, "chirp-v5", AttemptOutcome.ACCEPTED),
    ]
    task = desk.rows[1]
    assert (task.state, task.version, task.attempt, task.refusals) == (State.RUNNING, "chirp-v5", 3, 0)
    assert (task.version_chosen, task.unclear_attempts) == (False, 0)


async def test_what_was_taken_is_remembered_and_tried_first_after_a_restart() -> None:
    desk = Desk("chirp-v5")
    await desk.steps()
    desk.restart()
    desk.rows.put(make_task(2, version="chirp-v6"))
    desk.provider.sent.clear()

    await desk.steps()

    assert desk.provider.sent == ["chirp-v5"]
    assert (desk.rows[2].state, desk.rows[2].version, desk.rows[2].attempt) == (State.RUNNING, "chirp-v5", 1)


async def test_what_was_remembered_and_is_refused_in_its_turn_gives_way_too() -> None:
    desk = Desk("chirp-v5")
    await desk.steps()
    desk.provider.taken = {"chirp-v6"}
    desk.rows.put(make_task(2, version="chirp-v6"))
    desk.provider.sent.clear()

    await desk.steps()

    assert desk.provider.sent == ["chirp-v5", "chirp-v4", "chirp-v6"]
    assert desk.rows[2].state is State.RUNNING
    assert (await desk.found()).taken == "chirp-v6"


async def test_another_list_of_versions_forgets_what_was_found_out() -> None:
    desk = Desk("chirp-v5")
    await desk.steps()
    desk.restart(("chirp-v7", *ORDER))
    desk.rows.put(make_task(2, version="chirp-v6"))
    desk.provider.sent.clear()

    await desk.submitter.step()

    assert desk.provider.sent == ["chirp-v6"]


async def test_a_first_guess_that_is_not_known_to_be_refused_stays() -> None:
    desk = Desk("chirp-v5", "chirp-v6-mini")
    await desk.steps()
    desk.rows.put(make_task(2, version="chirp-v6-mini"))

    await desk.steps()

    assert (desk.rows[2].state, desk.rows[2].version) == (State.RUNNING, "chirp-v6-mini")


async def test_one_that_is_only_offered_is_never_tried_by_itself() -> None:
    desk = Desk("chirp-v6-mini")
    await desk.steps(20)

    assert desk.provider.sent == ["chirp-v6", "chirp-v5-5", "chirp-v5", "chirp-v4"]
    assert (desk.rows[1].state, desk.rows[1].error_code) == (State.FAILED, ErrorCode.VERSION_UNAVAILABLE)
    assert desk.rows[1].version_offered is None


async def test_one_wish_finds_out_while_the_others_wait() -> None:
    waiting = [make_task(number, user_id=number, version="chirp-v6") for number in range(1, 9)]
    desk = Desk("chirp-v4", tasks=waiting[:1])
    await desk.submitter.step()
    desk.rows.put(*waiting[1:])
    desk.provider.sent.clear()
    desk.provider.most_under_way = 0

    await desk.submitter.step()
    await desk.submitter.step()
    assert desk.provider.sent == ["chirp-v5-5", "chirp-v5"]
    assert desk.provider.most_under_way == 1
    await desk.steps(2)

    assert desk.provider.sent == ["chirp-v5-5", "chirp-v5", *["chirp-v4"] * 8]
    assert all(desk.rows[number].state is State.RUNNING for number in range(1, 9))


async def test_while_one_is_under_way_no_other_guess_is_sent_and_chosen_ones_and_lyrics_are() -> None:
    desk = Desk("chirp-v4")
    await desk.submitter.step()
    desk.rows.put(
        make_task(2, user_id=2, version="chirp-v6"),
        make_task(3, user_id=3, version="chirp-v4", version_chosen=True),
        make_task(4, user_id=4, version=None, kind=Kind.LYRICS),
    )
    desk.provider.sent.clear()
    desk.provider.held = asyncio.Event()
    stop = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(desk.submitter.run(stop))
        await until(lambda: len(desk.provider.sent) == 3)
        desk.submitter.wake()
        await at_rest(desk.rows)
        assert sorted(map(str, desk.provider.sent)) == ["None", "chirp-v4", "chirp-v5-5"]
        desk.provider.held.set()
        await until(lambda: desk.rows[2].state is State.RUNNING)
        stop.set()


async def test_wishes_that_were_under_way_when_their_version_went_are_all_made() -> None:
    desk = Desk("chirp-v5", tasks=[make_task(n, user_id=n, version="chirp-v6") for n in range(1, 9)])
    await desk.steps(20)

    assert [desk.rows[n].state for n in range(1, 9)] == [State.RUNNING] * 8
    assert [row[3] for row in desk.tries].count(AttemptOutcome.ACCEPTED) == 8
    assert len(desk.provider.sent) == len(desk.tries)


async def test_a_chosen_version_never_gives_way() -> None:
    desk = Desk("chirp-v5", tasks=[make_task(version="chirp-v6", version_chosen=True)])
    await desk.steps()

    task = desk.rows[1]
    assert desk.provider.sent == ["chirp-v6"]
    assert (task.state, task.error_code, task.version) == (State.FAILED, ErrorCode.VERSION_UNAVAILABLE, "chirp-v6")
    assert task.version_offered == "chirp-v5-5"
    assert task.error_detail == "chirp-v6 is gone"
    assert await desk.found() == Found()


async def test_in_place_of_a_chosen_version_the_one_that_is_taken_is_offered() -> None:
    desk = Desk("chirp-v5")
    await desk.steps()
    desk.rows.put(make_task(2, version="chirp-v9", version_chosen=True))
    await desk.steps()

    assert (desk.rows[2].state, desk.rows[2].version_offered) == (State.FAILED, "chirp-v5")


async def test_a_continuation_tries_its_parents_version_first_and_then_the_remembered_one() -> None:
    desk = Desk("chirp-v5")
    await desk.steps()
    desk.rows.put(make_task(2, kind=Kind.CONTINUATION, version="chirp-v6", clip_id="clip_1"))
    desk.provider.sent.clear()
    await desk.steps()

    assert desk.provider.sent == ["chirp-v6", "chirp-v5"]
    assert (desk.rows[2].state, desk.rows[2].version) == (State.RUNNING, "chirp-v5")


async def test_a_version_that_takes_shorter_texts_is_passed_over() -> None:
    desk = Desk("chirp-v4", tasks=[make_task(version="chirp-v6", prompt="x" * 3001)])
    await desk.steps()
    assert desk.provider.sent == ["chirp-v6", "chirp-v5-5", "chirp-v5"]
    assert (desk.rows[1].state, desk.rows[1].error_code) == (State.FAILED, ErrorCode.VERSION_UNAVAILABLE)


async def test_no_version_is_sent_twice_for_one_wish_whatever_others_find_out() -> None:
    desk = Desk()
    for _ in range(20):
        await desk.submitter.step()
        await desk.versions.keep(ORDER, Found(taken="chirp-v6", refused=frozenset({"chirp-v4"})))

    assert desk.provider.sent == ["chirp-v6", "chirp-v5-5", "chirp-v5"], "and the last one is known to be refused"
    assert desk.rows[1].state is State.FAILED


async def test_the_operator_is_told_once_of_a_change(caplog: pytest.LogCaptureFixture) -> None:
    tasks = [make_task(n, user_id=n, version="chirp-v6") for n in range(1, 6)]
    desk = Desk("chirp-v5", tasks=tasks)
    await desk.steps()
    desk.restart()
    desk.rows.put(make_task(9, version="chirp-v6"))
    await desk.steps()

    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(record.message, vars(record)["version"]) for record in told] == [
        ("TokenLab takes another version", "chirp-v5")
    ]


async def test_as_long_as_the_first_guess_is_taken_nothing_is_written() -> None:
    desk = Desk("chirp-v6")
    await desk.steps()

    assert desk.provider.sent == ["chirp-v6"]
    assert await desk.found() == Found()


# --- money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (OutcomeUnknownError("chirp-v6: mv", detail="mv: chirp-v6 is gone"), State.UNCERTAIN),
        (RuntimeError("chirp-v6"), State.UNCERTAIN),
        (WishRefusedError("no", detail="chirp-v6: mv"), State.FAILED),
        (ClipRefusedError("no", detail="chirp-v6: mv"), State.FAILED),
        (ModelUnavailableError("no", detail="chirp-v6: mv"), State.FAILED),
        (TokenLabError("mv"), State.UNCERTAIN),
    ],
)
async def test_after_anything_else_no_second_create_follows(error: Exception, state: State) -> None:
    desk = Desk("chirp-v5")
    desk.provider.says = [error]
    for _ in range(6):
        await desk.submitter.step()
        desk.clock.tick(3600)

    assert desk.provider.sent == ["chirp-v6"]
    assert desk.rows[1].state is state
    assert await desk.found() == Found()


async def test_what_is_put_back_into_the_line_comes_again_with_the_same_version() -> None:
    desk = Desk("chirp-v6")
    desk.provider.says = [TryLaterError("busy")]
    await desk.submitter.step()
    desk.clock.tick(60)
    await desk.submitter.step()

    assert desk.provider.sent == ["chirp-v6", "chirp-v6"]


async def test_a_second_version_of_which_nobody_knows_whether_it_was_taken_is_the_last_one() -> None:
    desk = Desk("chirp-v5")
    desk.provider.says = [VersionRefusedError("no"), OutcomeUnknownError("silence")]
    for _ in range(6):
        await desk.submitter.step()
        desk.clock.tick(3600)

    assert desk.provider.sent == ["chirp-v6", "chirp-v5-5"]
    assert (desk.rows[1].state, desk.rows[1].unclear_attempts) == (State.UNCERTAIN, 1)


async def test_a_search_that_a_crash_cut_off_goes_on_where_it_was() -> None:
    desk = Desk("chirp-v4")
    await desk.steps(2)
    desk.restart()
    await desk.steps()

    assert desk.provider.sent == ["chirp-v6", "chirp-v5-5", "chirp-v5", "chirp-v4"]
    assert desk.rows[1].state is State.RUNNING


async def test_a_store_that_fails_after_the_answer_loses_no_song(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk("chirp-v5-5")
    await desk.submitter.step()
    monkeypatch.setattr(desk.versions, "keep", _fails)
    await desk.submitter.step()

    assert (desk.rows[1].state, desk.rows[1].version) == (State.RUNNING, "chirp-v5-5")


async def _fails(*_: object) -> None:
    raise OSError("the disk is gone")
