"""Settles what was left half-way: unconfirmed cards, cut-off creates, dead tokens, old drafts and files."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.drafts import Draft
from bot.domain.rules import EVERYWHERE, Rules, Server
from bot.domain.takes import MediaFile
from bot.domain.tasks import AttemptOutcome, MusicTask, Role, State, TaskId
from bot.domain.wishes import SongWish
from bot.engine.budget import Budget
from bot.engine.janitor import Janitor
from bot.engine.ports import ShowLaterError
from bot.engine.submitter import SubmitRules, Submitter
from bot.store.drafts import DraftStore
from bot.store.erasures import ErasureStore
from bot.store.schema import attempts, drafts, music_tasks
from bot.store.versions import VersionStore
from tests.fakes.engine_fakes import FakeDisplay, FakeFolder, FakeProvider, outages_over, until
from tests.fakes.rows import START, HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")

RECEIVED = make_task(state=State.RECEIVED, revision=1, shown_revision=0, message_id=None)
SUBMITTING = make_task(state=State.SUBMITTING, attempt=1)


def draft(number: int, message_id: int | None = None) -> Draft:
    return Draft(
        id=0, origin_key=f"r:{number}", created_at=START, user_id=7, guild_id=70, channel_id=900,
        wish=SongWish(prompt="rain"), message_id=message_id,
    )  # fmt: skip


class Yard:
    """A janitor with everything around it."""

    def __init__(self, *tasks: Any, cards: Any = (), submitting: Any = ()) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *tasks)
        self.drafts = DraftStore(self.rows.database, self.clock)
        self.ageing = ErasureStore(self.rows.database, self.clock)
        self.display = FakeDisplay(cards=cards)
        self.folder = FakeFolder()
        self.rung = 0
        rules = SubmitRules(deadline_s=1200, first_look_s=5)
        provider, budget, versions = FakeProvider(), Budget(1000), VersionStore(self.rows.database)
        outages = outages_over(self.rows, self.clock, provider, budget)
        self.submitter = Submitter(self.rows, versions, provider, budget, self.clock, rules, outages)
        self.submitter.is_handling = lambda key: key in submitting  # type: ignore[method-assign]  # as if it were
        self.submitter.wake = self._ring  # type: ignore[method-assign]  # heard
        self.janitor = Janitor(
            self.rows,
            self.drafts,
            self.ageing,
            self.submitter,
            self.display,
            self.folder,
            self.clock,
            create_timeout_s=60,
        )
        self.janitor.monotonic = lambda: self.clock().timestamp()

    @property
    def questions(self) -> list[str]:
        """The origins of what still waits for a yes, be it too late for one or not."""
        return [row.origin_key for row in self.rows.all(drafts)]

    def keep(self, guild_id: int, days: int) -> None:
        """A server, or `EVERYWHERE` for direct messages, keeps texts for so many days."""
        self.rows.put_server(Server(guild_id=guild_id, rules=Rules(keep_days=days)))

    def _ring(self) -> None:
        self.rung += 1

    async def after(self, seconds: float) -> None:
        self.clock.tick(seconds)
        await self.janitor.step()


async def test_a_card_that_is_found_joins_the_line() -> None:
    yard = Yard(RECEIVED, cards=[555])

    await yard.after(30)
    assert yard.rows[1].state is State.RECEIVED
    await yard.after(1)

    assert (yard.rows[1].state, yard.rows[1].message_id) == (State.QUEUED, 555)
    assert yard.rows.messages == [(1, 555, Role.CARD)]
    assert yard.rung == 1


async def test_a_card_that_is_not_there_is_abandoned() -> None:
    yard = Yard(RECEIVED, cards=[None])

    await yard.after(31)

    assert (yard.rows[1].state, yard.rung) == (State.ABANDONED, 0)


async def test_a_card_that_can_not_be_looked_for_is_looked_for_later_and_not_all_the_time() -> None:
    yard = Yard(RECEIVED, cards=[ShowLaterError(), ShowLaterError(), 555])
    await yard.after(31)
    for _ in range(5):
        await yard.after(0)
    assert len(yard.display.cards.asked) == 1

    for _ in range(10):
        await yard.after(1)

    assert yard.rows[1].state is State.QUEUED
    assert len(yard.display.cards.asked) == 3


async def test_a_create_that_nobody_works_on_becomes_uncertain() -> None:
    yard = Yard(SUBMITTING)
    yard.rows.write(attempts, task_id=1, number=1, started_at=START, outcome=AttemptOutcome.UNDER_WAY)

    await yard.after(90)
    assert yard.rows.outcomes == []
    await yard.after(1)

    assert yard.rows[1].state is State.UNCERTAIN
    assert yard.rows.outcomes == [AttemptOutcome.UNKNOWN]


async def test_a_create_that_is_in_flight_here_is_left_alone() -> None:
    yard = Yard(SUBMITTING, submitting={TaskId(1)})

    await yard.after(3600)
    assert await yard.janitor.recover() == 0

    assert yard.rows[1].state is State.SUBMITTING


async def test_at_the_start_every_create_of_the_last_process_is_uncertain_at_once() -> None:
    yard = Yard(SUBMITTING, make_task(2, state=State.SUBMITTING, attempt=1), make_task(3))

    assert await yard.janitor.recover() == 2

    assert [yard.rows[n].state for n in (1, 2, 3)] == [State.UNCERTAIN, State.UNCERTAIN, State.QUEUED]


async def test_chores_are_done_every_minute_and_files_swept_every_hour() -> None:
    kept = MediaFile(name="1-1.mp3", shown_as="x.mp3", size_bytes=1)
    yard = Yard(make_task(state=State.COMPLETED, media=(kept,)))
    for _ in range(122):
        await yard.after(30)

    assert yard.rows.calls.count("erase_tokens") == 61
    assert yard.folder.sweeps == [{"1-1.mp3"}] * 2
    assert yard.clock() > START


async def test_chores_go_on_after_the_clock_was_set_back() -> None:
    yard = Yard()
    await yard.after(0)
    await yard.after(-3 * 3600)
    assert (yard.rows.calls.count("erase_tokens"), len(yard.folder.sweeps)) == (2, 2)


async def test_a_folder_that_is_gone_does_not_keep_the_janitor_from_its_work() -> None:
    yard = Yard(RECEIVED, cards=[555])
    yard.folder.trouble = FileNotFoundError("media")

    await yard.after(31)

    assert yard.rows[1].state is State.QUEUED
    assert yard.folder.sweeps == []


async def test_a_question_that_nobody_answers_goes_with_its_message_after_an_hour() -> None:
    yard = Yard()
    for question in (draft(1, message_id=8001), draft(2), draft(3, message_id=8003)):
        await yard.drafts.add(question)
    yard.display.unremovable = {8003}

    await yard.after(3600)
    assert (yard.display.removed, len(yard.questions)) == ([], 3)
    await yard.after(60)

    assert yard.display.removed == [(900, 8001)]
    assert yard.questions == ["r:3"], "it is tried again"
    yard.display.unremovable = set()
    await yard.after(60)
    assert yard.display.removed == [(900, 8001), (900, 8003)]
    assert yard.questions == []


async def test_questions_that_can_not_be_removed_hide_none_behind_them() -> None:
    yard = Yard()
    for number in range(1, 82):
        await yard.drafts.add(draft(number, message_id=8000 + number))
    yard.display.unremovable = set(range(8001, 8081))

    await yard.after(3661)
    for _ in range(60):
        await yard.after(0)

    assert yard.display.removed == [(900, 8081)]


async def test_questions_and_answers_that_hang_in_one_channel_hold_up_no_other() -> None:
    gate = asyncio.Event()
    lost = [replace(RECEIVED, id=TaskId(n), origin_key=f"i:{n}", state_at=START) for n in range(1, 31)]
    other = replace(RECEIVED, id=TaskId(40), origin_key="i:40", channel_id=701, state_at=START + timedelta(seconds=1))
    yard = Yard(*lost, other)
    for number in range(1, 31):
        await yard.drafts.add(draft(number, message_id=8000 + number))
    await yard.drafts.add(replace(draft(40, message_id=8040), channel_id=901))

    async def find_card(task: MusicTask) -> int | None:
        await (gate.wait() if task.channel_id == 700 else asyncio.sleep(0))
        return None

    async def remove(channel_id: int, message_id: int) -> None:
        await (gate.wait() if channel_id == 900 else asyncio.sleep(0))

    yard.display.find_card = find_card  # type: ignore[method-assign]  # rate limited
    yard.display.remove = remove  # type: ignore[method-assign]  # rate limited
    yard.clock.tick(3661)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(yard.janitor.run(stop))
        await until(lambda: yard.rows[40].state is State.ABANDONED and "r:40" not in yard.questions)
        stop.set()
        gate.set()


async def test_answers_that_hang_in_many_channels_leave_room_for_questions() -> None:
    gate = asyncio.Event()
    lost = [replace(RECEIVED, id=TaskId(n), origin_key=f"i:{n}", channel_id=n) for n in range(1, 31)]
    yard = Yard(*lost)
    await yard.drafts.add(draft(40, message_id=8040))

    async def find_card(task: MusicTask) -> int | None:
        await gate.wait()
        return None

    yard.display.find_card = find_card  # type: ignore[method-assign]  # rate limited
    yard.clock.tick(3661)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(yard.janitor.run(stop))
        await until(lambda: "r:40" not in yard.questions)
        stop.set()
        gate.set()


async def test_cut_off_creates_do_not_wait_for_searches_in_discord() -> None:
    lost = [replace(RECEIVED, id=TaskId(n), origin_key=f"i:{n}", channel_id=n) for n in range(1, 31)]
    yard = Yard(*lost, replace(SUBMITTING, id=TaskId(40), origin_key="i:40"), cards=[ShowLaterError()])
    yard.rows.write(attempts, task_id=40, number=1, started_at=START, outcome=AttemptOutcome.UNDER_WAY)

    await yard.after(91)

    assert yard.rows[40].state is State.UNCERTAIN


async def test_lost_answers_that_can_not_be_looked_for_hide_none_behind_them() -> None:
    lost = [replace(RECEIVED, id=TaskId(n), origin_key=f"i:{n}") for n in range(1, 521)]
    last = replace(RECEIVED, id=TaskId(600), origin_key="i:600", state_at=START + timedelta(seconds=1))
    yard = Yard(*lost, last)

    async def find_card(task: MusicTask) -> int | None:
        if task.id != last.id:
            raise ShowLaterError
        return 555

    yard.display.find_card = find_card  # type: ignore[method-assign]  # one channel is closed for a while
    yard.janitor.monotonic = lambda: 0.0
    yard.clock.tick(40)
    for _ in range(265):
        await yard.janitor.step()

    assert yard.rows[600].state is State.QUEUED


async def test_at_the_start_every_cut_off_create_is_uncertain_however_many() -> None:
    yard = Yard(*(replace(SUBMITTING, id=TaskId(n), origin_key=f"i:{n}") for n in range(1, 511)))

    assert await yard.janitor.recover() == 510


async def test_what_nobody_decides_about_is_dropped_once_its_server_keeps_nothing_for_so_long() -> None:
    yard = Yard(make_task(state=State.UNCERTAIN), make_task(2, state=State.UNCERTAIN, guild_id=71))
    yard.keep(70, 30)

    await yard.after(31 * 24 * 3600)

    assert [yard.rows[number].state for number in (1, 2)] == [State.CANCELLED, State.UNCERTAIN]


async def test_a_chore_that_fails_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    yard = Yard(RECEIVED, cards=[555])

    async def fails() -> dict[int, int]:
        raise ValueError("not to be read")

    yard.ageing.keeping = fails  # type: ignore[method-assign]
    await yard.after(31)

    assert yard.rows[1].state is State.QUEUED
    assert yard.folder.sweeps == [set()]
    assert [(one.message, one.__dict__["chore"]) for one in caplog.records if one.exc_info] == [("chore failed", "age")]


async def test_a_server_whose_texts_can_not_be_emptied_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_at = START - timedelta(days=31)
    yard = Yard(*(cancelled(number, asked_at, 70 + number) for number in (1, 2)))
    yard.keep(71, 30)
    yard.keep(72, 30)
    age_out = yard.ageing.age_out

    async def fails_for_one(guild_id: int, before: datetime, limit: int) -> int:
        if guild_id == 71:
            raise ValueError("not to be read")
        return await age_out(guild_id, before, limit)

    monkeypatch.setattr(yard.ageing, "age_out", fails_for_one)
    await yard.after(60)

    assert [yard.rows[number].deleted_at is not None for number in (1, 2)] == [False, True]


@pytest.mark.parametrize(("guild_id", "days"), [(70, 30), (None, 7)])
async def test_each_minute_what_has_become_too_old_is_emptied(guild_id: int | None, days: int) -> None:
    asked_at = START - timedelta(days=days)
    yard = Yard(*(cancelled(n, asked_at + timedelta(seconds=s), guild_id) for n, s in ((1, 29), (2, 31), (3, 91))))
    yard.keep(70, 30)
    yard.keep(EVERYWHERE, 7)
    emptied = []
    for _ in range(3):
        await yard.after(30)
        emptied.append([number for number in (1, 2, 3) if yard.rows[number].deleted_at])

    assert emptied == [[1], [1], [1, 2]]


async def test_of_very_much_that_is_too_old_some_is_emptied_each_minute() -> None:
    asked_at = START - timedelta(days=31)
    yard = Yard(*(cancelled(number, asked_at, 70) for number in range(1, 102)))
    yard.keep(70, 30)
    left = []
    for _ in range(2):
        await yard.after(60)
        left.append(sum(row.deleted_at is None for row in yard.rows.all(music_tasks)))

    assert left == [1, 0]


def cancelled(number: int, asked_at: datetime, guild_id: int | None) -> MusicTask:
    return make_task(number, state=State.CANCELLED, created_at=asked_at, state_at=asked_at, guild_id=guild_id)
