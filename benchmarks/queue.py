"""How long `/queue` takes where a server has made little and where it has made much: `python -m benchmarks.queue`.

Each answer is what a moderator waits for: the questions to the store, the rules, and the drawing; Discord is left out.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
from sqlalchemy import text

from bot.domain.queue import Lane, Narrowed
from bot.domain.tasks import Kind
from bot.service import Asker
from bot.service.queue import Queue
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.outages import OutageStore
from bot.store.queue import QueueStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from bot.ui.pages import QueueState
from bot.ui.queue import queue_sheet
from bot.ui.words import words_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LITTLE = 10_000
SERVER = 1
"""Seven of ten tasks are this server's; the others are spread over 500."""
OPEN_SHARE = 200
"""One in so many tasks is open: the newest ones."""
EVERY_S = 2
"""A task is asked for every so many seconds, which makes 30,000 a day for this server."""
BUSY, NOBODY = 1003, 5
"""A member with a share of the tasks, and one who never asked."""
MOST_MS = 100

FILL = """
INSERT INTO music_tasks (
    origin_key, kind, state, created_at, state_at, submitted_at, user_id, guild_id, channel_id, message_id, title,
    prompt, search_text, model, attachment_limit_bytes, error_code, result
)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows),
mixed AS (SELECT n, (n * 2654435761) % 1000003 AS h, :now_ms - (:rows - n) * :every_ms AS asked_at FROM numbers),
states AS (
    SELECT *, CASE
        WHEN n > :rows - :open THEN
            CASE h % 20 WHEN 0 THEN 'running' WHEN 1 THEN 'uncertain' WHEN 2 THEN 'expired' ELSE 'queued' END
        WHEN h / 7 % 100 < 90 THEN 'completed'
        WHEN h / 7 % 100 < 97 THEN 'failed'
        ELSE 'cancelled'
    END AS state FROM mixed
)
SELECT
    'i:' || n,
    CASE WHEN h / 11 % 10 < 7 THEN 'song' WHEN h / 11 % 10 < 9 THEN 'continuation' ELSE 'lyrics' END,
    state, asked_at, asked_at + 90000, asked_at + 1000, 1000 + h / 3 % 20000,
    CASE WHEN h % 10 < 7 THEN :server ELSE 2 + h % 500 END, 7, n, 'Song ' || n,
    'rain on a tin roof, a slow piano, and somebody who hums along ' || h, 'song ' || n, 'suno-music', 10485760,
    CASE WHEN state = 'failed' THEN
        CASE h % 3 WHEN 0 THEN 'provider_failed' WHEN 1 THEN 'wish_refused' ELSE 'no_credit' END
    END,
    CASE WHEN state = 'completed' THEN '{"title": "Rain", "lyrics": null, "tracks": []}' END
FROM states
"""
COUNT_ALL = text("SELECT state, count(*) FROM music_tasks WHERE guild_id = :server GROUP BY state")


class Bench:
    """A database with so many tasks, and the answers to be timed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        tasks, servers = TaskStore(database, lambda: NOW), ServerStore(database, lambda: NOW)
        queue, audit, outages = QueueStore(database), AuditStore(database), OutageStore(database, lambda: NOW)
        self._queue = Queue(tasks=tasks, servers=servers, outages=outages, queue=queue, audit=audit, clock=lambda: NOW)
        self._asker = cast("Asker", SimpleNamespace(guild_id=SERVER, is_moderator=True))

    async def answer(self, page: int = 0, **narrowed: Any) -> None:  # noqa: ANN401 -- fields of `Narrowed`
        """What `/queue` answers, drawn."""
        state = QueueState(page=page, narrowed=Narrowed(**narrowed))
        found = await self._queue.page(
            self._asker, state.narrowed, page, stuck_after=lambda _kind, _model: timedelta(minutes=5)
        )
        embed, view = queue_sheet(found, state, words_for("en-US"), now=NOW)
        embed.to_dict(), view.to_components()

    async def count_all(self) -> None:
        """For comparison: every task that this server ever had, by state."""
        async with self._database.read() as connection:
            (await connection.execute(COUNT_ALL, {"server": SERVER})).all()


ANSWERS: Mapping[str, Callable[[Bench], Awaitable[None]]] = {
    "under way": lambda bench: bench.answer(),
    "under way, page 100": lambda bench: bench.answer(99),
    "under way, of a member": lambda bench: bench.answer(user_id=BUSY),
    "stuck": lambda bench: bench.answer(lane=Lane.STUCK),
    "finished": lambda bench: bench.answer(lane=Lane.FINISHED),
    "finished, page 5000": lambda bench: bench.answer(4999, lane=Lane.FINISHED),
    "finished lyrics of a member": lambda bench: bench.answer(lane=Lane.FINISHED, kind=Kind.LYRICS, user_id=BUSY),
    "finished, of nobody": lambda bench: bench.answer(lane=Lane.FINISHED, user_id=NOBODY),
    "failed": lambda bench: bench.answer(lane=Lane.FAILED),
    "(counting all ever made)": lambda bench: bench.count_all(),
}


async def measured(paths: Mapping[int, Path], runs: int) -> dict[str, list[float]]:
    """The medians of each answer in milliseconds, one for each number of tasks.

    They are timed in turn: whatever else the machine does slows all of them alike.
    """
    databases = [await filled(path, rows) for rows, path in paths.items()]
    benches = [Bench(database) for database in databases]
    found = {}
    for name, answer in ANSWERS.items():
        rounds = [[await _timed_ms(answer, bench) for bench in benches] for _ in range(runs + 1)]
        found[name] = [statistics.median(times) for times in zip(*rounds[1:], strict=True)]  # the first one warms up
    for database in databases:
        await database.close()
    return found


async def filled(path: Path, rows: int) -> Database:
    """A new database with so many tasks, the same ones each time."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    facts = {
        "rows": rows, "open": rows // OPEN_SHARE, "server": SERVER, "every_ms": EVERY_S * 1000,
        "now_ms": int(NOW.timestamp() * 1000),
    }  # fmt: skip
    async with database.write() as connection:
        await connection.execute(text(FILL), facts)
    return database


async def _timed_ms(answer: Callable[[Bench], Awaitable[None]], bench: Bench) -> float:
    begun = time.perf_counter()
    await answer(bench)
    return (time.perf_counter() - begun) * 1000


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="How many tasks much is.")
@click.option("--runs", default=25, show_default=True, help="How often each answer is timed.")
def main(rows: int, runs: int) -> None:
    """Time each answer with little and with much stored, and set the medians side by side."""
    click.echo(f"filling {LITTLE:,} and {rows:,} tasks, seven of ten of one server")
    with tempfile.TemporaryDirectory() as folder:
        paths = {number: Path(folder) / f"{number}.db" for number in (LITTLE, rows)}
        found = asyncio.run(measured(paths, runs))
    click.echo(f"{'medians of ' + str(runs):32} {LITTLE:>12,} {rows:>12,}  ratio")
    for name, (little_ms, much_ms) in found.items():
        slow = f"   over {MOST_MS} ms" if much_ms > MOST_MS else ""
        click.echo(f"{name:32} {little_ms:9.1f} ms {much_ms:9.1f} ms {much_ms / little_ms:6.1f}{slow}")


if __name__ == "__main__":
    main()
