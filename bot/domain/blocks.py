"""A member who may not ask: in one server, or by the operator everywhere."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SPAN = re.compile(r"(?:\d{1,5}\s*(?:min|m|h|d|w)\s*)+")
PART = re.compile(r"(\d+)\s*(min|m|h|d|w)")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?", re.ASCII)
LONGEST = timedelta(days=3650)
UNTIL_CHARS = 40


class UntilError(ValueError):
    """A text that says no moment to come; empty would be for good."""


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


def parse_until(text: str, now: datetime) -> datetime | None:
    """The moment until which somebody is blocked; None for an empty text: for good.

    Args:
        text: a span (`2h`, `3 d`, `1w 2d`, `90 min`), or when it ends, in UTC (`2026-12-01`, `2026-12-01 18:00`).
        now: spans begin here.

    Raises:
        UntilError: it is neither, not to come, or more than ten years away.
    """
    said = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if not said:
        return None
    until = _moment(said, now) if len(said) <= UNTIL_CHARS else None
    if until is None or not now < until <= now + LONGEST:
        raise UntilError
    return until


def _moment(said: str, now: datetime) -> datetime | None:
    if DATE.fullmatch(said):
        try:
            return datetime.fromisoformat(said).replace(tzinfo=UTC)
        except ValueError:  # no such day
            return None
    if SPAN.fullmatch(said):
        spans = (timedelta(**{UNITS[unit]: int(number)}) for number, unit in PART.findall(said))
        return now + min(sum(spans, timedelta()), 2 * LONGEST)
    return None
