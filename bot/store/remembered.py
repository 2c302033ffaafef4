"""Single facts that outlive a restart and belong to no other row: each has a name."""

from collections.abc import Callable

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.schema import remembered
from bot.store.statements import insert_or


class RememberedStore:
    """The rows of `remembered`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str, /) -> str | None:
        """What is remembered by this name."""
        async with self._database.read() as connection:
            return await _get(connection, name)

    async def put(self, name: str, value: str, /) -> None:
        """Remember it from now on, in place of what was remembered by that name."""
        async with self._database.write() as connection:
            await _put(connection, name, value)

    async def change(self, name: str, next_of: Callable[[str | None], str | None], /) -> None:
        """Replace what is remembered by what follows from it, if anything; no other write comes in between."""
        async with self._database.write() as connection:
            if not self._database.is_sqlite:  # there may be no row to lock yet; SQLite has one writer
                await connection.execute(text("LOCK TABLE remembered IN SHARE ROW EXCLUSIVE MODE"))
            if (value := next_of(await _get(connection, name))) is not None:
                await _put(connection, name, value)


async def _get(connection: AsyncConnection, name: str) -> str | None:
    query = select(remembered.c.value).where(remembered.c.name == name)
    return (await connection.execute(query)).scalar_one_or_none()


async def _put(connection: AsyncConnection, name: str, value: str) -> None:
    kept = insert_or(connection, remembered).values(name=name, value=value)
    await connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
