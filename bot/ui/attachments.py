"""The files that go along with a card: audio, its waveform and cover, lyrics as text; each with a description."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

import discord

from bot.domain.takes import MediaFile
from bot.domain.tasks import MusicTask
from bot.service import title_of
from bot.ui import texts
from bot.ui.cards import COVER, PICTURE
from bot.ui.limits import FILE_DESCRIPTION_CHARS, FILES_MAX
from bot.ui.takes import label_of, titled
from bot.ui.words import N_, Words, words_for

MakeFile = Callable[[], discord.File]
"""Makes an attachment: one that was sent once can't be sent again."""

DESCRIBED = {PICTURE: N_("Waveform of {song}"), COVER: N_("Cover of {song}")}


def attachable(task: MusicTask, media_dir: Path, *, limit_bytes: int) -> list[MediaFile]:
    """The takes that are here and fit, as many as a message holds."""
    return [one for one in _fitting(task, limit_bytes) if (media_dir / one.name).is_file()][:FILES_MAX]


def carried(task: MusicTask) -> list[MediaFile]:
    """The takes that its card carries, once it has its files."""
    return _fitting(task, task.attachment_limit_bytes)[:FILES_MAX]


def _fitting(task: MusicTask, limit_bytes: int) -> list[MediaFile]:
    return [one for one in task.media if one.size_bytes <= limit_bytes]


def audio_files(task: MusicTask, takes: Sequence[MediaFile], media_dir: Path) -> list[MakeFile]:
    """Makers of attachments for these takes."""
    return [
        partial(discord.File, media_dir / one.name, filename=one.shown_as, description=_described(task, one))
        for one in takes
    ]


def _described(task: MusicTask, file: MediaFile) -> str:
    facts = [label_of(task, file.take, words_for(task.locale))]
    facts.append(texts.clock_time(int(file.duration_s)) if file.duration_s else "")
    ending = "".join(f", {fact}" for fact in facts if fact)
    return f"{title_of(task)[: FILE_DESCRIPTION_CHARS - len(ending)]}{ending}"


def pictures_beside(task: MusicTask, takes: Sequence[MediaFile]) -> Mapping[str, str]:
    """Files of the pictures that its card shows beside these takes, by the names of the attachments.

    The waveform of the first of them, and the first cover there is; a full card has no room for them.
    """
    waveforms = [(PICTURE, one.picture) for one in takes[:1] if one.picture]
    covers = [(COVER, one.cover) for one in task.media if one.cover]
    return dict([*waveforms, *covers[:1]][: FILES_MAX - len(takes)]) if takes else {}


def picture_files(
    task: MusicTask, takes: Sequence[MediaFile], media_dir: Path, *, limit_bytes: int
) -> Mapping[str, MakeFile]:
    """Makers of the attachments of those pictures that are there and fit, by their names."""
    words = words_for(task.locale)
    songs = {PICTURE: titled(task, takes[0].take, words) if takes else "", COVER: title_of(task)}
    return {
        shown_as: partial(
            discord.File,
            path,
            filename=shown_as,
            description=words(DESCRIBED[shown_as], song=songs[shown_as])[:FILE_DESCRIPTION_CHARS],
        )
        for shown_as, name in pictures_beside(task, takes).items()
        if (path := media_dir / name).is_file() and path.stat().st_size <= limit_bytes
    }


def text_file(task: MusicTask, text: str, words: Words) -> discord.File:
    """Lyrics as a file with a name that people recognise, described in the recipient's language."""
    name = "".join(char if char.isalnum() or char in " -_" else "" for char in title_of(task)).strip()[:60] or "lyrics"
    return discord.File(BytesIO(text.encode()), filename=f"{name}.txt", description=words("The whole lyrics"))
