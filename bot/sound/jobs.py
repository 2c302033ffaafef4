"""What is asked of the process that handles sound, and what it answers: JSON over its standard streams."""

from dataclasses import dataclass
from pathlib import Path

from bot.sound.kinds import AudioKind

PARTS = 91
"""The number of equal parts of which the loudness is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the process may use; whatever needs more is given up."""

    cpu_s: int = 90
    wall_s: int = 180
    memory_bytes: int = 1024**3
    written_bytes: int = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class SongTags:
    """What is written into the file."""

    title: str
    artist: str = "Encore"
    lyrics: str | None = None
    comment: str | None = None
    cover: Path | None = None
    """A picture of one of the kinds that we know; without it, the one that the old file has goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a song is encoded to fit."""

    kind: AudioKind
    kbps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Read `source`, and write it to `into` as a fresh tagged file: copied, or encoded where `encoding` says how."""

    source: Path
    into: Path
    tags: SongTags
    limits: Limits
    encoding: Encoding | None = None
    limit_bytes: int | None = None
    """A fresh file that would be larger than this only because of its cover goes without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverJob:
    """Make the picture at `source` a cover, and write that to `into`. The report is whether it is there."""

    source: Path
    into: Path
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is true of a file, by decoding it."""

    kind: AudioKind
    """Of the fresh file; of the source if there is none."""
    duration_s: float
    """How long it really plays."""
    promised_s: float | None = None
    """How long it should play by its own header, where that says so."""
    is_written: bool = False
    """Whether the fresh file is there; without it, the source had better stay as it is."""
    loudness: tuple[float, ...] = ()
    """How loud each of its parts is, 1 being full scale."""
