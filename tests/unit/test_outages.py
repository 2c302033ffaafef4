"""What stops everybody: what begins it, what ends it, what waits meanwhile, and what the operator hears."""

import asyncio
import logging
from typing import Any

import pytest

from bot.domain.outage import Cause, Notice, Outage, Receiver
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import AttemptOutcome, ErrorCode, State
from bot.engine.budget import Budget
from bot.engine.ports import ShowLaterError
from bot.engine.submitter import SubmitRules, Submitter
from bot.engine.watch import Watch
from bot.store.outages import OutageStore
from bot.store.schema import remembered
from bot.store.versions import VersionStore
from bot.tokenlab.errors import (
    AccessRefusedError,
    BadAnswerError,
    ModelUnavailableError,
    NoCreditError,
    NotSentError,
    OutcomeUnknownError,
    TaskGoneError,
    ThrottledError,
    TokenLabError,
    VersionRefusedError,
    WishRefusedError,
)
from tests.fakes.engine_fakes import FakeDesk, FakeFolder, FakeModels, FakeProvider, created, outages_over, until
from tests.fakes.office import Office, asker, refused
from tests.fakes.rows import HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")
DAY_S, TRY_S, ASK_S = 86_400, 300, 15
CHANNEL, MO = Receiver(id=700, is_channel=True), Receiver(id=5, is_channel=False)
NO_SUCH_TASK = TaskGoneError("no such task")


class Floor:
    """Submitter and watch over one database, a provider that follows a script, and an operator who hears."""

    def __init__(self, *answers: Any, tasks: Any = None, told: Any = (), receivers: Any = (CHANNEL,)) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *(tasks or [make_task()]))
        self.provider = FakeProvider(creates=answers, looks=[NO_SUCH_TASK])
        self.models = FakeModels("suno-music")
        self.folder = FakeFolder()
        self.desk = FakeDesk(*told)
        self.receivers = receivers
        self.start()

    def start(self) -> None:
        """A process begins; nothing is left of the one before but the rows."""
        budget = Budget(1000, monotonic=lambda: self.clock().timestamp())
        self.outages = outages_over(
            self.rows, self.clock, self.provider, budget,
            models=self.models, folder=self.folder, receivers=self.receivers,
        )  # fmt: skip
        self.store = OutageStore(self.rows.database, self.clock)
        rules = SubmitRules(deadline_s=1200, first_look_s=5)
        versions = VersionStore(self.rows.database)
        self.submitter = Submitter(self.rows, versions, self.provider, budget, self.clock, rules, self.outages)
        self.watch = Watch(self.outages, self.store, self.rows, self.desk, self.clock)
        self.watch.monotonic = lambda: self.clock().timestamp()

    def tokenlab_says(self, error: TokenLabError | None) -> None:
        """What comes of every call that costs nothing."""
        self.models.says = error
        self.provider.looks.steps = [error or NO_SUCH_TASK]

    async def after(self, seconds: float = 0) -> None:
        """Time passes, then both have a turn."""
        self.clock.tick(seconds)
        await self.watch.step()
        await self.submitter.step()

    async def causes(self) -> tuple[Cause, ...]:
        return (await self.store.situation()).causes

    @property
    def sent(self) -> int:
        return len(self.provider.creates.asked)

    @property
    def messages(self) -> list[tuple[int, Cause, bool]]:
        """Whom the operator's messages went to, what about, and whether they tell of the end."""
        return [(one.receiver.id, one.cause, one.ended_at is not None) for one in self.desk.told]


# --- what begins it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "says", "cause"),
    [
        (NoCreditError("402"), None, Cause.CREDIT),
        (AccessRefusedError("401"), AccessRefusedError("401"), Cause.KEY),
    ],
)
async def test_a_refusal_that_concerns_everybody_puts_the_wish_back_and_the_line_waits(
    error: TokenLabError, says: TokenLabError | None, cause: Cause
) -> None:
    floor = Floor(error, tasks=[make_task(1), make_task(2, user_id=8)])
    floor.tokenlab_says(says)
    await floor.after()
    sent = floor.sent
    await floor.after(60)

    assert await floor.causes() == (cause,)
    assert [(one.state, one.error_code, one.refusals) for one in floor.rows.tasks] == [(State.QUEUED, None, 0)] * 2
    assert set(floor.rows.outcomes) == {AttemptOutcome.REFUSED}
    assert floor.sent == sent
    assert floor.rows.outcomes == [AttemptOutcome.REFUSED] * sent


async def test_a_key_that_only_looks_refuse_stops_everybody() -> None:
    floor = Floor(AccessRefusedError("401"))
    floor.provider.looks.steps = [AccessRefusedError("401")]  # the list is open to all
    await floor.after()

    assert (await floor.causes(), floor.rows[1].state) == ((Cause.KEY,), State.QUEUED)


async def test_a_refusal_that_no_free_call_confirms_is_about_this_wish() -> None:
    floor = Floor(AccessRefusedError("403"), created(), tasks=[make_task(1), make_task(2, user_id=8)])
    await floor.after()

    assert (floor.rows[1].state, floor.rows[1].error_code) == (State.FAILED, ErrorCode.NO_ACCESS)
    assert (floor.rows[2].state, await floor.causes()) == (State.RUNNING, ())


@pytest.mark.parametrize("error", [AccessRefusedError("401"), ModelUnavailableError("400")])
async def test_a_refusal_of_which_nobody_can_tell_whether_it_concerns_everybody_is_tried_again(
    error: TokenLabError,
) -> None:
    floor = Floor(error, created())
    floor.tokenlab_says(ThrottledError("429"))
    await floor.submitter.step()
    assert (floor.rows[1].state, floor.rows[1].refusals, await floor.causes()) == (State.QUEUED, 1, ())
    floor.tokenlab_says(None)
    await floor.after(5)
    assert floor.rows[1].state is State.RUNNING


@pytest.mark.parametrize(
    ("model", "listed", "page", "error", "stops"),
    [
        ("suno-music", (), ModelUnavailableError("404"), ModelUnavailableError("400"), True),
        ("suno-music", ("suno-music",), None, ModelUnavailableError("400"), False),
        ("suno-music", (), ModelUnavailableError("404"), VersionRefusedError("400"), False),
        ("odd-music", ("suno-music",), ModelUnavailableError("404"), ModelUnavailableError("400"), False),
    ],
)
async def test_only_the_model_that_everybody_gets_stops_everybody_once_it_is_gone(
    model: str, listed: tuple[str, ...], page: Any, error: TokenLabError, *, stops: bool
) -> None:
    floor = Floor(error, tasks=[make_task(model=model, version_chosen=True)])
    floor.models.listed = FakeModels(*listed).listed
    floor.provider.pages.steps = [page]
    await floor.submitter.step()

    assert await floor.causes() == ((Cause.MODEL,) if stops else ())
    assert floor.rows[1].state is (State.QUEUED if stops else State.FAILED)


async def test_the_list_alone_tells_that_key_or_model_are_wrong_before_any_wish_fails() -> None:
    floor = Floor()
    floor.models.trouble = floor.models.says = AccessRefusedError("401")
    await floor.watch.step()
    assert await floor.causes() == (Cause.KEY,)

    floor.tokenlab_says(None)
    floor.models.listed = []
    floor.provider.pages.steps = [ModelUnavailableError("404")]
    await floor.after(ASK_S)
    assert (await floor.causes(), floor.sent) == ((Cause.MODEL,), 0)


async def test_tokenlab_out_of_reach_for_a_moment_stops_nobody() -> None:
    floor = Floor(NotSentError("refused"), created())
    floor.tokenlab_says(NotSentError("refused"))
    await floor.after()
    await floor.watch.step()
    assert (floor.rows[1].refusals, await floor.causes()) == (1, ())
    floor.tokenlab_says(None)
    await floor.after(ASK_S)

    assert (floor.rows[1].state, await floor.causes(), floor.messages) == (State.RUNNING, (), [])


async def test_tokenlab_out_of_reach_for_longer_stops_everybody_and_counts_no_refusals() -> None:
    floor = Floor(NotSentError("refused"))
    floor.tokenlab_says(NotSentError("refused"))
    for _ in range(40):
        await floor.after(ASK_S)
    assert await floor.causes() == (Cause.REACH,)
    assert floor.rows[1].state is State.QUEUED
    assert floor.sent < 5

    floor.tokenlab_says(None)
    floor.provider.creates.steps = [created()]
    await floor.after(ASK_S)
    await floor.after(120)
    assert (await floor.causes(), floor.rows[1].state) == ((), State.RUNNING)


@pytest.mark.parametrize("error", [ThrottledError("429"), BadAnswerError("a page")])
async def test_a_list_that_fails_while_looks_are_answered_stops_nobody(error: TokenLabError) -> None:
    floor = Floor(created())
    floor.models.trouble = floor.models.says = error
    for _ in range(4):
        await floor.after(ASK_S)

    assert (await floor.causes(), floor.rows[1].state) == ((), State.RUNNING)


@pytest.mark.parametrize(
    ("error", "state"), [(OutcomeUnknownError("502"), State.UNCERTAIN), (WishRefusedError("400"), State.FAILED)]
)
async def test_what_is_unclear_or_about_the_words_stops_nobody(error: TokenLabError, state: State) -> None:
    floor = Floor(error)
    floor.tokenlab_says(AccessRefusedError("401"))
    await floor.submitter.step()

    assert (floor.rows[1].state, await floor.causes(), floor.models.reads) == (state, (), 0)


async def test_a_look_that_the_key_is_refused_for_is_a_reason_to_find_out() -> None:
    floor = Floor()
    floor.provider.looks.steps = [AccessRefusedError("401")]
    floor.outages.suspect(Cause.KEY)
    await floor.watch.step()

    assert await floor.causes() == (Cause.KEY,)


async def test_many_wishes_that_meet_a_wrong_key_at_once_ask_once() -> None:
    floor = Floor(AccessRefusedError("401"), tasks=[make_task(n, user_id=n) for n in range(1, 10)])
    floor.tokenlab_says(AccessRefusedError("401"))
    await floor.submitter.step()

    assert (floor.models.reads, floor.sent) == (1, 9)
    assert {one.state for one in floor.rows.tasks} == {State.QUEUED}


async def test_a_refused_wish_whose_job_is_cut_while_the_reason_is_found_out_is_back_in_line() -> None:
    floor = Floor(AccessRefusedError("401"))
    floor.submitter.grace_s = 0.01
    asked, never, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def refresh() -> bool:
        asked.set()
        return await never.wait()

    floor.models.refresh = refresh  # type: ignore[method-assign]  # it hangs
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(floor.submitter.run(stop))
        await asked.wait()
        stop.set()

    assert (floor.rows[1].state, floor.rows.outcomes) == (State.QUEUED, [AttemptOutcome.REFUSED])


# --- how it ends -----------------------------------------------------------------------------------------------------


async def test_credit_is_found_out_by_one_waiting_wish_at_most_every_five_minutes() -> None:
    floor = Floor(NoCreditError("402"), tasks=[make_task(1), make_task(2, user_id=8), make_task(3, user_id=9)])
    await floor.after()
    met = floor.sent
    for _ in range(30):
        await floor.after(60)
    assert floor.sent - met == 30 * 60 // TRY_S
    assert floor.rows[1].attempt == 1 + 30 * 60 // TRY_S
    assert floor.rows[1].refusals == 0

    floor.provider.creates.steps = [created()]
    await floor.after(TRY_S)
    assert (await floor.causes(), floor.rows[1].state) == ((), State.RUNNING)
    await floor.submitter.step()
    assert {one.state for one in floor.rows.tasks} == {State.RUNNING}


async def test_a_restart_does_not_ask_for_credit_any_sooner() -> None:
    floor = Floor(NoCreditError("402"))
    await floor.after()
    await floor.after(TRY_S)
    floor.start()
    await floor.after(TRY_S - 1)
    assert floor.sent == 2
    await floor.after(1)
    assert floor.sent == 3


async def test_a_create_that_was_under_way_when_the_credit_ran_out_proves_nothing() -> None:
    gate = asyncio.Event()
    floor = Floor((gate, created()), tasks=[make_task(1)])
    async with asyncio.TaskGroup() as group:
        group.create_task(floor.submitter.step())
        await until(lambda: floor.sent == 1)
        floor.clock.tick(1)
        await floor.store.begin(Cause.CREDIT, ())
        gate.set()

    assert (floor.rows[1].state, await floor.causes()) == (State.RUNNING, (Cause.CREDIT,))


async def test_key_and_model_are_asked_for_again_by_calls_that_cost_nothing() -> None:
    floor = Floor(AccessRefusedError("401"))
    floor.tokenlab_says(AccessRefusedError("401"))
    await floor.after()
    for _ in range(10):
        await floor.after(ASK_S)
    assert floor.sent == 1

    floor.tokenlab_says(None)
    floor.provider.creates.steps = [created()]
    await floor.after(ASK_S)
    assert (await floor.causes(), floor.rows[1].state) == ((), State.RUNNING)


@pytest.mark.parametrize(
    ("error", "says", "code"),
    [
        (NoCreditError("402"), None, ErrorCode.NO_CREDIT),
        (AccessRefusedError("401"), AccessRefusedError("401"), ErrorCode.NO_ACCESS),
    ],
)
async def test_what_was_refused_fails_after_a_day_and_what_was_not_goes_on_waiting(
    error: TokenLabError, says: TokenLabError | None, code: ErrorCode
) -> None:
    floor = Floor(error)
    floor.tokenlab_says(says)
    await floor.after()
    floor.rows.put(make_task(2, user_id=8, created_at=floor.clock()))
    for _ in range(3):
        await floor.after(DAY_S / 3 - 1)
    assert floor.rows[1].state is State.QUEUED
    await floor.after(60)

    assert (floor.rows[1].state, floor.rows[1].error_code) == (State.FAILED, code)
    assert (floor.rows[2].state, floor.rows[1].unclear_attempts) == (State.QUEUED, 0)


# --- storage ---------------------------------------------------------------------------------------------------------


async def test_nothing_is_paid_for_while_no_file_could_be_kept(caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor(created())
    floor.folder.unusable = "Read-only file system"
    await floor.watch.recover()
    await floor.submitter.step()
    assert (await floor.causes(), floor.sent) == ((Cause.STORAGE,), 0)
    (told,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert told.message.startswith("MEDIA_DIR ")
    assert vars(told)["reason"] == "Read-only file system"

    floor.folder.unusable = None
    await floor.after(30)
    assert (await floor.causes(), floor.rows[1].state) == ((), State.RUNNING)


# --- the operator ----------------------------------------------------------------------------------------------------


async def test_each_receiver_hears_once_of_the_beginning_and_once_of_the_end_over_restarts() -> None:
    floor = Floor(NoCreditError("402"), receivers=(CHANNEL, MO))
    for _ in range(4):
        await floor.after(20)
        floor.start()
    assert sorted(floor.messages) == [(5, Cause.CREDIT, False), (700, Cause.CREDIT, False)]

    floor.provider.creates.steps = [created()]
    await floor.after(TRY_S)
    for _ in range(4):
        floor.start()
        await floor.after(20)
    assert sorted(floor.messages[2:]) == [(5, Cause.CREDIT, True), (700, Cause.CREDIT, True)]
    assert (await floor.store.situation()).notices == ()


async def test_a_message_that_did_not_get_through_is_sent_later_and_holds_up_nobody_else() -> None:
    floor = Floor(NoCreditError("402"), told=[ShowLaterError(), None], receivers=(CHANNEL, MO))
    await floor.after()
    await floor.after(1)
    first, second = (receiver for receiver, *_ in floor.messages)
    assert {first, second} == {CHANNEL.id, MO.id}
    await floor.after(10)
    assert [receiver for receiver, *_ in floor.messages[2:]] == [first]
    await floor.after(10)
    assert len(floor.messages) == 3


async def test_a_clock_that_was_set_back_holds_up_no_question() -> None:
    floor = Floor(NoCreditError("402"))
    await floor.after()
    floor.provider.creates.steps = [created()]
    await floor.after(-7200)

    assert (floor.rows[1].state, await floor.causes()) == (State.RUNNING, ())


# --- members ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", Cause)
async def test_no_new_wish_is_taken_meanwhile_and_the_answer_names_the_cause(cause: Cause) -> None:
    office = Office(make_task())
    await OutageStore(office.rows.database, office.clock).begin(cause, ())
    with pytest.raises(Refused) as caught:
        await office.service.asking.check_may_ask(asker())

    assert (caught.value.reason, caught.value.details) == (Reason.STOPPED, (cause,))


async def test_nothing_is_tried_again_meanwhile() -> None:
    office = Office(make_task(1, state=State.UNCERTAIN, attempt=1), make_task(2))
    await OutageStore(office.rows.database, office.clock).begin(Cause.KEY, ())
    retrying = office.service.deciding.retry(office.rows[1].id, asker(), attempt=1)

    assert await refused(retrying) is Reason.STOPPED
    assert office.rows[1].state is State.UNCERTAIN


async def test_where_no_wish_waits_that_could_find_out_about_credit_one_is_let_in() -> None:
    office = Office()
    store = OutageStore(office.rows.database, office.clock)
    await store.begin(Cause.CREDIT, ())
    await office.service.asking.check_may_ask(asker())
    office.rows.put(make_task())
    assert await refused(office.service.asking.check_may_ask(asker())) is Reason.STOPPED
    office.rows.change(state=State.CANCELLED)
    await store.begin(Cause.STORAGE, ())

    assert await refused(office.service.asking.check_may_ask(asker())) is Reason.STOPPED


# --- the rows --------------------------------------------------------------------------------------------------------


async def test_what_holds_is_remembered_with_its_moments_until_it_ends() -> None:
    clock = HandClock()
    rows = Rows(clock)
    store = OutageStore(rows.database, clock)
    began = clock()
    assert await store.end(Cause.STORAGE, (CHANNEL,)) is None
    assert rows.all(remembered) == []
    assert await store.begin(Cause.STORAGE, ())
    assert await store.begin(Cause.KEY, (CHANNEL,))
    assert not await store.begin(Cause.KEY, (CHANNEL,))
    clock.tick(5)
    await store.tried(Cause.KEY)
    situation = await OutageStore(rows.database, clock).situation()
    assert situation.outages == (
        Outage(cause=Cause.KEY, since=began, tried_at=clock()), Outage(cause=Cause.STORAGE, since=began, tried_at=began)
    )  # fmt: skip
    assert situation.notices == (Notice(receiver=CHANNEL, cause=Cause.KEY, since=began),)

    await store.told(situation.notices[0])
    assert await store.end(Cause.KEY, (MO,)) == situation.outages[0]
    assert await store.end(Cause.KEY, (MO,)) is None
    ended = await store.situation()
    assert ended.causes == (Cause.STORAGE,)
    assert ended.notices == (Notice(receiver=MO, cause=Cause.KEY, since=began, ended_at=clock()),)


async def test_changes_at_the_same_time_lose_none_whichever_store_they_come_by() -> None:
    clock = HandClock()
    rows = Rows(clock)
    first, second = (OutageStore(rows.database, clock) for _ in range(2))
    for cause in (Cause.STORAGE, Cause.MODEL):
        await first.begin(cause, (CHANNEL,))
    storage, model = (await first.situation()).notices
    await asyncio.gather(first.told(storage), second.end(Cause.STORAGE, ()), first.told(model), second.tried(Cause.KEY))

    situation = await first.situation()
    assert (situation.causes, situation.notices) == ((Cause.MODEL,), ())
