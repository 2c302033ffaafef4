"""Live boards and budget warnings: what is posted, edited, replaced and given up, and what a crash leaves."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete

from bot.domain.audit import Act, Deed
from bot.domain.limits import Used, month_of
from bot.domain.notices import Board, BudgetWarning, Standing
from bot.domain.rules import OVERALL, Intake, Rules, Server
from bot.domain.tasks import ErrorCode, State
from bot.engine.crier import EDIT_EVERY, LONGEST_LIFE, SEND_AGAIN, Crier
from bot.engine.ports import Gone, ShowLaterError
from bot.store.notices import NoticeStore
from bot.store.outages import OutageStore
from bot.store.schema import boards, servers
from tests.fakes.board_channel import ASKED, CHANNEL, GUILD, Channel
from tests.fakes.rows import START, HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")
OFTEN = EDIT_EVERY.total_seconds()
MONTH = month_of(START)


class Square:
    """A crier with everything around it."""

    def __init__(self, *asked: Board) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock)
        for board in asked:
            self.rows.write(boards, **asdict(board))
        self.notices = NoticeStore(self.rows.database, self.clock)
        self.channel = Channel()
        self.revive()

    def revive(self) -> None:
        """The process dies and comes back: only rows and messages are left."""
        self.crier = Crier(
            self.notices, self.rows, OutageStore(self.rows.database, self.clock), self.channel, self.clock
        )
        self.crier.monotonic = self._seconds

    def _seconds(self) -> float:
        return (self.clock() - START).total_seconds()

    @property
    def board(self) -> Board:
        (row,) = self.rows.all(boards)
        return Board(**row._mapping)

    @property
    def is_empty(self) -> bool:
        """No board is asked for, and no message stands."""
        return not self.rows.all(boards) and not self.channel.standing

    async def after(self, seconds: float) -> None:
        self.clock.tick(seconds)
        await self.crier.step()

    def pause(self, note: str = "Tea") -> None:
        """Something changes that a board shows."""
        self.rows.put_server(Server(guild_id=GUILD, intake=Intake.PAUSED, intake_note=note))

    def resume(self) -> None:
        self.rows.put_server(Server(guild_id=GUILD))

    async def put_up(self) -> None:
        """A moderator asks for the board."""
        await self.notices.put_up(ASKED, Deed(act=Act.BOARD, guild_id=GUILD, actor_id=9))

    def put_up_at_once(self) -> None:
        """The same, in the midst of something."""
        self.rows.write(boards, channel_id=CHANNEL, guild_id=GUILD, locale="en-US", posted_at=None, sending_at=None)

    def take_down(self) -> None:
        """A moderator takes the board down, in the midst of something."""
        with self.rows.behind() as connection:
            connection.execute(delete(boards))


async def standing() -> Square:
    """A board whose message stands, number 1."""
    square = Square(ASKED)
    await square.crier.step()
    assert square.channel.standing == [1]
    return square


# --- up to date ------------------------------------------------------------------------------------------------------


async def test_a_board_that_was_asked_for_is_posted_once() -> None:
    square = await standing()
    for _ in range(3):
        await square.after(OFTEN)

    assert square.channel.standing == [1]
    assert (square.board.message_id, square.board.posted_at, square.board.sending_at) == (1, START, None)


async def test_a_quiet_server_costs_no_edit() -> None:
    square = await standing()
    for _ in range(100):
        await square.after(60)

    assert (square.channel.edits, square.channel.standing) == ([], [1])


async def test_of_many_changes_in_fifteen_seconds_the_last_is_shown() -> None:
    square = await standing()
    for second in range(30):
        if second % 2:
            square.pause()
        else:
            square.resume()
        await square.after(1)
    square.resume()
    await square.after(OFTEN)

    assert len(square.channel.edits) <= 3
    assert square.board.looks == "en-US open 0"


async def test_a_board_that_can_not_be_drawn_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    square = Square(replace(ASKED, channel_id=699), ASKED)
    looks = square.channel.looks

    def fails_for_one(board: Board, standing: Standing) -> str:
        if board.channel_id == 699:
            raise ZeroDivisionError
        return looks(board, standing)

    monkeypatch.setattr(square.channel, "looks", fails_for_one)
    for _ in range(3):
        await square.after(OFTEN)

    assert square.channel.standing == [1]
    assert [one.message for one in caplog.records].count("board can't be drawn") == 1


async def test_who_waits_and_is_asked_for_is_named_in_the_order_of_the_line() -> None:
    square = Square(ASKED)
    for number, user_id in ((1, 7), (2, 7), (3, 8)):
        square.rows.put(make_task(number, user_id=user_id))
    square.rows.put(make_task(4, user_id=9, state=State.RUNNING), make_task(5, user_id=8, guild_id=71))

    (due,) = await square.crier.find(8)

    assert not isinstance(due, BudgetWarning)
    assert [task.id for task in due.standing.waiting] == [1, 3, 2]
    assert [task.id for task in due.standing.being_made] == [4]


# --- asked for again, replaced ---------------------------------------------------------------------------------------


async def test_asked_for_again_the_earlier_message_makes_place() -> None:
    square = await standing()
    await square.put_up()
    await square.after(1)

    assert square.channel.standing == [2]
    assert (square.board.message_id, square.board.leftover_id) == (2, None)


async def test_a_message_that_is_too_old_is_replaced_once_there_is_something_new() -> None:
    square = await standing()
    await square.after(LONGEST_LIFE.total_seconds() - 1)
    square.pause()
    await square.crier.step()
    assert square.channel.standing == [1]
    square.resume()
    await square.after(OFTEN)

    assert square.channel.standing == [2]
    assert square.channel.edits == [1, 1]
    assert square.board.posted_at == square.clock()


async def test_a_message_that_discord_lets_nobody_edit_is_replaced() -> None:
    square = await standing()
    square.pause()
    square.channel.is_too_old = True
    await square.after(OFTEN)

    assert square.channel.standing == [2]


async def test_an_earlier_message_that_can_not_be_deleted_now_is_deleted_later() -> None:
    square = await standing()
    await square.put_up()
    square.channel.refuse["remove"] = ShowLaterError()
    await square.after(1)
    assert square.channel.standing == [1, 2]
    square.revive()
    await square.after(1)

    assert square.channel.standing == [2]
    assert square.channel.edits == []
    assert square.board.leftover_id is None


# --- given up --------------------------------------------------------------------------------------------------------


async def test_a_board_that_somebody_deleted_stays_deleted() -> None:
    square = await standing()
    square.channel.standing.clear()
    square.channel.refuse["edit"] = Gone("card_deleted")
    square.pause()
    for _ in range(3):
        await square.after(OFTEN)

    assert square.is_empty


async def test_a_deleted_board_is_not_replaced_however_old_it_was() -> None:
    square = await standing()
    square.channel.standing.clear()
    square.channel.refuse["edit"] = Gone("card_deleted")
    square.pause()
    await square.after(LONGEST_LIFE.total_seconds() * 2)

    assert square.is_empty


async def test_a_channel_that_takes_no_fresh_message_keeps_no_stale_one() -> None:
    square = await standing()
    square.channel.refuse["post"] = Gone("forbidden")
    square.pause()
    await square.after(LONGEST_LIFE.total_seconds())

    assert square.is_empty


async def test_a_first_message_that_is_refused_is_given_up() -> None:
    square = Square(ASKED)
    square.channel.refuse["post"] = Gone("no_channel")
    await square.crier.step()

    assert square.is_empty


@pytest.mark.parametrize(("closed_s", "stands"), [(1800, True), (3700, False)])
async def test_a_channel_that_is_closed_may_open_again_for_an_hour(closed_s: float, *, stands: bool) -> None:
    square = await standing()
    square.pause()
    opens_at = square.clock() + timedelta(seconds=closed_s)
    while square.clock() < opens_at:
        square.channel.refuse["edit"] = Gone("forbidden", is_final=False)
        await square.after(60)
    square.channel.refuse.clear()
    for _ in range(10):
        await square.after(60)

    assert (len(square.rows.all(boards)) == 1) is stands
    if stands:
        assert square.channel.edits == [1]


@pytest.mark.parametrize("call", ["post", "edit"])
async def test_a_passing_failure_is_tried_again(call: str) -> None:
    square = Square(ASKED) if call == "post" else await standing()
    square.channel.refuse[call] = ShowLaterError()
    square.pause()
    await square.after(OFTEN)
    await square.after(OFTEN)

    assert square.channel.standing == [1]
    assert square.board.looks == "en-US paused 0"


# --- crashes and races -----------------------------------------------------------------------------------------------


async def test_a_crash_while_it_is_sent_leaves_one_message() -> None:
    square = Square(ASKED)
    square.channel.cut_off = OSError("the process died")
    await square.crier.step()
    square.revive()
    await square.after(SEND_AGAIN.total_seconds() - 1)

    assert square.channel.standing == [1] == [square.board.message_id]


async def test_after_a_long_absence_what_was_sent_is_looked_for_and_replaced() -> None:
    square = await standing()
    await square.put_up()
    square.channel.cut_off = OSError("the process died")
    await square.after(1)
    assert square.channel.standing == [1, 2]
    square.revive()
    await square.after(SEND_AGAIN.total_seconds())

    assert square.channel.standing == [3] == [square.board.message_id]


async def test_what_never_left_is_sent_after_a_long_absence() -> None:
    square = Square(ASKED)
    square.channel.refuse["post"] = OSError("the process died")
    await square.crier.step()
    square.revive()
    await square.after(SEND_AGAIN.total_seconds())

    assert square.channel.standing == [1]


async def test_what_is_asked_for_again_while_it_is_sent_is_sent_afresh() -> None:
    square = Square(ASKED)
    square.channel.meanwhile = square.put_up_at_once
    await square.crier.step()
    assert square.channel.standing == []
    square.channel.meanwhile = int
    await square.after(1)

    assert square.channel.standing == [2]


async def test_what_is_taken_down_while_it_is_sent_does_not_stay() -> None:
    square = Square(ASKED)
    square.channel.meanwhile = square.take_down
    await square.crier.step()
    await square.after(1)

    assert square.channel.standing == []


async def test_a_crash_while_it_is_replaced_leaves_one_message() -> None:
    square = await standing()
    square.pause()
    square.channel.cut_off = OSError("the process died")
    await square.after(LONGEST_LIFE.total_seconds())
    assert square.channel.standing == [1, 2]
    square.revive()
    await square.after(1)

    assert square.channel.standing == [2] == [square.board.message_id]


async def test_what_was_being_sent_when_it_was_looked_for_is_not_taken_for_unwanted() -> None:
    square = Square(ASKED)
    await square.notices.begin_sending(ASKED)
    (stale,) = await square.crier.find(8)
    await square.crier.step()
    await square.crier.handle(stale)

    assert square.channel.standing == [1]


async def test_a_board_that_is_taken_down_just_before_it_is_begun_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    square = Square(ASKED)
    begin = square.notices.begin_sending

    async def too_late(board: Board) -> Board | None:
        square.take_down()
        return await begin(board)

    monkeypatch.setattr(square.notices, "begin_sending", too_late)
    await square.crier.step()

    assert square.is_empty
    assert square.channel.nonces == {}


# --- warnings --------------------------------------------------------------------------------------------------------


BUDGET = Rules(monthly_songs=20, warning_channel_id=CHANNEL)
DUE = BudgetWarning(
    server=Server(guild_id=GUILD, rules=BUDGET), month=MONTH, used=Used(month_songs=16)
)  # fmt: skip


def warned(rules: Rules = BUDGET, *asked: Board, **last: Any) -> Square:
    """A server that has made sixteen songs this month (of the last one something may differ), and is to be warned."""
    square = Square(*asked)
    square.rows.put(*(make_task(number, state=State.COMPLETED) for number in range(1, 16)))
    square.rows.put(make_task(16, **{"state": State.COMPLETED, **last}))
    square.rows.write(
        servers, guild_id=GUILD, rules=rules.encode(), intake=Intake.OPEN, warned_for=MONTH, warning_due=True
    )
    return square


def told_of(square: Square) -> tuple[datetime | None, bool]:
    """The month that the server counts as warned for, and whether it is still to be told."""
    (row,) = square.rows.all(servers)
    return row.warned_for, row.warning_due


async def test_a_warning_is_told_once() -> None:
    square = warned()
    await square.crier.step()
    await square.after(60)

    assert square.channel.told == [(DUE, CHANNEL)]
    assert told_of(square) == (MONTH, False)


@pytest.mark.parametrize(
    ("rules", "last", "is_true"),
    [
        (Rules(monthly_songs=20), {}, True),
        (BUDGET, {"state": State.FAILED, "error_code": ErrorCode.PROVIDER_FAILED}, False),
        (Rules(monthly_usd=Decimal(9), warning_channel_id=CHANNEL), {}, False),
    ],
    ids=["nowhere to tell it", "one has failed since", "the budget was raised"],
)
async def test_a_warning_that_is_not_to_be_told_is_cleared(rules: Rules, last: dict[str, Any], is_true: bool) -> None:  # noqa: FBT001 -- a row of the table
    square = warned(rules, **last)
    await square.crier.step()

    assert square.channel.told == []
    assert told_of(square) == (MONTH if is_true else None, False)


async def test_the_operator_is_warned_of_the_budget_over_everything_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    square = warned()
    square.rows.write(servers, guild_id=GUILD, rules={}, intake=Intake.OPEN, warning_due=False)
    rules = Rules(monthly_usd=Decimal("5.00")).encode()
    square.rows.write(servers, guild_id=OVERALL, rules=rules, intake=Intake.OPEN, warned_for=MONTH, warning_due=True)
    square.rows.change(1, price_max_usd=Decimal("4.25"), guild_id=None)
    for _ in range(2):
        await square.crier.step()

    (line,) = [one for one in caplog.records if one.getMessage() == "most of the budget over everything is used"]
    assert (line.levelname, vars(line)["monthly_usd"]) == ("WARNING", "4.25 of 5.00")
    assert square.channel.told == []


async def test_a_warning_that_can_not_be_told_now_is_told_later() -> None:
    square = warned()
    square.channel.refuse["warn"] = ShowLaterError()
    await square.crier.step()
    assert told_of(square) == (MONTH, True)
    await square.after(60)

    assert square.channel.told == [(DUE, CHANNEL)]
    assert told_of(square) == (MONTH, False)


async def test_a_warning_that_can_never_be_told_is_cleared() -> None:
    square = warned()
    square.channel.refuse["warn"] = Gone("no_channel")
    await square.crier.step()

    assert square.channel.told == []
    assert told_of(square) == (MONTH, False)


async def test_a_server_is_not_taken_for_its_first_channel() -> None:
    """Discord gave old servers' first channels the same id."""
    square = warned(BUDGET, replace(ASKED, channel_id=GUILD))
    await square.crier.step()

    assert (square.channel.standing, square.channel.told) == ([1], [(DUE, CHANNEL)])
