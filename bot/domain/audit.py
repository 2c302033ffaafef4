"""What moderators, admins and the operator did: a line of the audit, which nobody changes or removes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.rules import Plain
from bot.domain.tasks import TaskId

REASON_CHARS = 300


class Act(StrEnum):
    """What was done."""

    CANCEL = "cancel"
    RETRY = "retry"
    DROP = "drop"
    REDELIVER = "redeliver"
    BLOCK = "block"
    UNBLOCK = "unblock"
    INTAKE = "intake"
    """Paused, drained or resumed."""
    RULES = "rules"
    BOARD = "board"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act that is about to be done; it is written in the same transaction as what it does."""

    act: Act
    guild_id: int
    """`EVERYWHERE` for the operator's."""
    actor_id: int | None
    """None is the operator, at the command line."""
    subject_id: int | None = None
    """The member concerned."""
    task_id: TaskId | None = None
    reason: str | None = None
    """A moderator's own words."""
    before: Mapping[str, Plain] = field(default_factory=dict)
    after: Mapping[str, Plain] = field(default_factory=dict)
    """What changed; never anything that a member wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """A deed that was done."""

    id: int
    at: datetime
    act: Act
    guild_id: int
    actor_id: int | None
    """None for the operator, and for a member who has been erased."""
    actor_ref: str | None
    """The random reference that stays of a person; None for the operator."""
    subject_id: int | None
    subject_ref: str | None
    task_id: TaskId | None
    reason: str | None
    before: Mapping[str, Plain]
    after: Mapping[str, Plain]
