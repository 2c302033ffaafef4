"""`/song`: a wish for a song."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.versions import VERSION_MAX_CHARS
from bot.domain.wishes import PROMPT_MAX_CHARS, TAGS_MAX_CHARS, TITLE_MAX_CHARS, SongWish
from bot.ui.client import MusicBot, say, words_of
from bot.ui.limits import OPTION_CHARS
from bot.ui.words import N_
from cogs.answers import model_choices, show_card, version_choices, version_note


class SongCog(commands.Cog):
    """Makes songs."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service

    @app_commands.command(name="song", description=N_("Make a song from your words"))
    @app_commands.describe(
        prompt=N_("What the song is about, its mood, or its own lyrics"),
        title=N_("What it is called"),
        tags=N_("Styles, separated by commas: blues, acoustic, slow"),
        instrumental=N_("Without vocals"),
        model=N_("Which model makes it"),
        version=N_("Which version of the model"),
        avoid=N_("Styles to keep out, separated by commas, where the model can"),
    )
    async def song(
        self,
        interaction: discord.Interaction[MusicBot],
        prompt: app_commands.Range[str, 1, PROMPT_MAX_CHARS],
        title: app_commands.Range[str, 1, TITLE_MAX_CHARS] | None = None,
        tags: app_commands.Range[str, 1, TAGS_MAX_CHARS] | None = None,
        instrumental: bool | None = None,  # noqa: FBT001 -- an option of the command
        model: app_commands.Range[str, 1, OPTION_CHARS] | None = None,
        version: app_commands.Range[str, 1, VERSION_MAX_CHARS] | None = None,
        avoid: app_commands.Range[str, 1, TAGS_MAX_CHARS] | None = None,
    ) -> None:
        """Take the wish and show its card."""
        wish = SongWish(
            prompt=prompt,
            title=title,
            tags=tags,
            negative_tags=avoid,
            instrumental=instrumental,
            model=model,
            version=version,
        )
        await show_card(interaction, await self._service.preferring.filled(wish, interaction.user.id))
        if note := version_note(self._service, version, words_of(interaction)):
            await say(interaction, note)

    @song.autocomplete("model")
    async def _models(self, interaction: discord.Interaction[MusicBot], current: str) -> list[app_commands.Choice[str]]:
        return model_choices(self._service.asking.music_models(), current, interaction)

    @song.autocomplete("version")
    async def _versions(
        self,
        interaction: discord.Interaction[MusicBot],  # noqa: ARG002 -- as discord.py calls it
        current: str,
    ) -> list[app_commands.Choice[str]]:
        return version_choices(self._service.asking.versions(), current)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(SongCog(bot))
