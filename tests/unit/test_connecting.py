"""How long Discord is waited for while it lets nobody in."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.ui import connecting


def refusal(told: str | None) -> discord.HTTPException:
    headers = {} if told is None else {"Retry-After": told}
    answer: Any = SimpleNamespace(status=429, reason="x", headers=headers)
    return discord.HTTPException(answer, {"code": 0, "message": "x"})


@pytest.mark.parametrize(
    ("told", "rest_s"),
    [
        (None, connecting.FIRST_REST_S),
        ("7.5", 7.5),
        ("86400", 86_400.0),
        ("1e9", 86_400.0),
        ("inf", 86_400.0),
        ("nan", connecting.FIRST_REST_S),
        ("-3", connecting.FIRST_REST_S),
        ("0", connecting.FIRST_REST_S),
        ("Wed, 21 Oct 2099 07:28:00 GMT", connecting.FIRST_REST_S),
    ],
)
async def test_a_delay_counts_as_far_as_it_makes_sense(
    monkeypatch: pytest.MonkeyPatch, told: str | None, rest_s: float
) -> None:
    rests: list[float] = []
    refusals = [refusal(told)]

    async def step() -> None:
        if refusals:
            raise refusals.pop()

    async def rest(delay_s: float) -> None:
        rests.append(delay_s)

    monkeypatch.setattr("asyncio.sleep", rest)
    await connecting.insist("commands", step)

    assert rests == [rest_s]
