"""What is kept of a person: what an export holds, and an erasure that is being worked off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.lyrics import LyricsVersion
from bot.domain.tasks import AttemptOutcome, MusicTask, State
from bot.domain.transitions import Part

NOBODY = 0
"""Stands where a member's id was, once the member is erased."""


UNCLEAR_PATIENCE = timedelta(days=3)
"""An unclear task is its member's to decide for so long, before an erasure or its server's rule drops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A member wants everything erased that was asked for up to a moment."""

    user_id: int
    asked_at: datetime
    locale: str
    """The language in which the member is told when it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One POST for a music task, as it is on record."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: AttemptOutcome
    request_id: str | None
    provider_task_id: str | None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMove:
    """How a task came into one of its states."""

    from_state: State | None
    """None where it began."""
    to_state: State
    at: datetime
    part: Part
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTask:
    """Everything that is kept of one music task."""

    task: MusicTask
    attempts: tuple[Attempt, ...] = ()
    moves: tuple[TaskMove, ...] = ()
    """Its history, oldest first."""
    versions: tuple[LyricsVersion, ...] = ()
    messages: tuple[tuple[int, int], ...] = ()
    """Channel and id of every message that shows it."""
    cost_usd: Decimal | None = None
    """What the provider's records say that it has cost, if that is known."""
