"""The rules of a server, as its admins set them; those of direct messages are the operator's."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from bot.domain.changes import UNSET, Unset
from bot.domain.outage import Cause

EVERYWHERE = 0
"""Stands where a server's id would: the operator's own rules and blocks. The rules hold in direct messages; the blocks
and the words that are kept out hold in every server, too."""
OVERALL = -1
"""Stands where a server's id would: the operator's budget over all servers and direct messages together."""
BUDGETS = ("monthly_songs", "monthly_usd")
"""The rules that limit a month; they alone can hold for everything."""
LIMIT_MOST = 1_000_000
"""More than this is no limit at all."""
USD_MOST = Decimal(1_000_000)
DAYS_MOST = 3650
WORDS_MOST = 200
WORD_CHARS = 50
PATTERNS_MOST = 25
PATTERN_CHARS = 200
PLACES_MOST = 25


class Intake(StrEnum):
    """Whether a server takes wishes."""

    OPEN = "open"
    PAUSED = "paused"
    """Nothing new is taken, and what waits in the line is held there."""
    DRAINING = "draining"
    """Nothing new is taken; what was asked for is still made."""


Plain = bool | int | str | list[int] | list[str] | None
"""A value as JSON can keep it."""
RuleValue = bool | int | str | Decimal | frozenset[int] | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds in one server. None is no limit of that kind, or leaves it to the operator."""

    channels: frozenset[int] = frozenset()
    """Where wishes are taken; none named: everywhere."""
    roles: frozenset[int] = frozenset()
    """Whose wishes are taken: who has one of these; none named: everybody's."""
    running_per_member: int = 3
    """Maximum number at the provider at once; the rest wait in our line, where cancelling is free."""
    waiting_per_member: int = 10
    """Maximum number in our line; one more is refused."""
    daily_per_member: int | None = None
    """In one day of UTC."""
    running_per_server: int | None = None
    waiting_per_server: int | None = None
    daily_per_server: int | None = None
    monthly_songs: int | None = None
    """In one month of UTC, of all kinds."""
    monthly_usd: Decimal | None = None
    warning_channel_id: int | None = None
    """Where it is told that most of the month's budget is used."""
    model: str | None = None
    version: str | None = None
    others_may_continue: bool = True
    """Whether members may continue each other's songs."""
    words: tuple[str, ...] = ()
    """Kept out of wishes; see `bot/domain/filters.py`."""
    patterns: tuple[str, ...] = ()
    keep_days: int | None = None
    """Prompts, lyrics and results are erased after so long; None keeps them."""
    locale: str | None = None
    """The language of cards; None is what the server's own settings say."""

    def encode(self) -> dict[str, Plain]:
        """What differs from the usual, as JSON can keep it."""
        usual = Rules()
        names = [one.name for one in fields(self) if getattr(self, one.name) != getattr(usual, one.name)]
        return self.plain(names)

    def plain(self, names: Iterable[str]) -> dict[str, Plain]:
        """Some of them by name, as JSON can keep them."""
        return {name: _plain(getattr(self, name)) for name in names}

    @classmethod
    def decode(cls, encoded: Mapping[str, object]) -> Self:
        """What `encode` gave; what a later version wrote is left out."""
        known = {one.name for one in fields(cls)}
        values: dict[str, Any] = {name: _typed(name, value) for name, value in encoded.items() if name in known}
        return cls(**values)


def _plain(value: RuleValue) -> Plain:
    match value:
        case frozenset():
            return sorted(value)
        case Decimal():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def _typed(name: str, value: object) -> object:
    match value:
        case list() if name in {"channels", "roles"}:
            return frozenset(map(int, value))
        case list():
            return tuple(map(str, value))
        case str() if name == "monthly_usd":
            return Decimal(value)
        case _:
            return value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanges:
    """Some of the rules as they are to be, by their names in `Rules`; what is not named stays."""

    channels: frozenset[int] | Unset = UNSET
    roles: frozenset[int] | Unset = UNSET
    running_per_member: int | Unset = UNSET
    waiting_per_member: int | Unset = UNSET
    daily_per_member: int | Unset | None = UNSET
    running_per_server: int | Unset | None = UNSET
    waiting_per_server: int | Unset | None = UNSET
    daily_per_server: int | Unset | None = UNSET
    monthly_songs: int | Unset | None = UNSET
    monthly_usd: Decimal | Unset | None = UNSET
    warning_channel_id: int | Unset | None = UNSET
    model: str | Unset | None = UNSET
    version: str | Unset | None = UNSET
    others_may_continue: bool | Unset = UNSET
    words: tuple[str, ...] | Unset = UNSET
    patterns: tuple[str, ...] | Unset = UNSET
    keep_days: int | Unset | None = UNSET
    locale: str | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as the bot knows it: its rules, and whether it takes wishes now."""

    guild_id: int
    rules: Rules = Rules()
    intake: Intake = Intake.OPEN
    intake_note: str | None = None
    """What its moderators tell everybody about that."""
    is_listed: bool = True
    """Whether the operator allows the bot in it, as far as that was asked: see `as_it_stands`."""
    stopped_by: Cause | None = None
    """What stops everybody, as far as that was asked."""

    @property
    def takes_wishes(self) -> bool:
        """Whether nothing keeps wishes out."""
        return self.is_listed and self.stopped_by is None and self.intake is Intake.OPEN

    def as_it_stands(self, allowed: AbstractSet[int], stopped_by: Cause | None) -> "Server":
        """The same server, with what the operator's list says of it and what stops everybody."""
        return replace(self, is_listed=is_allowed(self.guild_id, allowed), stopped_by=stopped_by)


def is_allowed(guild_id: int | None, allowed: AbstractSet[int]) -> bool:
    """Whether the operator's list names a server; an empty one names all. Direct messages are not concerned."""
    return not allowed or guild_id is None or guild_id in allowed
