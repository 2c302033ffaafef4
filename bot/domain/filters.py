"""The word filter: whether a text holds something that a server, or the operator, keeps out of wishes.

Plain words are looked for as whole words in the folded text, where case, accents and look-alikes make no difference.
Patterns are regular expressions of RE2: its search takes time in proportion to the text, whatever the pattern is, so
look-arounds and back-references do not exist.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

import re2

FILTERS_KEPT = 32
"""Maximum number of compiled filters kept in memory."""
PATTERN_BYTES = 1 << 17
"""What one compiled pattern may take, a third of it the program: more is refused."""
WORDS_BYTES = 1 << 23
"""What all plain words of a filter may take together."""
STRETCHED_CHARS = 4
"""From this length on a word is found with a letter doubled, too; in a shorter one, that is often another word."""
SPACED_CHARS = range(4, 21)
"""Lengths of words that are found with all their letters set apart by spaces, too."""
NOTES = frozenset("abcdefgh")
"""A word of nothing else is found set apart neither by spaces nor by dashes and bars: F - A - G are chords."""


class PatternError(ValueError):
    """A pattern that RE2 does not take, with its own words for why."""


class _Found(Protocol):
    lastindex: int

    def end(self, group: int) -> int: ...

    def __getitem__(self, group: int) -> str: ...


class Expression(Protocol):
    """What RE2, which has no types, makes of a pattern: as much of it as is used here."""

    def search(self, text: str, pos: int = 0) -> _Found | None:
        """The first place in a text that fits."""


class Filter:
    """What is kept out, compiled; `find` says by which entry a text is refused."""

    def __init__(self, words: tuple[str, ...], patterns: tuple[str, ...]) -> None:
        self._signs = _Words(one for one in words if _spells_nothing(fold(one)))
        self._words = _Words(one for one in words if not _spells_nothing(fold(one)))
        self._patterns = [(one, compiled(one)) for one in patterns]

    def find(self, text: str) -> str | None:
        """An entry that is in a text; None if there is none.

        A pattern is searched in the text as it is written and with its letters folded.
        """
        plain = _letters_folded(text)
        for entry, pattern in self._patterns:
            if pattern.search(text) or pattern.search(plain):
                return entry
        folded = _punctuation_folded(plain)
        spelt = _without_emoji(folded)
        return self._word_in(folded) or (self._word_in(spelt) if spelt != folded else None)

    def _word_in(self, folded: str) -> str | None:
        words = (entry for entry, there in self._words.all_in(folded) if not _spells_nothing(there))
        return next(words, None) or next((entry for entry, _ in self._signs.all_in(folded)), None)


class _Words:
    """Plain words as one expression, each a group of it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._in_order = sorted(words, key=_edges)  # what has to be around them is said once
        by_edges: dict[tuple[str, str], list[str]] = {}
        for entry in self._in_order:
            by_edges.setdefault(_edges(entry), []).append(f"({_body(fold(entry))})")
        groups = [f"{before}(?:{'|'.join(bodies)}){after}" for (before, after), bodies in by_edges.items()]
        self._any = _compiled("|".join(groups), WORDS_BYTES, is_case_sensitive=True)

    def all_in(self, folded: str) -> Iterator[tuple[str, str]]:
        """Each word that is found, from left to right, and what stands there for it."""
        start = 0
        while self._in_order and (found := self._any.search(folded, start)):
            start = found.end(found.lastindex)
            yield self._in_order[found.lastindex - 1], found[found.lastindex]


@lru_cache(maxsize=FILTERS_KEPT)
def filter_of(words: tuple[str, ...], patterns: tuple[str, ...]) -> Filter:
    """The filter of these entries; both kinds have been checked when they were set."""
    return Filter(words, patterns)


def compiled(pattern: str) -> Expression:
    """A pattern, ready to search; it takes no notice of case.

    Raises:
        PatternError: RE2 does not take it.
    """
    try:
        return _compiled(pattern, PATTERN_BYTES, is_case_sensitive=False)
    except re2.error as error:
        (told,) = error.args
        raise PatternError(told.decode(errors="replace") if isinstance(told, bytes) else str(told)) from error


def is_searchable(word: str) -> bool:
    """Whether a plain word has something to look for, beside punctuation."""
    return any(char not in _PUNCTUATION for char in fold(word))


def _compiled(pattern: str, max_bytes: int, *, is_case_sensitive: bool) -> Expression:
    options = re2.Options()
    options.max_mem = max_bytes
    options.log_errors = False
    options.case_sensitive = is_case_sensitive
    expression: Expression = re2.compile(pattern, options)
    return expression


# --- folding ---------------------------------------------------------------------------------------------------------

_SIGNS = "@$!|"
"""They end a word, and stand for letters inside one."""
_PUNCTUATION = f" .-'{_SIGNS}"
"""What folding makes of punctuation."""
_DROPPED = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # accents
    "\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"  # points of Hebrew and Arabic
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"  # fillers, variants
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"  # skin tones, tags
)
_BARE_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
"""As the names of their letters begin: here no mark of whatever script makes another letter."""
_LOOKALIKES: dict[str, str] = {
    "a": "аαɑɐᴀꓮᎪᗩ", "b": "вβƀɓʙꓐᏴᏏᗷ", "c": "сƈɕᴄꓚᏟᑕ", "d": "ԁđðɖɗᴅꓓꓒᎠᏧᗪ", "e": "еεɛəǝɘɜᴇꓰᎬᗴ",
    "f": "ƒʄꜰꓝᖴ", "g": "ɡɠɢǥցꓖᏀᏳ", "h": "һħɦɧʜհꓧᎻᏂᏥᕼ", "i": "іιıɨɩɪꓲᎥ", "j": "јʝɉᴊյꓙᎫᒍ", "k": "кκƙᴋꓗᏦ",
    "l": "łƚɫɬɭʟլꓡᏞᒪ", "m": "мɱᴍꓟᎷᗰ", "n": "ƞɲɳŋɴոꓠᑎ", "o": "оοøɵᴏօꓳ", "p": "рρþƥᴘꓑᏢᑭ", "q": "ԛɋʠզ",
    "r": "ɍɹɻɽɾʀꓣᎡᏒᖇ", "s": "ѕʂꜱտꓢᏚᏕ", "t": "тτŧƭʈᴛꓔᎢ", "u": "ʉᴜսꓴᑌ", "v": "ʋⱱᴠꓦᏙᐯ", "w": "ԝωⱳᴡաꓪᎳᏔᗯ",
    "x": "хχꓫ", "y": "уƴɏʏꓬᎩᎽ", "z": "ƶȥɀʐʑᴢꓜᏃᘔ", "'": "\u2018\u2019\u201b\u02bb\u02bc\u02b9\u2032`",
}  # fmt: skip
"""By letter: what looks like it, in Cyrillic, Greek, Armenian, Cherokee, Lisu, Canadian and in the rest of Latin."""
_SQUARED: dict[int, int] = {0x1F150 + 32 * row + place: 97 + place for row in (0, 1) for place in range(26)}
"""White letters on black circles and squares."""
_PLAIN = _SQUARED | str.maketrans({char: letter for letter, chars in _LOOKALIKES.items() for char in chars})
_STANDS_FOR = {
    "a": "4@", "b": "8", "e": "3", "g": "9", "h": "η", "i": "1!|", "l": "1|", "o": "0", "s": "5$", "t": "7",
    "n": "νη", "u": "υ", "v": "ν", "y": "υ", ".": "-", "-": ".", "'": ".-",  # noqa: RUF001 -- look-alikes
}  # fmt: skip
"""By letter: what stands for it in a text and for something else elsewhere, so that folding leaves it as it is."""


def fold(text: str) -> str:
    """The text as words are compared: what looks alike is alike; punctuation is dots, dashes and apostrophes.

    Folding what is folded changes nothing.
    """
    return _punctuation_folded(_letters_folded(text))


def _letters_folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _without_marks(_DROPPED.sub("", plain).translate(_PLAIN)))


def _without_marks(text: str) -> str:
    """Without what shows nothing, and without marks where they make no letter another one."""
    kept: list[str] = []
    for char in text:
        match unicodedata.category(char):
            case "Cf":
                pass
            case "Nd":
                kept.append(str(unicodedata.digit(char)))
            case "Mn" | "Mc" | "Me":
                if kept and _bears_marks(kept[-1]):
                    kept.append(char)
            case _:
                kept.append(char)
    return "".join(kept)


def _bears_marks(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" and not unicodedata.name(char, "").startswith(_BARE_SCRIPTS)


def _punctuation_folded(text: str) -> str:
    return "".join(map(_folded, text))


def _folded(char: str) -> str:
    match unicodedata.category(char):
        case "Zs" | "Zl" | "Zp" | "Cc":
            return " "
        case "Pd":
            return "-"
        case "So" if char >= "\U0001f000":
            return char  # an emoji, which may be an entry itself
        case kind if kind[0] in "LM" or kind == "Nd":
            return char
        case _:
            return char if char in _PUNCTUATION else "."


_EMOJI = re.compile("[\U0001f000-\U0001ffff]")
_FLAG = re.compile("(?<![🇦-🇿])[🇦-🇿]{2}(?![🇦-🇿])")
_SPELT = {0x1F1E6 + place: 97 + place for place in range(26)}
"""The letters of which flags are made."""


def _without_emoji(folded: str) -> str:
    """A folded text where emoji are punctuation, and the letters of flags letters unless two are just a flag."""
    return _EMOJI.sub(".", _FLAG.sub(".", folded).translate(_SPELT))


# --- words as patterns -----------------------------------------------------------------------------------------------

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that set no spaces between words: there, a word may begin and end anywhere."""
_IS_UNSPACED = re2.compile(f"[{_UNSPACED}]")
_POINTS = ".@$!"
_BETWEEN = rf"{_POINTS}|\-"
"""What may stand between the letters of a word: punctuation and signs; no apostrophe, for "he'll" is no "hell"."""
_APART = f"[ '{_BETWEEN}]+"
_NO_LETTER = rf"[ 0-9'{_BETWEEN}\x{{1F000}}-\x{{1FFFF}}{_UNSPACED}]"
_NO_DIGIT = "[^0-9]"
_NO_WORD = re.compile(r"\|*|\$?[0-9]+(?:[dks]|st|nd|rd|th)?\$?")


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
    is_chords = NOTES.issuperset(folded)
    between = f"[{_POINTS if is_chords else _BETWEEN}]*"
    tight = between.join(_run(char, count, between, is_short=len(folded) < STRETCHED_CHARS) for char, count in runs)
    if is_chords or len(folded) not in SPACED_CHARS or any(char in " .-'" for char in folded):
        return tight
    return f"{tight}|{_APART.join(_run(char, count, _APART, is_short=False) for char, count in runs)}"


def _run(char: str, count: int, between: str, *, is_short: bool) -> str:
    """The pattern of a letter that stands at least this often in a row."""
    if char == " ":
        return _APART
    one = "[" + "".join(re2.escape(each) for each in char + _STANDS_FOR.get(char, "")) + "]"
    more = f"(?:{between}{one})"
    if count == 1 and is_short:
        return f"{one}(?:{more}{{2,}})?"
    return f"{one}{more}{{{count - 1},}}"


def _spells_nothing(folded: str) -> bool:
    """Whether there is a number, as of a time, a tempo, a decade or a price, or no letter at all but bars."""
    read = "".join(char for char in folded if char in "@$|" or unicodedata.category(char)[0] in "LMN")
    return _NO_WORD.fullmatch(read) is not None
