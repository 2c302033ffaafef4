"""Whether a moment that was written down has come, on a clock that may have been set meanwhile.

A moment that lies further ahead than we ever put one was written under another clock: it counts as come. So a clock
that is set back stops nothing, and one that was ahead for a while leaves nothing behind.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum


class Pause(Enum):
    """What waits for its moment."""

    LOOK = "look"
    SHOW = "show"
    FETCH = "fetch"
    SUBMIT = "submit"


LONGEST: Mapping[Pause, timedelta] = {
    Pause.LOOK: timedelta(hours=1),
    Pause.SHOW: timedelta(hours=1),
    Pause.FETCH: timedelta(days=1),
    Pause.SUBMIT: timedelta(hours=1),
}
"""No moment of a kind is ever put further ahead than this."""


def is_due(at: datetime | None, now: datetime, pause: Pause) -> bool:
    """Whether the moment after a pause has come; none is always due."""
    return at is None or at <= now or at > now + LONGEST[pause]


def is_over(since: datetime | None, now: datetime, patience: timedelta) -> bool:
    """Whether a patience that began at a moment is over; one that begins in the future never began."""
    return since is None or not since <= now < since + patience
