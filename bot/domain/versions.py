"""Versions of the models: what one is, which comes next where one is refused, and how long texts each takes.

A version that nobody has chosen is a first guess: it gives way where the provider refuses it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.domain.wishes import PROMPT_MAX_CHARS, TAGS_MAX_CHARS, TITLE_MAX_CHARS

VERSION_MAX_CHARS = 40
_VERSION = re.compile(r"chirp-[\w.+-]{1,34}", re.ASCII)
_OFFERED_ONLY = ("-wild", "-mini")
"""Ends of versions that are used only if named, and never tried by themselves."""


def is_version(word: str) -> bool:
    """Whether a word can be a version; the set of those that there are is open."""
    return _VERSION.fullmatch(word) is not None


def same(one: str, other: str) -> bool:
    """Whether two words are spellings of one version: `chirp-v4.5` is `chirp-v4-5`."""
    return _plain(one) == _plain(other)


def among(version: str, versions: Collection[str]) -> bool:
    """Whether a version is one of these, however it is spelt."""
    return any(same(version, one) for one in versions)


def _plain(version: str) -> str:
    return version.replace(".", "-")


def next_older(version: str, order: Sequence[str], *, but: Collection[str] = ()) -> str | None:
    """The next older version that may be tried by itself; after the oldest of all come those that are newer.

    Args:
        version: the one that was refused; one that is not in the list counts as newer than all of it.
        order: the versions, newest first.
        but: those that are out of the question.
    """
    place = next((place for place, one in enumerate(order) if same(one, version)), -1) + 1
    turned = [*order[place:], *order[:place]]
    return next((one for one in turned if may_be_tried(one) and not among(one, (version, *but))), None)


def nearest_newer(version: str, order: Sequence[str], *, but: Collection[str] = ()) -> str | None:
    """The next newer version that may be tried by itself; arguments as for `next_older`."""
    place = next((place for place, one in enumerate(order) if same(one, version)), 0)
    return next((one for one in reversed(order[:place]) if may_be_tried(one) and not among(one, but)), None)


def may_be_tried(version: str) -> bool:
    """Whether a version may be tried although nobody has named it."""
    return not version.endswith(_OFFERED_ONLY)


# --- what was found out ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What refusals have told about versions that nobody had chosen."""

    taken: str | None = None
    """The one that was taken after others were refused; it goes first in their place."""
    refused: frozenset[str] = frozenset()

    @property
    def is_searching(self) -> bool:
        """Whether one was refused and nobody knows yet which is taken: then one wish finds out, and others wait."""
        return bool(self.refused) and self.taken is None

    def guess(self, first: str, order: Sequence[str], *, but: Collection[str] = ()) -> str | None:
        """What to try where `first` was to be, which stays unless it is known to be refused; None if nothing is left.

        Args:
            first: a first guess.
            order: the versions, newest first.
            but: those that this wish was refused with.
        """
        if not among(first, (*self.refused, *but)):
            return first
        return self.instead_of(first, order, but=but)

    def instead_of(self, version: str, order: Sequence[str], *, but: Collection[str] = ()) -> str | None:
        """What to try in place of a version: the one that was taken, else the next older one."""
        if self.taken is not None and not among(self.taken, (version, *but)):
            return self.taken
        return next_older(version, order, but=(*self.refused, *but))

    def after_refusal(self, version: str, order: Sequence[str]) -> "Found":
        """Note that a guess was refused; if it was the accepted version or the last one left, the search restarts."""
        if self.taken is not None and same(version, self.taken):
            return Found(refused=frozenset({version}))
        after = self if among(version, self.refused) else replace(self, refused=self.refused | {version})
        return after if after.instead_of(version, order) else Found()

    def after_taking(self, version: str) -> "Found":
        """A guess was taken."""
        refused = frozenset(one for one in self.refused if not same(one, version))
        is_news = self.is_searching and may_be_tried(version)
        return Found(taken=version if is_news else self.taken, refused=refused) if refused else Found()


# --- how much each takes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """How many characters a version takes."""

    title: int = TITLE_MAX_CHARS
    tags: int = TAGS_MAX_CHARS
    prompt: int = PROMPT_MAX_CHARS

    def fit(self, title: str | None, tags: str | None, prompt: str) -> bool:
        """Whether texts are no longer than that."""
        lengths = (len(title or ""), len(tags or ""), len(prompt))
        return all(length <= limit for length, limit in zip(lengths, (self.title, self.tags, self.prompt), strict=True))


_OLD = TextLimits(title=80, tags=200, prompt=3000)
_ALL = TextLimits(title=80)
_V4 = re.compile(r"chirp-v(?:[0-3](?:-.*)?|4)")
_V45_ALL = re.compile(r"chirp-v4-5-?all")


def limits_of(version: str | None) -> TextLimits:
    """What a version takes; of one that is not known, as much as any."""
    spelt = _plain(version or "")
    if _V4.fullmatch(spelt):
        return _OLD
    return _ALL if _V45_ALL.fullmatch(spelt) else TextLimits()


def too_small(versions: Collection[str], *, title: str | None, tags: str | None, prompt: str) -> list[str]:
    """Those of some versions that don't take texts as long as these."""
    return [one for one in versions if not limits_of(one).fit(title, tags, prompt)]
