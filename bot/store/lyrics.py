"""All SQL about lyrics that were changed by hand: the newest text stands in the task's row, the earlier ones here."""

from sqlalchemy import select

from bot.clock import Clock
from bot.domain.lyrics import LyricsVersion
from bot.domain.tasks import MusicTask, StaleTaskError, TaskId
from bot.domain.transitions import LyricsEdited
from bot.store.changes import change_task
from bot.store.database import Database
from bot.store.rows import TASK_COLUMNS, task_of, values_of
from bot.store.schema import lyrics_versions, music_tasks

V = lyrics_versions.c


class LyricsStore:
    """The rows of `lyrics_versions`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def edit(self, task_id: TaskId, lyrics: str, *, instead_of: str | None = None) -> MusicTask:
        """Replace the text of lyrics: `LyricsEdited`, whatever stands there meanwhile.

        Args:
            task_id: whose lyrics.
            lyrics: the new text.
            instead_of: the text that it is meant to replace; whatever stands there if left out.

        Raises:
            StaleTaskError: another text stands there, or the task was deleted.
        """
        here = music_tasks.c.id == task_id
        async with self._database.write() as connection:
            locked = select(*TASK_COLUMNS).where(here).with_for_update()  # SQLite has one writer anyway
            before = task_of((await connection.execute(locked)).one())
            if before.deleted_at is not None or instead_of not in {None, before.lyrics}:
                raise StaleTaskError(f"the lyrics of task {task_id} have changed")
            return await change_task(connection, before, LyricsEdited(edited_lyrics=lyrics), now=self._clock())

    async def numbers(self, task_id: TaskId) -> list[int]:
        """Which versions are kept, the oldest first."""
        query = select(V.number).where(V.task_id == task_id).order_by(V.number)
        async with self._database.read() as connection:
            return [*(await connection.execute(query)).scalars()]

    async def version(self, task_id: TaskId, number: int) -> LyricsVersion | None:
        """A text that was replaced, if it is kept."""
        query = select(V.number, V.replaced_at, V.text).where(V.task_id == task_id, V.number == number)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return LyricsVersion(**values_of(row)) if row else None
