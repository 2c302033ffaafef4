"""The picture of a song tells loud from quiet and long titles from short ones, and breaks nothing when it can't be."""

import io
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from bot.ui.media import AudioKind, draw_waveform
from bot.ui.media import waveform as waveform_module
from bot.ui.media.waveform import DECODED_MAX_S, SIZE_PX
from tests.unit.test_media_audio import SAMPLES

RATE_HZ = 8000
TITLE_ROWS = slice(0, 90)
SOUND_ROWS = slice(95, 245)
WORDS = slice(0, 800)
"""Columns that the length never reaches."""
HALF = SIZE_PX[0] // 2


def tone(seconds: float, loudness: float) -> NDArray[np.float64]:
    return loudness * np.sin(np.arange(int(seconds * RATE_HZ)) * 2 * np.pi * 440 / RATE_HZ)


def wav(path: Path, sound: NDArray[np.float64], *, rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, sound, rate_hz, format="WAV")
    return path


@pytest.fixture
def song(tmp_path):
    return wav(tmp_path / "7-1.wav", tone(4, 0.5))


async def pixels(audio: Path, *, title: str = "Low Tide", duration_s: float | None = 192.4) -> NDArray[np.uint8]:
    png = await draw_waveform(audio, title=title, duration_s=duration_s)
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


@pytest.mark.parametrize("kind", [kind for kind in AudioKind if kind is not AudioKind.M4A])
async def test_each_kind_that_the_decoder_knows_has_its_picture(tmp_path, kind):
    audio = tmp_path / f"7-1.{kind}"
    audio.write_bytes(SAMPLES[kind])
    picture = await pixels(audio)
    assert picture.shape == (SIZE_PX[1], SIZE_PX[0], 4)
    assert heights(picture).max() > 50


async def test_the_panel_is_dark_and_its_corners_are_round(song):
    picture = await pixels(song)
    assert [picture[row, column, 3] for row in (0, -1) for column in (0, -1)] == [0] * 4
    assert picture[SIZE_PX[1] // 2, 2, 3] == 255
    assert picture[2, HALF, :3].max() < 0x50


async def test_the_same_song_gives_the_same_bytes(song):
    first, second = [await draw_waveform(song, title="Low Tide", duration_s=4.0) for _ in range(2)]
    assert first == second


async def test_a_loud_song_has_higher_bars_than_a_quiet_one(tmp_path):
    reach = [
        heights(await pixels(wav(tmp_path / "7-1.wav", tone(4, loudness)))).max() for loudness in (0.003, 0.03, 0.3, 1)
    ]
    assert reach == sorted(set(reach))


async def test_the_bars_follow_the_song(tmp_path):
    sound = np.concatenate([tone(2, 0.1), tone(2, 0.8)])
    reach = heights(await pixels(wav(tmp_path / "7-1.wav", sound)))
    assert 0 < reach[: HALF - 10].max() < reach[HALF + 10 :].max() / 2


@pytest.mark.parametrize("loudness", [0, 0.0005])
async def test_silence_is_a_line_of_dots(tmp_path, loudness):
    reach = heights(await pixels(wav(tmp_path / "7-1.wav", tone(4, loudness))))
    assert 1 < reach.max() < 8


async def test_a_song_that_breaks_off_is_drawn_as_far_as_it_goes(tmp_path):
    audio = tmp_path / "7-1.mp3"
    audio.write_bytes(SAMPLES[AudioKind.MP3][:5000])
    assert heights(await pixels(audio)).max() > 50
    assert waveform_module._levels(audio).size < 40  # of a second: what the file promises is not there


@pytest.mark.parametrize("seconds", [0.01, 0.5, 3])
async def test_a_short_clip_fills_the_whole_width(tmp_path, seconds):
    reach = heights(await pixels(wav(tmp_path / "7-1.wav", tone(seconds, 0.5))))
    assert reach[:100].max() > 10
    assert reach[-100:].max() > 10


async def test_all_channels_are_heard(tmp_path):
    one_sided = np.stack([np.zeros(4 * RATE_HZ), tone(4, 0.8)], axis=1)
    assert heights(await pixels(wav(tmp_path / "7-1.wav", one_sided))).max() > 50


async def test_what_comes_after_the_longest_time_is_left_out(tmp_path):
    rate_hz = 100
    begin = np.resize([0.5, -0.5], DECODED_MAX_S * rate_hz)
    whole = wav(tmp_path / "7-1.wav", begin, rate_hz=rate_hz)
    longer = wav(tmp_path / "8-1.wav", np.concatenate([begin, np.zeros(rate_hz * 600)]), rate_hz=rate_hz)
    assert (await pixels(longer) == await pixels(whole)).all()


# --- words -----------------------------------------------------------------------------------------------------------


def words(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return bright(picture)[TITLE_ROWS, WORDS]


@pytest.mark.parametrize("title", ["Low Tide", "Grüße an Zoë", "Łódź, ďalší sen", "Đêm mưa", "Ночь", "Θάλασσα"])
async def test_a_title_that_the_font_has_is_written(song, title):
    picture = words(await pixels(song, title=title))
    assert picture.any()
    assert (picture != words(await pixels(song, title="x" * len(title)))).any()


@pytest.mark.parametrize(
    "title", ["", "  ", "雨の夜に", "밤비", "أغنية المطر", "Low Tide 雨", "🌊🎶", "\ud83c", "\x00\n"]
)
async def test_a_title_that_the_font_lacks_is_left_out_rather_than_shown_as_boxes(song, title):
    assert not words(await pixels(song, title=title)).any()


@pytest.mark.parametrize("title", ["🌊 Low Tide 👩‍🚀", "Low\nTide", "Low \u202eTide", "Low\u2028Tide\ufe0f"])
async def test_a_title_is_written_without_its_emoji_and_hidden_characters(song, title):
    assert (words(await pixels(song, title=title)) == words(await pixels(song))).all()


async def test_a_long_title_ends_before_the_length(song):
    picture = await pixels(song, title="A Long and Winding Ballad " * 40)
    ends = await pixels(song, title="A Long and Winding Ballad " * 3)
    assert (picture == ends).all()
    assert not bright(picture)[TITLE_ROWS, 862:885].any()


async def test_the_length_stands_at_the_right_where_it_is_known(song):
    lengths = [bright(await pixels(song, duration_s=length_s))[TITLE_ROWS, 862:] for length_s in (192, 193, None)]
    assert [bool(length.any()) for length in lengths] == [True, True, False]
    assert (lengths[0] != lengths[1]).any()


# --- trouble ---------------------------------------------------------------------------------------------------------


async def fails(audio: Path, caplog: pytest.LogCaptureFixture) -> bool:
    """Whether there is no picture, and one line says so."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    png = await draw_waveform(audio, title="Low Tide", duration_s=1.0)
    return png is None and [record.message for record in caplog.records] == ["song has no picture"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("mp3", b""),
        ("mp3", b"<html></html>" * 50),
        ("m4a", SAMPLES[AudioKind.M4A]),
        ("wav", SAMPLES[AudioKind.WAV][:44]),
        ("flac", SAMPLES[AudioKind.FLAC][:60]),
        ("mp3", SAMPLES[AudioKind.MP3][:150]),
    ],
    ids=["empty", "page", "m4a", "wav without sound", "cut flac", "cut mp3"],
)
async def test_what_cannot_be_decoded_has_no_picture_and_one_line_in_the_log(tmp_path, caplog, kind, content):
    audio = tmp_path / f"7-1.{kind}"
    audio.write_bytes(content)
    assert await fails(audio, caplog)


async def test_a_file_that_is_gone_has_no_picture(tmp_path, caplog):
    assert await fails(tmp_path / "7-1.mp3", caplog)


async def test_a_song_that_takes_too_long_to_decode_has_no_picture(song, caplog, monkeypatch):
    monkeypatch.setattr(waveform_module, "_PATIENCE_S", -1.0)
    assert await fails(song, caplog)


async def test_without_the_decoders_library_there_are_no_pictures(song, caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert await fails(song, caplog)


@settings(max_examples=40)
@given(st.sampled_from(list(AudioKind)), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=20))
async def test_broken_files_raise_nothing(tmp_path_factory, kind, spoilt):
    content = bytearray(SAMPLES[kind])
    for place, value in spoilt:
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "broken"
    path.write_bytes(content)
    png = await draw_waveform(path, title="Low Tide", duration_s=1.0)
    assert png is None or png.startswith(b"\x89PNG")
