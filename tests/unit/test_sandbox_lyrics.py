"""Lyrics: sections, rhymes, the prompt's own words, and the same each time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.lyrics import LONG_CHARS, RHYMES, content_words, title_of, write_lyrics

PROMPT = "an old lighthouse keeper and his cat"


@given(st.text(max_size=300))
def test_any_prompt_gets_verse_chorus_and_bridge(prompt: str) -> None:
    lyrics = write_lyrics(prompt)
    assert lyrics == write_lyrics(prompt)
    for heading in ("[Verse 1]", "[Chorus]", "[Verse 2]", "[Bridge]"):
        assert heading in lyrics


@given(st.text(max_size=300))
def test_lines_rhyme_in_pairs(prompt: str) -> None:
    lines = [line for line in write_lyrics(prompt).splitlines() if line and not line.startswith("[")]
    families = {word: family for family in RHYMES for word in family}
    for first, second in zip(lines[::2], lines[1::2], strict=True):
        ends = first.split()[-1], second.split()[-1]
        assert ends[0] != ends[1]
        assert families[ends[0]] is families[ends[1]]


def test_the_prompts_own_words_are_sung() -> None:
    assert re.search(r"lighthouse|keeper|cat", write_lyrics(PROMPT))


def test_chorus_comes_back_word_for_word() -> None:
    choruses = re.findall(r"\[Chorus\]\n(.*?)(?:\n\n|$)", write_lyrics(PROMPT), re.DOTALL)
    assert len(choruses) == 2
    assert len(set(choruses)) == 1


@pytest.mark.parametrize("word", ["long", "Epic"])
def test_long_wishes_get_long_lyrics(word: str) -> None:
    assert len(write_lyrics(f"A {word} song about whales")) > LONG_CHARS
    assert len(write_lyrics("A song about whales")) < LONG_CHARS


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("a song about the Slow Harbour Blues with harmonica", "Slow Harbour Blues"),
        ("", "Silence"),
        ("the the", "The"),
        ("!!! 123", "Silence"),
    ],
)
def test_title_is_made_from_the_telling_words(prompt: str, title: str) -> None:
    assert title_of(prompt) == title


@given(st.text(max_size=300))
def test_there_is_always_a_word_and_a_short_title(prompt: str) -> None:
    assert content_words(prompt)
    assert 0 < len(title_of(prompt)) <= 60


def test_other_prompts_get_other_lyrics() -> None:
    assert write_lyrics("harbour lights") != write_lyrics("mountain lights")
