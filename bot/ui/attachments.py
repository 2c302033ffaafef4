"""The files that go along with a card: audio, its waveform, lyrics as text; each with a description."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import discord

from bot.domain.tasks import MediaFile, MusicTask
from bot.service import title_of
from bot.ui import texts
from bot.ui.cards import PICTURE
from bot.ui.limits import FILE_DESCRIPTION_CHARS, FILES_MAX
from bot.ui.words import Words, words_for

MakeFile = Callable[[], discord.File]
"""Makes an attachment: one that was sent once can't be sent again."""


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


def has_picture(task: MusicTask) -> bool:
    """Whether its card shows a waveform where it carries the audio; a full card has no room for one."""
    return bool(task.media and task.media[0].picture and len(task.media) < FILES_MAX)


def picture_files(task: MusicTask, media_dir: Path) -> list[MakeFile]:
    """The maker of the waveform's attachment, if it is there and fits."""
    if not has_picture(task):
        return []
    path = media_dir / (task.media[0].picture or "")
    if not path.is_file() or path.stat().st_size > task.attachment_limit_bytes:
        return []
    words = words_for(task.locale)
    description = words("Waveform of {song}", song=title_of(task))[:FILE_DESCRIPTION_CHARS]
    return [partial(discord.File, path, filename=PICTURE, description=description)]


def text_file(task: MusicTask, text: str, words: Words) -> discord.File:
    """Lyrics as a file with a name that people recognise, described in the recipient's language."""
    name = "".join(char if char.isalnum() or char in " -_" else "" for char in title_of(task)).strip()[:60] or "lyrics"
    return discord.File(BytesIO(text.encode()), filename=f"{name}.txt", description=words("The whole lyrics"))
