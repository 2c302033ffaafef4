"""Covers from real servers on the loopback: beside the audio, guarded as it is, and never in its way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen
import pytest
from aiohttp import web
from PIL import Image

from bot.domain.media import Brought
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import MusicTask
from bot.ui.media import MediaCollector, MediaFetcher, MediaStore, cover, open_media_session
from tests.fakes.pictures import claimed, noise, picture
from tests.integration.test_media import MP3, NOW, Host, Names, finished, host, session

__all__ = ["host", "session"]

RED, BLUE = picture("PNG", colour="red"), picture("WEBP", colour="blue")
AS_BUILT_S = cover.WAIT_S
AS_BUILT_TRIES_S = cover.TRY_AGAIN_S
PATIENT_S = 60.0
"""So that no busy machine decides what is there in time."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def collector(session, folder, monkeypatch) -> MediaCollector:
    monkeypatch.setattr(cover, "WAIT_S", PATIENT_S)
    monkeypatch.setattr(cover, "TRY_AGAIN_S", (0.0, 0.0))
    store = MediaStore(folder, keep_days=1, total_bytes=10**9, clock=lambda: NOW)
    return MediaCollector(MediaFetcher(session, allow_private=True, max_bytes=10**7), store)


def song(host: Host, *covers: str | None) -> MusicTask:
    """A finished song with a take for each of these addresses."""
    task = finished()
    assert task.result is not None
    tracks = tuple(
        Track(audio_url=host.gives(f"/{take}.mp3", MP3), image_url=url) for take, url in enumerate(covers, start=1)
    )
    return replace(task, attachment_limit_bytes=10**7, result=replace(task.result, tracks=tracks))


async def files_of(collector: MediaCollector, task: MusicTask) -> tuple[MediaFile, ...]:
    """What has come home in the end."""
    told: list[Brought] = [one async for one in collector.fetch_task(task, {take.number for take in task.takes})]
    assert not told[-1].failed
    return told[-1].files


def colour_in(path: Path) -> str | None:
    """The colour of the cover that an MP3 carries."""
    named = path.with_suffix(".mp3")
    audio: Any = mutagen.File(named)
    covers = audio.tags.getall("APIC")
    assert len(covers) <= 1
    return colour_of(covers[0].data) if covers else None


def colour_of(data: bytes) -> str:
    red, _, blue = Image.open(BytesIO(data)).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    return "red" if red > blue else "blue"


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def asked(host: Host, path: str) -> int:
    return sum(request.path == path for request in host.seen)


async def test_each_take_carries_its_own_cover(host, collector, folder):
    first, second = await files_of(collector, song(host, host.gives("/a.png", RED), host.gives("/b.png", BLUE)))
    assert (first.cover, second.cover) == ("7-1.jpg", "7-2.jpg")
    assert (colour_in(folder / first.name), colour_in(folder / second.name)) == ("red", "blue")
    with Image.open(folder / "7-1.jpg") as stored:
        assert (stored.format, stored.size) == ("JPEG", (640, 640))
    assert left_in(folder) == {"7-1.mp3", "7-1.png", "7-1.jpg", "7-2.mp3", "7-2.png", "7-2.jpg"}


async def test_a_take_without_one_carries_that_of_the_first(host, collector, folder):
    first, second = await files_of(collector, song(host, host.gives("/a.png", RED), None))
    assert (first.cover, second.cover) == ("7-1.jpg", "7-1.jpg")
    assert colour_in(folder / second.name) == "red"
    assert asked(host, "/a.png") == 1


async def test_a_take_whose_own_fails_carries_that_of_the_first(host, collector, folder):
    gone = host.gives("/b.png", b"", status=404)
    _, second = await files_of(collector, song(host, host.gives("/a.png", RED), gone))
    assert (second.cover, colour_in(folder / second.name)) == ("7-1.jpg", "red")


async def test_the_first_take_has_none_of_the_second(host, collector, folder):
    first, second = await files_of(collector, song(host, None, host.gives("/b.png", BLUE)))
    assert (first.cover, second.cover) == (None, "7-2.jpg")
    assert (colour_in(folder / first.name), colour_in(folder / second.name)) == (None, "blue")


async def test_one_address_for_two_takes_is_asked_once(host, collector):
    url = host.gives("/a.png", RED)
    files = await files_of(collector, song(host, url, url))
    assert [one.cover for one in files] == ["7-1.jpg"] * 2
    assert asked(host, "/a.png") == 1


async def test_what_is_there_is_not_fetched_again(host, collector, folder):
    task = song(host, host.gives("/a.png", RED))
    (only,) = await files_of(collector, task)
    (folder / only.name).unlink()
    await files_of(collector, task)
    assert asked(host, "/a.png") == 1


async def test_a_song_that_is_all_there_asks_for_no_cover(host, collector):
    task = song(host, host.gives("/a.png", RED))
    known = replace(task, media=await files_of(collector, task))
    host.seen.clear()
    await files_of(collector, known)
    assert host.seen == []


# --- what goes wrong -------------------------------------------------------------------------------------------------

Serve = Callable[[Host], str]

TROUBLES: dict[str, Serve] = {
    "refused": lambda host: host.gives("/a.png", b"no", status=403),
    "not there": lambda host: host.gives("/a.png", b"no", status=404),
    "gone": lambda host: host.gives("/a.png", b"no", status=410),
    "a page": lambda host: host.gives("/a.png", b"<html>expired</html>", headers={"Content-Type": "image/png"}),
    "nothing": lambda host: host.gives("/a.png", b""),
    "too large": lambda host: host.gives("/a.png", RED + bytes(cover.DOWNLOAD_MAX_BYTES)),
    "endless": lambda host: host.streams("/a.png", *[bytes(1024**2)] * 9, hang=True),
    "half": lambda host: host.gives("/a.png", noise("JPEG")[:20_000]),
    "far too many pixels": lambda host: host.gives("/a.png", claimed(30_000, 30_000)),
    "another kind": lambda host: host.gives("/a.png", picture("GIF")),
    "a redirect to nowhere": lambda host: host.gives("/a.png", b"", status=302, headers={"Location": "ftp://a/b"}),
    "no address": lambda host: "https:///a.png",
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_without_its_cover_a_song_comes_home_all_the_same(host, collector, folder, caplog, trouble):
    with caplog.at_level(logging.INFO):
        (only,) = await files_of(collector, song(host, TROUBLES[trouble](host)))
    assert (only.name, only.cover, only.picture) == ("7-1.mp3", None, "7-1.png")
    assert colour_in(folder / only.name) is None
    assert left_in(folder) == {"7-1.mp3", "7-1.png"}
    told = [record for record in caplog.records if record.name.startswith("bot.")]
    assert [record.message for record in told] == ["song has no cover"]
    assert not any(word in str(vars(record)) for record in told for word in ("127.0.0.1", "a.png"))


async def test_a_crash_costs_the_cover_alone(host, collector, folder, monkeypatch):
    monkeypatch.setattr(collector._covers._process, "_command", ("/bin/false",))
    (only,) = await files_of(collector, song(host, host.gives("/a.png", RED)))
    assert only.cover is None
    assert only.duration_s == pytest.approx(1.0, abs=0.1)
    assert left_in(folder) == {"7-1.mp3", "7-1.png"}


@pytest.mark.parametrize("refusal", [403, 404])
async def test_a_cover_that_is_refused_at_first_is_tried_for_again(host, collector, folder, refusal):
    refusals = [web.Response(status=refusal), web.Response(status=refusal)]

    async def answer(request: web.Request) -> web.StreamResponse:
        return refusals.pop() if refusals else web.Response(body=RED)

    host.answers["/a.png"] = answer
    (only,) = await files_of(collector, song(host, host.url("/a.png")))
    assert (only.cover, colour_in(folder / only.name)) == ("7-1.jpg", "red")
    assert sum(AS_BUILT_TRIES_S) < AS_BUILT_S


async def test_what_failed_once_may_be_there_with_the_next_try(host, collector, folder):
    task = song(host, host.gives("/a.png", b"", status=404))
    (only,) = await files_of(collector, task)
    assert only.cover is None
    (folder / only.name).unlink()
    host.gives("/a.png", RED)
    (only,) = await files_of(collector, task)
    assert (only.cover, colour_in(folder / only.name)) == ("7-1.jpg", "red")


def slow(host: Host, path: str, body: bytes) -> str:
    """Answers only once the host is released."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await host.release.wait()
        return web.Response(body=body)

    host.answers[path] = answer
    return host.url(path)


async def test_a_song_does_not_wait_long_for_its_cover(host, collector, folder, monkeypatch, caplog):
    monkeypatch.setattr(cover, "WAIT_S", 0.05)
    with caplog.at_level(logging.INFO):
        (only,) = await files_of(collector, song(host, slow(host, "/a.png", RED)))
    (told,) = [record for record in caplog.records if record.name.startswith("bot.")]
    assert (told.message, vars(told)["reason"]) == ("song has no cover", "not in time")
    assert (only.cover, colour_in(folder / only.name)) == (None, None)
    assert left_in(folder) == {"7-1.mp3", "7-1.png"}
    assert 1 <= AS_BUILT_S <= 10


async def test_a_cover_that_is_there_is_taken_while_the_own_one_is_slow(host, collector, folder, monkeypatch):
    task = song(host, host.gives("/a.png", RED), slow(host, "/b.png", BLUE))
    (first,) = await files_of(collector, song(host, host.gives("/a.png", RED)))
    monkeypatch.setattr(cover, "WAIT_S", 0.05)
    _, second = await files_of(collector, replace(task, media=(first,)))
    assert (second.cover, colour_in(folder / second.name)) == ("7-1.jpg", "red")


async def test_a_cover_that_comes_a_little_later_than_the_song_is_waited_for(host, collector, folder):
    task = song(host, slow(host, "/a.png", RED))
    async with asyncio.timeout(PATIENT_S):
        fetching = asyncio.create_task(files_of(collector, task))
        while not asked(host, "/1.mp3"):  # noqa: ASYNC110 - the host has no event
            await asyncio.sleep(0.01)
        host.release.set()
        (only,) = await fetching
    assert (only.cover, colour_in(folder / only.name)) == ("7-1.jpg", "red")


async def test_whoever_stops_waiting_for_the_song_stops_its_cover(host, collector, folder):
    fetching = asyncio.create_task(files_of(collector, song(host, slow(host, "/a.png", RED))))
    async with asyncio.timeout(PATIENT_S):
        while not asked(host, "/a.png"):  # noqa: ASYNC110 - the host has no event
            await asyncio.sleep(0.01)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not [one for one in asyncio.all_tasks() if one.get_name().endswith(".jpg")]
    assert left_in(folder) <= {"7-1.mp3"}


async def test_audio_that_fails_is_no_matter_of_its_cover(host, collector):
    task = song(host, host.gives("/a.png", RED))
    host.gives("/1.mp3", b"", status=404)
    (brought,) = [one async for one in collector.fetch_task(task, {take.number for take in task.takes})]
    assert set(brought.failed) == {1}
    assert brought.files == ()


# --- the guard -------------------------------------------------------------------------------------------------------


async def test_a_cover_at_an_address_that_is_not_public_is_never_connected_to(host, tmp_path, caplog):
    """As it runs for members: https alone, and the address is checked at the socket."""
    store = MediaStore(tmp_path, keep_days=1, total_bytes=10**9, clock=lambda: NOW)
    names = Names(inside=[["127.0.0.1"]])
    async with open_media_session(allow_private=False, resolver=names) as session:
        covers = cover.CoverCollector(MediaFetcher(session, allow_private=False, max_bytes=10**7), store)
        for url in (host.url("/a.png"), f"https://127.0.0.1:{host.server.port}/a", "https://inside.test/a"):
            assert await covers.collect(url, "7-1.jpg") is None
    assert set(names.asked) == {"inside.test"}
    assert host.seen == []


async def test_a_cover_is_asked_for_letter_by_letter_and_without_a_key(host, collector):
    host.answers["/a/b~.png"] = host.answers["/c"] = lambda request: _answer(RED)
    (only,) = await files_of(collector, song(host, host.url("/a%2Fb%7E.png?sig=a%2Fb%3D%7e")))
    (request,) = [one for one in host.seen if "b~" in one.path]
    assert request.raw_path == "/a%2Fb%7E.png?sig=a%2Fb%3D%7e"
    assert "Authorization" not in request.headers
    assert "Cookie" not in request.headers
    assert only.cover == "7-1.jpg"


def _answer(body: bytes) -> Awaitable[web.StreamResponse]:
    async def give() -> web.StreamResponse:
        return web.Response(body=body)

    return give()
