"""A member who may not ask: in one server, or by the operator everywhere."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("month", "months"), timedelta(days=30)),
}
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
SPAN = re.compile(rf"(?:\d{{1,5}}\s*(?:{_UNIT})(?![a-z])\s*)+")
PART = re.compile(rf"(\d+)\s*({_UNIT})(?![a-z])")
DATE = re.compile(r"(\d{4}-\d{2}-\d{2}(?:[ t]\d{2}:\d{2})?)(?: ?utc)?", re.ASCII)
LONGEST = timedelta(days=3650)
UNTIL_CHARS = 40


class UntilError(ValueError):
    """A text that says no moment to come; empty would be for good."""


class UntilOverError(UntilError):
    """It says a moment that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Until when and why a member may not ask."""

    guild_id: int
    """`EVERYWHERE` for the operator's."""
    user_id: int
    until: datetime | None = None
    """None is for good."""
    reason: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still keeps the member out."""
        return self.until is None or now < self.until


def parse_until(text: str, now: datetime) -> datetime | None:
    """The moment until which a member is blocked; None for an empty text: for good.

    Args:
        text: a span (`2h`, `3 days`, `1w 2d`, `1 month`), or when it ends, in UTC (`2026-12-01`, `2026-12-01 18:00`).
        now: spans begin here.

    Raises:
        UntilError: it is neither, or more than ten years away.
        UntilOverError: it is not to come.
    """
    said = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if not said:
        return None
    until = _moment(said, now) if len(said) <= UNTIL_CHARS else None
    if until is None or until > now + LONGEST:
        raise UntilError
    if until <= now:
        raise UntilOverError
    return until


def _moment(said: str, now: datetime) -> datetime | None:
    if date := DATE.fullmatch(said):
        try:
            return datetime.fromisoformat(date[1]).replace(tzinfo=UTC)
        except ValueError:  # no such day
            return None
    if SPAN.fullmatch(said):
        spans = (int(number) * UNITS[unit] for number, unit in PART.findall(said))
        return now + min(sum(spans, timedelta()), 2 * LONGEST)
    return None
