"""All SQL that erases: what members want erased, and what is older than its server keeps it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, literal, not_, or_, select, update

from bot.clock import Clock
from bot.domain.limits import day_of
from bot.domain.privacy import NOBODY, Erasure
from bot.domain.rules import EVERYWHERE, Rules
from bot.domain.tasks import CARD_REMOVED, RELEASED, TERMINAL, MusicTask, State, TaskId
from bot.store.database import Database
from bot.store.emptying import empty_rows
from bot.store.queries import T
from bot.store.rows import TASK_COLUMNS, task_of
from bot.store.schema import KEPT, drafts, erasures, members, music_tasks, people, servers, task_messages
from bot.store.statements import insert_or
from bot.store.used import home

E = erasures.c
ERASURE_COLUMNS = (E.user_id, E.asked_at, E.locale)
REMOVALS_AT_ONCE = 20
"""So many emptied tasks of one member wait for the courier at a time; those of all would hold up everybody's cards."""


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
        async with self._database.write() as connection:
            row = insert_or(connection, erasures).values(user_id=user_id, **wanted)
            await connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=wanted))
            await connection.execute(delete(drafts).where(drafts.c.user_id == user_id))
            await connection.execute(delete(members).where(members.c.user_id == user_id))

    async def get(self, user_id: int) -> Erasure | None:
        """The erasure of a member, if one is worked off."""
        found = await self._erasures(E.user_id == user_id)
        return found[0] if found else None

    async def running(self) -> list[Erasure]:
        """All that are worked off, the first one first."""
        return await self._erasures()

    async def left(self, erasure: Erasure) -> int:
        """How many tasks still bear the member's id."""
        query = select(func.count()).select_from(music_tasks).where(_meant(erasure))
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one()

    # --- its steps -------------------------------------------------------------------------------------------------

    async def cancellable(self, erasure: Erasure, *, unclear_since: datetime, limit: int) -> list[MusicTask]:
        """What waits in line, and what has been unclear since a moment."""
        unclear = and_(T.state == State.UNCERTAIN, T.state_at < unclear_since)
        query = select(*TASK_COLUMNS).where(_meant(erasure), or_(T.state == State.QUEUED, unclear)).limit(limit)
        async with self._database.read() as connection:
            return [task_of(row) for row in (await connection.execute(query)).all()]

    async def empty(self, erasure: Erasure, limit: int) -> tuple[int, list[str]]:
        """Empty tasks that have come to an end; gives how many, and the names of their files."""
        ended = _meant(erasure), T.deleted_at.is_(None), T.state.in_(TERMINAL)
        query = select(T.id, T.media).where(*ended).order_by(T.id).limit(limit)
        async with self._database.write() as connection:
            rows = (await connection.execute(query)).all()
            ids = [row.id for row in rows]
            if ids:
                await empty_rows(connection, ids, now=self._clock(), shown_revision=T.revision)
        files = (one for row in rows for one in row.media or ())
        return len(rows), [name for one in files for name in (one["name"], one.get("picture")) if name]

    async def hand_over(self, erasure: Erasure) -> int:
        """Let the courier remove what shows emptied tasks, so many at a time; gives how many more."""
        emptied = _meant(erasure), T.deleted_at.is_not(None)
        waiting = select(func.count()).select_from(music_tasks).where(*emptied, T.revision > T.shown_revision)
        shown = T.revision == T.shown_revision, T.card_lost.is_distinct_from(CARD_REMOVED)
        async with self._database.write() as connection:
            room = REMOVALS_AT_ONCE - (await connection.execute(waiting)).scalar_one()
            if room <= 0:
                return 0
            some = select(T.id).where(*emptied, *shown).order_by(T.id).limit(room)
            more = update(music_tasks).where(T.id.in_(some)).values(revision=T.revision + 1)
            return (await connection.execute(more)).rowcount

    async def let_go(self, erasure: Erasure, limit: int) -> int:
        """Take the member's id, and all that leads to it, off tasks that nothing shows any more; gives how many.

        What counts against a daily limit of the member's keeps the id for the day: erasing is no way around the limit.
        """
        removed = T.card_lost == CARD_REMOVED, T.revision == T.shown_revision
        gone = _meant(erasure), T.deleted_at.is_not(None), *removed, not_(_counts_since(day_of(self._clock())))
        nobodys = {
            "user_id": NOBODY,
            "channel_id": NOBODY,  # a channel of direct messages is a person, too
            "origin_key": literal("erased:").concat(T.id),
            **dict.fromkeys(("message_id", "interaction_id", "interaction_token", "token_at")),
        }
        async with self._database.write() as connection:
            ids = (await connection.execute(select(T.id).where(*gone).order_by(T.id).limit(limit))).scalars().all()
            if ids:
                await connection.execute(delete(task_messages).where(task_messages.c.task_id.in_(ids)))
                await connection.execute(update(music_tasks).where(T.id.in_(ids)).values(**nobodys))
        return len(ids)

    async def end(self, erasure: Erasure) -> bool:
        """Forget the erasure, and who its member was in the audit; not if it was wanted again meanwhile."""
        same = delete(erasures).where(E.user_id == erasure.user_id, E.asked_at == erasure.asked_at)
        async with self._database.write() as connection:
            if (await connection.execute(same)).rowcount == 0:
                return False
            await connection.execute(delete(people).where(people.c.user_id == erasure.user_id))
            return True

    async def _erasures(self, *conditions: ColumnElement[bool]) -> list[Erasure]:
        query = select(*ERASURE_COLUMNS).where(*conditions).order_by(E.asked_at, E.user_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Erasure(**row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's public accessor

    # --- what is too old -------------------------------------------------------------------------------------------

    async def keeping(self) -> dict[int, int]:
        """Which servers keep texts for so many days; `EVERYWHERE` stands for direct messages."""
        ruled = servers.c.rules["keep_days"].as_string().is_not(None)
        async with self._database.read() as connection:
            rows = (await connection.execute(select(servers.c.guild_id, servers.c.rules).where(ruled))).all()
        found = {row.guild_id: Rules.decode(row.rules).keep_days for row in rows}
        return {guild_id: days for guild_id, days in found.items() if days is not None}

    async def older(self, guild_id: int, before: datetime) -> int:
        """How many of a server's tasks would be emptied that were asked for before a moment."""
        query = select(func.count()).select_from(music_tasks).where(_aged(guild_id, before))
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def age_out(self, guild_id: int, before: datetime, limit: int) -> int:
        """Empty a server's oldest ended tasks that were asked for before a moment; their messages stay as they are."""
        ids = await self._oldest(guild_id, before, limit)
        if not ids:
            return 0
        async with self._database.write() as connection:
            return await empty_rows(connection, ids, now=self._clock(), shown_revision=T.revision, aged_out=True)

    async def _oldest(self, guild_id: int, before: datetime, limit: int) -> Collection[TaskId]:
        query = select(T.id).where(_aged(guild_id, before))
        # in the very order of the index: the one of what was used leads through all that was emptied before
        query = query.order_by(T.deleted_at, T.guild_id, T.created_at).limit(limit)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()


def _counts_since(day: datetime) -> ColumnElement[bool]:
    limited = select(servers.c.guild_id).where(servers.c.rules["daily_per_member"].as_string().is_not(None))
    here = func.coalesce(T.guild_id, EVERYWHERE)
    return and_(T.created_at >= day, T.state.not_in(RELEASED), here.in_(limited))


def _aged(guild_id: int, before: datetime) -> ColumnElement[bool]:
    return and_(KEPT, home(None if guild_id == EVERYWHERE else guild_id), T.created_at < before)


def _meant(erasure: Erasure) -> ColumnElement[bool]:
    return and_(T.user_id == erasure.user_id, T.created_at <= erasure.asked_at)
