"""The live board: putting it up, and the buttons on it."""

import discord
from discord.ext import commands

from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.card import Button, Press
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
        words = words_of(interaction)
        down = Button(label=words("Take down"), press=Press.BOARD_DOWN)
        await say(interaction, words(texts.BOARD_UP), view=view_of([down]))

    async def _show_queue(self, interaction: discord.Interaction[MusicBot], _subject: int) -> None:
        await show_queue(interaction)

    async def _take_down(self, interaction: discord.Interaction[MusicBot], _subject: int) -> None:
        """On the board itself, or on the private answer that has told of it."""
        if interaction.message is None:
            return
        is_private = interaction.message.flags.ephemeral
        board_id = None if is_private else interaction.message.id
        messages = await self._service.boards.take_down(board_id, moderator_of(interaction))
        if is_private:
            await interaction.response.edit_message(content=words_of(interaction)(texts.BOARD_DOWN), view=None)
        else:
            await interaction.response.defer()
            messages |= {interaction.message.id}
        for message_id in messages:
            await discard(interaction, message_id)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(BoardCog(bot))
