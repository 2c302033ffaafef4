"""Writes lyrics from the words of a prompt: sections of rhyming couplets. Deterministic and without a language model.

A prompt that asks for something "long" or "epic" gets more than 2,500 characters.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from random import Random

LONG_WORDS = frozenset({"long", "epic", "ballad", "saga"})
LONG_CHARS = 2500
MAX_WORD_CHARS = 24
MAX_TITLE_CHARS = 60
TITLE_WORDS = 3

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """about a an and are as at be but by for from has have his her in into is it its like long epic make me my of
        on or our out over please short some song that the their them then there these they this to track tune under up
        very want was we when where which while will with without write you your lyrics music old new""",
    )
)

# Each family rhymes; all are nouns, so that each fits after "the".
RHYMES = (
    ("night", "light", "sight", "flight", "height"),
    ("rain", "train", "lane", "pain", "windowpane"),
    ("sea", "tree", "key", "melody", "memory"),
    ("day", "bay", "way", "highway", "bouquet"),
    ("fire", "wire", "choir", "spire", "lyre"),
    ("sound", "ground", "merry-go-round", "playground", "background"),
    ("heart", "start", "chart", "part", "art"),
    ("road", "load", "code", "abode", "ode"),
    ("stone", "phone", "tone", "throne", "microphone"),
    ("stair", "air", "square", "chair", "prayer"),
    ("flame", "name", "game", "frame", "claim"),
    ("shore", "door", "floor", "store", "score"),
)

OPENINGS = (
    "I met the {word} beside the {end}",
    "There is a {word} above the {end}",
    "We carried {word} along the {end}",
    "You left the {word} behind the {end}",
    "I wrote your {word} across the {end}",
    "They talk of {word} around the {end}",
    "I never saw such {word} before the {end}",
)
ANSWERS = (
    "and all we had was leaning on the {end}",
    "so hold me closer underneath the {end}",
    "and no one told us how to find the {end}",
    "till every window opened to the {end}",
    "and I was only waiting for the {end}",
    "so let it echo slowly through the {end}",
    "while half the town was dreaming of the {end}",
)
CHORUS_OPENINGS = ("Oh, {word}, {word}, come and find the {end}", "Sing {word} again, we own the {end}")
CHORUS_ANSWERS = ("{word} is calling, calling from the {end}", "and {word} will follow, follow to the {end}")
BRIDGE_OPENINGS = ("And if the {word} should ever leave the {end}", "When {word} grows quiet just beyond the {end}")
BRIDGE_ANSWERS = ("I will remember you, I will keep the {end}", "one voice is plenty, one to wake the {end}")


def write_lyrics(prompt: str) -> str:
    """Lyrics with [Verse], [Chorus] and [Bridge] that use the prompt's own words."""
    poet = _Poet(prompt)
    chorus = poet.section("Chorus", CHORUS_OPENINGS, CHORUS_ANSWERS)
    parts = [poet.verse(), chorus, poet.verse(), chorus]
    while _asks_for_long(prompt) and len("\n\n".join(parts)) <= LONG_CHARS:
        parts += [poet.verse(), chorus]
    return "\n\n".join([*parts[:-1], poet.section("Bridge", BRIDGE_OPENINGS, BRIDGE_ANSWERS), chorus])


def title_of(prompt: str) -> str:
    """A title made from the first telling words of the prompt."""
    return " ".join(word.capitalize() for word in content_words(prompt)[:TITLE_WORDS])[:MAX_TITLE_CHARS]


def content_words(prompt: str) -> list[str]:
    """The prompt's telling words in order, each once; never empty."""
    words = dict.fromkeys(word.lower()[:MAX_WORD_CHARS] for word in re.findall(r"[^\W\d_]+", prompt))
    telling = [word for word in words if word not in STOP_WORDS and len(word) > 1]
    return telling or list(words)[:TITLE_WORDS] or ["silence"]


class _Poet:
    """One writer at work: the words to use, and the chance that picks among lines and rhymes."""

    def __init__(self, prompt: str) -> None:
        self._rng = Random(sha256(prompt.encode()).digest())  # noqa: S311 - verses, not secrets
        self._words = content_words(prompt)
        self._families = self._rhymes()
        self._verses = 0

    def verse(self) -> str:
        """The next verse."""
        self._verses += 1
        return self.section(f"Verse {self._verses}", OPENINGS, ANSWERS)

    def section(self, name: str, openings: tuple[str, ...], answers: tuple[str, ...]) -> str:
        """Two couplets under a heading, four different lines."""
        lines = [f"[{name}]"]
        for couplet in zip(self._rng.sample(openings, 2), self._rng.sample(answers, 2), strict=True):
            ends = self._rng.sample(next(self._families), 2)
            for line, end in zip(couplet, ends, strict=True):
                sung = line.format(word=self._rng.choice(self._words), end=end)
                lines.append(sung[0].upper() + sung[1:])
        return "\n".join(lines)

    def _rhymes(self) -> Iterator[tuple[str, ...]]:
        """Rhyme families without end; none comes twice before all have come."""
        while True:
            yield from self._rng.sample(RHYMES, len(RHYMES))


def _asks_for_long(prompt: str) -> bool:
    return not LONG_WORDS.isdisjoint(re.findall(r"\w+", prompt.lower()))
