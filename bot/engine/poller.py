"""Looks at running tasks: RUNNING ─▶ COMPLETED | FAILED | EXPIRED. `bot/domain/pacing.py` says when."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Literal

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.media import renewed
from bot.domain.pacing import BILLING_GAP_S, TROUBLED_LOOKS, empty_look_at, gives_up, is_gone, next_look_at
from bot.domain.tasks import ErrorCode, MusicTask, State, TaskId
from bot.domain.wording import evidence
from bot.engine.budget import Budget, Purpose
from bot.engine.history import History
from bot.engine.ports import Provider
from bot.engine.worker import Worker
from bot.store.singing import SingingStore
from bot.store.tasks import TaskStore
from bot.tokenlab.errors import (
    AccessRefusedError,
    BadAnswerError,
    TaskGoneError,
    TaskNotOwnedError,
    ThrottledError,
    TokenLabError,
    TryLaterError,
)
from bot.tokenlab.models import Look, ProviderStatus

log = logging.getLogger(__name__)

HOPELESS_FAILURES = 3
"""After this many unparsable answers past the deadline, the task counts as unfinished."""
AWAY = timedelta(minutes=3)
"""A look that comes this long after it was due: nobody was there to look."""
BILLING_LOOKS = 2
"""Looks at a completed task for the sake of its billing id, at most."""


LATE_SHARE = 0.25
"""Part of the time that a task has, which lies at least between two looks before it counts as overdue."""


class Doubt(Enum):
    """What is not believed at once: the provider often takes it back with a later look."""

    GONE = auto()
    """It does not know the task, or does not show it to us."""
    EMPTY = auto()
    """It has finished the task without what was asked for."""
    TROUBLED = auto()
    """It names an error beside a status that nobody knows."""
    FOREIGN = auto()
    """The task belongs to another organization's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """The same doubt in looks one after another; those that failed for other reasons say nothing."""

    doubt: Doubt
    since_s: float
    """On a clock that nobody sets."""
    looks: int = 1


class Poller(Worker[MusicTask]):
    """Spends one look at a time on the tasks that are due, and writes what it saw."""

    name = "poller"
    concurrency = 32

    def __init__(
        self,
        tasks: TaskStore,
        singing: SingingStore,
        provider: Provider,
        budget: Budget,
        history: History,
        clock: Clock,
        *,
        interval_s: float,
    ) -> None:
        super().__init__()
        self.idle_s = min(1.0, interval_s)
        self._tasks = tasks
        self._singing = singing
        self._provider = provider
        self._budget = budget
        self._history = history
        self._clock = clock
        self._interval_s = interval_s
        self._key_refused = False
        self.on_key_refused: Callable[[], None] = lambda: None
        """Called for each look that the key was refused for."""
        self._streaks: dict[TaskId, Streak] = {}
        """Forgotten with a restart, which only makes us look more often before we believe."""
        self._unfinished_at: dict[TaskId, float] = {}
        """When a task was first seen unfinished, on a clock that nobody sets.

        Minus infinity if a process before this one has looked at it; infinity if nobody has seen it unfinished.
        """

    def key(self, item: MusicTask) -> TaskId:
        """See `Worker.key`."""
        return item.id

    async def find(self, room: int, /) -> Sequence[MusicTask]:
        """The tasks that are due, as far as the request budget goes."""
        # a few more than there is room for: those in flight or with a penalty don't hide the others
        due = await self._tasks.due_looks(self._clock(), room + self.hidden)
        free = [task for task in due if self.is_free(task.id)]
        return [task for task in free[:room] if self._budget.take(Purpose.LOOK)]

    async def handle(self, item: MusicTask) -> None:
        """Look once and write what was seen."""
        if item.provider_task_id is None:  # the row of a completed create always has one
            raise ValueError("a task without a provider id is due for a look")
        self._unfinished_at.setdefault(item.id, -math.inf if item.looked_at else math.inf)
        try:
            look = await self._provider.look(item.provider_task_id, item.poll_url)
        except TokenLabError as error:
            if not isinstance(error, TryLaterError):  # a no is an answer, too: requests are taken
                self._budget.succeeded()
            await (self._gone(item, error) if isinstance(error, TaskGoneError) else self._failed_look(item, error))
        else:
            self._budget.succeeded()
            self._key_works()
            await self._saw(item, look)

    async def _saw(self, task: MusicTask, look: Look) -> None:
        if task.state is State.COMPLETED:
            await self._saw_again(task, look)
            return
        match look.status:
            case ProviderStatus.COMPLETED if _is_finished(task, look):
                await self._completed(task, look)
            case ProviderStatus.COMPLETED:
                await self._empty(task, look)
            case ProviderStatus.FAILED:
                await self._failed(task, look)
            case ProviderStatus.UNKNOWN if look.has_error:
                if self._doubted(task, Doubt.TROUBLED).looks >= TROUBLED_LOOKS:
                    await self._failed(task, look)
                else:
                    await self._unfinished(task, look)
            case ProviderStatus.PENDING | ProviderStatus.PROCESSING | ProviderStatus.UNKNOWN:
                self._streaks.pop(task.id, None)
                await self._unfinished(task, look)

    def _doubted(self, task: MusicTask, doubt: Doubt) -> Streak:
        """One more look in doubt."""
        known = self._streaks.get(task.id)
        if known is not None and known.doubt is doubt:
            streak = replace(known, looks=known.looks + 1)
        else:
            streak = Streak(doubt=doubt, since_s=self.monotonic())
        self._streaks[task.id] = streak
        return streak

    async def _completed(self, task: MusicTask, look: Look) -> None:
        now = self._clock()
        completed = transitions.Completed(
            result=look.result,
            clip_candidates=look.clip_candidates,
            provider_status=look.raw_status,
            looked_at=now,
            billing_transaction_id=look.billing_transaction_id,
            media_wanted=task.kind.makes_audio,
            next_look_at=None if look.billing_transaction_id else now + timedelta(seconds=BILLING_GAP_S),
            is_found_late=task.next_look_at is not None and now - task.next_look_at > AWAY,
        )
        await self._tasks.apply(task, completed)
        self._forget(task)
        log.info("task moved", extra={"task_id": task.id, "from": task.state, "to": State.COMPLETED})
        await self._history.learn()
        await self._learn_singing(task, look)

    async def _learn_singing(self, task: MusicTask, look: Look) -> None:
        """Remember what the lyrics show of how prompts are taken, and tell the operator of a change once."""
        sings = evidence(task, look.result.lyrics)
        if sings is not None and await self._singing.learn(sings=sings):
            found = "sings prompts word for word" if sings else "does not sing prompts word for word"
            log.info("TokenLab %s where there are title and styles", found, extra={"task_id": task.id})

    async def _empty(self, task: MusicTask, look: Look) -> None:
        """Completed without what was asked for: a few more looks, then as with one that is overdue."""
        now = self._clock()
        again = empty_look_at(now=now, looks=self._doubted(task, Doubt.EMPTY).looks)
        if again is not None:
            await self._note(task, look, again)
        elif _has_result(task, look):  # a stream, or not all takes: better than nothing
            await self._completed(task, look)
        elif task.state is State.RUNNING:
            await self._expire(task, look, ErrorCode.NO_RESULT)
        elif gives_up(now=now, deadline_at=task.deadline_at or now):
            await self._fail(task, ErrorCode.NO_RESULT, None, look=look)
        else:
            await self._note(task, look, next_look_at(now=now, state=task.state, interval_s=self._interval_s))

    async def _failed(self, task: MusicTask, look: Look) -> None:
        code = ErrorCode.CONTENT_REFUSED if look.is_about_content else ErrorCode.PROVIDER_FAILED
        await self._fail(task, code, look.error_detail, look=look)

    async def _fail(self, task: MusicTask, code: ErrorCode, detail: str | None, *, look: Look | None = None) -> None:
        failed = transitions.Failed(
            error_code=code,
            error_detail=detail,
            provider_status=look.raw_status if look else task.provider_status,
            looked_at=self._clock(),
        )
        await self._tasks.apply(task, failed)
        self._forget(task)
        log.info("task moved", extra={"task_id": task.id, "from": task.state, "to": State.FAILED, "code": code})

    async def _unfinished(self, task: MusicTask, look: Look) -> None:
        now = self._clock()
        if _has_result(task, look) and now >= (task.deadline_at or now):  # whatever it calls that: it was paid for
            await self._completed(task, look)
        elif not await self._overdue(task, look):
            await self._note(task, look, next_look_at(now=now, state=task.state, interval_s=self._interval_s))

    async def _note(self, task: MusicTask, look: Look, again: datetime) -> None:
        looked = transitions.Looked(
            provider_status=look.raw_status,
            progress=max(look.progress or 0, task.progress or 0) or None,  # progress never decreases
            looked_at=self._clock(),
            next_look_at=again,
        )
        await self._tasks.apply(task, looked)

    async def _overdue(self, task: MusicTask, look: Look | None) -> bool:
        """Expire a task that is not finished at its deadline; give it up a day later. Return whether that was due.

        Without a look, answers made no sense: that counts as "not finished", else its member's slot is lost.
        """
        now = self._clock()
        deadline_at = task.deadline_at or now
        if not self._is_late(task):
            return False
        if task.state is State.EXPIRED and gives_up(now=now, deadline_at=deadline_at):
            await self._fail(task, ErrorCode.NO_ANSWER, None, look=look)
            return True
        if task.state is State.RUNNING and now >= deadline_at:
            await self._expire(task, look)
            return True
        return False

    def _is_late(self, task: MusicTask) -> bool:
        """Whether two looks that saw it unfinished lie far enough apart for a deadline, however the clock is set."""
        now_s = self.monotonic()
        self._unfinished_at[task.id] = first_s = min(self._unfinished_at[task.id], now_s)
        allowed = (task.deadline_at - task.submitted_at) if task.deadline_at and task.submitted_at else timedelta()
        return now_s - first_s >= allowed.total_seconds() * LATE_SHARE

    def _forget(self, task: MusicTask) -> None:
        self._streaks.pop(task.id, None)
        self._unfinished_at.pop(task.id, None)

    async def _expire(
        self, task: MusicTask, look: Look | None, code: Literal[ErrorCode.NO_RESULT] | None = None
    ) -> None:
        now = self._clock()
        expired = transitions.Expired(
            provider_status=look.raw_status if look else task.provider_status,
            looked_at=now,
            next_look_at=next_look_at(now=now, state=State.EXPIRED, interval_s=self._interval_s),
            error_code=code,
        )
        await self._tasks.apply(task, expired)
        log.warning("task moved", extra={"task_id": task.id, "from": task.state, "to": State.EXPIRED, "code": code})

    async def _saw_again(self, task: MusicTask, look: Look) -> None:
        """The result is stored already: the billing id was missing, or its audio is no longer at its address."""
        now, looks = self._clock(), task.look_failures + 1
        billing_id = look.billing_transaction_id or task.billing_transaction_id
        later = now + timedelta(seconds=BILLING_GAP_S) if billing_id is None and looks < BILLING_LOOKS else None
        bill = transitions.BillLooked(billing_transaction_id=billing_id, look_failures=looks, next_look_at=later)
        await self._tasks.apply(task, _addresses_seen(task, look, bill, now))

    async def _gone(self, task: MusicTask, error: TokenLabError) -> None:
        """A young task may not be readable everywhere at once: only several such answers in a row are believed."""
        if task.state is State.COMPLETED:
            unbilled = transitions.BillLooked(
                billing_transaction_id=task.billing_transaction_id, look_failures=task.look_failures, next_look_at=None
            )
            await self._tasks.apply(task, unbilled)
            return
        streak = self._doubted(task, Doubt.GONE)
        if is_gone(after_s=self.monotonic() - streak.since_s, looks=streak.looks):
            await self._fail(task, ErrorCode.RESULT_GONE, error.detail)
        else:
            await self._failed_look(task, error)

    async def _failed_look(self, task: MusicTask, error: TokenLabError) -> None:
        """A failed look says nothing about the task: look again later."""
        retry_after_s = error.retry_after_s if isinstance(error, TryLaterError) else None
        is_throttled = isinstance(error, ThrottledError)
        if is_throttled:
            self._budget.throttled(retry_after_s)
        if isinstance(error, AccessRefusedError):
            self._key_fails(error)
        if isinstance(error, TaskNotOwnedError):
            self._not_ours(task, error)
        now = self._clock()
        failures = task.look_failures + 1
        if failures >= HOPELESS_FAILURES and isinstance(error, BadAnswerError) and await self._overdue(task, None):
            return
        if task.state is State.COMPLETED:
            again = now + timedelta(seconds=BILLING_GAP_S) if failures < BILLING_LOOKS else None
        else:
            again = next_look_at(
                now=now,
                state=task.state,
                interval_s=self._interval_s,
                failures=failures,
                retry_after_s=retry_after_s,
                is_throttled=is_throttled,
            )
        failed = transitions.LookFailed(looked_at=now, look_failures=failures, next_look_at=again)
        await self._tasks.apply(task, failed)
        log.info("look failed", extra={"task_id": task.id, "failures": failures, "error": type(error).__name__})

    def _not_ours(self, task: MusicTask, error: TokenLabError) -> None:
        if task.state is not State.COMPLETED and self._doubted(task, Doubt.FOREIGN).looks == 1:
            facts = {"task_id": task.id, "request_id": error.request_id}
            log.error("the TokenLab key may not see this task; it is held", extra=facts)

    def _key_fails(self, error: TokenLabError) -> None:
        if not self._key_refused:
            log.error("the TokenLab key is refused; running tasks are held", extra={"request_id": error.request_id})
        self._key_refused = True
        self.on_key_refused()

    def _key_works(self) -> None:
        if self._key_refused:
            log.info("the TokenLab key works again")
        self._key_refused = False


def _has_result(task: MusicTask, look: Look) -> bool:
    """Whether it holds what was asked for."""
    return bool(look.result.tracks if task.kind.makes_audio else look.result.lyrics)


def _is_finished(task: MusicTask, look: Look) -> bool:
    """Whether it holds all of that: of audio a file of each take, not only a stream or an empty address."""
    return _has_result(task, look) and not (task.kind.makes_audio and (look.is_only_streamed or look.lacks_files))


def _addresses_seen(task: MusicTask, look: Look, bill: transitions.BillLooked, now: datetime) -> transitions.BillLooked:
    """What a look says of audio that is still wanted, or new; whatever else it says, a paid song stays finished."""
    if look.status is not ProviderStatus.COMPLETED or not look.result.tracks or task.result is None:
        return bill
    result = task.result if look.is_only_streamed else renewed(task.result, look.result)
    is_more = len(result.tracks) > len(task.result.tracks)
    if not task.media_wanted and not is_more:
        return bill
    seen = transitions.AddressesSeen(
        billing_transaction_id=bill.billing_transaction_id,
        look_failures=bill.look_failures,
        next_look_at=bill.next_look_at,
        addresses_at=now,
        media_after=now,
    )
    if result == task.result:
        return seen
    change = transitions.TakesAdded if is_more else transitions.AddressesRenewed
    return change(**{one.name: getattr(seen, one.name) for one in fields(seen)}, result=result)
