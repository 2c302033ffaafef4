"""The three wishes: what a member may ask for, normalised and within the limits of both services."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum, auto

from bot.domain.secrets import SecretKind, find_secret
from bot.domain.tasks import Kind, MusicTask, TaskId

PROMPT_MAX_CHARS = 5000
TAGS_MAX_CHARS = 1000
TITLE_MAX_CHARS = 100
LYRICS_MAX_CHARS = 20_000
AT_MAX_S = 24 * 60 * 60


class WishProblem(StrEnum):
    """Why a wish can't be taken. The words for members are in `bot/ui/texts.py`."""

    EMPTY_PROMPT = auto()
    PROMPT_TOO_LONG = auto()
    TAGS_TOO_LONG = auto()
    TITLE_TOO_LONG = auto()
    DESCRIPTION_TOO_LONG = auto()
    """Prompt and styles together, where the words are not sung."""
    EMPTY_LYRICS = auto()
    LYRICS_TOO_LONG = auto()
    SECRET = auto()
    PRIVATE_URL = auto()
    BAD_TIME = auto()


class WishError(ValueError):
    """A wish that can't be taken. Carries no text of the member's."""

    def __init__(self, problem: WishProblem, *, limit: int | None = None, version: str | None = None) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.limit = limit
        """What would have been allowed: characters for a text, seconds for a time."""
        self.version = version
        """Whose limit it is, where other versions take more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SongWish:
    """A wish for a song."""

    prompt: str
    title: str | None = None
    title_is_ours: bool = False
    """Whether the title was offered to its member, who left it as it was."""
    tags: str | None = None
    negative_tags: str | None = None
    """Styles to keep out."""
    instrumental: bool | None = None
    model: str | None = None
    version: str | None = None
    version_chosen: bool = False
    """Whether its member named it, now or in their preferences; else it is a first guess."""
    lyrics_id: TaskId | None = None
    """The lyrics that the prompt was taken from."""

    kind = Kind.SONG


@dataclass(frozen=True, slots=True, kw_only=True)
class LyricsWish:
    """A wish for lyrics only."""

    prompt: str
    model: str | None = None

    kind = Kind.LYRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuationWish:
    """A wish to go on with a finished song."""

    parent_id: TaskId
    take: int | None = None
    """Which take of it; None if that was left open."""
    prompt: str | None = None
    at_s: float | None = None

    kind = Kind.CONTINUATION


Wish = SongWish | LyricsWish | ContinuationWish


def checked(wish: Wish) -> Wish:
    """The same wish with its texts normalised.

    Raises:
        WishError: a text is empty, too long, or holds a secret or a private URL; or the time is out of bounds.
    """
    match wish:
        case SongWish():
            return replace(
                wish,
                prompt=_needed(_prompt(wish.prompt)),
                title=_title(wish),
                tags=_tags(wish.tags),
                negative_tags=_tags(wish.negative_tags),
            )
        case LyricsWish():
            return replace(wish, prompt=_needed(_prompt(wish.prompt)))
        case ContinuationWish():
            return checked_continuation(wish)


def checked_continuation(wish: ContinuationWish) -> ContinuationWish:
    """As `checked`, for whoever needs to know the kind.

    Raises:
        WishError: see `checked`.
    """
    _check_time(wish.at_s or 0.0)
    return replace(wish, prompt=_prompt(wish.prompt))


def checked_tags(tags: str) -> str | None:
    """Tags alone, normalised.

    Raises:
        WishError: they are too long, or hold a secret or a private URL.
    """
    return _tags(tags)


def checked_lyrics(lyrics: str) -> str:
    """Lyrics that were written by hand, normalised.

    Raises:
        WishError: they are empty, too long, or hold a secret or a private URL.
    """
    text = _safe(normalise(lyrics), LYRICS_MAX_CHARS, WishProblem.LYRICS_TOO_LONG)
    if text is None:
        raise WishError(WishProblem.EMPTY_LYRICS)
    return text


def wish_again(task: MusicTask) -> Wish:
    """The wish that a task came from; where its version was refused, with the one that was offered instead."""
    match task.kind:
        case Kind.SONG:
            return SongWish(
                prompt=task.prompt,
                title=task.title,
                title_is_ours=task.title_is_ours,
                tags=task.tags,
                negative_tags=task.negative_tags,
                instrumental=task.instrumental,
                model=task.model,
                version=task.version_offered or task.version,
                version_chosen=task.version_chosen and task.version_offered is None,
                lyrics_id=task.parent_id,
            )
        case Kind.LYRICS:
            return LyricsWish(prompt=task.prompt, model=task.model)
        case Kind.CONTINUATION:
            if task.parent_id is None:
                raise ValueError("a continuation has a parent")
            return ContinuationWish(
                parent_id=task.parent_id, take=task.parent_take, prompt=task.prompt, at_s=task.continue_at_s
            )


def _needed(prompt: str | None) -> str:
    if prompt is None:
        raise WishError(WishProblem.EMPTY_PROMPT)
    return prompt


def _prompt(text: str | None) -> str | None:
    return _safe(normalise(text or ""), PROMPT_MAX_CHARS, WishProblem.PROMPT_TOO_LONG)


def _title(wish: SongWish) -> str | None:
    """One that its member has typed is checked; one of ours is only a name."""
    text = one_line(wish.title or "")
    return (text or None) if wish.title_is_ours else _safe(text, TITLE_MAX_CHARS, WishProblem.TITLE_TOO_LONG)


def _tags(text: str | None) -> str | None:
    return _safe(one_line(text or ""), TAGS_MAX_CHARS, WishProblem.TAGS_TOO_LONG)


def _safe(text: str, limit: int, too_long: WishProblem) -> str | None:
    if len(text) > limit:
        raise WishError(too_long, limit=limit)
    match find_secret(text):
        case None:
            return text or None
        case SecretKind.PRIVATE_URL:
            raise WishError(WishProblem.PRIVATE_URL)
        case _:
            raise WishError(WishProblem.SECRET)


def _check_time(at_s: float) -> None:
    if not 0 <= at_s <= AT_MAX_S:  # refuses NaN, too
        raise WishError(WishProblem.BAD_TIME, limit=AT_MAX_S)


# --- Texts -------------------------------------------------------------------------------------------------------

_BLANK_LINES = re.compile(r"\n{4,}")
_JOINERS = re.compile(
    r"(?<=[^\x00-\x7f\u200c\u200d])([\u200c\u200d])[\u200c\u200d]*(?=[^\x00-\x7f\u200c\u200d])|[\u200c\u200d]+"
)
"""Joiners shape Persian and Indic words and hold emoji together; beside ASCII they only hide things."""


def normalise(text: str) -> str:
    """The text composed (NFC), without control and invisible characters, with at most two blank lines in a row."""
    visible = "\n".join(_visible(line).rstrip() for line in text.splitlines())
    return _BLANK_LINES.sub("\n\n\n", visible).strip()


def one_line(text: str) -> str:
    """The normalised text on a single line, words separated by single spaces."""
    return " ".join(normalise(text).split())


def _visible(line: str) -> str:
    composed = unicodedata.normalize("NFC", "".join(filter(_is_visible, line.replace("\t", " "))))
    return unicodedata.normalize("NFC", _JOINERS.sub(r"\1", composed))


def _is_visible(char: str) -> bool:
    """False for control characters, bidi marks and overrides, zero-width characters, tags and lone surrogates."""
    return char in "\u200c\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}


# --- Times -------------------------------------------------------------------------------------------------------

HOURS = r"(?:h(?:ours?|oras?)?|std|stunden?|時間)"
MINUTES = r"(?:m(?:ins?|inut(?:e[ns]?|os?))?|分)"
SECONDS = r"(?:s(?:ec(?:ond)?s?|ek(?:unden?)?|eg(?:undos?)?)?|秒)"
"""The units in English, German, Spanish and Japanese, as patterns."""
_NUMBER = r"\d{1,5}(?:[.,]\d{1,3})?"
_TIME_FORMS = (
    re.compile(rf"(?!\d\d?[.,][0-5]\d\Z)(?P<s>{_NUMBER})", re.A),  # 1.05 may mean 1:05
    re.compile(r"(?:(?P<h>\d{1,2}):(?=[0-5]?\d:))?(?P<m>\d{1,4}):(?P<s>[0-5]?\d(?:[.,]\d{1,3})?)", re.A),
    re.compile(
        rf"(?=\d)(?:(?P<h>\d{{1,2}})\s*{HOURS}\s*)?(?:(?P<m>\d{{1,4}})\s*{MINUTES}\s*)?"
        rf"(?:(?P<s>{_NUMBER})\s*{SECONDS})?",
        re.I | re.A,
    ),
)


def parse_at(text: str) -> float:
    """Seconds from the start, read from `65`, `65.5`, `1:05`, `1:02:03`, `1m5s`, `2m` or `90s`; a comma is a point too.

    Units may be English, German, Spanish or Japanese. `1.05` is no time: it may mean 1:05.

    Raises:
        WishError: not a time, or beyond a day.
    """
    found = next(filter(None, (form.fullmatch(text.strip()) for form in _TIME_FORMS)), None)
    if found is None:
        raise WishError(WishProblem.BAD_TIME, limit=AT_MAX_S)
    parts = found.groupdict()
    hours, minutes, seconds = (float((parts.get(name) or "0").replace(",", ".")) for name in "hms")
    at_s = hours * 3600 + minutes * 60 + seconds
    _check_time(at_s)
    return at_s
