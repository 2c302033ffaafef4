"""One running program per database: a second one is refused before it can pay for anything twice."""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL, make_url

from bot.store.database import CONNECT_TIMEOUT_S, make_private

log = logging.getLogger(__name__)

LOCK_KEY = 7264902
HEARTBEAT_S = 1.0
"""PostgreSQL: how often the connection that holds the lock is used."""
ANSWER_S = 2.0
"""PostgreSQL: a heartbeat without an answer after this counts as a lost lock, before others can have it."""
IDLE_S = 5
"""PostgreSQL: a holder that is frozen or cut off for so long loses the lock."""


class AlreadyRunningError(Exception):
    """Another process works on this database."""


@asynccontextmanager
async def only_one(url: str) -> AsyncIterator[asyncio.Event]:
    """Hold the lock of a database; the event is set if it is lost (PostgreSQL only).

    Raises:
        AlreadyRunningError: another process holds it.
    """
    parsed = make_url(url)
    lost = asyncio.Event()
    if parsed.get_backend_name() == "sqlite":
        async with _file_lock(Path(f"{parsed.database}.lock")):
            yield lost
    else:
        async with _advisory_lock(parsed, lost):
            yield lost


@asynccontextmanager
async def _file_lock(path: Path) -> AsyncIterator[None]:
    make_private(path)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError("another process is running on this database") from error
        yield


@asynccontextmanager
async def _advisory_lock(url: URL, lost: asyncio.Event) -> AsyncIterator[None]:
    connection = await asyncpg.connect(
        **_arguments(url), timeout=CONNECT_TIMEOUT_S, server_settings={"idle_session_timeout": f"{IDLE_S}s"}
    )
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            raise AlreadyRunningError("another process is running on this database")
        beating = asyncio.create_task(_beat(connection, lost), name="database lock")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
    finally:
        connection.terminate()


def _arguments(url: URL) -> dict[str, object]:
    """What the pool hands to asyncpg for this address, without what is meant for SQLAlchemy alone."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return {name: value for name, value in arguments.items() if not name.startswith("prepared_statement_")}


async def _beat(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    try:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await connection.execute("SELECT 1", timeout=ANSWER_S)
    except Exception:  # noqa: BLE001 -- whatever it is: a lock that can't be kept alive is lost
        log.critical("the lock of the database is lost")
        lost.set()
