"""The ready ping: the one message that tells the requester, and how it is found again."""

from datetime import datetime
from functools import partial

import discord

from bot.domain.members import Telling
from bot.domain.tasks import MusicTask, State
from bot.engine.ports import CantLookError, Where
from bot.service import title_of
from bot.ui import texts
from bot.ui.card import Post, jump_url
from bot.ui.escape import inline
from bot.ui.reach import Lost, Reach, attempt, mention_only, nonce
from bot.ui.verdicts import Verdict
from bot.ui.words import Words, words_for


class ReadyPings:
    """Tells requesters. Implements `bot.engine.ports.Pings`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def ping(self, task: MusicTask, telling: Telling) -> Where | None:
        """See `Pings.ping`."""
        ways = [self._in_channel, self._directly]
        for way in reversed(ways) if telling is Telling.DM else ways:
            try:
                return await way(task)
            except Lost as lost:
                if lost.verdict not in {Verdict.NO_CHANNEL, Verdict.FORBIDDEN, Verdict.NO_DM}:
                    return None
        return None

    async def find_ping(self, task: MusicTask) -> Where | None:
        """See `Pings.find_ping`."""
        if task.ping_at is None:
            return None
        is_known = True
        for find in (self._find_in_channel, self._find_directly):
            try:
                if (found := await find(task, task.ping_at)) is not None:
                    return found.channel.id, found.id
            except Lost:
                is_known = False
        if not is_known:
            raise CantLookError
        return None

    async def _find_in_channel(self, task: MusicTask, begun_at: datetime) -> discord.Message | None:
        return await self._reach.find_own(self._reach.channel(task), begun_at, partial(_is_ping, task))

    async def _find_directly(self, task: MusicTask, begun_at: datetime) -> discord.Message | None:
        """It goes this way where its member wants it so, or where the channel does not take it."""
        try:
            channel = await self._reach.open_dm(task)
        except Lost:  # nor was anything sent there
            return None
        return await self._reach.find_own(channel, begun_at, partial(_is_ping, task))

    async def _directly(self, task: MusicTask) -> Where:
        return await _send(task, await self._reach.open_dm(task))

    async def _in_channel(self, task: MusicTask) -> Where:
        channel = self._reach.channel(task)
        if (reference := _reference_to_card(task)) is not None:
            try:
                return await _send(task, channel, reference)
            except Lost as lost:
                if lost.verdict not in {Verdict.BAD_REFERENCE, Verdict.BAD_PAYLOAD}:
                    raise
        return await _send(task, channel)


async def _send(
    task: MusicTask, channel: discord.abc.Messageable, reference: discord.MessageReference | None = None
) -> Where:
    """Leads to the card: as a reply to it, else by its link."""
    where = jump_url(task) if reference is None else None
    said = (f"<@{task.user_id}>", _said(task, words_for(task.locale)), where)
    payload: Post = {
        "content": " ".join(part for part in said if part),
        "nonce": nonce("p", task),
        "allowed_mentions": mention_only(task.user_id),
        "mention_author": False,
    }
    if reference is not None:
        payload["reference"] = reference
    sent = await attempt(channel.send(**payload))
    return sent.channel.id, sent.id


def _is_ping(task: MusicTask, message: discord.Message) -> bool:
    if message.reference is not None:
        return message.reference.message_id == task.message_id
    return message.content.startswith(f"<@{task.user_id}> ") and message.content.endswith(jump_url(task) or "")


def _reference_to_card(task: MusicTask) -> discord.MessageReference | None:
    if task.message_id is None:
        return None
    return discord.MessageReference(
        message_id=task.message_id, channel_id=task.channel_id, guild_id=task.guild_id, fail_if_not_exists=False
    )


def _said(task: MusicTask, words: Words) -> str:
    name = inline(title_of(task), 80)
    match task.state:
        case State.COMPLETED if task.kind.makes_audio:
            return words(texts.SONG_READY, song=name, time=texts.rough_time(task.inside_s))
        case State.COMPLETED:
            return words(texts.LYRICS_READY, song=name)
        case State.UNCERTAIN:
            return words(texts.WISH_UNCLEAR, song=name)
        case _:
            return words(texts.WISH_FAILED, song=name)
