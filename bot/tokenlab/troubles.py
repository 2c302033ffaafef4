"""What an error of the provider says, in whichever of its shapes, and what its words are about. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.tokenlab.errors import DETAIL_MAX_CHARS
from bot.tokenlab.reading import Json, first, mapping, text, word

DEPTH_MAX = 4
"""`error` inside `error`: one gateway hands on what another has told it."""

_REASONS = ("fail_reason", "failReason", "error_message", "errorMessage")
"""Only there when something went wrong."""
_TEXTS = (*_REASONS, "message", "msg", "detail")
_CODES = ("code", "error_code", "errorCode")
_CODE = re.compile(r"[A-Za-z][\w.\-]{2,60}", re.ASCII)
"""How a code looks where a text could stand: one word."""
_PRAISE = frozenset({"success", "ok"})
"""What some answers say beside each failure."""
_NOTHING = frozenset({"", "null", "none", "0", "200", *_PRAISE})
"""What stands in the place of an error where there is none."""

_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
_GAPS = re.compile(r"[\W_]+")
_CONTENT = re.compile(
    r"\b(?:content (?:policy|violation|filter(?:ed)?|safety)|sensitive (?:words?|content)"
    r"|copyright(?:s|ed)?|moderation|nsfw|artist names?)\b"
)
_CREDIT = r"(?:credits?|balance|funds)"
_NO_CREDIT = re.compile(
    rf"\b(?:no|insufficient|not enough|out of) (?:\w+ )?{_CREDIT}\b(?! (?:was|were|will|has|have)\b)"
    rf"|\b{_CREDIT} (?:\w+ ){{0,3}}(?:insufficient|exhausted|depleted|used up|too low|not enough)\b"
    rf"|\b(?:0|zero) {_CREDIT} (?:left|remaining|available)\b|\b{_CREDIT} (?:left|remaining|available) (?:0|zero)$"
    rf"|\b{_CREDIT} (?:limit|quota) (?:reached|exceeded|exhausted)\b"
    r"|\binsufficient quota\b|^quota exceeded$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What an answer says about what went wrong."""

    names: frozenset[str]
    """Codes and types, as they are spelt."""
    detail: str | None
    """A text, else a code alone; at most 500 characters, perhaps in several lines."""
    is_there: bool
    """Whether it names an error or a reason at all; a `message` may stand in any answer."""

    @property
    def words(self) -> frozenset[str]:
        """Codes and types, lower-case."""
        return frozenset(name.lower() for name in self.names)

    @property
    def is_about_content(self) -> bool:
        """Whether a code or a type says, in whole words, that the content is not allowed; see `is_about_content`."""
        return any(map(is_about_content, self.names))


def trouble_in(body: Json) -> Trouble:
    """Read the error of an answer: a string, an object, one inside another, or fields beside the others."""
    levels = list(_levels(body))[::-1]  # the innermost level comes from the source of the trouble
    plain = [_plain(level.get("error")) for level in levels]
    codes = [word(level.get(name)) for level in levels for name in _CODES]
    codes += [found for found in plain if found and _CODE.fullmatch(found)]
    kinds = [word(level.get("type")) for level in levels]
    texts = [found for found in plain if found and not _CODE.fullmatch(found)]
    texts += [found for level in levels for name in _TEXTS if (found := _plain(level.get(name)))]
    return Trouble(
        names=frozenset(found for found in (*codes, *kinds) if found),
        detail=first(found for found in texts if found.lower() not in _PRAISE) or first(codes),
        is_there=any(_says_something(body.get(name)) for name in ("error", *_REASONS)),
    )


def is_about_content(said: str | None) -> bool:
    """Whether a code or a text says, in whole words, that the content is not allowed."""
    return _CONTENT.search(_spaced(said)) is not None


def is_about_credit(said: str | None) -> bool:
    """Whether a code or a text says, in whole words, that there is no credit left."""
    return _NO_CREDIT.search(_spaced(said)) is not None


def _levels(body: Json) -> Iterator[Json]:
    level = body
    for _ in range(DEPTH_MAX):
        yield level
        level = mapping(level.get("error"))
        if not level:
            return


def _says_something(value: object, depth: int = DEPTH_MAX) -> bool:
    match value:
        case Mapping():
            names = ("error", "type", *_CODES, *_TEXTS)
            return depth > 0 and any(_says_something(value.get(name), depth - 1) for name in names)
        case list():
            return any(isinstance(line, str) and _says_something(line) for line in value)
        case _:
            return value not in (None, False) and str(value).strip().lower() not in _NOTHING


def _plain(value: object) -> str | None:
    lines = [line for line in value if isinstance(line, str)] if isinstance(value, list) else []
    return text("\n".join(lines) if lines else value, DETAIL_MAX_CHARS)


def _spaced(said: str | None) -> str:
    """Words apart by one space, lower-case, however they are joined: `contentPolicy`, `CONTENT-POLICY`."""
    return _GAPS.sub(" ", _CAMEL.sub(" ", said or "")).strip().lower()
