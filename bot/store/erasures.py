"""All SQL that erases: what members want erased, and what is older than its server keeps it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, literal, not_, or_, select, update

from bot.clock import Clock
from bot.domain.limits import day_of
from bot.domain.privacy import NOBODY, UNCLEAR_PATIENCE, Erasure
from bot.domain.rules import EVERYWHERE, Rules
from bot.domain.tasks import CARD_REMOVED, RELEASED, TERMINAL, MusicTask, State, TaskId
from bot.store.database import Database
from bot.store.emptying import empty_rows
from bot.store.rows import TASK_COLUMNS, file_names, task_of, values_of
from bot.store.schema import (
    KEPT,
    OPEN,
    T,
    blocks,
    drafts,
    erasures,
    members,
    music_tasks,
    people,
    servers,
    task_messages,
)
from bot.store.statements import insert_or, lock_in_order
from bot.store.used import home

E = erasures.c
ERASURE_COLUMNS = (E.user_id, E.asked_at, E.locale)
LONG_AGO = datetime.fromtimestamp(0, UTC)
ERASED_KEY = literal("erased:").concat(T.id)
NOWHERE: Mapping[str, object] = {
    "channel_id": NOBODY,  # a channel of direct messages is a person, too
    "origin_key": ERASED_KEY,
    **dict.fromkeys(("message_id", "interaction_id", "interaction_token", "token_at")),
}
"""What is left of where a task was asked for."""
ENDED_FOR = timedelta(days=1)
"""However long ago it was asked for, what has just come to its end is there for a day."""
REMOVALS_AT_ONCE = 20
"""Maximum number of one member's emptied tasks that wait for the courier: all at once would hold up other cards."""


class ErasureStore:
    """The rows of `erasures`, and the steps that work them off. Each step is a short transaction over a few rows."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # --- what is wanted --------------------------------------------------------------------------------------------

    async def begin(self, user_id: int, locale: str) -> None:
        """Write down that a member wants everything erased; choices and drafts go at once.

        Wanted again while it is worked off, it reaches up to now.
        """
        wanted = {"asked_at": self._clock(), "locale": locale}
        own = drafts.c.user_id == user_id
        async with self._database.write() as connection:
            row = insert_or(connection, erasures).values(user_id=user_id, **wanted)
            await connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=wanted))
            await connection.execute(delete(drafts).where(own, drafts.c.message_id.is_(None)))
            await connection.execute(update(drafts).where(own).values(created_at=LONG_AGO))  # their messages go first
            await connection.execute(delete(members).where(members.c.user_id == user_id))

    async def get(self, user_id: int) -> Erasure | None:
        """The erasure of a member, if one is worked off."""
        found = await self._erasures(E.user_id == user_id)
        return found[0] if found else None

    async def running(self) -> list[Erasure]:
        """All that are worked off, the first one first."""
        return await self._erasures()

    async def left(self, erasure: Erasure) -> int:
        """How many tasks, and wishes that wait for a yes, still bear the member's id."""
        tasks = select(func.count()).select_from(music_tasks).where(_meant(erasure))
        old = drafts.c.user_id == erasure.user_id, drafts.c.created_at <= erasure.asked_at
        waiting = select(func.count()).select_from(drafts).where(*old)
        query = select(tasks.scalar_subquery() + waiting.scalar_subquery())
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    # --- its steps -------------------------------------------------------------------------------------------------

    async def cancellable(self, erasure: Erasure, *, unclear_since: datetime, limit: int) -> list[MusicTask]:
        """What waits in line, and what has been unclear since a moment."""
        unclear = and_(T.state == State.UNCERTAIN, T.state_at < unclear_since)
        query = select(*TASK_COLUMNS).where(_meant(erasure), or_(T.state == State.QUEUED, unclear)).limit(limit)
        async with self._database.read() as connection:
            return [task_of(row) for row in (await connection.execute(query)).all()]

    async def empty(self, erasure: Erasure, limit: int) -> tuple[int, list[str]]:
        """Empty tasks that have come to an end; return how many, and the names of their files."""
        ended = _meant(erasure), T.deleted_at.is_(None), T.state.in_(TERMINAL)
        found = await self._ids(*ended, limit=limit)
        if not found:
            return 0, []
        async with self._database.write() as connection:
            rows = (await connection.execute(select(T.id, T.media).where(T.id.in_(found), *ended))).all()
            ids = [row.id for row in rows]
            await empty_rows(connection, ids, now=self._clock())
        return len(rows), [name for row in rows for name in file_names(row.media)]

    async def hand_over(self, erasure: Erasure) -> int:
        """Let the courier remove what shows emptied tasks, a few at a time; return how many more.

        What Discord did not let it remove yet is tried by itself, and holds up nothing that comes behind it.
        """
        emptied = _meant(erasure), T.deleted_at.is_not(None)
        waits = T.revision > T.shown_revision, T.show_failures == 0
        waiting = select(func.count()).select_from(music_tasks).where(*emptied, *waits)
        shown = T.revision == T.shown_revision, T.card_lost.is_distinct_from(CARD_REMOVED)
        async with self._database.read() as connection:
            room = REMOVALS_AT_ONCE - (await connection.execute(waiting)).scalar_one()
        if room <= 0 or not (some := await self._ids(*emptied, *shown, limit=room)):
            return 0
        more = (
            update(music_tasks).where(T.id.in_(some), *emptied, *shown).values(revision=T.revision + 1, show_failures=0)
        )
        async with self._database.write() as connection:
            await lock_in_order(connection, T.id.in_(some))
            return (await connection.execute(more)).rowcount

    async def let_go(self, erasure: Erasure, limit: int) -> int:
        """Take the member's id, and all that leads to it, off tasks that nothing shows any more; return how many.

        What counts against a daily limit of the member's keeps the id for the day: erasing is no way around the limit.
        """
        removed = T.card_lost == CARD_REMOVED, T.revision == T.shown_revision
        gone = _meant(erasure), T.deleted_at.is_not(None), *removed
        nowhere = T.origin_key == ERASED_KEY
        ids = await self._ids(*gone, or_(not_(nowhere), not_(_counts_since(day_of(self._clock())))), limit=limit)
        if not ids:
            return 0
        tasks = update(music_tasks).where(T.id.in_(ids))
        async with self._database.write() as connection:
            await lock_in_order(connection, T.id.in_(ids))
            await connection.execute(delete(task_messages).where(task_messages.c.task_id.in_(ids)))
            await connection.execute(tasks.values(**NOWHERE))
            await connection.execute(tasks.where(not_(_counts_since(day_of(self._clock())))).values(user_id=NOBODY))
        return len(ids)

    async def end(self, erasure: Erasure) -> bool:
        """Forget the erasure, and who its member was in the audit; not if it was wanted again meanwhile."""
        same = delete(erasures).where(E.user_id == erasure.user_id, E.asked_at == erasure.asked_at)
        async with self._database.write() as connection:
            if (await connection.execute(same)).rowcount == 0:
                return False
            await connection.execute(delete(people).where(people.c.user_id == erasure.user_id))
            return True

    async def _ids(self, *conditions: ColumnElement[bool], limit: int) -> Sequence[TaskId]:
        """Looked for before anything is locked, for among very many tasks that takes a while."""
        query = select(T.id).where(*conditions).order_by(T.id).limit(limit)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def _erasures(self, *conditions: ColumnElement[bool]) -> list[Erasure]:
        query = select(*ERASURE_COLUMNS).where(*conditions).order_by(E.asked_at, E.user_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Erasure(**values_of(row)) for row in rows]

    # --- what is too old -------------------------------------------------------------------------------------------

    async def keeping(self) -> dict[int, int]:
        """For how many days each server keeps texts, if it limits that; `EVERYWHERE` stands for direct messages."""
        ruled = servers.c.rules["keep_days"].as_string().is_not(None)
        async with self._database.read() as connection:
            rows = (await connection.execute(select(servers.c.guild_id, servers.c.rules).where(ruled))).all()
        found = {row.guild_id: Rules.decode(row.rules).keep_days for row in rows}
        return {guild_id: days for guild_id, days in found.items() if days is not None}

    async def undecided(self, guild_id: int, before: datetime, limit: int) -> list[MusicTask]:
        """A server's unclear tasks that were asked for before a moment, and that nobody has decided about for days."""
        here, long_ago = home(None if guild_id == EVERYWHERE else guild_id), self._clock() - UNCLEAR_PATIENCE
        left = OPEN, here, T.state == State.UNCERTAIN, T.created_at < before, T.state_at < long_ago
        query = select(*TASK_COLUMNS).where(*left).order_by(T.id).limit(limit)
        async with self._database.read() as connection:
            return [task_of(row) for row in (await connection.execute(query)).all()]

    async def older(self, guild_id: int, before: datetime) -> int:
        """How many of a server's tasks would be emptied that were asked for before a moment."""
        query = select(func.count()).select_from(music_tasks).where(self._aged(guild_id, before))
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def end_blocks(self) -> int:
        """Forget blocks that have ended; return how many."""
        over = delete(blocks).where(blocks.c.until <= self._clock())
        async with self._database.write() as connection:
            return (await connection.execute(over)).rowcount

    async def age_out(self, guild_id: int, before: datetime, limit: int) -> int:
        """Empty a server's oldest ended tasks that were asked for before a moment; their messages stay as they are."""
        ids = await self._oldest(guild_id, before, limit)
        if not ids:
            return 0
        async with self._database.write() as connection:
            return await empty_rows(connection, ids, now=self._clock(), aged_out=True)

    async def _oldest(self, guild_id: int, before: datetime, limit: int) -> Collection[TaskId]:
        query = select(T.id).where(self._aged(guild_id, before))
        # in the very order of the index: the one of what was used leads through all that was emptied before
        query = query.order_by(T.deleted_at, T.guild_id, T.created_at).limit(limit)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()

    def _aged(self, guild_id: int, before: datetime) -> ColumnElement[bool]:
        here = home(None if guild_id == EVERYWHERE else guild_id)
        return and_(KEPT, here, T.created_at < before, T.state_at <= self._clock() - ENDED_FOR)


def _counts_since(day: datetime) -> ColumnElement[bool]:
    limited = select(servers.c.guild_id).where(servers.c.rules["daily_per_member"].as_string().is_not(None))
    here = func.coalesce(T.guild_id, EVERYWHERE)
    return and_(T.created_at >= day, T.state.not_in(RELEASED), here.in_(limited))


def _meant(erasure: Erasure) -> ColumnElement[bool]:
    return and_(T.user_id == erasure.user_id, T.created_at <= erasure.asked_at)
