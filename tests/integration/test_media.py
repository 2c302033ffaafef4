"""Audio from real servers on the loopback: whole, real, capped, from allowed addresses, and asked for without a key."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.domain.media import SHORT_TRIES, TRY_AGAIN_S, Brought, MediaError, MediaProblem
from bot.domain.takes import TakeTries, Track
from bot.domain.tasks import Kind, MusicTask, Result, State, TaskId
from bot.ui.media import (
    AudioKind,
    MediaCollector,
    MediaFetcher,
    MediaStore,
    Patience,
    Workshop,
    allowing,
    collect,
    open_media_session,
)
from tests.fakes.sounds import sample
from tests.unit.test_media_audio import SAMPLES

MP3 = SAMPLES[AudioKind.MP3]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
STAND_IN = ip_address("127.0.0.1")
"""Plays the part of a public address in these tests."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Host:
    """A media host whose answers the test sets."""

    def __init__(self) -> None:
        self.answers: dict[str, Handler] = {}
        self.seen: list[web.Request] = []
        self.release = asyncio.Event()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self.server = TestServer(app, host="127.0.0.1")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        return await self.answers[request.path](request)

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.port}{path}"

    def gives(self, path: str, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> str:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers=headers)

        self.answers[path] = answer
        return self.url(path)

    def later(self, path: str, answer: Handler) -> None:
        """From the second request on, another answer."""
        first = self.answers[path]

        async def either(request: web.Request) -> web.StreamResponse:
            return await (first if len(self.seen) == 1 else answer)(request)

        self.answers[path] = either

    def streams(self, path: str, *pieces: bytes, promised: int | None = None, hang: bool = False) -> str:
        """Pieces without a length, or with one that is promised and not kept: the connection is cut, or hangs."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": str(promised)} if promised else None)
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
            if hang:
                await self.release.wait()
            if promised and request.transport is not None:
                request.transport.close()
            return response

        self.answers[path] = answer
        return self.url(path)


class Names(AbstractResolver):
    """A name server with a script: each question about a name takes the next answer, the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {f"{name}.test": list(script) for name, script in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        script = self.answers[host]
        addresses = script.pop(0) if len(script) > 1 else script[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    async with host.server:
        yield host
        host.release.set()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_media_session(allow_private=True) as session:
        yield session


@pytest.fixture
def fetcher(session) -> MediaFetcher:
    return MediaFetcher(session, allow_private=True, max_bytes=len(MP3))


@asynccontextmanager
async def guarded(names: Names) -> AsyncIterator[MediaFetcher]:
    """A fetcher that goes to `STAND_IN` only; http is let through, so that no certificates are needed."""
    async with open_media_session(
        allow_private=False, resolver=names, rule=lambda address: address == STAND_IN
    ) as session:
        yield MediaFetcher(session, allow_private=True, max_bytes=len(MP3))


async def refusal(fetcher: MediaFetcher, url: str, folder) -> MediaProblem:
    """Why the fetch failed; and that it left nothing behind."""
    with pytest.raises(MediaError) as failed:
        await fetcher.fetch(url, folder / "7-1.raw")
    assert list(folder.iterdir()) == []
    assert "127.0.0.1" not in str(failed.value)
    assert failed.value.is_temporary is (failed.value.reason not in {MediaProblem.GONE, MediaProblem.TOO_LARGE})
    assert failed.value.__suppress_context__ or failed.value.__context__ is None
    return failed.value.reason


# --- content -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", AudioKind)
async def test_audio_arrives_whole(host, session, tmp_path, kind):
    body = SAMPLES[kind]
    fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(body))
    fetched = await fetcher.fetch(host.gives("/a.bin", body), tmp_path / "7-1.raw")
    assert (fetched.size_bytes, fetched.kind) == (len(body), kind)
    assert (tmp_path / "7-1.raw").read_bytes() == body
    assert len(list(tmp_path.iterdir())) == 1


async def test_audio_without_a_length_arrives_whole(host, fetcher, tmp_path):
    await fetcher.fetch(host.streams("/a.mp3", MP3[:1000], MP3[1000:]), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


@pytest.mark.parametrize("body", [b"<html>expired</html>" * 9, b'{"error": "expired"}', b""])
async def test_a_page_that_is_called_mp3_is_refused(host, fetcher, tmp_path, body):
    url = host.gives("/a.mp3", body, headers={"Content-Type": "audio/mpeg"})
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.NOT_AUDIO


async def test_a_length_over_the_cap_is_refused_before_the_body(host, fetcher, tmp_path):
    url = host.streams("/a.mp3", MP3[:10], promised=len(MP3) + 1, hang=True)
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.TOO_LARGE


async def test_a_stream_over_the_cap_is_cut(host, fetcher, tmp_path):
    url = host.streams("/a.mp3", MP3, b"x", hang=True)
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.TOO_LARGE


async def test_a_truncated_body_is_worth_another_try(host, fetcher, tmp_path):
    url = host.streams("/a.mp3", MP3[:5000], promised=len(MP3))
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.UNREACHABLE


async def test_a_body_that_never_ends_is_cut_by_the_clock(host, session, tmp_path):
    fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(MP3), patience=Patience(total_s=0.2))
    url = host.streams("/a.mp3", MP3[:5000], hang=True)
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.UNREACHABLE


async def test_a_cancelled_download_leaves_nothing(host, fetcher, tmp_path):
    url = host.streams("/a.mp3", MP3[:5000], hang=True)
    download = asyncio.create_task(fetcher.fetch(url, tmp_path / "a"))
    async with asyncio.timeout(10):
        while not list(tmp_path.iterdir()):  # noqa: ASYNC110 - a folder has no event to wait for
            await asyncio.sleep(0.005)
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, MediaProblem.REFUSED),
        (403, MediaProblem.REFUSED),
        (404, MediaProblem.REFUSED),
        (416, MediaProblem.REFUSED),
        (410, MediaProblem.GONE),
        (408, MediaProblem.UNREACHABLE),
        (429, MediaProblem.UNREACHABLE),
        (500, MediaProblem.UNREACHABLE),
        (503, MediaProblem.UNREACHABLE),
        (202, MediaProblem.UNREACHABLE),
        (302, MediaProblem.UNREACHABLE),
    ],
)
async def test_each_status_becomes_its_reason(host, fetcher, tmp_path, status, reason):
    assert await refusal(fetcher, host.gives("/a.mp3", MP3, status=status), tmp_path) is reason


# --- slow hosts, broken connections ------------------------------------------------------------------------------


def breaking(host: Host, body: bytes, *, at: int, headers: dict[str, str], later: bytes | None = None) -> str:
    """A file whose connection breaks once; then the host knows ranges. `later` is what the file is by then."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if len(host.seen) == 1:
            response = web.StreamResponse(headers={"Content-Length": str(len(body)), **headers})
            await response.prepare(request)
            await response.write(body[:at])
            assert request.transport is not None
            request.transport.close()
            return response
        now = body if later is None else later
        if "Range" not in request.headers:
            return web.Response(body=now)
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        told = {"Content-Range": f"bytes {start}-{len(now) - 1}/{len(now)}", **headers}
        if later is not None and "ETag" in headers:
            told["ETag"] = '"another"'
        return web.Response(status=206, body=now[start:], headers=told)

    host.answers["/a.mp3"] = answer
    return host.url("/a.mp3")


@pytest.mark.parametrize(
    ("headers", "condition"),
    [
        ({"ETag": '"one"'}, '"one"'),
        ({"ETag": 'W/"one"', "Last-Modified": "Sun, 01 Mar 2026 00:00:00 GMT"}, "Sun, 01 Mar 2026 00:00:00 GMT"),
        ({}, None),
    ],
)
async def test_a_broken_download_goes_on_where_it_broke(host, fetcher, tmp_path, headers, condition):
    await fetcher.fetch(breaking(host, MP3, at=5000, headers=headers), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3
    assert [request.headers.get("Range") for request in host.seen] == [None, "bytes=5000-"]
    assert host.seen[1].headers.get("If-Range") == condition


@pytest.mark.parametrize(
    ("headers", "other"), [({"ETag": '"one"'}, MP3[:4000] + bytes(100) + MP3[4100:]), ({}, MP3[:-100])]
)
async def test_another_file_is_never_joined_to_what_came_before(host, fetcher, tmp_path, headers, other):
    await fetcher.fetch(breaking(host, MP3, at=5000, later=other, headers=headers), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == other
    assert [request.headers.get("Range") for request in host.seen] == [None, "bytes=5000-", None]


async def test_a_part_that_begins_elsewhere_is_not_joined(host, fetcher, tmp_path):
    url = breaking(host, MP3, at=5000, headers={})

    async def from_the_start(request: web.Request) -> web.StreamResponse:
        if "Range" not in request.headers:
            return web.Response(body=MP3)
        return web.Response(status=206, body=MP3, headers={"Content-Range": f"bytes 0-{len(MP3) - 1}/{len(MP3)}"})

    host.later("/a.mp3", from_the_start)
    await fetcher.fetch(url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


async def test_a_host_that_gives_the_whole_instead_of_the_rest_is_taken_at_its_word(host, fetcher, tmp_path):
    url = breaking(host, MP3, at=5000, headers={})

    async def whole(request: web.Request) -> web.StreamResponse:
        return web.Response(body=MP3)

    host.later("/a.mp3", whole)
    await fetcher.fetch(url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


async def test_a_host_that_knows_no_ranges_is_not_asked_for_the_rest(host, fetcher, tmp_path):
    url = breaking(host, MP3, at=5000, headers={"Accept-Ranges": "none"})
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.UNREACHABLE
    assert len(host.seen) == 1


async def test_a_file_that_comes_in_parts_is_put_together(host, fetcher, tmp_path):
    async def answer(request: web.Request) -> web.StreamResponse:
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        stop = min(start + 70_000, len(MP3))
        told = {"Content-Range": f"bytes {start}-{stop - 1}/{len(MP3)}"}
        return web.Response(status=206, body=MP3[start:stop], headers=told)

    host.streams("/a.mp3", MP3[:5000], promised=len(MP3))
    host.later("/a.mp3", answer)
    await fetcher.fetch(host.url("/a.mp3"), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


@pytest.mark.parametrize("total", [str(len(MP3)), "*"])
async def test_a_part_that_nobody_asked_for_is_the_file_or_its_beginning(host, fetcher, tmp_path, total):
    async def answer(request: web.Request) -> web.StreamResponse:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        stop = len(MP3) if total == "*" else min(start + 70_000, len(MP3))
        told = {"Content-Range": f"bytes {start}-{stop - 1}/{total}"}
        return web.Response(status=206, body=MP3[start:stop], headers=told)

    host.answers["/a.mp3"] = answer
    await fetcher.fetch(host.url("/a.mp3"), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


async def test_a_part_from_the_middle_is_no_file(host, fetcher, tmp_path):
    async def answer(request: web.Request) -> web.StreamResponse:
        told = {"Content-Range": f"bytes 5000-{len(MP3) - 1}/{len(MP3)}"}
        return web.Response(status=206, body=MP3[5000:], headers=told)

    host.answers["/a.mp3"] = answer
    assert await refusal(fetcher, host.url("/a.mp3"), tmp_path) is MediaProblem.UNREACHABLE
    assert len(host.seen) == 1


async def test_a_copy_that_a_proxy_vouches_for_is_the_file(host, fetcher, tmp_path):
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=203, body=MP3)

    host.answers["/a.mp3"] = answer
    await fetcher.fetch(host.url("/a.mp3"), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


async def test_what_breaks_again_and_again_ends(host, fetcher, tmp_path):
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    host.streams("/a.mp3", MP3[:5000], promised=len(MP3))
    host.later("/a.mp3", answer)
    assert await refusal(fetcher, host.url("/a.mp3"), tmp_path) is MediaProblem.UNREACHABLE
    assert len(host.seen) == 5


async def test_silence_is_a_broken_connection(host, session, tmp_path):
    patience = Patience(silence_s=0.2)
    fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(MP3), patience=patience)

    async def answer(request: web.Request) -> web.StreamResponse:
        told = {"Content-Range": f"bytes 5000-{len(MP3) - 1}/{len(MP3)}"}
        return web.Response(status=206, body=MP3[5000:], headers=told)

    host.streams("/a.mp3", MP3[:5000], promised=len(MP3), hang=True)
    host.later("/a.mp3", answer)
    await fetcher.fetch(host.url("/a.mp3"), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == MP3


def dripping(host: Host, body: bytes, *, piece: int, every_s: float) -> str:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        for at in range(0, len(body), piece):
            await response.write(body[at : at + piece])
            await asyncio.sleep(every_s)
        return response

    host.answers["/a.mp3"] = answer
    return host.url("/a.mp3")


@pytest.mark.parametrize(("slow_bytes_per_s", "arrives"), [(1000, True), (10**7, False)])
async def test_what_is_slow_is_not_dead_until_it_is_too_slow_on_average(
    host, session, tmp_path, slow_bytes_per_s, arrives
):
    patience = Patience(silence_s=5, slow_bytes_per_s=slow_bytes_per_s, slow_after_s=0.3, total_s=20)
    fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(MP3), patience=patience)
    url = dripping(host, MP3, piece=len(MP3) // 20, every_s=0.05)
    if arrives:
        await fetcher.fetch(url, tmp_path / "a")
    else:
        assert await refusal(fetcher, url, tmp_path) is MediaProblem.UNREACHABLE
    assert len(host.seen) == 1


async def test_downloads_that_drip_do_not_hold_up_a_healthy_one(host, session, tmp_path):
    fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(MP3))
    drips = host.streams("/drip.mp3", MP3[:100], promised=len(MP3), hang=True)
    healthy = host.gives("/a.mp3", MP3)
    waiting = [asyncio.create_task(fetcher.fetch(drips, tmp_path / f"7-{n}.raw")) for n in range(40)]
    async with asyncio.timeout(10):
        while len(host.seen) < len(waiting):  # noqa: ASYNC110 - each is held up by the server, not by us
            await asyncio.sleep(0.005)
        await fetcher.fetch(healthy, tmp_path / "a")
    assert not any(one.done() for one in waiting)
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)


def test_a_host_may_be_silent_for_half_a_minute_and_take_a_quarter_of_an_hour():
    assert Patience() == Patience(silence_s=30, slow_bytes_per_s=8192, slow_after_s=60, total_s=900)


# --- addresses, letter by letter -----------------------------------------------------------------------------------

SPELLINGS = [
    "/a%2Fb.mp3", "/a%2fb.mp3", "/a%7Eb.mp3", "/a~b.mp3", "/a%3Db.mp3", "/a+b%20c.mp3", "/a%2e%2e/b.mp3", "/a//b.mp3",
    "/a.mp3?sig=%2F%7e%3D+x%20y%2B", "/a.mp3?x=[1]&y={2}&z=%5b%5D", "/a.mp3?Policy=a_b-c~&Signature=%3d%3D",
    "/a.mp3?u=%C3%BC&v=%c3%bc&w=a/b:c@d&&e=", "/a%2Fb.mp3?", "/?", "/a.mp3??", "/a.mp3?x?",
]  # fmt: skip


@pytest.mark.parametrize("spelt", SPELLINGS)
async def test_addresses_are_requested_letter_by_letter_behind_redirects_too(host, fetcher, tmp_path, spelt):
    locations = iter([host.url(spelt), spelt])

    async def answer(request: web.Request) -> web.StreamResponse:
        if (location := next(locations, None)) is not None:
            return web.Response(status=302, headers={"Location": location})
        return web.Response(body=MP3)

    host.answers = defaultdict(lambda: answer)
    await fetcher.fetch(host.url(spelt), tmp_path / "a")
    assert [request.raw_path for request in host.seen] == [spelt] * 3


async def test_what_no_request_can_hold_is_encoded(host, fetcher, tmp_path):
    host.gives("/ä b.mp3", MP3)
    await fetcher.fetch(host.url("/ä b.mp3?c=%2f"), tmp_path / "a")
    assert host.seen[0].raw_path == "/%C3%A4%20b.mp3?c=%2f"


async def test_a_closed_port_is_worth_another_try(fetcher, tmp_path, unused_tcp_port):
    url = f"http://127.0.0.1:{unused_tcp_port}/a.mp3"
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.UNREACHABLE


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://cdn.example.com/a", "ftp://a.example.com/a", "https://u@a.example.com", "http://[", "nonsense", ""]
)
async def test_urls_that_may_not_be_visited_are_refused_without_a_connection(session, tmp_path, url):
    fetcher = MediaFetcher(session, allow_private=False, max_bytes=1)
    assert await refusal(fetcher, url, tmp_path) is MediaProblem.FORBIDDEN_ADDRESS


async def test_a_name_that_leads_to_a_private_address_is_refused(host, tmp_path):
    host.gives("/a.mp3", MP3)
    async with open_media_session(allow_private=False, resolver=Names(cdn=[["127.0.0.1"]])) as session:
        fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(MP3))
        url = host.url("/a.mp3", host="cdn.test")
        assert await refusal(fetcher, url, tmp_path) is MediaProblem.FORBIDDEN_ADDRESS
    assert host.seen == []


@pytest.mark.parametrize("address", ["127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "10.0.0.1", "2130706433"])
async def test_a_private_address_spelled_out_never_gets_a_socket(host, tmp_path, address):
    host.gives("/a.mp3", MP3)
    async with open_media_session(allow_private=False) as session:
        fetcher = MediaFetcher(session, allow_private=True, max_bytes=len(MP3))
        url = host.url("/a.mp3", host=address)
        assert await refusal(fetcher, url, tmp_path) is MediaProblem.FORBIDDEN_ADDRESS
    assert host.seen == []


@pytest.mark.parametrize(
    ("address", "ranges", "told"),
    [
        ("198.18.3.4", [], [("198.18.0.0/15", "MEDIA_ALLOW_RANGES")]),
        ("198.18.3.4", ["198.19.0.0/16"], [("198.18.0.0/15", "MEDIA_ALLOW_RANGES")]),
        ("10.0.0.1", ["198.18.0.0/15"], []),
        ("169.254.169.254", [], []),
    ],
)
async def test_a_resolver_that_makes_up_addresses_is_told_with_its_way_out(tmp_path, caplog, address, ranges, told):
    rule = allowing([ip_network(one) for one in ranges])
    async with open_media_session(allow_private=False, resolver=Names(cdn=[[address]]), rule=rule) as session:
        fetcher = MediaFetcher(session, allow_private=False, max_bytes=len(MP3), rule=rule)
        assert await refusal(fetcher, "https://cdn.test/a.mp3", tmp_path) is MediaProblem.FORBIDDEN_ADDRESS
    warned = [record.__dict__ for record in caplog.records if record.levelname == "WARNING"]
    assert [(one["range"], one["setting"]) for one in warned] == told


async def test_an_allowed_range_is_connected_to(tmp_path, monkeypatch):
    """Nobody answers there: that the socket was made is what counts."""
    made: list[str] = []
    rule = allowing([ip_network("198.18.0.0/15")])

    def watched(address: Any) -> bool:
        made.extend([str(address)] if rule(address) else [])
        return False  # seen, and not really connected to

    async with open_media_session(allow_private=False, resolver=Names(cdn=[["198.18.3.4"]]), rule=watched) as session:
        fetcher = MediaFetcher(session, allow_private=False, max_bytes=len(MP3), rule=rule)
        for url in ("https://cdn.test/a.mp3", "https://198.18.3.5/a.mp3"):
            await refusal(fetcher, url, tmp_path)
    assert made == ["198.18.3.4", "198.18.3.5"]


async def test_only_the_allowed_addresses_of_a_name_are_tried(host, tmp_path):
    host.gives("/a.mp3", MP3)
    names = Names(cdn=[["10.0.0.1", "fd00::1", "127.0.0.1"]], bad=[["10.0.0.1", "fd00::1"]])
    async with guarded(names) as fetcher:
        await fetcher.fetch(host.url("/a.mp3", host="cdn.test"), tmp_path / "a")
        (tmp_path / "a").unlink()
        url = host.url("/a.mp3", host="bad.test")
        assert await refusal(fetcher, url, tmp_path) is MediaProblem.FORBIDDEN_ADDRESS


async def test_redirects_are_followed_by_name_and_by_path(host, tmp_path):
    names = Names(cdn=[["127.0.0.1"]], edge=[["127.0.0.1"]])
    host.gives("/a.mp3", b"", status=302, headers={"Location": host.url("/b", host="edge.test")})
    host.gives("/b", b"", status=307, headers={"Location": "/c?d=1"})
    host.gives("/c", MP3)
    async with guarded(names) as fetcher:
        await fetcher.fetch(host.url("/a.mp3", host="cdn.test"), tmp_path / "a")
    assert [request.host.split(":")[0] for request in host.seen] == ["cdn.test", "edge.test", "edge.test"]
    assert host.seen[-1].path_qs == "/c?d=1"


@pytest.mark.parametrize(
    "location",
    [
        "http://inside.test/b",
        "http://10.0.0.1/b",
        "http://[::1]/b",
        "//127.0.0.2/b",
        "ftp://cdn.test/b",
        "file:///etc/passwd",
        "http://user:pass@cdn.test/b",
        "http://[",
    ],
)
async def test_each_redirect_is_checked(host, tmp_path, location):
    host.gives("/a.mp3", b"", status=301, headers={"Location": location})
    async with guarded(Names(cdn=[["127.0.0.1"]], inside=[["192.168.0.1"]])) as fetcher:
        url = host.url("/a.mp3", host="cdn.test")
        assert await refusal(fetcher, url, tmp_path) is MediaProblem.FORBIDDEN_ADDRESS
    assert len(host.seen) == 1


async def test_redirects_end_after_five(host, fetcher, tmp_path):
    for hop in range(7):
        host.gives(f"/{hop}", b"", status=302, headers={"Location": f"/{hop + 1}"})
    host.gives("/5", MP3)
    await fetcher.fetch(host.url("/0"), tmp_path / "a")
    (tmp_path / "a").unlink()
    host.gives("/5", b"", status=302, headers={"Location": "/6"})
    host.seen.clear()
    assert await refusal(fetcher, host.url("/0"), tmp_path) is MediaProblem.UNREACHABLE
    assert len(host.seen) == 6


async def test_a_name_that_changes_its_address_gains_nothing(host, tmp_path):
    """DNS rebinding: public when first asked, private afterwards, within one download as well as between two."""
    names = Names(cdn=[["127.0.0.1"], ["10.0.0.1"]])
    closing = {"Connection": "close"}
    host.gives("/a.mp3", b"", status=302, headers={"Location": "/b", **closing})
    host.gives("/b", MP3, headers=closing)
    async with guarded(names) as fetcher:
        url = host.url("/a.mp3", host="cdn.test")
        assert await refusal(fetcher, url, tmp_path) is MediaProblem.FORBIDDEN_ADDRESS
    assert names.asked == ["cdn.test", "cdn.test"]
    assert len(host.seen) == 1


async def test_no_key_and_no_cookie_reach_a_media_host(host, tmp_path):
    headers = {"Location": "/b", "Set-Cookie": "session=1; Path=/"}
    host.gives("/a.mp3", b"", status=302, headers=headers)
    host.gives("/b", MP3)
    async with guarded(Names(cdn=[["127.0.0.1"]])) as fetcher:
        await fetcher.fetch(host.url("/a.mp3", host="cdn.test"), tmp_path / "a")
    assert len(host.seen) == 2
    for request in host.seen:
        assert set(request.headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
        assert request.headers["User-Agent"] == "Encore"


# --- all takes of a task -----------------------------------------------------------------------------------------


def finished(*urls: str, title: str | None = None, result_title: str | None = None) -> MusicTask:
    return MusicTask(
        id=TaskId(7),
        origin_key="i:1",
        kind=Kind.SONG,
        state=State.COMPLETED,
        revision=1,
        shown_revision=0,
        created_at=NOW,
        state_at=NOW,
        user_id=1,
        guild_id=None,
        channel_id=1,
        prompt="rain",
        title=title,
        model="m",
        attachment_limit_bytes=1,
        result=Result(title=result_title, lyrics="la", tracks=tuple(Track(audio_url=url) for url in urls)),
    )


@pytest.fixture
def collector(fetcher, tmp_path) -> MediaCollector:
    store = MediaStore(tmp_path / "media", keep_days=1, total_bytes=10**9, clock=lambda: NOW)
    return MediaCollector(fetcher, store)


ALL = range(1, 9)


async def brought_by(collector: MediaCollector, task: MusicTask, due: Collection[int] = ALL) -> Brought:
    """What is told once all takes have ended, which is all that is told where none takes its time."""
    (brought,) = [one async for one in collector.fetch_task(task, due)]
    return brought


def reasons(brought: Brought) -> dict[int, MediaProblem]:
    """Why takes could not be fetched."""
    return {take: error.reason for take, error in brought.failed.items()}


def tried(task: MusicTask, *, take: int = 1, failures: int = 0, short_tries: int = 0) -> MusicTask:
    """The task after tries for one of its takes."""
    return replace(task, media_tries=(TakeTries(take=take, failures=failures, short_tries=short_tries),))


async def test_all_takes_of_a_song_come_home(host, collector, tmp_path):
    task = finished(host.gives("/a", MP3), host.gives("/b", MP3), title="Low Tide", result_title="Other")
    first, second = (await brought_by(collector, task)).files
    assert (first.name, first.shown_as) == ("7-1.mp3", "Low Tide (take 1).mp3")
    assert (second.name, second.shown_as) == ("7-2.mp3", "Low Tide (take 2).mp3")
    assert first.size_bytes == (tmp_path / "media" / "7-1.mp3").stat().st_size
    assert first.duration_s == pytest.approx(1.0, abs=0.1)
    assert sorted(path.name for path in (tmp_path / "media").iterdir()) == ["7-1.mp3", "7-1.png", "7-2.mp3", "7-2.png"]


async def test_each_take_has_a_picture_of_its_own(host, collector, tmp_path):
    task = finished(host.gives("/a", MP3), host.gives("/b", MP3))
    first, second = (await brought_by(collector, task)).files
    assert (first.take, first.picture, second.take, second.picture) == (1, "7-1.png", 2, "7-2.png")
    pictures = [(tmp_path / "media" / f"7-{take}.png").read_bytes() for take in (1, 2)]
    assert all(one.startswith(b"\x89PNG") for one in pictures)
    assert pictures[0] != pictures[1], "each names its take"


@pytest.fixture
def roomy(session, tmp_path) -> MediaCollector:
    """A collector that takes any size."""
    store = MediaStore(tmp_path / "media", keep_days=1, total_bytes=10**9, clock=lambda: NOW)
    return MediaCollector(MediaFetcher(session, allow_private=True, max_bytes=10**7), store)


@pytest.mark.parametrize("kind", AudioKind)
async def test_a_song_of_any_kind_has_a_picture_and_an_ending_that_plays(host, roomy, tmp_path, kind):
    ending = {AudioKind.AAC: "m4a", AudioKind.WEBM: "ogg"}.get(kind, kind.value)
    (only,) = (await brought_by(roomy, finished(host.gives("/a", SAMPLES[kind])))).files
    assert (only.name, only.shown_as, only.picture) == (f"7-1.{ending}", f"Song.{ending}", "7-1.png")
    assert {path.name for path in (tmp_path / "media").iterdir()} == {f"7-1.{ending}", "7-1.png"}


async def test_a_song_that_cannot_be_looked_into_comes_home_as_it_is(host, roomy, tmp_path):
    roomy._workshop = Workshop(command=["/bin/false"])
    (only,) = (await brought_by(roomy, finished(host.gives("/a", MP3)))).files
    assert (only.name, only.duration_s, only.picture) == ("7-1.mp3", None, None)
    assert (tmp_path / "media" / "7-1.mp3").read_bytes() == MP3
    assert [path.name for path in (tmp_path / "media").iterdir()] == ["7-1.mp3"]


async def test_a_song_over_the_limit_comes_home_made_to_fit(host, roomy):
    task = replace(finished(host.gives("/a", sample(AudioKind.WAV))), attachment_limit_bytes=200_000)
    (only,) = (await brought_by(roomy, task)).files
    assert (only.name, only.shown_as, only.encoded_kbps) == ("7-1.mp3", "Song.mp3", 192)
    assert only.size_bytes <= 200_000
    assert only.duration_s == pytest.approx(8.0, abs=0.1)


HALF = sample(AudioKind.MP3)[: len(sample(AudioKind.MP3)) // 2]


async def is_short(collector: MediaCollector, task: MusicTask) -> bool:
    """Whether its only take is said to be too short, for now."""
    (error,) = (await brought_by(collector, task)).failed.values()
    return (error.reason, error.is_temporary) == (MediaProblem.CUT_SHORT, True)


async def test_half_a_file_is_asked_for_again_and_comes_home_with_both_lengths_if_it_stays_so(host, roomy, tmp_path):
    task = finished(host.gives("/a", HALF))
    for tries in range(SHORT_TRIES):
        assert await is_short(roomy, tried(task, failures=tries, short_tries=tries))
    assert list((tmp_path / "media").iterdir()) == []
    (only,) = (await brought_by(roomy, tried(task, failures=SHORT_TRIES, short_tries=SHORT_TRIES))).files
    assert only.duration_s == pytest.approx(4.0, abs=0.2)
    assert only.whole_s == pytest.approx(8.0, abs=0.2)


async def test_tries_that_failed_for_other_reasons_leave_half_a_file_its_own(host, roomy):
    assert await is_short(roomy, tried(finished(host.gives("/a", HALF)), failures=SHORT_TRIES))


async def test_half_a_file_comes_home_where_the_next_try_would_be_an_hour_away(host, roomy):
    (only,) = (await brought_by(roomy, tried(finished(host.gives("/a", HALF)), failures=len(TRY_AGAIN_S)))).files
    assert only.whole_s == pytest.approx(8.0, abs=0.2)


async def test_a_file_shorter_than_the_provider_says_is_asked_for_again(host, roomy):
    task = finished(host.gives("/a", MP3))
    told = replace(task, result=Result(tracks=(Track(audio_url=host.url("/a"), duration_s=9.5),)))
    assert await is_short(roomy, told)
    (only,) = (await brought_by(roomy, tried(told, failures=len(TRY_AGAIN_S)))).files
    assert only.whole_s == 9.5


@pytest.mark.parametrize("short", [1, 2])
async def test_a_take_that_is_too_short_is_asked_for_again_without_the_other_one(host, roomy, tmp_path, short):
    urls = [host.gives(f"/{take}", HALF if take == short else MP3) for take in (1, 2)]
    brought = await brought_by(roomy, finished(*urls))
    assert [(file.name, file.whole_s) for file in brought.files] == [(f"7-{3 - short}.mp3", None)]
    assert (set(brought.fetched), reasons(brought)) == ({3 - short}, {short: MediaProblem.CUT_SHORT})
    assert (tmp_path / "media" / f"7-{3 - short}.mp3").is_file()
    host.seen.clear()
    then = tried(replace(finished(*urls), media=brought.files), take=short, failures=len(TRY_AGAIN_S))
    both = (await brought_by(roomy, then)).files
    assert [(file.name, file.take) for file in both if file.whole_s] == [(f"7-{short}.mp3", short)]
    assert both[2 - short] == brought.files[0]
    assert [request.path for request in host.seen] == [f"/{short}"]


async def test_a_file_that_ended_early_is_fetched_anew_once_its_song_is_wanted_again(host, roomy, tmp_path):
    task = finished(host.gives("/a", HALF))
    files = (await brought_by(roomy, tried(task, failures=len(TRY_AGAIN_S)))).files
    task, kept = replace(task, media=files), (tmp_path / "media" / "7-1.mp3").read_bytes()

    still = await brought_by(roomy, task)
    assert (still.files, still.fetched, reasons(still)) == (files, frozenset(), {1: MediaProblem.CUT_SHORT})
    assert (tmp_path / "media" / "7-1.mp3").read_bytes() == kept
    host.seen.clear()
    enough = await brought_by(roomy, task, due=())
    assert (enough.files, set(enough.fetched), enough.failed, set(enough.there), host.seen) == (
        files,
        set(),
        {},
        set(),
        [],
    )

    host.gives("/a", sample(AudioKind.MP3))
    brought = await brought_by(roomy, tried(task, failures=1))
    assert [(file.name, file.whole_s) for file in brought.files] == [("7-1.mp3", None)]
    assert (set(brought.fetched), brought.failed) == ({1}, {})


async def test_a_picture_that_cannot_be_stored_does_not_hold_up_the_song(host, collector, tmp_path, caplog):
    (tmp_path / "media" / "7-1.png").mkdir()
    (only,) = (await brought_by(collector, finished(host.gives("/a", MP3)))).files
    assert (only.name, only.picture) == ("7-1.mp3", None)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == ["picture not stored"]
    assert sorted(path.name for path in (tmp_path / "media").iterdir()) == ["7-1.mp3", "7-1.png"]


@pytest.mark.parametrize(("result_title", "name"), [("Given", "Given.mp3"), (None, "Song.mp3")])
async def test_a_song_without_a_wished_title_takes_the_next_best(host, collector, result_title, name):
    (only,) = (await brought_by(collector, finished(host.gives("/a", MP3), result_title=result_title))).files
    assert only.shown_as == name


@pytest.mark.parametrize("dead", [1, 2])
@pytest.mark.parametrize("status", [404, 410, 503])
async def test_a_dead_take_does_not_take_the_other_one_along(host, collector, tmp_path, dead, status):
    urls = [
        host.gives(f"/{take}", b"" if take == dead else MP3, status=status if take == dead else 200) for take in (1, 2)
    ]
    brought = await brought_by(collector, finished(*urls))
    assert [file.name for file in brought.files] == [f"7-{3 - dead}.mp3"]
    assert (tmp_path / "media" / f"7-{3 - dead}.mp3").exists()
    assert set(brought.fetched) == {3 - dead}
    (error,) = brought.failed.values()
    assert error.is_temporary is (status != 410)


@pytest.mark.parametrize("slow", [1, 2])
async def test_a_take_that_drips_does_not_hold_up_the_other_one(host, collector, tmp_path, monkeypatch, slow):
    monkeypatch.setattr(collect, "TOGETHER_S", 0.05)
    urls = [host.gives("/1", MP3), host.gives("/2", MP3)]
    urls[slow - 1] = host.streams("/slow", MP3, hang=True)
    told = collector.fetch_task(finished(*urls), ALL)
    first = await anext(told)
    assert [file.name for file in first.files] == [f"7-{3 - slow}.mp3"]
    assert (set(first.fetched), first.is_all, first.failed) == ({3 - slow}, False, {})
    host.release.set()
    rest = await anext(told)
    assert [file.name for file in rest.files] == ["7-1.mp3", "7-2.mp3"]
    assert (set(rest.fetched), rest.is_all, rest.failed) == ({slow}, True, {})
    with pytest.raises(StopAsyncIteration):
        await anext(told)


async def test_whoever_wants_no_more_leaves_nothing_under_way(host, collector, tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "TOGETHER_S", 0.05)
    told = collector.fetch_task(finished(host.gives("/1", MP3), host.streams("/slow", MP3[:99], hang=True)), ALL)
    await anext(told)
    await told.aclose()
    assert sorted(path.name for path in (tmp_path / "media").iterdir()) == ["7-1.mp3", "7-1.png"]
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("media ")] == []


async def test_only_what_is_missing_is_fetched_again(host, collector, tmp_path):
    task = finished(host.gives("/a", b"", status=403), host.gives("/b", MP3))
    task = replace(task, media=(await brought_by(collector, task)).files)
    host.gives("/a", MP3)
    host.seen.clear()
    brought = await brought_by(collector, task)
    assert [file.name for file in brought.files] == ["7-1.mp3", "7-2.mp3"]
    assert (set(brought.fetched), brought.failed) == ({1}, {})
    assert [request.path for request in host.seen] == ["/a"]
    again = await brought_by(collector, replace(task, media=brought.files))
    assert (again.files, set(again.fetched), again.failed, set(again.there)) == (brought.files, set(), {}, {1, 2})
    assert len(host.seen) == 1


async def test_a_file_that_is_gone_from_the_disk_is_fetched_anew_and_known_until_then(host, collector, tmp_path):
    task = finished(host.gives("/a", MP3))
    files = (await brought_by(collector, task)).files
    (tmp_path / "media" / "7-1.mp3").unlink()
    host.gives("/a", b"", status=403)
    brought = await brought_by(collector, replace(task, media=files))
    assert (brought.files, reasons(brought)) == (files, {1: MediaProblem.REFUSED})
    host.gives("/a", MP3)
    brought = await brought_by(collector, replace(task, media=files))
    assert (brought.files, set(brought.fetched), brought.failed) == (files, {1}, {})


async def test_trouble_of_our_own_with_one_take_leaves_the_other_one_alone(host, collector, tmp_path):
    (tmp_path / "media" / "7-1.mp3").mkdir()
    brought = await brought_by(collector, finished(host.gives("/a", MP3), host.gives("/b", MP3)))
    assert [file.name for file in brought.files] == ["7-2.mp3"]
    assert reasons(brought) == {1: MediaProblem.UNREACHABLE}
    assert brought.failed[1].is_temporary


async def test_each_take_tells_its_own_trouble(host, collector):
    task = finished(host.gives("/a", b"", status=410), host.gives("/b", b"", status=403))
    assert reasons(await brought_by(collector, task)) == {1: MediaProblem.GONE, 2: MediaProblem.REFUSED}


async def test_only_takes_that_are_due_are_tried_for(host, collector):
    task = finished(host.gives("/a", MP3), host.gives("/b", MP3))
    brought = await brought_by(collector, task, due={2})
    assert [(file.take, file.name) for file in brought.files] == [(2, "7-2.mp3")]
    assert [request.path for request in host.seen] == ["/b"]


def spared(host, *answers: tuple[bytes, int]) -> MusicTask:
    """A song of one take with several addresses, which give these."""
    first, *spares = [host.gives(f"/{number}", body, status=status) for number, (body, status) in enumerate(answers)]
    task = finished(first)
    return replace(task, result=Result(tracks=(Track(audio_url=first, spare_urls=tuple(spares)),)))


PAGE = b"<html>expired</html>"


@pytest.mark.parametrize("dead", [(b"", 404), (b"", 403), (b"", 410), (b"", 200), (PAGE, 200), (HALF, 200)])
async def test_what_one_address_does_not_give_comes_from_the_next(host, roomy, dead):
    brought = await brought_by(roomy, spared(host, dead, (sample(AudioKind.MP3), 200)))
    assert [(file.name, file.whole_s) for file in brought.files] == [("7-1.mp3", None)]
    assert ([request.path for request in host.seen], brought.failed) == (["/0", "/1"], {})


async def test_spare_addresses_are_left_alone_where_the_first_one_works(host, roomy):
    await brought_by(roomy, spared(host, (MP3, 200), (MP3, 200)))
    assert [request.path for request in host.seen] == ["/0"]


@pytest.mark.parametrize(
    ("answers", "reason", "is_temporary"),
    [
        ([(b"", 410), (b"", 404)], MediaProblem.REFUSED, True),
        ([(b"", 404), (b"", 410)], MediaProblem.REFUSED, True),
        ([(b"", 410), (b"", 410)], MediaProblem.GONE, False),
        ([(b"", 404), (HALF, 200)], MediaProblem.CUT_SHORT, True),
    ],
)
async def test_a_try_fails_once_for_all_addresses_with_what_leaves_most_to_hope(
    host, roomy, answers, reason, is_temporary
):
    (error,) = (await brought_by(roomy, spared(host, *answers))).failed.values()
    assert (error.reason, error.is_temporary) == (reason, is_temporary)


@pytest.mark.parametrize(
    ("status", "tries", "asked"),
    [
        (404, TakeTries(take=1), ["/0"]),
        (404, TakeTries(take=1, asked_at=NOW), ["/0"]),
        (404, TakeTries(take=1, failures=len(TRY_AGAIN_S) - 1), ["/0"]),
        (404, TakeTries(take=1, failures=len(TRY_AGAIN_S)), ["/0", "/stream"]),
        (410, TakeTries(take=1), ["/0"]),
        (410, TakeTries(take=1, asked_at=NOW), ["/0", "/stream"]),
    ],
)
async def test_a_stream_is_fetched_only_where_the_file_has_long_failed_or_is_gone(host, roomy, status, tries, asked):
    task = spared(host, (b"", status))
    track = replace(task.takes[0].track, stream_url=host.gives("/stream", sample(AudioKind.MP3)))
    tried_for = replace(task, result=Result(tracks=(track,)), media_tries=(tries,), addresses_at=NOW)

    brought = await brought_by(roomy, tried_for)

    assert [request.path for request in host.seen] == asked
    assert bool(brought.files) == ("/stream" in asked)


async def test_a_task_without_audio_has_no_files(collector):
    brought = await brought_by(collector, finished())
    assert (brought.files, set(brought.fetched), brought.failed) == ((), set(), {})
