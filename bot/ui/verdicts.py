"""What an error of Discord means for delivery: the table of `docs/architecture.md`, section 7, in code."""

import asyncio
from collections.abc import Mapping
from enum import Enum, auto
from http import HTTPStatus

import aiohttp
import discord


class Verdict(Enum):
    """What to do after Discord refused something."""

    TOKEN_GONE = auto()
    """The interaction token is dead: edit by channel and message id."""
    TOKEN_BUSY = auto()
    """Nothing gets through by the token for now: edit by channel and message id."""
    NO_CARD = auto()
    """There was never one: the task began with a late answer."""
    CARD_DELETED = auto()
    """The message was deleted: never post into this channel again."""
    NO_CHANNEL = auto()
    """No way into the channel."""
    FORBIDDEN = auto()
    """A permission is missing: perhaps only the one for files."""
    NO_DM = auto()
    """Direct messages are closed."""
    TOO_LARGE = auto()
    """Without the files it fits."""
    BAD_REFERENCE = auto()
    """Not as a reply."""
    ARCHIVED = auto()
    """The thread is archived: a new message opens it again."""
    TOO_MANY_EDITS = auto()
    """The message is too old to be edited so often: a new one for a final card."""
    BAD_PAYLOAD = auto()
    """Our mistake: the plainest card."""
    UNREAD = auto()
    """Whether a message is there can't be told: nothing may be read, or too much has been said since."""
    LATER = auto()
    """A passing failure."""


BY_CODE: Mapping[int, Verdict] = {
    50027: Verdict.TOKEN_GONE,
    10015: Verdict.TOKEN_GONE,
    10062: Verdict.TOKEN_GONE,
    10008: Verdict.CARD_DELETED,
    10003: Verdict.NO_CHANNEL,
    10004: Verdict.NO_CHANNEL,
    50001: Verdict.NO_CHANNEL,
    50013: Verdict.FORBIDDEN,
    50007: Verdict.NO_DM,
    50278: Verdict.NO_DM,
    40005: Verdict.TOO_LARGE,
    50083: Verdict.ARCHIVED,
    160002: Verdict.BAD_REFERENCE,
    160005: Verdict.NO_CHANNEL,
    30046: Verdict.TOO_MANY_EDITS,
    50035: Verdict.BAD_PAYLOAD,
    # what passes, whatever the status says
    20026: Verdict.LATER,
    20028: Verdict.LATER,
    40003: Verdict.LATER,
    40004: Verdict.LATER,
    40006: Verdict.LATER,
    130000: Verdict.LATER,
}

BY_STATUS: Mapping[int, Verdict] = {
    401: Verdict.LATER,  # the bot's own token was reset: that says nothing about any card
    403: Verdict.FORBIDDEN,
    404: Verdict.NO_CHANNEL,
    413: Verdict.TOO_LARGE,
    429: Verdict.LATER,
}

PASSING = (aiohttp.ClientError, asyncio.TimeoutError, OSError, discord.RateLimited, discord.DiscordServerError)


def verdict_of(error: Exception) -> Verdict | None:
    """The meaning of what discord.py raised; None for what is no answer of Discord at all."""
    if isinstance(error, PASSING):
        return Verdict.LATER
    if not isinstance(error, discord.HTTPException):
        return None
    if error.code in BY_CODE:
        return BY_CODE[error.code]
    return _by_status(error.status)


def _by_status(status: int) -> Verdict:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict.LATER
    return BY_STATUS.get(status, Verdict.BAD_PAYLOAD)


def may_be_sent(error: Exception) -> bool:
    """Whether a message may have reached Discord all the same; not if it never left, or was plainly refused."""
    if isinstance(error, discord.HTTPException):
        return error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not isinstance(error, discord.RateLimited | aiohttp.ClientConnectorError)
