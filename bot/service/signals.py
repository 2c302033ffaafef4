"""What the engine is told, so that it looks at the rows at once; `bot/app.py` joins the two."""

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(*_facts: int) -> None:
    """Nobody listens yet."""


@dataclass(slots=True, kw_only=True)
class Signals:
    """One call for each kind of change that a worker waits for."""

    queued: Callable[[], None] = _nobody
    """A task joined the line."""
    changed: Callable[[], None] = _nobody
    """A card or a board has something new to show."""
    erasing: Callable[[], None] = _nobody
    """A member wants everything erased."""
    turned_away: Callable[[int], None] = _nobody
    """The bot was added to a server, by its id, that the operator does not allow."""
