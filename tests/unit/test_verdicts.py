"""What each answer of Discord means for delivery."""

from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.ui.verdicts import BY_CODE, Verdict, may_be_sent, verdict_of


def refusal(status: int, code: int) -> discord.HTTPException:
    kinds: dict[int, type[discord.HTTPException]] = {403: discord.Forbidden, 404: discord.NotFound}
    kind = discord.DiscordServerError if status >= 500 else kinds.get(status, discord.HTTPException)
    answer: Any = SimpleNamespace(status=status, reason="x")
    return kind(answer, {"code": code, "message": "x"})


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (401, 50027, Verdict.TOKEN_GONE),
        (404, 10015, Verdict.TOKEN_GONE),
        (404, 10062, Verdict.TOKEN_GONE),
        (401, 0, Verdict.LATER),
        (404, 10008, Verdict.CARD_DELETED),
        (404, 10003, Verdict.NO_CHANNEL),
        (404, 10004, Verdict.NO_CHANNEL),
        (404, 0, Verdict.NO_CHANNEL),
        (403, 50001, Verdict.NO_CHANNEL),
        (403, 160005, Verdict.NO_CHANNEL),
        (403, 50013, Verdict.FORBIDDEN),
        (403, 0, Verdict.FORBIDDEN),
        (403, 50007, Verdict.NO_DM),
        (403, 50278, Verdict.NO_DM),
        (413, 40005, Verdict.TOO_LARGE),
        (413, 0, Verdict.TOO_LARGE),
        (400, 50035, Verdict.BAD_PAYLOAD),
        (400, 0, Verdict.BAD_PAYLOAD),
        (422, 0, Verdict.BAD_PAYLOAD),
        (400, 50083, Verdict.ARCHIVED),
        (403, 160002, Verdict.BAD_REFERENCE),
        (429, 30046, Verdict.TOO_MANY_EDITS),
        (429, 0, Verdict.LATER),
        (403, 20026, Verdict.LATER),
        (429, 20028, Verdict.LATER),
        (400, 40003, Verdict.LATER),
        (403, 40004, Verdict.LATER),
        (403, 40006, Verdict.LATER),
        (404, 130000, Verdict.LATER),
        (500, 0, Verdict.LATER),
        (503, 0, Verdict.LATER),
        (524, 0, Verdict.LATER),
    ],
)
def test_each_refusal_has_its_meaning(status: int, code: int, verdict: Verdict) -> None:
    assert verdict_of(refusal(status, code)) is verdict


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError(),
        ConnectionResetError(),
        TimeoutError(),
        OSError(),
        discord.RateLimited(31.0),
    ],
)
def test_trouble_on_the_way_passes(error: Exception) -> None:
    assert verdict_of(error) is Verdict.LATER


@pytest.mark.parametrize("error", [ValueError(), TypeError(), discord.ClientException()])
def test_what_is_no_answer_of_discord_has_no_verdict(error: Exception) -> None:
    assert verdict_of(error) is None


def test_every_verdict_can_be_reached() -> None:
    ours = {Verdict.NO_CARD, Verdict.TOKEN_BUSY, Verdict.UNREAD}
    assert {*BY_CODE.values(), *ours} == set(Verdict)


@pytest.mark.parametrize(
    ("error", "may_be"),
    [
        (refusal(401, 0), False),
        (refusal(429, 0), False),
        (discord.RateLimited(31.0), False),
        (aiohttp.ClientConnectorError(cast("Any", None), ConnectionRefusedError()), False),
        (refusal(503, 0), True),
        (aiohttp.ServerDisconnectedError(), True),
        (TimeoutError(), True),
    ],
)
def test_only_what_never_left_or_was_refused_is_surely_not_sent(error: Exception, may_be: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert may_be_sent(error) is may_be
