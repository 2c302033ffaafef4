"""All SQL about what members have chosen for good."""

from dataclasses import asdict, replace

from sqlalchemy import select

from bot.domain.changes import named
from bot.domain.members import PreferenceChanges, Preferences
from bot.store.database import Database
from bot.store.rows import MEMBER_COLUMNS, preferences_of
from bot.store.schema import members
from bot.store.statements import insert_or


class MemberStore:
    """The rows of `members`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> Preferences:
        """What a member has chosen, or the choices that everybody begins with."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(*MEMBER_COLUMNS).where(members.c.user_id == user_id))).first()
        return preferences_of(row) if row else Preferences(user_id=user_id)

    async def change(self, user_id: int, changes: PreferenceChanges) -> Preferences:
        """Keep what a member chooses now; what is not named stays. Return all that is chosen then."""
        choices = named(changes)
        first = asdict(replace(Preferences(user_id=user_id), **choices))
        async with self._database.write() as connection:
            kept = insert_or(connection, members).values(**first)
            kept = kept.on_conflict_do_update(index_elements=["user_id"], set_=choices)
            return preferences_of((await connection.execute(kept.returning(*MEMBER_COLUMNS))).one())
