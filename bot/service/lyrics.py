"""The lyrics desk: text that its owner changes, keeps, and makes a song of."""

from dataclasses import dataclass

from bot.domain.lyrics import LyricsVersion
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import EVERYWHERE
from bot.domain.tasks import Kind, MusicTask, StaleTaskError, State, TaskId
from bot.domain.wishes import LYRICS_MAX_CHARS, PROMPT_MAX_CHARS, WishError, WishProblem, checked_lyrics, normalise
from bot.service.access import Asker, own
from bot.service.admission import Admission
from bot.service.signals import Signals
from bot.store.lyrics import LyricsStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A text that was replaced, and where it stands among those that are kept."""

    task: MusicTask
    version: LyricsVersion
    place: int
    """The oldest is 1."""
    count: int


class LyricsDesk:
    """Changes lyrics by hand. The provider is not asked."""

    def __init__(
        self, *, tasks: TaskStore, lyrics: LyricsStore, servers: ServerStore, admission: Admission, signals: Signals
    ) -> None:
        self._tasks = tasks
        self._lyrics = lyrics
        self._servers = servers
        self._admission = admission
        self._signals = signals

    async def own(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own lyrics.

        Raises:
            Refused: they are not theirs, or these are none.
        """
        task = await own(self._tasks, task_id, asker.user_id)
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
            Refused: see `own`; or another text stands there by now, or the new one brings in a word that is kept out.
            WishError: the new text is empty, too long, or holds a secret.
        """
        task = await self.own(task_id, asker)
        text = checked_lyrics(lyrics)
        if text == task.lyrics:
            return task
        server = await self._servers.get(task.guild_id or EVERYWHERE)
        await self._admission.check_words(server, {WishPart.LYRICS: _new_lines(task.lyrics or "", text)})
        try:
            edited = await self._lyrics.edit(task.id, text, instead_of=instead_of)
        except StaleTaskError as error:
            raise Refused(Reason.FORM_OUTDATED) from error
        self._signals.changed()
        return edited

    async def has_earlier(self, task: MusicTask) -> bool:
        """Whether any text of theirs that was replaced is kept."""
        return bool(await self._lyrics.numbers(task.id))

    async def earlier(self, task_id: TaskId, asker: Asker, wanted: int) -> Earlier:
        """A text that was replaced: the one of that number, or the nearest that is kept; 0 means the newest.

        Raises:
            Refused: see `own`; or none is kept.
        """
        task = await self.own(task_id, asker)
        numbers = await self._lyrics.numbers(task.id)
        nearest = min(numbers, key=lambda number: abs(number - (wanted or numbers[-1])), default=0)
        if (version := await self._lyrics.version(task.id, nearest)) is None:
            raise Refused(Reason.NO_LYRICS)
        return Earlier(task=task, version=version, place=numbers.index(nearest) + 1, count=len(numbers))

    async def take_back(self, task_id: TaskId, asker: Asker, number: int) -> MusicTask:
        """Put an earlier text back; what stands there now is kept, too.

        Raises:
            Refused: see `own`; or there is no such version.
            WishError: see `edit`.
        """
        task = await self.own(task_id, asker)
        if (version := await self._lyrics.version(task.id, number)) is None:
            raise Refused(Reason.NO_LYRICS)
        return await self.edit(task.id, asker, version.text)


def _new_lines(before: str, after: str) -> str:
    """What an edit brings in; a word that the provider has written must not stop a member who removes another one."""
    there = set(before.splitlines())
    return "\n".join(line for line in after.splitlines() if line not in there)
