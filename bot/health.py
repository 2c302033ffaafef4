"""For the operator's tools: `/healthz`, `/readyz` and `/metrics` over HTTP, off unless `HTTP_PORT` is set."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from bot.domain.outage import Cause, Situation
from bot.domain.tasks import State


@asynccontextmanager
async def serve_health(
    *,
    host: str,
    port: int,
    is_ready: Callable[[], bool],
    counts: Callable[[], Awaitable[dict[State, int]]],
    situation: Callable[[], Awaitable[Situation]],
) -> AsyncIterator[None]:
    """Answer health checks while the block runs.

    Args:
        host: address to listen on.
        port: 0 for not at all.
        is_ready: whether Discord is connected.
        counts: tasks by state; also the proof that the database answers.
        situation: what stops everybody.
    """
    if port == 0:
        yield
        return
    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", _healthz),
            web.get("/readyz", _readyz(is_ready, situation)),
            web.get("/metrics", _metrics(is_ready, counts, situation)),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _readyz(
    is_ready: Callable[[], bool], situation: Callable[[], Awaitable[Situation]]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Ready is what takes wishes: connected to Discord, and stopped by nothing."""

    async def answer(_request: web.Request) -> web.Response:
        lines = [] if is_ready() else ["not connected to Discord"]
        lines += [f"no wishes are taken: {one.cause} since {_utc(one.since)}" for one in (await situation()).outages]
        return web.Response(text="\n".join(lines or ["ready"]) + "\n", status=503 if lines else 200)

    return answer


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _metrics(
    is_ready: Callable[[], bool],
    counts: Callable[[], Awaitable[dict[State, int]]],
    situation: Callable[[], Awaitable[Situation]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    registry = CollectorRegistry()
    tasks = Gauge("encore_tasks", "Music tasks by state", ["state"], registry=registry)
    connected = Gauge("encore_discord_connected", "Whether Discord is connected", registry=registry)
    outages = Gauge("encore_outage", "Whether this keeps all wishes from being made", ["cause"], registry=registry)

    async def answer(_request: web.Request) -> web.Response:
        counted = await counts()
        for state in State:
            tasks.labels(state=state.value).set(counted.get(state, 0))
        connected.set(is_ready())
        causes = (await situation()).causes
        for cause in Cause:
            outages.labels(cause=cause.value).set(cause in causes)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
