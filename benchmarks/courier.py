"""What the courier asks while nothing is due, beside the same questions put without the stored column.

`python -m benchmarks.courier` runs on SQLite, and on PostgreSQL where the machine has one.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click
from sqlalchemy import text

from bot.store.database import Database
from bot.store.migrate import migrate
from tests.fakes.postgres import NoPostgresError, running_postgres

ROOM = 8
FILL = """
INSERT INTO music_tasks (
    origin_key, kind, state, revision, shown_revision, created_at, state_at, user_id, guild_id, channel_id,
    prompt, search_text, model, attachment_limit_bytes, pinged_for, ping_status
)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}),
states AS (
    SELECT n, CASE WHEN n > {rows} - {rows} / 200 THEN 'queued' WHEN n % 20 = 0 THEN 'failed' ELSE 'completed' END
    AS state FROM numbers
)
SELECT
    'i:' || n, 'song', state, 5, 5, n * 2000, n * 2000 + 90000, 1000 + n % 20000, n % 500, 7,
    'rain on a tin roof, a slow piano, and somebody who hums along', 'rain on a tin roof', 'suno-music', 10485760,
    state, 'done'
FROM states
"""
"""Tasks that are all shown and told; one of 200 still waits in the line."""
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "cards": ("owed = 'card'", "revision > shown_revision AND deleted_at IS NULL AND state <> 'abandoned'"),
    "removals": ("owed = 'removal'", "revision > shown_revision AND deleted_at IS NOT NULL"),
    "pings": (
        "owed = 'ping'",
        "state IN ('completed', 'failed', 'uncertain') AND revision = shown_revision"
        " AND (ping_status IS NULL OR ping_status <> 'done' OR pinged_for <> state)",
    ),
}
"""What each is found by: the stored column, and the columns that it is worked out from."""
OLD_INDEXES = (
    "CREATE INDEX old_unshown ON music_tasks (state) WHERE revision > shown_revision",
    "CREATE INDEX old_unpinged ON music_tasks (state) WHERE state IN ('completed', 'failed', 'uncertain')"
    " AND (ping_status IS NULL OR ping_status <> 'done' OR pinged_for <> state)",
)


@asynccontextmanager
async def filled(url: str, rows: int) -> AsyncIterator[Database]:
    """Create a database with `rows` tasks, all shown, their members notified."""
    database = Database(url)
    await migrate(database)
    async with database.write() as connection:
        for statement in (FILL.format(rows=rows), *OLD_INDEXES):
            await connection.execute(text(statement))
    async with database.write() as connection:
        await connection.execute(text("ANALYZE"))
    try:
        yield database
    finally:
        await database.close()


async def measure(name: str, url: str, rows: int, runs: int) -> None:
    """Time each pair in turn: whatever else the machine does slows both alike."""
    async with filled(url, rows) as database:
        for question, pair in QUESTIONS.items():
            rounds = [[await _timed_ms(database, condition) for condition in pair] for _ in range(runs + 1)]
            now_ms, before_ms = (statistics.median(times) for times in zip(*rounds[1:], strict=True))
            click.echo(f"{name:12} {question:10} {now_ms:9.2f} ms {before_ms:9.2f} ms {before_ms / now_ms:7.1f}")


async def _timed_ms(database: Database, condition: str) -> float:
    query = text(f"SELECT * FROM music_tasks WHERE {condition} ORDER BY state_at LIMIT {ROOM}")  # noqa: S608 -- our own words
    async with database.read() as connection:
        begun = time.perf_counter()
        (await connection.execute(query)).all()
        return (time.perf_counter() - begun) * 1000


async def measure_all(rows: int, runs: int) -> None:
    """Both databases, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        await measure("SQLite", f"sqlite+aiosqlite:///{Path(folder) / 'encore.db'}", rows, runs)
    try:
        with running_postgres() as server:
            await measure("PostgreSQL", server.url(await server.create()), rows, runs)
    except NoPostgresError as error:
        click.echo(f"PostgreSQL: {error}")


@click.command()
@click.option("--rows", default=200_000, show_default=True, help="How many tasks there are.")
@click.option("--runs", default=25, show_default=True, help="How often each question is timed.")
def main(rows: int, runs: int) -> None:
    """Set the medians of each question side by side, and what the stored column saves."""
    click.echo(f"{rows:,} tasks, nothing due; medians of {runs}\n{'':24}{'stored':>11} {'compared':>12}   ratio")
    asyncio.run(measure_all(rows, runs))


if __name__ == "__main__":
    main()
