"""A member who may not ask: in one server, or by the operator everywhere."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Until when and why somebody may not ask."""

    guild_id: int
    """`EVERYWHERE` for the operator's."""
    user_id: int
    until: datetime | None = None
    """None is for good."""
    reason: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still keeps the member out."""
        return self.until is None or now < self.until
