"""What moderators do: to one task from the queue or from its card's message menu, to its member, and to the server.

Each act needs a second press, or a form that is sent; its member hears of it.
"""

from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.audit import Act
from bot.domain.refusals import Reason, Refused
from bot.domain.rules import EVERYWHERE
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
    intake_mark,
    public_words,
    told_blocked,
    until_words,
)
from bot.ui.forms import Form, Values
from bot.ui.lists import Sheet
from bot.ui.moderators import moderates_all, moderator_of, post, server_name, tell
from bot.ui.pages import QueueState
from bot.ui.queue import DONE, PRESS, back_button, possible_acts, question_about, surely_button, task_panel
from bot.ui.words import N_, Words, words_for
from cogs.answers import answer_and_tell, giving_back, named, picked_task, tell_decided


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
                Press.MOD_TASK: self._reopen,
                Press.MOD_PICK: self._pick,
                Press.MOD_INTAKE: self._ask_intake,
            }
        )
        bot.on_form({Form.MOD_BLOCK: self._block, Form.MOD_PICK: self._block_picked, Form.MOD_INTAKE: self._set_intake})
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

    async def _reopen(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        """Back from a question."""
        embed, view = await self._panel(interaction, TaskId(subject))
        await interaction.response.edit_message(content=None, embed=embed, view=view)

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
            await answer_and_tell(interaction, words(DONE[act]), tell_decided(interaction, act, task))
            return
        if act not in possible_acts(task):
            raise Refused(Reason.TOO_LATE)
        question = question_about(act, task, named(task), words)
        view = view_of([surely_button(act, task, words), back_button(task, words)])
        await interaction.response.edit_message(content=question, embed=None, view=view)

    async def _do(self, act: Act, task: MusicTask, asker: Asker, sure: int) -> None:
        match act:
            case Act.CANCEL:
                await self._moderating.cancel(task.id, asker, attempt=sure)
            case Act.RETRY:
                await self._moderating.retry(task.id, asker, attempt=sure)
            case Act.DROP:
                await self._moderating.drop(task.id, asker, attempt=sure)
            case _:
                await self._moderating.redeliver(task.id, asker, revision=sure)

    # --- members ---------------------------------------------------------------------------------------------------

    async def _ask_block(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        moderator_of(interaction)
        await interaction.response.send_modal(block_form(subject, words_of(interaction)))

    async def _pick(self, interaction: discord.Interaction[MusicBot], _subject: int, user_id: int) -> None:
        moderator_of(interaction)
        await interaction.response.send_modal(block_form(user_id, words_of(interaction), is_picked=True))

    async def _block_picked(
        self, interaction: discord.Interaction[MusicBot], values: Values, _subject: int, user_id: int
    ) -> None:
        await self._block(interaction, values, user_id)

    async def _block(self, interaction: discord.Interaction[MusicBot], values: Values, subject: int) -> None:
        words = words_of(interaction)
        again = Button(label=words("Block the member"), press=Press.MOD_BLOCK, subject=subject)
        # being let in for an hour must not be carried on from refusal to refusal
        offered = [again] if moderates_all(interaction) else []
        async with giving_back(interaction, "\n".join(filter(None, (values["reason"], values["until"]))), *offered):
            asker = moderator_of(interaction)
            await self._check_here(interaction, subject, asker)
            block = await self._moderating.block(subject, asker, until=values["until"], reason=values["reason"])
            done = words(BLOCKED, member=f"<@{subject}>", until=until_words(block, words))
            told = told_blocked(block, await server_name(interaction), await self._words_here(asker))
            await answer_and_tell(interaction, done, self._tell(subject, told))

    async def _check_here(self, interaction: discord.Interaction[MusicBot], user_id: int, asker: Asker) -> None:
        """Nobody is told anything by a server that they have nothing to do with.

        Raises:
            Refused: they are not in it, and have asked for nothing there.
        """
        if await self._moderating.knows(user_id, asker) or interaction.guild is None:
            return
        try:
            await interaction.guild.fetch_member(user_id)
        except discord.NotFound as error:
            raise Refused(Reason.NOBODY_HERE) from error

    async def _words_here(self, asker: Asker) -> Words:
        """The words of the server: for what others read."""
        rules = (await self._service.ruling.get(asker.guild_id or EVERYWHERE)).rules
        return words_for(rules.locale or asker.locale)

    async def _tell(self, user_id: int, sentence: str) -> bool:
        return await tell(self._bot, user_id, sentence) is not None

    async def _unblock(self, interaction: discord.Interaction[MusicBot], subject: int, sure: int | None = None) -> None:
        asker, words = moderator_of(interaction), words_of(interaction)
        member = f"<@{subject}>"
        if sure is None:
            surely = Button(label=words("Yes, unblock"), press=Press.MOD_UNBLOCK, subject=subject, number=1)
            back = Button(label=words("Back"), press=Press.MOD_DOORS, number=0)
            question = words(UNBLOCK_QUESTION, member=member)
            await interaction.response.edit_message(content=question, embed=None, view=view_of([surely, back]))
            return
        await self._moderating.unblock(subject, asker)
        told = (await self._words_here(asker))(TOLD_UNBLOCKED, server=await server_name(interaction))
        await answer_and_tell(interaction, words(UNBLOCKED, member=member), self._tell(subject, told))

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
            await interaction.response.edit_message(content=None, embed=embed, view=view)

    async def _ask_intake(self, interaction: discord.Interaction[MusicBot], place: int) -> None:
        server = (await self._moderating.doors(moderator_of(interaction), 0)).server
        await interaction.response.send_modal(intake_form(place, server, words_of(interaction)))

    async def _set_intake(
        self, interaction: discord.Interaction[MusicBot], values: Values, place: int, seen: int
    ) -> None:
        intake = INTAKES[place]
        async with giving_back(interaction, values["note"]):
            asker = moderator_of(interaction)
            if intake_mark((await self._moderating.doors(asker, 0)).server) != seen:
                raise Refused(Reason.FORM_OUTDATED)
            note = await self._moderating.set_intake(intake, asker, note=values["note"])
            doors = await self._moderating.doors(asker, 0)
            embed, view = doors_sheet(doors, words_of(interaction))
            everybodys = words_for(doors.server.rules.locale or asker.locale)
            try:
                await interaction.response.edit_message(embed=embed, view=view)
            finally:
                is_posted = await post(interaction, public_words(intake, note, everybodys))
            if not is_posted:
                await say(interaction, words_of(interaction)(NOT_POSTED))


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(ModeratingCog(bot))
