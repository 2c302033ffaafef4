"""`/lyrics`: a wish for words only."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.wishes import PROMPT_MAX_CHARS, LyricsWish
from bot.ui.client import MusicBot
from bot.ui.limits import OPTION_CHARS
from bot.ui.words import N_
from cogs.answers import model_choices, show_card


class LyricsCog(commands.Cog):
    """Writes lyrics."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service

    @app_commands.command(name="lyrics", description=N_("Write lyrics from your words"))
    @app_commands.describe(prompt=N_("What the lyrics are about"), model=N_("Which model writes them"))
    async def lyrics(
        self,
        interaction: discord.Interaction[MusicBot],
        prompt: app_commands.Range[str, 1, PROMPT_MAX_CHARS],
        model: app_commands.Range[str, 1, OPTION_CHARS] | None = None,
    ) -> None:
        """Take the wish and show its card."""
        await show_card(interaction, LyricsWish(prompt=prompt, model=model))

    @lyrics.autocomplete("model")
    async def _models(self, interaction: discord.Interaction[MusicBot], current: str) -> list[app_commands.Choice[str]]:
        return model_choices(self._service.asking.lyrics_models(), current, interaction)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(LyricsCog(bot))
