"""The word filter: whether a text holds something that a server, or the operator, keeps out of wishes.

Plain words are looked for as whole words in the folded text, where case, accents and look-alikes make no difference.
Patterns are regular expressions of RE2: its search takes time in proportion to the text, whatever the pattern is, so
look-arounds and back-references do not exist.
"""

import re
import unicodedata
from functools import cached_property, lru_cache
from typing import Any

import re2

FILTERS_KEPT = 32
"""So many compiled filters stay in memory."""
PATTERN_BYTES = 1 << 17
"""What one compiled pattern may take, a third of it the program: more is refused."""
WORDS_BYTES = 1 << 23
"""What all plain words of a filter may take together."""
STRETCHED_CHARS = 4
"""From this length on a word is found with a letter doubled, too; in a shorter one, that is often another word."""
SPACED_CHARS = range(3, 21)
"""A word of so many letters is found with all of them set apart by spaces, too."""


class PatternError(ValueError):
    """A pattern that RE2 does not take, with its own words for why."""


class Filter:
    """What is kept out, compiled; `find` says by which entry a text is refused."""

    def __init__(self, words: tuple[str, ...], patterns: tuple[str, ...]) -> None:
        self._words = words
        self._patterns = [(one, compiled(one)) for one in patterns]

    def find(self, text: str) -> str | None:
        """The first entry that is in a text; None if there is none.

        A pattern is searched in the text as it is written and as it is folded.
        """
        folded = fold(text)
        for entry, pattern in self._patterns:
            if pattern.search(text) or pattern.search(folded):
                return entry
        return self._word_in(folded)

    def _word_in(self, folded: str) -> str | None:
        start = 0
        while self._words and (found := self._any_word.search(folded, start)):
            number = found.lastindex
            entry: str = self._in_order[number - 1]
            if not _is_number(folded[found.start(number) : found.end(number)]) or _is_number(fold(entry)):
                return entry
            start = found.end(number)
        return None

    @cached_property
    def _in_order(self) -> list[str]:
        """The words as the groups of `_any_word` stand: by what has to be around them, which is said once."""
        return sorted(self._words, key=_edges)

    @cached_property
    def _any_word(self) -> Any:  # noqa: ANN401 -- of RE2, which has no types
        by_edges: dict[tuple[str, str], list[str]] = {}
        for entry in self._in_order:
            by_edges.setdefault(_edges(entry), []).append(f"({_body(fold(entry))})")
        groups = [f"{before}(?:{'|'.join(bodies)}){after}" for (before, after), bodies in by_edges.items()]
        return re2.compile("|".join(groups), _options(WORDS_BYTES, is_case_sensitive=True))


@lru_cache(maxsize=FILTERS_KEPT)
def filter_of(words: tuple[str, ...], patterns: tuple[str, ...]) -> Filter:
    """The filter of these entries; both kinds have been checked when they were set."""
    return Filter(words, patterns)


def compiled(pattern: str) -> Any:  # noqa: ANN401 -- of RE2, which has no types
    """A pattern, ready to search; it takes no notice of case.

    Raises:
        PatternError: RE2 does not take it.
    """
    try:
        return re2.compile(pattern, _options(PATTERN_BYTES, is_case_sensitive=False))
    except re2.error as error:
        (told,) = error.args
        raise PatternError(told.decode(errors="replace") if isinstance(told, bytes) else str(told)) from error


def is_searchable(word: str) -> bool:
    """Whether a plain word has something to look for, beside punctuation."""
    return any(char not in _BETWEEN and char != " " for char in fold(word))


def _options(max_bytes: int, *, is_case_sensitive: bool) -> Any:  # noqa: ANN401 -- of RE2, which has no types
    options = re2.Options()
    options.max_mem = max_bytes
    options.log_errors = False
    options.case_sensitive = is_case_sensitive
    return options


# --- folding ---------------------------------------------------------------------------------------------------------

_SIGNS = "@$!|"
"""They end a word, and stand for letters inside one."""
_BETWEEN = f".{_SIGNS}"
"""What may stand between the letters of a word: punctuation, which folding makes dots of, and signs."""
_DROPPED = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # accents
    "\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"  # points of Hebrew and Arabic
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"  # fillers, variants
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"  # skin tones, tags
)
_LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝґαβεικμορτχωøđłħŧıɑɡʋᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abekmhopctyxijshdqwrabeikmoptxwodlhtiagvabcdefghijklmnoprstuvwyz",
)
"""Cyrillic, Greek, letters with strokes, small capitals: each with the one Latin letter that it looks like."""
_SQUARED: dict[int, int] = {0x1F150 + 32 * row + place: 97 + place for row in (0, 1) for place in range(26)}
"""White letters on black circles and squares."""
_STANDS_FOR = {
    "a": "4@", "b": "8", "e": "3", "g": "9", "h": "η", "i": "1!|", "l": "1|", "o": "0", "s": "5$", "t": "7",
    "n": "νη", "u": "υ", "v": "ν", "y": "υ",  # noqa: RUF001 -- look-alikes
}  # fmt: skip
"""By letter: what stands for it in a text and for something else elsewhere, so that folding leaves it as it is."""


def fold(text: str) -> str:
    """The text as it is compared: what looks alike is alike; punctuation is dots, and any space is one.

    Folding what is folded changes nothing.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    shown = "".join(char for char in _DROPPED.sub("", plain) if unicodedata.category(char) != "Cf")
    return "".join(map(_folded, unicodedata.normalize("NFC", shown.translate(_LOOKALIKES | _SQUARED))))


def _folded(char: str) -> str:
    match unicodedata.category(char):
        case "Nd":
            return str(unicodedata.digit(char))
        case "Zs" | "Zl" | "Zp" | "Cc":
            return " "
        case "So" if char >= "\U0001f000":
            return char  # an emoji, which may be an entry itself
        case kind if kind[0] in "LM":
            return char
        case _:
            return char if char in _SIGNS else "."


# --- words as patterns -----------------------------------------------------------------------------------------------

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that set no spaces between words: there, a word may begin and end anywhere."""
_IS_UNSPACED = re2.compile(f"[{_UNSPACED}]")
_NO_LETTER = rf"[ 0-9{_BETWEEN}\x{{1F000}}-\x{{1FFFF}}{_UNSPACED}]"
_NO_DIGIT = "[^0-9]"


def _edges(word: str) -> tuple[str, str]:
    """What has to stand before and after a word."""
    folded = fold(word)
    before, after = (_beside(char) for char in (folded[0], folded[-1]))
    return (f"(?:^|{before})" if before else "", f"(?:$|{after})" if after else "")


def _beside(char: str) -> str:
    if char.isdigit():
        return _NO_DIGIT
    if unicodedata.category(char)[0] not in "LM" or _IS_UNSPACED.search(char):
        return ""
    return _NO_LETTER


def _body(folded: str) -> str:
    """The word itself: letters repeated, set apart by punctuation or, all of them alike, by spaces."""
    runs = [(run[0][0], len(run[0])) for run in re.finditer(r"(?s)(.)\1*", folded)]
    between = f"[{_BETWEEN}]*"
    tight = between.join(_run(char, count, between, is_short=len(folded) < STRETCHED_CHARS) for char, count in runs)
    if len(folded) not in SPACED_CHARS or " " in folded:
        return tight
    apart = f"[ {_BETWEEN}]+"
    return f"{tight}|{apart.join(_run(char, count, apart, is_short=False) for char, count in runs)}"


def _run(char: str, count: int, between: str, *, is_short: bool) -> str:
    """So many of a letter in a row, or more."""
    if char == " ":
        return f"[ {_BETWEEN}]+"
    one = "[" + "".join(re2.escape(each) for each in char + _STANDS_FOR.get(char, "")) + "]"
    more = f"(?:{between}{one})"
    if count == 1 and is_short:
        return f"{one}(?:{more}{{2,}})?"
    return f"{one}{more}{{{count - 1},}}"


def _is_number(folded: str) -> bool:
    """Whether there are digits, and nothing else that could be read: those of a time or a tempo spell no word."""
    return any(char.isdigit() for char in folded) and not any(
        char in "@$|" or unicodedata.category(char)[0] in "LM" for char in folded
    )
