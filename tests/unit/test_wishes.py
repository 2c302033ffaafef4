"""Wishes are normalised and kept within limits; times and replies in free text are understood, or left as words."""

import contextlib
import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.tasks import TaskId
from bot.domain.wishes import (
    AT_MAX_S,
    PROMPT_MAX_CHARS,
    TAGS_MAX_CHARS,
    TITLE_MAX_CHARS,
    ContinuationWish,
    LyricsWish,
    ReplyWish,
    SongWish,
    WishError,
    WishProblem,
    checked,
    normalise,
    one_line,
    parse_at,
    parse_reply,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  rain  ", "rain"),
        ("e\u0301te\u0301", "été"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\n\n\n\n \n\nb", "a\n\n\nb"),
        ("a\n\n\nb", "a\n\n\nb"),
        ("a\tb\x00\x07c", "a bc"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("zero\u200bwidth\ufeff\u2060\u00ad", "zerowidth"),
        ("s\u200dk\u200c-1", "sk-1"),
        ("نمی\u200cشود", "نمی\u200cشود"),
        ("نمی\u200c\u200c\u200dشود\u200c", "نمی\u200cشود"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        ("tag\U000e0041", "tag"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("[Verse]\nline  \nline", "[Verse]\nline\nline"),
    ],
)
def test_texts_are_normalised(text, expected):
    assert normalise(text) == expected


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\n\n\n\n" not in once
    assert once.encode().decode() == once
    assert one_line(one_line(text)) == one_line(text)


def test_titles_and_tags_are_one_line():
    wish = checked(
        SongWish(prompt=" rain\n\non tin ", title=" Low\n Tide ", tags="lo-fi,\n\tslow", negative_tags=" brass,\nchoir")
    )
    assert wish == SongWish(prompt="rain\n\non tin", title="Low Tide", tags="lo-fi, slow", negative_tags="brass, choir")


def test_empty_title_and_tags_are_none():
    assert checked(SongWish(prompt="rain", title=" \u200b ", tags="\n", negative_tags=" ")) == SongWish(prompt="rain")


def test_all_else_of_a_wish_is_kept():
    song = SongWish(prompt="rain", instrumental=True, model="m", version="v")
    assert checked(song) == song
    assert checked(LyricsWish(prompt=" rain", model="m")) == LyricsWish(prompt="rain", model="m")
    going_on = ContinuationWish(parent_id=TaskId(7), prompt="louder ", at_s=0.0)
    assert checked(going_on) == ContinuationWish(parent_id=TaskId(7), prompt="louder", at_s=0.0)


def test_a_continuation_needs_no_prompt():
    assert checked(ContinuationWish(parent_id=TaskId(7), prompt=" \n")) == ContinuationWish(parent_id=TaskId(7))


@pytest.mark.parametrize(
    ("wish", "problem", "limit"),
    [
        (SongWish(prompt=" \u200b\n"), WishProblem.EMPTY_PROMPT, None),
        (LyricsWish(prompt=""), WishProblem.EMPTY_PROMPT, None),
        (SongWish(prompt="🎵" * (PROMPT_MAX_CHARS + 1)), WishProblem.PROMPT_TOO_LONG, PROMPT_MAX_CHARS),
        (SongWish(prompt="a", tags="b" * (TAGS_MAX_CHARS + 1)), WishProblem.TAGS_TOO_LONG, TAGS_MAX_CHARS),
        (SongWish(prompt="a", negative_tags="b" * (TAGS_MAX_CHARS + 1)), WishProblem.TAGS_TOO_LONG, TAGS_MAX_CHARS),
        (SongWish(prompt="a", title="b" * (TITLE_MAX_CHARS + 1)), WishProblem.TITLE_TOO_LONG, TITLE_MAX_CHARS),
        (SongWish(prompt="sing sk-1234567890abcdef"), WishProblem.SECRET, None),
        (SongWish(prompt="sing sk-12345\u200d67890abcdef"), WishProblem.SECRET, None),
        (SongWish(prompt="a", title="sk-1234567890abcdef"), WishProblem.SECRET, None),
        (SongWish(prompt="a", tags="http://localhost"), WishProblem.PRIVATE_URL, None),
        (SongWish(prompt="a", negative_tags="sk-1234567890abcdef"), WishProblem.SECRET, None),
        (LyricsWish(prompt="about http://10.0.0.1/"), WishProblem.PRIVATE_URL, None),
        (ContinuationWish(parent_id=TaskId(1), prompt="http://localhost"), WishProblem.PRIVATE_URL, None),
        (ContinuationWish(parent_id=TaskId(1), at_s=-1.0), WishProblem.BAD_TIME, AT_MAX_S),
        (ContinuationWish(parent_id=TaskId(1), at_s=math.nan), WishProblem.BAD_TIME, AT_MAX_S),
        (ContinuationWish(parent_id=TaskId(1), at_s=AT_MAX_S + 1.0), WishProblem.BAD_TIME, AT_MAX_S),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_problem(wish, problem, limit):
    with pytest.raises(WishError) as refused:
        checked(wish)
    assert (refused.value.problem, refused.value.limit) == (problem, limit)
    assert str(refused.value) == problem


def test_texts_at_the_limit_are_taken():
    tags = "b" * TAGS_MAX_CHARS
    wish = SongWish(prompt="🎵" * PROMPT_MAX_CHARS, title="é" * TITLE_MAX_CHARS, tags=tags, negative_tags=tags)
    assert checked(wish) == wish


@pytest.mark.parametrize(
    ("text", "at_s"),
    [
        ("65", 65),
        ("65.5", 65.5),
        ("1:05", 65),
        ("1:05.5", 65.5),
        ("1:05,5", 65.5),
        (" 1:5 ", 65),
        ("1m5s", 65),
        ("1m 5s", 65),
        ("1 Min 5 sec", 65),
        ("1 minute 5 seconds", 65),
        ("2m", 120),
        ("90s", 90),
        ("90,5 s", 90.5),
        ("1h 2m", 3720),
        ("1:02:03", 3723),
        ("90:00", 5400),
        ("1 Minute 5 Sekunden", 65),
        ("2 Minuten", 120),
        ("90 Sek", 90),
        ("1 Std 2 Min", 3720),
        ("1 minuto 5 segundos", 65),
        ("2 minutos", 120),
        ("1 hora 2 min", 3720),
        ("90 seg", 90),
        ("1分5秒", 65),
        ("1時間2分", 3720),
        ("0", 0),
        ("24:00:00", AT_MAX_S),
    ],
)
def test_times_are_read(text, at_s):
    assert parse_at(text) == at_s


@pytest.mark.parametrize(
    "text",
    ["", " ", "-5", "-1:05", "nan", "inf", "1e3", "1:75", "1:60:00", "1:2:3:4", "24:00:01", "86401", "9" * 5000,
     "1:05am", "5 s 1 m", "h", "m", "ms", ":30", "1:", "1.2.3", "soon", "1:05\n2", "٦٥"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(WishError) as refused:
        parse_at(text)
    assert refused.value.problem is WishProblem.BAD_TIME


@given(st.floats(min_value=0, max_value=AT_MAX_S))
def test_a_written_time_is_read_back(at_s):
    minutes, seconds = divmod(round(at_s, 3), 60)
    assert parse_at(f"{int(minutes)}:{min(seconds, 59.999):06.3f}") == pytest.approx(at_s, abs=0.002)


@pytest.mark.parametrize(
    ("text", "at_s", "prompt"),
    [
        ("from 1:05, quieter bridge", 65, "quieter bridge"),
        ("<@123> From 1:05 quieter\nbridge", 65, "quieter\nbridge"),
        ("<@!123> at 65 heavier drums", 65, "heavier drums"),
        ("from 1:05", 65, None),
        ("from 1:05.", 65, None),
        ("FROM 1m 5s: more choir", 65, "more choir"),
        ("from 1m5s more", 65, "more"),
        ("at 90s, more", 90, "more"),
        ("from 1:05,5 softer", 65.5, "softer"),
        ("from 1:05,softer", 65, "softer"),
        ("from 1:05 \u2014 softer", 65, "softer"),
        ("from 1:05 - softer", 65, "softer"),
        ("from 1:05 to the end softer", 65, "to the end softer"),
        ("at 65, years later the choir", 65, "years later the choir"),
        ("from\u200b 1:05, x", 65, "x"),
        ("at 65 a softer bridge", 65, "a softer bridge"),
        ("ab 65 auf Deutsch", 65, "auf Deutsch"),
        ("ab 1:05 ruhiger", 65, "ruhiger"),
        ("<@123> Ab 2 Minuten, lauter", 120, "lauter"),
        ("von 90 Sekunden: mehr Chor", 90, "mehr Chor"),
        ("bei 1:05,5 leiser", 65.5, "leiser"),
        ("ab 1:05", 65, None),
        ("desde 1:05, más suave", 65, "más suave"),
        ("Desde 1 minuto 5 segundos más fuerte", 65, "más fuerte"),
        ("a partir de 90 seg: coro", 90, "coro"),
        ("A partir  de 1:05", 65, None),
        ("1:05から静かに", 65, "静かに"),
        ("<@123> 1:05 から、もっと静かに", 65, "もっと静かに"),
        ("1分5秒から 静かに", 65, "静かに"),
        ("65から", 65, None),
    ],
)
def test_replies_with_a_time_are_understood(text, at_s, prompt):
    assert parse_reply(text) == ReplyWish(at_s=at_s, prompt=prompt)


@pytest.mark.parametrize(
    "text",
    [
        "heavier drums",
        "at night we ride",
        "from 3 am to dawn",
        "from 3am to dawn",
        "at 3 A.M. I wake",
        "at 7:30 pm we meet",
        "at 5 o'clock",
        "at 5 o\u2019clock",
        "at 8 in the morning",
        "at 5 minutes past midnight",
        "at 120 bpm with brushes",
        "from 9 to 5, working",
        "at 17 I left home",
        "at 65 miles an hour",
        "at 65% volume",
        "at 21st street",
        "at 10-20 people",
        "at 1,2,3 we go",
        "at 1,05 am",
        "at 100000 people",
        "from 100000 times before",
        "from here on, at 1:05 quieter",
        "fromage 65",
        "at 65heavier",
        "ab 17 Uhr wird gesungen",
        "ab 7:30 Uhr",
        "ab 3 Tagen Regen",
        "von 9 bis 5 gearbeitet",
        "bei 120 bpm mit Besen",
        "bei 30 Grad im Schatten",
        "von 100 Leuten",
        "abends um 9",
        "desde 2 días antes",
        "desde 9 a 5",
        "a partir de 10 años",
        "a partir de 7 de la tarde",
        "desde 1:05 de la mañana",
        "desdén 65",
        "3時から始まる",
        "100人から",
        "9から5まで",
        "サビは1:05から",
    ],
)
def test_replies_without_a_time_are_all_prompt(text):
    assert parse_reply(text) == ReplyWish(prompt=text)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("take 2", ReplyWish(take=2)),
        ("Take 2, louder", ReplyWish(take=2, prompt="louder")),
        ("take 2 from 1:05, quieter", ReplyWish(take=2, at_s=65.0, prompt="quieter")),
        ("<@5> Take 1: ab 1:05", ReplyWish(take=1, at_s=65.0)),
        ("toma 2 desde 1:05, más suave", ReplyWish(take=2, at_s=65.0, prompt="más suave")),
        ("テイク2、1:05から", ReplyWish(take=2, at_s=65.0)),
        ("テイク 2の1:05から静かに", ReplyWish(take=2, at_s=65.0, prompt="静かに")),
        ("take 2 steps back", ReplyWish(prompt="take 2 steps back")),
        ("take 2nd verse", ReplyWish(prompt="take 2nd verse")),
        ("take it slow", ReplyWish(prompt="take it slow")),
    ],
)
def test_a_reply_may_say_which_take_it_means(text, wish):
    assert parse_reply(text) == wish


@pytest.mark.parametrize("text", ["", " ", "<@123>", "<@&5> \u200b"])
def test_an_empty_reply_is_an_empty_wish(text):
    assert parse_reply(text) == ReplyWish()


def test_a_clock_time_that_does_not_exist_is_refused():
    with pytest.raises(WishError) as refused:
        parse_reply("from 1:75, quieter")
    assert refused.value.problem is WishProblem.BAD_TIME


REPLIES = st.from_regex(r"(?i)((from|at|ab|a partir de) )?[\d:.,hms分 ]{0,12}(から)?[ ,-]{0,2}.{0,20}")


@given(st.text(max_size=80) | REPLIES)
def test_no_reply_raises_anything_but_a_wish_error(text):
    with contextlib.suppress(WishError):
        wish = parse_reply(text)
        assert wish.at_s is None or 0 <= wish.at_s <= AT_MAX_S
        assert wish.prompt is None or wish.prompt == wish.prompt.strip() != ""
