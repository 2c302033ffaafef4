"""The lyrics desk: text that its owner changes, keeps, and makes a song of."""

from collections.abc import Sequence

from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import MusicTask, State, TaskId
from bot.domain.wishes import checked_lyrics
from bot.service.parts import Asker, Parts


class LyricsDesk:
    """Changes lyrics by hand. The provider is not asked."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def editable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own task that has lyrics.

        Raises:
            Refused: it is not theirs, or has none.
        """
        task = await self._parts.own(task_id, asker.user_id)
        if task.state is not State.COMPLETED or not task.lyrics:
            raise Refused(Reason.NO_LYRICS)
        return task

    async def edit(self, task_id: TaskId, asker: Asker, lyrics: str) -> MusicTask:
        """Replace the text; what stood there before is kept.

        Raises:
            Refused: see `editable`.
            WishError: the new text is empty, too long, or holds a secret.
        """
        task = await self.editable(task_id, asker)
        text = checked_lyrics(lyrics)
        if text == task.lyrics:
            return task
        edited = await self._parts.lyrics.edit(task.id, text)
        self._parts.on_changed()
        return edited

    async def versions(self, task_id: TaskId, asker: Asker) -> Sequence[str]:
        """The texts that were replaced, the oldest first.

        Raises:
            Refused: see `editable`.
        """
        return await self._parts.lyrics.versions((await self.editable(task_id, asker)).id)
