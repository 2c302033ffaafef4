"""Downloads one piece of audio from a host that nobody vouches for: address checked, size and time capped."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from bot.domain.media import MediaError, MediaProblem
from bot.domain.secrets import is_public
from bot.ui.media.audio import AudioKind, audio_kind
from bot.ui.media.guard import AddressRule, ForbiddenAddressError, may_visit
from bot.ui.media.store import appearing

log = logging.getLogger(__name__)

_REDIRECTS_MAX = 5
_CHUNK_BYTES = 256 * 1024
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_PASSING_STATUSES = frozenset({408, 425, 429})
_OK = 200
_REFUSALS = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A downloaded file: how much, and of what kind."""

    size_bytes: int
    kind: AudioKind


class MediaFetcher:
    """Fetches audio through a session of `open_media_session`, which stays the caller's to close."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        allow_private: bool,
        max_bytes: int,
        rule: AddressRule = is_public,
        timeout_s: float = 60.0,
    ) -> None:
        self._session = session
        self._allow_private = allow_private
        self._max_bytes = max_bytes
        self._rule = rule
        self._timeout_s = timeout_s

    async def fetch(self, url: str, into: Path) -> Fetched:
        """Download the audio behind `url` to the file `into`, which appears only when it is whole and really audio.

        Raises:
            MediaError: it can't be had; `reason` says why.
        """
        try:
            async with asyncio.timeout(self._timeout_s), self._visit(_parsed(url)) as response:
                return await self._save(response, into)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("media host failed", extra={"error": type(error).__name__})
            raise _failure(_problem(error)) from None  # aiohttp's texts may hold the URL: it may be signed

    @asynccontextmanager
    async def _visit(self, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer at the end of the redirects, each of them checked before it is followed."""
        for _ in range(_REDIRECTS_MAX + 1):
            if not may_visit(url, allow_private=self._allow_private, rule=self._rule):
                raise _failure(MediaProblem.FORBIDDEN_ADDRESS)
            async with self._session.get(url, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECT_STATUSES or not location:
                    yield response
                    return
                url = url.join(_parsed(location))
        raise _failure(MediaProblem.UNREACHABLE)

    async def _save(self, response: aiohttp.ClientResponse, into: Path) -> Fetched:
        _check_status(response.status)
        if (response.content_length or 0) > self._max_bytes:
            raise _failure(MediaProblem.TOO_LARGE)
        with appearing(into) as (file, part):
            size_bytes = 0
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                size_bytes += len(chunk)
                if size_bytes > self._max_bytes:
                    raise _failure(MediaProblem.TOO_LARGE)
                await asyncio.to_thread(file.write, chunk)
            file.close()
            kind = await asyncio.to_thread(audio_kind, part)
            if kind is None:
                raise _failure(MediaProblem.NOT_AUDIO)
        return Fetched(size_bytes=size_bytes, kind=kind)


def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError:
        raise _failure(MediaProblem.FORBIDDEN_ADDRESS) from None  # its text holds the URL


def _failure(problem: MediaProblem) -> MediaError:
    return MediaError(problem, is_temporary=problem is MediaProblem.UNREACHABLE)


def _problem(error: Exception) -> MediaProblem:
    match error:
        case aiohttp.InvalidURL():
            return MediaProblem.FORBIDDEN_ADDRESS
        case aiohttp.ClientConnectorError(os_error=ForbiddenAddressError()):
            return MediaProblem.FORBIDDEN_ADDRESS
        case _:
            return MediaProblem.UNREACHABLE


def _check_status(status: int) -> None:
    if status == _OK:
        return
    is_refusal = status in _REFUSALS and status not in _PASSING_STATUSES
    raise _failure(MediaProblem.GONE if is_refusal else MediaProblem.UNREACHABLE)
