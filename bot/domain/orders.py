"""Whether a reply asks for anything: an order is asked back, chatter gets no answer."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum, auto

from bot.domain.order_words import (
    APPLAUSE,
    CHAT,
    JAPANESE_CHAT,
    JAPANESE_ORDER,
    JAPANESE_REQUEST,
    JAPANESE_SHADE,
    JAPANESE_SOUND,
    LATIN,
    SOUNDS,
    Speech,
)
from bot.domain.replies import ReplyWish


class _Intent(Enum):
    ORDER = auto()
    WISH = auto()
    """An order in a few words, such as "louder", which may be a joke beside laughter."""
    DESCRIPTION = auto()
    """Of something that a song may hold; whether it is wanted is not said."""
    UNKNOWN = auto()
    REMARK = auto()
    """A statement about what a song holds: chatter, unless it says from where."""
    CHATTER = auto()


LISTED = 3
"""This many unknown things in a row are a description, too: "purple fog, old neon, velvet"."""


def is_order(reply: ReplyWish, *, is_own: bool) -> bool:
    """Whether a reply asks to continue the song.

    Args:
        reply: what the grammar has understood of it.
        is_own: whether the song is this member's: then a mere description is an order.
    """
    if reply.prompt is None:  # "go on" and nothing else, or only the place
        return True
    intents = list(_intents_of(reply.prompt))
    if not intents and not reply.is_clear:  # "0:30-0:45" and nothing else
        return _APPLAUSE.search(reply.prompt) is None
    wanted = {_Intent.ORDER}
    if is_own or reply.moments or not _laughs(reply.prompt):
        wanted.add(_Intent.WISH)
    if reply.moments or reply.take:
        wanted.add(_Intent.DESCRIPTION)
    if reply.says_from:
        wanted.add(_Intent.REMARK)
    if reply.says_from or reply.take or (is_own and reply.moments):
        wanted.add(_Intent.UNKNOWN)
    describes = _Intent.DESCRIPTION in intents or intents.count(_Intent.UNKNOWN) >= LISTED
    is_chatter = not {_Intent.CHATTER, _Intent.REMARK}.isdisjoint(intents)
    return not wanted.isdisjoint(intents) or (is_own and describes and not is_chatter)


def _intents_of(text: str) -> Iterator[_Intent]:
    """What each clause is meant as; quotations and applause are chatter beside them."""
    if _HEADING.search(text):
        yield _Intent.ORDER
    if _QUOTED.search(text):
        yield _Intent.CHATTER
    for clause in _clauses(text):
        intent = _intent_of_clause(clause)
        yield _Intent.CHATTER if clause.is_applauded and intent not in {_Intent.ORDER, _Intent.WISH} else intent


def _laughs(text: str) -> bool:
    return _LAUGHTER.search(text.casefold()) is not None


# --- Clauses -----------------------------------------------------------------------------------------------------

_CLAUSE = re.compile(r"([^.!?;,\n…。、\uff01\uff1f]+)([.!?;,\n…。、\uff01\uff1f]*)")
_TURN = re.compile(r"\b(?:but|aber|pero|und\s+jetzt|and\s+now|y\s+ahora)\b|\s[\u2013\u2014-]+\s|:\s|\uff1a", re.I)
_QUOTED = re.compile(r"[\"“”„«»「『][^\"“”„«»」』]{4,}[\"“”„«»」』]")
_APPLAUSE = re.compile(f"[{APPLAUSE}]|<3|[:;]-?[)D]")
_HEADING = re.compile(
    r"(?:^|\n)[^:\uff1a\n]{0,24}(?:verse|chorus|bridge|intro|outro|lyrics|ブリッジ|アウトロ|イントロ|strophe|refrain|text|estrofa|estribillo|puente|letra"
    r"|歌詞|[一二三123\uff11\uff12\uff13]番|サビ)[^:\uff1a\n]{0,8}[:\uff1a]",
    re.I,
)
"""Lyrics for a section of the song."""
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_JAPANESE_ORDER = re.compile(JAPANESE_ORDER)
_JAPANESE_SHADE = re.compile(JAPANESE_SHADE)
_JAPANESE_SOUND = re.compile(JAPANESE_SOUND)
_JAPANESE_REQUEST = re.compile(JAPANESE_REQUEST)
_JAPANESE_CHAT = re.compile(JAPANESE_CHAT)
_LONG_DRAWN = re.compile(r"(\w)\1{2,}")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LAUGHTER = re.compile(
    r"(?<!\w)(?:(?:ha|he|hi|ja|je|ah|xa){2,}[hj]?a?|lo+l|lma+o+|k{3,}|x+d+|w{3,})(?!\w)|笑|w+$|\uff57"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clause:
    words: str
    is_question: bool
    is_applauded: bool


def _clauses(text: str) -> Iterator[_Clause]:
    for part in _TURN.split(text):
        for words, ending in _CLAUSE.findall(part):
            if any(char.isalpha() for char in words):
                yield _Clause(
                    words=words.strip(),
                    is_question=any(mark in words + ending for mark in "?\uff1f¿"),
                    is_applauded=_APPLAUSE.search(part) is not None,
                )


def _intent_of_clause(clause: _Clause) -> _Intent:
    return _japanese(clause) if _JAPANESE.search(clause.words) else _latin(clause)


def _japanese(clause: _Clause) -> _Intent:
    if _JAPANESE_ORDER.search(clause.words) and not _JAPANESE_REQUEST.search(clause.words):
        return _Intent.ORDER
    if clause.is_question or _JAPANESE_CHAT.search(clause.words):
        return _Intent.CHATTER
    if _JAPANESE_SHADE.search(clause.words):
        return _Intent.WISH
    return _Intent.DESCRIPTION if _JAPANESE_SOUND.search(clause.words) else _Intent.UNKNOWN


# --- Latin letters -----------------------------------------------------------------------------------------------


def _pattern(words: str, *, first: bool = False, last: bool = False) -> re.Pattern[str]:
    """A pattern for any of these words in a folded text, in which blanks stand around each word."""
    forms = sorted(map(re.escape, words.split()), key=len, reverse=True)
    alternatives = "|".join(forms).replace("_", " ").replace(r"\*", "[^ ]*")
    return re.compile(f"{'^ ' if first else ''}(?<= )(?:{alternatives or '(?!)'})(?= ){' $' if last else ''}")


class _Language:
    """Reads clauses of one language by its words."""

    def __init__(self, speech: Speech) -> None:
        chat = (speech.chat + CHAT).split()
        self._known = _pattern(" ".join(getattr(speech, field.name) for field in fields(speech)))
        self._lead = _pattern(f"{speech.lead} {speech.please} {speech.asks}", first=True)
        self._steer = _pattern(speech.steer, first=True)
        self._turn = _pattern(f"{speech.cue} {speech.verbs}", first=True)
        self._closing = _pattern(speech.closing, last=True)
        self._asks = _pattern(speech.asks)
        self._please = _pattern(speech.please)
        self._shade = _pattern(f"{speech.shades} {speech.degrees}", first=True)
        self._degrees = _pattern(speech.degrees)
        self._about_sound = _pattern(f"{speech.sounds} {SOUNDS} {speech.shades}")
        self._phrases = _pattern(" ".join(one for one in chat if "_" in one))
        self._chat = _pattern(" ".join(chat))
        self._talk = _pattern(speech.talk)
        self._scenes = _pattern(speech.scenes)
        self._question = _pattern(speech.questions, first=True)

    def knows(self, said: str) -> tuple[int, int]:
        """How many words of a folded clause are this language's, and how many letters."""
        known = self._known.findall(said)
        return len(" ".join(known).split()), sum(map(len, known))

    def intent_of(self, said: str, clause: _Clause) -> _Intent:
        """What a folded clause is meant as."""
        if self._phrases.search(said):
            return _Intent.CHATTER
        heads = [said, *self._heads(said)]
        is_about_sound = self._about_sound.search(said) is not None
        begins = any(map(self._turn.match, heads))
        asked = self._asks.search(said)
        if asked and asked.start() > 1 and self._question.match(said):  # "worum geht es", not "wie wäre es mit"
            asked = None
        asks = begins or asked or self._closing.search(said)
        wants = (is_about_sound and asks) or (begins and self._degrees.search(said))
        if any(map(self._steer.match, heads)) or (wants and not _MORE.fullmatch(heads[-1])):
            return _Intent.ORDER
        is_question = clause.is_question or (not begins and self._question.match(said))
        if is_question or self._chat.search(said) or _LAUGHTER.search(said) or _MORE.fullmatch(heads[-1]):
            return _Intent.CHATTER
        if self._talk.search(said):
            return _Intent.REMARK if is_about_sound else _Intent.CHATTER
        if self._please.search(said) or (any(map(self._shade.match, heads)) and not _BARE.fullmatch(heads[-1])):
            return _Intent.WISH
        return _Intent.DESCRIPTION if is_about_sound or self._scenes.search(said) else _Intent.UNKNOWN

    def _heads(self, said: str) -> Iterator[str]:
        """What is left when one word after another that says nothing is taken from the front."""
        while lead := self._lead.match(said):
            said = said[lead.end() :]
            yield said


_LANGUAGES = [_Language(speech) for speech in LATIN]
_MORE = re.compile(
    " (?:(?:one )?more|another one|again|encore|less|(?:noch )?mehr|noch eins?|nochmal"
    "|(?:una )?mas|otra(?: mas| vez)?)? ?"
)
"""More of what, nobody has said."""
_BARE = re.compile(" [^ ]*(?<!er) ")
"""A single word that compares nothing: "haunting" is praise as well as "louder" is an order."""


def _latin(clause: _Clause) -> _Intent:
    said = _folded(clause.words)
    return max(_LANGUAGES, key=lambda one: one.knows(said)).intent_of(said, clause)


def _folded(words: str) -> str:
    """Small letters without accents and apostrophes, the words between single blanks."""
    plain = unicodedata.normalize("NFD", words.casefold().replace("'", "").replace("\u2019", ""))
    letters = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    return " ".join(["", *_WORD.findall(_LONG_DRAWN.sub(r"\1", letters)), ""])
