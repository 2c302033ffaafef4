"""`/songs`: what a member has asked for, in pages that can be narrowed and searched."""

from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.listing import ListedTask
from bot.domain.tasks import MusicTask
from bot.ui import texts
from bot.ui.attachments import audio_files, text_file
from bot.ui.card import Press
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.escape import whole_lines
from bot.ui.forms import Field, Form, Values, form_of
from bot.ui.limits import EMBED_CHARS, FILES_MAX
from bot.ui.links import LINK_CHARS
from bot.ui.lists import Sheet, songs_sheet
from bot.ui.pages import KINDS, SEARCH_CHARS, STAGES, ListState, kind_at, searched, stage_at
from bot.ui.words import N_
from cogs.answers import named


class LibraryCog(commands.Cog):
    """Shows members their own songs."""

    def __init__(self, bot: MusicBot) -> None:
        self._library = bot.service.library
        self._media_dir = bot.media_dir
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
        """Answer privately; results whose card is lost come along."""
        state = ListState(text=searched(search or ""))
        page = await self._library.page(interaction.user.id, state.wanted, 0)
        words = words_of(interaction)
        if not page.rows and not state.text:
            await say(interaction, words(texts.NO_SONGS))
            return
        embed, view = songs_sheet(page, state, words, now=interaction.client.clock())
        await say(interaction, "", embed=embed, view=view)
        await self._bring_lost(interaction, page.rows)

    async def _bring_lost(self, interaction: discord.Interaction[MusicBot], rows: Sequence[ListedTask]) -> None:
        """What reached nobody; apart from the list, for an answer must come within three seconds."""
        lost = [await self._library.own(row.id, asker_of(interaction)) for row in rows if row.card_lost]
        words = words_of(interaction)
        files = [
            *(text_file(task, task.lyrics) for task in lost if task.lyrics and not task.kind.makes_audio),
            *self._audio_kept(lost, limit_bytes=interaction.filesize_limit),
        ]
        links = [f"**{named(task)}** · [{words('Listen')}]({url})" for task in lost for url in _audio_urls(task)]
        if not files and not links:
            return
        more = {"embed": discord.Embed(description=whole_lines(links, EMBED_CHARS))} if links else {}
        await say(interaction, words(texts.FILES_KEPT), files=files[:FILES_MAX], **more)

    def _audio_kept(self, lost: Sequence[MusicTask], *, limit_bytes: int) -> list[discord.File]:
        unseen = [task for task in lost if not task.files_shown]
        makers = [make for task in unseen for make in audio_files(task, self._media_dir, limit_bytes=limit_bytes)]
        return [make() for make in makers[:FILES_MAX]]

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


def _audio_urls(task: MusicTask) -> list[str]:
    tracks = task.result.tracks if task.result else ()
    return [track.audio_url for track in tracks[:2] if len(track.audio_url) <= LINK_CHARS]


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(LibraryCog(bot))
