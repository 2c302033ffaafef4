"""What a member has chosen for good: how to be told, and what a wish means where it leaves something open."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.changes import UNSET, Unset

ID_MOST = 2**63 - 1
ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


def id_of(typed: str) -> int | None:
    """An id as Discord's "Copy User ID" gives it; None if it is not a valid id."""
    return int(typed) if ID.fullmatch(typed) and int(typed) <= ID_MOST else None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceChanges:
    """Some of a member's own defaults as they are to be; what is not named stays."""

    telling: Telling | Unset = UNSET
    model: str | Unset | None = UNSET
    version: str | Unset | None = UNSET
    tags: str | Unset | None = UNSET
    instrumental: bool | Unset = UNSET


NO_PREFERENCES = PreferenceChanges(telling=Telling.PING, model=None, version=None, tags=None, instrumental=False)
"""What everybody begins with."""
