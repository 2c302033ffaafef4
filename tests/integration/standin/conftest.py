"""Requests to a stand-in on loopback, whose clock only the test moves."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.standin_api import Api, Clock, MakeApi, standins


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make_api(clock: Clock) -> AsyncIterator[MakeApi]:
    async with standins(clock) as make:
        yield make


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api()
