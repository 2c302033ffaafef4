"""The buttons of a card that change its task, repeat it, or show more of it."""

import io
from collections.abc import Sequence
from dataclasses import replace

import discord
from discord.ext import commands

from bot.domain.audit import Act
from bot.domain.members import PreferenceChanges, Telling
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import TERMINAL, MusicTask, TaskId
from bot.domain.wishes import (
    PROMPT_MAX_CHARS,
    ContinuationWish,
    LyricsWish,
    SongWish,
    Wish,
    parse_at,
    wish_again,
)
from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.card import Button, Press
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.forms import Choice, Field, Form, Values, form_of
from bot.ui.limits import FIELDS_MAX, INPUT_CHARS
from bot.ui.queue import possible_acts, question_about, surely_button
from bot.ui.words import Words
from cogs.answers import (
    answer_and_tell,
    ask_to_start,
    giving_back,
    named,
    quoted,
    show_card,
    show_card_of,
    song_fields,
    song_of,
    tell_decided,
    typed_in,
)

TELLINGS = tuple(Telling)


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
                Press.AGAIN: self._ask_again,
                Press.START_ANOTHER: self._start_another,
                Press.EDIT_AGAIN: self._edit_again,
                Press.MORE: self._more,
                Press.OPEN_TO_OTHERS: self._open_to_others,
                Press.CLOSE_TO_OTHERS: self._close_to_others,
                Press.TELLING: self._choose_telling,
                Press.DELETE: self._ask_delete,
                Press.DELETE_SURELY: self._delete,
            }
        )
        bot.on_form({Form.EDIT_AGAIN: self._edited_again})

    async def _confirm(self, interaction: discord.Interaction[MusicBot], task_id: TaskId) -> None:
        """A click proves the card; see the architecture, section 3."""
        if interaction.message is not None and not interaction.message.flags.ephemeral:
            await self._service.asking.confirm_card(task_id, interaction.message.id)

    # --- what waits, and what became unclear ---------------------------------------------------------------------

    async def _cancel(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task_id = TaskId(subject)
        await self._confirm(interaction, task_id)
        if await self._asks_a_moderator(interaction, task_id, Act.CANCEL):
            return
        task = await self._service.deciding.cancel(task_id, asker_of(interaction))
        done = texts.CANCEL_DONE_UNCLEAR if task.unclear_attempts else texts.CANCEL_DONE
        await say(interaction, words_of(interaction)(done))

    async def _asks_a_moderator(self, interaction: discord.Interaction[MusicBot], task_id: TaskId, act: Act) -> bool:
        """A moderator decides about others' tasks with a second press; `cogs/moderating.py` answers that."""
        task = await self._service.deciding.touchable(task_id, asker_of(interaction))
        if task.user_id == interaction.user.id:
            return False
        if act not in possible_acts(task):
            raise Refused(Reason.TOO_LATE)
        words = words_of(interaction)
        question = question_about(act, task, named(task), words)
        await say(interaction, question, view=view_of([surely_button(act, task, words)]))
        return True

    async def _ask_retry(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        words = words_of(interaction)
        task = await self._service.deciding.uncertain(TaskId(subject), asker_of(interaction))
        surely = Button(
            label=words("Yes, send it again"),
            press=Press.RETRY_SURELY,
            subject=subject,
            number=task.attempt,
            style=discord.ButtonStyle.danger,
        )
        await say(interaction, words(texts.RETRY_QUESTION), view=view_of([surely]))

    async def _retry(self, interaction: discord.Interaction[MusicBot], subject: int, attempt: int) -> None:
        task = await self._service.deciding.retry(TaskId(subject), asker_of(interaction), attempt=attempt)
        await answer_and_tell(
            interaction, words_of(interaction)(texts.RETRIED), tell_decided(interaction, Act.RETRY, task)
        )

    async def _drop(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task_id = TaskId(subject)
        if await self._asks_a_moderator(interaction, task_id, Act.DROP):
            return
        await self._service.deciding.drop(task_id, asker_of(interaction))
        await say(interaction, words_of(interaction)(texts.DROP_DONE))

    async def _whole_prompt(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        """As one message, else as a file, else as several messages."""
        asker = asker_of(interaction)
        task = await self._service.library.task(TaskId(subject), asker)
        pieces = quoted(task.prompt)
        if len(pieces) > 1 and asker.attachment_limit_bytes:
            whole = io.BytesIO(task.prompt.encode())
            description = words_of(interaction)("The whole prompt")
            await say(interaction, "", files=[discord.File(whole, filename="prompt.txt", description=description)])
            return
        for piece in pieces:
            await say(interaction, piece)

    # --- once more -------------------------------------------------------------------------------------------------

    async def _ask_again(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        if interaction.message is None:
            return
        draft = await self._service.asking.draft_again(
            TaskId(subject), asker_of(interaction), message_id=interaction.message.id
        )
        words = words_of(interaction)
        await ask_to_start(interaction, draft, words(texts.AGAIN_QUESTION), label=words("Start"))

    async def _start_another(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await show_card_of(interaction, await self._service.asking.start_draft(subject, asker_of(interaction)))

    async def _edit_again(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        asker = asker_of(interaction)
        task = await self._service.library.own(TaskId(subject), asker)
        await self._service.asking.check_may_ask(asker)
        words = words_of(interaction)
        negative = self._service.asking.takes_negative_tags(task.model)
        sings = await self._service.asking.sings_prompt()
        fields = _fields(wish_again(task), words, negative=negative, sings=sings)
        form = form_of(Form.EDIT_AGAIN, task.id, title=words("Edit & again"), fields=fields)
        await interaction.response.send_modal(form)

    async def _edited_again(self, interaction: discord.Interaction[MusicBot], values: Values, subject: int) -> None:
        again = Button(label=words_of(interaction)("Edit & again"), press=Press.EDIT_AGAIN, subject=subject)
        async with giving_back(interaction, typed_in(values), again):
            task = await self._service.library.own(TaskId(subject), asker_of(interaction))
            await show_card(interaction, _edited(wish_again(task), values))

    # --- more --------------------------------------------------------------------------------------------------------

    async def _more(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task = await self._service.library.own(TaskId(subject), asker_of(interaction))
        sentence, view = await self._panel(interaction, task)
        await say(interaction, sentence, view=view)

    async def _panel(self, interaction: discord.Interaction[MusicBot], task: MusicTask) -> tuple[str, discord.ui.View]:
        words = words_of(interaction)
        telling = (await self._service.preferring.get(interaction.user.id)).telling
        lines = [f"**{named(task)}**", words("How I tell you: {way}.", way=words(texts.TELLING[telling]))]
        buttons = [
            Button(
                label=words(texts.TELLING_LABEL[one]), press=Press.TELLING, subject=task.id, number=number,
                is_disabled=one is telling,
            )
            for number, one in enumerate(TELLINGS)
        ]  # fmt: skip
        if task.kind.makes_audio:
            lines.append(words(texts.OTHERS_MAY if task.others_may_continue else texts.OTHERS_MAY_NOT))
            press = Press.CLOSE_TO_OTHERS if task.others_may_continue else Press.OPEN_TO_OTHERS
            label = words("Only I may continue it") if task.others_may_continue else words("Others may continue it")
            buttons.append(Button(label=label, press=press, subject=task.id))
        if task.state in TERMINAL:
            buttons.append(
                Button(label=words("Delete"), press=Press.DELETE, subject=task.id, style=discord.ButtonStyle.danger)
            )
        return "\n".join(lines), view_of(buttons)

    async def _show_panel(self, interaction: discord.Interaction[MusicBot], task: MusicTask) -> None:
        """The private answer shows at once what was chosen."""
        sentence, view = await self._panel(interaction, task)
        await interaction.response.edit_message(content=sentence, view=view)

    async def _open_to_others(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await self._let_others(interaction, subject, may_continue=True)

    async def _close_to_others(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await self._let_others(interaction, subject, may_continue=False)

    async def _let_others(
        self, interaction: discord.Interaction[MusicBot], subject: int, *, may_continue: bool
    ) -> None:
        asker = asker_of(interaction)
        task = await self._service.library.open_to_others(TaskId(subject), asker, may_continue=may_continue)
        await self._show_panel(interaction, task)

    async def _choose_telling(self, interaction: discord.Interaction[MusicBot], subject: int, choice: int) -> None:
        task = await self._service.library.own(TaskId(subject), asker_of(interaction))
        await self._service.preferring.change(interaction.user.id, PreferenceChanges(telling=TELLINGS[choice]))
        await self._show_panel(interaction, task)

    async def _ask_delete(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        task = await self._service.library.own(TaskId(subject), asker_of(interaction))
        words = words_of(interaction)
        surely = Button(
            label=words("Yes, delete it"), press=Press.DELETE_SURELY, subject=task.id, style=discord.ButtonStyle.danger
        )
        await say(interaction, words(texts.DELETE_QUESTION, song=named(task)), view=view_of([surely]))

    async def _delete(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        await self._service.library.delete(TaskId(subject), asker_of(interaction))
        await interaction.response.edit_message(content=words_of(interaction)(texts.DELETED), view=None)


def _fields(wish: Wish, words: Words, *, negative: bool, sings: bool) -> Sequence[Field | Choice]:
    """A wish to be changed; a prompt longer than one input takes is continued in a second one."""
    said = wish.prompt or ""
    prompt = Field(
        name="prompt", label=words("What it is about"), value=said, is_long=True,
        is_required=not isinstance(wish, ContinuationWish),
    )  # fmt: skip
    rest = Field(
        name="rest", label=words("… and on"), value=said[INPUT_CHARS:], is_long=True,
        max_chars=PROMPT_MAX_CHARS - INPUT_CHARS,
    )  # fmt: skip
    words_of_wish: list[Field | Choice] = [prompt, rest] if len(said) > INPUT_CHARS else [prompt]
    match wish:
        case LyricsWish():
            return words_of_wish
        case ContinuationWish():
            at = texts.clock_time(wish.at_s) if wish.at_s is not None else ""
            return [*words_of_wish, Field(name="at", label=words("From where?"), value=at, max_chars=12)]
        case SongWish():
            title, *others = song_fields(wish, words, negative=negative, sings=sings)
            fields = [*words_of_wish, title, *others]
            if len(fields) <= FIELDS_MAX or sings:  # what is sung needs its title most
                return fields[:FIELDS_MAX]
            return [*words_of_wish, *others]


def _edited(wish: Wish, values: Values) -> Wish:
    """The wish as it stands in the form; what the form did not show stays."""
    prompt = values["prompt"] + values.get("rest", "")
    match wish:
        case LyricsWish():
            return replace(wish, prompt=prompt)
        case ContinuationWish():
            at = values.get("at", "").strip()
            return replace(wish, prompt=prompt or None, at_s=parse_at(at) if at else None)
        case SongWish():
            return replace(song_of(wish, values), prompt=prompt)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(CardsCog(bot))
