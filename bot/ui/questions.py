"""What is asked back before anything costs: what was understood of a reply."""

from collections.abc import Iterator, Sequence

import discord

from bot.domain.tasks import MusicTask, State
from bot.service import title_of
from bot.ui import texts
from bot.ui.card import Button, Card, Press
from bot.ui.cards import COLOURS, PROMPT_SHOWN_CHARS, TITLE_CHARS
from bot.ui.escape import inline, quote
from bot.ui.takes import TAKE
from bot.ui.words import Words


def draft_card(
    *,
    draft_id: int,
    parent: MusicTask,
    prompt: str | None,
    at_s: float | None,
    take: int | None = None,
    price: str | None,
    words: Words,
    choices: Sequence[float | None] | None = None,
) -> Card:
    """What was understood of a reply, before it costs anything.

    `choices` are the moments that may be meant, if that is not clear: one has to be chosen before it can start.
    """
    lines = [words("Continue **{song}**?", song=inline(title_of(parent), TITLE_CHARS))]
    if take is not None:
        lines.append(words(TAKE, number=take))
    lines.append(_start(at_s, choices, words))
    lines.append(quote(prompt, PROMPT_SHOWN_CHARS) if prompt else words("With the same words as before."))
    if price:
        lines += ["", price]
    return Card(
        embed=discord.Embed(
            title=words("Did I understand you?"), description="\n".join(lines), colour=COLOURS[State.QUEUED]
        ),
        buttons=(
            *_go_on(draft_id, choices, words),
            Button(label=words("Edit"), press=Press.EDIT_DRAFT, subject=draft_id),
            Button(label=words("Cancel"), press=Press.DROP_DRAFT, subject=draft_id),
        ),
    )


def _start(at_s: float | None, choices: Sequence[float | None] | None, words: Words) -> str:
    if choices is not None:
        return words(texts.FROM_WHICH if choices else texts.FROM_UNKNOWN)
    return words("From: {time}", time=texts.clock_time(at_s)) if at_s is not None else words("From: the end")


def _go_on(draft_id: int, choices: Sequence[float | None] | None, words: Words) -> Iterator[Button]:
    """Start, or the moments that may be meant."""
    if choices is None:
        yield Button(label=words("Start"), press=Press.START_DRAFT, subject=draft_id, style=discord.ButtonStyle.success)
    for at_s in choices or ():
        yield Button(
            label=_named(at_s, words),
            press=Press.DRAFT_FROM,
            subject=draft_id,
            number=None if at_s is None else round(at_s * 1000),
            style=discord.ButtonStyle.primary,
        )


def _named(at_s: float | None, words: Words) -> str:
    return words("The end") if at_s is None else texts.clock_time(at_s)
