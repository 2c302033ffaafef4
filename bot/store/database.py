"""Connections: one writer and several readers on SQLite, one pool on PostgreSQL."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 2000
"""How long SQLite waits for another process; inside this one, writers queue for the only connection."""
POOL_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 5.0
"""PostgreSQL: a server that takes a connection and never answers is noticed after this."""


OTHERS = 0o077
"""The access bits of everybody but the owner."""


class Database:
    """The way to the rows. `write()` opens a transaction, `read()` a connection that only reads."""

    def __init__(self, url: str, *, pooled: bool = False) -> None:
        """Open nothing yet; the folder of a SQLite file is made if missing.

        Args:
            url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`.
            pooled: whether a transaction pooler (PgBouncer) stands before PostgreSQL.
        """
        self.url: URL = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            make_private(Path(str(self.url.database)))
            self._writer = _sqlite_engine(self.url, pool_size=1, read_only=False)
            self._reader = _sqlite_engine(self.url, pool_size=4, read_only=True)
        else:
            self._writer = self._reader = _postgresql_engine(self.url, pooled=pooled)
        self._sets_durability = pooled and not self.is_sqlite

    @property
    def is_open_to_others(self) -> bool:
        """Whether other users of this machine may read the file, as they may where an earlier version has made it."""
        return self.is_sqlite and bool(Path(str(self.url.database)).stat().st_mode & OTHERS)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on an exception. Keep it short."""
        async with self._writer.begin() as connection:
            if self._sets_durability:
                await connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading."""
        async with self._reader.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def make_private(path: Path) -> None:
    """Make a file that only its owner may read, if it is not there; SQLite makes those beside it alike.

    Raises:
        OSError: it can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, mode=0o600))


def _postgresql_engine(url: URL, *, pooled: bool) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=5,
        pool_pre_ping=True,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
        connect_args={"timeout": CONNECT_TIMEOUT_S, **(_through_pooler() if pooled else _direct())},
    )


def _direct() -> dict[str, object]:
    return {"server_settings": {"synchronous_commit": "on"}}


def _through_pooler() -> dict[str, object]:
    """Each transaction may meet another server connection: nothing may be left behind there, nor expected."""
    return {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: "",  # the unnamed statement: replaced by the next, never left over
    }


def _sqlite_engine(url: URL, *, pool_size: int, read_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=POOL_TIMEOUT_S, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: AsyncAdapt_aiosqlite_connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # NORMAL may lose the last commit on power loss, and pay twice
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased is not left in the file
        cursor.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "invalidate")
    def let_go(connection: AsyncAdapt_aiosqlite_connection, _record: object, _error: BaseException | None) -> None:
        # a cancelled statement may be alive in a traceback: closing alone would then keep its lock on the file
        with suppress(sqlite3.Error, ValueError):  # closed already
            connection.rollback()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
