"""Fetches the audio of finished songs into `MEDIA_DIR`, outside the courier's edit slots."""

import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import fields
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.media import Brought, MediaError, MediaProblem, Outlook, due_takes, outlook
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
        """Fetch the takes of one song that are due and not there."""
        async with aclosing(self._fetched(item, due_takes(item, self._clock()))) as told:
            async for brought in told:
                await self._keep(item, brought)

    async def _fetched(self, task: MusicTask, due: Collection[int]) -> AsyncGenerator[Brought, None]:
        try:
            async with aclosing(self._media.fetch_task(task, due)) as told:
                async for brought in told:
                    yield brought
        except OSError as error:  # the operator's to mend: the watch names the setting
            log.error("audio can't be written", extra={"task_id": task.id, "error": error.strerror})  # noqa: TRY400
            yield _nothing(task, due)
        except Exception:  # an address that nobody can read: the row must say when it ends
            log.exception("audio can't be fetched", extra={"task_id": task.id})
            yield _nothing(task, due)

    async def _keep(self, task: MusicTask, brought: Brought) -> None:
        """Write what was fetched, and what was not, into the row as it is by now: it may be wanted again."""
        now = self._clock()
        task = await self._tasks.get(task.id) or task
        then = outlook(task, brought, now)
        for take, error in brought.failed.items():
            log.warning("take can't be fetched", extra={"task_id": task.id, "take": take, "reason": error.reason})
        tried = transitions.MediaTried(
            media_wanted=bool(then.open or then.untried),
            media_tries=then.tries,
            media_failures=min((one.failures for one in then.open), default=task.media_failures),
            media_after=then.after,
        )
        for change in _changes(task, tried, brought, then, now):
            await self._tasks.apply(task, change)
        if brought.fetched:
            log.info("audio fetched", extra={"task_id": task.id, "takes": sorted(brought.fetched)})
            self.on_done()
        if then.gives_up:
            log.warning("audio is given up", extra={"task_id": task.id})


def _nothing(task: MusicTask, due: Collection[int]) -> Brought:
    trouble = MediaError(MediaProblem.UNREACHABLE, is_temporary=True)
    return Brought(files=task.media, failed=dict.fromkeys(due, trouble))


def _changes(
    task: MusicTask, tried: transitions.MediaTried, brought: Brought, then: Outlook, now: datetime
) -> list[transitions.Change]:
    """What a round changes: what the card shows, whether the provider is asked, or else when it is tried again."""
    same = {one.name: getattr(tried, one.name) for one in fields(tried)}
    changes: list[transitions.Change] = []
    if brought.fetched:
        changes.append(transitions.MediaFetched(**same, media=brought.files))
    elif then.gives_up:
        changes.append(transitions.MediaGivenUp(**same))
    if then.looks and task.provider_task_id is not None:
        changes.append(transitions.AddressesWanted(**same, next_look_at=now))
    return changes or [tried]
