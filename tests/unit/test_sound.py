"""What plays is read whole, freshly written and told with its true length, whatever its headers say."""

import itertools
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, GEOB, ID3, TXXX
from mutagen.mp4 import MP4, MP4Cover
from numpy.typing import NDArray

from bot.domain.media import is_cut_short
from bot.sound.jobs import PARTS, Encoding, Job, Limits, Report, SongTags
from bot.sound.kinds import AudioKind, audio_kind, sniff
from bot.sound.reading import frames_of, open_source, packets_of, sound_stream
from bot.sound.work import work
from tests.fakes.sounds import LENGTH_S, ODD, encoded, id3_tag, sample, tone

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
TAGS = SongTags(title="Low Tide é 雨", lyrics="[Verse]\nsea", comment="hi")
DELAYS_S = 0.2
MP3 = AudioKind.MP3


def done(folder: Path, content: bytes, *, encoding: Encoding | None = None) -> Report | None:
    """What comes of a file; the fresh one is `fresh` in the folder."""
    source = folder / "7-1.raw"
    source.write_bytes(content)
    return work(Job(source=source, into=folder / "fresh", tags=TAGS, limits=Limits(), encoding=encoding))


def fresh(folder: Path) -> Any:
    path = folder / "fresh"
    named = path.rename(folder / f"fresh.{audio_kind(path)}")
    return mutagen.File(named)


@pytest.mark.parametrize("shape", ODD)
def test_what_plays_is_written_afresh_with_its_true_length(tmp_path, shape):
    make, kind, times = ODD[shape]
    report = done(tmp_path, make())
    assert report is not None
    assert report.kind is kind
    assert report.duration_s == pytest.approx(LENGTH_S * times, abs=DELAYS_S * times)
    assert len(report.loudness) == PARTS
    assert not is_cut_short(report.duration_s, promised_s=report.promised_s, told_s=LENGTH_S)
    if shape != "layer II":  # which has no container of its own, so it stays as it came
        assert report.is_written
        told = fresh(tmp_path)
        assert told.info.length == pytest.approx(LENGTH_S * times, abs=DELAYS_S * times)
        assert "Low Tide" in str(dict(told.tags))


@pytest.mark.parametrize("kind", AudioKind)
def test_the_loud_half_is_heard_as_louder(tmp_path, kind):
    report = done(tmp_path, sample(kind))
    assert report is not None
    first, second = report.loudness[: PARTS // 2 - 3], report.loudness[PARTS // 2 + 3 :]
    assert 0.02 < sum(first) / len(first) < sum(second) / len(second) / 4


def heard(path: Path) -> NDArray[np.float64]:
    """The samples that a file decodes to."""
    sniffed = sniff(path)
    assert sniffed is not None
    with open_source(path, sniffed) as source:
        stream, _ = sound_stream(source)
        frames = [frame for packet in packets_of(source, stream) for frame in frames_of(stream, packet)]
        return np.concatenate([frame.to_ndarray().astype(np.float64).ravel() for frame in frames])


@pytest.mark.parametrize("kind", [MP3, AudioKind.WAV, AudioKind.FLAC, AudioKind.M4A, AudioKind.OGG])
def test_the_fresh_file_holds_the_very_same_sound(tmp_path, kind):
    content = sample(kind)
    done(tmp_path, content)
    before, after = heard(tmp_path / "7-1.raw"), heard(tmp_path / "fresh")
    assert len(before) == len(after)
    assert (before == after).all()


# --- too short -------------------------------------------------------------------------------------------------------


def cut(content: bytes) -> bytes:
    return content[: len(content) * 6 // 10]


FASTSTART = encoded("mp4", "aac", tone(LENGTH_S), options={"movflags": "+faststart"})


@pytest.mark.parametrize(
    "content",
    [sample(MP3), sample(AudioKind.WAV), sample(AudioKind.FLAC), sample(AudioKind.WEBM), FASTSTART],
    ids=["Xing", "data chunk", "STREAMINFO", "Matroska", "moov"],
)
def test_a_file_that_is_cut_promises_more_than_it_holds(tmp_path, content):
    report = done(tmp_path, cut(content))
    assert report is not None
    assert report.duration_s < LENGTH_S * 0.8
    assert report.promised_s == pytest.approx(LENGTH_S, abs=DELAYS_S)
    assert is_cut_short(report.duration_s, promised_s=report.promised_s, told_s=None)


def test_a_cut_flac_says_its_true_length_once_it_is_delivered(tmp_path):
    report = done(tmp_path, cut(sample(AudioKind.FLAC)))
    assert report is not None
    assert report.is_written
    assert fresh(tmp_path).info.length == pytest.approx(report.duration_s, abs=0.01)


def no_xing_count() -> bytes:
    content = bytearray(sample(MP3))
    at = max(content.find(b"Xing"), content.find(b"Info"))
    content[at + 8 : at + 12] = b"\xff" * 4
    return bytes(content)


def no_flac_count() -> bytes:
    content = bytearray(sample(AudioKind.FLAC))
    content[21:26] = bytes([content[21] | 0x0F]) + b"\xff" * 4
    return bytes(content)


@pytest.mark.parametrize("content", [no_xing_count(), no_flac_count()], ids=["Xing", "STREAMINFO"])
def test_a_count_of_all_that_the_field_holds_is_no_promise(tmp_path, content):
    report = done(tmp_path, content)
    assert report is not None
    assert report.promised_s is None
    assert fresh(tmp_path).info.length == pytest.approx(LENGTH_S, abs=DELAYS_S)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_what_a_pipe_writes_is_no_promise(tmp_path, size):
    content = bytearray(sample(AudioKind.WAV))
    at = content.find(b"data")
    content[at + 4 : at + 8] = size.to_bytes(4, "little")
    report = done(tmp_path, bytes(content))
    assert report is not None
    assert report.duration_s == pytest.approx(LENGTH_S, abs=DELAYS_S)
    assert not is_cut_short(report.duration_s, promised_s=report.promised_s, told_s=LENGTH_S)


@pytest.mark.parametrize(
    ("duration_s", "promised_s", "told_s", "is_short"),
    [
        (60, None, None, False),
        (60, 60.4, None, False),
        (60, 61, None, True),
        (120, 60, None, False),
        (60, None, 61.9, False),
        (60, None, 62.1, True),
        (180, 180, 185, False),
        (180, 180, 186, True),
        (180, None, 90, False),
    ],
)
def test_what_counts_as_too_short(duration_s, promised_s, told_s, is_short):
    assert is_cut_short(duration_s, promised_s=promised_s, told_s=told_s) is is_short


# --- no sound --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>This link has expired</body></html>" * 20,
        b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"<html></html>" * 50,
        b"#EXTM3U\n#EXTINF:1,\ntone.wav\n",
        b"ffconcat version 1.0\nfile tone.wav\n",
        b"RIFF\x24\0\0\0WAVEfmt ",
        sample(AudioKind.WAV)[:44],
        sample(AudioKind.FLAC)[:60],
        sample(AudioKind.M4A)[:200],
        sample(AudioKind.OGG)[:47],
        PNG,
    ],
    ids=itertools.count(),
)
def test_where_there_is_no_sound_that_is_the_answer(tmp_path, content):
    assert done(tmp_path, content) is None


# --- tags ------------------------------------------------------------------------------------------------------------


def test_what_an_old_tag_says_beside_ours_goes_on(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(sample(MP3))
    old = ID3(path)
    old.add(APIC(mime="image/png", type=3, data=PNG))
    old.add(TXXX(desc="DigitalSourceType", text="trained"))
    old.save(path)
    done(tmp_path, path.read_bytes())
    written = fresh(tmp_path).tags
    assert written.getall("APIC")[0].data == PNG
    assert str(written["TXXX:DigitalSourceType"]) == "trained"
    assert str(written["TIT2"]) == TAGS.title


def test_covers_of_other_kinds_go_on_too(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(sample(AudioKind.FLAC))
    flac = FLAC(path)
    picture = Picture()
    picture.data, picture.mime, picture.type = PNG, "image/png", 3
    flac.add_picture(picture)
    flac.save()
    done(tmp_path, path.read_bytes())
    assert [one.data for one in FLAC(tmp_path / "fresh").pictures] == [PNG]

    path.write_bytes(sample(AudioKind.M4A))
    mp4 = MP4(path)
    mp4["covr"] = [MP4Cover(PNG, MP4Cover.FORMAT_PNG)]
    mp4.save()
    done(tmp_path, path.read_bytes())
    assert bytes(MP4(tmp_path / "fresh")["covr"][0]) == PNG


def test_no_second_title_survives(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(id3_tag("Outer") + id3_tag("Inner") + sample(MP3))
    ape = APEv2()
    ape["Title"] = "Old"
    ape.save(path)
    done(tmp_path, path.read_bytes())
    written = (tmp_path / "fresh").read_bytes()
    assert written.count(b"ID3") == 1
    assert not any(word in written for word in (b"APETAGEX", b"Outer", b"Inner"))


def signed(content: bytes, folder: Path) -> bytes:
    path = folder / "signed"
    path.write_bytes(content)
    tags = ID3()
    tags.add(GEOB(mime="application/c2pa", desc="c2pa", data=b"signature"))
    tags.save(path)
    return path.read_bytes()


def test_a_signed_file_that_plays_well_is_left_alone(tmp_path):
    report = done(tmp_path, signed(sample(MP3), tmp_path))
    assert report is not None
    assert (report.kind, report.is_written) == (MP3, False)
    assert report.duration_s == pytest.approx(LENGTH_S, abs=DELAYS_S)


def test_a_signature_that_cannot_stay_true_goes(tmp_path):
    make, *_ = ODD["a variable bit rate, no Xing"]
    report = done(tmp_path, signed(make(), tmp_path))
    assert report is not None
    assert report.is_written
    assert b"c2pa" not in (tmp_path / "fresh").read_bytes()


def test_signatures_are_found_in_other_kinds_too(tmp_path):
    manifest = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"signature"
    box = (8 + len(manifest)).to_bytes(4) + b"uuid" + manifest
    chunk = b"C2PA\x0a\0\0\0signature\0"
    for content in (FASTSTART + box, sample(AudioKind.WAV) + chunk):
        report = done(tmp_path, content)
        assert report is not None
        assert not report.is_written


# --- made to fit -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "kbps"), [(MP3, 192), (MP3, 128), (AudioKind.OGG, 96), (AudioKind.OGG, 24)])
@pytest.mark.parametrize("shape", ["24 bits", "11 kHz, no ID3", "two Oggs", "a variable bit rate, no Xing"])
def test_a_song_is_encoded_whole_at_the_rate_that_is_named(tmp_path, shape, kind, kbps):
    make, _, times = ODD[shape]
    report = done(tmp_path, make(), encoding=Encoding(kind=kind, kbps=kbps))
    assert report is not None
    assert (report.kind, report.is_written) == (kind, True)
    written = fresh(tmp_path)
    assert written.info.length == pytest.approx(LENGTH_S * times, abs=DELAYS_S * times)
    size_bytes = next(tmp_path.glob("fresh.*")).stat().st_size
    assert size_bytes < kbps * 1000 / 8 * LENGTH_S * times * 1.1 + 2000
    assert "Low Tide" in str(dict(written.tags))
