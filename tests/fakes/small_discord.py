"""As much of discord.py's client as showing a task uses: one channel, one person, and refusals on demand."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import discord
from discord.utils import time_snowflake

from bot.domain.tasks import State
from bot.ui.reach import Reach
from tests.fakes.engine_fakes import SONG
from tests.fakes.rows import START, HandClock

ME = 1
DONE: dict[str, Any] = {"state": State.COMPLETED, "result": SONG, "interaction_token": None}


class FakeDiscord:
    """One channel and one person's direct messages; what is asked of them is remembered, or refused."""

    def __init__(self, **refusals: Exception) -> None:
        self.user = SimpleNamespace(id=ME)
        self.application_id = ME
        self.refusals = refusals
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.messages: list[Any] = []
        self.refuse_files: Exception | None = None
        self.edited: list[int] = []
        self.is_blind = False
        """Whether it may read nothing, which Discord answers with nothing."""
        self.id = 700

    def get_partial_messageable(self, _channel_id: int, *, guild_id: int | None = None) -> "FakeDiscord":
        return self

    def get_guild(self, _guild_id: int) -> None:
        return None

    def get_partial_message(self, message_id: int) -> "FakeDiscord":
        self.edited.append(message_id)
        self.created_at = discord.utils.snowflake_time(message_id)
        return self

    async def create_dm(self, _user: Any) -> Any:
        return self._do("create_dm", self, {})

    async def edit(self, **payload: Any) -> Any:
        return self._do("edit", self, payload)

    async def send(self, **payload: Any) -> Any:
        return self._do("send", SimpleNamespace(id=42, channel=self), payload)

    async def fetch_message(self, message_id: int, /) -> Any:
        return self._do("fetch_message", next(iter(self.messages), None), {})

    async def history(self, *, limit: int, after: discord.Object | None = None, **_order: Any) -> AsyncIterator[Any]:
        self._do("history", None, {})
        since = after.id if after is not None else 0
        readable = [] if self.is_blind else [one for one in self.messages if one.id > since]
        for one in readable[:limit]:
            yield one

    def _do(self, name: str, answer: Any, payload: dict[str, Any]) -> Any:
        self.asked.append((name, payload))
        if name in self.refusals:
            raise self.refusals[name]
        if self.refuse_files and payload.get("attachments"):
            raise self.refuse_files
        return answer

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


def reach(client: FakeDiscord) -> Reach:
    """The way to this Discord."""
    return Reach(client, HandClock())  # type: ignore[arg-type]  # as much of a client as is used


def message(
    author: int = ME,
    *,
    custom_id: str = "encore:cancel:1",
    answers: int | None = None,
    at: datetime = START,
    content: str = "",
    shows: int | None = None,
    attachments: Sequence[str] = (),
) -> Any:
    """A message of ours, or of somebody else; it may be a card that `shows` a task."""
    embeds = [discord.Embed().set_footer(text=f"suno-music · #{shows}")] if shows else []
    button = SimpleNamespace(custom_id=custom_id)
    reference = SimpleNamespace(message_id=answers) if answers else None
    row = SimpleNamespace(children=[button, SimpleNamespace()])
    return SimpleNamespace(
        id=time_snowflake(at),
        author=SimpleNamespace(id=author),
        components=[row],
        reference=reference,
        content=content,
        embeds=embeds,
        attachments=attachments,
        channel=SimpleNamespace(id=700),
    )
