"""What `sandbox/page.py` takes from inside simcord: fails when a new version changes it. Needs no browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from discord.ext import commands
from simcord.backend.cdn import CDN_BASE
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.preview import Preview
from simcord.preview._markdown import markdown_tokens
from simcord.preview._media import MediaInfo, MediaWorker

from sandbox.cover import cover_png
from sandbox.page import LIVELY_S, REDRAW_EVERY_S, LivePage, RememberingWorker, trim_records

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


class World:
    """A simulated Discord with one person and one page."""

    def __init__(self, env: Env, channel: ChannelHandle, preview: Preview) -> None:
        self.env, self.channel, self.preview = env, channel, preview
        self.wall = NOW
        self.page = preview._open_page()
        self.sequence = 0

    def live(self) -> LivePage:
        return LivePage(self.env, self.preview, wall_clock=lambda: self.wall)

    async def say(self, text: str) -> None:
        """Let the bot say something."""
        await self.env.bot.get_partial_messageable(self.channel.id).send(text)

    async def send(self, text: str, *, revision: int) -> dict[str, Any]:
        """What the browser posts when somebody writes a message on a page of that revision."""
        self.sequence += 1
        return await self.preview._action(
            self.page.id,
            {
                "protocol_version": 3,
                "sequence": self.sequence,
                "request_id": f"request-{self.sequence}",
                "generation": self.page.generation,
                "bot_generation": self.env._generation,
                "published_revision": revision,
                "kind": "send_message",
                "content": text,
            },
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    env = Env(commands.Bot(command_prefix=[], intents=discord.Intents.none()))
    await env.start()
    guild = env.create_guild("Studio")
    channel = guild.create_text_channel("songs")
    alice = guild.add_member(env.create_user("Alice", avatar="face"))
    pictures = {f"{CDN_BASE}/avatars/{alice.id}/face.png": ("face.png", cover_png("Alice"))}
    async with env.preview(channel, viewers=[alice], layout="channel", assets=pictures) as preview:
        yield World(env, channel, preview)
    await env.shutdown()


async def test_simcord_itself_refuses_a_click_on_an_older_drawing(world: World) -> None:
    seen = world.page.revision
    await world.preview.refresh()

    answer = await world.send("hello", revision=seen)

    assert answer["rejected"], "no longer needed: sandbox/page.py can let go of _action and _pages"


async def test_a_click_on_an_older_drawing_counts(world: World) -> None:
    world.live()
    seen = world.page.revision
    await world.preview.refresh()

    answer = await world.send("hello", revision=seen)

    assert not answer["rejected"]
    assert [message.content for message in world.channel.history()] == ["hello"]


async def test_a_page_that_is_gone_is_refused_as_before(world: World) -> None:
    world.live()
    world.preview._close_page(world.page.id)

    with pytest.raises(SetupError):
        await world.send("hello", revision=1)


async def test_the_simulated_clock_follows_the_wall_clock(world: World) -> None:
    live = world.live()
    await live.tick()
    assert world.env.now() == NOW

    world.wall += timedelta(seconds=90)
    await live.tick()
    assert world.env.now() == NOW + timedelta(seconds=90)


async def test_a_wall_clock_before_the_simulation_is_followed_at_a_distance(world: World) -> None:
    world.wall = datetime(2020, 1, 1, tzinfo=UTC)
    begun = world.env.now()
    live = world.live()

    world.wall += timedelta(seconds=90)
    await live.tick()

    assert world.env.now() - begun == timedelta(seconds=90)


async def test_the_page_is_drawn_again_when_the_bot_did_something_and_else_now_and_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.page.REST", 0)
    live = world.live()
    await live.tick()
    drawn = world.page.revision

    await live.tick()
    assert world.page.revision == drawn

    await world.say("something new")
    await live.tick()
    assert world.page.revision == drawn + 1

    world.wall += timedelta(seconds=REDRAW_EVERY_S)
    await live.tick()
    assert world.page.revision == drawn + 2

    world.wall += timedelta(seconds=LIVELY_S)
    await live.tick()
    assert world.page.revision == drawn + 2


async def test_the_bot_is_left_alone_after_a_drawing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.page.REST", 1_000_000)
    live = world.live()
    await live.tick()
    drawn = world.page.revision

    await world.say("something new")
    await live.tick()

    assert world.page.revision == drawn


async def test_old_records_are_forgotten(world: World) -> None:
    for number in range(5):
        await world.say(str(number))

    trim_records(world.env, keep=2)

    assert [entry.json["content"] for entry in world.env.http_requests if entry.json] == ["3", "4"]
    assert len(world.env.backend.transcript) == 2


@pytest.mark.parametrize("text", ["embed_description", "embed_field_value"])
async def test_mentions_in_embeds_are_drawn(world: World, text: str) -> None:
    world.live()

    drawn = str(markdown_tokens("For <@12>", text, context={"users": {"12": "Alice"}}))

    assert "@Alice" in drawn


async def test_a_file_is_examined_once_however_many_look_at_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    examined: list[str] = []

    async def examine(_self: MediaWorker, key: str, _blob: bytes, _media_time: float | None) -> MediaInfo:
        examined.append(key)
        return MediaInfo("mp3", 0, 0, 0, 0, b"", "audio/mpeg")

    monkeypatch.setattr(MediaWorker, "_decode", examine)
    monkeypatch.setattr("sandbox.page.MEDIA_KEPT", 2)
    world.live()
    worker = world.preview._media_worker
    assert worker is not None

    for key in ("first", "first", "second", "first", "third", "second"):
        await worker.validate(key, b"song")

    assert examined == ["first", "second", "third", "second"]


async def test_simcord_asks_that_worker(world: World) -> None:
    world.live()
    worker = world.preview._media_worker
    assert isinstance(worker, RememberingWorker)
    picture = next(id_ for id_, asset in world.page.assets.items() if asset.available)

    await world.preview._prepare_asset(world.page.id, picture)

    assert len(worker._known) == 1
