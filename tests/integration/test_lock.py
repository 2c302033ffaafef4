"""One program per database: the second is refused, the dead one's place is free, and a lost lock is noticed."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import text

from bot.store import database as database_module
from bot.store import lock
from bot.store.database import Database
from bot.store.lock import AlreadyRunningError, only_one
from tests.fakes.postgres import Postgres

HOLDER = """
import asyncio, sys
from bot.store import lock

async def hold():
    lock.IDLE_S = 1
    lock.HEARTBEAT_S = 0.1
    async with lock.only_one(sys.argv[1]) as lost:
        print("held", flush=True)
        await lost.wait()
        print("lost", flush=True)

asyncio.run(hold())
"""
PATIENCE_S = 15


@asynccontextmanager
async def holder(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds the lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert await said(process) == "held"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().strip()


async def taken_over(url: str) -> bool:
    """Take the lock as soon as it is free: the server may need a moment to see that a client is dead."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                async with only_one(url) as lost:
                    return not lost.is_set()
            except AlreadyRunningError:
                await asyncio.sleep(0.05)


@pytest.fixture
async def pg_url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(lock, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(lock, "ANSWER_S", 0.5)
    name = await postgres.create()
    yield postgres.url(name)
    await postgres.drop(name)


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """The address of a server that takes connections and says nothing."""
    ended = asyncio.Event()

    async def keep_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    try:
        yield f"postgresql+asyncpg://user@127.0.0.1:{server.sockets[0].getsockname()[1]}/encore?ssl=disable"
    finally:
        ended.set()
        server.close()


async def pid_behind(postgres: Postgres, url: str) -> int:
    """The server's process that serves the holder of a database's lock."""
    connection = await postgres.connect(Path(url.partition("?")[0]).name)
    try:
        pid: int = await connection.fetchval("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")
        return pid
    finally:
        await connection.close()


async def test_a_second_process_is_refused_in_one_line(empty_url: str):
    async with holder(empty_url):
        with pytest.raises(AlreadyRunningError, match=r"^another process is running on this database$"):
            async with only_one(empty_url):
                pytest.fail("two at once")


async def test_a_second_holder_in_the_same_process_is_refused_and_the_first_keeps_the_lock(empty_url: str):
    async with only_one(empty_url) as lost:
        for _ in range(2):
            with pytest.raises(AlreadyRunningError):
                async with only_one(empty_url):
                    pytest.fail("two at once")
        assert not lost.is_set()


async def test_the_lock_is_free_after_the_end(empty_url: str):
    async with only_one(empty_url):
        pass
    assert await taken_over(empty_url)


async def test_the_lock_is_free_after_a_failure(empty_url: str):
    with pytest.raises(ZeroDivisionError):
        async with only_one(empty_url):
            _ = 1 / 0
    assert await taken_over(empty_url)


async def test_the_lock_is_free_once_its_holder_was_killed(empty_url: str):
    async with holder(empty_url) as process:
        process.kill()
        await process.wait()
        assert await taken_over(empty_url)


async def test_the_folder_of_the_lock_is_made(tmp_path: Path):
    async with only_one(f"sqlite+aiosqlite:///{tmp_path / 'new' / 'encore.db'}"):
        assert (tmp_path / "new" / "encore.db.lock").exists()


async def test_two_databases_do_not_lock_each_other(tmp_path: Path):
    async with (
        only_one(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"),
        only_one(f"sqlite+aiosqlite:///{tmp_path / 'b.db'}") as lost,
    ):
        assert not lost.is_set()


async def test_a_connection_that_the_server_ends_loses_the_lock(postgres: Postgres, pg_url: str):
    async with only_one(pg_url) as lost:
        pid = await pid_behind(postgres, pg_url)
        connection = await postgres.connect()
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.close()
        await asyncio.wait_for(lost.wait(), PATIENCE_S)
        assert await taken_over(pg_url)


async def test_a_connection_that_answers_no_more_loses_the_lock(postgres: Postgres, pg_url: str):
    async with only_one(pg_url) as lost:
        pid = await pid_behind(postgres, pg_url)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.wait_for(lost.wait(), PATIENCE_S)
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_whatever_goes_wrong_with_the_heartbeat_the_lock_counts_as_lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "HEARTBEAT_S", 0)
    connection, lost = AsyncMock(), asyncio.Event()
    connection.execute.side_effect = RuntimeError("anything")
    await asyncio.wait_for(lock._beat(connection, lost), PATIENCE_S)
    assert lost.is_set()


@pytest.mark.parametrize("options", ["ssl=disable", "prepared_statement_cache_size=0", "ssl=prefer&port=5432"])
async def test_the_lock_understands_the_addresses_that_the_pool_does(pg_url: str, options: str):
    database = Database(f"{pg_url}&{options}")
    async with only_one(f"{pg_url}&{options}"), database.read() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()


async def test_a_server_that_never_answers_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "CONNECT_TIMEOUT_S", 0.1)
    monkeypatch.setattr(database_module, "CONNECT_TIMEOUT_S", 0.1)
    async with asyncio.timeout(PATIENCE_S), silent_server() as url:
        with pytest.raises(TimeoutError):
            async with only_one(url):
                pytest.fail("held without an answer")
        database = Database(url)
        with pytest.raises(TimeoutError):
            async with database.read():
                pytest.fail("connected without an answer")
        await database.close()


async def test_a_lock_in_use_is_not_lost(pg_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "IDLE_S", 1)
    async with only_one(pg_url) as lost:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lost.wait(), 1.5)


async def test_a_frozen_process_loses_the_lock_and_learns_of_it(pg_url: str):
    async with holder(pg_url) as process:
        process.send_signal(signal.SIGSTOP)
        assert await taken_over(pg_url)
        process.send_signal(signal.SIGCONT)
        assert await said(process) == "lost"
