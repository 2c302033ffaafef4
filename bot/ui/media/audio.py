"""Looks into a file: is it audio, of what kind, how long? Its name and what the host called it count for nothing."""

import struct
from enum import StrEnum
from pathlib import Path

import mutagen
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE


class AudioKind(StrEnum):
    """What the content is; the value is the ending of its file name."""

    MP3 = "mp3"
    WAV = "wav"
    OGG = "ogg"
    FLAC = "flac"
    M4A = "m4a"


_KINDS: dict[type[mutagen.FileType], AudioKind] = {
    MP3: AudioKind.MP3,
    WAVE: AudioKind.WAV,
    OggVorbis: AudioKind.OGG,
    OggOpus: AudioKind.OGG,
    FLAC: AudioKind.FLAC,
    MP4: AudioKind.M4A,
}

UNREADABLE = (mutagen.MutagenError, LookupError, ValueError, ArithmeticError, EOFError, struct.error)
"""What mutagen raises on broken files; only the first is meant to come out of it."""


def open_audio(path: Path) -> mutagen.FileType | None:
    """The parsed file with `info` and `tags`, or None if it is no audio that we know. Blocks."""
    try:
        audio = mutagen.File(path, options=list(_KINDS))
    except UNREADABLE:
        return None
    return audio if audio is not None and _length_s(audio) > 0 else None


def audio_kind(path: Path) -> AudioKind | None:
    """What the content of a file is, by parsing it; None if it is no audio that we know. Blocks."""
    audio = open_audio(path)
    return None if audio is None else _KINDS[type(audio)]


def duration_s(path: Path) -> float | None:
    """How long it plays, in seconds to the millisecond. Blocks."""
    audio = open_audio(path)
    return None if audio is None else round(_length_s(audio), 3)


def _length_s(audio: mutagen.FileType) -> float:
    return float(getattr(audio.info, "length", 0.0))  # mutagen declares it as None
