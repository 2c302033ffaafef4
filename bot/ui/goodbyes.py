"""The last direct message: that everything of a member's is erased."""

import logging

import discord

from bot.domain.privacy import Erasure
from bot.ui import texts
from bot.ui.reach import Lost, attempt
from bot.ui.words import words_for

log = logging.getLogger(__name__)


class Goodbyes:
    """Tells members that they are erased. Implements `bot.engine.ports.Goodbyes`."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def tell(self, erasure: Erasure) -> None:
        """See `Goodbyes.tell`."""
        told = words_for(erasure.locale)(texts.ERASED)
        try:
            member = await attempt(self._client.create_dm(discord.Object(erasure.user_id)))
            asked_s = int(erasure.asked_at.timestamp())
            await attempt(member.send(told, nonce=f"e{asked_s:x}-{erasure.user_id % 10**15}"))
        except Lost as lost:
            log.info("member can't be told that all is erased", extra={"reason": lost.verdict.name})
