"""What moderators do: to one task from the queue or from its card's message menu, to its member, and to the server.

Each act needs a second press, or a form that is sent; its member hears of it.
"""

from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.audit import Act
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import MusicTask, TaskId
from bot.service import Asker
from bot.ui.buttons import view_of
from bot.ui.card import Button, Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.doors import (
    BLOCKED,
    INTAKES,
    NOT_POSTED,
    TOLD_UNBLOCKED,
    UNBLOCK_QUESTION,
    UNBLOCKED,
    block_form,
    doors_sheet,
    intake_form,
    public_words,
    told_blocked,
    until_words,
)
from bot.ui.forms import Form, Values
from bot.ui.lists import Sheet
from bot.ui.moderators import moderator_of, post, server_name, tell
from bot.ui.pages import QueueState
from bot.ui.queue import DONE, PRESS, QUESTION, possible_acts, surely_button, task_panel
from bot.ui.words import N_, words_for
from cogs.answers import giving_back, named, picked_task, tell_decided


class ModeratingCog(commands.Cog):
    """Lets moderators act in their own server."""

    def __init__(self, bot: MusicBot) -> None:
        self._bot = bot
        self._service = bot.service
        self._moderating = bot.service.moderating
        bot.on_press(
            {
                **{press: partial(self._act, act) for act, press in PRESS.items()},
                Press.QUEUE_TASK: self._open,
                Press.MOD_BLOCK: self._ask_block,
                Press.MOD_UNBLOCK: self._unblock,
                Press.MOD_DOORS: self._doors,
                Press.MOD_LET_IN: self._let_in,
                Press.MOD_INTAKE: self._ask_intake,
            }
        )
        bot.on_form({Form.MOD_BLOCK: self._block, Form.MOD_INTAKE: self._set_intake})
        menu = app_commands.ContextMenu(
            name=N_("Moderate"),
            callback=self._menu,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        )
        menu.default_permissions = discord.Permissions(manage_messages=True)
        self._menu_command = menu

    async def cog_load(self) -> None:
        """Called by discord.py: menus do not belong to cogs by themselves."""
        self._bot.tree.add_command(self._menu_command)

    async def cog_unload(self) -> None:
        """Called by discord.py."""
        self._bot.tree.remove_command(self._menu_command.name, type=self._menu_command.type)

    # --- one task --------------------------------------------------------------------------------------------------

    async def _menu(self, interaction: discord.Interaction[MusicBot], message: discord.Message) -> None:
        """The message menu: on a card, a ready ping, or whatever else shows a task."""
        task = await self._service.library.task_of_message(message.id)
        if task is None:
            raise Refused(Reason.NO_SONG_HERE)
        await self._show(interaction, task.id)

    async def _open(self, interaction: discord.Interaction[MusicBot], _state: QueueState, picked: str) -> None:
        await self._show(interaction, picked_task(picked))

    async def _show(self, interaction: discord.Interaction[MusicBot], task_id: TaskId) -> None:
        embed, view = await self._panel(interaction, task_id)
        await say(interaction, "", embed=embed, view=view)

    async def _panel(self, interaction: discord.Interaction[MusicBot], task_id: TaskId) -> Sheet:
        asker = moderator_of(interaction)
        task = await self._moderating.task(task_id, asker)
        is_blocked = await self._moderating.is_blocked(task.user_id, asker)
        return task_panel(task, words_of(interaction), now=self._bot.clock(), is_blocked=is_blocked)

    async def _act(
        self, act: Act, interaction: discord.Interaction[MusicBot], subject: int, sure: int | None = None
    ) -> None:
        """Ask, and do it once that is confirmed."""
        asker, words = moderator_of(interaction), words_of(interaction)
        task = await self._moderating.task(TaskId(subject), asker)
        if sure is not None:
            await self._do(act, task, asker, sure)
            await interaction.response.edit_message(content=words(DONE[act]), embed=None, view=None)
            await tell_decided(interaction, act, task)
            return
        if act not in possible_acts(task):
            raise Refused(Reason.TOO_LATE)
        question, surely = words(QUESTION[act], song=named(task)), surely_button(act, task, words)
        await interaction.response.edit_message(content=question, embed=None, view=view_of([surely]))

    async def _do(self, act: Act, task: MusicTask, asker: Asker, sure: int) -> None:
        match act:
            case Act.CANCEL:
                await self._moderating.cancel(task.id, asker)
            case Act.RETRY:
                await self._moderating.retry(task.id, asker, attempt=sure)
            case Act.DROP:
                await self._moderating.drop(task.id, asker)
            case _:
                await self._moderating.redeliver(task.id, asker, revision=sure)

    # --- members ---------------------------------------------------------------------------------------------------

    async def _ask_block(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        moderator_of(interaction)
        await interaction.response.send_modal(block_form(subject, words_of(interaction)))

    async def _block(self, interaction: discord.Interaction[MusicBot], values: Values, subject: int) -> None:
        asker, words = moderator_of(interaction), words_of(interaction)
        again = Button(label=words("Block the member"), press=Press.MOD_BLOCK, subject=subject)
        async with giving_back(interaction, values["reason"], again):
            block = await self._moderating.block(subject, asker, until=values["until"], reason=values["reason"])
            done = words(BLOCKED, member=f"<@{subject}>", until=until_words(block, words))
            # an earlier refusal, from which the form was opened once more, has what was typed as a file
            await interaction.response.edit_message(content=done, embed=None, view=None, attachments=[])
            told = told_blocked(block, server_name(interaction), words_for(asker.locale))
            await tell(self._bot, subject, told)

    async def _unblock(self, interaction: discord.Interaction[MusicBot], subject: int, sure: int | None = None) -> None:
        asker, words = moderator_of(interaction), words_of(interaction)
        member = f"<@{subject}>"
        if sure is None:
            surely = Button(label=words("Yes, unblock"), press=Press.MOD_UNBLOCK, subject=subject, number=1)
            question = words(UNBLOCK_QUESTION, member=member)
            await interaction.response.edit_message(content=question, embed=None, view=view_of([surely]))
            return
        await self._moderating.unblock(subject, asker)
        await interaction.response.edit_message(content=words(UNBLOCKED, member=member), embed=None, view=None)
        await tell(self._bot, subject, words_for(asker.locale)(TOLD_UNBLOCKED, server=server_name(interaction)))

    async def _let_in(self, interaction: discord.Interaction[MusicBot], _page: int, picked: str) -> None:
        await self._unblock(interaction, int(picked))

    # --- the server ------------------------------------------------------------------------------------------------

    async def _doors(
        self, interaction: discord.Interaction[MusicBot], _subject: int, number: int | None = None
    ) -> None:
        """From the queue it is an answer of its own; within that it is turned over."""
        doors = await self._moderating.doors(moderator_of(interaction), number or 0)
        embed, view = doors_sheet(doors, words_of(interaction))
        if number is None:
            await say(interaction, "", embed=embed, view=view)
        else:
            await interaction.response.edit_message(embed=embed, view=view)

    async def _ask_intake(self, interaction: discord.Interaction[MusicBot], place: int) -> None:
        moderator_of(interaction)
        await interaction.response.send_modal(intake_form(place, words_of(interaction)))

    async def _set_intake(self, interaction: discord.Interaction[MusicBot], values: Values, place: int) -> None:
        asker, intake = moderator_of(interaction), INTAKES[place]
        async with giving_back(interaction, values["note"]):
            note = await self._moderating.set_intake(intake, asker, note=values["note"])
            doors = await self._moderating.doors(asker, 0)
            embed, view = doors_sheet(doors, words_of(interaction))
            await interaction.response.edit_message(embed=embed, view=view)
            everybodys = words_for(doors.server.rules.locale or asker.locale)
            if not await post(interaction, public_words(intake, note, everybodys)):
                await say(interaction, words_of(interaction)(NOT_POSTED))


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(ModeratingCog(bot))
