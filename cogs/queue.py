"""`/queue`: what a server has under way, for its moderators."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.tasks import State
from bot.ui import texts
from bot.ui.cards import EMBED_CHARS, row_line, whole_lines
from bot.ui.client import MusicBot, say


class QueueCog(commands.Cog):
    """Shows moderators the queue."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service

    @app_commands.command(name="queue", description="Show what this server has under way")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)  # `guild_only` adds, it never takes
    @app_commands.default_permissions(manage_messages=True)
    async def queue(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer privately with counts and rows of this server."""
        if interaction.guild_id is None:  # Discord does not offer it there
            await say(interaction, texts.MODERATOR_ONLY)
            return
        queue = await self._service.queue(interaction.guild_id)
        counts = " · ".join(
            f"{texts.STATE[state]} **{queue.counts[state]}**" for state in State if state in queue.counts
        )
        lines = [row_line(task, now=interaction.client.clock(), with_member=True) for task in queue.rows]
        embed = discord.Embed(
            title="Queue of this server", description=whole_lines(lines or [texts.EMPTY_QUEUE], EMBED_CHARS)
        )
        if counts:
            embed.add_field(name="All tasks", value=counts[:1024], inline=False)
        await say(interaction, "", embed=embed)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(QueueCog(bot))
