"""All SQL about drafts: wishes that wait for a confirmation."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from bot.domain.drafts import DRAFT_LIFE, Draft
from bot.domain.tasks import MusicTask, NewTask
from bot.domain.wishes import Wish
from bot.store.database import Database
from bot.store.rows import DRAFT_COLUMNS, draft_of, wish_column
from bot.store.schema import drafts
from bot.store.statements import in_turns
from bot.store.tasks import insert_task


class DraftStore:
    """The rows of `drafts`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, draft: Draft) -> Draft:
        """Write a draft (its id is given by the database), or find the one of the same origin."""
        values = {one.name: getattr(draft, one.name) for one in fields(draft) if one.name != "id"}
        values["wish"] = wish_column(draft.wish)
        try:
            async with self._database.write() as connection:
                made = await connection.execute(insert(drafts).values(**values).returning(*DRAFT_COLUMNS))
                return draft_of(made.one())
        except IntegrityError:
            async with self._database.read() as connection:
                same = select(*DRAFT_COLUMNS).where(drafts.c.origin_key == draft.origin_key)
                return draft_of((await connection.execute(same)).one())

    async def get(self, draft_id: int) -> Draft | None:
        """The draft with this id, if it has not been started, dropped or forgotten."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(*DRAFT_COLUMNS).where(self._alive(draft_id)))).first()
        return draft_of(row) if row else None

    async def start(self, draft: Draft, new: NewTask) -> MusicTask | None:
        """Turn a draft into a task in one transaction.

        Returns:
            The task, or None if it is too late: the draft is gone, or its wish has a task already.

        Raises:
            LimitReachedError: it is; the draft stays.
        """
        try:
            async with self._database.write() as connection:
                gone = await connection.execute(delete(drafts).where(self._alive(draft.id)))
                if gone.rowcount == 0:
                    return None
                return await insert_task(connection, new, self._clock())
        except IntegrityError:
            return None

    async def change(self, draft_id: int, wish: Wish) -> bool:
        """Replace the wish of a draft; return whether there was one."""
        changed = update(drafts).where(self._alive(draft_id)).values(wish=wish_column(wish))
        async with self._database.write() as connection:
            return (await connection.execute(changed)).rowcount > 0

    async def drop(self, draft_id: int) -> bool:
        """Remove a draft; return whether there was one."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(drafts).where(drafts.c.id == draft_id))).rowcount > 0

    async def asked(self, draft_id: int, message_id: int) -> None:
        """Remember the message that asks in public whether the wish is meant."""
        async with self._database.write() as connection:
            await connection.execute(update(drafts).where(drafts.c.id == draft_id).values(message_id=message_id))

    async def over(self, before: datetime, limit: int, *, each: int = 100, full: Collection[int] = ()) -> list[Draft]:
        """Drafts that are older than a moment, oldest first; channels take turns."""
        is_old, order = drafts.c.created_at < before, [drafts.c.created_at, drafts.c.id]
        query = in_turns(drafts, DRAFT_COLUMNS, is_old, order=order, each=each, full=full)
        async with self._database.read() as connection:
            return [draft_of(row) for row in (await connection.execute(query.limit(limit))).all()]

    def _alive(self, draft_id: int) -> ColumnElement[bool]:
        """One that is over is the janitor's, who takes its message away: that must not become a card meanwhile."""
        return and_(drafts.c.id == draft_id, drafts.c.created_at >= self._clock() - DRAFT_LIFE)
