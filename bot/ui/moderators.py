"""Who counts as a moderator, and how members are told about moderation of their tasks."""

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import discord

from bot.domain.refusals import Reason, Refused
from bot.service import Asker
from bot.ui.buttons import custom_ids_in
from bot.ui.client import asker_of
from bot.ui.escape import inline
from bot.ui.forms import FORM_PREFIX
from bot.ui.verdicts import verdict_of

log = logging.getLogger(__name__)

T = TypeVar("T")

NAME_CHARS = 100
LET_IN_FOR = timedelta(hours=1)
"""How long a press in a private answer counts without a permission: rights may have been taken away meanwhile."""


def moderator_of(interaction: discord.Interaction) -> Asker:
    """Who asks, as a moderator of the server they are in.

    Who may manage messages in all of it is one. So is a member whom Discord let use a command for moderators, for a
    server's admins decide that in its Integrations; and who presses something in the private answer to such a command:
    nobody else sees it, and Discord tells with the press what it carries. Who may manage the messages of this
    channel alone is none: that is no right over others' channels.

    Raises:
        Refused: they are none.
    """
    asker = asker_of(interaction)
    if asker.guild_id is None or not (moderates_all(interaction) or was_let_in(interaction)):
        raise Refused(Reason.MODERATOR_ONLY)
    return replace(asker, is_moderator=True)


def known_guild(interaction: discord.Interaction) -> discord.Guild | None:
    """The server, if Discord has told us of its channels and roles: every server has a role at least."""
    return interaction.guild if interaction.guild is not None and interaction.guild.roles else None


def moderates_all(interaction: discord.Interaction) -> bool:
    """Whether a member's roles let them manage messages in the whole server, whatever holds in this channel.

    Of a server that Discord has not told us about yet, only the channel's right is known.
    """
    if known_guild(interaction) is None or not isinstance(interaction.user, discord.Member):
        return bool(interaction.guild_id and interaction.permissions.manage_messages)
    return interaction.user.guild_permissions.manage_messages


def was_let_in(interaction: discord.Interaction) -> bool:
    """Whether Discord let this member use the command, or they press something soon after in its private answer."""
    if interaction.type is discord.InteractionType.application_command:
        return not interaction.permissions.manage_messages or moderates_all(interaction)
    message = interaction.message
    if message is None or not message.flags.ephemeral:
        return False
    data: Mapping[str, object] = interaction.data or {}
    # a form has the name of its button or menu, and may carry more
    pressed = str(data.get("custom_id")).replace(FORM_PREFIX, "encore:", 1).replace("encore:menu:", "encore:", 1) + ":"
    known = (one.replace("encore:menu:", "encore:", 1) for one in custom_ids_in(message))
    is_there = any(pressed.startswith(f"{one}:") for one in known)
    return is_there and interaction.created_at - message.created_at < LET_IN_FOR


async def tell(client: discord.Client, user_id: int, sentence: str) -> discord.Message | None:
    """Tell a member something directly; None where their direct messages are closed, which is no trouble."""

    async def send() -> discord.Message:
        return await (await client.create_dm(discord.Object(user_id))).send(sentence)

    return await _reached(send())


async def post(interaction: discord.Interaction, sentence: str) -> bool:
    """Post a sentence where the interaction is; return whether that worked."""
    channel = interaction.channel
    return isinstance(channel, discord.abc.Messageable) and await _reached(channel.send(sentence)) is not None


async def discard(interaction: discord.Interaction, message_id: int) -> None:
    """Delete another message of ours, where the interaction is; one that is gone is no trouble."""
    if interaction.channel_id is not None:
        channel = interaction.client.get_partial_messageable(interaction.channel_id)
        await _reached(channel.get_partial_message(message_id).delete())


async def _reached(call: Awaitable[T]) -> T | None:
    try:
        return await call
    except Exception as error:
        if (verdict := verdict_of(error)) is None:
            raise
        log.info("message of a moderator's act was refused", extra={"verdict": verdict.name})
        return None


async def server_name(interaction: discord.Interaction) -> str:
    """What the server is called, within a sentence; Discord is asked where it has not told us yet."""
    guild = interaction.guild
    if guild is not None and not guild.name:
        guild = await _reached(interaction.client.fetch_guild(guild.id, with_counts=False))
    return inline(guild.name, NAME_CHARS) if guild is not None else str(interaction.guild_id or "?")
