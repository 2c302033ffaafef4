"""The media host of the stand-in: mp3 files and covers, on an origin of its own. It must never be shown the key.

Any request with an `Authorization` header is kept in `leaks` and answered 500.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import sha256

from aiohttp import hdrs, web

from sandbox.cover import cover_png
from sandbox.faults import FRESH, Fault, Faults
from sandbox.ledger import Ledger
from sandbox.tune import Jukebox

FILE_NAME = re.compile(r"(?P<task_id>ldtask_[0-9a-f]+)-(?P<take>\d)\.(?P<kind>mp3|png)")
HUGE_BYTES = 300 * 1024 * 1024
PIECE = bytes(64 * 1024)
FIRST_PIECE_BYTES = 4096
DRIP_BYTES = 16
DRIP_EVERY_S = 0.05
PRIVATE_URL = "http://10.0.0.1/secret.mp3"


class MediaHost:
    """Serves the finished tasks' files. Keeps the path of every request, and of those that showed the key."""

    def __init__(self, ledger: Ledger, faults: Faults, *, max_tunes: int = 64) -> None:
        self._ledger = ledger
        self._faults = faults
        self._jukebox = Jukebox(max_tunes=max_tunes)
        self.leaks: list[str] = []
        self.downloads: list[str] = []

    def app(self) -> web.Application:
        """The application; every path that is no file is 404."""
        app = web.Application(middlewares=[self._no_keys])
        app.router.add_get("/m/{name}", self._file)
        return app

    @web.middleware
    async def _no_keys(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.downloads.append(request.path)
        if hdrs.AUTHORIZATION in request.headers:
            self.leaks.append(request.path)
            return web.Response(status=500, text="the key was sent to the media host")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        data, content_type = await self._content(name)
        fault = self._faults.next_media(name)
        if fault is not None:
            return await MEDIA_ACTS[fault.name](request, data, fault)
        return _ranged(request, data, content_type)

    async def _content(self, name: str) -> tuple[bytes, str]:
        match = FILE_NAME.fullmatch(name)
        task = self._ledger.get(match["task_id"]) if match else None
        if match is None or task is None or self._ledger.phase(task) != "completed" or task.writes_lyrics:
            raise web.HTTPNotFound
        if match["kind"] == "png":
            return cover_png(f"{task.title} {task.prompt}"), "image/png"
        take = int(match["take"])
        return await self._jukebox.mp3(name, lambda: self._ledger.score(task, take)), "audio/mpeg"


def _ranged(request: web.Request, data: bytes, content_type: str) -> web.Response:
    """The whole file, or the part that a `Range` header asks for if it is of this very file."""
    headers = _described(data)
    if (
        hdrs.RANGE not in request.headers
        or request.headers.get(hdrs.IF_RANGE, headers[hdrs.ETAG]) != headers[hdrs.ETAG]
    ):
        return web.Response(body=data, content_type=content_type, headers=headers)
    try:
        start, stop, _ = request.http_range.indices(len(data))
    except ValueError:
        start, stop = 0, 0
    if start >= stop:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{len(data)}"})
    headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:stop], content_type=content_type, headers=headers)


def _described(data: bytes) -> dict[str, str]:
    return {hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: f'"{sha256(data).hexdigest()[:16]}"'}


def _refusing(status: int) -> Callable[[web.Request, bytes, Fault], Awaitable[web.StreamResponse]]:
    async def refuse(_request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
        return web.Response(status=status, text="no")

    return refuse


async def _not_found(_request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return web.Response(status=404, text="gone")


async def _unavailable(_request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return web.Response(status=503, text="try later")


async def _html(_request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return web.Response(text="<html><body>This link has expired</body></html>", content_type="text/html")


async def _empty(_request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return web.Response(content_type="audio/mpeg")


async def _expired(request: web.Request, data: bytes, _fault: Fault) -> web.StreamResponse:
    """Only the addresses that the status fault `completed_fresh_address` gives are still good."""
    if request.raw_path.endswith(f"?{FRESH}"):
        return _ranged(request, data, "audio/mpeg")
    return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")


async def _drip(request: web.Request, data: bytes, fault: Fault) -> web.StreamResponse:
    """A few bytes at a time, for ever or until the fault is released."""
    response = await _begun(request, data)
    with suppress(ConnectionError):
        for at in range(FIRST_PIECE_BYTES, len(data), DRIP_BYTES):
            if not fault.release.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(fault.release.wait(), DRIP_EVERY_S)
            await response.write(data[at : at + DRIP_BYTES])
    return response


async def _redirect_private(_request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return web.Response(status=302, headers={hdrs.LOCATION: PRIVATE_URL})


async def _too_large(request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return await _pour(request, announced=True)


async def _endless(request: web.Request, _data: bytes, _fault: Fault) -> web.StreamResponse:
    return await _pour(request, announced=False)


async def _truncated(request: web.Request, data: bytes, _fault: Fault) -> web.StreamResponse:
    response = await _begun(request, data)
    if request.transport is not None:
        request.transport.close()
    return response


async def _slow(request: web.Request, data: bytes, fault: Fault) -> web.StreamResponse:
    """The first piece at once, the rest when the fault is released."""
    response = await _begun(request, data)
    await fault.release.wait()
    await response.write(data[FIRST_PIECE_BYTES:])
    return response


async def _begun(request: web.Request, data: bytes) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "audio/mpeg"
    response.content_length = len(data)
    response.headers.update(_described(data))
    await response.prepare(request)
    await response.write(data[:FIRST_PIECE_BYTES])
    return response


async def _pour(request: web.Request, *, announced: bool) -> web.StreamResponse:
    """Far more audio than anyone should take, with or without saying so first."""
    response = web.StreamResponse()
    response.content_type = "audio/mpeg"
    if announced:
        response.content_length = HUGE_BYTES
    await response.prepare(request)
    with suppress(ConnectionError):  # the client has had enough, as it should
        for _ in range(HUGE_BYTES // len(PIECE)):
            await response.write(PIECE)
    return response


MEDIA_ACTS: Mapping[str, Callable[[web.Request, bytes, Fault], Awaitable[web.StreamResponse]]] = {
    "unauthorized": _refusing(401),
    "forbidden": _refusing(403),
    "not_found": _not_found,
    "gone": _refusing(410),
    "no_range": _refusing(416),
    "empty": _empty,
    "expired": _expired,
    "drip": _drip,
    "server_error": _unavailable,
    "html": _html,
    "too_large": _too_large,
    "endless": _endless,
    "redirect_private": _redirect_private,
    "truncated": _truncated,
    "slow": _slow,
}
