"""Who is erased is told directly, if there is a way."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import discord
import pytest

from bot.domain.privacy import Erasure
from bot.engine.ports import ShowLaterError
from bot.ui.goodbyes import Goodbyes
from tests.fakes.rows import START

ERASURE = Erasure(user_id=2**63 - 1, asked_at=START, locale="en-US")


class Line:
    """A client whose direct messages answer as a test wants."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[tuple[str, str]] = []

    async def create_dm(self, user: discord.Object) -> Any:
        return SimpleNamespace(send=self.send)

    async def send(self, content: str, *, nonce: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((content, nonce))


def refused(status: int, code: int, kind: type[discord.HTTPException] = discord.HTTPException) -> discord.HTTPException:
    return kind(Mock(status=status, reason="no"), {"code": code, "message": "no"})


async def test_the_member_is_told_with_a_nonce_that_discord_takes() -> None:
    line = Line()
    await Goodbyes(line).tell(ERASURE)  # type: ignore[arg-type]  # as much of a client as is needed
    ((said, nonce),) = line.sent
    assert "is erased" in said
    assert len(nonce) <= 25


async def test_closed_direct_messages_are_no_trouble() -> None:
    await Goodbyes(Line(refused(403, 50007, discord.Forbidden))).tell(ERASURE)  # type: ignore[arg-type]  # as above


async def test_a_passing_failure_is_for_later() -> None:
    with pytest.raises(ShowLaterError):
        await Goodbyes(Line(refused(503, 0, discord.DiscordServerError))).tell(ERASURE)  # type: ignore[arg-type]  # as above
