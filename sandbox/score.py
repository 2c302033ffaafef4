"""Turns the words of a wish into a score: key, tempo, instruments, chords and melody. Pure; makes no sound.

The same words always give the same score. A tune has four phrases, A A' B A", over a chord progression that, if
it has eight bars, stops on the dominant half-way, and that comes home at the end. All notes belong to the key.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from typing import Any

BEATS_PER_BAR = 4
PHRASES = 4
TAIL_S = 0.9
OCTAVE = 7  # scale steps

SCALES: Mapping[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

PROGRESSIONS: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "major": ((0, 5, 3, 4), (0, 4, 5, 3), (0, 3, 1, 4), (0, 2, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 4), (0, 5, 3, 4)),
    "dorian": ((0, 3, 0, 4), (0, 3, 6, 4), (0, 0, 3, 4)),
    "mixolydian": ((0, 6, 3, 4), (0, 3, 6, 4), (0, 3, 0, 4)),
}

# Lengths in beats that fill one bar; a negative length is a rest.
CALM_BARS = ((2.0, 2.0), (3.0, 1.0), (1.5, 0.5, 2.0), (2.0, 1.0, 1.0), (1.0, 1.0, 2.0))
BUSY_BARS = (
    (1.0, 0.5, 0.5, 1.0, 1.0),
    (0.5, 0.5, 1.0, 0.5, 0.5, 1.0),
    (1.5, 0.5, 1.0, 1.0),
    (-0.5, 0.5, 1.0, 0.5, 0.5, 1.0),
    (0.5, 0.5, 0.5, 0.5, 2.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the words ask for. `drums` and `loudness` are 0 to 1; `swing` delays the off-beats, in beats."""

    mode: str = "major"
    tempo_bpm: int = 108
    lead: str = "flute"
    comping: str = "piano"
    broken_chords: bool = False
    drums: float = 0.4
    loudness: float = 0.6
    swing: float = 0.0
    busy: bool = False
    rain: float = 0.0


SLOW_BPM, FAST_BPM = 70, 136

WORDS: Mapping[str, Mapping[str, Any]] = {
    "blues": {"mode": "dorian", "lead": "harmonica", "comping": "guitar", "swing": 0.16},
    "jazz": {"mode": "dorian", "lead": "brass", "swing": 0.16, "busy": True},
    "rock": {"mode": "mixolydian", "lead": "guitar", "comping": "organ", "drums": 0.8, "tempo_bpm": 124, "busy": True},
    "folk": {"lead": "flute", "comping": "guitar", "broken_chords": True, "drums": 0.15},
    "lofi": {"mode": "dorian", "lead": "bell", "swing": 0.12, "tempo_bpm": SLOW_BPM, "drums": 0.4},
    "lullaby": {"lead": "bell", "tempo_bpm": SLOW_BPM, "drums": 0.0, "broken_chords": True},
    "dance": {"lead": "synth", "comping": "synth", "drums": 0.9, "tempo_bpm": 126, "busy": True},
    "electronic": {"lead": "synth", "comping": "synth", "drums": 0.7, "busy": True},
    "synth": {"lead": "synth", "comping": "synth"},
    "piano": {"lead": "piano", "comping": "piano", "broken_chords": True},
    "guitar": {"lead": "guitar", "comping": "guitar"},
    "strings": {"comping": "strings"},
    "violin": {"lead": "strings"},
    "flute": {"lead": "flute"},
    "harmonica": {"lead": "harmonica"},
    "trumpet": {"lead": "brass"},
    "organ": {"comping": "organ"},
    "bells": {"lead": "bell"},
    "calm": {"tempo_bpm": SLOW_BPM, "drums": 0.1, "loudness": 0.45, "comping": "strings", "busy": False},
    "dark": {"mode": "minor", "comping": "strings"},
    "sad": {"mode": "minor", "tempo_bpm": SLOW_BPM, "drums": 0.1},
    "melancholy": {"mode": "minor", "tempo_bpm": SLOW_BPM},
    "night": {"mode": "minor"},
    "happy": {"mode": "major", "tempo_bpm": 124, "busy": True},
    "bright": {"mode": "major"},
    "fast": {"tempo_bpm": FAST_BPM, "busy": True},
    "upbeat": {"tempo_bpm": 124, "drums": 0.6, "busy": True},
    "slow": {"tempo_bpm": SLOW_BPM, "busy": False},
    "rain": {"rain": 1.0},
    "rainy": {"rain": 1.0},
    "drums": {"drums": 0.7},
    "drum": {"drums": 0.7},
    "loud": {"loudness": 0.8},
    "soft": {"loudness": 0.4, "drums": 0.15},
    "quiet": {"loudness": 0.35, "drums": 0.1},
}

# What a continuation may change: the key, the tempo and the instruments stay those of the parent.
CHANGES: Mapping[str, Callable[[Style], Style]] = {
    "heavier": lambda style: replace(style, drums=min(1.0, style.drums + 0.4)),
    "louder": lambda style: replace(style, loudness=min(0.9, style.loudness + 0.2)),
    "drums": lambda style: replace(style, drums=max(0.6, style.drums)),
    "quieter": lambda style: replace(style, loudness=max(0.25, style.loudness - 0.2), drums=style.drums / 2),
    "softer": lambda style: replace(style, loudness=max(0.25, style.loudness - 0.2), drums=style.drums / 2),
    "calmer": lambda style: replace(style, drums=style.drums / 3, busy=False),
    "busier": lambda style: replace(style, busy=True),
    "rain": lambda style: replace(style, rain=1.0),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A melodic thought: lengths in beats (negative is a rest) and scale degrees (0 is the tonic), pairwise."""

    lengths: tuple[float, ...]
    degrees: tuple[int, ...]

    def ending_on(self, degree: int) -> "Phrase":
        """The same phrase with its last note moved to the nearest octave of that degree."""
        return replace(self, degrees=(*self.degrees[:-1], _nearest(self.degrees[-1], (degree,))))

    def moved(self, steps: int) -> "Phrase":
        """The same phrase, that many scale steps higher, turned back into the singing range."""
        return replace(self, degrees=tuple(_in_range(degree + steps) for degree in self.degrees))

    def mirrored(self) -> "Phrase":
        """The same rhythm with every step upwards taken downwards."""
        first = self.degrees[0]
        return replace(self, degrees=tuple(_in_range(2 * first - degree) for degree in self.degrees))


@dataclass(frozen=True, slots=True)
class Note:
    """One note: where it starts and how long it lasts, in beats; its MIDI pitch; its loudness, 0 to 1."""

    start: float
    length: float
    pitch: int
    loudness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A whole tune. `tonic` is a MIDI pitch, `chords` holds one scale degree for each bar."""

    style: Style
    tonic: int
    chords: tuple[int, ...]
    phrases: tuple[Phrase, ...]
    seed: int

    @property
    def beat_s(self) -> float:
        """Length of a beat in seconds."""
        return 60 / self.style.tempo_bpm

    @property
    def bar_s(self) -> float:
        """Length of a bar in seconds."""
        return BEATS_PER_BAR * self.beat_s

    @property
    def length_s(self) -> float:
        """Length of the tune in seconds, with the tail in which it dies away."""
        return len(self.chords) * self.bar_s + TAIL_S

    @property
    def phrase_bars(self) -> int:
        """Bars in each of the four phrases."""
        return len(self.chords) // PHRASES

    def pitch(self, degree: int) -> int:
        """MIDI pitch of a scale degree; 7 is the tonic one octave up."""
        octave, step = divmod(degree, OCTAVE)
        return self.tonic + 12 * octave + SCALES[self.style.mode][step]


def score_of(prompt: str, *, tags: str = "", title: str = "", instrumental: bool = False, take: int = 1) -> Score:
    """Compose a tune from the words. The take changes the melody and the chords, not the key or the tempo."""
    style = style_of(f"{prompt} {tags}", instrumental=instrumental)
    wish_rng = Random(_seed(prompt, tags, title, instrumental))  # noqa: S311 - music, not secrets
    tonic = 60 + wish_rng.choice((-5, -4, -3, -2, 0, 2, 3, 4))
    style = replace(style, tempo_bpm=style.tempo_bpm + wish_rng.randrange(-2, 5))
    seed = _seed(prompt, tags, title, instrumental, take)
    rng = Random(seed)  # noqa: S311 - music, not secrets
    chords = _progression(rng, style, first=0)
    motif = _motif(rng, style, beats=len(chords) // PHRASES * BEATS_PER_BAR)
    phrases = (motif, motif.ending_on(4), motif.mirrored().moved(2), motif.ending_on(0))
    return Score(style=style, tonic=tonic, chords=chords, phrases=phrases, seed=seed)


def continuation_of(parent: Score, prompt: str, at_s: float | None = None, *, take: int = 1) -> Score:
    """Carry a tune on from `at_s` (its end when None) in the same key, tempo and instruments.

    The first bar stands on the chord that the parent has there, and the phrase heard there is the motif that the new
    part repeats, lifts, mirrors and brings home.
    """
    bar = _bar_at(parent, at_s)
    style = parent.style
    for word in _words(prompt):
        style = CHANGES.get(word, _unchanged)(style)
    seed = _seed(parent.seed, prompt, bar, take)
    rng = Random(seed)  # noqa: S311 - music, not secrets
    motif = parent.phrases[bar // parent.phrase_bars]
    lift = rng.choice((1, 2, 3))
    phrases = (motif, motif.moved(lift).ending_on(4), motif.mirrored(), motif.moved(lift - 3).ending_on(0))
    chords = _progression(rng, style, first=parent.chords[bar])
    return Score(style=style, tonic=parent.tonic, chords=chords, phrases=phrases, seed=seed)


def style_of(words: str, *, instrumental: bool) -> Style:
    """The style that these words ask for; later words win over earlier ones. Without "instrumental" a voice leads."""
    style = Style() if instrumental or "instrumental" in _words(words) else Style(lead="voice")
    for word in _words(words):
        wanted = dict(WORDS.get(word, {}))
        if style.lead == "voice":
            wanted.pop("lead", None)
        style = replace(style, **wanted)
    return style


def melody(score: Score) -> Iterator[Note]:
    """The lead's notes. Strong beats lean on the chord of their bar; the very last note lasts to the end."""
    phrase_beats = score.phrase_bars * BEATS_PER_BAR
    for number, phrase in enumerate(score.phrases):
        beat = float(number * phrase_beats)
        for place, (length, degree) in enumerate(zip(phrase.lengths, phrase.degrees, strict=True)):
            if length > 0:
                sung = _leaning(score, degree, beat) if place < len(phrase.degrees) - 1 else degree
                yield Note(beat, length * 0.95, score.pitch(sung) + 12, 0.9 if beat % 2 == 0 else 0.75)
            beat += abs(length)


def harmony(score: Score) -> Iterator[Note]:
    """The accompaniment: a full chord in each bar, or its notes one after the other."""
    for bar, root in enumerate(score.chords):
        chord = _close_position(root)
        start = float(bar * BEATS_PER_BAR)
        last = bar == len(score.chords) - 1
        if score.style.broken_chords and not last:
            order = (*chord, chord[1])
            for eighth in range(2 * BEATS_PER_BAR):
                yield Note(start + eighth / 2, 1.5, score.pitch(order[eighth % len(order)]), 0.55)
        else:
            for degree in chord:
                yield Note(start, BEATS_PER_BAR + last, score.pitch(degree), 0.5)


def bass(score: Score) -> Iterator[Note]:
    """The bass: the root, and the fifth in the middle of the bar; in busy styles also on the off-beats."""
    pattern = ((0.0, 0), (1.5, 0), (2.0, 4), (3.5, 0)) if score.style.busy else ((0.0, 0), (2.0, 4))
    for bar, root in enumerate(score.chords):
        last = bar == len(score.chords) - 1
        for offset, step in pattern[:1] if last else pattern:
            low = score.pitch(root + step) - 24
            yield Note(bar * BEATS_PER_BAR + offset, 4.0 if last else 1.4, low + 12 if low < MIN_BASS else low, 0.8)


MIN_BASS = 33


def key_pitches(score: Score) -> frozenset[int]:
    """The pitch classes (0 to 11, C is 0) of the key."""
    return frozenset((score.tonic + step) % 12 for step in SCALES[score.style.mode])


def _progression(rng: Random, style: Style, *, first: int) -> tuple[int, ...]:
    """One chord a bar: about sixteen seconds, a half cadence in the middle and a full one at the end."""
    bars = PHRASES if style.tempo_bpm < 90 else 2 * PHRASES  # noqa: PLR2004 - slower than this, eight bars take too long
    cycle = rng.choice(PROGRESSIONS[style.mode])
    chords = [cycle[bar % len(cycle)] for bar in range(bars)]
    chords[0], chords[-2], chords[-1] = first, rng.choice((3, 4)), 0
    if bars > PHRASES:
        chords[bars // 2 - 1] = 4
    return tuple(chords)


def _motif(rng: Random, style: Style, *, beats: int) -> Phrase:
    """A first phrase: mostly steps, a leap now and then, answered by a step back."""
    bars = [rng.choice(BUSY_BARS if style.busy else CALM_BARS) for _ in range(beats // BEATS_PER_BAR - 1)]
    lengths = tuple(length for bar in [*bars, rng.choice(CALM_BARS)] for length in bar)
    degrees = [rng.choice((0, 2, 4))]
    step = 0
    for _ in lengths[1:]:
        leapt = abs(step) > 1
        step = -1 if leapt and step > 0 else 1 if leapt else rng.choice((-2, -1, -1, 1, 1, 2, 3))
        degrees.append(_in_range(degrees[-1] + step))
    return Phrase(lengths, tuple(degrees))


def _leaning(score: Score, degree: int, beat: float) -> int:
    if beat % 2:
        return degree
    root = score.chords[int(beat // BEATS_PER_BAR)]
    return _nearest(degree, (root, root + 2, root + 4))


def _nearest(degree: int, wanted: Sequence[int]) -> int:
    """The degree closest to this one among the wanted ones in any octave."""
    octaves = [want % OCTAVE + OCTAVE * octave for want in wanted for octave in (-1, 0, 1)]
    return min(octaves, key=lambda candidate: (abs(candidate - degree), candidate))


def _close_position(root: int) -> tuple[int, int, int]:
    """The triad on that root, turned so that it stays within one octave of the tonic."""
    low, middle, high = sorted((root + step) % OCTAVE for step in (0, 2, 4))
    return low, middle, high


def _in_range(degree: int) -> int:
    low, high = -2, 8
    if degree < low:
        return degree + OCTAVE
    return degree - OCTAVE if degree > high else degree


def _bar_at(score: Score, at_s: float | None) -> int:
    last = len(score.chords) - 1
    return last if at_s is None else min(last, max(0, int(at_s / score.bar_s)))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower().replace("lo-fi", "lofi"))


def _unchanged(style: Style) -> Style:
    return style


def _seed(*parts: object) -> int:
    return int.from_bytes(sha256(repr(parts).encode()).digest()[:8])
