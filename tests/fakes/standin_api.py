"""A plain client of the TokenLab stand-in, and a clock that moves when told. Holds no rules of its own."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import aiohttp

from sandbox.recording import Recording
from sandbox.tokenlab import StandIn
from sandbox.tune import Jukebox, compose, encode_mp3, render

SONG = {"model": "suno-music", "mv": "chirp-v4", "action": "MUSIC", "prompt": "Slow harbour blues"}
LYRICS = {"model": "suno-lyrics", "action": "LYRICS", "prompt": "A lighthouse keeper"}
CREATE = "/v1/music/generations"
ONE_SHORT_TAKE: dict[str, Any] = {"takes": 1, "long_songs": False, "late_every": 0}
"""Options for what most tests need: songs of one take, made in no time."""


@cache
def tune() -> bytes:
    """A song, rendered once for all tests: that is what takes time."""
    return encode_mp3(render(compose("Slow harbour blues")))


class OneTune(Jukebox):
    """Plays the same tune whatever is asked for."""

    async def audio(self, name: str, kind: str, plan: Callable[[], Recording]) -> bytes:
        return tune()


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now_s = 1_785_000_000.0

    def __call__(self) -> float:
        return self.now_s

    def tick(self, seconds: float) -> None:
        self.now_s += seconds


class Api:
    """A plain client of the stand-in, with and without the key."""

    def __init__(self, standin: StandIn, session: aiohttp.ClientSession) -> None:
        self.standin = standin
        self.session = session

    async def ask(
        self, method: str, path: str, *, key: str | None = "", body: object = None, timeout_s: float = 10
    ) -> tuple[int, Any]:
        token = self.standin.key if key == "" else key
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = path if path.startswith("http") else self.standin.api_base + path
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        async with self.session.request(
            method, url, json=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            text = await answer.text()
            self.headers = answer.headers
            return answer.status, json.loads(text) if answer.content_type == "application/json" and text else text

    async def create(self, **changes: object) -> Any:
        status, body = await self.ask("POST", "/v1/music/generations", body={**SONG, **changes})
        assert status == 200, body
        return body

    async def look(self, task_id: str) -> Any:
        status, body = await self.ask("GET", f"/v1/tasks/{task_id}")
        assert status == 200, body
        return body

    async def finished(self, **changes: object) -> Any:
        created = await self.create(**changes)
        self.standin.finish(created["id"])
        return await self.look(created["id"])

    async def download(self, url: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self.session.get(url, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read(), answer.headers


MakeApi = Callable[..., Awaitable[Api]]


@asynccontextmanager
async def standins(clock: Clock) -> AsyncIterator[MakeApi]:
    """Give a function that starts a stand-in on that clock; all of them are stopped at the end.

    Songs are all the same unless it `renders` them.
    """
    started: list[StandIn] = []
    async with aiohttp.ClientSession() as session:

        async def make(*, renders: bool = False, **options: Any) -> Api:
            standin = StandIn(clock=clock, **{**ONE_SHORT_TAKE, **options})
            if not renders:
                standin._media._jukebox = OneTune()
            await standin.start()
            started.append(standin)
            return Api(standin, session)

        yield make
    for standin in started:
        await standin.stop()
