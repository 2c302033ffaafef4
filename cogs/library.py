"""`/songs`: what a member has asked for."""

from collections.abc import Sequence
from pathlib import Path

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.tasks import MusicTask
from bot.ui import texts
from bot.ui.card import EMBED_CHARS
from bot.ui.cards import LINK_CHARS, overflows
from bot.ui.client import MusicBot, say, words_of
from bot.ui.escape import whole_lines
from bot.ui.lists import row_line
from bot.ui.messenger import FILES_MAX, audio_files, text_file
from bot.ui.words import N_


class LibraryCog(commands.Cog):
    """Shows members their own songs."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service
        self._media_dir = bot.media_dir

    @app_commands.command(name="songs", description=N_("Show what you have asked for, newest first"))
    async def songs(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer privately; results whose card is lost come along."""
        words = words_of(interaction)
        tasks = await self._service.library.songs(interaction.user.id)
        if not tasks:
            await say(interaction, words(texts.NO_SONGS))
            return
        lines: list[str] = []
        files: list[discord.File] = []
        for task in tasks:
            lines.append(row_line(task, words, now=interaction.client.clock(), with_member=False))
            if task.card_lost:
                lines += [f"↳ {url}" for url in _audio_urls(task)]
            if lyrics := _lyrics_kept(task):
                files.append(text_file(task, lyrics))
        embed = discord.Embed(title=words("Your songs"), description=whole_lines(lines, EMBED_CHARS))
        await say(interaction, "", embed=embed, files=files)
        # apart: an answer must come within three seconds
        if audio := _audio_kept(tasks, self._media_dir, limit_bytes=interaction.filesize_limit):
            await say(interaction, words(texts.FILES_KEPT), files=audio)


def _audio_urls(task: MusicTask) -> list[str]:
    tracks = task.result.tracks if task.result else ()
    return [track.audio_url for track in tracks[:2] if len(track.audio_url) <= LINK_CHARS]


def _audio_kept(tasks: Sequence[MusicTask], media_dir: Path, *, limit_bytes: int) -> list[discord.File]:
    """The newest songs that reached nobody, as many as one message takes."""
    lost = [task for task in tasks if task.card_lost and not task.files_shown]
    makers = [make for task in lost for make in audio_files(task, media_dir, limit_bytes=limit_bytes)]
    return [make() for make in makers[:FILES_MAX]]


def _lyrics_kept(task: MusicTask) -> str | None:
    """Lyrics that no card shows whole."""
    lyrics = task.lyrics if not task.kind.makes_audio else None
    return lyrics if lyrics and (task.card_lost or (overflows(lyrics) and not task.files_shown)) else None


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(LibraryCog(bot))
