"""`/queue`: what a server has under way and what was done about it, for its moderators."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.audit import Act
from bot.ui.audit import act_at, audit_sheet
from bot.ui.card import Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.lists import Sheet
from bot.ui.moderators import moderator_of
from bot.ui.pages import QueueState, kind_at, lane_at
from bot.ui.queue import queue_sheet
from bot.ui.words import N_


class QueueCog(commands.Cog):
    """Shows moderators the queue and the audit."""

    def __init__(self, bot: MusicBot) -> None:
        self._queue = bot.service.queue
        bot.on_press(
            {
                Press.QUEUE: self._turn,
                Press.QUEUE_LANE: self._of_lane,
                Press.QUEUE_KIND: self._of_kind,
                Press.QUEUE_MEMBER: self._of_member,
                Press.AUDIT: self._audit,
                Press.AUDIT_ACT: self._of_act,
            }
        )

    @app_commands.command(name="queue", description=N_("Show what this server has under way"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)  # `guild_only` adds, it never takes
    @app_commands.default_permissions(manage_messages=True)
    async def queue(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Called by discord.py."""
        await show_queue(interaction)

    async def _turn(self, interaction: discord.Interaction[MusicBot], state: QueueState) -> None:
        embed, view = await _sheet(interaction, state)
        await interaction.response.edit_message(embed=embed, view=view)

    async def _of_lane(self, interaction: discord.Interaction[MusicBot], state: QueueState, place: str) -> None:
        await self._turn(interaction, QueueState(narrowed=replace(state.narrowed, lane=lane_at(place))))

    async def _of_kind(self, interaction: discord.Interaction[MusicBot], state: QueueState, place: str) -> None:
        await self._turn(interaction, QueueState(narrowed=replace(state.narrowed, kind=kind_at(place))))

    async def _of_member(
        self, interaction: discord.Interaction[MusicBot], state: QueueState, user_id: int | None = None
    ) -> None:
        await self._turn(interaction, QueueState(narrowed=replace(state.narrowed, user_id=user_id)))

    # --- the audit -------------------------------------------------------------------------------------------------

    async def _audit(self, interaction: discord.Interaction[MusicBot], place: int, number: int | None = None) -> None:
        """From the queue it is an answer of its own; within that it is turned over."""
        embed, view = await self._audited(interaction, act_at(place), number or 0)
        if number is None:
            await say(interaction, "", embed=embed, view=view)
        else:
            await interaction.response.edit_message(embed=embed, view=view)

    async def _of_act(self, interaction: discord.Interaction[MusicBot], _subject: int, place: str) -> None:
        embed, view = await self._audited(interaction, act_at(int(place)), 0)
        await interaction.response.edit_message(embed=embed, view=view)

    async def _audited(self, interaction: discord.Interaction[MusicBot], act: Act | None, number: int) -> Sheet:
        page = await self._queue.audit(moderator_of(interaction), act, number)
        return audit_sheet(page, act, words_of(interaction))


async def show_queue(interaction: discord.Interaction[MusicBot]) -> None:
    """Answer privately with the whole queue."""
    embed, view = await _sheet(interaction, QueueState())
    await say(interaction, "", embed=embed, view=view)


async def _sheet(interaction: discord.Interaction[MusicBot], state: QueueState) -> Sheet:
    bot, asker = interaction.client, moderator_of(interaction)
    page = await bot.service.queue.page(asker, state.narrowed, state.page, stuck_after=bot.stuck_after)
    return queue_sheet(page, state, words_of(interaction), now=bot.clock())


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(QueueCog(bot))
