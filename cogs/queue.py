"""`/queue`: what a server has under way, for its moderators."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.tasks import State
from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.card import Button, Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.escape import whole_lines
from bot.ui.limits import EMBED_CHARS, EMBED_FIELD_CHARS
from bot.ui.lists import row_line
from bot.ui.words import N_


class QueueCog(commands.Cog):
    """Shows moderators the queue."""

    @app_commands.command(name="queue", description=N_("Show what this server has under way"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)  # `guild_only` adds, it never takes
    @app_commands.default_permissions(manage_messages=True)
    async def queue(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Called by discord.py."""
        await show_queue(interaction)


async def show_queue(interaction: discord.Interaction[MusicBot]) -> None:
    """Answer privately with counts and rows of this server."""
    words = words_of(interaction)
    if interaction.guild_id is None:  # Discord does not offer it there
        await say(interaction, words(texts.MODERATOR_ONLY))
        return
    queue = await interaction.client.service.library.queue(interaction.guild_id)
    counts = " · ".join(
        f"{words(texts.STATE[state])} **{queue.counts[state]}**" for state in State if state in queue.counts
    )
    lines = [row_line(task, words, now=interaction.client.clock(), with_member=True) for task in queue.rows]
    embed = discord.Embed(
        title=words("Queue of this server"),
        description=whole_lines(lines or [words(texts.EMPTY_QUEUE)], EMBED_CHARS),
    )
    if counts:
        embed.add_field(name=words("All tasks"), value=counts[:EMBED_FIELD_CHARS], inline=False)
    board = Button(label=words("Live board"), press=Press.BOARD)
    await say(interaction, "", embed=embed, view=view_of([board]))


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(QueueCog())
