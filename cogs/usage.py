"""`/usage`: what was used and what it cost, a member's own or, for moderators, their server's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from io import BytesIO

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.usage import Entry, Period, Scope
from bot.service import Asker, Report
from bot.ui import texts
from bot.ui.card import Press
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.export import ROWS_MAX, csv_of, fitted
from bot.ui.media.chart import draw_usage
from bot.ui.moderators import moderates_all
from bot.ui.usage import PERIODS, SCOPES, chart_file, usage_embed, usage_view
from bot.ui.words import N_


class UsageCog(commands.Cog):
    """Shows sums, and sends them as a file."""

    def __init__(self, bot: MusicBot) -> None:
        self._accounting = bot.service.accounting
        self._making = asyncio.Lock()
        """One file is made at a time: a large one takes a lot of memory."""
        bot.on_press({Press.USAGE: self._turn, Press.USAGE_PERIOD: self._choose_period, Press.USAGE_CSV: self._save})

    @app_commands.command(name="usage", description=N_("Show what was asked for and what it cost"))
    async def usage(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer privately with the member's own month; drawing takes longer than an answer may."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        report = await self._accounting.report(_asker(interaction), Scope.OWN, Period.THIS_MONTH)
        embed, view, files = await _sheet(interaction, report)
        await say(interaction, "", embed=embed, view=view, files=files)

    async def _turn(self, interaction: discord.Interaction[MusicBot], scope: int, period: int) -> None:
        await self._show(interaction, SCOPES[scope], PERIODS[period])

    async def _choose_period(self, interaction: discord.Interaction[MusicBot], scope: int, picked: str) -> None:
        await self._show(interaction, SCOPES[scope], Period(picked))

    async def _show(self, interaction: discord.Interaction[MusicBot], scope: Scope, period: Period) -> None:
        await interaction.response.defer()
        report = await self._accounting.report(_asker(interaction), scope, period)
        embed, view, files = await _sheet(interaction, report)
        await interaction.edit_original_response(embed=embed, view=view, attachments=files)

    async def _save(self, interaction: discord.Interaction[MusicBot], scope: int, period: int) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        asker, words = _asker(interaction), words_of(interaction)
        pages = self._accounting.entries(asker, SCOPES[scope], PERIODS[period])
        limit_bytes = asker.attachment_limit_bytes
        if not limit_bytes:
            await say(interaction, words(texts.NO_FILES_HERE))
            return
        name = f"usage-{SCOPES[scope]}-{PERIODS[period]}-{interaction.client.clock():%Y-%m-%d}.csv"
        async with self._making:
            made = await _file_of(pages, name, limit_bytes=limit_bytes)
        if made is None:
            await say(interaction, words(texts.EXPORT_TOO_LARGE))
            return
        shown_as, content, count = made
        described = words.several("{number} task", "{number} tasks, one in each line", count)
        await say(interaction, "", files=[discord.File(BytesIO(content), filename=shown_as, description=described)])


async def _file_of(
    pages: AsyncIterator[Sequence[Entry]], name: str, *, limit_bytes: int
) -> tuple[str, bytes, int] | None:
    """The name and content of a file with these tasks, and how many they are; None if it would be too large."""
    entries: list[Entry] = []
    async for page in pages:
        entries += page
        if len(entries) > ROWS_MAX:
            return None
    made = await asyncio.to_thread(lambda: fitted(csv_of(entries), name, limit_bytes=limit_bytes))
    return None if made is None else (*made, len(entries))


def _asker(interaction: discord.Interaction[MusicBot]) -> Asker:
    """Who asks; a server's bill is for those who moderate all of it, and for those who set its budget."""
    may = interaction.guild_id is not None and (moderates_all(interaction) or interaction.permissions.manage_guild)
    return replace(asker_of(interaction), is_moderator=may)


async def _sheet(
    interaction: discord.Interaction[MusicBot], report: Report
) -> tuple[discord.Embed, discord.ui.View, list[discord.File]]:
    asker, words = _asker(interaction), words_of(interaction)
    files = []
    if report.usage.total.tasks and (limit_bytes := asker.attachment_limit_bytes):
        png = await draw_usage(report.usage)
        if png is not None and len(png) <= limit_bytes:
            files.append(chart_file(png, report.usage, words))
    embed = usage_embed(report, words, has_picture=bool(files))
    return embed, usage_view(report, words, is_moderator=asker.is_moderator), files


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(UsageCog(bot))
