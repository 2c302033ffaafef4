"""The tables: made whole or not at all, as the program describes them, on both databases."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, inspect, text

from bot.domain.listing import Wanted
from bot.domain.media import TRY_AGAIN_S
from bot.domain.takes import TakeTries
from bot.domain.tasks import TaskId
from bot.store import migrate as migrating
from bot.store.database import Database
from bot.store.migrate import NewerDatabaseError, OlderDatabaseError, alembic_config, check_current, migrate
from bot.store.schema import Moment, metadata
from bot.store.tasks import TaskStore
from tests.fakes.postgres import Postgres
from tests.integration.conftest import HandClock, wish

HEAD = ScriptDirectory.from_config(alembic_config()).get_current_head()
BROKEN = """
import sqlalchemy as sa
from alembic import op

revision = "broken"
down_revision = "{head}"


def upgrade():
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE music_tasks SET prompt = 'changed'")
    op.execute("SELECT * FROM nowhere")
"""

OLD_ROW = """
INSERT INTO music_tasks (
    id, origin_key, kind, state, created_at, state_at, user_id, channel_id, prompt, title, model,
    attachment_limit_bytes, result
) VALUES (
    :number, :origin, 'song', 'completed', 0, 0, 1, 2, 'Rain on a Tin Roof', :title, 'suno-music', 1, :made
)
"""


@pytest.fixture
async def empty(empty_url: str) -> Any:
    opened = Database(empty_url)
    yield opened
    await opened.close()


@pytest.fixture
def broken_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more migration, which fails after it has changed something."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrating.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_broken.py").write_text(BROKEN.format(head=HEAD))
    monkeypatch.setattr(migrating, "FOLDER", folder)
    yield
    monkeypatch.undo()


async def tables(database: Database) -> set[str]:
    async with database.write() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def shape(database: Database) -> Any:
    """Everything that the database knows about its tables."""
    postgres = [
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        " ORDER BY 1",
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,"
        " generation_expression"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
    ]
    sqlite = ["SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1"]
    async with database.read() as connection:
        answers = [
            (await connection.execute(text(query))).all() for query in (sqlite if database.is_sqlite else postgres)
        ]
    return [tuple(row) for rows in answers for row in rows if "alembic" not in str(row[0])]


def same_type(_context: object, _column: object, _ours: object, theirs: object, ours: object) -> bool | None:
    """Whether a type differs; moments are whole numbers to the database."""
    return not isinstance(theirs, BigInteger) if isinstance(ours, Moment) else None


async def test_an_empty_database_gets_all_tables_once(empty: Database):
    assert await migrate(empty) == (None, HEAD)
    assert await tables(empty) == set(metadata.tables) | {"alembic_version"}
    assert await migrate(empty) == (HEAD, HEAD)


async def test_migrating_again_keeps_the_rows(empty: Database, clock: HandClock):
    await migrate(empty)
    task, _ = await TaskStore(empty, clock).add(wish(1))
    await migrate(empty)
    assert await TaskStore(empty, clock).get(task.id) == task


async def test_songs_of_the_first_version_are_found_by_their_words(empty: Database, clock: HandClock):
    row = {"title": "Na\u00c7ht", "made": '{"title": "Fern\u00dcber", "lyrics": null, "tracks": []}'}
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0001"))
        await connection.execute(text(OLD_ROW), [row | {"number": n, "origin": f"i:{n}"} for n in range(1, 1502)])
    await migrate(empty)
    store = TaskStore(empty, clock)
    for words in ("na\u00e7ht", "fern\u00fcb", "tin roof"):
        assert len(await store.ids_of_member(1, Wanted(text=words))) == 1501


async def test_what_the_third_version_owed_is_still_owed(empty: Database, clock: HandClock):
    rows = {"card": "revision = 2", "removal": "revision = 2, deleted_at = 1", "ping": "ping_status = 'sending'"}
    done = "revision = 1, shown_revision = 1, ping_status = 'done', pinged_for = 'completed'"
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0003"))
        for number, what in enumerate([*rows, "nothing"]):
            row = {"title": what, "made": None, "number": number, "origin": f"i:{number}"}
            await connection.execute(text(OLD_ROW), row)
        await connection.execute(text(f"UPDATE music_tasks SET {done}"))  # noqa: S608 -- our own words
        for what, columns in rows.items():
            await connection.execute(text(f"UPDATE music_tasks SET {columns} WHERE title = '{what}'"))  # noqa: S608 -- our own words
    await migrate(empty)
    store, now = TaskStore(empty, clock), clock()
    found = {
        "card": await store.unshown(now, 9, media_since=now, settle_since=now),
        "removal": await store.unremoved(now, 9),
        "ping": await store.unpinged(now, 9),
        "family": await store.family_changed(now, 9),
    }
    assert {what: [one.title for one in tasks] for what, tasks in found.items()} == {
        **{what: [what] for what in rows}, "family": [],
    }  # fmt: skip


async def test_tries_that_were_counted_for_a_day_go_on_with_fresh_addresses(empty: Database, clock: HandClock):
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0004"))
        for number, failures in ((1, 3), (2, 33)):
            row = {"title": "Rain", "made": None, "number": number, "origin": f"i:{number}"}
            await connection.execute(text(OLD_ROW), row)
            tried = {"failures": failures, "number": number}
            wanted = "UPDATE music_tasks SET media_wanted = true, media_failures = :failures WHERE id = :number"
            await connection.execute(text(wanted), tried)
    await migrate(empty)
    kept = await TaskStore(empty, clock).media_wanted(clock(), 9)
    assert [task.media_failures for task in kept] == [3, len(TRY_AGAIN_S)]


async def test_titles_of_earlier_continuations_are_ours_and_those_of_songs_their_members(
    empty: Database, clock: HandClock
):
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0007"))
        for number in (1, 2):
            row = {"title": "Low Tide", "made": None, "number": number, "origin": f"i:{number}"}
            await connection.execute(text(OLD_ROW), row)
        await connection.execute(text("UPDATE music_tasks SET kind = 'continuation' WHERE id = 2"))
    await migrate(empty)
    kept = [await TaskStore(empty, clock).get(TaskId(number)) for number in (1, 2)]
    assert [(task.title, task.title_is_ours, task.sings_prompt) for task in kept if task] == [
        ("Low Tide", False, False), ("Low Tide", True, False),
    ]  # fmt: skip


async def test_what_was_tried_for_a_song_goes_on_for_each_take_that_it_lacks(empty: Database, clock: HandClock):
    """Files of before tell their take by their name alone."""
    tracks = [{"audio_url": f"https://m.example/{take}", "audio_id": f"c{take}"} for take in (1, 2)]
    file = {"name": "1-2.mp3", "shown_as": "Rain (take 2).mp3", "size_bytes": 9, "duration_s": 60.0}
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0007"))
        for number in (1, 2):
            made = json.dumps({"title": None, "lyrics": None, "tracks": tracks})
            row = {"title": "Rain", "made": made, "number": number, "origin": f"i:{number}"}
            await connection.execute(text(OLD_ROW), row)
        tried = "UPDATE music_tasks SET media_wanted = true, media_failures = 3, media_after = 5000 WHERE id = 1"
        await connection.execute(text(tried))
        await connection.execute(
            text("UPDATE music_tasks SET media = :media WHERE id = 1"), {"media": json.dumps([file])}
        )
    await migrate(empty)
    store = TaskStore(empty, clock)
    task, untried = await store.get(TaskId(1)), await store.get(TaskId(2))
    assert task is not None
    assert untried is not None
    after = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert task.media_tries == (TakeTries(take=1, failures=3, after=after),)
    assert (task.media_failures, task.media_after) == (3, after)
    assert [(take.number, take.file and take.file.take, take.length_s) for take in task.takes] == [
        (1, None, None), (2, 2, 60.0),
    ]  # fmt: skip
    assert untried.media_tries == ()


async def test_the_migrations_make_the_tables_that_the_program_describes(database: Database):
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": same_type})
        return list(compare_metadata(context, metadata))

    async with database.write() as connection:
        assert await connection.run_sync(differences) == []


async def test_constraints_and_indexes_are_those_that_the_program_describes(
    database: Database, server: Postgres | None, tmp_path: Path
):
    name = await server.create() if server else ""
    described = Database(server.url(name) if server else f"sqlite+aiosqlite:///{tmp_path / 'described.db'}")
    async with described.write() as connection:
        await connection.run_sync(metadata.create_all)
    assert words(await shape(database)) == words(await shape(described))
    await described.close()
    if server:
        await server.drop(name)


def words(rows: Any) -> list[Any]:
    """Each definition as the sorted words of it: spacing, quotes and the order of constraints say nothing.

    SQLite adds no stored column to a table that is there: in a migrated one it is worked out when it is read.
    """
    plain = str.maketrans({",": " ", '"': ""})
    told = [str(row).replace("\\n", " ").replace("\\t", " ").translate(plain).split() for row in rows]
    return [sorted(word for word in one if word != "STORED") for one in told]


@pytest.mark.usefixtures("broken_step")
async def test_a_broken_migration_of_an_empty_database_leaves_no_trace(empty: Database):
    with pytest.raises(Exception, match="nowhere"):
        await migrate(empty)
    assert await tables(empty) == set()


async def test_a_broken_migration_leaves_the_tables_as_they_were(
    empty: Database, clock: HandClock, request: pytest.FixtureRequest
):
    await migrate(empty)
    task, _ = await TaskStore(empty, clock).add(wish(1))
    before = await shape(empty)
    request.getfixturevalue("broken_step")
    with pytest.raises(Exception, match="nowhere"):
        await migrate(empty)
    assert await shape(empty) == before
    assert await TaskStore(empty, clock).get(task.id) == task
    async with empty.read() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == [HEAD]


async def test_a_database_of_a_newer_version_is_left_alone(empty: Database):
    await migrate(empty)
    async with empty.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = await shape(empty)
    with pytest.raises(NewerDatabaseError, match="9999"):
        await migrate(empty)
    assert await shape(empty) == before


async def test_only_a_database_of_this_version_is_current(empty: Database):
    with pytest.raises(OlderDatabaseError, match="not up to date"):
        await check_current(empty)
    await migrate(empty)
    await check_current(empty)
    async with empty.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="9999"):
        await check_current(empty)


async def test_three_processes_that_migrate_at_once_all_succeed(empty_url: str, tmp_path: Path):
    environment = {**os.environ, "DISCORD_TOKEN": "t", "TOKENLAB_API_KEY": "k", "DATABASE_URL": empty_url}
    environment["PYTHONPATH"] = str(Path.cwd())
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "migrate", env=environment, cwd=tmp_path, stdout=-1, stderr=-1
        )
        for _ in range(3)
    ]
    answers = [(await process.communicate(), process.returncode) for process in processes]
    assert [(err, code) for (_, err), code in answers] == [(b"", 0)] * 3
    assert sum(b"migrated from None" in out for (out, _), _ in answers) == 1
