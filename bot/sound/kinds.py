"""Tells what a file is from its first bytes: the closed list of what may be decoded. Its name counts for nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple

JUNK_MAX_BYTES = 64 * 1024
"""Players skip this much in front of the first frame."""
_CHAIN_BYTES = 32 * 1024
_CHAIN_FRAMES = 3
_TAGS_MAX = 16
_TAG_HEAD_BYTES = 10
_MAGIC_BYTES = 12
_CHUNKS_MAX = 64


class AudioKind(StrEnum):
    """What the content is; the value is the ending of its file name."""

    MP3 = "mp3"
    WAV = "wav"
    OGG = "ogg"
    FLAC = "flac"
    M4A = "m4a"
    AAC = "aac"
    WEBM = "webm"


DEMUXERS: Mapping[AudioKind, str] = {
    AudioKind.MP3: "mp3",
    AudioKind.WAV: "wav",
    AudioKind.OGG: "ogg",
    AudioKind.FLAC: "flac",
    AudioKind.M4A: "mov",
    AudioKind.AAC: "aac",
    AudioKind.WEBM: "matroska",
}
"""The only readers that are ever used, as FFmpeg names them: none of them opens other files or addresses."""

_ATOMS = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """What a file begins with."""

    kind: AudioKind
    begins_at: int
    """Where tags and junk in front of the sound end."""


def audio_kind(path: Path) -> AudioKind | None:
    """What the content of a file looks like; None if it is no audio that we know. Blocks."""
    found = sniff(path)
    return None if found is None else found.kind


def sniff(path: Path) -> Sniffed | None:
    """What a file begins with, None if it is no audio that we know. Reads at most its first pages. Blocks."""
    with path.open("rb") as file:
        for begins_at in dict.fromkeys((_after_tags(file), 0)):  # a tag's own size may be wrong
            file.seek(begins_at)
            head = file.read(JUNK_MAX_BYTES + _CHAIN_BYTES)
            if (kind := _container(head[:_MAGIC_BYTES])) is not None:
                return Sniffed(kind=kind, begins_at=begins_at)
            if (found := _first_frame(head, begins_at)) is not None:
                return found
    return None


def _after_tags(file: BinaryIO) -> int:
    """Where the ID3 tags end; some files have several."""
    at = 0
    for _ in range(_TAGS_MAX):
        file.seek(at)
        head = file.read(_TAG_HEAD_BYTES)
        if len(head) < _TAG_HEAD_BYTES or not head.startswith(b"ID3"):
            break
        size = 0
        for byte in head[6:]:
            size = size << 7 | byte & 0x7F
        has_footer = bool(head[5] & 0x10)
        at += _TAG_HEAD_BYTES + size + (_TAG_HEAD_BYTES if has_footer else 0)
    return at


def _container(magic: bytes) -> AudioKind | None:
    if magic[:4] in {b"RIFF", b"RF64", b"BW64"} and magic[8:12] == b"WAVE":
        return AudioKind.WAV
    if magic[4:8] in _ATOMS:
        return AudioKind.M4A
    by_magic = {b"fLaC": AudioKind.FLAC, b"OggS": AudioKind.OGG, b"\x1aE\xdf\xa3": AudioKind.WEBM}
    return by_magic.get(magic[:4])


class PictureKind(StrEnum):
    """What a picture is; the value is its media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


def picture_kind(head: bytes) -> PictureKind | None:
    """What a picture is by its first bytes; None if it is none that we open."""
    if head.startswith(b"\xff\xd8\xff"):
        return PictureKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureKind.PNG
    return PictureKind.WEBP if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def wav_chunks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk of a WAV, as far as they can be followed. Blocks."""
    with path.open("rb") as file:
        at = _MAGIC_BYTES
        for _ in range(_CHUNKS_MAX):
            file.seek(at)
            if len(head := file.read(8)) < 8:
                return
            size_bytes = int.from_bytes(head[4:], "little")
            yield head[:4], size_bytes
            at += 8 + size_bytes + size_bytes % 2


# --- frames without a container --------------------------------------------------------------------------------------


class Frame(NamedTuple):
    """The header of one MPEG or ADTS frame."""

    alike: tuple[int, ...]
    """The same in all frames of one stream."""
    size_bytes: int
    samples: int
    rate_hz: int


_RATES_HZ = (44_100, 48_000, 32_000)
_MPEG1, _MPEG2, _MPEG25 = 3, 2, 0
_LAYER3, _LAYER2 = 1, 2
_SLOWER = {_MPEG1: 1, _MPEG2: 2, _MPEG25: 4}
_KBPS = {
    (True, _LAYER3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, _LAYER2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (False, _LAYER3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, _LAYER2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_ADTS_RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_ADTS_HEAD_BYTES = 7


def mpeg_frame(head: bytes) -> Frame | None:
    """Read the header of an MPEG frame of layer II or III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version not in _SLOWER or layer not in {_LAYER2, _LAYER3} or not 0 < bitrate < 15 or rate == 3:
        return None
    is_first = version == _MPEG1
    samples = 1152 if is_first or layer == _LAYER2 else 576
    rate_hz = _RATES_HZ[rate] // _SLOWER[version]
    size_bytes = samples // 8 * _KBPS[is_first, layer][bitrate - 1] * 1000 // rate_hz + padding
    return Frame((version, layer, rate), size_bytes, samples, rate_hz)


def _adts_frame(head: bytes) -> Frame | None:
    if len(head) < _ADTS_HEAD_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    size_bytes = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_ADTS_RATES_HZ) or size_bytes < _ADTS_HEAD_BYTES:
        return None
    return Frame((head[1], head[2] & 0xFC), size_bytes, 1024, _ADTS_RATES_HZ[rate])


def _first_frame(head: bytes, begins_at: int) -> Sniffed | None:
    at = head.find(b"\xff")
    while 0 <= at < JUNK_MAX_BYTES:
        for kind, parse in ((AudioKind.MP3, mpeg_frame), (AudioKind.AAC, _adts_frame)):
            if _is_chain(head, at, parse):
                return Sniffed(kind=kind, begins_at=begins_at + at)
        at = head.find(b"\xff", at + 1)
    return None


def _is_chain(head: bytes, at: int, parse: Callable[[bytes], Frame | None]) -> bool:
    """Whether frames of one stream follow each other there: a single header may be chance."""
    first: Frame | None = None
    for count in range(_CHAIN_FRAMES):
        frame = parse(head[at : at + _ADTS_HEAD_BYTES])
        if frame is None or (first is not None and frame.alike != first.alike):
            return count >= 2 and at >= len(head)
        first = first or frame
        at += frame.size_bytes
    return True
