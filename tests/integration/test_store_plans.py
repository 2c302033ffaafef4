"""What the courier asks all the time finds its few rows among many by the index of what is owed, on both databases."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func, insert, select, text

from bot.domain.tasks import MusicTask, PingStatus, State
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.schema import T, music_tasks
from bot.store.tasks import TaskStore
from tests.integration.conftest import SONGS, START, STUDIO, HandClock

ROWS = 25_000
TOLD = {"revision": 6, "shown_revision": 6, "ping_status": PingStatus.DONE}
OWED: dict[str, dict[str, Any]] = {
    "card": {"state": State.RUNNING, "shown_revision": 4},
    "removal": {"state": State.COMPLETED, "shown_revision": 4, "deleted_at": START},
    "ping": {"state": State.FAILED, "ping_status": PingStatus.SENDING, "pinged_for": State.FAILED},
    "family": {"state": State.COMPLETED, "pinged_for": State.COMPLETED, "family_changed_at": START},
}
FILES: dict[str, Any] = {"state": State.COMPLETED, "pinged_for": State.COMPLETED, "attach_after": START}
DONE: tuple[dict[str, Any], ...] = (
    {"state": State.COMPLETED, "pinged_for": State.COMPLETED},
    {"state": State.COMPLETED, "pinged_for": State.COMPLETED, "deleted_at": START},
    {"state": State.FAILED, "pinged_for": State.FAILED},
    {"state": State.CANCELLED, "ping_status": None},
    {"state": State.ABANDONED, "ping_status": None, "shown_revision": 0},
    {"state": State.QUEUED, "ping_status": None},
)
NOW = START + timedelta(days=2)
ASKED: dict[str, Callable[[TaskStore], Awaitable[list[MusicTask]]]] = {
    "unshown": lambda store: store.unshown(NOW, 50, media_since=NOW, settle_since=NOW),
    "unremoved": lambda store: store.unremoved(NOW, 50),
    "unpinged": lambda store: store.unpinged(NOW, 50),
    "family_changed": lambda store: store.family_changed(NOW, 50),
    "unattached": lambda store: store.unattached(NOW, 50),
}


def row(number: int) -> dict[str, Any]:
    """One of many that are done, or of the fifty that something is owed."""
    owed = [*OWED.values(), FILES]
    special = owed[number // 500 % len(owed)] if number % 500 == 0 else DONE[number % len(DONE)]
    return {
        "origin_key": f"i:{number}",
        "kind": "song",
        "created_at": START,
        "state_at": START + timedelta(seconds=number),
        "user_id": number % 300,
        "guild_id": STUDIO + number % 7,
        "channel_id": SONGS,
        "prompt": "rain on a tin roof",
        "model": "suno-music",
        "attachment_limit_bytes": 1,
        "deleted_at": None,
        "family_changed_at": None,
        "attach_after": None,
        "pinged_for": None,
        **TOLD,
        **special,
    }


@asynccontextmanager
async def asking(database: Database) -> AsyncIterator[list[tuple[str, Any]]]:
    """Every question that is asked meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(database._reader.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database._reader.sync_engine, "before_cursor_execute", note)


async def plan_of(database: Database, statement: str, parameters: Any) -> str:
    async with database.read() as connection:
        explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        steps = (await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all()
    return "\n".join(str(step[-1]) for step in steps)


async def check_plans(url: str, clock: HandClock, *, is_analyzed: bool) -> None:
    database = Database(url)  # a connection of SQLite that has explained a statement explains it alike for ever
    try:
        for name, ask in ASKED.items():
            async with asking(database) as seen:
                assert len(await ask(TaskStore(database, clock))) == 10
            if name == "unattached" and not (database.is_sqlite or is_analyzed):
                continue  # PostgreSQL takes a third of all rows for owed until it has counted them
            ((statement, parameters),) = seen
            plan = await plan_of(database, statement, parameters)
            index = "attach_after" if name == "unattached" else "owed"
            assert f"ix_music_tasks_{index}" in plan, (name, plan)
            assert not re.search(rf"Seq Scan|SCAN music_tasks|ix_music_tasks_(?!{index})", plan), (name, plan)
    finally:
        await database.close()


async def test_the_courier_finds_what_is_owed_without_a_walk_through_all_that_was_made(
    empty_url: str, clock: HandClock
):
    database = Database(empty_url)
    await migrate(database)
    async with database.write() as connection:
        if connection.dialect.name == "postgresql":  # nobody else is to analyze it meanwhile
            await connection.execute(text("ALTER TABLE music_tasks SET (autovacuum_enabled = off)"))
        await connection.execute(insert(music_tasks), [row(number) for number in range(ROWS)])
    async with database.read() as connection:
        found = (await connection.execute(select(T.owed, func.count()).group_by(T.owed))).all()
    assert {what: count for what, count in found if what is not None} == dict.fromkeys(OWED, 10)
    await check_plans(empty_url, clock, is_analyzed=False)
    async with database.write() as connection:
        await connection.execute(text("ANALYZE"))
    await check_plans(empty_url, clock, is_analyzed=True)
    await database.close()
