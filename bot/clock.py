"""The one clock. Nothing else in the program asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware and in UTC. Passed in, so that tests can move it."""


def system_clock() -> datetime:
    """The present moment of this machine in UTC."""
    return datetime.now(UTC)
