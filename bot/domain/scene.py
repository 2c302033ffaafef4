"""What a card shows beside its own row: where the task stands in the line, and its family."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.line import Place
from bot.domain.outage import Cause
from bot.domain.tasks import MusicTask, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a task was made from, and what was made from it."""

    parent: MusicTask | None = None
    children: tuple[MusicTask, ...] = ()


def family_of(parent: MusicTask | None, children: Iterable[MusicTask]) -> Family:
    """The family without what is deleted, and without what is not finished."""
    return Family(
        parent=parent if parent is not None and parent.deleted_at is None else None,
        children=tuple(child for child in children if child.state is State.COMPLETED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The surroundings of one task at one moment."""

    place: Place | None = None
    """Where it stands in the line, if it waits there."""
    stopped_by: Cause | None = None
    """What stops everybody, while something does."""
    shut_until: datetime | None = None
    """While nothing is sent to the provider: when that is tried again."""
    family: Family = field(default_factory=Family)
