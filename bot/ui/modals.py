"""Forms: what a member fills in."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.domain.tasks import MusicTask
from bot.service import title_of

MODAL_TIMEOUT_S = 15 * 60
PROMPT_INPUT_CHARS = 4000
"""Discord: a text input takes 4000 characters."""


class ContinueModal(discord.ui.Modal):
    """What comes next in a song, and from where."""

    prompt: discord.ui.TextInput["ContinueModal"] = discord.ui.TextInput(
        label="What comes next?",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=PROMPT_INPUT_CHARS,
        placeholder="Leave it empty to go on with the same words",
    )
    at: discord.ui.TextInput["ContinueModal"] = discord.ui.TextInput(
        label="From where?", required=False, max_length=12, placeholder="1:05 — empty for the end"
    )

    def __init__(
        self, parent: MusicTask, on_filled: Callable[[discord.Interaction[Any], str, str], Awaitable[None]]
    ) -> None:
        super().__init__(title=f"Continue {title_of(parent)}"[:45], timeout=MODAL_TIMEOUT_S)
        self._on_filled = on_filled

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Hand over what was filled in."""
        await self._on_filled(interaction, self.prompt.value, self.at.value)

    async def on_error(  # type: ignore[override]  # a modal's has no item, as discord.py documents
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """What is refused is answered as everywhere else."""
        await interaction.client.tree.on_error(interaction, error)
