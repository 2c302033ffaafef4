"""Health and metrics, asked over real HTTP."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.domain.outage import Cause, Outage, Situation
from bot.domain.tasks import State
from bot.health import serve_health
from bot.store.tasks import TaskStore
from tests.integration.conftest import Make


class Program:
    """What the health server asks: whether Discord is connected, and what the database counts."""

    def __init__(self) -> None:
        self.ready = False
        self.counted: dict[State, int] = {}
        self.broken = False
        self.situated = Situation()

    async def situation(self) -> Situation:
        return self.situated

    def is_ready(self) -> bool:
        return self.ready

    async def counts(self) -> dict[State, int]:
        if self.broken:
            raise OSError("the database is gone")
        return self.counted


class Probe:
    """The operator's tool."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str) -> tuple[int, str]:
        async with self._session.get(path) as response:
            return response.status, await response.text()

    async def metrics(self) -> dict[str, float]:
        _, text = await self.get("/metrics")
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@asynccontextmanager
async def served(program: Program) -> AsyncIterator[Probe]:
    port = free_port()
    serving = serve_health(
        host="127.0.0.1", port=port, is_ready=program.is_ready, counts=program.counts, situation=program.situation
    )
    async with serving, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield Probe(session)


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
async def probe(program: Program) -> AsyncIterator[Probe]:
    async with served(program) as made:
        yield made


async def test_a_living_process_says_so_even_without_discord_and_database(program: Program, probe: Probe):
    program.broken = True
    assert await probe.get("/healthz") == (200, "ok\n")


async def test_it_is_ready_only_while_discord_is_connected(program: Program, probe: Probe):
    assert await probe.get("/readyz") == (503, "not connected to Discord\n")
    program.ready = True
    assert await probe.get("/readyz") == (200, "ready\n")


async def test_what_stops_everybody_is_told_with_its_beginning_and_is_not_ready(program: Program, probe: Probe):
    program.ready = True
    since = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    program.situated = Situation(outages=(Outage(cause=Cause.CREDIT, since=since, tried_at=since),))
    assert await probe.get("/readyz") == (503, "no wishes are taken: credit since 2026-01-02T03:04:05Z\n")
    metrics = await probe.metrics()
    assert {name: value for name, value in metrics.items() if "outage" in name} == {
        f'encore_outage{{cause="{cause}"}}': float(cause is Cause.CREDIT) for cause in Cause
    }


async def test_metrics_count_tasks_by_state_and_fall_back_to_nothing(program: Program, probe: Probe):
    program.counted, program.ready = {State.RUNNING: 3, State.FAILED: 1}, True
    first = await probe.metrics()
    assert first['encore_tasks{state="running"}'] == 3
    assert first['encore_tasks{state="queued"}'] == 0
    assert first["encore_discord_connected"] == 1
    assert sum("encore_tasks" in name for name in first) == len(State)
    program.counted, program.ready = {State.FAILED: 2}, False
    second = await probe.metrics()
    assert (second['encore_tasks{state="running"}'], second['encore_tasks{state="failed"}']) == (0, 2)
    assert second["encore_discord_connected"] == 0


async def test_metrics_of_a_broken_database_are_an_error_and_not_zeros(program: Program, probe: Probe):
    program.broken = True
    status, text = await probe.get("/metrics")
    assert status == 500
    assert "encore_tasks" not in text
    assert "the database is gone" not in text


async def test_metrics_are_what_the_database_counts(store: TaskStore, make: Make, program: Program):
    await make(State.RUNNING)
    program.counts = store.counts  # type: ignore[method-assign]  # the real one
    async with served(program) as probe:
        assert (await probe.metrics())['encore_tasks{state="running"}'] == 1


async def test_other_paths_are_not_served(probe: Probe):
    assert (await probe.get("/"))[0] == 404


async def test_without_a_port_nothing_listens(program: Program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aiohttp.web.TCPSite.start", lambda _site: pytest.fail("listens"))
    async with serve_health(
        host="127.0.0.1", port=0, is_ready=program.is_ready, counts=program.counts, situation=program.situation
    ):
        pass


async def test_the_port_is_free_again_at_the_end(program: Program):
    port = free_port()
    for _ in range(2):
        async with serve_health(
            host="127.0.0.1", port=port, is_ready=program.is_ready, counts=program.counts, situation=program.situation
        ):
            pass


async def test_a_port_in_use_is_an_error_at_the_start(program: Program):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        serving = serve_health(
            host="127.0.0.1",
            port=taken.getsockname()[1],
            is_ready=program.is_ready,
            counts=program.counts,
            situation=program.situation,
        )
        with pytest.raises(OSError, match="address already in use"):
            async with serving:
                pytest.fail("two on one port")
