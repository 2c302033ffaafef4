"""Fetches the audio of finished songs into `MEDIA_DIR`, outside the courier's edit slots."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.media import MediaError, MediaProblem
from bot.domain.tasks import MusicTask, TaskId
from bot.engine.ports import Media
from bot.engine.worker import Worker
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

FIRST_DELAY_S = 10.0
LONGEST_DELAY_S = 3600.0
GIVE_UP_AFTER = timedelta(hours=24)
"""Provider links that have been dead for a day stay dead."""


class Fetcher(Worker[MusicTask]):
    """Downloads each finished song once; a passing failure is tried again for a day."""

    name = "fetcher"
    concurrency = 4

    def __init__(self, tasks: TaskStore, media: Media, clock: Clock) -> None:
        super().__init__()
        self._tasks = tasks
        self._media = media
        self._clock = clock

    def key(self, item: MusicTask) -> TaskId:
        """See `Worker.key`."""
        return item.id

    async def find(self, room: int, /) -> Sequence[MusicTask]:
        """Finished songs whose audio is still to be fetched."""
        return await self._tasks.media_wanted(self._clock(), room + self.hidden)

    async def handle(self, item: MusicTask) -> None:
        """Fetch every take of one song."""
        try:
            media = await self._media.fetch_task(item)
        except MediaError as error:
            await self._failed(item, error)
        except Exception:  # a full disk, an address that nobody can read: the row must say when it ends
            log.exception("audio can't be fetched", extra={"task_id": item.id})
            await self._failed(item, MediaError(MediaProblem.UNREACHABLE, is_temporary=True))
        else:
            await self._tasks.apply(item, transitions.MediaFetched(media=tuple(media)))
            log.info("audio fetched", extra={"task_id": item.id, "files": len(media)})

    async def _failed(self, task: MusicTask, error: MediaError) -> None:
        now = self._clock()
        log.warning("audio can't be fetched", extra={"task_id": task.id, "reason": error.reason})
        if not error.is_temporary or now - task.state_at > GIVE_UP_AFTER:
            await self._tasks.apply(task, transitions.MediaFetched(media=()))
            return
        delay_s = min(FIRST_DELAY_S * 2**task.media_failures, LONGEST_DELAY_S)
        later = transitions.FetchPostponed(
            media_failures=task.media_failures + 1, media_after=now + timedelta(seconds=delay_s)
        )
        await self._tasks.apply(task, later)
