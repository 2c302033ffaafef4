"""The buttons of a card that change its task, or show more of it."""

import io

import discord
from discord.ext import commands

from bot.domain.tasks import TaskId
from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.cards import Button, Card, Press, quote
from bot.ui.client import MusicBot, asker_of, say

MESSAGE_CHARS = 1900


class CardsCog(commands.Cog):
    """Answers the buttons of cards."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service
        bot.on_press(
            {
                Press.CANCEL: self._cancel,
                Press.RETRY: self._ask_retry,
                Press.RETRY_SURELY: self._retry,
                Press.DROP: self._drop,
                Press.WHOLE_PROMPT: self._whole_prompt,
            }
        )

    async def _confirm(self, interaction: discord.Interaction[MusicBot], task_id: TaskId) -> None:
        """A click proves the card; see the architecture, section 3."""
        if interaction.message is not None:
            await self._service.confirm_card(task_id, interaction.message.id)

    async def _cancel(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task_id = TaskId(subject)
        await self._confirm(interaction, task_id)
        task = await self._service.cancel(task_id, asker_of(interaction))
        await say(interaction, texts.CANCEL_DONE_UNCLEAR if task.unclear_attempts else texts.CANCEL_DONE)

    async def _ask_retry(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task = await self._service.uncertain(TaskId(subject), asker_of(interaction))
        surely = Button(
            label="Yes, send it again",
            press=Press.RETRY_SURELY,
            subject=subject,
            attempt=task.attempt,
            style=discord.ButtonStyle.danger,
        )
        await say(interaction, texts.RETRY_QUESTION, view=view_of(Card(embed=discord.Embed(), buttons=(surely,))))

    async def _retry(self, interaction: discord.Interaction[MusicBot], subject: int, attempt: int) -> None:
        await self._service.retry(TaskId(subject), asker_of(interaction), attempt=attempt)
        await interaction.response.edit_message(content=texts.RETRIED, view=None)

    async def _drop(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await self._service.drop(TaskId(subject), asker_of(interaction))
        await say(interaction, texts.DROP_DONE)

    async def _whole_prompt(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task = await self._service.task(TaskId(subject), asker_of(interaction))
        quoted = quote(task.prompt, MESSAGE_CHARS * 10)
        if len(quoted) <= MESSAGE_CHARS:
            await say(interaction, quoted)
        else:
            await say(interaction, "", file=discord.File(io.BytesIO(task.prompt.encode()), filename="prompt.txt"))


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(CardsCog(bot))
