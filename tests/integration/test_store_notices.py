"""Live boards and budget warnings: each change is guarded, and the audit told with it, on both databases."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.limits import Used, month_of
from bot.domain.notices import Board
from bot.domain.rules import EVERYWHERE, Intake, RuleChanges, Rules
from bot.domain.tasks import State
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.notices import NoticeStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.rows import write_columns
from tests.integration.conftest import BOB, SONGS, START, STUDIO, HandClock, Make, wish

OTHER, LOUNGE = 950, 902
FRESH = Board(channel_id=SONGS, guild_id=STUDIO, locale="de")
LOOKS = "a" * 64


def deed(**more: Any) -> Deed:
    return Deed(**{"act": Act.BOARD, "guild_id": STUDIO, "actor_id": BOB, **more})


async def begun(notices: NoticeStore, board: Board = FRESH) -> Board:
    """A board whose first message is on its way."""
    await notices.put_up(board, deed())
    asked = await notices.board(board.channel_id)
    assert asked is not None
    found = await notices.begin_sending(asked)
    assert found is not None
    return found


async def standing(notices: NoticeStore, message_id: int = 1, board: Board = FRESH) -> Board:
    """A board whose message stands."""
    found = await notices.sent(await begun(notices, board), message_id, LOOKS)
    assert found is not None
    return found


async def test_a_board_goes_from_being_asked_for_to_standing(notices: NoticeStore, audit: AuditStore, clock: HandClock):
    await notices.put_up(FRESH, deed(after={"channel_id": SONGS}))
    assert await notices.board(SONGS) == FRESH
    assert await notices.boards_due(START) == [FRESH]
    began = await notices.begin_sending(FRESH)
    assert began == replace(FRESH, sending_at=START)
    assert await notices.boards_due(START - timedelta(1)) == [began]
    clock.tick(1)
    stands = await notices.sent(began, 1, LOOKS)
    drawn_at = START + timedelta(seconds=1)
    assert stands == replace(FRESH, message_id=1, posted_at=START, drawn_at=drawn_at, looks=LOOKS)
    assert await notices.boards_due(START) == []
    assert await notices.boards_due(drawn_at) == [stands]
    clock.tick(1)
    await notices.drawn(stands, "b" * 64)
    assert await notices.boards_due(drawn_at) == []
    assert await notices.board(SONGS) == replace(stands, drawn_at=drawn_at + timedelta(seconds=1), looks="b" * 64)
    (line,) = await audit.page(STUDIO, skip=0, limit=9)
    assert (line.act, line.actor_id, line.after) == (Act.BOARD, BOB, {"channel_id": SONGS})


async def test_asked_for_again_the_earlier_message_is_left_over_until_it_is_cleared(notices: NoticeStore):
    first = await standing(notices)
    spanish = replace(FRESH, locale="es")
    await notices.put_up(spanish, deed())
    asked = await notices.board(SONGS)
    assert asked is not None
    assert (asked.message_id, asked.posted_at, asked.locale) == (1, None, "es")
    again = await notices.begin_sending(asked)
    assert again is not None
    second = await notices.sent(again, 2, LOOKS)
    assert second is not None
    assert (second.message_id, second.leftover_id) == (2, first.message_id)
    assert await notices.boards_due(START - timedelta(1)) == [second]
    await notices.cleared(second)
    assert await notices.boards_due(START - timedelta(1)) == []


async def test_what_was_asked_for_again_meanwhile_is_not_overwritten(notices: NoticeStore):
    first = await standing(notices)
    await notices.put_up(FRESH, deed())
    asked = await notices.board(SONGS)
    await notices.drawn(first, "b" * 64)
    await notices.forget(first)
    assert await notices.begin_sending(first) is None
    assert await notices.board(SONGS) == asked
    began = await begun(notices)
    await notices.put_up(FRESH, deed())
    assert await notices.sent(began, 2, LOOKS) is None
    await notices.forget(began)
    assert await notices.board(SONGS) == asked


async def test_taken_down_is_only_the_board_whose_message_it_is(notices: NoticeStore, audit: AuditStore):
    stands = await standing(notices)
    told = deed(before={"channel_id": SONGS})
    for guild_id, channel_id, message_id in ((STUDIO, SONGS, 2), (STUDIO, LOUNGE, 1), (OTHER, SONGS, 1)):
        assert not await notices.take_down(guild_id, channel_id, message_id, told)
    assert await notices.board(SONGS) == stands
    assert await notices.take_down(STUDIO, SONGS, 1, told)
    assert await notices.board(SONGS) is None
    assert [line.before for line in await audit.page(STUDIO, skip=0, limit=9)] == [{"channel_id": SONGS}, {}]


async def test_what_can_not_be_shown_is_forgotten_one_by_one_or_with_its_server(notices: NoticeStore):
    elsewhere = Board(channel_id=OTHER + 1, guild_id=OTHER, locale="ja")
    await standing(notices, 3, elsewhere)
    await notices.forget(await standing(notices))
    assert await notices.board(SONGS) is None
    await standing(notices)
    await begun(notices, replace(FRESH, channel_id=LOUNGE))
    await notices.forget_server(STUDIO)
    assert await notices.board(SONGS) is None
    assert await notices.board(LOUNGE) is None
    assert await notices.board(elsewhere.channel_id) is not None


async def test_a_server_stands_as_its_open_tasks_and_its_moderators_say(
    notices: NoticeStore, servers: ServerStore, make: Make, store: TaskStore
):
    for state in State:
        await make(state)
    await store.add(wish("elsewhere", guild_id=OTHER))
    await store.add(wish("in private", guild_id=None))
    await servers.set_intake(STUDIO, Intake.DRAINING, "Tea", deed(act=Act.INTAKE))
    found = await notices.open_tasks({STUDIO, OTHER, OTHER + 1})
    server, tasks = found[STUDIO]
    ended = {State.COMPLETED, State.FAILED, State.CANCELLED, State.ABANDONED}
    assert {task.state for task in tasks} == set(State) - ended
    assert (server.intake, server.intake_note) == (Intake.DRAINING, "Tea")
    assert (len(found[OTHER][1]), found[OTHER + 1][1]) == (1, [])
    assert "tin roof" not in str(found)


@pytest.mark.parametrize("guild_id", [STUDIO, EVERYWHERE])
async def test_a_warning_tells_what_is_used_by_now_until_it_was_told(
    notices: NoticeStore, servers: ServerStore, store: TaskStore, clock: HandClock, guild_id: int
):
    rules: dict[str, Any] = {"monthly_songs": 5, "monthly_usd": Decimal(4)}
    await servers.change_rules(guild_id, RuleChanges(**rules), deed(act=Act.RULES))
    for number in range(4):
        assert await notices.warnings_due() == []
        await store.add(wish(number, guild_id=guild_id or None, user_id=100 + number, price_max_usd=Decimal("0.20")))
    clock.tick(60)
    (due,) = await notices.warnings_due()
    used = Used(month_songs=4, month_usd=Decimal("0.80"))
    assert (due.server.guild_id, due.month, due.used) == (guild_id, month_of(START), used)
    assert due.server.rules == Rules(**rules)
    await notices.warned(replace(due, month=due.month - timedelta(days=31)))
    assert len(await notices.warnings_due()) == 1
    await notices.warned(due)
    assert await notices.warnings_due() == []
    await store.add(wish("the last", guild_id=guild_id or None, price_max_usd=Decimal(0)))
    assert await notices.warnings_due() == []


async def test_a_warning_that_was_not_true_any_more_comes_again_once_it_is(
    notices: NoticeStore, servers: ServerStore, store: TaskStore, database: Database, make: Make
):
    await servers.change_rules(STUDIO, RuleChanges(monthly_songs=2), deed(act=Act.RULES))
    await make()
    failed = await make()
    await write_columns(database, failed.id, state=State.FAILED)
    (due,) = await notices.warnings_due()
    assert due.used.month_songs == 1
    await notices.withdraw(replace(due, month=due.month - timedelta(days=31)))
    assert len(await notices.warnings_due()) == 1
    await notices.withdraw(due)
    assert await notices.warnings_due() == []
    await make()
    assert [one.used.month_songs for one in await notices.warnings_due()] == [2]
