"""A server's queue as its moderators see it: its lanes, how it is narrowed, and what is counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.tasks import TERMINAL, ErrorCode, Kind, MusicTask, State, TaskId

COUNTED_FOR = timedelta(days=1)
"""What has come to an end is counted for so long; counting all that ever did would take too long."""


class Lane(StrEnum):
    """Which of a server's tasks a queue holds."""

    OPEN = "open"
    """Whatever has not come to an end."""
    WAITING = "waiting"
    MAKING = "making"
    STUCK = "stuck"
    """At the provider for longer than 99 of 100 tasks of their kind and model; overdue ones are among them."""
    OVERDUE = "overdue"
    UNCLEAR = "unclear"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


LANES: Mapping[Lane, frozenset[State]] = {
    Lane.OPEN: frozenset(State) - TERMINAL,
    Lane.WAITING: frozenset({State.RECEIVED, State.QUEUED}),
    Lane.MAKING: frozenset({State.SUBMITTING, State.RUNNING}),
    Lane.STUCK: frozenset({State.RUNNING, State.EXPIRED}),
    Lane.OVERDUE: frozenset({State.EXPIRED}),
    Lane.UNCLEAR: frozenset({State.UNCERTAIN}),
    Lane.FINISHED: frozenset({State.COMPLETED}),
    Lane.FAILED: frozenset({State.FAILED}),
    Lane.CANCELLED: frozenset({State.CANCELLED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which tasks of a server are wanted; None for all of a kind, or of everybody."""

    lane: Lane = Lane.OPEN
    kind: Kind | None = None
    user_id: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it holds what has not come to an end: the oldest of that comes first."""
        return LANES[self.lane] <= LANES[Lane.OPEN]

    def fits(self, task: "AtWork | MusicTask") -> bool:
        """Whether a task is of this kind and this member."""
        return self.kind in {None, task.kind} and self.user_id in {None, task.user_id}

    @property
    def is_narrow(self) -> bool:
        """Whether only some of a lane are wanted."""
        return self.kind is not None or self.user_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """A task at the provider: what it takes to say whether it is stuck."""

    id: TaskId
    kind: Kind
    model: str
    user_id: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many of a server's tasks there are, by state."""

    open: Mapping[State, int]
    """Not at an end; states without any are left out."""
    ended: Mapping[State, int]
    """At an end since `COUNTED_FOR` ago, but for those that their owners have deleted."""
    failures: Mapping[ErrorCode | None, int]
    """The failed ones among these, by their kind of error."""
    oldest_waiting_at: datetime | None
    """Since when the oldest one waits in the line."""
