"""The grammar of replies in free text: from where a song goes on, which take, and what is left for the prompt.

Understands English, German, Spanish and Japanese, mixed as members mix them. Knows no Discord and no rows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.domain.cutting import cut_out
from bot.domain.wishes import AT_MAX_S, HOURS, MINUTES, SECONDS, normalise

CHOICES_MAX = 5
"""Maximum number of moments that a member is asked to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A place in a song: a part of its length, and seconds from there."""

    seconds: float = 0.0
    of_length: float = 0.0

    def at_s(self, length_s: float | None) -> float | None:
        """Seconds from the start of a song; None if it has no such moment, or its length is needed and not known."""
        if length_s is None:
            return None if self.of_length else self.seconds
        at_s = self.of_length * length_s + self.seconds
        return round(at_s, 3) if 0 <= at_s < length_s else None


MIDDLE = Moment(of_length=0.5)
END = Moment(of_length=1.0)
"""Where a song goes on if nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWish:
    """What was understood of a reply in free text. Not yet checked: it becomes a `ContinuationWish` first."""

    prompt: str | None = None
    """What is left without time and take; with the times if it is not clear which one is meant."""
    moments: tuple[Moment, ...] = ()
    """From where: at most one if that is clear, else what may be meant."""
    is_clear: bool = True
    take: int | None = None
    says_from: bool = field(default=False, compare=False)
    """Whether a word such as "from" names the start, and not a bare time alone."""

    @property
    def start(self) -> Moment:
        """From where, if that is clear."""
        return self.moments[0] if self.moments and self.is_clear else END

    def choices(self, length_s: float | None) -> tuple[float | None, ...] | None:
        """What the member is asked to choose from, in seconds (None is the end); None if it is clear."""
        return None if self.is_clear else tuple(_starts(self.moments, length_s))


def parse_reply(text: str) -> ReplyWish:
    """Read a reply such as "quieter bridge from 1:05", without the mentions of members in it."""
    said, take = _take_out_take(normalise(_MENTION.sub(" ", text)))
    found = _found(said)
    says_from = any(one.says_from for one in found)
    moments = tuple(dict.fromkeys(moment for one in found for moment in one.readings))[:CHOICES_MAX]
    if len(moments) <= 1 and all(one.is_sure for one in found):
        prompt = _wording(cut_out(said, [(one.begin, one.end) for one in found]), names_place=bool(found or take))
        return ReplyWish(prompt=prompt, moments=moments, take=take, says_from=says_from)
    return ReplyWish(prompt=said or None, moments=moments, is_clear=False, take=take, says_from=says_from)


def without_start(prompt: str | None, at_s: float | None, length_s: float | None) -> str | None:
    """The words of a reply once a moment of the choices is meant: without what names it."""
    text = prompt or ""
    named = [
        (group[0].begin, group[-1].end)
        for group in _alternatives(text)
        if any(at_s in _starts(one.readings, length_s) for one in group)
    ]
    return _wording(cut_out(text, named), names_place=bool(named))


def _starts(moments: Sequence[Moment], length_s: float | None) -> Iterator[float | None]:
    """Those that a song of this length has."""
    for moment in moments:
        if moment == END or moment.at_s(length_s) is not None:
            yield moment.at_s(length_s)


# --- Where times stand -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Words that name a moment, and what they may mean."""

    begin: int
    end: int
    readings: tuple[Moment, ...]
    is_sure: bool
    says_from: bool


_OR = re.compile(r"[\s,、]*(?:or|oder|o|u|または|それとも|か)[\s,、]*", re.I)
_MENTION = re.compile(r"<@[!&]?\d{1,20}>")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
"""Full-width letters, as Japanese keyboards write digits; one by one, so that places stay the same."""

_LETTER = "A-Za-zÀ-ɏ"
_NUMBER = r"\d{1,5}(?:[.,]\d{1,3})?"
_UNIT = rf"(?:{HOURS}|{MINUTES}|{SECONDS})(?![{_LETTER}])"
_CLOCK = r"(?:\d{1,2}:)?\d{1,4}:\d{1,2}(?:[.,]\d{1,3})?"
_TIME = re.compile(
    rf"(?<![{_LETTER}\d/#$€£+=_:])(?<!\d[.,])"
    rf"(?:(?P<clock>{_CLOCK})(?:\s*{MINUTES}(?![{_LETTER}]))?"
    rf"|(?P<units>\d{{1,3}}\s*{MINUTES}\s+[0-5]\d(?!\s*{_UNIT})|{_NUMBER}\s*-?{_UNIT}(?:\s*(?:and|und|y|,)?\s*{_NUMBER}\s*{_UNIT}){{0,2}}(?:(?<=分)半)?)"
    rf"|(?P<number>(?<![-\u2013]){_NUMBER})(?!\s*[-\u2013]\s*\d))"
    rf"(?![\d%$€£/_]|[.,:]\d|[{_LETTER}])",
    re.I | re.A,
)
_BESIDE_CHARS = 48
"""How much text on either side of a number is looked at."""
_BEFORE = re.compile(
    rf"""(?P<not>(?<![{_LETTER}])(?:not|nicht|no)\s+)?(?:(?<![{_LETTER}])(?:
        (?P<start>(?:(?:start|beginn?)(?:e|ing)?\s+)?(?:from|ab)|(?:start|begin|resum|restart)(?:e|ing)?\s+(?:at|on)
            |after|since|as\s+of|von|vom|seit|nach|beginnend\s+(?:bei|mit)
            |(?:empezando|comenzando)\s+(?:en|por)|desde|a\s+partir\s+del?|despu[eé]s\s+del?|tras)
        |(?P<place>at|around|bei|al|a(?=\s+los\s))
        |(?P<beside>en|sobre|hacia|del?)
        |(?P<unsure>until|till?|to|before|by|bis|zu|vor|hasta|antes\s+del?|like(?:\s+at)?|wie(?:\s+bei)?|como(?:\s+en)?|a(?!\s+las?\s))
        |(?P<apart>for|than|in|of|lasts?|lasting|takes?|took|f[üu]r|als|um|dauert|por|durante|que|dura|a\s+las?)
        )\s+
      |(?P<sign>@)\s*|(?P<dash>(?<=\d)\s*[-\u2013\u2014~\u301c])\s*
    )?
    (?:(?<![{_LETTER}])(?:(?P<many>the|los)|about|around|roughly|der|dem|den|die|etwa|ungef[äa]hr|circa|ca\.?|el|la|unos)\s+)*
    (?P<last>(?<![{_LETTER}])(?:last|final|letzten|[úu]ltimos)\s+|(?:最後|終わり|ラスト)の?)?
    (?P<label>(?<![{_LETTER}])(?:min(?:ute|uto)?|s(?:ec(?:ond)?|ek(?:unde)?|eg(?:undo)?))\.?\s+)?$""",
    re.I | re.X,
)
"""What stands before a time in English, German and Spanish."""
_NEAR = r"(?:の?(?:ところ|所|地点)|あたり|辺り|くらい|ぐらい|頃|ごろ|目)?"
_FROM = rf"{_NEAR}(?:から|より)(?:は|の(?!み))?"
_AFTER = re.compile(
    rf"""\s*(?:(?P<left>(?:before|vor|antes\s+del?)\s+(?:(?:the|dem|el)\s+)?(?:end|ende|schluss|final|fin)\b
          |前(?=から|より))\s*)?
    (?:
        (?P<start>on(?:wards?)?\b(?!\s+(?:the|a|my)\b)|in(?=\s*(?:[,;:.!?]|$))|en\s+adelante\b|{_FROM}(?!\s*\d+\s*まで)
            |{_NEAR}以降(?:は|の)?)
      |(?P<mark>marks?\b|marke\b)
      |(?P<at>{_NEAR}(?:で|に)(?!き))
      |(?P<unsure>まで|の?前)
      |(?P<von>(?:an|aus|weg)(?![{_LETTER}]))
    )?""",
    re.I | re.X,
)
"""What stands behind one, in Japanese above all."""
_TIME_OF_DAY = (
    r"[ap]\.?m\b|o['\u2019]?clock|past\b|tonight|in the (?:morning|afternoon|evening)"
    r"|uhr\b|(?:vor|nach)mittags|morgens|abends|nachts|de la (?:mañana|tarde|noche)"
)
_LENGTH = r"(?:minutes?\s+|minuten\s+|minutos\s+)?(?:long|lang|de (?:largo|duraci[óo]n)|in length)\b|の?(?:長さ|長い)"
_AFTER_A_CLOCK = re.compile(rf"\s*(?:{_TIME_OF_DAY}|{_LENGTH}|of\b(?!\s+(?:the|this|my|it)\b))", re.I)
_AFTER_UNITS = re.compile(
    rf"\s*(?:{_TIME_OF_DAY}|{_LENGTH}|of\b|later\b|ago\b|sp[äa]ter\b|de (?!la canci)"
    r"|pause|break|間|ほど|以[上内])",
    re.I,
)
_AFTER_A_NUMBER = re.compile(
    rf"\s*(?:(?:{_TIME_OF_DAY}|to|till|until|i|bpm|k?hz|percent|degrees?|days?|nights?|weeks?|months?|years?|times?"
    r"|miles?|mph|km\w*|feet|met(?:er|re)s?|bars?|beats?|people|voices?|dollars?|st|nd|rd|th"
    r"|verses?|choruses|notes?|octaves?|semitones?|steps?|singers?|drummers?|guitars?|takes?|songs?|or"
    r"|bis|auf(?=\s+\d)|prozent|grad|tag(?:en?)?|wochen?|monat(?:en?)?|jahr(?:en?)?|metern?|takt(?:en?)?|leuten?"
    r"|stimmen?|euro|strophen?|noten?|oktaven?|halbt[öo]nen?|schritten?|s[äa]ngern?|gitarren|liedern?|oder"
    r"|a(?=\s+\d)|hasta|por ciento|grados?|d[íi]as?|noches?|semanas?|mes(?:es)?|años?|veces|metros?|comp[áa]s|compases"
    r"|personas?|voces|voz|euros|estrofas?|notas?|octavas?|semitonos?|pasos?|cantantes?|guitarras?|canciones|o)\b"
    rf"|[人時年歳月日回本個枚拍小曲番度世代]|{_LENGTH})",
    re.I,
)
"""Words that make "from 3 …" something else than a place in the song."""

_TAIL = r"(?:\s+(?:of|through|von|de)\s+(?:it|the\s+song|this|dem\s+(?:lied|song)|la\s+canci[óo]n))?"
_MARKS = (
    (
        MIDDLE,
        re.compile(
            rf"""(?<![{_LETTER}])(?:
                (?:(?:start|begin)(?:ing)?\s+)?(?:from|after)\s+(?:about\s+|around\s+)?(?:the\s+)?(?:very\s+)?
                    (?:middle|mid(?:dle)?\s?point|mid-?way|half(?:[\s-]?way|\s+point)(?:\s+(?:mark|point|in|through))?)
              |(?:ab|von|nach)\s+(?:etwa\s+|ungef[äa]hr\s+)?(?:der\s+)?(?:mitte|h[äa]lfte)
              |(?:desde|a\s+partir\s+de)\s+(?:la\s+mitad|(?:el\s+)?medio)|a\s+partir\s+del\s+medio
            ){_TAIL}(?:\s+(?:on(?:wards?)?|an|aus|en\s+adelante))?(?![{_LETTER}])
            |(?:(?:曲|歌|この曲)の)?(?:真ん中|まんなか|真中|中間|中盤|中ほど|半分|中央){_FROM}""",
            re.I | re.X,
        ),
    ),
    (
        END,
        re.compile(
            rf"""(?<![{_LETTER}])(?:
                from\s+(?:the\s+)?(?:very\s+)?end|from\s+where\s+it\s+(?:ends|ended|stops|stopped|left\s+off)
              |(?:vom|von\s+dem|ab\s+dem|ab)\s+(?:ende|schluss)
              |(?:desde|a\s+partir\s+de)\s+(?:el\s+)?(?:final|fin)|a\s+partir\s+del\s+(?:final|fin)
            ){_TAIL}(?:\s+(?:on(?:wards?)?|an|aus|weg|en\s+adelante))?(?![{_LETTER}])
            |(?:(?:曲|歌|この曲)の)?(?:最後|終わり|おわり|ラスト|末尾){_FROM}""",
            re.I | re.X,
        ),
    ),
)


def _found(text: str) -> list[_Found]:
    """All moments that a text names, in their order."""
    text = text.translate(_WIDE)
    named = [
        _Found(begin=one.start(), end=one.end(), readings=(moment,), is_sure=True, says_from=True)
        for moment, form in _MARKS
        for one in form.finditer(text)
    ]
    named += [found for one in _TIME.finditer(text) if (found := _time_at(text, one)) is not None]
    return sorted(named, key=lambda one: one.begin)


def _alternatives(text: str) -> list[list[_Found]]:
    """The moments that a text names, those together that it gives a choice of: "from 0:30 or 0:45"."""
    groups: list[list[_Found]] = []
    for one in _found(text):
        if groups and _OR.fullmatch(text, groups[-1][-1].end, one.begin):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _time_at(text: str, time: re.Match[str]) -> _Found | None:
    """The moment that a number stands for, by the words beside it; None if it stands for something else."""
    offset = max(0, time.start() - _BESIDE_CHARS)
    before, after = _BEFORE.search(text[offset : time.start()]), _AFTER.match(text, time.end())
    if before is None or after is None:  # never: both fit no words at all
        return None
    begin, starts = offset + before.start(), bool(before["start"] or after["start"])
    beside = _Beside(
        starts=starts,
        places=bool(before["place"] or before["sign"] or before["label"] or after["mark"] or after["left"]),
        label=(before["label"] or "").strip(" ."),
        is_apart=(bool(before["apart"] or before["last"]) and not starts)
        or _is_count(text[:begin], time, before, after),
        is_unsure=bool(before["not"] or before["unsure"] or before["dash"] or after["unsure"]),
        is_before_end=bool(before["last"] or after["left"]),
        is_first=not text[:begin].strip(),
        is_last=not text[after.end() :].strip(" \n.,!?"),
    )
    if (readings := _readings(time, beside, text)) is None:
        return None
    is_split = after["von"] and not before["start"]  # "0:30 aus der Ferne" against "von 0:30 an"
    end = time.end() if is_split or not after[0].strip() else after.end()
    is_sure = len(readings) == 1 and not beside.is_unsure
    return _Found(begin=begin, end=end, readings=readings, is_sure=is_sure, says_from=starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What the words beside a number say about it."""

    starts: bool
    """They name a start: "from", "ab", "desde", "から"."""
    places: bool
    """They name a place: "at", "bei"."""
    label: str
    """A unit that stands before its number: "Sekunde 45"."""
    is_apart: bool
    """They name a duration, a time of day or a comparison."""
    is_unsure: bool
    is_before_end: bool
    is_first: bool
    is_last: bool

    @property
    def tells(self) -> bool:
        """Whether they say that this is a place in the song."""
        return self.starts or self.places or self.is_unsure


def _is_count(text: str, time: re.Match[str], before: re.Match[str], after: re.Match[str]) -> bool:
    """Whether a number is a score or a decade: "10 von 10", "from the 90s", "desde los 80"."""
    is_decade = bool(before["many"] and re.fullmatch(r"\d?[1-9]0s?", time[0], re.I)) and not after["mark"]
    is_score = (before["start"] or "").casefold() in {"von", "from"} and text.rstrip()[-1:].isdecimal()
    return is_decade or (time["number"] is not None and is_score)


def _readings(time: re.Match[str], beside: _Beside, text: str) -> tuple[Moment, ...] | None:
    """The moments that a number may mean: empty if a song can't have them; None if the number names no moment."""
    kind = time.lastgroup or ""
    if beside.is_apart or _ELSE[kind].match(text, time.end()):
        return None
    if (seconds := _READERS[kind](time[kind].replace(",", "."), beside)) is None:
        return None
    if beside.is_before_end:
        return tuple(Moment(seconds=-one, of_length=1.0) for one in seconds)
    return tuple(Moment(seconds=one) for one in seconds if one <= AT_MAX_S)


def _clock(written: str, beside: _Beside) -> list[float] | None:
    """`1:05` or `1:02:03`; `1:5` and `1:75` may mean two things, and `3:1` without any word is no time."""
    *hours, minutes, seconds = written.split(":")
    at_s, rest_s = float(minutes) * _MINUTE_S, float(seconds)
    if hours:
        exists = int(minutes) < _MINUTE_S and rest_s < _MINUTE_S
        return [float(hours[0]) * _HOUR_S + at_s + rest_s] if exists else []
    if len(seconds) == 1:
        return [at_s + rest_s, at_s + rest_s * 10] if beside.tells and rest_s * 10 < _MINUTE_S else None
    return [at_s + rest_s] if rest_s < _MINUTE_S else [at_s + rest_s, rest_s]


def _units(written: str, beside: _Beside) -> list[float] | None:
    """`1 minute 5 seconds`, where a word says that this is a place and no duration."""
    if beside.is_unsure or not (beside.tells or beside.is_before_end):
        return None
    rest_s = _MINUTE_S / 2 if written.endswith("半") else 0
    if written[-1].isdecimal():  # "1 minute 45"
        rest_s = float(written.rsplit(maxsplit=1)[-1])
    return [sum(float(one[1]) * _seconds_in(one[2]) for one in _PARTS.finditer(written)) + rest_s]


def _number(written: str, beside: _Beside) -> list[float] | None:
    """`65` behind "from"; `1.05` may mean 1:05, or little more than a second."""
    like_clock = _LIKE_A_CLOCK.fullmatch(written)
    if beside.is_unsure or not (beside.starts or (beside.is_first and (beside.places or like_clock))):
        return None
    if like_clock:
        return [float(like_clock[1]) * _MINUTE_S + float(like_clock[2]), float(written)]
    if _LIKE_MINUTES.fullmatch(written):
        return [float(written) * _MINUTE_S, float(written)]
    if beside.label:
        return [float(written) * _seconds_in(beside.label)]
    is_within = not beside.is_first and not beside.is_last
    return None if _LIKE_A_YEAR.fullmatch(written) or (is_within and len(written) == 1) else [float(written)]


def _seconds_in(unit: str) -> int:
    """How many seconds a unit of any language has."""
    if re.fullmatch(HOURS, unit, re.I):
        return _HOUR_S
    return _MINUTE_S if re.fullmatch(MINUTES, unit, re.I) else 1


_MINUTE_S, _HOUR_S = 60, 3600
_LIKE_A_CLOCK = re.compile(r"([0-5]?\d)\.([0-5]\d)")
_LIKE_MINUTES = re.compile(r"\d\.\d")
_LIKE_A_YEAR = re.compile(r"\d{4,}")
_PARTS = re.compile(rf"({_NUMBER})\s*-?({HOURS}|{MINUTES}|{SECONDS})", re.I | re.A)
_ELSE = {"clock": _AFTER_A_CLOCK, "units": _AFTER_UNITS, "number": _AFTER_A_NUMBER}
_READERS = {"clock": _clock, "units": _units, "number": _number}


# --- What is left ------------------------------------------------------------------------------------------------

_CARRY_ON = (
    r"continue|go(?:ing)?\s+on|keep\s+going|carry\s+on|take\s+it|pick\s+it\s+up|resume|extend|weiter(?:machen|spielen)?"
    r"|fortsetzen|setz\s+fort|sigue|seguir|contin[úu]a(?:la)?|contin[úu]ar|続けて|続き|つづけて|つづき"
)
_EMPTY = re.compile(
    rf"""(?:(?:{_CARRY_ON}|please|pls|plz|ok|okay|now|then|just|it|this|the\s+song|song|start|bitte|jetzt|mach|das\s+lied
        |por\s+favor|porfa|ahora|la\s+canci[óo]n|お願い(?:します)?|おねがい(?:します)?|下さい|ください|を|で)
        (?![{_LETTER}])[\s,;:.!?、。\uff01\uff1f]*)+""",
    re.I | re.X,
)
"""Words that ask to go on and say nothing about the sound: no prompt."""
_CARRIES_ON = re.compile(_CARRY_ON, re.I)
_TAKE = re.compile(
    rf"""(?<![{_LETTER}])(?:(?:from|of|on|use|using|with|von|ab|aus|mit|nimm|desde|de|en|con|usa)\s+(?:the\s+|la\s+)?)?
    (?:take|toma)\s*[#\u2116]?\s*([1-9])
    (?!\s*[:.,]?\d|[%{_LETTER}]|\s*(?:{_UNIT}|steps?|beats?|bars?|times|of\b|beers?|cervezas|pasos|veces|compases))
    |テイク\s*[#\u2116]?\s*([1-9])(?![\d:回])(?:の|で|を|は|、)?""",
    re.I | re.X,
)


def _take_out_take(text: str) -> tuple[str, int | None]:
    """The text without "take 2", and its number; untouched where several are named."""
    found = list(_TAKE.finditer(text.translate(_WIDE)))
    if len(found) != 1:
        return text, None
    return cut_out(text, [found[0].span()]), int(found[0][1] or found[0][2])


def _wording(text: str, *, names_place: bool) -> str | None:
    """What is left as a prompt; None if that says nothing about the sound and only asks to go on."""
    is_empty = _EMPTY.fullmatch(text) and (names_place or _CARRIES_ON.search(text))
    return None if is_empty else text or None
