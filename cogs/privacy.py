"""`/privacy`: what is kept of a member, handed out or erased as they want it."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui import privacy as drawn
from bot.ui.buttons import view_of
from bot.ui.card import Press
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.packing import Package
from bot.ui.words import N_
from cogs.answers import check_own

PART_BYTES = 8 * 1024 * 1024
"""The least that Discord has ever allowed in direct messages."""


HOLDS_MIN = 15
"""How long the question whether to erase everything can be answered."""


class PrivacyCog(commands.Cog):
    """Answers members about what is kept of them, and only of them."""

    def __init__(self, bot: MusicBot) -> None:
        self._privacy = bot.service.privacy
        bot.on_press(
            {
                Press.PRIVACY_EXPORT: self._export,
                Press.PRIVACY_ERASE: self._ask_erase,
                Press.PRIVACY_ERASE_SURELY: self._erase,
            }
        )

    @app_commands.command(
        name="privacy", description=N_("What I keep of you and for how long; take it with you, or have it erased")
    )
    async def privacy(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer privately."""
        user_id, words = interaction.user.id, words_of(interaction)
        keeping = await self._privacy.keeping(user_id, interaction.guild_id)
        embed = drawn.keeping_embed(keeping, words, is_server=interaction.guild_id is not None)
        await say(interaction, "", embed=embed, view=view_of(drawn.keeping_buttons(user_id, words)))

    async def _export(self, interaction: discord.Interaction[MusicBot], owner: int) -> None:
        check_own(interaction, owner)
        with self._privacy.export(owner) as pieces, Package() as package:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await package.write(pieces)
            words = words_of(interaction)
            if (file := await package.file(asker_of(interaction).attachment_limit_bytes)) is not None:
                await say(interaction, words(drawn.EXPORT_HERE), files=[file])
                return
            sent = await self._send_directly(interaction, package)
            await say(interaction, words(drawn.EXPORT_SENT if sent else drawn.EXPORT_SHUT))

    async def _send_directly(self, interaction: discord.Interaction[MusicBot], package: Package) -> bool:
        """Return whether direct messages are open."""
        said = words_of(interaction)(drawn.EXPORT_PARTS)
        try:
            async for part in package.parts(PART_BYTES):
                await interaction.user.send(said, file=part)
                said = ""
        except discord.Forbidden:
            return False
        return True

    async def _ask_erase(self, interaction: discord.Interaction[MusicBot], owner: int) -> None:
        check_own(interaction, owner)
        question, view = _question(interaction, owner)
        await say(interaction, question, view=view)

    async def _erase(self, interaction: discord.Interaction[MusicBot], owner: int, asked_min: int = 0) -> None:
        """An old question is asked again: much may have been asked for since."""
        check_own(interaction, owner)
        if _minutes(interaction) - asked_min > HOLDS_MIN:
            question, view = _question(interaction, owner)
            await interaction.response.edit_message(content=question, view=view)
            return
        await self._privacy.erase(owner, str(interaction.locale))
        await interaction.response.edit_message(content=words_of(interaction)(drawn.ERASING), view=None)


def _question(interaction: discord.Interaction[MusicBot], owner: int) -> tuple[str, discord.ui.View]:
    words = words_of(interaction)
    surely = drawn.surely_button(owner, words, asked_min=_minutes(interaction))
    return words(drawn.ERASE_QUESTION), view_of([surely])


def _minutes(interaction: discord.Interaction[MusicBot]) -> int:
    return int(interaction.created_at.timestamp()) // 60


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(PrivacyCog(bot))
