"""Wraps Discord calls; maps each failure to a `Verdict`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

import discord
from discord.utils import time_snowflake

from bot.clock import Clock
from bot.domain.tasks import MusicTask
from bot.engine.ports import ShowLaterError
from bot.ui.patience import patiently
from bot.ui.verdicts import Verdict, may_be_sent, verdict_of

log = logging.getLogger(__name__)

T = TypeVar("T")
Place: TypeAlias = discord.PartialMessageable | discord.DMChannel

TOKEN_USE = timedelta(minutes=14)
"""Discord: the token works 15 minutes; the last one is left alone."""
CALL_S = 60.0
"""How long a call may take with all its waits for rate limits, unless it sends files: one that hangs holds up a job."""
SEARCH_MESSAGES = 500
SENT_WITHIN = timedelta(minutes=15)
"""How long after it was begun a message may still have been sent."""
CLOCKS_APART = timedelta(seconds=30)
"""How much Discord's clock may be behind ours."""


class Lost(Exception):  # noqa: N818 -- an answer of Discord, not a fault of the program
    """This way does not lead to the member."""

    def __init__(self, verdict: Verdict, code: int | None = None) -> None:
        super().__init__(verdict.name)
        self.verdict = verdict
        self.code = code
        """Discord's own, if it has said one."""


async def attempt(call: Awaitable[T], within_s: float | None = CALL_S) -> T:
    """Return the result of a call to Discord.

    Raises:
        Lost: this way is closed.
        ShowLaterError: a passing failure, or no answer in time.
    """
    try:
        async with asyncio.timeout(within_s):
            return await call
    except Exception as error:
        verdict = verdict_of(error)
        if verdict is None:
            raise
        if verdict is Verdict.LATER:
            raise ShowLaterError(getattr(error, "retry_after", None), may_be_sent=may_be_sent(error)) from error
        log.info(
            "Discord refused a message",
            extra={
                "verdict": verdict.name,
                "status": getattr(error, "status", None),
                "code": getattr(error, "code", None),
            },
        )
        raise Lost(verdict, getattr(error, "code", None)) from error


class Reach:
    """The places of a task in Discord, and what can be read there."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock

    def channel(self, task: MusicTask) -> discord.PartialMessageable:
        """Where the task was asked for."""
        return self.client.get_partial_messageable(task.channel_id, guild_id=task.guild_id)

    async def open_dm(self, task: MusicTask) -> discord.DMChannel:
        """The direct messages with its member; raises as `attempt` does."""
        return await attempt(self.client.create_dm(discord.Object(task.user_id)))

    def token_lives(self, task: MusicTask) -> bool:
        """Whether the interaction token can still be used."""
        return bool(task.interaction_token and task.token_at and self.clock() - task.token_at < TOKEN_USE)

    async def by_token(self, call: Awaitable[T], within_s: float | None = CALL_S) -> T:
        """As `attempt`, by an interaction's token; the channel is another way, so this one is not waited for.

        Raises:
            Lost: this way is closed, or busy.
        """
        try:
            return await attempt(patiently(call), within_s)
        except ShowLaterError as error:
            raise Lost(Verdict.TOKEN_BUSY) from error

    async def find_own(
        self, channel: Place, begun_at: datetime, fits: Callable[[discord.Message], bool]
    ) -> discord.Message | None:
        """The first message of ours that fits and may have been sent since a moment; None proves that there is none.

        Raises:
            Lost: nobody knows.
            ShowLaterError: a passing failure.
        """
        first, last = time_snowflake(begun_at - CLOCKS_APART), time_snowflake(begun_at + SENT_WITHIN)
        return await attempt(self._find_own(channel, first, last, fits))

    async def _find_own(
        self, channel: Place, first: int, last: int, fits: Callable[[discord.Message], bool]
    ) -> discord.Message | None:
        me, count = self.client.user, 0
        async for message in channel.history(limit=SEARCH_MESSAGES, after=discord.Object(first), oldest_first=True):
            count += 1
            if me is not None and message.author.id == me.id and fits(message):
                return message
            if message.id > last:
                return None
        if count == SEARCH_MESSAGES or not (count or await _can_read(channel)):
            raise Lost(Verdict.UNREAD)
        return None

    async def remove(self, channel_id: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone or out of reach is no trouble.

        Raises:
            ShowLaterError: a passing failure.
        """
        message = self.client.get_partial_messageable(channel_id).get_partial_message(message_id)
        try:
            await attempt(message.delete())
        except Lost as lost:
            log.info("message could not be deleted", extra={"reason": lost.verdict.name})


async def _can_read(channel: Place) -> bool:
    """Whether nothing is there if the answer is empty: it is so, too, without the right to read."""
    if isinstance(channel, discord.DMChannel):
        return True
    return bool([message async for message in channel.history(limit=1)])


def nonce(purpose: str, task: MusicTask) -> str:
    """Names a message, so that sending it twice within a few minutes makes one; at most 25 characters.

    What is delivered again has another name.
    """
    again = f"-{task.deliveries}" if task.deliveries else ""
    return f"{purpose}{task.state[0]}{task.attempt}-{task.id}{again}"


def mention_only(user_id: int) -> discord.AllowedMentions:
    """One person is notified, whatever the message says."""
    return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)])
