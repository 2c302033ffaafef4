"""Names and tags: what a member sees in the player and in the folder of downloads, instead of `3f9a.mp3`."""

import asyncio
import logging
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from mutagen.id3 import COMM, ID3, TIT2, TPE1, USLT, Frame
from mutagen.mp4 import MP4Tags

from bot.ui.media.audio import UNREADABLE, duration_s, open_audio
from bot.ui.media.store import appearing

log = logging.getLogger(__name__)

_NAME_MAX_CHARS = 80
_STEM_MAX_BYTES = 200
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*;]+')
_LEADING = re.compile(r"(?:SPOILER_|[.\s])+")
"""Dots hide a file, and Discord blurs what begins with SPOILER_."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\..*)?", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class SongTags:
    """What is written into the file."""

    title: str
    artist: str = "Encore"
    lyrics: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file ready to be shown."""

    size_bytes: int
    duration_s: float | None


async def prepare(source: Path, into: Path, tags: SongTags) -> Prepared:
    """Move a downloaded file to `into` with the tags written, or without them if that fails. Off the event loop.

    `source` and `into` lie in the same folder; they may be the same file.
    """
    return await asyncio.to_thread(_prepare, source, into, tags)


def _prepare(source: Path, into: Path, tags: SongTags) -> Prepared:
    try:
        with appearing(into) as (file, part):
            file.close()
            shutil.copyfile(source, part)  # tags are written into a copy: half-written ones must not spoil the song
            _write_tags(part, tags)
    except (*UNREADABLE, OSError) as error:
        log.warning("song not tagged", extra={"file": into.name, "error": type(error).__name__})
        source.replace(into)
    else:
        if source != into:
            source.unlink()
    return Prepared(size_bytes=into.stat().st_size, duration_s=duration_s(into))


def _write_tags(path: Path, tags: SongTags) -> None:
    audio = open_audio(path)
    if audio is None:
        raise ValueError("unknown kind of audio")
    if audio.tags is None:
        audio.add_tags()
    written: object = audio.tags  # mutagen declares it as None
    match written:
        case ID3() as id3:
            for frame in _id3_frames(tags):
                id3.setall(frame.FrameID, [frame])
        case MP4Tags() as atoms:
            for name, value in _mp4_atoms(tags).items():
                atoms[name] = value
        case _:
            fields = {"title": tags.title, "artist": tags.artist, "lyrics": tags.lyrics, "comment": tags.comment}
            audio.update({name: [text] for name, text in fields.items() if text})
    audio.save()


def _id3_frames(tags: SongTags) -> list[Frame]:
    frames: list[Frame] = [TIT2(text=tags.title), TPE1(text=tags.artist)]
    if tags.lyrics:
        frames.append(USLT(lang="XXX", desc="", text=tags.lyrics))
    if tags.comment:
        frames.append(COMM(lang="XXX", desc="", text=tags.comment))
    return frames


def _mp4_atoms(tags: SongTags) -> dict[str, list[str]]:
    fields = {"\xa9nam": tags.title, "\xa9ART": tags.artist, "\xa9lyr": tags.lyrics, "\xa9cmt": tags.comment}
    return {name: [text] for name, text in fields.items() if text}


def safe_filename(title: str, ext: str, *, take: int = 1) -> str:
    """A pleasant file name for any system, at most 80 characters: `Low Tide.mp3`, `Low Tide (take 2).mp3`."""
    ending = f"{f' (take {take})' if take > 1 else ''}.{ext}"
    stem = _clean(title)[: _NAME_MAX_CHARS - len(ending)].encode()[:_STEM_MAX_BYTES].decode(errors="ignore")
    return f"{stem.rstrip(' .') or 'song'}{ending}"


def _clean(title: str) -> str:
    """The title without what file systems refuse, hide or read as something else."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in title)
    words = " ".join(_NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", visible)).split())
    stem = words[leading.end() :] if (leading := _LEADING.match(words)) else words
    return f"{stem} song" if _RESERVED.fullmatch(stem) else stem
