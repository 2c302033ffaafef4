"""Runs the bot as a process of its own against loopback servers. Knows its settings' names and nothing of its code."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_world import Changes

ROOT = Path(__file__).resolve().parents[2]
BOT_COMMAND = (sys.executable, "-m", "bot")
API_KEY = "sk-wire-0001"
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "TMPDIR")
KEPT_LINES = 5000
LINE_BYTES = 1 << 20
EXIT_TIMEOUT_S = 20.0
ROWS_EVERY_S = 0.02
TASKS_SQL = "SELECT * FROM music_tasks ORDER BY id"


class BotDiedError(AssertionError):
    """The process ended while a test waited for it; the text has its exit code and last lines."""


def bot_settings(discord: DiscordServer, *, tokenlab_base: str, data_dir: Path, **changes: str) -> dict[str, str]:
    """The variables of a quick bot on loopback; `changes` are more of them, e.g. `TASK_DEADLINE_S="2"`."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "TOKENLAB_API_KEY": API_KEY,
        "TOKENLAB_API_BASE": tokenlab_base,
        "DATABASE_URL": f"sqlite+aiosqlite:///{database_path(data_dir)}",
        "MEDIA_DIR": str(data_dir / "media"),
        "MEDIA_ALLOW_PRIVATE": "true",
        "POLL_INTERVAL_S": "0.2",
        "EXPECTED_SONG_S": "1",
        "EXPECTED_LYRICS_S": "1",
        "LOG_FORMAT": "json",
        "FIRST_MONTHLY_USD": "none",
        "NEW_SERVER_DAILY_PER_MEMBER": "none",
        "NEW_SERVER_DAILY_PER_SERVER": "none",
        **changes,
    }


def database_path(data_dir: Path) -> Path:
    """Where `bot_settings` puts the database."""
    return data_dir / "encore.db"


class BotProcess:
    """One run of the bot after another, all with the same settings and data.

    `async with BotProcess(discord, env, data_dir=...) as bot:` starts it and waits until it is ready; leaving the
    block ends it, by force if need be. `kill` and `start` in between are a crash and a restart. The process works in
    `data_dir`, so that no settings file of the checkout is read.
    """

    def __init__(
        self,
        discord: DiscordServer,
        env: Mapping[str, str],
        *,
        data_dir: Path,
        command: Sequence[str] = BOT_COMMAND,
        cwd: Path | None = None,
    ) -> None:
        self.env, self.data_dir = dict(env), data_dir
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._discord, self._command, self._cwd = discord, tuple(command), cwd or data_dir
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._changes = Changes()
        self._identified_before = 0

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def database(self) -> Path:
        return database_path(self.data_dir)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def output(self) -> str:
        """The last lines of standard output and error, over all runs."""
        return "\n".join(self.lines)

    @property
    def logs(self) -> list[dict[str, Any]]:
        """The JSON log lines among them."""
        return [parsed for line in self.lines if (parsed := _parsed(line)) is not None]

    async def launch(self) -> None:
        """Start the process and return at once."""
        assert not self.running, "the bot is running already"
        self._identified_before = len(self._discord.gateway.identifies)
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._cwd,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
        )
        streams = (self._process.stdout, self._process.stderr)
        self._readers = [asyncio.create_task(self._read(stream)) for stream in streams if stream is not None]

    async def start(self, *, timeout_s: float = 30.0) -> None:
        """Start the process and wait until it is ready."""
        await self.launch()
        await self.ready(timeout_s=timeout_s)

    async def ready(self, *, timeout_s: float = 30.0) -> None:
        """Wait until this run has identified on every shard and commands are there.

        Raises:
            BotDiedError: it ended instead.
            TimeoutError: it did neither.
        """

        def there() -> bool:
            gateway = self._discord.gateway
            shards = {identify.shard for identify in gateway.identifies[self._identified_before :]}
            complete = bool(shards) and len(shards) >= len(gateway.shards)
            return complete and gateway.connected and bool(self._discord.commands)

        await self.while_running(self._discord.until(there, timeout_s=timeout_s))

    async def while_running(self, waiting: "asyncio.Future[Any] | Any") -> Any:
        """The outcome of an awaitable; if the process ends first, that is the failure.

        Raises:
            BotDiedError: the process ended.
        """
        awaited = asyncio.ensure_future(waiting)
        ended = asyncio.create_task(self._running().wait())
        try:
            await asyncio.wait({awaited, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not awaited.done():
                raise BotDiedError(f"the bot ended with {ended.result()}:\n{self.output[-4000:]}")
            return await awaited
        finally:
            await _cancelled(awaited, ended)

    async def logged(self, predicate: Callable[[str], bool], *, timeout_s: float = 10.0) -> str:
        """The first line of output that the predicate likes, past or to come.

        Raises:
            TimeoutError: there was none; the message has the last lines.
        """
        try:
            return await self._changes.until(lambda: next(filter(predicate, self.lines), ""), timeout_s=timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"no such line within {timeout_s} s; last lines:\n{self.output[-4000:]}") from error

    async def until_rows(
        self,
        predicate: Callable[[list[dict[str, Any]]], Any],
        *,
        sql: str = TASKS_SQL,
        timeout_s: float = 10.0,
    ) -> list[dict[str, Any]]:
        """The rows of the bot's database once the predicate likes them. A file tells no changes, so it is read often.

        Raises:
            TimeoutError: it never did; the message has the rows.
        """
        rows: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(timeout_s):
                while not predicate(rows := read_rows(self.database, sql)):  # noqa: ASYNC110 - a file has no event
                    await asyncio.sleep(ROWS_EVERY_S)
        except TimeoutError as error:
            raise TimeoutError(f"the rows stayed {rows}") from error
        return rows

    async def kill(self) -> None:
        """End the process as a power cut would (SIGKILL); no matter if it has ended."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._reap()

    async def terminate(
        self, *, number: signal.Signals = signal.SIGTERM, timeout_s: float = EXIT_TIMEOUT_S
    ) -> tuple[int, float]:
        """Ask the process to stop (SIGTERM, or as Ctrl-C does); its exit code and the seconds that it took.

        Raises:
            TimeoutError: it did not stop.
        """
        began = time.monotonic()
        self._running().send_signal(number)
        code = await self.exited(timeout_s=timeout_s)
        return code, time.monotonic() - began

    async def exited(self, *, timeout_s: float = EXIT_TIMEOUT_S) -> int:
        """The exit code, once the process ends by itself."""
        async with asyncio.timeout(timeout_s):
            return await self._reap()

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "the bot was not started"
        return self._process

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        own = {"HOME": str(self.data_dir), "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        return kept | own | self.env

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while raw := await stream.readline():
            self.lines.append(raw.decode(errors="replace").rstrip("\n"))
            self._changes.announce()

    async def _reap(self) -> int:
        code = await self._running().wait()
        await asyncio.gather(*self._readers)
        return code


async def _cancelled(*waiting: "asyncio.Future[Any]") -> None:
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def read_rows(database: Path, sql: str = TASKS_SQL) -> list[dict[str, Any]]:
    """Rows of the bot's SQLite file, read beside the running bot; [] while the table is not there yet."""
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=2.0)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def edit_rows(database: Path, sql: str) -> int:
    """Change the bot's SQLite file while the bot is dead; gives the number of rows that were changed."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(sql).rowcount
