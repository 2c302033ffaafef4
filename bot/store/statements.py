"""What both databases can do, each in its own dialect."""

from typing import Any

from sqlalchemy import ColumnElement, Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

AnyColumn = ColumnElement[Any]
"""An expression of whichever type: what is sorted by, for one."""


def insert_or(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what happens where the row is there already."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


def greatest(connection: AsyncConnection, one: ColumnElement[int], other: int) -> ColumnElement[int]:
    """The greater of the two."""
    return (func.greatest if connection.dialect.name == "postgresql" else func.max)(one, other)
