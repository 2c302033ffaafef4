"""What moderators do in their own server: to its tasks, to its members, and to what it takes at all."""

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.clock import Clock
from bot.domain.audit import REASON_CHARS, Act, Deed
from bot.domain.blocks import Block, UntilError, UntilOverError, parse_until
from bot.domain.refusals import Reason, Refused
from bot.domain.rules import Intake, Server
from bot.domain.tasks import MusicTask, StaleTaskError, State, TaskId
from bot.domain.transitions import Redelivered
from bot.domain.wishes import one_line
from bot.service.access import Asker, known, moderated
from bot.service.deciding import Deciding
from bot.service.signals import Signals
from bot.store.outages import OutageStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

PAGE_BLOCKS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Whether a server takes wishes, and a page of its blocks."""

    server: Server
    blocks: Sequence[Block]
    number: int
    """Counts from 0."""
    has_more: bool


class Moderating:
    """Each act is written to the audit together with what it does. All refuse members who are no moderators here."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        servers: ServerStore,
        outages: OutageStore,
        deciding: Deciding,
        signals: Signals,
        clock: Clock,
        allowed: AbstractSet[int] = frozenset(),
    ) -> None:
        self._tasks = tasks
        self._servers = servers
        self._outages = outages
        self._deciding = deciding
        self._signals = signals
        self._clock = clock
        self._allowed = allowed

    # --- tasks -----------------------------------------------------------------------------------------------------

    async def task(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A task of a moderator's server.

        Raises:
            Refused: no such task in this server, or the asker is not a moderator.
        """
        guild_id = moderated(asker)
        task = await known(self._tasks, task_id)
        if task.guild_id != guild_id:
            raise Refused(Reason.NOT_FOUND)
        return task

    async def cancel(self, task_id: TaskId, asker: Asker, *, attempt: int) -> MusicTask:
        """Take a task out of the line; `attempt` is the task's when that was asked.

        Raises:
            Refused: see `task`; or it is submitted already, or was since.
        """
        await self.task(task_id, asker)
        return await self._deciding.cancel(task_id, asker, attempt=attempt)

    async def retry(self, task_id: TaskId, asker: Asker, *, attempt: int) -> MusicTask:
        """Send an unclear task again, which may cost again; see `Deciding.retry`.

        Raises:
            Refused: see `task`; or it is not unclear (any more), or that confirmation is used up.
        """
        await self.task(task_id, asker)
        return await self._deciding.retry(task_id, asker, attempt=attempt)

    async def drop(self, task_id: TaskId, asker: Asker, *, attempt: int) -> MusicTask:
        """Let an unclear task go; `attempt` is the one that was unclear when that was asked.

        Raises:
            Refused: see `task`; or it is not unclear (any more), or another attempt is.
        """
        await self.task(task_id, asker)
        return await self._deciding.drop(task_id, asker, attempt=attempt)

    async def redeliver(self, task_id: TaskId, asker: Asker, *, revision: int) -> MusicTask:
        """Deliver a finished task again, from the first rung of the ladder on. Asks no provider.

        Args:
            task_id: the task.
            asker: who confirmed.
            revision: the task's when that was asked: one confirmation brings it once, however often it is pressed.

        Raises:
            Refused: see `task`; or it is not finished, or has changed since.
        """
        task = await self.task(task_id, asker)
        deed = Deed(
            act=Act.REDELIVER, guild_id=moderated(asker), actor_id=asker.user_id, subject_id=task.user_id,
            task_id=task.id,
        )  # fmt: skip
        if task.state is not State.COMPLETED:
            raise Refused(Reason.NOT_FINISHED)
        if task.revision != revision:
            raise Refused(Reason.TOO_LATE)
        try:
            task = await self._tasks.apply(task, Redelivered(), deed)
        except StaleTaskError as error:
            raise Refused(Reason.TOO_LATE) from error
        log.info("task is delivered again", extra={"task_id": task.id})
        self._signals.changed()
        return task

    # --- members ---------------------------------------------------------------------------------------------------

    async def doors(self, asker: Asker, number: int) -> Doors:
        """Whether the server takes wishes, and a page of the blocks that hold at this moment.

        Raises:
            Refused: no moderator asks.
        """
        guild_id, now = moderated(asker), self._clock()
        blocks = await self._servers.blocks_of(guild_id, now, PAGE_BLOCKS + 1, skip=number * PAGE_BLOCKS)
        cause = (await self._outages.situation()).cause
        return Doors(
            server=(await self._servers.get(guild_id)).as_it_stands(self._allowed, cause),
            blocks=blocks[:PAGE_BLOCKS],
            number=number,
            has_more=len(blocks) > PAGE_BLOCKS,
        )

    async def is_blocked(self, user_id: int, asker: Asker) -> bool:
        """Whether the server keeps a member out at this moment; the operator's blocks are not its own.

        Raises:
            Refused: no moderator asks.
        """
        guild_id = moderated(asker)
        block = await self._servers.block_on(guild_id, user_id, self._clock())
        return block is not None and block.guild_id == guild_id

    async def knows(self, user_id: int, asker: Asker) -> bool:
        """Whether a member has ever asked for something in this server, or is blocked in it.

        Raises:
            Refused: no moderator asks.
        """
        return await self._servers.knows(moderated(asker), user_id)

    async def block(self, user_id: int, asker: Asker, *, until: str, reason: str) -> Block:
        """Keep a member out; a block that is there already is replaced.

        Args:
            user_id: the member to block.
            asker: who does it.
            until: as `parse_until` takes it; empty is for good.
            reason: the moderator's own words; may be empty.

        Raises:
            Refused: no moderator asks, or one blocks themselves, or nobody can tell until when.
        """
        guild_id = moderated(asker)
        if user_id == asker.user_id:
            raise Refused(Reason.NOT_YOURSELF)
        try:
            ends_at = parse_until(until, self._clock())
        except UntilOverError as error:
            raise Refused(Reason.UNTIL_OVER) from error
        except UntilError as error:
            raise Refused(Reason.BAD_UNTIL) from error
        why = one_line(reason)[:REASON_CHARS] or None
        block = Block(guild_id=guild_id, user_id=user_id, until=ends_at, reason=why)
        deed = Deed(act=Act.BLOCK, guild_id=guild_id, actor_id=asker.user_id, subject_id=user_id, reason=why)
        await self._servers.block(block, deed)
        log.info("member blocked", extra={"guild_id": guild_id, "for_good": ends_at is None})
        return block

    async def unblock(self, user_id: int, asker: Asker) -> None:
        """Let a member in again.

        Raises:
            Refused: no moderator asks, or the member is not blocked (any more).
        """
        guild_id = moderated(asker)
        deed = Deed(act=Act.UNBLOCK, guild_id=guild_id, actor_id=asker.user_id, subject_id=user_id)
        if not await self._servers.unblock(guild_id, user_id, deed):
            raise Refused(Reason.NOT_BLOCKED)
        log.info("member unblocked", extra={"guild_id": guild_id})

    # --- intake ----------------------------------------------------------------------------------------------------

    async def set_intake(self, intake: Intake, asker: Asker, *, note: str) -> str | None:
        """Open, pause or drain the server; return the note as everybody is told it.

        Raises:
            Refused: no moderator asks, or that changes nothing.
        """
        guild_id = moderated(asker)
        told = one_line(note)[:REASON_CHARS] or None
        kept = None if intake is Intake.OPEN else told
        deed = Deed(act=Act.INTAKE, guild_id=guild_id, actor_id=asker.user_id, reason=told)
        if not await self._servers.set_intake(guild_id, intake, kept, deed):
            raise Refused(Reason.NOTHING_CHANGED)
        log.info("intake changed", extra={"guild_id": guild_id, "intake": intake})
        self._signals.queued()
        self._signals.changed()
        return told
