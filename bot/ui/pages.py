"""What a list shows, as a part of a custom id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from bot.domain.listing import STATES, Stage, Wanted
from bot.domain.queue import Lane, Narrowed
from bot.domain.tasks import Kind
from bot.domain.wishes import one_line
from bot.ui.escape import cut

STAGES = (None, *Stage)
KINDS = (None, *Kind)
LANES = tuple(Lane)
"""Custom ids name a choice by its place: new ones come last."""
SEARCH_CHARS = 40
SEARCH_UNITS = 60
"""Maximum length of the searched words in a custom id of 100 characters, in UTF-16 units, as Discord may count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What a member's own list shows."""

    shape: ClassVar[str] = "list"
    """How custom ids name this kind of state."""

    page: int = 0
    stage: Stage | None = None
    """None for all, as in `kind`."""
    kind: Kind | None = None
    text: str = ""
    """What was searched, as `searched` gives it."""

    @property
    def wanted(self) -> Wanted:
        """Which tasks that are."""
        everything = Wanted(text=self.text)
        return Wanted(
            states=STATES[self.stage] if self.stage else everything.states,
            kinds=frozenset({self.kind}) if self.kind else everything.kinds,
            text=self.text,
        )

    def encode(self) -> str:
        """The state as a part of a custom id."""
        return f"{self.page}:{STAGES.index(self.stage)}:{KINDS.index(self.kind)}:{self.text}"

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """What `encode` gave; places that no choice has mean all."""
        page, stage, kind, text = encoded.split(":", 3)
        return cls(page=int(page), stage=stage_at(stage), kind=kind_at(kind), text=searched(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """What the queue of a server shows."""

    shape: ClassVar[str] = "queue"

    page: int = 0
    narrowed: Narrowed = Narrowed()

    def encode(self) -> str:
        """The state as a part of a custom id."""
        narrowed = self.narrowed
        return f"{self.page}:{LANES.index(narrowed.lane)}:{KINDS.index(narrowed.kind)}:{narrowed.user_id or 0}"

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """What `encode` gave; places that no choice has mean all."""
        page, lane, kind, user_id = encoded.split(":", 3)
        member = int(user_id) if user_id.isdecimal() else 0
        return cls(page=int(page), narrowed=Narrowed(lane=lane_at(lane), kind=kind_at(kind), user_id=member or None))


State = ListState | QueueState
SHAPES: Mapping[str, type[State]] = {one.shape: one for one in (ListState, QueueState)}


def lane_at(place: str | int) -> Lane:
    """The choice at that place; the first one where there is none."""
    return dict(enumerate(LANES)).get(int(place), Lane.OPEN)


def stage_at(place: str | int) -> Stage | None:
    """The choice at that place."""
    return dict(enumerate(STAGES)).get(int(place))


def kind_at(place: str | int) -> Kind | None:
    """The choice at that place."""
    return dict(enumerate(KINDS)).get(int(place))


def searched(text: str) -> str:
    """Words to search for, as far as a custom id can keep them."""
    return one_line(cut(one_line(text)[:SEARCH_CHARS], SEARCH_UNITS))  # again, for what a cut lays bare
