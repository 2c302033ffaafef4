"""Fetches the audio of finished songs into `MEDIA_DIR`, outside the courier's edit slots."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import timedelta
from functools import partial

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.media import Brought, MediaError, MediaProblem, next_try
from bot.domain.tasks import MusicTask, TaskId
from bot.engine.ports import Media
from bot.engine.turns import Turns
from bot.engine.worker import Worker
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

FETCHED_IN_CHANNEL = 36
"""Maximum number of songs of one channel that are fetched at once: if all of them drip, some room is left."""


class Fetcher(Worker[MusicTask]):
    """Downloads what is missing of each finished song; `bot/domain/media.py` says when it is tried again."""

    name = "fetcher"
    concurrency = 48
    """High, so that slow downloads leave room for the others; what follows a download is rationed separately."""

    def __init__(self, tasks: TaskStore, media: Media, clock: Clock) -> None:
        super().__init__()
        self._tasks = tasks
        self._media = media
        self._clock = clock
        self._downloads = Turns(self, each=FETCHED_IN_CHANNEL)

    def key(self, item: MusicTask) -> TaskId:
        """See `Worker.key`."""
        return item.id

    async def find(self, room: int, /) -> Sequence[MusicTask]:
        """Finished songs whose audio is still to be fetched."""
        return await self._downloads.pick(partial(self._tasks.media_wanted, self._clock()), room)

    async def handle(self, item: MusicTask) -> None:
        """Fetch the takes of one song that are not there."""
        async with aclosing(self._fetched(item)) as told:
            async for brought in told:
                item = await self._keep(item, brought)

    async def _fetched(self, task: MusicTask) -> AsyncGenerator[Brought, None]:
        try:
            async with aclosing(self._media.fetch_task(task)) as told:
                async for brought in told:
                    yield brought
        except Exception:  # a full disk, an address that nobody can read: the row must say when it ends
            log.exception("audio can't be fetched", extra={"task_id": task.id})
            yield Brought(missing=MediaError(MediaProblem.UNREACHABLE, is_temporary=True))

    async def _keep(self, task: MusicTask, brought: Brought) -> MusicTask:
        is_whole = brought.is_all and brought.missing is None
        if brought.is_new:
            fetched = transitions.MediaFetched(media=brought.files, media_wanted=not is_whole)
            task = await self._tasks.apply(task, fetched)
            log.info("audio fetched", extra={"task_id": task.id, "files": len(brought.files)})
            self.on_done()
        elif is_whole:
            await self._tasks.apply(task, transitions.MediaThere())
        if brought.is_all and brought.missing is not None:
            await self._failed(task, brought.missing)
        return task

    async def _failed(self, task: MusicTask, error: MediaError) -> None:
        now = self._clock()
        log.warning("audio can't be fetched", extra={"task_id": task.id, "reason": error.reason})
        age = now - (task.addresses_at or task.state_at)
        then = next_try(failures=task.media_failures, error=error, age=age, is_renewed=task.addresses_at is not None)
        if then is None:
            await self._tasks.apply(task, transitions.MediaGivenUp())
            log.warning("audio is given up", extra={"task_id": task.id})
            return
        after = now + timedelta(seconds=then.delay_s)
        if then.looks and task.provider_task_id is not None:
            wanted = transitions.AddressesWanted(media_failures=then.failures, media_after=after, next_look_at=now)
            await self._tasks.apply(task, wanted)
        else:
            await self._tasks.apply(task, transitions.FetchPostponed(media_failures=then.failures, media_after=after))
