"""Single facts that outlive a restart and belong to no other row: each has a name."""

from sqlalchemy import select

from bot.store.database import Database
from bot.store.schema import remembered
from bot.store.statements import insert_or


class RememberedStore:
    """The rows of `remembered`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str, /) -> str | None:
        """What is remembered by this name."""
        query = select(remembered.c.value).where(remembered.c.name == name)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def put(self, name: str, value: str, /) -> None:
        """Remember it from now on, in place of what was remembered by that name."""
        async with self._database.write() as connection:
            kept = insert_or(connection, remembered).values(name=name, value=value)
            await connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
