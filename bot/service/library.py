"""What was asked for, and what became of it: a member's own songs, and their families."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.domain.listing import SOUNDING, STATES, ListedTask, Stage, Wanted
from bot.domain.refusals import Reason, Refused
from bot.domain.scene import Family, family_of
from bot.domain.tasks import TERMINAL, MusicTask, Role, StaleTaskError, TaskId
from bot.domain.transitions import Emptied, MediaWanted, OpenedToOthers
from bot.service.access import Asker, known, own
from bot.service.kin import Branch, tree_of
from bot.service.signals import Signals
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

PAGE_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a member's own tasks."""

    rows: Sequence[ListedTask]
    number: int
    """Counts from 0."""
    pages: int
    """At least one."""
    total: int
    """How many tasks all pages hold."""


class Library:
    """Looks, and lets owners decide about what is theirs."""

    def __init__(self, *, tasks: TaskStore, signals: Signals) -> None:
        self._tasks = tasks
        self._signals = signals

    async def task(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A task that this person may see whole: their own, or one of the channel they are in.

        Raises:
            Refused: there is none such for them.
        """
        task = await known(self._tasks, task_id)
        if task.user_id != asker.user_id and task.channel_id != asker.channel_id:
            raise Refused(Reason.NOT_FOUND)
        return task

    async def own(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A member's own task.

        Raises:
            Refused: there is none, or it is another member's.
        """
        return await own(self._tasks, task_id, asker.user_id)

    async def told(self, task: MusicTask, channel_id: int, message_id: int) -> None:
        """A message tells its member about a task."""
        await self._tasks.remember_message(task, message_id=message_id, channel_id=channel_id, role=Role.PING)

    async def task_of_message(self, message_id: int) -> MusicTask | None:
        """The task that a message shows."""
        return await self._tasks.by_message(message_id)

    async def messages_of(self, task: MusicTask) -> list[tuple[int, int]]:
        """Channel and id of every message that shows a task: the card first, the others as they came."""
        known = await self._tasks.messages_of(task.id)
        return sorted(known, key=lambda one: (one[1] != task.message_id, one[1]))

    # --- lists -------------------------------------------------------------------------------------------------

    async def page(self, user_id: int, wanted: Wanted, number: int) -> Page:
        """A page of a member's own tasks, newest first; the last page if the number is beyond it."""
        ids = await self._tasks.ids_of_member(user_id, wanted)
        pages = max(1, -(-len(ids) // PAGE_ROWS))
        number = min(number, pages - 1)
        here = ids[number * PAGE_ROWS : (number + 1) * PAGE_ROWS]
        rows = await self._tasks.listed(here)
        return Page(rows=rows, number=number, pages=pages, total=len(ids))

    async def clips(self, user_id: int, text: str, limit: int = 25) -> Sequence[ListedTask]:
        """A member's own finished songs whose title or prompt holds the text, newest first."""
        wanted = Wanted(states=STATES[Stage.FINISHED], kinds=SOUNDING, text=text)
        return await self._tasks.listed((await self._tasks.ids_of_member(user_id, wanted))[:limit])

    # --- families ----------------------------------------------------------------------------------------------

    async def family(self, task: MusicTask) -> Family:
        """What a task was made from, and what was made from it, as its card names them."""
        parent = await self._tasks.get(task.parent_id) if task.parent_id is not None else None
        return family_of(parent, await self._tasks.children_of(task.id))

    async def tree(self, task_id: TaskId, asker: Asker) -> list[Branch]:
        """The family of a member's own task, from the first ancestor down, as far as it is for this person's eyes.

        Raises:
            Refused: there is no such task, or it is another member's.
        """
        await self.own(task_id, asker)
        return await tree_of(task_id, asker, self._tasks)

    # --- decisions ---------------------------------------------------------------------------------------------

    async def fetch_anew(self, task: MusicTask) -> None:
        """Fetch the audio of a finished song that is missing here: at once, even if it was given up before."""
        with suppress(StaleTaskError):  # deleted meanwhile
            await self._tasks.apply(task, MediaWanted())

    async def open_to_others(self, task_id: TaskId, asker: Asker, *, may_continue: bool) -> MusicTask:
        """Let others continue a song where it was posted, or don't.

        Raises:
            Refused: it is not this member's.
        """
        task = await self.own(task_id, asker)
        return await self._tasks.apply(task, OpenedToOthers(others_may_continue=may_continue))

    async def delete(self, task_id: TaskId, asker: Asker) -> None:
        """Remove a settled task for good: its texts, files and messages; the row stays for the bill.

        Raises:
            Refused: it is not this member's, or still under way.
        """
        task = await self.own(task_id, asker)
        if task.state not in TERMINAL:
            raise Refused(Reason.NOT_SETTLED)
        try:
            await self._tasks.apply(task, Emptied())
        except StaleTaskError as error:
            raise Refused(Reason.NOT_FOUND) from error
        log.info("task deleted", extra={"task_id": task.id})
        self._signals.changed()
