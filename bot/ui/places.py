"""What channels belong to: Discord is asked where it has not told us, as before a server is known."""

import asyncio
import logging
import time

import discord

from bot.ui.verdicts import verdict_of

log = logging.getLogger(__name__)

PATIENCE_S = 1.5
"""How long an answer is waited for: an interaction has to be answered within 3 s."""
KNOWN_FOR_S = 300.0
"""How long an answer counts: meanwhile the channel may have been moved."""
STEPS_MAX = 2
"""From a thread to its channel, and on to the category."""


class Places:
    """Finds what a channel belongs to, and remembers it for a while."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._parents: dict[int, tuple[int | None, float]] = {}
        """What each channel belongs to, and when that was told."""

    async def above(self, channel_id: int) -> frozenset[int]:
        """The channel of a thread, and the category of a channel; as much as Discord says in time."""
        found: set[int] = set()
        try:
            async with asyncio.timeout(PATIENCE_S):
                for _ in range(STEPS_MAX):
                    parent_id = await self._parent_of(channel_id)
                    if parent_id is None:
                        break
                    found.add(parent_id)
                    channel_id = parent_id
        except Exception as error:
            if verdict_of(error) is None:
                raise
            log.info("Discord does not say where a channel belongs", extra={"error": type(error).__name__})
        return frozenset(found)

    async def _parent_of(self, channel_id: int) -> int | None:
        now = time.monotonic()
        self._parents = {one: known for one, known in self._parents.items() if now - known[1] < KNOWN_FOR_S}
        if channel_id not in self._parents:
            told = (await self._client.http.get_channel(channel_id)).get("parent_id")
            self._parents[channel_id] = (int(told) if isinstance(told, str | int) else None, now)
        return self._parents[channel_id][0]
