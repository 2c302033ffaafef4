"""Going on with a finished song: `/continue`, the button and its form, and replies in free text."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Unpack

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.drafts import Draft
from bot.domain.listing import ListedTask
from bot.domain.orders import is_order
from bot.domain.refusals import Reason, Refused
from bot.domain.replies import parse_reply
from bot.domain.secrets import find_secret
from bot.domain.tasks import MusicTask, TaskId
from bot.domain.wishes import (
    PROMPT_MAX_CHARS,
    ContinuationWish,
    WishError,
    WishProblem,
    parse_at,
)
from bot.service import Asker, title_of
from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.card import Button, Card, Post, Press
from bot.ui.client import MusicBot, asker_of, author_of, words_of
from bot.ui.forms import Choice, Field, Form, Values, form_of
from bot.ui.limits import OPTION_CHARS, OPTIONS_MAX
from bot.ui.prices import cost_words
from bot.ui.questions import draft_card
from bot.ui.takes import TAKE
from bot.ui.verdicts import Verdict, verdict_of
from bot.ui.words import N_, Words, words_for
from cogs.answers import confirm, first_card, giving_back, picked_take, show_card

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
                Press.EDIT_DRAFT: self._edit,
                Press.DRAFT_FROM: self._choose,
            }
        )
        bot.on_form({Form.CONTINUE: self._filled, Form.EDIT_DRAFT: self._edited})
        self._menus = [app_commands.ContextMenu(name=N_("Continue this song"), callback=self._menu)]

    async def cog_load(self) -> None:
        """Called by discord.py: menus do not belong to cogs by themselves."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Called by discord.py."""
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command(name="continue", description=N_("Go on with one of your finished songs"))
    @app_commands.describe(
        song=N_("Which of your songs"),
        prompt=N_("What comes next; the same words as before if left out"),
        at=N_("From where: 65, 1:05 or 1m5s; the end if left out"),
    )
    async def go_on(
        self,
        interaction: discord.Interaction[MusicBot],
        song: str,
        prompt: app_commands.Range[str, 1, PROMPT_MAX_CHARS] | None = None,
        at: app_commands.Range[str, 1, 12] | None = None,
    ) -> None:
        """Take the wish and show its card."""
        await self._continue(interaction, *picked_take(song), prompt, at)

    @go_on.autocomplete("song")
    async def _songs(self, interaction: discord.Interaction[MusicBot], current: str) -> list[app_commands.Choice[str]]:
        """Each take of each song."""
        made = await self._service.library.clips(interaction.user.id, current, OPTIONS_MAX)
        words, now = words_of(interaction), self._bot.clock()
        return [choice for task in made for choice in _choices(task, now, words)][:OPTIONS_MAX]

    async def _continue(
        self,
        interaction: discord.Interaction[MusicBot],
        parent_id: TaskId,
        take: int | None,
        prompt: str | None,
        at: str | None,
    ) -> None:
        at_s = parse_at(at) if at and at.strip() else None
        await show_card(interaction, ContinuationWish(parent_id=parent_id, take=take, prompt=prompt or None, at_s=at_s))

    # --- the button and its form -------------------------------------------------------------------------------

    async def _ask_how(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await self._send_form(interaction, TaskId(subject))

    async def _menu(self, interaction: discord.Interaction[MusicBot], message: discord.Message) -> None:
        """The message menu: on a card, a ready ping, or whatever else shows a song."""
        parent = await self._service.library.task_of_message(message.id)
        if parent is None:
            raise Refused(Reason.NO_SONG_HERE)
        await self._send_form(interaction, parent.id)

    async def _send_form(self, interaction: discord.Interaction[MusicBot], parent_id: TaskId) -> None:
        asker = asker_of(interaction)
        parent = await self._service.asking.continuable(parent_id, asker)
        await self._service.asking.check_may_ask(asker)
        words = words_of(interaction)
        title = words("Continue {song}", song=title_of(parent))
        fields = self._fields(parent, ContinuationWish(parent_id=parent.id), words)
        await interaction.response.send_modal(form_of(Form.CONTINUE, parent.id, title=title, fields=fields))

    async def _filled(self, interaction: discord.Interaction[MusicBot], values: Values, parent_id: int) -> None:
        label = words_of(interaction)("Continue")
        again = Button(label=label, press=Press.CONTINUE, subject=parent_id, style=discord.ButtonStyle.primary)
        async with giving_back(interaction, values["prompt"], again):
            await self._continue(interaction, TaskId(parent_id), _take_in(values), values["prompt"], values["at"])

    def _fields(self, parent: MusicTask, wish: ContinuationWish, words: Words) -> list[Field | Choice]:
        """What a form asks; which take, where there is a choice."""
        takes = self._service.asking.takes_to_continue(parent)
        which = Choice(
            name="take",
            label=words("Which take?"),
            options=_take_options(parent, takes, words),
            value=str(self._service.asking.chosen_take(wish.take, parent)),
        )
        return [*([which] if len(takes) > 1 else []), *_fields(wish, words, example=texts.rough_time(parent.inside_s))]

    # --- replies -----------------------------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A reply to a card or a ready ping continues its song, once it is confirmed."""
        if message.author.bot or message.type is not discord.MessageType.reply:
            return
        if (parent := await self._answered_task(message)) is None or not self._bot.is_first(message.id):
            return
        asker = author_of(message, _locale_at(message, parent))
        try:
            await self._answer_reply(message, parent, asker)
        except (Refused, WishError) as error:
            await self._refuse_reply(message, asker, error)
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
        found = await self._service.library.task_of_message(reference.message_id)
        if found is not None or not isinstance(other, discord.Message):
            return found
        # a ready ping that a crash kept from being remembered still answers its card
        card = other.reference
        return await self._service.library.task_of_message(card.message_id) if card and card.message_id else None

    def _is_own(self, message: discord.Message) -> bool:
        return self._bot.user is not None and message.author.id == self._bot.user.id

    async def _answer_reply(self, message: discord.Message, parent: MusicTask, asker: Asker) -> None:
        """Ask whether this is meant; chatter gets no answer and leaves no trace, unless it gives a secret away."""
        is_own = parent.user_id == asker.user_id
        if not message.content.strip():
            if is_own and self._hides_words_of(message):
                await self._offer_form(message, parent, asker)
            return
        understood = parse_reply(message.content)
        if not is_order(understood, is_own=is_own) and find_secret(message.content) is None:
            return
        draft = await self._service.asking.draft_reply(understood, parent, asker, message_id=message.id)
        card = await self._draft_card(
            draft, parent, asker, understood.choices(parent.length_of(_wish_of(draft).take or 1))
        )
        asking = await _reply(message, embed=card.embed, view=view_of(card.buttons), nonce=f"d-{draft.id}")
        await self._service.asking.asked(draft, asking.id)

    def _hides_words_of(self, message: discord.Message) -> bool:
        """Whether a message without words may have some: Discord keeps them from bots that are not mentioned."""
        return not self._bot.intents.message_content and message.guild is not None and not message.stickers

    async def _draft_card(
        self, draft: Draft, parent: MusicTask, asker: Asker, choices: tuple[float | None, ...] | None = None
    ) -> Card:
        words = await self._words_here(asker)
        price = await self._service.asking.price(draft.wish, draft.guild_id)
        wish = _wish_of(draft)
        return draft_card(
            draft_id=draft.id,
            parent=parent,
            prompt=wish.prompt,
            at_s=wish.at_s,
            take=wish.take,
            price=cost_words(price, words),
            words=words,
            choices=choices,
        )

    async def _words_here(self, asker: Asker) -> Words:
        """The words for what everybody sees."""
        return words_for(await self._service.asking.locale(asker))

    async def _offer_form(self, message: discord.Message, parent: MusicTask, asker: Asker) -> None:
        """A button instead of words that can't be read; nothing where they may well be about something else."""
        try:
            await self._service.asking.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        except Refused:
            return
        words = await self._words_here(asker)
        form = Button(
            label=words("Continue"), press=Press.CONTINUE, subject=parent.id, style=discord.ButtonStyle.primary
        )
        said = words(texts.REPLY_UNREADABLE)
        await _reply(message, content=said, view=view_of([form]), delete_after=REFUSAL_STAYS_S * 10)

    async def _refuse_reply(self, message: discord.Message, asker: Asker, error: Refused | WishError) -> None:
        """A public sentence that quotes nothing and goes by itself; about a secret rather in private."""
        words = await self._words_here(asker)
        is_secret = isinstance(error, WishError) and error.problem in {WishProblem.SECRET, WishProblem.PRIVATE_URL}
        try:
            if is_secret and find_secret(message.content):
                try:
                    await message.author.send(texts.refusal(error, words))
                except discord.Forbidden:
                    await _reply(message, content=words(texts.REPLY_SECRET), delete_after=REFUSAL_STAYS_S)
            else:
                await _reply(message, content=texts.refusal(error, words), delete_after=REFUSAL_STAYS_S)
        except discord.HTTPException as refused:
            log.warning("reply can't be refused", extra={"code": refused.code})

    # --- what was understood ---------------------------------------------------------------------------------------

    async def _start(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        """The message that asked becomes the card."""
        if interaction.message is None:
            raise Refused(Reason.DRAFT_GONE)
        message_id = interaction.message.id
        task = await self._service.asking.start_draft(subject, asker_of(interaction), message_id=message_id)
        card = await first_card(self._bot, task)
        answering = interaction.response.edit_message(embed=card.embed, view=view_of(card.buttons))
        await confirm(self._service, task, answering)

    async def _forget(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        asker = asker_of(interaction)
        await self._service.asking.drop_draft(subject, asker)
        said = (await self._words_here(asker))(texts.DRAFT_DROPPED)
        await interaction.response.edit_message(content=said, embed=None, view=None)

    async def _edit(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        asker = asker_of(interaction)
        draft = await self._service.asking.drafted(subject, asker)
        words, wish = words_of(interaction), _wish_of(draft)
        parent = await self._service.asking.continuable(wish.parent_id, asker)
        fields = self._fields(parent, wish, words)
        await interaction.response.send_modal(form_of(Form.EDIT_DRAFT, draft.id, title=words("Edit"), fields=fields))

    async def _edited(self, interaction: discord.Interaction[MusicBot], values: Values, draft_id: int) -> None:
        """The message that asks shows what was changed."""
        asker = asker_of(interaction)
        async with giving_back(interaction, values["prompt"]):
            at_s = parse_at(values["at"]) if values["at"].strip() else None
            draft = await self._service.asking.change_draft(
                draft_id, asker, take=_take_in(values), prompt=values["prompt"] or None, at_s=at_s
            )
            await self._show_again(interaction, draft, asker)

    async def _choose(self, interaction: discord.Interaction[MusicBot], subject: int, at_ms: int | None = None) -> None:
        """One of the moments that the words of a reply may mean; from now on it can be started."""
        asker = asker_of(interaction)
        at_s = None if at_ms is None else at_ms / 1000
        await self._show_again(interaction, await self._service.asking.choose_start(subject, asker, at_s), asker)

    async def _show_again(self, interaction: discord.Interaction[MusicBot], draft: Draft, asker: Asker) -> None:
        parent = await self._service.asking.continuable(_wish_of(draft).parent_id, asker)
        card = await self._draft_card(draft, parent, asker)
        await interaction.response.edit_message(embed=card.embed, view=view_of(card.buttons))


def _wish_of(draft: Draft) -> ContinuationWish:
    """What a draft asks for.

    Raises:
        Refused: it is none that a reply has made.
    """
    if not isinstance(draft.wish, ContinuationWish):
        raise Refused(Reason.DRAFT_GONE)
    return draft.wish


async def _reply(message: discord.Message, **post: Unpack[Post]) -> discord.Message:
    """Answer as a reply; without, where the history may not be read or the message is gone."""
    reply: Post = {**post, "reference": message.to_reference(fail_if_not_exists=False)}
    try:
        return await message.channel.send(**reply)
    except discord.HTTPException as error:
        if verdict_of(error) not in {Verdict.BAD_REFERENCE, Verdict.BAD_PAYLOAD}:
            raise
        return await message.channel.send(**post)


def _take_options(parent: MusicTask, takes: Sequence[int], words: Words) -> list[tuple[str, str]]:
    """These takes as a menu offers them, with their lengths as far as they are known."""
    lengths = {take.number: texts.clock_time(int(take.length_s)) for take in parent.takes if take.length_s}
    names = {take: filter(None, [words(TAKE, number=take), lengths.get(take)]) for take in takes[:OPTIONS_MAX]}
    return [(str(take), " · ".join(name)) for take, name in names.items()]


def _take_in(values: Values) -> int | None:
    """The take that was chosen in a form, if it asked."""
    return int(values["take"]) if values.get("take", "").isdecimal() else None


def _fields(wish: ContinuationWish, words: Words, *, example: str) -> list[Field]:
    return [
        Field(
            name="prompt",
            label=words("What comes next?"),
            value=wish.prompt or "",
            placeholder=words("Leave it empty to go on with the same words"),
            is_long=True,
        ),
        Field(
            name="at",
            label=words("From where?"),
            value=texts.clock_time(wish.at_s) if wish.at_s is not None else "",
            placeholder=words("{time}, or nothing for the end", time=example),
            max_chars=12,
        ),
    ]


def _locale_at(message: discord.Message, parent: MusicTask) -> str:
    """The language of the server; in direct messages, or before the server is known, that of the song."""
    is_known = message.guild is not None and message.guild.roles
    return str(message.guild.preferred_locale) if message.guild and is_known else parent.locale


def _choices(task: ListedTask, now: datetime, words: Words) -> Iterator[app_commands.Choice[str]]:
    """A song as it is offered while typing, each take by itself."""
    ago = texts.ago(now - task.created_at, words)
    if task.takes <= 1:
        yield app_commands.Choice(name=f"{title_of(task)[: OPTION_CHARS - 20]} · {ago}", value=str(task.id))
        return
    for number in range(1, task.takes + 1):
        ending = f" · {words(TAKE, number=number)} · {ago}"
        yield app_commands.Choice(name=f"{title_of(task)[: OPTION_CHARS - 40]}{ending}", value=f"{task.id}:{number}")


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(ContinuationCog(bot))
