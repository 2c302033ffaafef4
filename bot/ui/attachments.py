"""The files that go along with a card: audio, its waveform and cover, lyrics as text; each with a description."""

from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path

import discord

from bot.domain.tasks import MediaFile, MusicTask
from bot.service import title_of
from bot.ui import texts
from bot.ui.cards import COVER, PICTURE
from bot.ui.limits import FILE_DESCRIPTION_CHARS, FILES_MAX
from bot.ui.words import N_, Words, words_for

MakeFile = Callable[[], discord.File]
"""Makes an attachment: one that was sent once can't be sent again."""

DESCRIBED = {PICTURE: N_("Waveform of {song}"), COVER: N_("Cover of {song}")}


def audio_files(task: MusicTask, media_dir: Path, *, limit_bytes: int) -> list[MakeFile]:
    """Makers of attachments for the takes that fit and are there: the first one and others, or none."""
    fitting = [one for one in task.media if one.size_bytes <= limit_bytes and (media_dir / one.name).is_file()]
    if not fitting or fitting[0] != task.media[0]:
        return []
    return [
        partial(discord.File, media_dir / one.name, filename=one.shown_as, description=_described(task, one))
        for one in fitting[:FILES_MAX]
    ]


def _described(task: MusicTask, file: MediaFile) -> str:
    length = f", {texts.clock_time(int(file.duration_s))}" if file.duration_s else ""
    return f"{title_of(task)[: FILE_DESCRIPTION_CHARS - len(length)]}{length}"


def pictures_of(task: MusicTask) -> Mapping[str, str]:
    """Files of the pictures that its card shows where it carries the audio, by the names of the attachments.

    The waveform of the first take, and its cover, else the first cover there is; a full card has no room for them.
    """
    waveforms = [(PICTURE, one.picture) for one in task.media[:1] if one.picture]
    covers = [(COVER, one.cover) for one in task.media if one.cover]
    return dict([*waveforms, *covers[:1]][: max(FILES_MAX - len(task.media), 0)])


def picture_files(task: MusicTask, media_dir: Path, *, limit_bytes: int) -> Mapping[str, MakeFile]:
    """Makers of the attachments of those pictures that are there and fit, by their names."""
    words, song = words_for(task.locale), title_of(task)
    return {
        shown_as: partial(
            discord.File,
            path,
            filename=shown_as,
            description=words(DESCRIBED[shown_as], song=song)[:FILE_DESCRIPTION_CHARS],
        )
        for shown_as, name in pictures_of(task).items()
        if (path := media_dir / name).is_file() and path.stat().st_size <= limit_bytes
    }


def text_file(task: MusicTask, text: str, words: Words) -> discord.File:
    """Lyrics as a file with a name that people recognise, described in the recipient's language."""
    name = "".join(char if char.isalnum() or char in " -_" else "" for char in title_of(task)).strip()[:60] or "lyrics"
    return discord.File(BytesIO(text.encode()), filename=f"{name}.txt", description=words("The whole lyrics"))
