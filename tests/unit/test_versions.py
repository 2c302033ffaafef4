"""Versions: which words are some, which one is tried next, what refusals tell, and how long texts each takes."""

import pytest

from bot.domain.versions import Found, TextLimits, is_version, limits_of, nearest_newer, next_older, same
from bot.tokenlab.models import VERSIONS

ORDER = ("chirp-v6", "chirp-v6-wild", "chirp-v6-mini", "chirp-v5-5", "chirp-v5", "chirp-v4")


@pytest.mark.parametrize(
    "word",
    ["chirp-v6", "chirp-v4.5", "chirp-v4-5plus", "chirp-crow", "chirp-auk-turbo", "chirp-" + "x" * 34, *VERSIONS],
)
def test_any_chirp_word_of_up_to_40_characters_is_a_version(word: str):
    assert is_version(word)


@pytest.mark.parametrize(
    "word",
    ["", "chirp", "chirp-", "v6", "suno-v6", "chirp-v 6", "chirp-" + "x" * 35, "chirp-v6\n", "chirp-vé", "chirp-<@1>"],
)
def test_other_words_are_none(word: str):
    assert not is_version(word)


def test_a_dot_and_a_hyphen_spell_the_same_version():
    assert same("chirp-v4.5plus", "chirp-v4-5plus")
    assert not same("chirp-v4", "chirp-v4-5")


@pytest.mark.parametrize(
    ("refused", "but", "then"),
    [
        ("chirp-v6", (), "chirp-v5-5"),
        ("chirp-v5.5", (), "chirp-v5"),
        ("chirp-v5-5", ("chirp-v5",), "chirp-v4"),
        ("chirp-v6-wild", (), "chirp-v5-5"),
        ("chirp-v9", (), "chirp-v6"),
        ("chirp-v4", (), "chirp-v6"),
        ("chirp-v4", ("chirp-v6", "chirp-v5.5", "chirp-v5"), None),
    ],
)
def test_the_next_older_one_follows_and_after_the_oldest_the_newer_ones(
    refused: str, but: tuple[str, ...], then: str | None
):
    assert next_older(refused, ORDER, but=but) == then


@pytest.mark.parametrize(
    ("version", "but", "newer"),
    [
        ("chirp-v4", (), "chirp-v5"),
        ("chirp-v4", ("chirp-v5", "chirp-v5.5"), "chirp-v6"),
        ("chirp-v6", (), None),
        ("chirp-v9", (), None),
    ],
)
def test_the_nearest_newer_one_is_found(version: str, but: tuple[str, ...], newer: str | None):
    assert nearest_newer(version, ORDER, but=but) == newer


def test_every_version_comes_up_once_and_those_that_are_only_offered_never():
    tried = ["chirp-v5"]
    while (other := next_older(tried[-1], ORDER, but=tried)) is not None:
        tried.append(other)
    assert tried == ["chirp-v5", "chirp-v4", "chirp-v6", "chirp-v5-5"]


def test_what_was_taken_goes_first_in_place_of_what_is_known_to_be_refused_alone():
    found = Found(taken="chirp-v5", refused=frozenset({"chirp-v6", "chirp-v5-5"}))
    assert [found.guess(first, ORDER) for first in ORDER] == [
        "chirp-v5", "chirp-v6-wild", "chirp-v6-mini", "chirp-v5", "chirp-v5", "chirp-v4",
    ]  # fmt: skip


def test_a_refusal_begins_a_search_and_taking_one_ends_it():
    found = Found().after_refusal("chirp-v6", ORDER)
    assert (found.is_searching, found.guess("chirp-v6", ORDER)) == (True, "chirp-v5-5")
    found = found.after_refusal("chirp-v5-5", ORDER).after_taking("chirp-v5")
    assert found == Found(taken="chirp-v5", refused=frozenset({"chirp-v6", "chirp-v5-5"}))
    assert not found.is_searching
    assert found.after_taking("chirp-v4") == found
    assert found.after_refusal("chirp-v6", ORDER) == found


def test_what_was_taken_and_is_refused_in_its_turn_begins_a_new_search():
    found = Found(taken="chirp-v5", refused=frozenset({"chirp-v6"})).after_refusal("chirp-v5", ORDER)
    assert found == Found(refused=frozenset({"chirp-v5"}))
    assert found.guess("chirp-v5", ORDER) == "chirp-v4"


def test_the_last_refusal_of_all_leaves_nothing_known_so_that_others_look_anew():
    found = Found()
    for version in ("chirp-v6", "chirp-v5-5", "chirp-v5"):
        found = found.after_refusal(version, ORDER)
        assert found.is_searching
    assert found.after_refusal("chirp-v4", ORDER) == Found()


def test_one_that_is_only_offered_is_not_what_others_try():
    searching = Found(refused=frozenset({"chirp-v6"}))
    assert searching.after_taking("chirp-v6-mini") == searching


def test_a_refused_version_that_is_taken_again_is_refused_no_more():
    found = Found(taken="chirp-v5", refused=frozenset({"chirp-v6", "chirp-v4"}))
    assert found.after_taking("chirp-v4") == Found(taken="chirp-v5", refused=frozenset({"chirp-v6"}))
    assert Found(taken="chirp-v5", refused=frozenset({"chirp-v4"})).after_taking("chirp-v4") == Found()


@pytest.mark.parametrize(
    ("version", "limits"),
    [
        ("chirp-v3-5", (80, 200, 3000)),
        ("chirp-v4", (80, 200, 3000)),
        ("chirp-v4-5", (100, 1000, 5000)),
        ("chirp-v4.5", (100, 1000, 5000)),
        ("chirp-v4-5plus", (100, 1000, 5000)),
        ("chirp-v4-5all", (80, 1000, 5000)),
        ("chirp-v4.5-all", (80, 1000, 5000)),
        ("chirp-v5", (100, 1000, 5000)),
        ("chirp-v6-mini", (100, 1000, 5000)),
        ("chirp-crow", (100, 1000, 5000)),
        (None, (100, 1000, 5000)),
    ],
)
def test_each_version_takes_texts_of_its_own_length(version: str | None, limits: tuple[int, int, int]):
    found = limits_of(version)
    assert (found.title, found.tags, found.prompt) == limits


def test_texts_fit_up_to_the_very_limit():
    limits = TextLimits(title=2, tags=3, prompt=4)
    assert limits.fit("ab", "abc", "abcd")
    assert limits.fit(None, None, "")
    assert not limits.fit("abc", "abc", "abcd")
    assert not limits.fit("ab", "abcd", "abcd")
    assert not limits.fit("ab", "abc", "abcde")
