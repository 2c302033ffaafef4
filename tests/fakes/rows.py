"""The real stores on a SQLite file of each test's own, with a look behind their back, and a clock moved by hand.

A module whose tests use them says `pytestmark = pytest.mark.usefixtures("databases")`.
"""

import asyncio
import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, Table, create_engine, event, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.listing import ListedTask, search_text
from bot.domain.members import Preferences
from bot.domain.rules import Server
from bot.domain.tasks import AttemptOutcome, Kind, MusicTask, Role, State, TaskId
from bot.domain.transitions import Change
from bot.engine.history import History
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.rows import TASK_COLUMNS, columns_of, task_of
from bot.store.schema import attempts, audit, blocks, members, music_tasks, people, servers, task_messages
from bot.store.tasks import TaskStore

START = datetime(2026, 1, 1, tzinfo=UTC)
ASKED_BY = 7
QUIET_TURNS = 20


class HandClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def make_task(number: int = 1, **changes: Any) -> MusicTask:
    """A song of one member, waiting in line, its card shown."""
    task = MusicTask(
        id=TaskId(number),
        origin_key=f"i:{number}",
        kind=Kind.SONG,
        state=State.QUEUED,
        revision=2,
        shown_revision=2,
        created_at=START,
        state_at=START,
        user_id=ASKED_BY,
        guild_id=70,
        channel_id=700,
        prompt="Slow harbour blues",
        model="suno-music",
        version="chirp-v4",
        message_id=7000 + number,
        attachment_limit_bytes=10_000_000,
    )
    if "state" in changes and changes["state"] is State.RUNNING:
        changes = {
            "provider_task_id": f"ld_{number}",
            "attempt": 1,
            "submitted_at": START,
            "next_look_at": START,
            "deadline_at": START + timedelta(seconds=1200),
            **changes,
        }
    return replace(task, **changes)


def make_listed(task: MusicTask) -> ListedTask:
    """A task as a list shows it."""
    values = {field.name: getattr(task, field.name) for field in fields(ListedTask)}
    return ListedTask(**{**values, "takes": len(task.takes)})


# --- databases -------------------------------------------------------------------------------------------------------

_template: list[bytes] = []
_folder: list[Path] = []
_opened: list[Database] = []


async def template() -> bytes:
    """A SQLite file with empty tables, made once in a run."""
    if not _template:
        path = _folder[-1] / "template.db"
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await database.close()
        _template.append(path.read_bytes())
    return _template[0]


@asynccontextmanager
async def databases_in(folder: Path) -> AsyncIterator[None]:
    """Let `Rows` make their files here; whatever they opened is closed at the end."""
    _folder.append(folder)
    try:
        await template()
        yield
    finally:
        _folder.pop()
        while _opened:
            await _opened.pop().close()


class Watched(Database):
    """A database that knows how many are reading and writing at this moment, and need not outlive a power cut."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        event.listen(self._writer.sync_engine, "connect", _hurry)
        self.readers = self.writers = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        self.readers += 1
        try:
            async with super().read() as connection:
                yield connection
        finally:
            self.readers -= 1

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self.writers += 1
        try:
            async with super().write() as connection:
                yield connection
        finally:
            self.writers -= 1


async def write_columns(database: Database, task_id: int, **columns: Any) -> None:
    """Write columns of a task behind the program's back, whatever its state: on either database."""
    async with database.write() as connection:
        await connection.execute(update(music_tasks).where(music_tasks.c.id == task_id).values(**columns_of(columns)))


class Rows(TaskStore):
    """The real task store. `calls` tells what was asked; `broken` lets methods or changes, by name, fail so often."""

    def __init__(self, clock: Callable[[], datetime], *tasks: MusicTask) -> None:
        if not _folder:
            raise RuntimeError('say pytestmark = pytest.mark.usefixtures("databases")')
        self.path = _folder[-1] / f"rows{len(_opened)}.db"
        self.path.write_bytes(_template[0])
        self.database = Watched(f"sqlite+aiosqlite:///{self.path}")
        _opened.append(self.database)
        super().__init__(self.database, clock)
        self.clock = clock
        self.broken: dict[str, int] = {}
        self.calls: list[str] = []
        self._behind = create_engine(f"sqlite:///{self.path}", poolclass=NullPool)
        event.listen(self._behind, "connect", _hurry)
        self.put(*tasks)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not inspect.iscoroutinefunction(found):
            return found

        async def asked(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            for one in (name, *(type(arg).__name__ for arg in args if isinstance(arg, Change))):
                if self.broken.get(one, 0) > 0:
                    self.broken[one] -= 1
                    raise OSError("the disk is gone")
            return await found(*args, **kwargs)

        return asked

    # --- behind its back: at once, without the loop -----------------------------------------------------------------

    @contextmanager
    def behind(self) -> Iterator[Connection]:
        """A plain connection to the same file."""
        with self._behind.begin() as connection:
            yield connection

    def __getitem__(self, number: int) -> MusicTask:
        with self.behind() as connection:
            return task_of(connection.execute(select(*TASK_COLUMNS).where(music_tasks.c.id == number)).one())

    def __len__(self) -> int:
        return len(self.all(music_tasks))

    @property
    def tasks(self) -> list[MusicTask]:
        """All tasks, the oldest first."""
        with self.behind() as connection:
            return [task_of(row) for row in connection.execute(select(*TASK_COLUMNS).order_by(music_tasks.c.id))]

    def all(self, table: Table) -> list[Any]:
        """The rows of a table, in order of their key."""
        with self.behind() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)).all())

    def write(self, table: Table, *more: dict[str, Any], **values: Any) -> None:
        """Put rows in, all with the same columns; where there is one with the same key, write these columns of it."""
        assert not self.database.writers, "wait until nothing is being written, or both wait for each other"
        rows = [*more, *([values] if values else [])]
        keys = [column.name for column in table.primary_key]
        put = insert(table)
        put = put.on_conflict_do_update(index_elements=keys, set_={name: put.excluded[name] for name in rows[0]})
        with self.behind() as connection:
            connection.execute(put, rows)

    def put(self, *tasks: MusicTask) -> None:
        """Put tasks in as they are, in place of those with the same ids."""
        rows = []
        for task in tasks:
            words = search_text(title=task.title, made_title=task.made_title, prompt=task.prompt)
            values = columns_of({field.name: getattr(task, field.name) for field in fields(task)})
            rows.append({**values, "search_text": words})
        if rows:
            self.write(music_tasks, *rows)

    def change(self, number: int = 1, **values: Any) -> MusicTask:
        """Write some columns of a task, whatever its state; its card has nothing new to show because of it."""
        self.put(replace(self[number], **values))
        return self[number]

    def put_message(self, number: int, message_id: int, role: Role, *, channel_id: int = 700) -> None:
        """A message shows this task."""
        self.write(task_messages, message_id=message_id, channel_id=channel_id, task_id=number, role=role)

    def put_server(self, server: Server) -> None:
        """A server has these rules and takes wishes or not."""
        told = {"guild_id": server.guild_id, "intake": server.intake, "intake_note": server.intake_note}
        self.write(servers, rules=server.rules.encode(), **told)

    def put_block(self, block: Block) -> None:
        """Somebody is kept out."""
        self.write(blocks, **asdict(block))

    def put_preferences(self, chosen: Preferences) -> None:
        """A member has chosen this."""
        self.write(members, **asdict(chosen))

    @property
    def messages(self) -> list[tuple[int, int, Role]]:
        """Which messages show which tasks: (task, message, role)."""
        return [(row.task_id, row.message_id, Role(row.role)) for row in self.all(task_messages)]

    @property
    def outcomes(self) -> list[AttemptOutcome]:
        """What became of the attempts that have ended."""
        found = [AttemptOutcome(row.outcome) for row in self.all(attempts)]
        return [one for one in found if one is not AttemptOutcome.UNDER_WAY]

    @property
    def deeds(self) -> list[Deed]:
        """The audit, with the people behind its references."""
        known = {row.ref: row.user_id for row in self.all(people)}
        return [
            Deed(
                act=Act(row.act), guild_id=row.guild_id, actor_id=known.get(row.actor_ref),
                subject_id=known.get(row.subject_ref), task_id=None if row.task_id is None else TaskId(row.task_id),
                reason=row.reason, before=row.before, after=row.after,
            )
            for row in self.all(audit)
        ]  # fmt: skip


def history_of(rows: TaskStore, clock: HandClock) -> History:
    """What is usual: a minute and a half for music, a quarter of a minute for lyrics, until something has finished."""
    return History(rows, clock, expected_song_s=90, expected_lyrics_s=15)


async def at_rest(rows: Rows) -> None:
    """Wait until nobody has asked the database for anything for some turns of the loop: whoever works has done so.

    Fails after five seconds.
    """
    turns = 0
    async with asyncio.timeout(5):
        while turns < QUIET_TURNS:
            is_asked = rows.database.readers or rows.database.writers
            turns = 0 if is_asked else turns + 1
            await asyncio.sleep(0.001 if is_asked else 0)


def _hurry(connection: Any, _record: object) -> None:
    cursor: sqlite3.Cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()
