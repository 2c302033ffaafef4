"""What the operator is told in Discord: that no wishes are taken, why, and when that is over."""

import logging

import discord
from discord.utils import format_dt

from bot.domain.outage import Notice
from bot.ui import texts
from bot.ui.reach import Lost, Reach, attempt
from bot.ui.words import Words, words_for

log = logging.getLogger(__name__)


class OperatorDesk:
    """Sends each message to a channel or a person. Implements `bot.engine.ports.OperatorDesk`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def tell(self, notice: Notice) -> None:
        """See `OperatorDesk.tell`."""
        client, receiver = self._reach.client, notice.receiver
        try:
            if receiver.is_channel:
                place: discord.abc.Messageable = client.get_partial_messageable(receiver.id)
            else:
                place = await attempt(client.create_dm(discord.Object(receiver.id)))
            await attempt(place.send(_sentence(notice, self._words(notice)), nonce=_nonce(notice)))
        except Lost as lost:
            setting = "OPERATOR_CHANNEL" if receiver.is_channel else "OPERATOR_IDS"
            facts = {"setting": setting, "id": receiver.id, "reason": lost.verdict.name.lower()}
            log.warning("operator can't be told", extra=facts)

    def _words(self, notice: Notice) -> Words:
        """The language of the channel's server; a person's is not known."""
        channel = self._reach.client.get_channel(notice.receiver.id) if notice.receiver.is_channel else None
        guild = getattr(channel, "guild", None)
        return words_for(str(guild.preferred_locale) if guild else "en-US")


def _sentence(notice: Notice, words: Words) -> str:
    since = format_dt(notice.since, "f")
    if notice.ended_at is None:
        why = words(texts.OUTAGE_FOR_OPERATOR[notice.cause])
        return f"{why} {words(texts.OUTAGE_BEGUN, since=since)}"
    return f"{words(texts.OUTAGE_OVER[notice.cause])} {words(texts.OUTAGE_ENDED, since=since)}"


def _nonce(notice: Notice) -> str:
    """Names a message, so that sending it twice within a few minutes makes one; at most 25 characters."""
    moment = notice.ended_at or notice.since
    end = "e" if notice.ended_at else "b"
    return f"o{notice.cause[0]}{end}{int(moment.timestamp()):x}-{notice.receiver.id % 10**10}"
