"""A request by an interaction's token rests only so long; what it takes while it is under way does not count."""

import asyncio
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.ui import patience
from bot.ui.patience import patiently, wait_tracer


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)


async def repeated(pauses_s: list[float], *, work_s: float = 0.0, refusals: int = 99) -> list[int]:
    """Ask until the answer is no refusal, resting before each time; the server takes its time for each answer."""
    answers = [429] * refusals + [200]

    async def handle(_: web.Request) -> web.Response:
        await asyncio.sleep(work_s)
        return web.Response(status=answers.pop(0))

    app = web.Application()
    app.router.add_get("/", handle)
    seen: list[int] = []
    async with TestServer(app) as server, aiohttp.ClientSession(trace_configs=[wait_tracer()]) as session:

        async def ask() -> None:
            for pause_s in pauses_s:
                await asyncio.sleep(pause_s)
                async with session.get(server.make_url("/")) as answer:
                    seen.append(answer.status)
                    if answer.ok:
                        return

        try:
            await patiently(ask())
        except TimeoutError:
            seen.append(0)
    return seen


@pytest.mark.parametrize(
    ("pauses_s", "seen"),
    [
        ([0, 60], [429, 0]),  # told to wait
        ([60], [0]),  # its turn does not come
        ([0, *[0.15] * 9], [429, 429, 0]),  # all rests together
    ],
)
async def test_what_rests_too_long_is_given_up(pauses_s: list[float], seen: list[int]) -> None:
    assert await repeated(pauses_s) == seen


async def test_a_request_may_take_as_long_as_it_needs() -> None:
    assert await repeated([0, 0.01], work_s=0.3, refusals=1) == [429, 200]


async def test_a_rest_after_a_lost_connection_counts_as_well() -> None:
    async with aiohttp.ClientSession(trace_configs=[wait_tracer()]) as session:

        async def ask() -> None:
            with suppress(aiohttp.ClientError):
                await session.get("http://127.0.0.1:1/")
            await asyncio.sleep(60)

        with pytest.raises(TimeoutError):
            await patiently(ask())


async def test_other_requests_of_the_session_are_not_concerned() -> None:
    async with (
        TestServer(web.Application()) as server,
        aiohttp.ClientSession(trace_configs=[wait_tracer()]) as session,
        session.get(server.make_url("/")) as answer,
    ):
        assert answer.status == 404
