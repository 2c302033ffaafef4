"""What was asked for, and what became of it: a member's own songs, their families, a server's queue."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import TERMINAL, MusicTask, State, TaskId
from bot.service.parts import Asker, Parts, title_of

log = logging.getLogger(__name__)

OPEN_STATES = (
    State.RECEIVED,
    State.QUEUED,
    State.SUBMITTING,
    State.RUNNING,
    State.EXPIRED,
    State.UNCERTAIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A server's queue as moderators see it."""

    counts: dict[State, int]
    rows: Sequence[MusicTask]


class Library:
    """Looks, and lets owners decide about what is theirs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def task(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A task that this person may see whole: their own, or one of the channel they are in.

        Raises:
            Refused: there is none such for them.
        """
        task = await self._parts.known(task_id)
        if task.user_id != asker.user_id and task.channel_id != asker.channel_id:
            raise Refused(Reason.NOT_FOUND)
        return task

    async def own(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own task.

        Raises:
            Refused: there is none, or it is somebody else's.
        """
        return await self._parts.own(task_id, asker.user_id)

    async def task_of_message(self, message_id: int) -> MusicTask | None:
        """The task that a message shows."""
        return await self._parts.tasks.by_message(message_id)

    async def songs(self, user_id: int, limit: int = 10) -> list[MusicTask]:
        """A member's own tasks, newest first."""
        return await self._parts.tasks.of_member(user_id, limit)

    async def clips(self, user_id: int, text: str, limit: int = 25) -> list[MusicTask]:
        """A member's own finished songs whose title or prompt holds the text, newest first."""
        wanted = text.casefold().strip()
        made = await self._parts.tasks.clips_of_member(user_id, 200)
        return [task for task in made if wanted in f"{title_of(task)} {task.prompt}".casefold()][:limit]

    async def open_to_others(self, task_id: TaskId, asker: Asker, *, may_continue: bool) -> MusicTask:
        """Let others continue a song where it was posted, or don't.

        Raises:
            Refused: it is not this member's.
        """
        task = await self.own(task_id, asker)
        await self._parts.tasks.annotate(task.id, others_may_continue=may_continue)
        return await self.own(task_id, asker)

    async def delete(self, task_id: TaskId, asker: Asker) -> None:
        """Remove a settled task for good: its texts, files and messages; the row stays for the bill.

        Raises:
            Refused: it is not this member's, or still under way.
        """
        task = await self.own(task_id, asker)
        if task.state not in TERMINAL or not await self._parts.tasks.delete(task):
            raise Refused(Reason.NOT_SETTLED)
        log.info("task deleted", extra={"task_id": task.id})
        self._parts.on_changed()

    async def queue(self, guild_id: int, limit: int = 15) -> Queue:
        """What a server has under way."""
        return Queue(
            counts=await self._parts.tasks.counts_of_guild(guild_id),
            rows=await self._parts.tasks.of_guild(guild_id, OPEN_STATES, limit),
        )
