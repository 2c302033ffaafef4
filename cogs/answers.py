"""What several commands answer alike: the card of a wish, the question whether it is meant, choices while typing."""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO

import discord
from discord import app_commands

from bot.domain.audit import Act
from bot.domain.drafts import Draft
from bot.domain.members import Telling
from bot.domain.refusals import Reason, Refused
from bot.domain.ruling import RuleError
from bot.domain.scene import Scene
from bot.domain.secrets import find_secret
from bot.domain.tasks import MusicTask, TaskId
from bot.domain.versions import VERSION_MAX_CHARS, limits_of
from bot.domain.wishes import TAGS_MAX_CHARS, SongWish, Wish, WishError, one_line
from bot.service import RepeatedError, Service, title_of
from bot.tokenlab.model_info import ModelInfo
from bot.ui import texts
from bot.ui.buttons import view_of
from bot.ui.card import Button, Card, Press, jump_url
from bot.ui.cards import render
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.escape import inline, link_name, packed, quoted_lines
from bot.ui.forms import Choice, Field, Values
from bot.ui.limits import MESSAGE_CHARS, OPTION_CHARS, OPTIONS_MAX
from bot.ui.moderators import server_name, tell
from bot.ui.prices import cost_words, price_words
from bot.ui.queue import TOLD
from bot.ui.words import Words, words_for

log = logging.getLogger(__name__)

OPEN = "*"
"""The option that leaves something open; no model and no version is called that."""
NAME_CHARS = 100
LINE_CHARS = 900
"""Maximum length of a line that fits a message whatever is in it: escaping at most doubles it."""


async def show_card(interaction: discord.Interaction[MusicBot], wish: Wish) -> None:
    """Write the row, answer with its card in one round trip, and let it join the line.

    A wish that its member has just had is asked back instead. If Discord does not confirm the card, the row stays
    RECEIVED and the janitor settles it.
    """
    try:
        task = await interaction.client.service.asking.request(wish, asker_of(interaction))
    except RepeatedError as repeated:
        await _ask_back(interaction, repeated)
        return
    await show_card_of(interaction, task)


async def show_card_of(interaction: discord.Interaction[MusicBot], task: MusicTask) -> None:
    """Answer with the card of a task that has just been written."""
    service = interaction.client.service
    card = await first_card(interaction.client, task)
    await confirm(service, task, interaction.response.send_message(embed=card.embed, view=view_of(card.buttons)))


async def first_card(bot: MusicBot, task: MusicTask) -> Card:
    """The card that the row of a new wish begins with."""
    place = await bot.service.asking.place_of(task)
    return render(task, Scene(place=place), bot.forecast(task, place))


async def confirm(
    service: Service, task: MusicTask, answering: Awaitable[discord.InteractionCallbackResponse[MusicBot] | None]
) -> None:
    """Answer with a card and let its task join the line; what is not known here, the janitor finds out."""
    try:
        answer = await answering
        message_id = task.message_id or (answer.message_id if answer is not None else None)
        if answer is not None and message_id is not None:
            await service.asking.shown(task, message_id)
    except Exception as error:  # noqa: BLE001 -- perhaps it got through: nothing may be said to the contrary
        log.warning("card is not confirmed", extra={"task_id": task.id, "error": type(error).__name__})


async def _ask_back(interaction: discord.Interaction[MusicBot], repeated: RepeatedError) -> None:
    words = words_of(interaction)
    name = link_name(title_of(repeated.earlier), NAME_CHARS)
    where = jump_url(repeated.earlier)
    question = words(texts.REPEATED, song=f"[{name}]({where})" if where else name)
    await ask_to_start(interaction, repeated.draft, question, label=words("Make another"))


async def ask_to_start(interaction: discord.Interaction[MusicBot], draft: Draft, question: str, *, label: str) -> None:
    """Ask privately whether a wish is meant, and say what it costs; a press makes its card, as a new message."""
    words = words_of(interaction)
    price = await interaction.client.service.asking.price(draft.wish, draft.guild_id)
    cost = cost_words(price, words) or ""
    start = Button(label=label, press=Press.START_ANOTHER, subject=draft.id, style=discord.ButtonStyle.success)
    await say(interaction, f"{question} {cost}".strip(), view=view_of([start]))


def model_choices(
    models: Sequence[ModelInfo], current: str, interaction: discord.Interaction[MusicBot]
) -> list[app_commands.Choice[str]]:
    """The models whose name holds what was typed so far, with what they cost."""
    wanted = current.casefold().strip()
    fitting = [model for model in models if wanted in model.id.casefold() and len(model.id) <= OPTION_CHARS]
    return [
        app_commands.Choice(name=_choice_name(model, interaction), value=model.id) for model in fitting[:OPTIONS_MAX]
    ]


def _choice_name(model: ModelInfo, interaction: discord.Interaction[MusicBot]) -> str:
    price = price_words(model.price, words_of(interaction))
    named = f"{model.id} · {price}" if price else model.id
    return named if len(named) <= OPTION_CHARS else model.id


def open_options(
    offered: Sequence[discord.SelectOption], chosen: str | None, words: Words, *, label: str
) -> list[discord.SelectOption]:
    """As many as fit a menu, after one that leaves it open; the chosen one even if it is not offered any more."""
    options = [discord.SelectOption(label=label, value=OPEN), *offered][:OPTIONS_MAX]
    if chosen is not None and all(one.value != chosen for one in options):
        gone = discord.SelectOption(label=chosen, value=chosen, description=words("not offered at the moment"))
        options[OPTIONS_MAX - 1 :] = [next((one for one in offered if one.value == chosen), gone)]
    return options


def model_options(models: Sequence[ModelInfo], words: Words) -> list[discord.SelectOption]:
    """The models as options of a menu, with what they cost."""
    return [
        discord.SelectOption(label=one.id, value=one.id, description=price_words(one.price, words))
        for one in models
        if len(one.id) <= OPTION_CHARS
    ]


def version_options(versions: Sequence[str]) -> list[discord.SelectOption]:
    """The versions as options of a menu."""
    return [discord.SelectOption(label=one, value=one) for one in versions]


def version_choices(versions: Sequence[str], current: str) -> list[app_commands.Choice[str]]:
    """The versions that hold what was typed so far."""
    wanted = current.casefold().strip()
    return [app_commands.Choice(name=one, value=one) for one in versions if wanted in one][:OPTIONS_MAX]


def version_note(service: Service, version: str | None, words: Words) -> str:
    """What there is to say of a version that nobody here knows; nothing of others."""
    if version is None or service.asking.is_known_version(version):
        return ""
    return words(texts.VERSION_UNKNOWN, version=inline(version, VERSION_MAX_CHARS))


def song_fields(wish: SongWish, words: Words, *, negative: bool, sings: bool) -> list[Field | Choice]:
    """What a form asks of a song beside its words, the title first.

    Args:
        wish: what is filled in already.
        words: the language.
        negative: whether the model can be told which styles to keep out.
        sings: whether the words of a song with title and styles are sung as they are written.
    """
    limits = limits_of(wish.version if wish.version_chosen else None)
    title = Field(
        name="title", label=words("Title"), note=words(texts.SUNG) if sings else "", value=wish.title or "",
        max_chars=max(limits.title, len(wish.title or "")),
    )  # fmt: skip
    tags = Field(
        name="tags", label=words("Styles"), value=wish.tags or "", max_chars=max(limits.tags, len(wish.tags or ""))
    )
    vocals = Choice(
        name="instrumental", label=words("Vocals"), value=str(int(wish.instrumental or False)),
        options=[("0", words("With vocals")), ("1", words("Instrumental"))],
    )  # fmt: skip
    avoid = Field(
        name="avoid", label=words("Styles to keep out"), value=wish.negative_tags or "", max_chars=TAGS_MAX_CHARS
    )
    return [title, tags, vocals, avoid] if negative else [title, tags, vocals]


def song_of(wish: SongWish, values: Values) -> SongWish:
    """The wish as `song_fields` were filled in; what the form did not show stays.

    A title that was offered and left as it was is no title of the member's.
    """
    title = values.get("title", wish.title)
    return replace(
        wish,
        title=title,
        title_is_ours=wish.title_is_ours and one_line(title or "") == one_line(wish.title or ""),
        tags=values.get("tags", ""),
        negative_tags=values.get("avoid", wish.negative_tags),
        instrumental=values.get("instrumental") == "1",
    )


def typed_in(values: Values) -> str:
    """All that was typed into such a form; a prompt in two fields is one text again."""
    said = values.get("prompt", "") + values.get("rest", "")
    return "\n".join(filter(None, [said, *(values.get(name, "") for name in ("title", "tags", "avoid", "at"))]))


@asynccontextmanager
async def giving_back(interaction: discord.Interaction[MusicBot], typed: str, *again: Button) -> AsyncIterator[None]:
    """If a filled-in form is refused, say why and return what was typed, lest it is lost; not if it holds a secret.

    The refusal ends here: whatever needs what was asked for stands inside.
    """
    try:
        yield
    except (Refused, RuleError, WishError) as error:
        if not typed or find_secret(typed):
            raise
        words = words_of(interaction)
        sentence, view = texts.refusal(error, words), view_of(again)
        if asker_of(interaction).attachment_limit_bytes:
            content = BytesIO(typed.encode(errors="replace"))
            file = discord.File(content, filename="text.txt", description=words("What you wrote"))
            await say(interaction, f"{sentence} {words(texts.TYPED)}", view=view, files=[file])
            return
        await say(interaction, sentence, view=view)
        for piece in quoted(typed):
            await say(interaction, piece)


async def answer_and_tell(interaction: discord.Interaction[MusicBot], sentence: str, telling: Awaitable[bool]) -> None:
    """Say in the private message that was pressed what was done, and tell the member it concerns.

    They hear of it whether or not this answer gets through; if they can't be told, that is said, too.
    """
    try:
        await interaction.response.edit_message(content=sentence, embed=None, view=None, attachments=[])
    finally:
        is_told = await telling
    if not is_told:
        await say(interaction, words_of(interaction)(texts.NOT_TOLD))


async def tell_decided(interaction: discord.Interaction[MusicBot], act: Act, task: MusicTask) -> bool:
    """Tell a member what a moderator has decided about their task; return False where they can't be told.

    It is told to nobody about their own task, nor to those who want to hear of nothing.
    """
    if task.user_id == interaction.user.id or act not in TOLD:
        return True
    if (await interaction.client.service.preferring.get(task.user_id)).telling is Telling.SILENT:
        return True
    told = words_for(task.locale)(TOLD[act], server=await server_name(interaction), song=named(task))
    message = await tell(interaction.client, task.user_id, "\n".join(filter(None, (told, jump_url(task)))))
    if message is not None:  # it names the task, so it goes when the task is erased
        await interaction.client.service.library.told(task, message.channel.id, message.id)
    return message is not None


def quoted(text: str) -> list[str]:
    """A whole text of a member in quotes that fit a message each."""
    return packed(quoted_lines(text, LINE_CHARS), "\n", MESSAGE_CHARS)


def named(task: MusicTask) -> str:
    """A task by its name, within a sentence."""
    return inline(title_of(task), NAME_CHARS)


def check_own(interaction: discord.Interaction[MusicBot], owner: int) -> None:
    """Only its member sees a private panel; another person who presses it is refused.

    Raises:
        Refused: it is.
    """
    if interaction.user.id != owner:
        raise Refused(Reason.NOT_YOURS)


def picked_task(value: str) -> TaskId:
    """The task that was picked from a list; typed words name none.

    Raises:
        Refused: no task has such an id.
    """
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise Refused(Reason.NOT_FOUND)
    return TaskId(int(value))


def picked_take(value: str) -> tuple[TaskId, int | None]:
    """The task that was picked from a list, and which take of it if that was said: `12:2`.

    Raises:
        Refused: no task has such an id.
    """
    task, colon, take = value.partition(":")
    if colon and not re.fullmatch(r"[0-9]{1,2}", take):
        raise Refused(Reason.NOT_FOUND)
    return picked_task(task), int(take) if colon else None
