"""The media host of the stand-in: songs and covers, on an origin of its own. It must never be shown the key.

Any request with an `Authorization` header is kept in `leaks` and answered 500.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import hdrs, web

from sandbox.cover import cover_png
from sandbox.faults import FRESH, Fault
from sandbox.ledger import Ledger
from sandbox.plan import Faults
from sandbox.signing import Signer
from sandbox.tune import CONTENT_TYPES, Jukebox

FILE_NAME = re.compile(r"(?P<task_id>ldtask_[0-9a-f]+)-(?P<take>\d)\.(?P<kind>mp3|m4a|png)")
HUGE_BYTES = 300 * 1024 * 1024
PIECE = bytes(64 * 1024)
FIRST_PIECE_BYTES = 4096
DRIP_BYTES = 16
DRIP_EVERY_S = 0.05
PRIVATE_URL = "http://10.0.0.1/secret.mp3"


@dataclass(frozen=True, slots=True)
class File:
    """What is at an address."""

    data: bytes
    content_type: str

    def headers(self) -> dict[str, str]:
        """What tells that and how it can be asked for in parts."""
        return {hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: f'"{sha256(self.data).hexdigest()[:16]}"'}


class MediaHost:
    """Serves the finished tasks' files. Keeps the path of every request, and of those that showed the key."""

    def __init__(self, ledger: Ledger, faults: Faults, signer: Signer) -> None:
        self._ledger = ledger
        self._faults = faults
        self._signer = signer
        self._jukebox = Jukebox()
        self.leaks: list[str] = []
        self.downloads: list[str] = []

    def app(self) -> web.Application:
        """The application; every path that is no file is 404. A mirror has the same files at other addresses."""
        app = web.Application(middlewares=[self._no_keys])
        app.router.add_get("/m/{name}", self._file)
        app.router.add_get("/mirror/m/{name}", self._file)
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
        file = await self._content(name)
        if not self._signer.is_good(request.raw_path.removeprefix("/mirror")):
            return _denied()
        fault = self._faults.next_media(name)
        if fault is not None:
            return await MEDIA_ACTS[fault.name](request, file, fault)
        return _ranged(request, file)

    async def _content(self, name: str) -> File:
        match = FILE_NAME.fullmatch(name)
        task = self._ledger.get(match["task_id"]) if match else None
        if match is None or task is None or self._ledger.phase(task) != "completed" or task.writes_lyrics:
            raise web.HTTPNotFound
        if match["kind"] == "png":
            return File(cover_png(f"{task.title} {task.prompt} {match['take']}"), "image/png")
        kind, take = match["kind"], int(match["take"])
        data = await self._jukebox.audio(name, kind, lambda: self._ledger.recording(task, take))
        return File(data, CONTENT_TYPES[kind])


def _ranged(request: web.Request, file: File) -> web.Response:
    """The whole file, or the part that a `Range` header asks for if it is of this very file."""
    part = _part(request, file)
    if part is None:
        return web.Response(body=file.data, content_type=file.content_type, headers=file.headers())
    start, stop = part
    if start >= stop:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{len(file.data)}"})
    headers = {**file.headers(), hdrs.CONTENT_RANGE: f"bytes {start}-{stop - 1}/{len(file.data)}"}
    return web.Response(status=206, body=file.data[start:stop], content_type=file.content_type, headers=headers)


def _part(request: web.Request, file: File) -> tuple[int, int] | None:
    """Which bytes are asked for, empty if there are none such; None stands for the whole file."""
    if hdrs.RANGE not in request.headers:
        return None
    tag = file.headers()[hdrs.ETAG]
    if request.headers.get(hdrs.IF_RANGE, tag) != tag:
        return None
    try:
        start, stop, _ = request.http_range.indices(len(file.data))
    except ValueError:
        return 0, 0
    return start, stop


def _denied() -> web.Response:
    return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")


# What each fault does.

Act = Callable[[web.Request, File, Fault], Awaitable[web.StreamResponse]]


def _refusing(status: int) -> Act:
    async def refuse(_request: web.Request, _file: File, _fault: Fault) -> web.StreamResponse:
        return web.Response(status=status, text="no")

    return refuse


async def _html(_request: web.Request, _file: File, _fault: Fault) -> web.StreamResponse:
    return web.Response(text="<html><body>This link has expired</body></html>", content_type="text/html")


async def _empty(_request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    return web.Response(content_type=file.content_type)


async def _half(request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    """A file that was cut in the middle, and is said to be no longer than that."""
    return _ranged(request, File(file.data[: len(file.data) // 2], file.content_type))


async def _whole(_request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    """The whole file whatever part is asked for, as from a host that knows no parts."""
    return web.Response(body=file.data, content_type=file.content_type)


async def _expired(request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    """Only the addresses that the status fault `completed_fresh_address` gives are still good."""
    return _ranged(request, file) if request.raw_path.endswith(f"?{FRESH}") else _denied()


async def _drip(request: web.Request, file: File, fault: Fault) -> web.StreamResponse:
    """A few bytes at a time, for ever or until the fault is released."""
    response, rest = await _begun(request, file, _part(request, file))
    with suppress(ConnectionError):
        for at in range(0, len(rest), DRIP_BYTES):
            if not fault.release.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(fault.release.wait(), DRIP_EVERY_S)
            await response.write(rest[at : at + DRIP_BYTES])
    return response


async def _redirect_private(_request: web.Request, _file: File, _fault: Fault) -> web.StreamResponse:
    return web.Response(status=302, headers={hdrs.LOCATION: PRIVATE_URL})


async def _too_large(request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    return await _pour(request, file, announced=True)


async def _endless(request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    return await _pour(request, file, announced=False)


async def _truncated(request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    """The first piece of what is asked for, then the connection breaks."""
    return await _broken_off(request, file, _part(request, file))


async def _truncated_whole(request: web.Request, file: File, _fault: Fault) -> web.StreamResponse:
    """The first piece of the file whatever part is asked for, then the connection breaks."""
    return await _broken_off(request, file, None)


async def _broken_off(request: web.Request, file: File, part: tuple[int, int] | None) -> web.StreamResponse:
    response, _ = await _begun(request, file, part)
    if request.transport is not None:
        request.transport.close()
    return response


async def _slow(request: web.Request, file: File, fault: Fault) -> web.StreamResponse:
    """The first piece at once, the rest when the fault is released."""
    response, rest = await _begun(request, file, _part(request, file))
    await fault.release.wait()
    await response.write(rest)
    return response


async def _begun(request: web.Request, file: File, part: tuple[int, int] | None) -> tuple[web.StreamResponse, bytes]:
    """Send headers and the first piece of that part or of the whole file. Return the answer and what is left."""
    if part is not None and part[0] >= part[1]:
        part = None
    start, stop = part or (0, len(file.data))
    response = web.StreamResponse(status=200 if part is None else 206)
    response.content_type = file.content_type
    response.content_length = stop - start
    if part is not None:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{len(file.data)}"
    response.headers.update(file.headers())
    await response.prepare(request)
    await response.write(file.data[start : min(stop, start + FIRST_PIECE_BYTES)])
    return response, file.data[start + FIRST_PIECE_BYTES : stop]


async def _pour(request: web.Request, file: File, *, announced: bool) -> web.StreamResponse:
    """Far more audio than anyone should take, with or without saying so first."""
    response = web.StreamResponse()
    response.content_type = file.content_type
    if announced:
        response.content_length = HUGE_BYTES
    await response.prepare(request)
    with suppress(ConnectionError):  # the client has had enough, as it should
        for _ in range(HUGE_BYTES // len(PIECE)):
            await response.write(PIECE)
    return response


MEDIA_ACTS: Mapping[str, Act] = {
    "unauthorized": _refusing(401),
    "forbidden": _refusing(403),
    "not_found": _refusing(404),
    "gone": _refusing(410),
    "no_range": _refusing(416),
    "server_error": _refusing(503),
    "empty": _empty,
    "half": _half,
    "whole": _whole,
    "expired": _expired,
    "drip": _drip,
    "html": _html,
    "too_large": _too_large,
    "endless": _endless,
    "redirect_private": _redirect_private,
    "truncated": _truncated,
    "truncated_whole": _truncated_whole,
    "slow": _slow,
}
