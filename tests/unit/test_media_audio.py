"""Audio is known by its content, tagged in a copy, and named for people."""

import io
import logging
import struct
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.media import AudioKind, SongTags, prepare, safe_filename
from bot.ui.media import tags as tags_module
from bot.ui.media.audio import audio_kind, duration_s

FORMS = {
    AudioKind.MP3: ("mp3", "mp3"),
    AudioKind.WAV: ("wav", "pcm_s16le"),
    AudioKind.OGG: ("ogg", "libopus"),
    AudioKind.FLAC: ("flac", "flac"),
    AudioKind.M4A: ("ipod", "aac"),
}
RATE_HZ = 48_000
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def make_audio(kind: AudioKind) -> bytes:
    """One second of a plain tone."""
    form, codec = FORMS[kind]
    tone = (np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000).astype(np.int16)[np.newaxis, :]
    frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
    frame.sample_rate = RATE_HZ
    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=RATE_HZ, layout="mono")
        for piece in av.AudioResampler(format=stream.format, layout="mono", rate=RATE_HZ).resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return sink.getvalue()


SAMPLES = {kind: make_audio(kind) for kind in AudioKind}


def opened(path: Path) -> Any:
    return mutagen.File(path)


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "7-1.raw"
    path.write_bytes(SAMPLES[AudioKind.MP3])
    return path


@pytest.mark.parametrize("kind", AudioKind)
def test_each_kind_is_known_by_its_content(tmp_path, kind):
    path = tmp_path / "file.html"
    path.write_bytes(SAMPLES[kind])
    assert audio_kind(path) is kind
    assert duration_s(path) == pytest.approx(1.0, abs=0.1)


def test_an_mp3_without_tags_is_known(tmp_path, song):
    opened(song).delete()
    assert not song.read_bytes().startswith(b"ID3")
    assert audio_kind(song) is AudioKind.MP3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>This link has expired</body></html>" * 20,
        b'{"error": {"message": "expired"}}' * 20,
        b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"<html></html>" * 50,
        b"\xff\xfb" + b"\0" * 500,
        b"%PDF-1.4 " + b"a" * 500,
        PNG,
        b"PK\x03\x04" + b"0" * 500,
        b"la la la " * 100,
    ],
)
def test_what_is_no_audio_is_not_taken_for_it(tmp_path, content):
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    assert audio_kind(path) is None
    assert duration_s(path) is None


@given(st.sampled_from(list(AudioKind)), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=20))
def test_broken_files_raise_nothing(tmp_path_factory, kind, spoilt):
    content = bytearray(SAMPLES[kind])
    for place, value in spoilt:
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "broken"
    path.write_bytes(content)
    assert audio_kind(path) in {None, *AudioKind}


async def test_an_mp3_carries_title_artist_lyrics_and_comment(tmp_path, song):
    into = tmp_path / "7-1.mp3"
    tags = SongTags(title="Low Tide é 雨", artist="Encore", lyrics="[Verse]\nsea", comment="hi")

    prepared = await prepare(song, into, tags)

    written = opened(into).tags
    assert (str(written["TIT2"]), str(written["TPE1"])) == ("Low Tide é 雨", "Encore")
    assert str(written.getall("USLT")[0]) == "[Verse]\nsea"
    assert str(written.getall("COMM")[0]) == "hi"
    assert prepared.size_bytes == into.stat().st_size
    assert prepared.duration_s == pytest.approx(1.0, abs=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["7-1.mp3"]


async def test_old_tags_are_replaced(tmp_path, song):
    once = await prepare(song, song, SongTags(title="Old", lyrics="old", comment="old"))
    again = await prepare(song, tmp_path / "new.mp3", SongTags(title="New", lyrics="new", comment="new"))
    written = opened(tmp_path / "new.mp3").tags
    assert [str(frame) for name in ("TIT2", "USLT", "COMM") for frame in written.getall(name)] == ["New"] + ["new"] * 2
    assert once.duration_s == again.duration_s


@pytest.mark.parametrize("kind", [AudioKind.WAV, AudioKind.OGG, AudioKind.FLAC, AudioKind.M4A])
async def test_other_kinds_are_tagged_too(tmp_path, kind):
    source, into = tmp_path / "1-1.raw", tmp_path / f"1-1.{kind}"
    source.write_bytes(SAMPLES[kind])
    prepared = await prepare(source, into, SongTags(title="Low Tide", lyrics="sea", comment="hi"))
    flat = str(dict(opened(into).tags))
    assert "Low Tide" in flat
    assert "sea" in flat
    assert prepared.duration_s == pytest.approx(1.0, abs=0.1)


async def test_a_bare_mp3_gets_tags(tmp_path, song):
    opened(song).delete()
    await prepare(song, tmp_path / "7-1.mp3", SongTags(title="Low Tide"))
    assert str(opened(tmp_path / "7-1.mp3").tags["TIT2"]) == "Low Tide"


async def test_a_song_that_cannot_be_tagged_is_still_good(tmp_path, song, monkeypatch, caplog):
    before = song.read_bytes()

    def spoil(path: Path, tags: SongTags) -> None:
        path.write_bytes(b"half-writ")
        raise struct.error

    monkeypatch.setattr(tags_module, "_write_tags", spoil)
    with caplog.at_level(logging.WARNING):
        prepared = await prepare(song, tmp_path / "7-1.mp3", SongTags(title="Secret Title"))
    assert (tmp_path / "7-1.mp3").read_bytes() == before
    assert prepared.size_bytes == len(before)
    assert [path.name for path in tmp_path.iterdir()] == ["7-1.mp3"]
    assert [(record.message, "Secret Title" in str(vars(record))) for record in caplog.records] == [
        ("song not tagged", False)
    ]


async def test_a_file_that_is_no_audio_is_moved_untagged(tmp_path):
    source = tmp_path / "1-1.raw"
    source.write_bytes(b"text")
    prepared = await prepare(source, tmp_path / "1-1.mp3", SongTags(title="x"))
    assert (prepared.size_bytes, prepared.duration_s) == (4, None)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Low Tide", "Low Tide.mp3"),
        ("  Low\n Tide\t", "Low Tide.mp3"),
        ("夜明け前 – été", "夜明け前 – été.mp3"),  # noqa: RUF001 - a dash that people use
        ("e\u0301te\u0301", "été.mp3"),
        ("../../etc/passwd", "etc passwd.mp3"),
        ("AC/DC: \\live\\ <3?", "AC DC live 3.mp3"),
        ("...hidden", "hidden.mp3"),
        (".SPOILER_.SPOILER_x", "x.mp3"),
        ("SPOILER_ ending", "ending.mp3"),
        ("trailing. . ", "trailing.mp3"),
        ("a\x00b\u202ec\ud800d", "a b c d.mp3"),
        ("AUX", "AUX song.mp3"),
        ("com1.txt", "com1.txt song.mp3"),
        ("Console", "Console.mp3"),
        ("", "song.mp3"),
        ("???", "song.mp3"),
        ("SPOILER_", "song.mp3"),
        ("😀", "😀.mp3"),
        ("x" * 200, "x" * 76 + ".mp3"),
    ],
)
def test_titles_become_pleasant_file_names(title, name):
    assert safe_filename(title, "mp3") == name


def test_further_takes_say_so():
    assert safe_filename("Low Tide", "mp3", take=2) == "Low Tide (take 2).mp3"
    assert safe_filename("x" * 200, "mp3", take=12) == "x" * 66 + " (take 12).mp3"
    assert safe_filename("", "wav", take=2) == "song (take 2).wav"


@given(st.text(max_size=300), st.integers(1, 9))
def test_file_names_are_safe_for_any_title(title, take):
    name = safe_filename(title, "mp3", take=take)
    assert name.endswith(".mp3")
    assert 5 <= len(name) <= 80
    assert len(name.encode()) <= 255
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert not name.startswith((".", " ", "SPOILER_"))
    assert Path(name).name == name
