"""Tags of a fresh file: the old file's first tags go on, ours replace what they stand for, signatures end."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import mutagen
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, GEOB, ID3, TIT2, TPE1, USLT, Encoding, Frame, PictureType
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover, MP4Tags
from mutagen.ogg import OggFileType
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from bot.sound.jobs import SongTags
from bot.sound.kinds import AudioKind, PictureKind, picture_kind, wav_chunks

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
_PICTURE_FIELD = "metadata_block_picture"
_PICTURE_FIELDS = (_PICTURE_FIELD, "coverart", "coverartmime")
_MP4_PICTURES = {PictureKind.JPEG: MP4Cover.FORMAT_JPEG, PictureKind.PNG: MP4Cover.FORMAT_PNG}
_COVER_GROWS = 1.5
"""A cover takes up to a third more than its size, and a little for what tells that it is there."""
_PADDING_BYTES = 1024
"""What is left free in the tags of a file that is just small enough."""


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


def write_tags(path: Path, kind: AudioKind, tags: SongTags, *, old: Old, samples: int | None = None) -> None:
    """Write tags into a fresh file.

    Args:
        path: the fresh file.
        kind: what it is.
        tags: ours.
        old: whose other tags go on.
        samples: how many samples a FLAC really has, whatever its header says.

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
            for name, frame in _id3_of(old.path, old.kind).items():
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
    if isinstance(audio, FLAC) and samples:
        audio.info.total_samples = samples
    _set_cover(audio, tags.cover.read_bytes() if tags.cover else _cover_in(old.path, old.kind))
    audio.save()


def fit_cover(path: Path, kind: AudioKind, *, limit_bytes: int) -> None:
    """Take the cover out of a tagged file that only its cover makes larger than a limit.

    Raises:
        mutagen.MutagenError: it can't be tagged.
    """
    cover, excess_bytes = _cover_in(path, kind), path.stat().st_size - limit_bytes
    if cover is None or not 0 < excess_bytes <= len(cover) * _COVER_GROWS:
        return
    if (audio := _opened(path, kind)) is not None:
        _set_cover(audio, None)
        audio.save(padding=lambda _: _PADDING_BYTES)


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


def _fields_of(old: Old, *, of: type[mutagen.FileType] | tuple[type[mutagen.FileType], ...]) -> dict[str, object]:
    audio = _opened(old.path, old.kind)
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


# --- covers ----------------------------------------------------------------------------------------------------------


def _cover_in(path: Path, kind: AudioKind) -> bytes | None:
    """The picture that a file carries as its cover: its front, else the first one; of a kind that we know."""
    known = [(is_front, data) for is_front, data in _pictures_in(path, kind) if picture_kind(data)]
    return max(known, key=lambda one: one[0])[1] if known else None


def _pictures_in(path: Path, kind: AudioKind) -> Iterator[tuple[bool, bytes]]:
    """Each picture, and whether it is meant as the front."""
    for frame in _id3_of(path, kind).values():
        if isinstance(frame, APIC):
            yield getattr(frame, "type", None) == PictureType.COVER_FRONT, getattr(frame, "data", b"")
    audio, pictures = _opened(path, kind), list[Picture]()
    match audio:
        case MP4():
            yield from ((True, bytes(data)) for data in audio.get("covr", ()))
        case FLAC():
            pictures = audio.pictures
        case OggFileType():
            with suppress(*UNREADABLE):
                pictures = [Picture(b64decode(block)) for block in audio.get(_PICTURE_FIELD, ())]
        case _:
            pass
    yield from ((picture.type == PictureType.COVER_FRONT, picture.data) for picture in pictures)


def _picture(data: bytes) -> Picture:
    picture = Picture()
    picture.type, picture.mime, picture.data = PictureType.COVER_FRONT, str(picture_kind(data)), data
    return picture


def _set_cover(audio: mutagen.FileType, cover: bytes | None) -> None:
    """Leave a file with this one picture, or with none; m4a takes fewer kinds than the others."""
    kind = picture_kind(cover) if cover else None
    tags: object = audio.tags
    match tags:
        case ID3() as id3:
            id3.delall("APIC")
            if kind and cover:
                # some players don't read a description in other letters, though it is empty
                id3.add(APIC(encoding=Encoding.LATIN1, mime=kind, type=PictureType.COVER_FRONT, desc="", data=cover))
        case MP4Tags() as atoms:
            atoms.pop("covr", None)
            if cover and kind in _MP4_PICTURES:
                atoms["covr"] = [MP4Cover(cover, _MP4_PICTURES[kind])]
        case _:
            for name in _PICTURE_FIELDS:
                audio.pop(name, None)
            if isinstance(audio, FLAC):
                audio.clear_pictures()
            if cover and kind:
                _add_picture(audio, _picture(cover))


def _add_picture(audio: mutagen.FileType, picture: Picture) -> None:
    if isinstance(audio, FLAC):
        audio.add_picture(picture)
    else:
        audio[_PICTURE_FIELD] = [b64encode(picture.write()).decode()]


# --- texts -----------------------------------------------------------------------------------------------------------


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
