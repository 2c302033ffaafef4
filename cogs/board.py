"""The live board: putting it up, and the buttons on it."""

import discord
from discord.ext import commands

from bot.ui import texts
from bot.ui.card import Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.moderators import discard, moderator_of
from cogs.queue import show_queue


class BoardCog(commands.Cog):
    """Answers moderators; everybody sees a board, so each press is checked."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service
        bot.on_press(
            {Press.BOARD: self._put_up, Press.BOARD_QUEUE: self._show_queue, Press.BOARD_DOWN: self._take_down}
        )

    async def _put_up(self, interaction: discord.Interaction[MusicBot], _subject: int) -> None:
        await self._service.boards.put_up(moderator_of(interaction))
        await say(interaction, words_of(interaction)(texts.BOARD_UP))

    async def _show_queue(self, interaction: discord.Interaction[MusicBot], _subject: int) -> None:
        await show_queue(interaction)

    async def _take_down(self, interaction: discord.Interaction[MusicBot], _subject: int) -> None:
        if interaction.message is None:
            return
        leftover_id = await self._service.boards.take_down(interaction.message.id, moderator_of(interaction))
        await interaction.response.defer()
        await interaction.delete_original_response()
        if leftover_id is not None:
            await discard(interaction, leftover_id)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(BoardCog(bot))
