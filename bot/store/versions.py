"""All SQL about what has been found out of versions that nobody has chosen."""

import json
from collections.abc import Sequence

from sqlalchemy import select

from bot.domain.tasks import AttemptOutcome, TaskId
from bot.domain.versions import Found
from bot.store.database import Database
from bot.store.remembered import RememberedStore
from bot.store.schema import attempts

NAME = "versions"


class VersionStore:
    """What is remembered under one name; it holds for one list of versions only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered = RememberedStore(database)

    async def found(self, order: Sequence[str]) -> Found:
        """What has been found out about the versions of a list."""
        value = await self._remembered.get(NAME)
        kept = json.loads(value) if value is not None else None
        if kept is None or kept["order"] != list(order):
            return Found()
        return Found(taken=kept["taken"], refused=frozenset(kept["refused"]))

    async def keep(self, order: Sequence[str], found: Found) -> None:
        """Remember what has been found out."""
        value = json.dumps({"order": list(order), "taken": found.taken, "refused": sorted(found.refused)})
        await self._remembered.put(NAME, value)

    async def refused_for(self, task_id: TaskId) -> list[str]:
        """The versions with which the creates of a task were refused."""
        mine = attempts.c.task_id == task_id, attempts.c.outcome == AttemptOutcome.REFUSED
        query = select(attempts.c.version).where(*mine, attempts.c.version.is_not(None))
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())
