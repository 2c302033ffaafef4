"""Lists of what a member has asked for: which tasks are wanted, and what a list knows of each."""

import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.tasks import Kind, State, TaskId


class Stage(StrEnum):
    """How far tasks have come, as people sort them."""

    UNDER_WAY = "under_way"
    FINISHED = "finished"
    TROUBLED = "troubled"
    CANCELLED = "cancelled"


STATES: Mapping[Stage, frozenset[State]] = {
    Stage.UNDER_WAY: frozenset({State.RECEIVED, State.QUEUED, State.SUBMITTING, State.RUNNING, State.EXPIRED}),
    Stage.FINISHED: frozenset({State.COMPLETED}),
    Stage.TROUBLED: frozenset({State.FAILED, State.UNCERTAIN}),
    Stage.CANCELLED: frozenset({State.CANCELLED}),
}
"""What Discord never showed is in no list."""

LISTED = frozenset().union(*STATES.values())
SOUNDING = frozenset(kind for kind in Kind if kind.makes_audio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of a member's tasks a list holds."""

    states: Set[State] = LISTED
    kinds: Set[Kind] = frozenset(Kind)
    text: str = ""
    """What the title, the result's title or the prompt holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask:
    """A music task without what is long: what one line of a list needs."""

    id: TaskId
    kind: Kind
    state: State
    created_at: datetime
    user_id: int
    guild_id: int | None
    channel_id: int
    message_id: int | None
    card_lost: str | None
    parent_id: TaskId | None
    deleted_at: datetime | None
    title: str | None
    made_title: str | None
    """The result's own title."""
    prompt: str
    """Its beginning."""
    takes: int = 0
    """How many takes it has."""


def folded(text: str) -> str:
    """Text as it is compared: whatever case, width and spacing it was written with."""
    composed = unicodedata.normalize("NFKC", text)
    return " ".join(unicodedata.normalize("NFKC", composed.casefold()).split())


def search_text(*, title: str | None, made_title: str | None, prompt: str) -> str:
    """All words that a task is found by, folded."""
    return folded("\n".join(part for part in (title, made_title, prompt) if part))
