"""Which servers the bot is in, and how it leaves one: with a line that says why, where it may write one."""

import logging

import discord

from bot.engine.ports import ShowLaterError
from bot.ui import texts
from bot.ui.reach import Lost, attempt
from bot.ui.words import words_for

log = logging.getLogger(__name__)


class Memberships:
    """The servers of the bot. Implements `bot.engine.ports.Memberships`."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._told: set[int] = set()
        """Servers that were told, and could not be left yet."""

    def present(self) -> frozenset[int] | None:
        """See `Memberships.present`; those that are unavailable are among them."""
        return frozenset(guild.id for guild in self._client.guilds) if self._client.is_ready() else None

    async def leave(self, guild_id: int) -> None:
        """See `Memberships.leave`."""
        if (guild := self._client.get_guild(guild_id)) is None:
            return
        if guild_id not in self._told:
            await self._tell(guild)
        try:
            await attempt(guild.leave())
        except Lost as lost:
            log.info("server is gone already", extra={"guild_id": guild_id, "reason": lost.verdict.name})
        self._told.discard(guild_id)

    async def _tell(self, guild: discord.Guild) -> None:
        me = guild.get_member(self._client.user.id) if self._client.user else None
        if me is None or (channel := _writable(guild, me)) is None:
            return
        goodbye = words_for(str(guild.preferred_locale))(texts.LEAVING)
        try:
            await attempt(channel.send(goodbye, nonce=f"l{guild.id}"))
        except (Lost, ShowLaterError):
            log.info("server can't be told why it is left", extra={"guild_id": guild.id})
        else:
            self._told.add(guild.id)


def _writable(guild: discord.Guild, me: discord.Member) -> discord.TextChannel | None:
    """Where a line for everybody can be posted: the system channel, else the first text channel that is open to us."""
    channels = [guild.system_channel, *guild.text_channels]
    return next((one for one in channels if one is not None and _may_write(one, me)), None)


def _may_write(channel: discord.TextChannel, me: discord.Member) -> bool:
    may = channel.permissions_for(me)
    return may.view_channel and may.send_messages
