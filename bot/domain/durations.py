"""Until when: a time from now on, or a date, as people type it."""

import re
from datetime import UTC, datetime, timedelta

FOR_GOOD = frozenset({"", "for good", "forever", "always"})
UNIT_S = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
FROM_NOW = re.compile(r"(?:\d{1,6}\s*[mhdw]\s*)+", re.ASCII)
LONGEST = timedelta(days=3650)


def parse_until(text: str, now: datetime) -> datetime | None:
    """The moment that `2h`, `1d 12h`, `3w`, `2026-08-01` or `2026-08-01 18:00` (UTC) stands for; None is for good.

    Raises:
        ValueError: it is none of these, over already, or more than ten years away.
    """
    said = " ".join(text.casefold().split())
    if said in FOR_GOOD:
        return None
    if FROM_NOW.fullmatch(said):
        until = now + timedelta(seconds=sum(int(n) * UNIT_S[unit] for n, unit in re.findall(r"(\d+)\s*([mhdw])", said)))
    else:
        until = _date(said)
    if not now < until <= now + LONGEST:
        raise ValueError("over already, or more than ten years away")
    return until


def _date(said: str) -> datetime:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(said, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError("neither a time from now on nor a date")
