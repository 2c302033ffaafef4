"""Databases for the tests of the store: each such test runs on SQLite and on a real PostgreSQL."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.domain.tasks import Kind, MusicTask, NewTask, State
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.lyrics import LyricsStore
from bot.store.migrate import migrate
from bot.store.notices import NoticeStore
from bot.store.queue import QueueStore
from bot.store.schema import metadata
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.postgres import NoPostgresError, Postgres, running_postgres
from tests.fakes.rows import write_columns

START = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=UTC)
ALICE, BOB, STUDIO, SONGS = 111, 222, 900, 901


class HandClock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def wish(origin: object, **changes: Any) -> NewTask:
    """A wish of Alice's; its origin is unique if that word is."""
    values: dict[str, Any] = {
        "origin_key": f"i:{origin}",
        "kind": Kind.SONG,
        "user_id": ALICE,
        "guild_id": STUDIO,
        "channel_id": SONGS,
        "locale": "en-US",
        "prompt": "rain on a tin roof",
        "model": "suno-music",
        "interaction_id": 5000,
        "interaction_token": "a-token",
        "token_at": START,
        "attachment_limit_bytes": 10 * 1024 * 1024,
    }
    return NewTask(**{**values, **changes})


Make = Callable[..., Awaitable[MusicTask]]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the whole run."""
    try:
        with running_postgres() as server:
            yield server
    except NoPostgresError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def migrated() -> dict[str, Any]:
    """What has been migrated once already and can be copied since."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Postgres | None:
    """None for SQLite: a file needs no server."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
async def empty_url(server: Postgres | None, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database without any table."""
    if server is None:
        yield f"sqlite+aiosqlite:///{tmp_path / 'encore.db'}"
        return
    name = await server.create()
    yield server.url(name)
    await server.drop(name)


@pytest.fixture
async def url(
    server: Postgres | None, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, migrated: dict[str, Any]
) -> AsyncIterator[str]:
    """The address of a database with empty tables: a copied file, or the one that is emptied after each test."""
    if server is None:
        if "sqlite" not in migrated:
            migrated["sqlite"] = tmp_path_factory.mktemp("template") / "encore.db"
            await _migrate(f"sqlite+aiosqlite:///{migrated['sqlite']}")
        shutil.copy(migrated["sqlite"], tmp_path / "encore.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'encore.db'}"
        return
    if "postgresql" not in migrated:
        migrated["postgresql"] = await server.create()
        await _migrate(server.url(migrated["postgresql"]))
    yield server.url(migrated["postgresql"])
    await server.clear(migrated["postgresql"], [table.name for table in reversed(metadata.sorted_tables)])


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database, clock: HandClock) -> TaskStore:
    return TaskStore(database, clock)


@pytest.fixture
def drafts(database: Database, clock: HandClock) -> DraftStore:
    return DraftStore(database, clock)


@pytest.fixture
def lyrics(database: Database, clock: HandClock) -> LyricsStore:
    return LyricsStore(database, clock)


@pytest.fixture
def servers(database: Database, clock: HandClock) -> ServerStore:
    return ServerStore(database, clock)


@pytest.fixture
def notices(database: Database, clock: HandClock) -> NoticeStore:
    return NoticeStore(database, clock)


@pytest.fixture
def queue(database: Database) -> QueueStore:
    return QueueStore(database)


@pytest.fixture
def audit(database: Database) -> AuditStore:
    return AuditStore(database)


@pytest.fixture
def make(store: TaskStore, database: Database) -> Make:
    """Puts a task into any state, with any columns; each is of another member unless said otherwise."""
    numbers = count(1)

    async def made(state: State = State.QUEUED, **columns: Any) -> MusicTask:
        number = next(numbers)
        wished = {name: columns.pop(name) for name in ("user_id", "price_max_usd") if name in columns}
        task, _ = await store.add(wish(f"made {number}", **{"user_id": 10_000 + number, **wished}))
        await write_columns(database, task.id, state=state, **columns)
        return await again(store, task)

    return made


async def again(store: TaskStore, task: MusicTask) -> MusicTask:
    """The task as it is now."""
    found = await store.get(task.id)
    assert found is not None
    return found
