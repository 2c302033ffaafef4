"""The rules of a server, as its admins change them, and the words that it keeps out."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bot.domain.audit import Act, Deed
from bot.domain.filters import filter_of
from bot.domain.limits import below_use
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import EVERYWHERE, Rules, Server
from bot.domain.wishes import normalise
from bot.service.parts import Parts


class Ruling:
    """Reads and changes the rules of a server; who may is decided by Discord, which offers the command."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def get(self, guild_id: int) -> Server:
        """A server with the rules that hold now."""
        return await self._parts.servers.get(guild_id)

    async def change(self, guild_id: int, actor_id: int, **changes: Any) -> Mapping[str, int | Decimal]:  # noqa: ANN401 -- fields of `Rules`
        """Change some of the rules; gives how much is in use of each limit among them that is now lower than that.

        Raises:
            Refused: a model that does not make music.
        """
        if (model := changes.get("model")) is not None:
            changes["model"] = self._parts.music_model(model).id
        deed = Deed(act=Act.RULES, guild_id=guild_id, actor_id=actor_id)
        server = await self._parts.servers.change_rules(guild_id, changes, deed)
        self._parts.on_queued()  # there may be room for more now
        in_use = await self._parts.tasks.in_use(guild_id)
        return {name: in_use[name] for name in below_use(server.rules, in_use) if name in changes}

    async def lost_by(self, guild_id: int, keep_days: int | None) -> int:
        """How many of a server's wishes would be erased if it kept them for so many days; None is for good."""
        kept = (await self.get(guild_id)).rules.keep_days
        if keep_days is None or (kept is not None and keep_days >= kept):
            return 0
        return await self._parts.erasures.older(guild_id, self._parts.clock() - timedelta(days=keep_days))

    async def entry_in(self, guild_id: int, text: str) -> str | None:
        """Which word or pattern of a server would refuse a text; nothing is kept of it."""
        return await _entry_in((await self.get(guild_id)).rules, normalise(text))

    def usable_model(self, rules: Rules) -> str | None:
        """The model of a server; None if it has none, or if that is known to make no music any more."""
        return self._parts.usable_model(rules.model)


async def check_words(parts: Parts, server: Server, texts: Mapping[WishPart, str | None]) -> None:
    """Let no text pass that holds what the operator or the server keeps out, without saying what that is.

    Raises:
        Refused: one does.
    """
    everywhere = server if server.guild_id == EVERYWHERE else await parts.servers.get(EVERYWHERE)
    for one, reason in ((everywhere, Reason.FORBIDDEN_BY_OPERATOR), (server, Reason.FORBIDDEN_WORD)):
        for part, text in texts.items():
            if text and await _entry_in(one.rules, text) is not None:
                raise Refused(reason, part)


async def _entry_in(rules: Rules, text: str) -> str | None:
    """In a thread: a search that takes long, whatever an admin thought of, holds up nobody else."""
    if not rules.words and not rules.patterns:
        return None
    return await asyncio.to_thread(lambda: filter_of(rules.words, rules.patterns).find(text))
