"""All SQL about what is told to a whole server: live boards, what they show, and budget warnings."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, Update, and_, delete, or_, select, true, update

from bot.clock import Clock
from bot.domain.audit import Deed
from bot.domain.notices import Board, BudgetWarning, OpenTask
from bot.domain.rules import Server
from bot.domain.tasks import Kind, State, TaskId
from bot.store.audit import write_deed
from bot.store.database import Database
from bot.store.rows import AnyRow, values_of
from bot.store.schema import OPEN, boards, music_tasks, servers
from bot.store.servers import SERVER_COLUMNS, look_at_budget_of, server_of, servers_among
from bot.store.statements import insert_or
from bot.store.used import lock_server, used_in_month

B = boards.c
BOARD_COLUMNS = [B[field.name] for field in fields(Board)]
OPEN_TASK_COLUMNS = [music_tasks.c[field.name] for field in fields(OpenTask)]


class NoticeStore:
    """The rows of `boards`, and of `servers` those that are to be warned."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # --- boards: what moderators decide ----------------------------------------------------------------------------

    async def put_up(self, board: Board, deed: Deed) -> None:
        """Ask for a fresh message in a channel; one that stands there is removed once the fresh one is there."""
        fresh = {"guild_id": board.guild_id, "locale": board.locale, "posted_at": None, "sending_at": None}
        async with self._database.write() as connection:
            row = insert_or(connection, boards).values(channel_id=board.channel_id, **fresh)
            await connection.execute(row.on_conflict_do_update(index_elements=["channel_id"], set_=fresh))
            await write_deed(connection, deed, self._clock())

    async def take_down(self, guild_id: int, channel_id: int, message_id: int | None, deed: Deed) -> Board | None:
        """Forget the board of a channel; return it as it was, or None if there was none.

        With a message only if it is the board's, or one that was left over of it.
        """
        its = or_(B.message_id == message_id, B.leftover_id == message_id) if message_id is not None else true()
        row = and_(B.guild_id == guild_id, B.channel_id == channel_id, its)
        async with self._database.write() as connection:
            gone = (await connection.execute(delete(boards).where(row).returning(*BOARD_COLUMNS))).first()
            if gone is None:
                return None
            await write_deed(connection, deed, self._clock())
            return _board_of(gone)

    async def forget_server(self, guild_id: int) -> None:
        """The bot is no longer there: its boards can't be reached."""
        async with self._database.write() as connection:
            await connection.execute(delete(boards).where(B.guild_id == guild_id))

    # --- boards: what the engine does ------------------------------------------------------------------------------

    async def board(self, channel_id: int) -> Board | None:
        """The board of a channel."""
        query = select(*BOARD_COLUMNS).where(B.channel_id == channel_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _board_of(row)

    async def boards_due(self, drawn_before: datetime) -> list[Board]:
        """Boards without their message, with one too many, or drawn so long ago that they may be redrawn."""
        due = or_(
            B.posted_at.is_(None),
            B.sending_at.is_not(None),
            B.leftover_id.is_not(None),
            B.drawn_at <= drawn_before,
            B.drawn_at > self._clock(),  # it was set back
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(select(*BOARD_COLUMNS).where(due).order_by(B.drawn_at))).all()
        return [_board_of(row) for row in rows]

    async def open_tasks(self, guild_ids: Collection[int]) -> dict[int, tuple[Server, list[OpenTask]]]:
        """These servers, and what each has under way."""
        query = select(*OPEN_TASK_COLUMNS).where(OPEN, music_tasks.c.guild_id.in_(guild_ids))
        async with self._database.read() as connection:
            homes = await servers_among(connection, guild_ids)
            rows = (await connection.execute(query)).all()
        tasks: dict[int, list[OpenTask]] = {guild_id: [] for guild_id in guild_ids}
        for row in rows:
            tasks[row.guild_id].append(_open_task_of(row))
        return {guild_id: (homes[guild_id], tasks[guild_id]) for guild_id in guild_ids}

    async def begin_sending(self, board: Board) -> Board | None:
        """Remember that a fresh message is on its way; None if the board has changed since it was read."""
        return await self._change(_unchanged(board), sending_at=self._clock())

    async def sent(self, board: Board, message_id: int, looks: str) -> Board | None:
        """The fresh message stands, the earlier one is left over; None if it is not wanted any more."""
        return await self._change(
            and_(B.channel_id == board.channel_id, B.sending_at == board.sending_at),
            message_id=message_id,
            leftover_id=board.message_id,
            posted_at=B.sending_at,
            sending_at=None,
            drawn_at=self._clock(),
            looks=looks,
        )

    async def drawn(self, board: Board, looks: str) -> None:
        """The message that stands shows this now."""
        await self._change(_unchanged(board), drawn_at=self._clock(), looks=looks)

    async def cleared(self, board: Board) -> None:
        """The message that was left over is gone."""
        left = and_(B.channel_id == board.channel_id, B.leftover_id == board.leftover_id)
        await self._change(left, leftover_id=None)

    async def forget(self, board: Board) -> None:
        """The board can't be shown any more; one that was asked for again meanwhile stays."""
        async with self._database.write() as connection:
            await connection.execute(delete(boards).where(_unchanged(board)))

    async def _change(self, which: ColumnElement[bool], **values: object) -> Board | None:
        change = update(boards).where(which).values(**values).returning(*BOARD_COLUMNS)
        async with self._database.write() as connection:
            row = (await connection.execute(change)).first()
        return None if row is None else _board_of(row)

    # --- warnings --------------------------------------------------------------------------------------------------

    async def warnings_due(self) -> list[BudgetWarning]:
        """Servers that have used most of a month's budget and were not told yet."""
        query = select(*SERVER_COLUMNS, servers.c.warned_for).where(servers.c.warning_due)
        now, found = self._clock(), []
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                used = await used_in_month(connection, row.guild_id, now)
                found.append(BudgetWarning(server=server_of(row), month=row.warned_for, used=used))
        return found

    async def warned(self, warning: BudgetWarning) -> None:
        """Nothing is left to be told about that month."""
        async with self._database.write() as connection:
            await connection.execute(_settled(warning).values(warning_due=False))

    async def withdraw(self, warning: BudgetWarning) -> None:
        """The warning is not true any more, unless it is again at this moment: the server is warned once it is."""
        async with self._database.write() as connection:
            await lock_server(connection, warning.server.guild_id or None)
            await connection.execute(_settled(warning).values(warning_due=False, warned_for=None))
            await look_at_budget_of(connection, warning.server.guild_id, self._clock())

    async def look_at_budget(self, guild_id: int) -> None:
        """Have a server warned if most of its budget is used, as far as it was not."""
        async with self._database.write() as connection:
            await look_at_budget_of(connection, guild_id, self._clock())


def _settled(warning: BudgetWarning) -> Update:
    """The row of the server, as long as it is about that month."""
    same = servers.c.guild_id == warning.server.guild_id, servers.c.warned_for == warning.month
    return update(servers).where(*same)


def _unchanged(board: Board) -> ColumnElement[bool]:
    """The row, if its message is still the one that was read, and no other is on its way or asked for."""
    return and_(
        B.channel_id == board.channel_id,
        B.message_id.is_not_distinct_from(board.message_id),
        B.posted_at.is_not_distinct_from(board.posted_at),
        B.sending_at.is_not_distinct_from(board.sending_at),
    )


def _board_of(row: AnyRow) -> Board:
    return Board(**values_of(row))


def _open_task_of(row: AnyRow) -> OpenTask:
    values = values_of(row)
    return OpenTask(
        **{**values, "id": TaskId(values["id"]), "kind": Kind(values["kind"]), "state": State(values["state"])}
    )
