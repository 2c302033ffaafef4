"""Opening one of the songs of a list: its card again, in private, and its family."""

from dataclasses import replace

import discord
from discord.ext import commands

from bot.domain.scene import Scene
from bot.domain.tasks import MusicTask, State, TaskId
from bot.ui.attachments import text_file
from bot.ui.buttons import view_of
from bot.ui.card import Press
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.lists import tree_sheet
from bot.ui.opening import music_of, opened_card
from bot.ui.pages import ListState
from cogs.answers import picked_task


class OpeningCog(commands.Cog):
    """Opens songs again, which costs nothing; audio that is missing or not whole is fetched again."""

    def __init__(self, bot: MusicBot) -> None:
        self._bot = bot
        self._service = bot.service
        bot.on_press({Press.OPEN_SONG: self._open, Press.FAMILY: self._family})

    async def _open(self, interaction: discord.Interaction[MusicBot], _state: ListState, picked: str) -> None:
        """Look for the music only after an answer is on its way: Discord may be slow to give it."""
        asker = asker_of(interaction)
        task = await self._service.library.own(picked_task(picked), asker)
        await interaction.response.defer(ephemeral=True, thinking=True)
        limit_bytes = asker.attachment_limit_bytes
        messages = await self._service.library.messages_of(task)
        seen = replace(task, locale=str(interaction.locale))
        music = await music_of(seen, messages, self._bot, self._bot.media_dir, limit_bytes=limit_bytes)
        if music.is_missing:
            await self._service.library.fetch_anew(task)
        scene = await self._scene(task)
        forecast = self._bot.forecast(task, scene.place)
        said, card = opened_card(seen, scene, forecast, music, words_of(interaction), may_attach=limit_bytes > 0)
        files = [make() for make in music.files]
        if card.lyrics_file is not None and limit_bytes:
            files.append(text_file(task, card.lyrics_file, words_of(interaction)))
        await say(interaction, said, embed=card.embed, view=view_of(card.buttons), files=files)

    async def _scene(self, task: MusicTask) -> Scene:
        if task.state is State.QUEUED:
            return Scene(place=await self._service.asking.place_of(task))
        return Scene(family=await self._service.library.family(task))

    async def _family(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        branches = await self._service.library.tree(TaskId(subject), asker_of(interaction))
        words, now = words_of(interaction), self._bot.clock()
        embed, view = tree_sheet(branches, TaskId(subject), interaction.user.id, words, now=now)
        await say(interaction, "", embed=embed, view=view)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(OpeningCog(bot))
