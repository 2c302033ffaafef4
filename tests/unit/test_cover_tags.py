"""A song carries its cover as players look for it: one, whatever it had before, and never at the cost of its size."""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus

from bot.sound.jobs import Encoding, Job, Limits, Report, SongTags
from bot.sound.kinds import AudioKind, audio_kind
from bot.sound.work import work
from bot.ui.media import Workshop
from tests.fakes.pictures import noise, picture
from tests.fakes.sounds import LENGTH_S, ODD, sample
from tests.unit.test_sound import heard, signed

OURS, THEIRS, BACK = picture(colour="red"), picture("PNG", colour="blue"), picture(colour="green")
CONTAINERS = [AudioKind.MP3, AudioKind.M4A, AudioKind.FLAC, AudioKind.OGG, AudioKind.WAV]


def done(
    folder: Path,
    content: bytes,
    *,
    cover: bytes | None = OURS,
    encoding: Encoding | None = None,
    limit_bytes: int | None = None,
) -> Report | None:
    """What comes of a file; the fresh one is `fresh` in the folder."""
    source, path = folder / "7-1.raw", folder / "7-1.jpg"
    source.write_bytes(content)
    path.write_bytes(cover or b"")
    tags = SongTags(title="Low Tide", cover=path if cover else None)
    into = folder / "fresh"
    return work(Job(source=source, into=into, tags=tags, limits=Limits(), encoding=encoding, limit_bytes=limit_bytes))


def covers_in(path: Path) -> list[tuple[str, int, bytes]]:
    """Media type, kind (3 is the front) and content of each picture in a file, read back by mutagen."""
    named = path.with_suffix(f".{audio_kind(path)}")
    named.write_bytes(path.read_bytes())
    audio: Any = mutagen.File(named)
    if isinstance(audio, MP4):
        types = {MP4Cover.FORMAT_JPEG: "image/jpeg", MP4Cover.FORMAT_PNG: "image/png"}
        return [(types[one.imageformat], 3, bytes(one)) for one in audio.get("covr", [])]
    if isinstance(audio, FLAC):
        pictures = audio.pictures
    elif isinstance(audio.tags, ID3):
        pictures = audio.tags.getall("APIC")
    else:
        pictures = [Picture(b64decode(block)) for block in audio.get("metadata_block_picture", [])]
    return [(one.mime, one.type, one.data) for one in pictures]


@pytest.mark.parametrize("kind", AudioKind)
def test_a_song_of_any_kind_carries_its_cover(tmp_path, kind):
    report = done(tmp_path, sample(kind))
    assert report is not None
    assert report.is_written
    assert covers_in(tmp_path / "fresh") == [("image/jpeg", 3, OURS)]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_cover_changes_nothing_of_the_sound(tmp_path, kind):
    done(tmp_path, sample(kind))
    before, after = heard(tmp_path / "7-1.raw"), heard(tmp_path / "fresh")
    assert len(before) == len(after)
    assert np.array_equal(before, after)


@pytest.mark.parametrize("encoding", [Encoding(kind=AudioKind.MP3, kbps=128), Encoding(kind=AudioKind.OGG, kbps=48)])
def test_a_song_that_is_encoded_carries_it_too(tmp_path, encoding):
    report = done(tmp_path, sample(AudioKind.WAV), encoding=encoding)
    assert report is not None
    assert covers_in(tmp_path / "fresh") == [("image/jpeg", 3, OURS)]
    assert report.duration_s == pytest.approx(LENGTH_S, abs=0.1)


def test_a_file_with_a_signature_is_left_alone(tmp_path):
    report = done(tmp_path, signed(sample(AudioKind.MP3), tmp_path))
    assert report is not None
    assert not report.is_written


# --- what was there before -------------------------------------------------------------------------------------------


def with_theirs(kind: AudioKind, folder: Path) -> bytes:
    """A song that came with a cover, behind a picture of its back where there is room for one."""
    path = folder / "theirs"
    path.write_bytes(sample(kind))
    audio: Any = None
    match kind:
        case AudioKind.MP3 | AudioKind.AAC:
            audio = ID3()
            audio.add(APIC(mime="image/jpeg", type=4, desc="back", data=BACK))
            audio.add(APIC(mime="image/png", type=3, desc="front", data=THEIRS))
            audio.save(path)
            return path.read_bytes()
        case AudioKind.WAV:
            audio = mutagen.File(path)
            audio.add_tags()
            audio.tags.add(APIC(mime="image/png", type=3, data=THEIRS))
        case AudioKind.M4A:
            audio = MP4(path)
            audio["covr"] = [MP4Cover(THEIRS, MP4Cover.FORMAT_PNG), MP4Cover(BACK, MP4Cover.FORMAT_JPEG)]
        case AudioKind.FLAC:
            audio = FLAC(path)
            for type_, data in ((4, BACK), (3, THEIRS)):
                audio.add_picture(block(data, type_))
        case _:
            audio = OggOpus(path)
            audio["metadata_block_picture"] = [b64encode(block(THEIRS, 3).write()).decode()]
            audio["coverart"] = [b64encode(BACK).decode()]
    audio.save()
    return path.read_bytes()


def block(data: bytes, type_: int) -> Picture:
    made = Picture()
    made.data, made.type, made.mime = data, type_, "image/png" if data is THEIRS else "image/jpeg"
    return made


@pytest.mark.parametrize("kind", [*CONTAINERS, AudioKind.AAC])
def test_of_two_covers_ours_is_the_one(tmp_path, kind):
    done(tmp_path, with_theirs(kind, tmp_path))
    assert covers_in(tmp_path / "fresh") == [("image/jpeg", 3, OURS)]
    assert BACK not in (tmp_path / "fresh").read_bytes()
    assert b64encode(BACK) not in (tmp_path / "fresh").read_bytes()


@pytest.mark.parametrize("kind", [*CONTAINERS, AudioKind.AAC])
def test_without_one_of_ours_theirs_goes_on(tmp_path, kind):
    done(tmp_path, with_theirs(kind, tmp_path), cover=None)
    assert covers_in(tmp_path / "fresh") == [("image/png", 3, THEIRS)]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_theirs_goes_on_through_an_encoder(tmp_path, kind):
    done(tmp_path, with_theirs(kind, tmp_path), cover=None, encoding=Encoding(kind=AudioKind.OGG, kbps=48))
    assert covers_in(tmp_path / "fresh") == [("image/png", 3, THEIRS)]


def test_what_is_no_picture_does_not_go_on_as_one(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(sample(AudioKind.MP3))
    old = ID3(path)
    old.add(APIC(mime="-->", type=3, data=b"https://example.com/follows-you.jpg"))
    old.save(path)
    done(tmp_path, path.read_bytes(), cover=None)
    assert covers_in(tmp_path / "fresh") == []


def test_a_picture_that_m4a_does_not_take_stays_out(tmp_path):
    done(tmp_path, sample(AudioKind.M4A), cover=picture("WEBP"))
    assert covers_in(tmp_path / "fresh") == []


# --- never too large -------------------------------------------------------------------------------------------------

HEAVY = noise("JPEG", 640)[:180_000]


def size_without(folder: Path, kind: AudioKind) -> int:
    done(folder, sample(kind), cover=None)
    return (folder / "fresh").stat().st_size


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize(("room_bytes", "has_it"), [(300_000, True), (245_000, True), (150_000, False), (0, False)])
def test_a_cover_never_makes_a_song_too_large(tmp_path, kind, room_bytes, has_it):
    plain_bytes = size_without(tmp_path, kind)
    limit_bytes = plain_bytes + room_bytes
    report = done(tmp_path, sample(kind), cover=HEAVY, limit_bytes=limit_bytes)
    assert report is not None
    assert report.is_written
    assert (tmp_path / "fresh").stat().st_size <= limit_bytes
    assert bool(covers_in(tmp_path / "fresh")) is has_it
    assert str(mutagen.File(next(tmp_path.glob("fresh.*"))).tags).count("Low Tide")
    assert len(heard(tmp_path / "fresh")) == len(heard(tmp_path / "7-1.raw"))


def test_a_song_that_is_too_large_anyway_keeps_it(tmp_path):
    done(tmp_path, sample(AudioKind.WAV), cover=OURS, limit_bytes=1000)
    assert covers_in(tmp_path / "fresh") == [("image/jpeg", 3, OURS)]


async def test_a_song_is_not_encoded_for_the_sake_of_its_cover(tmp_path):
    plain_bytes = size_without(tmp_path, AudioKind.MP3)
    song, cover = tmp_path / "7-1.raw", tmp_path / "7-1.jpg"
    cover.write_bytes(HEAVY)
    tags = SongTags(title="Low Tide", cover=cover)
    prepared = await Workshop().prepare(song, tags, limit_bytes=plain_bytes + 1000)
    assert (prepared.kind, prepared.encoded_kbps) == (AudioKind.MP3, None)
    assert prepared.size_bytes <= plain_bytes + 1000
    assert covers_in(song) == []


async def test_a_song_that_is_made_to_fit_has_its_cover_only_where_that_fits_too(tmp_path):
    song, cover = tmp_path / "7-1.raw", tmp_path / "7-1.jpg"
    for picture_bytes, expected in ((OURS, [OURS]), (HEAVY, [])):
        song.write_bytes(sample(AudioKind.WAV))
        cover.write_bytes(picture_bytes)
        tags = SongTags(title="Low Tide", cover=cover)
        prepared = await Workshop().prepare(song, tags, limit_bytes=150_000)
        assert prepared.encoded_kbps is not None
        assert prepared.size_bytes <= 150_000
        assert [data for *_, data in covers_in(song)] == expected


@pytest.mark.parametrize("shape", ODD)
def test_whatever_shape_a_song_has_a_cover_does_not_hinder_it(tmp_path, shape):
    make, kind, times = ODD[shape]
    report = done(tmp_path, make())
    assert report is not None
    assert report.kind is kind
    assert report.is_written is (shape != "layer II")
    assert report.duration_s == pytest.approx(LENGTH_S * times, abs=0.2 * times)
