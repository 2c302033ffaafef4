"""Servers that the bot is added to: met with the limits of new ones, or turned away."""

import logging
from collections.abc import Set as AbstractSet

from bot.domain.rules import is_allowed
from bot.service.signals import Signals
from bot.store.servers import ServerStore

log = logging.getLogger(__name__)


class Guests:
    """Which servers the operator allows is decided here once, as they come; see `Admission` for those that are in."""

    def __init__(self, *, servers: ServerStore, signals: Signals, allowed: AbstractSet[int]) -> None:
        self._servers = servers
        self._signals = signals
        self._allowed = allowed

    async def joined(self, guild_id: int) -> None:
        """The bot was just added to a server."""
        if not is_allowed(guild_id, self._allowed):
            log.warning("server joined that is not in ALLOWED_SERVERS: it is left", extra={"guild_id": guild_id})
            self._signals.turned_away(guild_id)
            return
        rules = (await self._servers.meet(guild_id)).rules
        limits = {name: getattr(rules, name) for name in ("daily_per_member", "daily_per_server")}
        log.info("server joined", extra={"guild_id": guild_id} | limits)
