"""The picture of a song tells loud from quiet and long titles from short ones, and breaks nothing when it can't be."""

import io
import logging
from collections.abc import Sequence

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.sound.jobs import PARTS
from bot.sound.loudness import Loudness
from bot.ui.media import draw_waveform
from bot.ui.media.waveform import SIZE_PX

RATE_HZ = 8000
FRAME = 1024
TITLE_ROWS = slice(0, 90)
SOUND_ROWS = slice(95, 245)
WORDS = slice(0, 800)
"""Columns that the length never reaches."""
HALF = SIZE_PX[0] // 2


def tone(seconds: float, loudness: float) -> NDArray[np.float64]:
    return loudness * np.sin(np.arange(int(seconds * RATE_HZ)) * 2 * np.pi * 440 / RATE_HZ)


def heard(sound: NDArray[np.float64], *, rate_hz: int = RATE_HZ) -> tuple[float, ...]:
    """The loudness of sound of one channel, or of several as rows."""
    rows = np.atleast_2d(sound).astype(np.float32)
    loudness = Loudness()
    for at in range(0, rows.shape[1], FRAME):
        piece = np.ascontiguousarray(rows[:, at : at + FRAME])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono" if len(rows) == 1 else "stereo")
        frame.sample_rate = rate_hz
        loudness.add(frame)
    return loudness.parts()


SONG = heard(tone(4, 0.5))


async def pixels(
    loudness: Sequence[float] = SONG, *, title: str = "Low Tide", duration_s: float | None = 192.4
) -> NDArray[np.uint8]:
    png = await draw_waveform(loudness, title=title, duration_s=duration_s)
    assert png is not None
    return np.asarray(Image.open(io.BytesIO(png)))


def bright(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where something is drawn on the dark panel."""
    light: NDArray[np.bool_] = picture[..., :3].max(axis=-1) > 0x70
    return light


def heights(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many pixels of each column belong to a bar."""
    counts: NDArray[np.int64] = bright(picture)[SOUND_ROWS].sum(axis=0)
    return counts


# --- sound -----------------------------------------------------------------------------------------------------------


async def test_the_panel_is_dark_and_its_corners_are_round():
    picture = await pixels()
    assert [picture[row, column, 3] for row in (0, -1) for column in (0, -1)] == [0] * 4
    assert picture[SIZE_PX[1] // 2, 2, 3] == 255
    assert picture[2, HALF, :3].max() < 0x50


async def test_the_same_song_gives_the_same_bytes():
    first, second = [await draw_waveform(SONG, title="Low Tide", duration_s=4.0) for _ in range(2)]
    assert first == second


async def test_a_loud_song_has_higher_bars_than_a_quiet_one():
    reach = [heights(await pixels(heard(tone(4, loudness)))).max() for loudness in (0.003, 0.03, 0.3, 1)]
    assert reach == sorted(set(reach))


async def test_the_bars_follow_the_song():
    sound = np.concatenate([tone(2, 0.1), tone(2, 0.8)])
    reach = heights(await pixels(heard(sound)))
    assert 0 < reach[: HALF - 10].max() < reach[HALF + 10 :].max() / 2


@pytest.mark.parametrize("loudness", [0, 0.0005])
async def test_silence_is_a_line_of_dots(loudness):
    reach = heights(await pixels(heard(tone(4, loudness))))
    assert 1 < reach.max() < 8


@pytest.mark.parametrize("seconds", [0.01, 0.5, 3])
async def test_a_short_clip_fills_the_whole_width(seconds):
    reach = heights(await pixels(heard(tone(seconds, 0.5))))
    assert reach[:100].max() > 10
    assert reach[-100:].max() > 10


async def test_all_channels_are_heard():
    one_sided = np.stack([np.zeros(4 * RATE_HZ), tone(4, 0.8)])
    assert heights(await pixels(heard(one_sided))).max() > 50


@pytest.mark.parametrize("form", ["u8", "s16", "s16p", "s32", "flt", "dbl"])
def test_every_form_of_samples_is_as_loud(form):
    values = np.stack([tone(1, 0.5), tone(1, 0.5)])
    frame = av.AudioFrame.from_ndarray(values.astype(np.float32), format="fltp", layout="stereo")
    frame.sample_rate = RATE_HZ
    loudness = Loudness()
    for one in av.AudioResampler(format=form).resample(frame):
        loudness.add(one)
    assert np.mean(loudness.parts()) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_where_nothing_is_heard_there_are_no_parts():
    assert Loudness().parts() == ()
    assert len(heard(tone(4, 0))) == PARTS


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_sound_that_is_no_sound_is_at_most_full_scale(value):
    assert set(heard(np.full(RATE_HZ, value))) <= {0.0, 1.0}


# --- words -----------------------------------------------------------------------------------------------------------


def words(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return bright(picture)[TITLE_ROWS, WORDS]


@pytest.mark.parametrize("title", ["Low Tide", "Grüße an Zoë", "Łódź, ďalší sen", "Đêm mưa", "Ночь", "Θάλασσα"])
async def test_a_title_that_the_font_has_is_written(title):
    picture = words(await pixels(title=title))
    assert picture.any()
    assert (picture != words(await pixels(title="x" * len(title)))).any()


@pytest.mark.parametrize(
    "title", ["", "  ", "雨の夜に", "밤비", "أغنية المطر", "Low Tide 雨", "🌊🎶", "\ud83c", "\x00\n"]
)
async def test_a_title_that_the_font_lacks_is_left_out_rather_than_shown_as_boxes(title):
    assert not words(await pixels(title=title)).any()


@pytest.mark.parametrize("title", ["🌊 Low Tide 👩‍🚀", "Low\nTide", "Low \u202eTide", "Low\u2028Tide\ufe0f"])
async def test_a_title_is_written_without_its_emoji_and_hidden_characters(title):
    assert (words(await pixels(title=title)) == words(await pixels())).all()


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Prelude in F♯, then B♭", "Prelude in F#, then Bb"),
        ("\uff2c\uff4f\uff57 Tide", "Low Tide"),
        ("\U0001d4db\U0001d4f8\U0001d500 \u24e3ide", "Low tide"),
        ("\uff2c\uff4f\uff57 雨", ""),
    ],
)
async def test_signs_and_fancy_letters_that_the_font_lacks_are_written_plainly(title, plain):
    assert (words(await pixels(title=title)) == words(await pixels(title=plain))).all()


async def test_a_long_title_ends_before_the_length():
    picture = await pixels(title="A Long and Winding Ballad " * 40)
    ends = await pixels(title="A Long and Winding Ballad " * 3)
    assert (picture == ends).all()
    assert not bright(picture)[TITLE_ROWS, 862:885].any()


async def test_the_length_stands_at_the_right_where_it_is_known():
    lengths = [bright(await pixels(duration_s=length_s))[TITLE_ROWS, 862:] for length_s in (192, 193, None)]
    assert [bool(length.any()) for length in lengths] == [True, True, False]
    assert (lengths[0] != lengths[1]).any()


# --- trouble ---------------------------------------------------------------------------------------------------------


async def test_where_nothing_was_heard_there_is_no_picture():
    assert await draw_waveform((), title="Low Tide", duration_s=1.0) is None


async def test_what_cannot_be_drawn_has_no_picture_and_one_line_in_the_log(caplog):
    caplog.set_level(logging.INFO)
    assert await draw_waveform([float("nan")] * PARTS, title="Low Tide", duration_s=1.0) is None
    assert [record.message for record in caplog.records] == ["song has no picture"]
