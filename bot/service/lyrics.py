"""The lyrics desk: text that its owner changes, keeps, and makes a song of."""

from collections.abc import Sequence

from bot.domain.lyrics import LyricsVersion
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import Kind, MusicTask, StaleTaskError, State, TaskId
from bot.domain.wishes import LYRICS_MAX_CHARS, PROMPT_MAX_CHARS, WishError, WishProblem, checked_lyrics, normalise
from bot.service.parts import Asker, Parts


class LyricsDesk:
    """Changes lyrics by hand. The provider is not asked."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def own(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own lyrics.

        Raises:
            Refused: they are not theirs, or these are none.
        """
        task = await self._parts.own(task_id, asker.user_id)
        if task.kind is not Kind.LYRICS or task.state is not State.COMPLETED or not task.lyrics:
            raise Refused(Reason.NO_LYRICS)
        return task

    async def editable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own lyrics, if they are short enough to be changed by hand.

        Raises:
            Refused: see `own`.
            WishError: they are too long.
        """
        task = await self.own(task_id, asker)
        if len(task.lyrics or "") > LYRICS_MAX_CHARS:
            raise WishError(WishProblem.LYRICS_TOO_LONG, limit=LYRICS_MAX_CHARS)
        return task

    async def singable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own lyrics, if the provider takes them as the prompt of a song.

        Raises:
            Refused: see `own`; or they are too long.
        """
        task = await self.own(task_id, asker)
        if (over := len(normalise(task.lyrics or "")) - PROMPT_MAX_CHARS) > 0:
            raise Refused(Reason.TOO_LONG_TO_SING, str(over))
        return task

    async def edit(self, task_id: TaskId, asker: Asker, lyrics: str, *, instead_of: str | None = None) -> MusicTask:
        """Replace the text; what stood there before is kept. The same text again changes nothing.

        Args:
            task_id: whose lyrics.
            asker: who changes them.
            lyrics: the new text.
            instead_of: the text that it is meant to replace; whatever stands there if left out.

        Raises:
            Refused: see `own`; or another text stands there by now.
            WishError: the new text is empty, too long, or holds a secret.
        """
        task = await self.own(task_id, asker)
        text = checked_lyrics(lyrics)
        if text == task.lyrics:
            return task
        try:
            edited = await self._parts.lyrics.edit(task.id, text, instead_of=instead_of)
        except StaleTaskError as error:
            raise Refused(Reason.LYRICS_CHANGED) from error
        self._parts.on_changed()
        return edited

    async def versions(self, task_id: TaskId, asker: Asker) -> Sequence[LyricsVersion]:
        """The texts that were replaced, the oldest first.

        Raises:
            Refused: see `own`.
        """
        return await self._parts.lyrics.versions((await self.own(task_id, asker)).id)

    async def take_back(self, task_id: TaskId, asker: Asker, number: int) -> MusicTask:
        """Put an earlier text back; what stands there now is kept, too.

        Raises:
            Refused: see `own`; or there is no such version.
            WishError: see `edit`.
        """
        earlier = {version.number: version.text for version in await self.versions(task_id, asker)}
        if number not in earlier:
            raise Refused(Reason.NO_LYRICS)
        return await self.edit(task_id, asker, earlier[number])
