"""How much one member may have under way: pure decisions."""

from dataclasses import dataclass

RUNNING_PER_MEMBER = 3
"""So many at the provider at once; the rest wait in our line, where cancelling is free."""
WAITING_PER_MEMBER = 10
"""So many in our line; one more is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """What a member has under way."""

    waiting: int
    running: int


def may_ask(under_way: UnderWay) -> bool:
    """Whether one more wish may join the line."""
    return under_way.waiting < WAITING_PER_MEMBER


def may_run(running: int) -> bool:
    """Whether one more of a member's tasks may be sent to the provider."""
    return running < RUNNING_PER_MEMBER
