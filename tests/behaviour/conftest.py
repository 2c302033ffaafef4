"""A whole world in one process: real discord.py on a simulated Discord, the stand-in, SQLite, and a clock by hand."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.env import Env

from bot.app import App, build
from bot.domain.tasks import MusicTask, State, TaskId
from bot.settings import Settings, load_settings
from sandbox.tokenlab import StandIn

TURNS_MAX = 40


class World:
    """Discord, TokenLab and the bot; `turn` and `advance` make things happen."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.changes = changes
        self.env: Env
        self.app: App
        self._stack = AsyncExitStack()
        self._app_stack = AsyncExitStack()
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def clock(self) -> datetime:
        """The virtual moment that Discord, TokenLab and the bot share."""
        if hasattr(self, "env"):
            self._now = self.env.now()
        return self._now

    def settings(self) -> Settings:
        values: dict[str, Any] = {
            "discord_token": "token",
            "tokenlab_api_key": self.standin.key,
            "tokenlab_api_base": self.standin.api_base,
            "database_url": f"sqlite+aiosqlite:///{self.folder / 'encore.db'}",
            "media_dir": self.folder / "media",
            "media_allow_private": True,
            "tokenlab_create_timeout_s": 1,
            "shard_count": 1,
        }
        return load_settings(_env_file=None, **{**values, **self.changes})

    async def __aenter__(self) -> "World":
        try:
            return await self._open()
        except BaseException:
            await self.__aexit__()
            raise

    async def _open(self) -> "World":
        self.standin = await self._stack.enter_async_context(
            StandIn(clock=lambda: self.clock().timestamp(), song_s=15, lyrics_s=6)
        )
        await self._build()
        self.env = Env(self.app.bot)
        self._stack.push_async_callback(self.env.shutdown)
        await self.env.start()
        guild = self.env.create_guild(name="Studio")
        self.guild = guild
        self.channel = guild.create_text_channel("songs")
        self.other_channel = guild.create_text_channel("lounge")
        self.alice = guild.add_member(self.env.create_user("Alice"))
        self.bob = guild.add_member(self.env.create_user("Bob"))
        moderator = guild.create_role("Moderator", permissions=discord.Permissions(manage_messages=True))
        self.mo = guild.add_member(self.env.create_user("Mo"), roles=[moderator])
        await self.app.catalogue.refresh()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        await self._app_stack.aclose()

    async def _build(self) -> None:
        self.app = await self._app_stack.enter_async_context(build(self.settings(), clock=self.clock))

    async def restart(self) -> None:
        """The process dies and comes back: nothing of it is left but the files."""
        await self._app_stack.aclose()
        self._app_stack = AsyncExitStack()
        await self._build()
        await self.env.restart_bot(self.app.bot)
        await self.app.catalogue.refresh()
        await self.app.engine.recover()

    async def turn(self) -> None:
        """One turn of every worker."""
        await self.app.engine.step()
        await self.env.settle()

    async def advance(self, seconds: float) -> None:
        """Let time pass, then let every worker have two turns: one to act, one to show."""
        await self.env.advance_time(seconds)
        await self.turn()
        await self.turn()

    async def until(self, state: State, task_id: int = 1, *, step_s: float = 6.0) -> MusicTask:
        """Let time pass until a task is in a state and its card shows that."""
        for _ in range(TURNS_MAX):
            task = await self.task(task_id)
            if task.state is state and task.shown_revision == task.revision:
                return task
            await self.advance(step_s)
        raise AssertionError(f"task {task_id} is {task.state}, not {state}")

    async def task(self, task_id: int = 1) -> MusicTask:
        task = await self.app.tasks.get(TaskId(task_id))
        assert task is not None
        return task

    def card(self, task: MusicTask) -> discord.Message:
        """The card as people see it now."""
        assert task.message_id is not None
        for channel in (self.channel, self.other_channel):
            for message in channel.history():
                if message.id == task.message_id:
                    return message
        raise AssertionError(f"no card of task {task.id}")

    def edits(self, method: str = "PATCH") -> list[Any]:
        return [entry for entry in self.env.http_requests if entry.method == method]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path) as made:
        yield made
        made.env.raise_errors()


@pytest.fixture(autouse=True)
def env(world: World) -> Env:
    """Shown to simcord's plugin, which gives each test this simulated Discord's clock and routes."""
    return world.env


def text_of(message: Any) -> str:
    """All words of a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", *(f"{f.name} {f.value}" for f in embed.fields)]
        parts.append(embed.footer.text or "")
    return "\n".join(parts)


def labels(message: Any) -> list[str]:
    """What the buttons of a message say."""
    return [child.label for row in message.components for child in getattr(row, "children", [])]
