"""What both databases can do, each in its own dialect."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, func, select
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


def in_turns(
    table: Table,
    columns: Sequence[Column[Any]],
    condition: ColumnElement[bool],
    *,
    order: Sequence[AnyColumn],
    each: int,
    full: Collection[int],
) -> Select[Any]:
    """Rows of a table with channels, the first of each channel first, then the second ones, and so on.

    At most `each` of a channel, none of channels that are `full`.
    """
    turn = func.row_number().over(partition_by=table.c.channel_id, order_by=order).label("turn")
    turns = select(table.c.id, turn).where(condition, table.c.channel_id.not_in(full)).subquery()
    first = select(*columns).join(turns, table.c.id == turns.c.id).where(turns.c.turn <= each)
    return first.order_by(turns.c.turn, *order)
