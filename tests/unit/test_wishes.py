"""Wishes are normalised and kept within limits; times and replies in free text are understood, or left as words."""

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
    SongWish,
    WishError,
    WishProblem,
    checked,
    normalise,
    one_line,
    parse_at,
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
     "1:05am", "5 s 1 m", "1.05", "12,30", "h", "m", "ms", ":30", "1:", "1.2.3", "soon", "1:05\n2", "٦٥"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(WishError) as refused:
        parse_at(text)
    assert refused.value.problem is WishProblem.BAD_TIME


@given(st.floats(min_value=0, max_value=AT_MAX_S))
def test_a_written_time_is_read_back(at_s):
    minutes, seconds = divmod(round(at_s, 3), 60)
    assert parse_at(f"{int(minutes)}:{min(seconds, 59.999):06.3f}") == pytest.approx(at_s, abs=0.002)
