"""What only SQLite needs: its switches, readers beside the writer, indexes for what is asked all the time."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from bot.domain.listing import Wanted
from bot.domain.queue import Lane, Narrowed
from bot.domain.tasks import Kind, State, TaskId
from bot.domain.transitions import Abandoned
from bot.store.database import BUSY_TIMEOUT_MS, Database
from bot.store.erasures import ErasureStore
from bot.store.migrate import migrate
from bot.store.queue import QueueStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import START, HandClock, wish


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'folder' / 'encore.db'}")
    await migrate(opened)
    yield opened
    await opened.close()


async def switch(opened: Callable[[], Any], name: str) -> Any:
    async with opened() as connection:
        return (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", BUSY_TIMEOUT_MS),
        ("secure_delete", 1),
    ],
)
async def test_every_connection_has_its_switches_set(database: Database, name: str, value: object):
    assert await switch(database.write, name) == await switch(database.read, name) == value


async def test_readers_cannot_write(database: Database):
    assert await switch(database.write, "query_only") == 0
    async with database.read() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await connection.execute(text("DELETE FROM music_tasks"))


async def test_a_write_does_not_wait_for_a_long_read(database: Database, store: TaskStore):
    await store.add(wish(1))
    async with database.read() as connection:
        before = (await connection.execute(text("SELECT count(*) FROM music_tasks"))).scalar_one()
        await store.add(wish(2))
        during = (await connection.execute(text("SELECT count(*) FROM music_tasks"))).scalar_one()
    assert (before, during, sum((await store.counts()).values())) == (1, 1, 2)


async def test_an_exception_takes_the_whole_transaction_back(database: Database, store: TaskStore):
    task, _ = await store.add(wish(1))
    with contextlib.suppress(ZeroDivisionError):
        async with database.write() as connection:
            await connection.execute(text("UPDATE music_tasks SET prompt = 'half'"))
            _ = 1 / 0
    assert await store.get(task.id) == task


async def test_another_process_can_read_while_we_write(database: Database, store: TaskStore):
    await store.add(wish(1))
    async with database.write() as connection:
        await connection.execute(text("UPDATE music_tasks SET prompt = 'new'"))
        with closing(sqlite3.connect(str(database.url.database))) as other:
            assert other.execute("SELECT prompt FROM music_tasks").fetchall() == [("rain on a tin roof",)]


@pytest.mark.parametrize("cut", ["BEGIN", "SELECT", "INSERT", "UPDATE"])
async def test_a_write_that_is_cancelled_in_the_middle_of_a_statement_holds_up_nobody(
    database: Database, store: TaskStore, cut: str
):
    def cancel(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(cut) and (task := asyncio.current_task()):
            task.cancel()  # reaches it while the statement runs

    before, _ = await store.add(wish(1))
    event.listen(database._writer.sync_engine, "before_cursor_execute", cancel)
    writing = [asyncio.create_task(step) for step in (store.add(wish(2)), store.apply(before, Abandoned()))]
    answers = await asyncio.gather(*writing, return_exceptions=True)  # kept: a traceback keeps the statement alive
    event.remove(database._writer.sync_engine, "before_cursor_execute", cancel)
    assert any(isinstance(one, asyncio.CancelledError) for one in answers)
    assert (await store.add(wish(3)))[1]


# --- indexes ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def watching(database: Database) -> AsyncIterator[list[tuple[str, Any]]]:
    """Every statement that the readers run meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(database._reader.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database._reader.sync_engine, "before_cursor_execute", note)


CLIPS = Wanted(states=frozenset({State.COMPLETED}), kinds=frozenset({Kind.SONG}), text="rain")
HOT: dict[str, tuple[Callable[[TaskStore], Awaitable[object]], str]] = {
    "due_looks": (lambda store: store.due_looks(START, 50), "next_look_at"),
    "unshown": (lambda store: store.unshown(START, 50, media_since=START, settle_since=START), "owed|PRIMARY KEY"),
    "unpinged": (lambda store: store.unpinged(START, 50), "owed|PRIMARY KEY"),
    "family_changed": (lambda store: store.family_changed(START, 50), "owed|PRIMARY KEY"),
    "media_wanted": (lambda store: store.media_wanted(START, 50), "media_wanted|PRIMARY KEY"),
    "media_names": (lambda store: store.media_names(), "media_kept|ix_music_tasks_media_wanted"),
    "waiting": (lambda store: store.waiting(), "state_id"),
    "running_by_member": (lambda store: store.running_by_member(), "state_id"),
    "durations": (lambda store: store.durations(), "state_id"),
    "moving_cards": (lambda store: store.moving_cards(START), "state_id|PRIMARY KEY"),
    "in_state": (lambda store: store.left_in_state(State.RECEIVED, START, timedelta()), "state_id|PRIMARY KEY"),
    "guilds_in_line": (lambda store: store.guilds_in_line(), "state_id"),
    "ids_of_member": (lambda store: store.ids_of_member(1, Wanted()), "user_id_id"),
    "ids_of_member, narrowed": (lambda store: store.ids_of_member(1, CLIPS), "user_id_id"),
    "listed": (lambda store: store.listed([TaskId(1), TaskId(2)]), "PRIMARY KEY"),
    "listed_children": (lambda store: store.listed_children([TaskId(1), TaskId(2)], 12), "parent_id"),
    "unremoved": (lambda store: store.unremoved(START, 10), "owed|PRIMARY KEY"),
    "age_out": (lambda store: ErasureStore(store._database, store._clock).age_out(1, START, 9), "kept"),
    "age_out, direct messages": (
        lambda store: ErasureStore(store._database, store._clock).age_out(0, START, 9),
        "kept",
    ),
    "by_message": (lambda store: store.by_message(1), "PRIMARY KEY"),
    "by_origin": (lambda store: store.by_origin("i:1"), "autoindex_music_tasks_1"),
}


@pytest.mark.parametrize("name", HOT)
async def test_what_is_asked_all_the_time_has_an_index(database: Database, clock: HandClock, name: str):
    ask, index = HOT[name]
    async with watching(database) as seen:
        await ask(TaskStore(database, clock))
    (statement,) = seen
    await check_plan(database, statement, index)


OF_SERVER: dict[str, tuple[Callable[[QueueStore], Awaitable[object]], str]] = {
    "tally": (lambda store: store.tally(1, START), "open|ended|PRIMARY KEY"),
    "at_work": (lambda store: store.at_work(1), "open|PRIMARY KEY"),
    "ids": (lambda store: store.ids(1, Narrowed(), skip=0, limit=9), "open"),
    "ids of a member": (lambda store: store.ids(1, Narrowed(user_id=1), skip=0, limit=9), "open"),
    "ids, ended": (lambda store: store.ids(1, Narrowed(lane=Lane.FINISHED), skip=0, limit=9), "ended"),
    "ids, ended, of a member": (
        lambda store: store.ids(1, Narrowed(lane=Lane.FAILED, kind=Kind.SONG, user_id=1), skip=0, limit=9), "ended",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_SERVER)
async def test_what_moderators_ask_never_walks_through_all_that_a_server_has_made(database: Database, name: str):
    ask, index = OF_SERVER[name]
    async with watching(database) as seen:
        await ask(QueueStore(database))
    for statement in seen:
        plan = await check_plan(database, statement, index)
        assert not any("TEMP B-TREE FOR ORDER BY" in step and "ended" in index for step in plan), plan


async def check_plan(database: Database, seen: tuple[str, Any], index: str) -> list[str]:
    """Whether a statement finds its tasks by these indexes alone; gives the steps of its plan."""
    statement, parameters = seen
    async with database.read() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
    steps = [step for *_, step in plan]
    about_tasks = [step for step in steps if re.match(r"(SCAN|SEARCH) music_tasks", step)]
    assert about_tasks
    assert all(re.search(rf"USING .*({index})\b", step) for step in about_tasks), plan
    return steps
