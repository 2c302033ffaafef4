"""Whether a reply is an order: single cases, and the table over sentences of four languages."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.orders import is_order
from bot.domain.replies import END, MIDDLE, Moment, parse_reply
from bot.domain.wishes import parse_at

FIXTURES = Path(__file__).parents[1] / "fixtures"
MOST_CHATTER_ANSWERED, LEAST_ORDERS_UNDERSTOOD = 0.02, 0.97


class Reply(NamedTuple):
    """A line of the fixtures; `at` is where an order goes on: a time, `middle`, `end`, or `-` where it does not say."""

    language: str
    kind: str
    by: str
    at: str
    text: str

    @property
    def moments(self) -> tuple[Moment, ...]:
        named = {"-": (), "middle": (MIDDLE,), "end": (END,)}
        return named[self.at] if self.at in named else (Moment(seconds=parse_at(self.at)),)


def replies(name: str) -> list[Reply]:
    with (FIXTURES / name).open(encoding="utf-8") as file:
        return [Reply(*row) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def wrong(sentences: list[Reply]) -> Iterator[Reply]:
    """Orders that are not understood, with the moment they name, and chatter that is answered."""
    for one in sentences:
        wish = parse_reply(one.text)
        is_answered = is_order(wish, is_own=one.by == "own")
        is_right = is_answered and wish.is_clear and wish.moments == one.moments
        if is_answered if one.kind == "chatter" else not is_right:
            yield one


def table(name: str) -> dict[tuple[str, str], tuple[int, int]]:
    """How many sentences of a language and kind there are, and how many of them are taken wrongly."""
    sentences = replies(name)
    many, bad = (
        Counter((one.language, one.kind) for one in sentences),
        Counter((o.language, o.kind) for o in wrong(sentences)),
    )
    return {key: (number, bad[key]) for key, number in sorted(many.items())}


@pytest.mark.parametrize("name", ["replies_held_out.tsv", "replies_tuning.tsv"])
def test_orders_are_understood_and_chatter_is_left_alone(name: str) -> None:
    found = table(name)
    for (language, kind), (number, bad) in found.items():
        sys.stdout.write(f"{name} {language} {kind}: {bad} of {number} wrong ({bad / number:.1%})\n")

    share = {
        kind: sum(bad for (_, k), (_, bad) in found.items() if k == kind)
        / sum(number for (_, k), (number, _) in found.items() if k == kind)
        for kind in ("order", "chatter")
    }
    assert share["chatter"] <= MOST_CHATTER_ANSWERED, [
        one.text for one in wrong(replies(name)) if one.kind == "chatter"
    ]
    assert share["order"] <= 1 - LEAST_ORDERS_UNDERSTOOD, [
        one.text for one in wrong(replies(name)) if one.kind == "order"
    ]


@pytest.mark.parametrize(
    "text", ["love it!!", "thanks", "♥", "haha", "こんにちは", "lol same", "10/10", "🔥🔥", "...", "?"]
)
@pytest.mark.parametrize("is_own", [True, False])
def test_applause_is_no_order(text: str, *, is_own: bool) -> None:
    assert not is_order(parse_reply(text), is_own=is_own)


@pytest.mark.parametrize(
    "text",
    [
        "make it sadder",
        "mach es trauriger",
        "hazla más triste",
        "もっと悲しくして",
        "continue",
        "take 2",
        "0:30",
        "ab der Mitte",
    ],
)
@pytest.mark.parametrize("is_own", [True, False])
def test_words_of_ordering_and_places_in_the_song_are_orders_of_anyone(text: str, *, is_own: bool) -> None:
    assert is_order(parse_reply(text), is_own=is_own)


@pytest.mark.parametrize(
    "text",
    ["saxophone solo", "rainy tram", "Gitarrensolo", "saxofón y lluvia", "ギターソロ", "violet glass, velvet, chrome"],
)
def test_a_mere_description_is_an_order_of_the_songs_own_member_alone(text: str) -> None:
    assert is_order(parse_reply(text), is_own=True)
    assert not is_order(parse_reply(text), is_own=False)


@pytest.mark.parametrize(
    "text", ["the drums at 0:40 are insane", "0:22 hat mich fertig gemacht", "el 0:22 me mató", "0:22で死んだ"]
)
def test_praise_of_a_place_is_no_order(text: str) -> None:
    assert not is_order(parse_reply(text), is_own=True)


def test_one_clause_that_orders_is_enough() -> None:
    assert is_order(parse_reply("love it!! now make the bridge quieter"), is_own=False)


def test_a_quotation_is_chatter() -> None:
    assert not is_order(parse_reply('"and the rain keeps falling"'), is_own=True)


def test_lyrics_for_a_section_are_an_order() -> None:
    assert is_order(parse_reply("second verse: she walks along the pier, and I am gone"), is_own=False)


@given(text=st.text(max_size=200), is_own=st.booleans())
def test_every_text_is_decided(text: str, *, is_own: bool) -> None:
    assert is_order(parse_reply(text), is_own=is_own) in {True, False}
