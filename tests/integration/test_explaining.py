"""What the operator reads when a database can't be used: the setting and the reason, and no secret."""

import os
import pwd
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.explaining import EXIT_FAILED, EXIT_SETTINGS, Ending, StartError, ending_of, naming_database, naming_port
from bot.store.database import Database
from bot.store.lock import AlreadyRunningError, only_one
from bot.store.migrate import migrate
from tests.fakes.postgres import USER, Postgres


async def opened(url: str) -> Ending:
    """What is said of a database that is opened as the bot does at its start."""
    with pytest.raises(StartError) as caught:
        await _opening(url)
    return caught.value.ending


async def _opening(url: str) -> None:
    with naming_database("DATABASE_URL"):
        async with only_one(url):
            database = Database(url)
            try:
                await migrate(database)
            finally:
                await database.close()


async def test_a_database_that_the_server_does_not_have_is_told_so(postgres: Postgres):
    ending = await opened(postgres.url("nowhere"))
    assert ending == Ending("DATABASE_URL: the server has no database of that name", EXIT_SETTINGS)


async def test_a_user_whom_the_server_does_not_know_is_told_so(postgres: Postgres):
    ending = await opened(postgres.url("postgres").replace(f"{USER}@", "nobody:hunter2@"))
    assert ending == Ending("DATABASE_URL: the server refuses this user or password", EXIT_SETTINGS)


async def test_a_server_that_only_lets_read_is_told_so(postgres: Postgres):
    name = await postgres.create()
    connection = await postgres.connect()
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await connection.close()
    ending = await opened(postgres.url(name))
    assert ending == Ending("DATABASE_URL: that database can only be read", EXIT_SETTINGS)


async def test_a_port_where_nobody_listens_is_told_so():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.close()
        ending = await opened(f"postgresql+asyncpg://encore:hunter2@127.0.0.1:{port}/encore")
    assert ending.code == EXIT_FAILED
    assert ending.line.startswith("DATABASE_URL: nothing listens")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may write; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_file_that_may_only_be_read_is_a_wrong_setting(open_folder: Path):
    url = f"sqlite+aiosqlite:///{open_folder / 'encore.db'}"
    database = Database(url)
    await migrate(database)
    await database.close()
    (open_folder / "encore.db").chmod(0o444)
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        ending = await opened(url)
    finally:
        os.seteuid(0)
    assert ending == Ending("DATABASE_URL: the file or its folder can't be written", EXIT_SETTINGS)


async def test_what_is_no_trouble_of_the_database_keeps_its_own_name():
    with pytest.raises(AlreadyRunningError), naming_database("DATABASE_URL"):
        raise AlreadyRunningError("another process is running on this database")
    with pytest.raises(ZeroDivisionError), naming_database("DATABASE_URL"):
        raise ZeroDivisionError
    assert ending_of(AlreadyRunningError("two")) == Ending("DATABASE_URL: two", EXIT_FAILED)


def test_a_port_that_needs_rights_is_told_so():
    with pytest.raises(StartError) as caught, naming_port("127.0.0.1", 80):
        raise PermissionError(13, "Permission denied")
    assert caught.value.ending == Ending("HTTP_PORT: 80 may not be used; choose one above 1023", EXIT_SETTINGS)
