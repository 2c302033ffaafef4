"""Works off what members want erased, in small steps that go on after a restart; the courier removes the messages."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.due import is_over
from bot.domain.privacy import UNCLEAR_PATIENCE, Erasure
from bot.domain.transitions import Part
from bot.engine.ports import Goodbyes, MediaFolder, ShowLaterError
from bot.engine.worker import NotNowError, Worker
from bot.store.erasures import ErasureStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

BATCH = 100
"""Maximum number of tasks that change in one transaction."""
REST = timedelta(seconds=5)
"""Between two looks at an erasure that waits for others: for TokenLab, for the courier, for its member."""


class Eraser(Worker[Erasure]):
    """Cancels what waits, empties what has ended, and takes the member's id off what nothing shows any more."""

    name = "eraser"
    idle_s = REST.total_seconds()
    concurrency = 2
    key_name = None  # logs hold no ids of members

    def __init__(
        self, erasures: ErasureStore, tasks: TaskStore, goodbyes: Goodbyes, media: MediaFolder, clock: Clock
    ) -> None:
        super().__init__()
        self._erasures = erasures
        self._tasks = tasks
        self._goodbyes = goodbyes
        self._media = media
        self._clock = clock
        self._rests: dict[int, datetime] = {}
        """Whose erasure waits for others, and since when."""

    def key(self, item: Erasure) -> int:
        """The member's id: their erasure is worked off by one job at a time."""
        return item.user_id

    async def find(self, _room: int, /) -> Sequence[Erasure]:
        """Erasures with something to do now, as far as is known."""
        now = self._clock()
        self._rests = {user_id: since for user_id, since in self._rests.items() if not is_over(since, now, REST)}
        return [one for one in await self._erasures.running() if one.user_id not in self._rests]

    async def handle(self, item: Erasure) -> None:
        """One step: a batch of each kind. Where there is nothing to do, the job is done or waits for others."""
        steps = await self._cancel(item) + await self._empty(item)
        steps += await self._erasures.hand_over(item) + await self._erasures.let_go(item, BATCH)
        if steps:
            return
        if await self._erasures.left(item):
            self._rests[item.user_id] = self._clock()
        else:
            await self._finish(item)

    async def _cancel(self, erasure: Erasure) -> int:
        unclear_since = self._clock() - UNCLEAR_PATIENCE
        found = await self._erasures.cancellable(erasure, unclear_since=unclear_since, limit=BATCH)
        await self._tasks.apply_all([(task, transitions.Cancelled(by=Part.ERASER)) for task in found])
        return len(found)

    async def _empty(self, erasure: Erasure) -> int:
        count, names = await self._erasures.empty(erasure, BATCH)
        try:
            await self._media.remove(names)
        except OSError:  # nothing names them any more, so the next sweep has them
            log.exception("audio can't be removed")
        return count

    async def _finish(self, erasure: Erasure) -> None:
        """Told first, forgotten then: a crash in between tells twice at most."""
        try:
            await self._goodbyes.tell(erasure)
        except ShowLaterError as error:
            raise NotNowError from error
        if await self._erasures.end(erasure):
            log.info("a member was erased")
