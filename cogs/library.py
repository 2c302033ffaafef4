"""`/songs`: what a member has asked for, in pages that can be narrowed and searched."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui import texts
from bot.ui.card import Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.forms import Field, Form, Values, form_of
from bot.ui.lists import Sheet, songs_sheet
from bot.ui.pages import KINDS, SEARCH_CHARS, STAGES, ListState, kind_at, searched, stage_at
from bot.ui.words import N_


class LibraryCog(commands.Cog):
    """Shows members their own songs."""

    def __init__(self, bot: MusicBot) -> None:
        self._library = bot.service.library
        bot.on_press(
            {
                Press.SONGS: self._turn,
                Press.SONGS_STAGE: self._of_stage,
                Press.SONGS_KIND: self._of_kind,
                Press.FIND_SONGS: self._ask_words,
            }
        )
        bot.on_form({Form.FIND: self._find})

    @app_commands.command(name="songs", description=N_("Show what you have asked for, newest first"))
    @app_commands.describe(search=N_("Words of a title or a prompt"))
    async def songs(
        self,
        interaction: discord.Interaction[MusicBot],
        search: app_commands.Range[str, 1, SEARCH_CHARS] | None = None,
    ) -> None:
        """Answer privately."""
        state = ListState(text=searched(search or ""))
        page = await self._library.page(interaction.user.id, state.wanted, 0)
        words = words_of(interaction)
        if not page.rows and not state.text:
            await say(interaction, words(texts.NO_SONGS))
            return
        embed, view = songs_sheet(page, state, words, now=interaction.client.clock())
        await say(interaction, "", embed=embed, view=view)

    # --- the controls of the list --------------------------------------------------------------------------------

    async def _turn(self, interaction: discord.Interaction[MusicBot], state: ListState) -> None:
        embed, view = await self._sheet(interaction, state)
        await interaction.response.edit_message(embed=embed, view=view)

    async def _of_stage(self, interaction: discord.Interaction[MusicBot], state: ListState, place: str) -> None:
        await self._turn(interaction, replace(state, page=0, stage=stage_at(place)))

    async def _of_kind(self, interaction: discord.Interaction[MusicBot], state: ListState, place: str) -> None:
        await self._turn(interaction, replace(state, page=0, kind=kind_at(place)))

    async def _ask_words(self, interaction: discord.Interaction[MusicBot], state: ListState) -> None:
        words = words_of(interaction)
        field = Field(
            name="text", label=words("Words of a title or a prompt"), value=state.text, max_chars=SEARCH_CHARS
        )
        narrowed = (STAGES.index(state.stage), KINDS.index(state.kind))
        await interaction.response.send_modal(form_of(Form.FIND, *narrowed, title=words("Search"), fields=[field]))

    async def _find(self, interaction: discord.Interaction[MusicBot], values: Values, stage: int, kind: int) -> None:
        await self._turn(
            interaction, ListState(stage=stage_at(stage), kind=kind_at(kind), text=searched(values["text"]))
        )

    async def _sheet(self, interaction: discord.Interaction[MusicBot], state: ListState) -> Sheet:
        page = await self._library.page(interaction.user.id, state.wanted, state.page)
        return songs_sheet(page, state, words_of(interaction), now=interaction.client.clock())


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(LibraryCog(bot))
