"""What several commands answer alike: the card of a wish, and choices while typing."""

import logging
from collections.abc import Awaitable, Sequence

import discord
from discord import app_commands

from bot.domain.tasks import MusicTask
from bot.domain.wishes import Wish
from bot.service import Service
from bot.tokenlab.models import ModelInfo
from bot.ui.buttons import view_of
from bot.ui.cards import render
from bot.ui.client import MusicBot, asker_of

log = logging.getLogger(__name__)

CHOICES_MAX = 25
CHOICE_CHARS = 100


async def show_card(interaction: discord.Interaction[MusicBot], wish: Wish) -> None:
    """Write the row, answer with its card in one round trip, and let it join the line.

    If Discord does not confirm the card, the row stays RECEIVED and the janitor settles it.
    """
    service = interaction.client.service
    task = await service.request(wish, asker_of(interaction))
    card = render(task, await service.place_of(task), interaction.client.card_rules)
    await confirm(service, task, interaction.response.send_message(embed=card.embed, view=view_of(card)))


async def confirm(
    service: Service, task: MusicTask, answering: Awaitable[discord.InteractionCallbackResponse[MusicBot] | None]
) -> None:
    """Answer with a card and let its task join the line; what is not known here, the janitor finds out."""
    try:
        answer = await answering
        message_id = task.message_id or (answer.message_id if answer is not None else None)
        if answer is not None and message_id is not None:
            await service.shown(task, message_id)
    except Exception as error:  # noqa: BLE001 -- perhaps it got through: nothing may be said to the contrary
        log.warning("card is not confirmed", extra={"task_id": task.id, "error": type(error).__name__})


def model_choices(models: Sequence[ModelInfo], current: str) -> list[app_commands.Choice[str]]:
    """The models whose name holds what was typed so far."""
    wanted = current.casefold().strip()
    names = [model.id for model in models if wanted in model.id.casefold() and len(model.id) <= CHOICE_CHARS]
    return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES_MAX]]
