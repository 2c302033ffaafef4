"""Limits how long a request by an interaction token waits for a rate limit; discord.py alone has no limit."""

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from http import HTTPStatus
from types import SimpleNamespace
from typing import TypeVar

import aiohttp

T = TypeVar("T")

PATIENCE_S = 3.0


class _Wait:
    """What is left of the patience; the time that requests themselves take does not count."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._left_s = PATIENCE_S
        self._since = asyncio.get_running_loop().time()

    def pause(self) -> None:
        """A request is under way, perhaps with a large file."""
        self._left_s -= asyncio.get_running_loop().time() - self._since
        self._limit.reschedule(None)

    def go_on(self) -> None:
        """It was refused for now; perhaps it is repeated after a rest."""
        self._since = asyncio.get_running_loop().time()
        self._limit.reschedule(self._since + max(self._left_s, 0.0))


_current: ContextVar[_Wait | None] = ContextVar("current wait", default=None)


async def patiently(call: Awaitable[T]) -> T:
    """Return the result of a call whose requests are traced by `wait_tracer`.

    Raises:
        TimeoutError: it was `PATIENCE_S` at rest, all rests together; nothing is under way any more.
    """
    async with asyncio.timeout(PATIENCE_S) as limit:
        token = _current.set(_Wait(limit))
        try:
            return await call
        finally:
            _current.reset(token)


def wait_tracer() -> aiohttp.TraceConfig:
    """Tells `patiently` when requests of a session begin and end."""
    tracer = aiohttp.TraceConfig()
    tracer.on_request_start.append(_started)
    tracer.on_request_end.append(_ended)
    tracer.on_request_exception.append(_failed)
    return tracer


async def _started(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, _request: aiohttp.TraceRequestStartParams
) -> None:
    if (wait := _current.get()) is not None:
        wait.pause()


async def _ended(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, request: aiohttp.TraceRequestEndParams
) -> None:
    if (wait := _current.get()) is not None and request.response.status >= HTTPStatus.BAD_REQUEST:
        wait.go_on()


async def _failed(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, _request: aiohttp.TraceRequestExceptionParams
) -> None:
    if (wait := _current.get()) is not None:
        wait.go_on()
