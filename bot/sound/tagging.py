"""Tags of a fresh file: the old file's first tags go on, ours replace what they stand for, signatures end."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mutagen
from mutagen.flac import FLAC
from mutagen.id3 import COMM, GEOB, ID3, TIT2, TPE1, USLT, Frame
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Tags
from mutagen.ogg import OggFileType
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from bot.sound.jobs import SongTags
from bot.sound.kinds import AudioKind, wav_chunks

UNREADABLE = (mutagen.MutagenError, LookupError, ValueError, ArithmeticError, EOFError, struct.error)
"""What mutagen raises on broken files; only the first is meant to come out of it."""

_READERS: Mapping[AudioKind, Sequence[type[mutagen.FileType]]] = {
    AudioKind.MP3: (MP3,),
    AudioKind.WAV: (WAVE,),
    AudioKind.OGG: (OggVorbis, OggOpus, OggFLAC),
    AudioKind.FLAC: (FLAC,),
    AudioKind.M4A: (MP4,),
}
_C2PA_TYPES = frozenset({"application/c2pa", "application/x-c2pa-manifest-store"})
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_BOXES_MAX = 64


def told_length_s(path: Path, kind: AudioKind) -> float | None:
    """How long a file plays by what players show at once; None if they may not be able to tell. Blocks."""
    audio = _opened(path, kind)
    return None if audio is None else float(getattr(audio.info, "length", 0.0))


def is_signed(path: Path, kind: AudioKind) -> bool:
    """Whether a file carries a C2PA signature, which any change to it would break."""
    match kind:
        case AudioKind.M4A:
            return _has_signed_box(path)
        case AudioKind.WAV:
            return any(name == b"C2PA" for name, _ in wav_chunks(path))
        case _:
            return any(_is_signature(frame) for frame in _id3_of(path, kind).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """The file that a fresh one was made from."""

    path: Path
    kind: AudioKind


def write_tags(path: Path, kind: AudioKind, tags: SongTags, *, old: Old | None, samples: int | None = None) -> None:
    """Write tags into a fresh file.

    Args:
        path: the fresh file.
        kind: what it is.
        tags: ours.
        old: whose other tags go on.
        samples: how many samples a FLAC has, as its header may not say so.

    Raises:
        ValueError: a kind of file that has no tags.
        mutagen.MutagenError: it can't be tagged.
    """
    audio = _opened(path, kind)
    if audio is None:
        raise ValueError("unknown kind of audio")
    if audio.tags is None:
        audio.add_tags()
    written: object = audio.tags  # mutagen declares it as None
    match written:
        case ID3() as id3:
            for name, frame in _id3_of(old.path, old.kind).items() if old else ():
                if not _is_signature(frame):
                    id3[name] = frame
            for frame in _id3_frames(tags):
                id3.setall(frame.FrameID, [frame])
        case MP4Tags():
            audio.update({**_fields_of(old, of=MP4), **_mp4_atoms(tags)})
        case _:
            fields = {"title": tags.title, "artist": tags.artist, "lyrics": tags.lyrics, "comment": tags.comment}
            ours = {name: [text] for name, text in fields.items() if text}
            audio.update({**_fields_of(old, of=(FLAC, OggFileType)), **ours})
    if isinstance(audio, FLAC):
        _complete(audio, old, samples)
    audio.save()


def _complete(audio: FLAC, old: Old | None, samples: int | None) -> None:
    """What a FLAC keeps beside its comments: its covers, and its length."""
    before = _opened(old.path, old.kind) if old else None
    for picture in before.pictures if isinstance(before, FLAC) else ():
        audio.add_picture(picture)
    if samples and not audio.info.total_samples:
        audio.info.total_samples = samples


def _opened(path: Path, kind: AudioKind) -> mutagen.FileType | None:
    try:
        audio: mutagen.FileType | None = mutagen.File(path, options=_READERS.get(kind, ()))
        if audio is None and kind is AudioKind.MP3:
            audio = MP3(path)  # some rates are recognised only if expected
    except UNREADABLE:
        return None
    return audio


def _id3_of(path: Path, kind: AudioKind) -> dict[str, Frame]:
    """The frames of the first ID3 tag, wherever the file keeps it."""
    try:
        if kind is not AudioKind.WAV:
            return dict(ID3(path))
    except UNREADABLE:
        return {}
    audio = _opened(path, kind)
    tags: object = audio.tags if audio is not None else None
    return dict(tags) if isinstance(tags, ID3) else {}


def _fields_of(
    old: Old | None, *, of: type[mutagen.FileType] | tuple[type[mutagen.FileType], ...]
) -> dict[str, object]:
    audio = _opened(old.path, old.kind) if old else None
    return dict(audio.items()) if isinstance(audio, of) else {}


def _is_signature(frame: Frame) -> bool:
    return isinstance(frame, GEOB) and str(getattr(frame, "mime", "")).lower() in _C2PA_TYPES


def _has_signed_box(path: Path) -> bool:
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        for _ in range(_BOXES_MAX):
            file.seek(at)
            head = file.read(32)
            if len(head) < 8:
                return False
            size, name, extended = int.from_bytes(head[:4]), head[4:8], head[8:16]
            if name == b"uuid" and (head[8:24] == _C2PA_BOX or head[16:32] == _C2PA_BOX):
                return True
            size = int.from_bytes(extended) if size == 1 else size or size_bytes
            if size < 8:
                return False
            at += size
    return False


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
