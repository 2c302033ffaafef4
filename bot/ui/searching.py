"""Finds a card whose creation was never confirmed; deletes expired confirmation prompts."""

import discord
from discord.http import Route

from bot.domain.tasks import MusicTask
from bot.ui.buttons import presses_in
from bot.ui.card import Press
from bot.ui.reach import Lost, Reach, attempt
from bot.ui.verdicts import Verdict


class CardSearch:
    """Knows a card by its buttons. Implements `bot.engine.ports.Search`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def find_card(self, task: MusicTask) -> int | None:
        """See `Search.find_card`."""
        try:
            if task.message_id is not None:  # the card is a message that was there before
                known = await attempt(self._reach.channel(task).fetch_message(task.message_id))
                return task.message_id if (Press.CANCEL, task.id) in presses_in(known) else None
            if self._reach.token_lives(task):
                return await self._original(task)
        except Lost as lost:
            if lost.verdict not in {Verdict.TOKEN_GONE, Verdict.TOKEN_BUSY}:
                return None
        return await self._answer(task)

    async def remove(self, channel_id: int, message_id: int) -> None:
        """See `Search.remove`."""
        await self._reach.remove(channel_id, message_id)

    async def _original(self, task: MusicTask) -> int | None:
        """The answer to the interaction, if it carries this task's buttons."""
        client = self._reach.client
        route = Route(
            "GET",
            "/webhooks/{application_id}/{interaction_token}/messages/@original",
            application_id=client.application_id,
            interaction_token=task.interaction_token,
        )
        data = await self._reach.by_token(client.http.request(route))
        ids = {child.get("custom_id") for row in data.get("components", ()) for child in row.get("components", ())}
        return int(data["id"]) if f"encore:{Press.CANCEL}:{task.id}" in ids else None

    async def _answer(self, task: MusicTask) -> int | None:
        """The card among the messages since the command."""

        def fits(message: discord.Message) -> bool:
            return (Press.CANCEL, task.id) in presses_in(message)

        asked_at = discord.utils.snowflake_time(task.interaction_id) if task.interaction_id else task.created_at
        try:
            found = await self._reach.find_own(self._reach.channel(task), asked_at, fits)
        except Lost:
            return None
        return found.id if found is not None else None
