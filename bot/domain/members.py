"""What a member has chosen for good: how to be told, and what a wish means where it leaves something open."""

from dataclasses import dataclass
from enum import StrEnum


class Telling(StrEnum):
    """How a member hears that a wish has come to its end."""

    PING = "ping"
    """A message in the channel that mentions them."""
    DM = "dm"
    SILENT = "silent"
    """The card alone tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A member's own defaults; None leaves it to the operator."""

    user_id: int
    telling: Telling = Telling.PING
    model: str | None = None
    version: str | None = None
    tags: str | None = None
    instrumental: bool = False
