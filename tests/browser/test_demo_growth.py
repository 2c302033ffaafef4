"""The demo runs for hours: its channel stays short, and it says when its memory has had enough. Needs no browser."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord.ext import commands

from bot.app import App
from bot.domain.tasks import State
from sandbox import demo
from sandbox.demo_studio import MESSAGES_KEPT, Studio, StudioClock, open_studio
from sandbox.page import LivePage

PATIENCE_S = 5


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    bot = commands.Bot(command_prefix=[], intents=discord.Intents.none())
    opened = open_studio(bot, StudioClock())
    made: asyncio.Queue[Studio] = asyncio.Queue()
    done = asyncio.Event()

    async def live() -> None:  # one task from start to end: simcord's clock belongs to one context
        async with opened as studio:
            made.put_nowait(studio)
            await done.wait()

    living = asyncio.create_task(live())
    yield await made.get()
    done.set()
    await living


def contents(studio: Studio) -> list[str]:
    return [message.content for message in studio.channel.history()]


async def test_a_long_channel_loses_its_oldest_messages_but_the_first(studio: Studio) -> None:
    await studio.say_what_to_try(song_s=15)
    for number in range(MESSAGES_KEPT + 20):
        await studio.say(str(number))

    studio.tidy()

    first, *others = contents(studio)
    assert first.startswith("**Ask:**")
    assert others == [str(number) for number in range(20, MESSAGES_KEPT + 20)]


async def test_a_short_channel_is_left_alone(studio: Studio) -> None:
    await studio.say_what_to_try(song_s=15)
    studio.tidy()
    assert len(contents(studio)) == 1


async def test_the_page_asks_for_a_restart_once_in_so_many_songs(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "SONGS_BEFORE_RESTART", 3)
    monkeypatch.setattr(demo, "KEEP_SMALL_EVERY_S", 0.001)
    made = iter([7, 7, 9, 10, 11, 12])  # seven are from an earlier run
    stop = asyncio.Event()

    async def counts() -> dict[State, int]:
        if (count := next(made, None)) is None:
            stop.set()
            return {State.COMPLETED: 12}
        return {State.COMPLETED: count}

    app = cast(App, SimpleNamespace(stores=SimpleNamespace(tasks=SimpleNamespace(counts=counts))))
    live = cast(LivePage, SimpleNamespace(lock=asyncio.Lock()))
    running: Any = demo._keep_small(app, studio, live, stop)
    await asyncio.wait_for(running, PATIENCE_S)

    said = contents(studio)
    assert len(said) == 1
    assert said[0].startswith("3 songs were made here")
