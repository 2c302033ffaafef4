"""What is asked back before anything costs: what was understood of a reply."""

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
) -> Card:
    """What was understood of a reply, before it costs anything."""
    lines = [words("Continue **{song}**?", song=inline(title_of(parent), TITLE_CHARS))]
    if take is not None:
        lines.append(words(TAKE, number=take))
    if at_s is not None:
        lines.append(words("From: {time}", time=texts.clock_time(at_s)))
    else:
        lines.append(words("From: the end"))
    lines.append(quote(prompt, PROMPT_SHOWN_CHARS) if prompt else words("With the same words as before."))
    if price:
        lines += ["", price]
    return Card(
        embed=discord.Embed(
            title=words("Did I understand you?"), description="\n".join(lines), colour=COLOURS[State.QUEUED]
        ),
        buttons=(
            Button(label=words("Start"), press=Press.START_DRAFT, subject=draft_id, style=discord.ButtonStyle.success),
            Button(label=words("Edit"), press=Press.EDIT_DRAFT, subject=draft_id),
            Button(label=words("Cancel"), press=Press.DROP_DRAFT, subject=draft_id),
        ),
    )
