"""What both databases can do, each in its own dialect."""

from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import music_tasks

AnyColumn = ColumnElement[Any]
"""An expression of whichever type: what is sorted by, for one."""


def insert_or(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what happens where the row is there already."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


async def lock_in_order(connection: AsyncConnection, *which: ColumnElement[bool]) -> None:
    """Lock rows of `music_tasks` by id before a statement changes several of them.

    Two transactions that lock the same rows in different orders would each wait for the other. SQLite has one writer.
    """
    if connection.dialect.name == "postgresql":
        locked = select(music_tasks.c.id).where(*which).order_by(music_tasks.c.id).with_for_update()
        await connection.execute(locked)


def greatest(connection: AsyncConnection, one: ColumnElement[int], other: int) -> ColumnElement[int]:
    """The greater of the two."""
    return (func.greatest if connection.dialect.name == "postgresql" else func.max)(one, other)
