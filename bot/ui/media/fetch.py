"""Downloads one file from a host that nobody vouches for: address checked, size and patience capped."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from bot.domain.media import MediaError, MediaProblem
from bot.domain.secrets import is_public
from bot.sound.kinds import AudioKind, audio_kind
from bot.ui.media.guard import AddressRule, ForbiddenAddressError, may_visit
from bot.ui.media.store import appearing

log = logging.getLogger(__name__)

_REDIRECTS_MAX = 5
_CHUNK_BYTES = _HELD_BYTES = 256 * 1024
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_PASSING_STATUSES = frozenset({408, 425, 429})
_REFUSALS = range(400, 500)
_FINAL = frozenset({MediaProblem.GONE, MediaProblem.TOO_LARGE})
_AS_IS = "".join(map(chr, range(0x21, 0x7F)))
"""What stands in an address as it was given; anything else, a request line can't hold."""
_CONTENT_RANGE = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+|\*)", re.ASCII)
_GO_ON_AFTER_S = (0.2, 1.0, 3.0)
"""Pauses before a broken download is resumed; it fails after this many resumptions in a row without a byte."""
_CONNECTIONS_MAX = 50
"""For one file: a host that breaks off more often than that is no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How slow a media host may be: a host that is slow is not dead."""

    silence_s: float = 30.0
    """Without a single byte."""
    slow_bytes_per_s: float = 8 * 1024
    """On average over `slow_after_s`."""
    slow_after_s: float = 60.0
    total_s: float = 15 * 60.0
    """For one file, in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A downloaded file: how much, and of what kind."""

    size_bytes: int
    kind: AudioKind


class _AnotherFileError(aiohttp.ClientError):
    """What would go on is not what has arrived so far."""


class _Arrived:
    """What has arrived of a file, and how to ask for the rest of the very same one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size_bytes = 0
        self.total_bytes: int | None = None
        self._tag: str | None = None
        self._condition: str | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._is_forgotten = False
        self.may_go_on = False
        """Whether what has not come may be asked for: from the first answer on, as far as the host can do so."""

    def begin(self, response: aiohttp.ClientResponse) -> None:
        """Take an answer for the beginning of the file; what came before it was another one."""
        is_another_try = self.size_bytes > 0  # the host sends the whole, though asked for the rest
        self._empty()
        part = _part_in(response)
        self.total_bytes = response.content_length if part is None else _whole(part)
        self._tag = response.headers.get("ETag")
        is_strong = self._tag is not None and not self._tag.startswith("W/")
        self._condition = self._tag if is_strong else response.headers.get("Last-Modified")
        takes_ranges = response.headers.get("Accept-Ranges", "").strip().lower() != "none"
        is_known = self._condition is not None or self.total_bytes is not None
        self.may_go_on = takes_ranges and is_known and not is_another_try and not self._is_forgotten

    def forget(self) -> None:
        """Start over, and never resume again."""
        self._is_forgotten = True
        self._empty()

    def _empty(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self.size_bytes = 0

    async def add(self, chunk: bytes) -> None:
        """Take what came; it is written now and then.

        Waiting for the disk after each piece would lose what comes meanwhile, if the connection breaks behind it.
        """
        self.size_bytes += len(chunk)
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes >= _HELD_BYTES:
            await self.write_out()

    async def write_out(self) -> None:
        """Write what is held."""
        held, self._held, self._held_bytes = self._held, [], 0
        await asyncio.to_thread(self._file.writelines, held)

    @property
    def rest(self) -> Mapping[str, str]:
        """The headers that ask for what is still to come, of this very file."""
        if not self.size_bytes:
            return {}
        condition = {} if self._condition is None else {"If-Range": self._condition}
        return {"Range": f"bytes={self.size_bytes}-", **condition}

    def check_goes_on(self, response: aiohttp.ClientResponse) -> None:
        """Make sure that a partial answer goes on where this ends, in the same file.

        Raises:
            _AnotherFileError: it does not.
        """
        told = _part_in(response)
        if told is None or int(told["start"]) != self.size_bytes:
            raise _AnotherFileError
        if self.total_bytes is not None and told["total"] not in {"*", str(self.total_bytes)}:
            raise _AnotherFileError
        if self._tag is not None and response.headers.get("ETag", self._tag) != self._tag:
            raise _AnotherFileError


class MediaFetcher:
    """Fetches audio through a session of `open_media_session`, which stays the caller's to close."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        allow_private: bool,
        max_bytes: int,
        rule: AddressRule = is_public,
        patience: Patience = Patience(),
    ) -> None:
        self._session = session
        self._allow_private = allow_private
        self._max_bytes = max_bytes
        self._rule = rule
        self._patience = patience

    def stricter(self, *, max_bytes: int, patience: Patience) -> "MediaFetcher":
        """Return a fetcher behind the same guard, with other limits."""
        return MediaFetcher(
            self._session,
            allow_private=self._allow_private,
            max_bytes=max_bytes,
            rule=self._rule,
            patience=patience,
        )

    async def fetch(self, url: str, into: Path) -> Fetched:
        """Download the audio behind `url` to the file `into`, which appears only when it is whole and really audio.

        Raises:
            MediaError: the download failed; `reason` says why.
        """
        with appearing(into) as (file, part):
            size_bytes = await self._download_whole(url, file)
            kind = await asyncio.to_thread(audio_kind, part)
            if kind is None:
                raise _failure(MediaProblem.NOT_AUDIO)
        return Fetched(size_bytes=size_bytes, kind=kind)

    async def fetch_any(self, url: str, into: Path) -> None:
        """Download whatever is behind `url` to the file `into`, which appears only when it is whole.

        Raises:
            MediaError: the download failed; `reason` says why.
        """
        with appearing(into) as (file, _):
            await self._download_whole(url, file)

    async def _download_whole(self, url: str, file: BinaryIO) -> int:
        """Fill a file and close it. Return its size in bytes."""
        arrived = _Arrived(file)
        try:
            async with asyncio.timeout(self._patience.total_s):
                await self._download(_parsed(url), arrived)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("media host failed", extra={"error": type(error).__name__})
            raise _failure(_problem(error)) from None  # aiohttp's texts may hold the URL: it may be signed
        file.close()
        return arrived.size_bytes

    async def _download(self, url: URL, arrived: _Arrived) -> None:
        """Fetch the whole of it; where the connection breaks, go on with the rest if the host can do so."""
        fruitless = 0
        for left in reversed(range(_CONNECTIONS_MAX)):
            had_bytes = arrived.size_bytes
            try:
                async with self._visit(url, arrived.rest) as response:
                    await self._receive(response, arrived)
            except _AnotherFileError:
                arrived.forget()
            except (aiohttp.ClientError, MediaError) as error:
                fruitless = 0 if arrived.size_bytes > had_bytes else fruitless + 1
                if not arrived.may_go_on or not _may_pass(error) or fruitless > len(_GO_ON_AFTER_S) or not left:
                    raise
                log.info("download broke off", extra={"error": type(error).__name__, "bytes": arrived.size_bytes})
                await asyncio.sleep(_GO_ON_AFTER_S[max(fruitless - 1, 0)])
            else:
                return

    @asynccontextmanager
    async def _visit(self, url: URL, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer at the end of the redirects, each of them checked before it is followed."""
        timeout = aiohttp.ClientTimeout(
            total=None,
            connect=self._session.timeout.connect,
            sock_connect=self._session.timeout.sock_connect,
            sock_read=self._patience.silence_s,
        )
        for _ in range(_REDIRECTS_MAX + 1):
            if not may_visit(url, allow_private=self._allow_private, rule=self._rule):
                raise _failure(MediaProblem.FORBIDDEN_ADDRESS)
            async with self._session.get(url, allow_redirects=False, headers=headers, timeout=timeout) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECT_STATUSES or not location:
                    yield response
                    return
                url = url.join(_parsed(location))
        raise _failure(MediaProblem.UNREACHABLE)

    async def _receive(self, response: aiohttp.ClientResponse, arrived: _Arrived) -> None:
        is_part = response.status == HTTPStatus.PARTIAL_CONTENT
        if arrived.size_bytes and is_part:
            arrived.check_goes_on(response)
        elif arrived.size_bytes and response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise _AnotherFileError
        else:
            if not (is_part and _begins(response)):  # some hosts give a part, or all of it so, though asked for none
                _check_status(response.status)
            arrived.begin(response)
        if arrived.size_bytes + (response.content_length or 0) > self._max_bytes:
            raise _failure(MediaProblem.TOO_LARGE)
        try:
            await self._pour(response, arrived)
        finally:
            await arrived.write_out()
        if arrived.total_bytes is not None and arrived.size_bytes < arrived.total_bytes:
            raise aiohttp.ClientPayloadError  # some hosts give a large file in parts

    async def _pour(self, response: aiohttp.ClientResponse, arrived: _Arrived) -> None:
        clock, patience = asyncio.get_running_loop().time, self._patience
        since_s, since_bytes = clock(), arrived.size_bytes
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            await arrived.add(chunk)
            if arrived.size_bytes > self._max_bytes:
                raise _failure(MediaProblem.TOO_LARGE)
            if (took_s := clock() - since_s) >= patience.slow_after_s:
                if arrived.size_bytes - since_bytes < patience.slow_bytes_per_s * took_s:
                    raise TimeoutError  # not one of aiohttp's: going on would be as slow
                since_s, since_bytes = clock(), arrived.size_bytes


def _parsed(url: str) -> URL:
    """An address letter by letter as it was given, for it may be signed."""
    try:
        if not urlsplit(url).netloc.isascii():
            return URL(url)  # a host in other letters has one spelling only
        return _spelt(quote(url, safe=_AS_IS, errors="surrogateescape").partition("#")[0])
    except ValueError:
        raise _failure(MediaProblem.FORBIDDEN_ADDRESS) from None  # its text holds the URL


def _spelt(url: str) -> URL:
    parsed = URL(url, encoded=True)
    if url.endswith("?") and not parsed.raw_query_string:  # yarl drops the sign of an empty query
        return parsed.with_path(f"{parsed.raw_path}?", encoded=True)
    return parsed


def _failure(problem: MediaProblem) -> MediaError:
    return MediaError(problem, is_temporary=problem not in _FINAL)


def _may_pass(error: Exception) -> bool:
    """Whether the rest may come a moment later; what is gone, too large or not to be visited is told at once."""
    if isinstance(error, MediaError):
        return error.reason in {MediaProblem.UNREACHABLE, MediaProblem.REFUSED}
    return _problem(error) is MediaProblem.UNREACHABLE


def _problem(error: Exception) -> MediaProblem:
    match error:
        case aiohttp.InvalidURL():
            return MediaProblem.FORBIDDEN_ADDRESS
        case aiohttp.ClientConnectorError(os_error=ForbiddenAddressError()):
            return MediaProblem.FORBIDDEN_ADDRESS
        case _:
            return MediaProblem.UNREACHABLE


def _part_in(response: aiohttp.ClientResponse) -> re.Match[str] | None:
    """Which part of the file an answer is, if it says so."""
    return _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())


def _whole(part: re.Match[str]) -> int | None:
    return None if part["total"] == "*" else int(part["total"])


def _begins(response: aiohttp.ClientResponse) -> bool:
    part = _part_in(response)
    return part is not None and int(part["start"]) == 0


def _check_status(status: int) -> None:
    if status in {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}:
        return
    if status == HTTPStatus.GONE:
        raise _failure(MediaProblem.GONE)
    is_refusal = status in _REFUSALS and status not in _PASSING_STATUSES
    raise _failure(MediaProblem.REFUSED if is_refusal else MediaProblem.UNREACHABLE)
