"""Tunes: they sound, they stay in their key, they are the same for the same words, and a continuation carries on."""

import asyncio
import io
import zlib

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.cover import PNG_SIGNATURE, SIZE_PX, cover_png
from sandbox.recording import Recording
from sandbox.score import WORDS, Note, Score, bass, continuation_of, harmony, key_pitches, melody, score_of, style_of
from sandbox.synth import SAMPLE_RATE, encode_mp3, frequency_hz, render
from sandbox.tune import Jukebox, compose

PROMPTS = (
    "Slow harbour blues with harmonica and brushed drums",
    "happy fast dance",
    "calm piano in the rain, instrumental",
    "dark strings at night",
    "",
)


@pytest.fixture(scope="module")
def tunes() -> dict[str, np.ndarray]:
    return {prompt: render(score_of(prompt)) for prompt in PROMPTS}


def notes_of(score: Score) -> list[Note]:
    return [*melody(score), *harmony(score), *bass(score)]


def share_in_key(samples: np.ndarray, key: frozenset[int], *, low_hz: float = 120, high_hz: float = 900) -> float:
    """How much of the energy in a range of frequencies lies on pitches of the key; overtones may leave it a little."""
    energy = np.abs(np.fft.rfft(samples.mean(axis=1) * np.hanning(len(samples)))) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    heard = (hz > low_hz) & (hz < high_hz)
    classes = np.round(69 + 12 * np.log2(hz[heard] / 440)).astype(int) % 12
    return float(energy[heard][np.isin(classes, sorted(key))].sum() / energy[heard].sum())


def longest_silence_s(samples: np.ndarray) -> float:
    window = SAMPLE_RATE // 50
    usable = len(samples) // window * window
    level = np.sqrt((samples[:usable].mean(axis=1).reshape(-1, window) ** 2).mean(axis=1))
    longest = current = 0
    for quiet in level < 0.001:
        current = current + 1 if quiet else 0
        longest = max(longest, current)
    return longest * window / SAMPLE_RATE


@given(prompt=st.text(max_size=200), instrumental=st.booleans(), take=st.integers(1, 2))
def test_every_note_of_any_tune_belongs_to_its_key(*, prompt: str, instrumental: bool, take: int) -> None:
    score = score_of(prompt, instrumental=instrumental, take=take)
    assert {note.pitch % 12 for note in notes_of(score)} <= key_pitches(score)


@given(st.lists(st.sampled_from(sorted(WORDS)), max_size=6))
def test_any_tune_lasts_between_ten_and_twenty_seconds(words: list[str]) -> None:
    assert 10 < score_of(" ".join(words)).length_s < 20


@given(st.text(max_size=100), st.sampled_from(sorted(WORDS)))
def test_melody_fills_its_bars_and_stays_in_a_singing_range(prompt: str, word: str) -> None:
    score = score_of(f"{prompt} {word}")
    notes = list(melody(score))
    end_beat = len(score.chords) * 4
    assert all(0 <= note.start < end_beat and note.start + note.length <= end_beat for note in notes)
    assert max(note.pitch for note in notes) - min(note.pitch for note in notes) <= 24


@given(st.text(max_size=100))
def test_every_tune_comes_home(prompt: str) -> None:
    score = score_of(prompt)
    assert score.chords[-1] == 0
    assert list(melody(score))[-1].pitch % 12 == score.tonic % 12


def test_last_phrase_takes_up_the_first_one() -> None:
    first, _, _, last = score_of("harbour lights").phrases
    assert last.lengths == first.lengths
    assert last.degrees[:-1] == first.degrees[:-1]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_sound_is_loud_enough_and_never_clips(tunes: dict[str, np.ndarray], prompt: str) -> None:
    samples = tunes[prompt]
    assert samples.dtype == np.float32
    assert np.abs(samples).max() < 1.0
    assert 0.05 < float(np.sqrt((samples**2).mean())) < 0.25


@pytest.mark.parametrize("prompt", PROMPTS)
def test_no_second_of_silence(tunes: dict[str, np.ndarray], prompt: str) -> None:
    assert longest_silence_s(tunes[prompt]) < 1.0


@pytest.mark.parametrize("prompt", PROMPTS)
def test_tune_dies_away_at_the_end(tunes: dict[str, np.ndarray], prompt: str) -> None:
    assert np.abs(tunes[prompt][-SAMPLE_RATE // 20 :]).max() < 0.01


@pytest.mark.parametrize("prompt", PROMPTS)
def test_what_is_heard_is_in_the_key(tunes: dict[str, np.ndarray], prompt: str) -> None:
    key = key_pitches(score_of(prompt))
    strangers = frozenset(range(12)) - key
    assert share_in_key(tunes[prompt], key) > 0.95
    assert share_in_key(tunes[prompt], strangers) < 0.05


def test_same_words_give_the_same_samples(tunes: dict[str, np.ndarray]) -> None:
    assert np.array_equal(render(score_of(PROMPTS[0])), tunes[PROMPTS[0]])


def test_other_words_give_another_tune(tunes: dict[str, np.ndarray]) -> None:
    first, second = tunes[PROMPTS[0]], tunes[PROMPTS[1]]
    shared = min(len(first), len(second))
    assert not np.allclose(first[:shared], second[:shared], atol=0.01)


@pytest.mark.parametrize(
    "other",
    [
        score_of("harbour", tags="folk"),
        score_of("harbour", title="Low Tide"),
        score_of("harbour", instrumental=True),
        score_of("harbour", take=2),
    ],
)
def test_tags_title_voice_and_take_each_matter(other: Score) -> None:
    assert other != score_of("harbour")


def test_second_take_keeps_key_tempo_and_instruments() -> None:
    first, second = score_of("harbour"), score_of("harbour", take=2)
    assert (second.tonic, second.style) == (first.tonic, first.style)
    assert list(melody(second)) != list(melody(first))


def test_words_choose_mode_tempo_and_instruments() -> None:
    assert style_of("dark and slow", instrumental=True).mode == "minor"
    assert style_of("slow", instrumental=True).tempo_bpm < style_of("fast", instrumental=True).tempo_bpm
    assert style_of("piano", instrumental=True).lead == "piano"
    assert style_of("piano", instrumental=False).lead == "voice"
    assert style_of("blues", instrumental=False).swing > 0
    assert style_of("rock drums", instrumental=False).drums > style_of("calm", instrumental=False).drums
    assert style_of("rain", instrumental=False).rain == 1.0


@given(st.text(max_size=60), st.one_of(st.none(), st.floats(0, 60)))
def test_continuation_keeps_key_tempo_and_instruments(prompt: str, at_s: float | None) -> None:
    parent = score_of("harbour blues")
    child = continuation_of(parent, prompt, at_s)
    assert child.tonic == parent.tonic
    for kept in ("mode", "tempo_bpm", "lead", "comping", "swing"):
        assert getattr(child.style, kept) == getattr(parent.style, kept)


@given(st.floats(0, 14))
def test_continuation_starts_on_the_parents_chord_and_motif_of_that_moment(at_s: float) -> None:
    parent = score_of("happy dance")
    bar = int(at_s / parent.bar_s)
    child = compose("go on", continue_from=parent, at_s=at_s)
    assert child.chords[0] == parent.chords[bar]
    assert child.phrases[0] == parent.phrases[bar // parent.phrase_bars]


def test_continuation_without_a_time_takes_up_the_last_motif() -> None:
    parent = score_of("happy dance")
    child = compose("go on", continue_from=parent)
    assert child.phrases[0] == parent.phrases[-1]
    assert list(melody(child)) != list(melody(parent))


def test_continuation_heeds_heavier_drums_and_quieter() -> None:
    parent = score_of("harbour")
    assert continuation_of(parent, "heavier drums").style.drums > parent.style.drums
    assert continuation_of(parent, "quieter").style.loudness < parent.style.loudness


def test_continuations_can_be_continued() -> None:
    child = continuation_of(score_of("harbour"), "go on")
    grandchild = continuation_of(child, "and on")
    assert grandchild.phrases[0] == child.phrases[-1]
    assert {note.pitch % 12 for note in notes_of(grandchild)} <= key_pitches(child)


def test_mp3_decodes_to_the_same_length_and_level(tunes: dict[str, np.ndarray]) -> None:
    samples = tunes[PROMPTS[1]]
    with av.open(io.BytesIO(encode_mp3(samples)), "r") as container:
        stream = container.streams.audio[0]
        decoded = np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1)
        assert (stream.rate, decoded.shape[0]) == (SAMPLE_RATE, 2)
    assert decoded.shape[1] == pytest.approx(len(samples), abs=3000)
    assert float(np.sqrt((decoded**2).mean())) == pytest.approx(float(np.sqrt((samples**2).mean())), rel=0.1)


def test_concert_pitch() -> None:
    assert frequency_hz(69) == 440
    assert frequency_hz(81) == 880


async def test_jukebox_makes_each_tune_once_and_forgets_the_oldest() -> None:
    written: list[str] = []

    def writing(name: str) -> Score:
        written.append(name)
        return score_of(name)

    async def played(name: str) -> bytes:
        return await jukebox.audio(name, "mp3", lambda: Recording(score=writing(name)))

    jukebox = Jukebox(max_tunes=2)
    first, again = await asyncio.gather(played("a"), played("a"))
    assert first == again
    for name in ("b", "c", "a"):
        await played(name)
    assert written == ["a", "b", "c", "a"]
    assert len(jukebox) == 2


@settings(max_examples=10)
@given(st.text(max_size=50))
def test_cover_is_a_whole_png_and_the_same_each_time(words: str) -> None:
    cover = cover_png(words)
    assert cover == cover_png(words)
    assert cover.startswith(PNG_SIGNATURE)
    start = cover.index(b"IDAT") + 4
    length = int.from_bytes(cover[start - 8 : start - 4])
    assert len(zlib.decompress(cover[start : start + length])) == SIZE_PX * (1 + 3 * SIZE_PX)


def test_covers_differ() -> None:
    assert cover_png("harbour") != cover_png("mountain")
