"""`/songs`: what a member has asked for."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui import texts
from bot.ui.cards import row_line
from bot.ui.client import MusicBot, say


class LibraryCog(commands.Cog):
    """Shows members their own songs."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service

    @app_commands.command(name="songs", description="Show what you have asked for, newest first")
    async def songs(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer privately."""
        tasks = await self._service.songs(interaction.user.id)
        if not tasks:
            await say(interaction, texts.NO_SONGS)
            return
        lines = [row_line(task, now=interaction.client.clock(), with_member=False) for task in tasks]
        lines += [f"↳ {url}" for task in tasks if task.card_lost and (url := _audio_url(task))]
        await say(interaction, "", embed=discord.Embed(title="Your songs", description="\n".join(lines)[:4096]))


def _audio_url(task: object) -> str | None:
    result = getattr(task, "result", None)
    return result.tracks[0].audio_url if result and result.tracks else None


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(LibraryCog(bot))
