"""All SQL about servers: their rules, whether they take wishes, and their blocks."""

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.domain.audit import Deed
from bot.domain.blocks import Block
from bot.domain.changes import named
from bot.domain.limits import LimitReachedError, has_budget, overall_limit_reached
from bot.domain.rules import BUDGETS, EVERYWHERE, OVERALL, Intake, RuleChanges, Rules, Server
from bot.store.audit import write_deed
from bot.store.database import Database
from bot.store.rows import AnyRow, values_of
from bot.store.schema import T, blocks, boards, members, music_tasks, remembered, servers
from bot.store.statements import insert_or
from bot.store.used import lock_server, look_at_budget, used_in_month, warn_if_due

WORKED_WITH = (music_tasks, members, boards, remembered)
"""Tables that are empty before the bot has come to Discord; the operator's commands write others."""
A_SERVER = servers.c.guild_id > EVERYWHERE
SERVER_COLUMNS = (servers.c.guild_id, servers.c.rules, servers.c.intake, servers.c.intake_note)


class ServerStore:
    """The rows of `servers` and `blocks`; every change is written together with its line of the audit."""

    def __init__(self, database: Database, clock: Clock, at_first: Rules = Rules()) -> None:
        """Take the database, the clock, and the rules of a server that the bot has not met before."""
        self._database = database
        self._clock = clock
        self._at_first = at_first

    async def get(self, guild_id: int) -> Server:
        """A server; one that has no row yet with the rules that it would get."""
        async with self._database.read() as connection:
            return await _found(connection, guild_id) or Server(guild_id=guild_id, rules=self._first_rules(guild_id))

    async def meet(self, guild_id: int) -> Server:
        """A server, which has a row from now on: so it is new only once."""
        async with self._database.read() as connection:
            if (known := await _found(connection, guild_id)) is not None:
                return known
        async with self._database.write() as connection:
            await self._ensure(connection, guild_id)
            return await server_in(connection, guild_id)

    async def begin(self, overall: Rules, direct: Rules) -> bool:
        """Give an empty database its first rules, over everything and for direct messages; what is set already stays.

        Returns:
            Whether nobody has worked with this database yet.
        """
        used = or_(*(select(table).exists() for table in WORKED_WITH), select(servers).where(A_SERVER).exists())
        async with self._database.write() as connection:
            if (await connection.execute(select(used))).scalar_one():
                return False
            await _insert(connection, OVERALL, overall)
            await _insert(connection, EVERYWHERE, direct)
            return True

    async def change_rules(self, guild_id: int, changes: RuleChanges, deed: Deed) -> Server:
        """Set some of the rules; the audit is told what has changed, if anything has."""
        async with self._database.write() as connection:
            await lock_server(connection, guild_id or None)
            await self._ensure(connection, guild_id)
            before = await _locked(connection, guild_id)
            rules = replace(before.rules, **named(changes))
            changed = [name for name in named(changes) if getattr(rules, name) != getattr(before.rules, name)]
            if not changed:
                return before
            row = update(servers).where(servers.c.guild_id == guild_id)
            await connection.execute(row.values(rules=rules.encode()))
            if set(BUDGETS) & set(changed):  # another budget has a warning of its own
                await connection.execute(row.values(warned_for=None, warning_due=False))
                await look_at_budget(connection, replace(before, rules=rules), self._clock())
            told = replace(deed, before=before.rules.plain(changed), after=rules.plain(changed))
            await write_deed(connection, told, self._clock())
            return replace(before, rules=rules)

    async def set_intake(self, guild_id: int, intake: Intake, note: str | None, deed: Deed) -> bool:
        """Open, pause or drain a server; return whether that is a change."""
        async with self._database.write() as connection:
            await self._ensure(connection, guild_id)
            before = await _locked(connection, guild_id)
            if (before.intake, before.intake_note) == (intake, note):
                return False
            row = update(servers).where(servers.c.guild_id == guild_id).values(intake=intake, intake_note=note)
            await connection.execute(row)
            told = replace(deed, before={"intake": before.intake}, after={"intake": intake})
            await write_deed(connection, told, self._clock())
            return True

    # --- servers that are to be left -------------------------------------------------------------------------------

    async def departures(self) -> dict[int, datetime]:
        """Servers that are to be left, and when."""
        query = select(servers.c.guild_id, servers.c.leave_at).where(servers.c.leave_at.is_not(None))
        async with self._database.read() as connection:
            return {row.guild_id: row.leave_at for row in (await connection.execute(query)).all()}

    async def note_departures(self, guild_ids: Collection[int], leave_at: datetime) -> None:
        """Remember when these servers are to be left."""
        async with self._database.write() as connection:
            for guild_id in sorted(guild_ids):
                await self._ensure(connection, guild_id)
                row = update(servers).where(servers.c.guild_id == guild_id)
                await connection.execute(row.values(leave_at=leave_at))

    async def cancel_departures(self, guild_ids: Collection[int]) -> None:
        """Forget that these servers were to be left."""
        async with self._database.write() as connection:
            rows = update(servers).where(servers.c.guild_id.in_(guild_ids))
            await connection.execute(rows.values(leave_at=None))

    async def _ensure(self, connection: AsyncConnection, guild_id: int) -> None:
        await _insert(connection, guild_id, self._first_rules(guild_id))

    def _first_rules(self, guild_id: int) -> Rules:
        return self._at_first if guild_id > EVERYWHERE else Rules()

    # --- blocks ----------------------------------------------------------------------------------------------------

    async def block_on(self, guild_id: int, user_id: int, now: datetime) -> Block | None:
        """What keeps a member out of a server at this moment: its own block, or the operator's."""
        own = blocks.c.guild_id.in_((guild_id, EVERYWHERE))
        holds = or_(blocks.c.until.is_(None), blocks.c.until > now)
        query = select(blocks).where(own, blocks.c.user_id == user_id, holds).order_by(blocks.c.guild_id.desc())
        async with self._database.read() as connection:
            row = (await connection.execute(query.limit(1))).first()
        return Block(**values_of(row)) if row else None

    async def knows(self, guild_id: int, user_id: int) -> bool:
        """Whether a member has ever asked for something in a server, or is blocked there."""
        asked = select(T.id).where(T.user_id == user_id, T.guild_id == guild_id)
        kept_out = select(blocks.c.user_id).where(blocks.c.guild_id == guild_id, blocks.c.user_id == user_id)
        async with self._database.read() as connection:
            return bool((await connection.execute(select(or_(asked.exists(), kept_out.exists())))).scalar_one())

    async def blocks_of(self, guild_id: int, now: datetime, limit: int | None = None, *, skip: int = 0) -> list[Block]:
        """A server's blocks that hold at this moment; all, unless told."""
        holds = or_(blocks.c.until.is_(None), blocks.c.until > now)
        query = select(blocks).where(blocks.c.guild_id == guild_id, holds).order_by(blocks.c.user_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.offset(skip).limit(limit))).all()
        return [Block(**values_of(row)) for row in rows]

    async def block(self, block: Block, deed: Deed) -> None:
        """Block a member; a block that is there already is replaced."""
        async with self._database.write() as connection:
            own = blocks.c.guild_id == block.guild_id, blocks.c.user_id == block.user_id
            before = (await connection.execute(select(blocks.c.until).where(*own))).first()
            kept = insert_or(connection, blocks).values(**asdict(block))
            kept = kept.on_conflict_do_update(
                index_elements=["guild_id", "user_id"], set_={"until": block.until, "reason": block.reason}
            )
            await connection.execute(kept)
            told = replace(deed, before=_ends(before.until) if before else {}, after=_ends(block.until))
            await write_deed(connection, told, self._clock())

    async def unblock(self, guild_id: int, user_id: int, deed: Deed) -> bool:
        """Unblock a member; return whether they were blocked."""
        holds = or_(blocks.c.until.is_(None), blocks.c.until > self._clock())
        gone = delete(blocks).where(blocks.c.guild_id == guild_id, blocks.c.user_id == user_id, holds)
        async with self._database.write() as connection:
            if (before := (await connection.execute(gone.returning(blocks.c.until))).first()) is None:
                return False
            await write_deed(connection, replace(deed, before=_ends(before.until)), self._clock())
            return True


async def look_at_budget_of(connection: AsyncConnection, guild_id: int, now: datetime) -> None:
    """Have a server warned if most of its budget is used at this moment, and it was not."""
    await lock_server(connection, guild_id or None)
    await look_at_budget(connection, await server_in(connection, guild_id), now)


async def ask_overall(connection: AsyncConnection, now: datetime, *, songs: int, costs_usd: Decimal | None) -> None:
    """Reserve so many more songs, none for one more try, in the budget over everything, if there is one.

    To be asked behind the lock of the server; it takes a lock of its own.

    Raises:
        LimitReachedError: they do not fit.
    """
    await lock_server(connection, OVERALL)
    overall = await server_in(connection, OVERALL)
    if not has_budget(overall.rules):
        return
    used = await used_in_month(connection, OVERALL, now)
    if (limit := overall_limit_reached(overall.rules, used, songs=songs, costs_usd=costs_usd)) is not None:
        raise LimitReachedError(limit)
    taken = replace(used, month_songs=used.month_songs + songs, month_usd=used.month_usd + (costs_usd or 0))
    await warn_if_due(connection, overall, taken, now)


async def server_in(connection: AsyncConnection, guild_id: int) -> Server:
    """A server, inside a running transaction."""
    return (await servers_among(connection, {guild_id}))[guild_id]


async def servers_among(connection: AsyncConnection, guild_ids: Collection[int]) -> dict[int, Server]:
    """Servers by their ids; those that never changed anything have the usual rules."""
    if not guild_ids:
        return {}
    rows = (await connection.execute(select(*SERVER_COLUMNS).where(servers.c.guild_id.in_(guild_ids)))).all()
    known = {row.guild_id: server_of(row) for row in rows}
    return {guild_id: known.get(guild_id) or Server(guild_id=guild_id) for guild_id in guild_ids}


def server_of(row: AnyRow) -> Server:
    """A row of `servers` as a domain object."""
    return Server(
        guild_id=row.guild_id,
        rules=Rules.decode(row.rules),
        intake=Intake(row.intake),
        intake_note=row.intake_note,
    )


def _ends(until: datetime | None) -> dict[str, str | None]:
    """A block as the audit keeps it."""
    return {"until": until.isoformat(timespec="seconds") if until else None}


async def _insert(connection: AsyncConnection, guild_id: int, rules: Rules) -> None:
    """Make the row of a server, if there is none."""
    first = insert_or(connection, servers).values(guild_id=guild_id, rules=rules.encode(), intake=Intake.OPEN)
    await connection.execute(first.on_conflict_do_nothing())


async def _found(connection: AsyncConnection, guild_id: int) -> Server | None:
    row = (await connection.execute(select(*SERVER_COLUMNS).where(servers.c.guild_id == guild_id))).first()
    return server_of(row) if row else None


async def _locked(connection: AsyncConnection, guild_id: int) -> Server:
    """The row, for this transaction alone; SQLite has one writer anyway."""
    query = select(*SERVER_COLUMNS).where(servers.c.guild_id == guild_id).with_for_update()
    return server_of((await connection.execute(query)).one())
