"""The grammar of replies: a time, a half, the end or a take wherever it stands, and a prompt that is free of it."""

import itertools
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.replies import END, MIDDLE, Moment, ReplyWish, parse_reply, without_start
from bot.domain.wishes import AT_MAX_S


def at(seconds: float) -> Moment:
    return Moment(seconds=seconds)


# --- orders that a grammar makes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Language:
    """How orders are made up in one language. Clock times are `1:05`; `{}` in a frame is where a time goes."""

    verbs: tuple[str, ...]
    sounds: tuple[str, ...]
    frames: tuple[str, ...]
    units: tuple[str, ...]
    polite: tuple[str, ...]
    middles: tuple[str, ...]
    ends: tuple[str, ...]
    gap: str = " "


ENGLISH = Language(
    verbs=("", "continue", "make it", "go on", "let it get", "please bring"),
    sounds=("quieter", "with drums", "a choir in the bridge", "120 bpm", "3 voices", "like 1985", "in 3/4 time",
        "8 bars of rain"),
    frames=("from {}", "From {}", "starting at {}", "from the {} mark", "at {}", "after {}", "from about {}",
        "from {} onwards", "@{}"),
    units=("{s} seconds", "{s}s", "{m}m{r}s", "{m} min {r} sec", "{m} minutes and {r} seconds"),
    polite=("", "please", "pls"),
    middles=("from the middle", "from halfway", "from the middle of the song on"),
    ends=("from the end", "from the very end"),
)  # fmt: skip
GERMAN = Language(
    verbs=("", "mach weiter", "spiel", "bitte"),
    sounds=("leiser", "mit Schlagzeug", "ein Chor in der Bridge", "120 bpm", "3 Stimmen", "wie 1985",
        "im 3/4-Takt", "8 Takte Regen"),
    frames=("ab {}", "Ab {}", "von {} an", "bei {}", "nach {}", "ab etwa {}", "beginnend bei {}"),
    units=("{s} Sekunden", "Sekunde {s}", "{m} Min {r} Sek", "{m} Minuten und {r} Sekunden", "{s}s"),
    polite=("", "bitte"),
    middles=("ab der Mitte", "von der Mitte an", "ab der Hälfte"),
    ends=("vom Ende an", "ab dem Ende"),
)  # fmt: skip
SPANISH = Language(
    verbs=("", "sigue", "hazlo", "por favor pon"),
    sounds=("más suave", "con batería", "un coro en el puente", "120 bpm", "3 voces", "como en 1985",
        "en compás de 3/4", "8 compases de lluvia"),
    frames=("desde {}", "desde el {}", "a partir de {}", "a partir del {}", "en el {}", "después de {}",
        "desde {} en adelante", "al {}"),
    units=("{s} segundos", "segundo {s}", "{m} min {r} seg", "{m} minutos y {r} segundos", "{s}s"),
    polite=("", "por favor", "porfa"),
    middles=("desde la mitad", "a partir de la mitad"),
    ends=("desde el final", "a partir del final"),
)  # fmt: skip
JAPANESE = Language(
    verbs=("", "続けて", "そして"),
    sounds=(
        "静かに",
        "ドラムを入れて",
        "サビは合唱で",
        "120 bpmで",
        "声を3人で",
        "1985年風に",
        "3/4拍子で",
        "8小節の雨",
    ),
    frames=("{}から", "{}から、", "{} から", "{}以降", "{}あたりから", "{}より"),
    units=("{s}秒", "{m}分{r}秒", "{m}分 {r}秒"),
    polite=("", "お願いします"),
    middles=("真ん中から", "中間から", "曲の真ん中あたりから"),
    ends=("最後から", "曲の終わりから"),
    gap="",
)
LANGUAGES = (ENGLISH, GERMAN, SPANISH, JAPANESE)
STARTING = ("from", "From", "starting", "ab", "Ab", "von", "desde", "a partir", "から", "以降", "より")


@dataclass(frozen=True)
class Order:
    text: str
    moment: Moment
    words: str
    """All but the time."""


@st.composite
def spelled_times(draw: st.DrawFn, language: Language) -> tuple[str, Moment]:
    """A time with the words around it, in any spelling that is not open to doubt."""
    minutes, rest = draw(st.integers(0, 59)), draw(st.integers(0, 59))
    clock = draw(st.sampled_from([f"{minutes}:{rest:02}", f"{minutes:02}:{rest:02}", f"{minutes}:{rest:02}.5"]))
    unit = draw(st.sampled_from(language.units)).format(s=rest, m=minutes, r=rest)
    uses_minutes = "{m}" in next(one for one in language.units if one.format(s=rest, m=minutes, r=rest) == unit)
    seconds = minutes * 60 + rest
    kind = draw(st.sampled_from(["clock", "bare clock", "units", "middle", "end"]))
    match kind:
        case "clock" | "bare clock":
            frame = draw(st.sampled_from(language.frames)) if kind == "clock" else " {} "
            return frame.format(clock), at(seconds + (0.5 if clock.endswith(".5") else 0))
        case "units":
            frames = [one for one in language.frames if one.startswith(STARTING) or one.endswith(STARTING)]
            return draw(st.sampled_from(frames)).format(unit), at(seconds if uses_minutes else rest)
        case "middle":
            return draw(st.sampled_from(language.middles)), MIDDLE
        case _:
            return draw(st.sampled_from(language.ends)), END


@st.composite
def orders(draw: st.DrawFn) -> Order:
    language = draw(st.sampled_from(LANGUAGES))
    time, moment = draw(spelled_times(language))
    sounds = draw(st.lists(st.sampled_from(language.sounds), min_size=1, max_size=3, unique=True))
    parts = [
        part
        for part in (draw(st.sampled_from(language.verbs)), *sounds, draw(st.sampled_from(language.polite)))
        if part
    ]
    place = draw(st.integers(0, len(parts)))
    comma = "、" if language is JAPANESE else ","
    before, after = draw(st.sampled_from([("", ""), (comma, ""), ("", comma), (comma, comma), (" (", ")"), ("", ":")]))
    if not before.strip(" (") and language is JAPANESE and place:
        before = "、"  # else a number could run into the word before
    space = language.gap or draw(st.sampled_from(["", " "]))
    head, tail = space.join(parts[:place]), space.join(parts[place:])
    ending = draw(st.sampled_from(["", "!", ".", "..."]))
    opening = (
        before + (" " if language is not JAPANESE and not before.endswith("(") else "")
        if head
        else before.strip(" ,、")
    )
    closing = after + (" " if language is not JAPANESE or after == ":" else "") if tail else after.strip(" ,、:")
    return Order(text=f"{head}{opening}{time}{closing}{tail}{ending}", moment=moment, words=head + tail)


def letters(text: str) -> str:
    """A text without blanks and punctuation."""
    return re.sub(r"[\s,;:.!?、。()]+", "", text)


@given(order=orders())
def test_a_time_anywhere_in_an_order_is_found_and_taken_out(order: Order) -> None:
    wish = parse_reply(order.text)

    assert (wish.is_clear, wish.moments) == (True, (order.moment,)), order.text
    left = letters(wish.prompt or "")
    assert left in (letters(order.words), ""), f"{order.text} -> {wish.prompt}"
    assert left or len(order.words) < 30, "only words that say nothing about the sound may go"


@given(order=orders(), minutes=st.integers(0, 59), rest=st.integers(0, 59))
def test_an_order_with_two_times_asks_which_one_is_meant(order: Order, minutes: int, rest: int) -> None:
    other = at(minutes * 60 + rest)
    wish = parse_reply(f"{order.text} / {minutes}:{rest:02}")

    assert wish.is_clear == (other == order.moment)
    assert {order.moment, other} == set(wish.moments)


@given(order=orders(), length_s=st.floats(3700, 9000))
def test_the_moment_that_is_chosen_is_taken_out_and_the_other_one_stays(order: Order, length_s: float) -> None:
    text = f"{order.text} / 59:59.25"
    chosen = None if order.moment == END else order.moment.at_s(length_s)
    assert chosen in (parse_reply(text).choices(length_s) or ())

    left = without_start(text, chosen, length_s)

    assert left is not None
    assert parse_reply(left).moments == (at(3599.25),)


@given(order=orders(), take=st.integers(1, 9), spelled=st.sampled_from(["take {}", "Take {}", "toma {}", "テイク{}"]))
def test_a_take_is_found_and_taken_out_beside_a_time(order: Order, take: int, spelled: str) -> None:
    wish = parse_reply(f"{spelled.format(take)}, {order.text}")

    assert (wish.take, wish.moments) == (take, (order.moment,))
    assert not re.search("take|toma|テイク", wish.prompt or "", re.I)


SPOKEN = st.sampled_from(
    [
        *(
            "from",
            "at",
            "ab",
            "bei",
            "desde",
            "del",
            "a partir de",
            "to",
            "bis",
            "hasta",
            "before",
            "end",
            "から",
            "まで",
        ),
        *("1:05", "0:30", "1.05", "1:75", "45", "3", "99999", "1:2:3", "24:00:01", "\uff10\uff1a\uff13\uff10"),
        *(
            "s",
            "seconds",
            "秒",
            "take",
            "2",
            "the",
            "middle",
            "Mitte",
            "quieter",
            ",",
            ";",
            ":",
            "!",
            "(",
            ")",
            "-",
            "\n",
        ),
    ]
)


@given(st.text(max_size=80) | st.lists(SPOKEN, max_size=14).map(" ".join) | st.lists(SPOKEN, max_size=14).map("".join))
def test_whatever_is_written_gives_a_wish_that_can_be_asked_about(text: str) -> None:
    wish = parse_reply(text)

    assert all(abs(moment.seconds) <= AT_MAX_S for moment in wish.moments)
    assert len(wish.moments) <= (1 if wish.is_clear else 5)
    assert wish.prompt is None or wish.prompt == wish.prompt.strip() != ""
    for choice in wish.choices(90.0) or ():
        assert choice is None or 0 <= choice < 90
        without_start(wish.prompt, choice, 90.0)


# --- single readings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at_s", "prompt"),
    [
        ("quieter bridge from 0:30", 30, "quieter bridge"),
        ("0:30 quieter", 30, "quieter"),
        ("continue from 1:05 with drums", 65, "continue with drums"),
        ("from 45 seconds", 45, None),
        ("leiser ab 0:30", 30, "leiser"),
        ("desde el 1:05 más suave", 65, "más suave"),
        ("a partir del 0:30", 30, None),
        ("サビを静かに 1:05から", 65, "サビを静かに"),
        ("サビを1:05から静かに", 65, "サビを静かに"),
        ("\uff11\uff1a\uff10\uff15から静かに", 65, "静かに"),
        ("1分半から静かに", 90, "静かに"),
        ("9秒から", 9, None),
        ("from 1 minute 45 softer", 105, "softer"),
        ("ab 1 Minute 45 leiser", 105, "leiser"),
        ("from 1:05, quieter bridge", 65, "quieter bridge"),
        ("<@123> From 1:05 quieter\nbridge", 65, "quieter\nbridge"),
        ("quieter\nfrom 0:30\nwith drums", 30, "quieter\nwith drums"),
        ("<@!123> at 65 heavier drums", 65, "heavier drums"),
        ("FROM 1m 5s: more choir", 65, "more choir"),
        ("at 90s, more", 90, "more"),
        ("from 65.5 softer", 65.5, "softer"),
        ("from 1:05,5 softer", 65.5, "softer"),
        ("from 1.5 minutes softer", 90, "softer"),
        ("from 1:05 \u2014 softer", 65, "softer"),
        ("from 1:05 to the end softer", 65, "to the end softer"),
        ("at 65, years later the choir", 65, "years later the choir"),
        ("from\u200b 1:05, x", 65, "x"),
        ("ab 65 auf Deutsch", 65, "auf Deutsch"),
        ("0:30 aus der Ferne", 30, "aus der Ferne"),
        ("a partir de 90 seg: coro", 90, "coro"),
        ("a los 45 segundos más bajo", 45, "más bajo"),
        ("30 seconds in, quieter", 30, "quieter"),
        ("quieter (from 0:30) please", 30, "quieter please"),
        ("quieter, from 0:30, with drums", 30, "quieter, with drums"),
        ("quieter from 0:30!", 30, "quieter!"),
        ("start at 1:30 and build up", 90, "build up"),
        ("120 bpm from 0:30 with 3 voices in 3/4 time like 1985", 30, "120 bpm with 3 voices in 3/4 time like 1985"),
        ("Strophe 2 ab 0:30", 30, "Strophe 2"),
        ("0:30 of rain from 1:05", 65, "0:30 of rain"),
        ("please go on from 0:30", 30, None),
        ("0から静かに", 0, "静かに"),
    ],
)  # fmt: skip
def test_times_are_taken_out_of_replies(text: str, at_s: float, prompt: str | None) -> None:
    assert parse_reply(text) == ReplyWish(moments=(at(at_s),), prompt=prompt)


@pytest.mark.parametrize(
    "text",
    [
        "heavier drums", "at night we ride", "from 3 am to dawn", "from 3am to dawn", "at 3 A.M. I wake",
        "at 7:30 pm we meet",
        "at 5 o'clock", "at 5 o\u2019clock", "at 8 in the morning", "at 5 minutes past midnight",
        "at 120 bpm with brushes",
        "from 9 to 5, working", "at 17 I left home", "at 65 miles an hour", "at 65% volume", "at 21st street",
        "at 10-20 people",
        "at 1,2,3 we go", "at 1,05 am", "at 100000 people", "from 100000 times before", "fromage 65",
        "at 65heavier", "like 1985",
        "songs from 1985", "hip hop from the 90s", "from 3 voices to 8 bars", "in 3/4 time", "make it 2:30 long",
        "the score was 3:1",
        "10 seconds of silence", "the last 10 seconds louder", "for 0:30 nothing", "shorter than 2:30",
        "10 von 10", "take 2 steps back",
        "ab 17 Uhr wird gesungen", "ab 7:30 Uhr", "ab 3 Tagen Regen", "von 9 bis 5 gearbeitet",
        "bei 120 bpm mit Besen", "um 7:30 los",
        "bei 30 Grad im Schatten", "von 100 Leuten", "abends um 9", "desde 2 días antes", "desde 9 a 5",
        "a partir de 10 años",
        "a partir de 7 de la tarde", "desde 1:05 de la mañana", "a las 7:30", "desde los 80", "desdén 65",
        "3時から始まる", "100人から",
        "9から5まで", "10秒間静かに", "3分で終わる", "<t:1618953630:R> softer", "https://a.example:8080/?t=1:05 softer",
    ],
)  # fmt: skip
def test_numbers_that_mean_something_else_stay_in_the_prompt(text: str) -> None:
    assert parse_reply(text) == ReplyWish(prompt=text)


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("from 1.05", [65, 1.05]),
        ("1.05 quieter", [65, 1.05]),
        ("ab 1,05 leiser", [65, 1.05]),
        ("from 1.5 softer", [90, 1.5]),
        ("from 1:75, quieter", [135, 75]),
        ("from 1:5 quieter", [65, 110]),
        ("from 0:30 to 1:00 quieter", [30, 60]),
        ("0:30-0:45 quieter", [30, 45]),
        ("de 0:40 a 0:50 más suave", [40, 50]),
        ("0:40から0:50まで静かに", [40, 50]),
        ("not from 0:30 but from 0:45", [30, 45]),
        ("until 1:05 quiet", [65]),
        ("bis 1:05 leise", [65]),
        ("1:05まで静かに", [65]),
        ("like at 0:30", [30]),
        ("at 48:00:00 louder", []),
        ("0:01 0:02 0:03 0:04 0:05 0:06", [1, 2, 3, 4, 5]),
    ],
)
def test_where_a_time_is_not_sure_it_is_asked(text: str, moments: list[float]) -> None:
    assert parse_reply(text) == ReplyWish(moments=tuple(map(at, moments)), is_clear=False, prompt=text)


@pytest.mark.parametrize(
    "text",
    [
        "from the last 20 seconds softer", "20 seconds before the end softer", "20 Sekunden vor dem Ende softer",
        "desde los últimos 20 segundos softer", "20 segundos antes del final softer", "最後の20秒からsofter",
        "終わりの20秒前からsofter",
    ],
)  # fmt: skip
def test_a_time_may_count_from_the_end(text: str) -> None:
    wish = parse_reply(text)

    assert (wish.start.at_s(90.0), wish.start.at_s(15.0), wish.start.at_s(None)) == (70.0, None, None)
    assert wish.prompt == "softer"


def test_the_middle_needs_the_length_of_the_song() -> None:
    assert (MIDDLE.at_s(90.0), MIDDLE.at_s(None)) == (45.0, None)


def test_moments_that_the_song_does_not_have_are_not_offered() -> None:
    wish = parse_reply("from 0:30, 1:75 or from the end")

    assert wish.choices(100.0) == (30.0, 75.0, None)
    assert wish.choices(None) == (30.0, 135.0, 75.0, None)
    assert parse_reply("from 0:30").choices(100.0) is None


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("from 1.05 quieter", "quieter"),
        ("from 1.05", None),
        ("from 1:05 or 0:30, softer", "softer"),
        ("ab 0:30 oder 1:05", None),
        ("quieter 1:75", "quieter 1:75"),
    ],
)
def test_what_was_chosen_goes_out_of_the_prompt(text: str, prompt: str | None) -> None:
    assert without_start(text, 65.0, 100.0) == prompt


@pytest.mark.parametrize(
    ("text", "take", "prompt"),
    [
        ("take 2", 2, None),
        ("Take 1, quieter", 1, "quieter"),
        ("quieter from take 2", 2, "quieter"),
        ("toma 2 más suave", 2, "más suave"),
        ("テイク2で静かに", 2, "静かに"),
        ("\uff34ake \uff12 softer", 2, "softer"),
        ("take 1 or take 2", None, "take 1 or take 2"),
        ("take 2 steps back", None, "take 2 steps back"),
        ("take 12", None, "take 12"),
    ],
)
def test_a_take_is_taken_out_of_the_prompt(text: str, take: int | None, prompt: str | None) -> None:
    assert parse_reply(text) == ReplyWish(take=take, prompt=prompt)


@pytest.mark.parametrize("text", ["", " ", "<@123>", "<@&5> \u200b"])
def test_an_empty_reply_is_an_empty_wish(text: str) -> None:
    assert parse_reply(text) == ReplyWish()


@pytest.mark.parametrize(
    "text", ["continue", "please go on!", "weiter", "bitte weiter", "sigue", "続けて", "続きお願いします"]
)
def test_a_reply_that_only_asks_to_go_on_keeps_the_words_of_the_song(text: str) -> None:
    assert parse_reply(text) == ReplyWish()


def test_what_a_reply_names_is_found_in_time_however_long_it_is() -> None:
    text = " ".join(itertools.islice(itertools.cycle(["from", "0:30", "to", "take", "2", "1:75,"]), 3000))

    assert not parse_reply(text).is_clear
