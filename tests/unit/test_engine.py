"""The six workers alive together: a wish goes all the way by their own ringing, and they stop and fall as one."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import pytest

from bot.domain.notices import BudgetWarning
from bot.domain.takes import MediaFile
from bot.domain.tasks import AttemptOutcome, PingStatus, State
from bot.engine.budget import Budget
from bot.engine.courier import Courier
from bot.engine.crier import Crier
from bot.engine.engine import Engine
from bot.engine.eraser import Eraser
from bot.engine.fetcher import Fetcher
from bot.engine.janitor import Janitor
from bot.engine.leaver import Leaver
from bot.engine.poller import Poller
from bot.engine.submitter import SubmitRules, Submitter
from bot.engine.watch import Watch
from bot.store.drafts import DraftStore
from bot.store.erasures import ErasureStore
from bot.store.members import MemberStore
from bot.store.notices import NoticeStore
from bot.store.outages import OutageStore
from bot.store.schema import boards
from bot.store.servers import ServerStore
from bot.store.singing import SingingStore
from bot.store.versions import VersionStore
from bot.tokenlab.models import ProviderStatus
from tests.fakes.board_channel import ASKED, Channel
from tests.fakes.engine_fakes import (
    FakeDesk,
    FakeDisplay,
    FakeFolder,
    FakeGoodbyes,
    FakeMedia,
    FakeMemberships,
    FakeProvider,
    created,
    look,
    outages_over,
    until,
)
from tests.fakes.rows import HandClock, Rows, at_rest, history_of, make_task

pytestmark = pytest.mark.usefixtures("databases")
LOOKS = ["unshown", "due_looks", "waiting", "media_wanted", "left_in_state"]
"""What workers ask the store for work; the crier and the eraser ask stores of their own."""

FILE = MediaFile(name="1-1.mp3", shown_as="Low Tide.mp3", size_bytes=9)


def engine_over(
    rows: Rows,
    clock: HandClock,
    display: FakeDisplay,
    provider: FakeProvider | None = None,
    *,
    notices: NoticeStore | None = None,
    channel: Channel | None = None,
) -> Engine:
    """An engine whose workers rest for a minute unless they are rung."""
    provider, budget = provider or FakeProvider(looks=[look(ProviderStatus.COMPLETED)]), Budget(1000)
    erasures = ErasureStore(rows.database, clock)
    outages, stored = outages_over(rows, clock, provider, budget), OutageStore(rows.database, clock)
    rules = SubmitRules(deadline_s=1200, first_look_s=0)
    submitter = Submitter(rows, VersionStore(rows.database), provider, budget, clock, rules, outages)
    engine = Engine(
        watch=Watch(outages, stored, rows, FakeDesk(), clock),
        submitter=submitter,
        poller=Poller(
            rows, SingingStore(rows.database), provider, budget, history_of(rows, clock), clock, interval_s=5
        ),
        fetcher=Fetcher(rows, FakeMedia([FILE]), clock),
        courier=Courier(rows, MemberStore(rows.database), display, display, clock, budget, stored),
        crier=Crier(notices or NoticeStore(rows.database, clock), rows, stored, channel or Channel(), clock),
        janitor=Janitor(
            rows, DraftStore(rows.database, clock), erasures, submitter, display, FakeFolder(), clock,
            create_timeout_s=60,
        ),
        eraser=Eraser(erasures, rows, FakeGoodbyes(), FakeFolder(), clock),
        leaver=Leaver(ServerStore(rows.database, clock), rows, FakeMemberships(), clock, frozenset()),
    )  # fmt: skip
    for worker in engine.workers:
        worker.idle_s = 60.0
    engine.submitter.on_done = engine.on_submitted
    engine.poller.on_done = engine.on_looked
    engine.fetcher.on_done = engine.courier.wake
    return engine


async def all_rest(rows: Rows) -> None:
    """Every worker has looked for work and done it; it looks again once it is rung."""
    await until(lambda: set(LOOKS) <= set(rows.calls))
    await at_rest(rows)


async def test_a_wish_goes_all_the_way_by_ringing_alone() -> None:
    clock, display, stop = HandClock(), FakeDisplay(), asyncio.Event()
    rows = Rows(clock)
    engine = engine_over(rows, clock, display)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run(stop))
        await all_rest(rows)
        rows.put(make_task())
        engine.on_queued()
        await until(lambda: rows[1].ping_status is PingStatus.DONE)
        stop.set()

    assert (rows[1].state, rows[1].media, rows[1].shown_revision) == (State.COMPLETED, (FILE,), rows[1].revision)


async def test_a_change_by_a_person_is_shown_at_once() -> None:
    clock, display, stop = HandClock(), FakeDisplay(), asyncio.Event()
    rows = Rows(clock)
    engine = engine_over(rows, clock, display)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run(stop))
        await all_rest(rows)
        rows.put(make_task(state=State.CANCELLED, revision=3))
        engine.on_changed()
        await until(lambda: display.shown == [(1, State.CANCELLED)])
        stop.set()

    assert rows[1].ping_status is None


@pytest.mark.parametrize("news", [Engine.on_changed, Engine.on_outage])
async def test_boards_are_looked_at_as_soon_as_something_changes_them(news: Callable[[Engine], None]) -> None:
    clock, stop, channel = HandClock(), asyncio.Event(), Channel()
    rows = Rows(clock)
    engine = engine_over(rows, clock, FakeDisplay(), channel=channel)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run(stop))
        await all_rest(rows)
        rows.write(boards, **asdict(ASKED))
        news(engine)
        await until(lambda: [row.message_id for row in rows.all(boards)] == [1])
        stop.set()

    assert channel.standing == [1]


async def test_a_crier_whose_store_fails_for_good_ends_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.worker.OUTAGE_S", 0.0)
    clock = HandClock()
    rows = Rows(clock)
    notices = NoticeStore(rows.database, clock)

    async def fails() -> list[BudgetWarning]:
        raise OSError("the disk is gone")

    monkeypatch.setattr(notices, "warnings_due", fails)
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(5):
            await engine_over(rows, clock, FakeDisplay(), notices=notices).run(asyncio.Event())

    assert caught.group_contains(OSError)


@pytest.mark.parametrize("broken", LOOKS)
async def test_a_store_that_fails_one_worker_for_good_ends_them_all(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.worker.OUTAGE_S", 0.0)
    clock = HandClock()
    rows = Rows(clock)
    rows.broken[broken] = 1

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(5):
            await engine_over(rows, clock, FakeDisplay()).run(asyncio.Event())

    assert caught.group_contains(OSError)


async def test_at_the_start_what_was_being_sent_is_settled_first() -> None:
    clock = HandClock()
    rows = Rows(clock, make_task(state=State.SUBMITTING, attempt=1))

    await engine_over(rows, clock, FakeDisplay()).recover()

    assert rows[1].state is State.UNCERTAIN


async def test_a_store_that_fails_for_a_moment_cuts_no_create() -> None:
    clock, display, stop, gate = HandClock(), FakeDisplay(), asyncio.Event(), asyncio.Event()
    rows = Rows(clock, make_task())
    engine = engine_over(rows, clock, display, FakeProvider(creates=[(gate, created(4))]))
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run(stop))
        await until(lambda: rows[1].state is State.SUBMITTING)
        rows.broken |= {"unshown": 1, "due_looks": 1, "waiting": 1}
        for worker in (engine.courier, engine.poller, engine.submitter):
            worker.wake()
        await until(lambda: not any(rows.broken.values()))
        gate.set()
        await until(lambda: rows[1].state is not State.SUBMITTING)
        stop.set()

    assert (rows[1].state, rows[1].provider_task_id) == (State.RUNNING, "ld_4")
    assert rows.outcomes == [AttemptOutcome.ACCEPTED]


async def test_a_worker_that_ends_lets_the_create_of_another_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.worker.OUTAGE_S", 0.0)
    clock, gate = HandClock(), asyncio.Event()
    rows = Rows(clock, make_task())
    engine = engine_over(rows, clock, FakeDisplay(), FakeProvider(creates=[(gate, created(4))]))
    running = asyncio.create_task(engine.run(asyncio.Event()))
    await until(lambda: rows[1].state is State.SUBMITTING)
    rows.broken["unshown"] = 1
    engine.courier.wake()
    await until(lambda: not rows.broken["unshown"])
    await at_rest(rows)
    assert not running.done()
    gate.set()

    with pytest.raises(ExceptionGroup):
        await running
    assert (rows[1].state, rows[1].provider_task_id) == (State.RUNNING, "ld_4")
