"""Audio is known by its first bytes, handled in a process of its own, and named for people."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.media import MediaError, MediaProblem
from bot.sound.jobs import Limits
from bot.sound.kinds import audio_kind, sniff
from bot.ui.media import AudioKind, Prepared, SongTags, Workshop, safe_filename
from tests.fakes.sounds import LENGTH_S, ODD, sample

SAMPLES = {kind: sample(kind, 1.0) for kind in AudioKind}
"""One second of each kind."""
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
TAGS = SongTags(title="Low Tide é 雨", artist="Encore", lyrics="[Verse]\nsea", comment="hi")
ROOMY = 10**9


def opened(path: Path) -> Any:
    return mutagen.File(path)


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "7-1.raw"
    path.write_bytes(SAMPLES[AudioKind.MP3])
    return path


# --- what it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", AudioKind)
def test_each_kind_is_known_by_its_content(tmp_path, kind):
    path = tmp_path / "file.html"
    path.write_bytes(SAMPLES[kind])
    assert audio_kind(path) is kind


@pytest.mark.parametrize("shape", ODD)
def test_every_odd_shape_is_known(tmp_path, shape):
    path = tmp_path / "file"
    path.write_bytes(ODD[shape][0]())
    assert audio_kind(path) is not None


@pytest.mark.parametrize("junk", [0, 1, 4, 30_000, 65_000])
def test_the_sound_begins_behind_what_is_in_front(tmp_path, song, junk):
    mutagen.File(song).delete()
    begins_at = len(song.read_bytes()) - len(song.read_bytes().lstrip(b"\0"))
    song.write_bytes(bytes(junk) + song.read_bytes())
    found = sniff(song)
    assert found is not None
    assert (found.kind, found.begins_at) == (AudioKind.MP3, junk + begins_at)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>This link has expired</body></html>" * 20,
        b'{"error": {"message": "expired"}}' * 20,
        b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"<html></html>" * 50,
        b"\xff\xfb" + b"\0" * 500,
        b"\xff" * 70_000,
        b"%PDF-1.4 " + b"a" * 500,
        b"#EXTM3U\nhttps://example.com/a.mp3\n",
        PNG,
        b"PK\x03\x04" + b"0" * 500,
        b"la la la " * 100,
    ],
)
def test_what_is_no_audio_is_not_taken_for_it(tmp_path, content):
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    assert audio_kind(path) is None


@given(st.sampled_from(list(AudioKind)), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=20))
def test_broken_files_raise_nothing(tmp_path_factory, kind, spoilt):
    content = bytearray(SAMPLES[kind])
    for place, value in spoilt:
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "broken"
    path.write_bytes(content)
    assert audio_kind(path) in {None, *AudioKind}


# --- handled in a process of its own ---------------------------------------------------------------------------------


async def test_an_mp3_carries_title_artist_lyrics_and_comment(tmp_path, song):
    prepared = await Workshop().prepare(song, TAGS, limit_bytes=ROOMY)
    written = opened(song).tags
    assert (str(written["TIT2"]), str(written["TPE1"])) == (TAGS.title, "Encore")
    assert str(written.getall("USLT")[0]) == TAGS.lyrics
    assert str(written.getall("COMM")[0]) == "hi"
    assert prepared.kind is AudioKind.MP3
    assert prepared.size_bytes == song.stat().st_size
    assert prepared.duration_s == pytest.approx(1.0, abs=0.1)
    assert max(prepared.loudness) > 0.1
    assert list(tmp_path.iterdir()) == [song]


async def test_a_folder_may_be_named_from_where_the_bot_was_started(tmp_path, song, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepared = await Workshop().prepare(Path(song.name), TAGS, limit_bytes=ROOMY)
    assert prepared.duration_s == pytest.approx(1.0, abs=0.1)


async def test_old_tags_are_replaced(song):
    workshop = Workshop()
    once = await workshop.prepare(song, SongTags(title="Old", lyrics="old", comment="old"), limit_bytes=ROOMY)
    again = await workshop.prepare(song, SongTags(title="New", lyrics="new", comment="new"), limit_bytes=ROOMY)
    written = opened(song).tags
    assert [str(frame) for name in ("TIT2", "USLT", "COMM") for frame in written.getall(name)] == ["New"] + ["new"] * 2
    assert once.duration_s == again.duration_s


@pytest.mark.parametrize("kind", [AudioKind.AAC, AudioKind.WEBM])
async def test_a_stream_becomes_a_file(song, kind):
    song.write_bytes(SAMPLES[kind])
    prepared = await Workshop().prepare(song, TAGS, limit_bytes=ROOMY)
    assert prepared.kind is {AudioKind.AAC: AudioKind.M4A, AudioKind.WEBM: AudioKind.OGG}[kind]
    assert audio_kind(song) is prepared.kind


@pytest.mark.parametrize("content", [b"", b"text", SAMPLES[AudioKind.WAV][:44]], ids=["empty", "text", "no sound"])
async def test_a_file_without_sound_may_come_later(song, content):
    song.write_bytes(content)
    with pytest.raises(MediaError) as failed:
        await Workshop().prepare(song, TAGS, limit_bytes=ROOMY)
    assert (failed.value.reason, failed.value.is_temporary) == (MediaProblem.NOT_AUDIO, True)


def python(code: str) -> Sequence[str]:
    """A process that does something else than it should."""
    return sys.executable, "-c", f"import os, signal, sys, time\nfrom bot.sound.limits import *\n{code}"


CRASHES = {
    "a crash": "os.kill(os.getpid(), signal.SIGSEGV)",
    "an error": "sys.stdin.read(); raise OSError",
    "nothing said": "sys.stdin.read()",
    "nonsense": "print('{}')",
    "a flood": "while True: sys.stdout.write('x' * 65536)",
    "half a file": "import json; open(json.load(sys.stdin)['into'], 'w').write('half'); os.abort()",
    "a hang": "confine(Limits(wall_s=1)); time.sleep(60)",
    "a loop": "confine(Limits(cpu_s=1))\nwhile True: pass",
    "greed": "confine(Limits(memory_bytes=10**8)); print('null' if bytearray(10**9) else '')",
    "a full disk": (
        "import json; job = json.load(sys.stdin); confine(Limits(written_bytes=10**5)); "
        "open(job['into'], 'wb').write(bytes(10**6)); print('null')"
    ),
}


@pytest.mark.parametrize("crash", CRASHES)
async def test_what_brings_the_process_down_costs_tags_and_picture_not_the_song(tmp_path, song, caplog, crash):
    before = song.read_bytes()
    workshop = Workshop(command=python(CRASHES[crash]))
    with caplog.at_level(logging.WARNING):
        prepared = await workshop.prepare(song, SongTags(title="Secret Title"), limit_bytes=1)
    assert prepared == Prepared(kind=AudioKind.MP3, size_bytes=len(before))
    assert song.read_bytes() == before
    assert list(tmp_path.iterdir()) == [song]
    assert [(record.message, "Secret Title" in str(vars(record))) for record in caplog.records] == [
        ("song could not be looked into", False)
    ]


async def test_a_process_that_cannot_be_ended_by_itself_is_ended(song, monkeypatch):
    monkeypatch.setattr("bot.ui.media.process._GRACE_S", 0.2)
    workshop = Workshop(limits=Limits(wall_s=0), command=python("time.sleep(60)"))
    prepared = await workshop.prepare(song, TAGS, limit_bytes=ROOMY)
    assert prepared.duration_s is None


async def test_a_stop_ends_the_process_and_leaves_the_file_as_it_was(tmp_path, song):
    seen = tmp_path / "seen"
    code = f"open({str(seen)!r}, 'w').write(str(os.getpid()) + '\\n'); time.sleep(60)"
    preparing = asyncio.create_task(Workshop(command=python(code)).prepare(song, TAGS, limit_bytes=ROOMY))
    async with asyncio.timeout(20):
        while not (seen.exists() and seen.read_text().endswith("\n")):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
    preparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await preparing
    with pytest.raises(ProcessLookupError):
        os.kill(int(seen.read_text()), 0)
    assert song.read_bytes() == SAMPLES[AudioKind.MP3]


async def test_the_process_is_told_no_secrets(tmp_path, song, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    seen = tmp_path / "seen"
    await Workshop(command=python(f"open({str(seen)!r}, 'w').write(str(dict(os.environ)))")).prepare(
        song, TAGS, limit_bytes=ROOMY
    )
    assert "PATH" in seen.read_text()
    assert "secret" not in seen.read_text()


async def test_the_bot_itself_never_loads_a_decoder():
    code = "import bot.app, sys; print([name for name in sys.modules if name in {'av', 'mutagen'}])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert said.strip() == b"[]"


# --- made to fit -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit_bytes", "kind", "kbps"),
    [
        (ROOMY, AudioKind.WAV, None),
        (350_000, AudioKind.MP3, 320),
        (200_000, AudioKind.MP3, 192),
        (140_000, AudioKind.MP3, 128),
        (130_000, AudioKind.OGG, 96),
        (40_000, AudioKind.OGG, 32),
        (5_000, AudioKind.WAV, None),
    ],
)
async def test_a_song_over_the_limit_is_encoded_at_the_best_rate_that_fits(song, limit_bytes, kind, kbps):
    song.write_bytes(sample(AudioKind.WAV))
    prepared = await Workshop().prepare(song, TAGS, limit_bytes=limit_bytes)
    assert (prepared.kind, prepared.encoded_kbps) == (kind, kbps)
    assert audio_kind(song) is kind
    assert prepared.size_bytes == song.stat().st_size
    assert prepared.duration_s == pytest.approx(LENGTH_S, abs=0.1)
    if kbps:
        assert prepared.size_bytes <= limit_bytes
        assert opened(song).info.length == pytest.approx(LENGTH_S, abs=0.1)


# --- what it is called -----------------------------------------------------------------------------------------------


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
    assert safe_filename("Low Tide", "mp3", take="take 2") == "Low Tide (take 2).mp3"
    assert safe_filename("x" * 200, "mp3", take="take 12") == "x" * 66 + " (take 12).mp3"
    assert safe_filename("", "wav", take="take 2") == "song (take 2).wav"


@given(st.text(max_size=300), st.integers(1, 9))
def test_file_names_are_safe_for_any_title(title, take):
    name = safe_filename(title, "mp3", take=f"take {take}")
    assert name.endswith(".mp3")
    assert 5 <= len(name) <= 80
    assert len(name.encode()) <= 255
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert not name.startswith((".", " ", "SPOILER_"))
    assert Path(name).name == name
