"""Going on with a finished song: `/continue`, the button and its form, and replies in free text."""

import logging
import re
from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.refusals import Reason, Refused
from bot.domain.secrets import find_secret
from bot.domain.tasks import MusicTask, TaskId
from bot.domain.wishes import (
    PROMPT_MAX_CHARS,
    ContinuationWish,
    WishError,
    WishProblem,
    parse_at,
    parse_reply,
)
from bot.service import title_of
from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.cards import Button, Card, Press, draft_card, render
from bot.ui.client import MusicBot, asker_of
from bot.ui.modals import ContinueModal
from cogs.answers import CHOICE_CHARS, CHOICES_MAX, confirm, show_card

log = logging.getLogger(__name__)

REFUSAL_STAYS_S = 30.0
"""A reply can't be answered privately: a public refusal goes after this time."""


class ContinuationCog(commands.Cog):
    """Continues songs."""

    def __init__(self, bot: MusicBot) -> None:
        self._bot = bot
        self._service = bot.service
        bot.on_press(
            {
                Press.CONTINUE: self._ask_how,
                Press.START_DRAFT: self._start,
                Press.DROP_DRAFT: self._forget,
            }
        )

    @app_commands.command(name="continue", description="Go on with one of your finished songs")
    @app_commands.describe(
        song="Which of your songs",
        prompt="What comes next; the same words as before if left out",
        at="From where: 65, 1:05 or 1m5s; the end if left out",
    )
    async def go_on(
        self,
        interaction: discord.Interaction[MusicBot],
        song: str,
        prompt: app_commands.Range[str, 1, PROMPT_MAX_CHARS] | None = None,
        at: app_commands.Range[str, 1, 12] | None = None,
    ) -> None:
        """Take the wish and show its card."""
        await self._continue(interaction, _task_id(song), prompt, at)

    @go_on.autocomplete("song")
    async def _songs(self, interaction: discord.Interaction[MusicBot], current: str) -> list[app_commands.Choice[str]]:
        made = await self._service.clips(interaction.user.id, current, CHOICES_MAX)
        return [app_commands.Choice(name=_choice_name(task, self._bot.clock()), value=str(task.id)) for task in made]

    async def _continue(
        self, interaction: discord.Interaction[MusicBot], parent_id: TaskId, prompt: str | None, at: str | None
    ) -> None:
        at_s = parse_at(at) if at and at.strip() else None
        await show_card(interaction, ContinuationWish(parent_id=parent_id, prompt=prompt or None, at_s=at_s))

    # --- the button and its form -------------------------------------------------------------------------------

    async def _ask_how(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        parent = await self._service.continuable(TaskId(subject), asker_of(interaction))

        async def filled(answer: discord.Interaction[MusicBot], prompt: str, at: str) -> None:
            await self._continue(answer, parent.id, prompt, at)

        await interaction.response.send_modal(ContinueModal(parent, filled))

    # --- replies -----------------------------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A reply to a card or a ready ping continues its song, once it is confirmed."""
        if message.author.bot or message.type is not discord.MessageType.reply:
            return
        if (parent := await self._answered_task(message)) is None:
            return
        try:
            await self._answer_reply(message, parent)
        except (Refused, WishError) as error:
            await self._refuse_reply(message, error)
        except discord.HTTPException as error:
            log.warning("reply can't be answered", extra={"task_id": parent.id, "code": error.code})

    async def _answered_task(self, message: discord.Message) -> MusicTask | None:
        """The task that a reply is about; the database is asked only if the other message may be ours."""
        reference = message.reference
        if reference is None or reference.message_id is None:
            return None
        other = reference.resolved
        if isinstance(other, discord.Message) and not self._is_own(other):
            return None
        found = await self._service.task_of_message(reference.message_id)
        if found is not None or not isinstance(other, discord.Message):
            return found
        # a ready ping that a crash kept from being remembered still answers its card
        card = other.reference
        return await self._service.task_of_message(card.message_id) if card and card.message_id else None

    def _is_own(self, message: discord.Message) -> bool:
        return self._bot.user is not None and message.author.id == self._bot.user.id

    async def _answer_reply(self, message: discord.Message, parent: MusicTask) -> None:
        if not message.content.strip():
            await self._offer_form(message, parent)
            return
        draft = await self._service.draft_reply(
            parse_reply(message.content),
            parent,
            message_id=message.id,
            user_id=message.author.id,
            guild_id=message.guild.id if message.guild else None,
            channel_id=message.channel.id,
        )
        card = draft_card(draft_id=draft.id, parent=parent, prompt=draft.prompt, at_s=draft.at_s)
        await message.channel.send(
            embed=card.embed,
            view=view_of(card),
            nonce=f"d-{draft.id}",
            reference=message.to_reference(fail_if_not_exists=False),
        )

    async def _offer_form(self, message: discord.Message, parent: MusicTask) -> None:
        """A button instead of words that can't be read; nothing where they may well be about something else."""
        try:
            self._service.check_continuable(parent, user_id=message.author.id, channel_id=message.channel.id)
        except Refused:
            return
        form = Button(label="Continue", press=Press.CONTINUE, subject=parent.id, style=discord.ButtonStyle.primary)
        await message.channel.send(
            texts.REPLY_UNREADABLE,
            view=view_of(Card(embed=discord.Embed(), buttons=(form,))),
            reference=message.to_reference(fail_if_not_exists=False),
            delete_after=REFUSAL_STAYS_S * 10,
        )

    async def _refuse_reply(self, message: discord.Message, error: Refused | WishError) -> None:
        """A public sentence that quotes nothing and goes by itself; about a secret rather in private."""
        is_secret = isinstance(error, WishError) and error.problem in {WishProblem.SECRET, WishProblem.PRIVATE_URL}
        try:
            if is_secret and find_secret(message.content):
                try:
                    await message.author.send(texts.refusal(error))
                except discord.Forbidden:
                    await self._say_briefly(message, texts.REPLY_SECRET)
            else:
                await self._say_briefly(message, texts.refusal(error))
        except discord.HTTPException as refused:
            log.warning("reply can't be refused", extra={"code": refused.code})

    async def _say_briefly(self, message: discord.Message, sentence: str) -> None:
        await message.channel.send(
            sentence, reference=message.to_reference(fail_if_not_exists=False), delete_after=REFUSAL_STAYS_S
        )

    async def _start(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        """The message that asked becomes the card."""
        if interaction.message is None:
            raise Refused(Reason.DRAFT_GONE)
        message_id = interaction.message.id
        task = await self._service.start_draft(subject, asker_of(interaction), message_id=message_id)
        card = render(task, await self._service.place_of(task), self._bot.card_rules)
        answering = interaction.response.edit_message(embed=card.embed, view=view_of(card))
        await confirm(self._service, task, answering)

    async def _forget(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await self._service.drop_draft(subject, asker_of(interaction))
        await interaction.response.edit_message(content=texts.DRAFT_DROPPED, embed=None, view=None)


def _task_id(text: str) -> TaskId:
    """The song that was picked; typed words name none."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Refused(Reason.NOT_FOUND)
    return TaskId(int(text))


def _choice_name(task: MusicTask, now: datetime) -> str:
    return f"{title_of(task)[: CHOICE_CHARS - 20]} · {texts.ago(now - task.created_at)}"


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(ContinuationCog(bot))
