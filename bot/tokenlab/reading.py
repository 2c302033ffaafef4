"""Readers for JSON of uncertain shape: a field that is missing or of a wrong type is None, never an exception."""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from yarl import URL

ID_MAX_CHARS = 500
MEDIA_URL_MAX_CHARS = 4096
WORD_MAX_CHARS = 100
ALL = 100

Json = Mapping[str, object]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What a database or UTF-8 can't hold: NUL and half surrogate pairs, which JSON can spell."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AMOUNT = re.compile(r"\d{1,6}(?:\.\d{1,12})?", re.ASCII)


def text(value: object, max_chars: int) -> str | None:
    """A non-empty text without surrounding white space, cut at `max_chars` characters."""
    if not isinstance(value, str):
        return None
    return _UNSTORABLE.sub("", value).strip()[:max_chars].strip() or None


def word(value: object) -> str | None:
    """A short name such as a status or an error code, as the provider spelt it."""
    return text(value, WORD_MAX_CHARS)


def identifier(value: object) -> str | None:
    """An opaque id or path of at most 500 characters, whole or not at all; no control characters, no dot segment."""
    if not isinstance(value, str):
        return None
    found = value.strip()
    unusable = not found or len(found) > ID_MAX_CHARS or found in {".", ".."} or _CONTROL.search(found)
    return None if unusable else found


def mapping(value: object) -> Json:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def snake_case(fields: Json) -> Json:
    """An object with names such as `audioUrl` spelt `audio_url`, unless that is there as well and holds anything."""
    spelt = [(_HUMP.sub("_", name).lower(), value) for name, value in fields.items()]
    return {
        **dict(spelt),
        **{name: value for name, value in spelt if value},
        **{name: value for name, value in fields.items() if value},
    }


def items(value: object) -> list[Json]:
    """The objects in an array; other entries are dropped."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def names(value: object) -> tuple[str, ...]:
    """The distinct short names in an array."""
    found = (word(item) for item in value) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(name for name in found if name))


def whole(value: object, low: int, high: int) -> int | None:
    """A whole number from `low` to `high`, both included."""
    return value if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high else None


def percent(value: object) -> int | None:
    """A share from 0 to 100, whole or with a fraction, which is cut off."""
    number = None if isinstance(value, str) else seconds(value)
    return int(number) if number is not None and number <= ALL else None


def seconds(value: object) -> float | None:
    """A finite number of seconds, zero or more, from a number or its text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def amount(value: object) -> Decimal | None:
    """A sum of money below a million, zero or more, from a number or its text in plain decimal notation."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = str(value).strip()
    return Decimal(found) if _AMOUNT.fullmatch(found) else None


def media_url(value: object) -> str | None:
    """An absolute http(s) address without user-info, spelt as it came (a signature may cover the spelling)."""
    if not isinstance(value, str):
        return None
    found = value.strip().replace(" ", "%20")
    if len(found) > MEDIA_URL_MAX_CHARS or _CONTROL.search(found) or "\\" in found:
        return None
    try:
        url = URL(found)
        usable = url.scheme in {"http", "https"} and bool(url.host) and "@" not in url.raw_authority
    except ValueError:
        return None
    return found if usable else None


def first(values: Iterable[str | None]) -> str | None:
    """The first that is there."""
    return next((value for value in values if value), None)
