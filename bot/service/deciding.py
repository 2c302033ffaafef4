"""Deciding about a wish that waits or became unclear: cancel, try again, drop; moderators' decisions are audited."""

import logging
from collections.abc import Collection, Mapping

from bot.domain.audit import Act, Deed
from bot.domain.limits import LimitReachedError
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import MusicTask, StaleTaskError, State, TaskId
from bot.domain.transitions import Cancelled, Part, Retried
from bot.service.access import Asker, known
from bot.service.admission import Admission
from bot.service.signals import Signals
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

DECISIONS: Mapping[Act, tuple[State, State]] = {
    Act.CANCEL: (State.QUEUED, State.CANCELLED),
    Act.RETRY: (State.UNCERTAIN, State.QUEUED),
    Act.DROP: (State.UNCERTAIN, State.CANCELLED),
}
"""From which state to which."""


class Deciding:
    """By the requester, or by a moderator of the same server."""

    def __init__(self, *, tasks: TaskStore, admission: Admission, signals: Signals) -> None:
        self._tasks = tasks
        self._admission = admission
        self._signals = signals

    async def cancel(self, task_id: TaskId, asker: Asker, *, attempt: int | None = None) -> MusicTask:
        """Take a task out of the line; costs nothing. An attempt is the task's when that was asked.

        Raises:
            Refused: submitted already, or neither the member's own nor one of the moderator's server.
        """
        return await self._settle(_still(await self.touchable(task_id, asker), attempt), asker, Act.CANCEL)

    async def uncertain(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """The unclear task that this person may decide about.

        Raises:
            Refused: it is not unclear (any more), or not theirs to decide.
        """
        task = await self.touchable(task_id, asker)
        if task.state is not State.UNCERTAIN:
            raise Refused(Reason.TOO_LATE)
        return task

    async def retry(self, task_id: TaskId, asker: Asker, *, attempt: int) -> MusicTask:
        """Send an unclear task again, which may cost again; the person has confirmed that.

        Args:
            task_id: the task.
            asker: who confirmed.
            attempt: the attempt whose fate is unclear: one confirmation pays for one more, however often it is pressed.

        Raises:
            Refused: see `uncertain`; or the confirmation is used up, the member is blocked, or the server's money is.
        """
        await self._admission.check_running()
        task = await self.uncertain(task_id, asker)
        self._admission.check_allowed(task.guild_id)
        if task.user_id == asker.user_id:
            await self._admission.check_not_blocked(task.guild_id, task.user_id)
        _still(task, attempt)
        moved = await self._settle(task, asker, Act.RETRY)
        self._signals.queued()
        return moved

    async def drop(self, task_id: TaskId, asker: Asker, *, attempt: int | None = None) -> MusicTask:
        """Let an unclear task go. An attempt is the one that was unclear when that was asked.

        Raises:
            Refused: see `uncertain`.
        """
        return await self._settle(_still(await self.uncertain(task_id, asker), attempt), asker, Act.DROP)

    async def server_removed(self, guild_id: int) -> None:
        """The bot is no longer in a server: what waits there is cancelled; what runs goes to DMs and `/songs`."""
        while waiting := await self._tasks.in_line_of(guild_id):
            await self._tasks.apply_all([(task, Cancelled(by=Part.DISCORD)) for task in waiting])

    async def servers_present(self, guild_ids: Collection[int]) -> None:
        """These are all servers of ours: wishes of others that wait in the line are cancelled."""
        for guild_id in await self._tasks.guilds_in_line() - set(guild_ids):
            await self.server_removed(guild_id)

    async def _settle(self, task: MusicTask, asker: Asker, act: Act) -> MusicTask:
        before, after = DECISIONS[act]
        if task.state is not before:
            raise Refused(Reason.TOO_LATE)
        by_moderator = task.user_id != asker.user_id
        by = Part.MODERATOR if by_moderator else Part.MEMBER
        decided = Retried(by=by) if act is Act.RETRY else Cancelled(by=by)
        try:
            moved = await self._tasks.apply(task, decided, _deed(act, task, asker))
        except StaleTaskError as error:
            raise Refused(Reason.TOO_LATE) from error
        except LimitReachedError as error:
            raise await self._admission.limit_refused(error.limit, task.guild_id) from error
        log.info("task moved", extra={"task_id": task.id, "from": before, "to": after, "by_moderator": by_moderator})
        self._signals.changed()
        return moved

    async def touchable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A task that this person may change: their own, or as moderator one of this server.

        Raises:
            Refused: it is neither.
        """
        task = await known(self._tasks, task_id)
        same_server = task.guild_id is not None and task.guild_id == asker.guild_id
        if task.user_id != asker.user_id and not (asker.is_moderator and same_server):
            raise Refused(Reason.NOT_YOURS)
        return task


def _still(task: MusicTask, attempt: int | None) -> MusicTask:
    """The task, if its attempt is the one that was asked about.

    Raises:
        Refused: it is another.
    """
    if attempt is not None and task.attempt != attempt:
        raise Refused(Reason.TOO_LATE)
    return task


def _deed(act: Act, task: MusicTask, asker: Asker) -> Deed | None:
    """What the audit keeps of a moderator's decision about another member's task; of an owner's it keeps nothing."""
    if task.guild_id is None or task.user_id == asker.user_id:
        return None
    before, after = DECISIONS[act]
    return Deed(
        act=act, guild_id=task.guild_id, actor_id=asker.user_id, subject_id=task.user_id, task_id=task.id,
        before={"state": before}, after={"state": after},
    )  # fmt: skip
