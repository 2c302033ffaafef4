"""The stand-in's songs: takes, lengths, covers, audio that comes late, kinds of files, and addresses that expire."""

import io
from typing import Any

import av
import numpy as np
import pytest
from yarl import URL

from sandbox.cover import PNG_SIGNATURE
from tests.fakes.standin_api import CREATE, LYRICS, SONG, Api, Clock, MakeApi

AS_PROVIDED: dict[str, Any] = {"takes": 2, "long_songs": True, "late_every": 5}
"""What the stand-in does unless told otherwise; the other tests ask for one short take."""


@pytest.fixture
async def provided(make_api: MakeApi) -> Api:
    return await make_api(renders=True, **AS_PROVIDED)


def decoded(data: bytes, kind: str = "mp3") -> np.ndarray:
    with av.open(io.BytesIO(data), "r", format=kind) as container:
        stream = container.streams.audio[0]
        assert stream.rate == 44_100
        return np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1)


async def fetch(api: Api, url: str) -> tuple[int, bytes]:
    """Request an address letter by letter."""
    async with api.session.get(URL(url, encoded=True)) as answer:
        return answer.status, await answer.read()


async def test_a_song_comes_in_two_takes_of_minutes_as_long_as_told(provided: Api) -> None:
    song = await provided.finished()
    takes = song["data"]
    files = [(await provided.download(take["audio_url"]))[1] for take in takes]
    assert [3e6 <= len(file) <= 5e6 for file in files] == [True, True]
    lengths_s = [decoded(file).shape[1] / 44_100 for file in files]
    assert all(120 <= length_s <= 240 for length_s in lengths_s)
    assert [take["duration"] for take in takes] == pytest.approx(lengths_s, abs=1)
    assert abs(lengths_s[0] - lengths_s[1]) > 5
    assert all(take["duration"] % 1 for take in takes)


async def test_a_long_song_plays_its_tune_again_and_again_without_a_gap(provided: Api) -> None:
    song = await provided.finished()
    recording = provided.standin._ledger.recording(provided.standin.task(song["id"]), 1)
    samples = decoded((await provided.download(song["audio_url"]))[1])
    count = samples.shape[1] // recording.passes
    passes = [np.sqrt(np.mean(samples[:, start : start + count] ** 2)) for start in range(0, count * 9, count)]
    assert passes == pytest.approx([passes[0]] * len(passes), rel=0.1)


async def test_both_takes_tell_their_own_clip_audio_and_cover_and_the_same_words(provided: Api) -> None:
    song = await provided.finished(title="Low Tide", tags="blues")
    for name in ("id", "audio_id", "audio_url", "image_url", "duration"):
        assert len({take[name] for take in song["data"]}) == 2
    for name, told in {
        "title": "Low Tide",
        "tags": "blues",
        "model_name": "chirp-v4",
        "prompt": song["lyrics"],
    }.items():
        assert [take[name] for take in song["data"]] == [told, told]
    assert {name: song[name] for name in ("audio_id", "audio_url", "image_url")}.items() <= song["data"][0].items()
    covers = [(await provided.download(take["image_url"]))[1] for take in song["data"]]
    assert all(cover.startswith(PNG_SIGNATURE) for cover in covers)
    assert covers[0] != covers[1]


async def test_an_instrumental_has_no_words_in_any_take(provided: Api) -> None:
    song = await provided.finished(make_instrumental=True)
    assert all("prompt" not in take for take in song["data"])


async def test_both_takes_can_be_continued_up_to_their_own_end(provided: Api) -> None:
    song = await provided.finished()
    for take in song["data"]:
        wish = {**SONG, "continue_clip_id": take["audio_id"]}
        for at_s, status in ((take["duration"] - 1, 200), (take["duration"] + 1, 400)):
            assert (await provided.ask("POST", CREATE, body={**wish, "continue_at": at_s}))[0] == status


async def test_every_fifth_song_has_its_audio_a_look_after_it_was_completed(provided: Api) -> None:
    songs = [await provided.create() for _ in range(6)]
    first = []
    for song in songs:
        provided.standin.finish(song["id"])
        look = await provided.look(song["id"])
        assert look["status"] == "completed"
        first.append("audio_url" in look or "data" in look)
    assert first == [True, True, True, True, False, True]
    assert "audio_url" in await provided.look(songs[4]["id"])


async def test_lyrics_are_never_late(make_api: MakeApi) -> None:
    api = await make_api(late_every=1)
    _, created = await api.ask("POST", CREATE, body=LYRICS)
    api.standin.finish(created["id"])
    assert (await api.look(created["id"]))["lyrics"]


async def test_songs_can_be_m4a(make_api: MakeApi) -> None:
    api = await make_api(renders=True, audio="m4a")
    url = (await api.finished())["audio_url"]
    assert url.endswith(".m4a")
    _, file, headers = await api.download(url)
    assert headers["Content-Type"] == "audio/mp4"
    assert 10 < decoded(file, "mp4").shape[1] / 44_100 < 20


# Signed addresses


async def test_a_signed_address_is_good_only_as_it_is_spelt(make_api: MakeApi) -> None:
    api = await make_api(links_live_s=60)
    url = (await api.finished())["audio_url"]
    assert "%7E" in url
    assert (await fetch(api, url))[0] == 200
    for other in (url.replace("%7E", "~"), url.replace("%3d", "%3D"), url.partition("?")[0], f"{url}&more=1"):
        assert (await fetch(api, other))[0] == 403


async def test_a_signed_address_expires_and_another_look_gives_a_fresh_one(make_api: MakeApi, clock: Clock) -> None:
    api = await make_api(links_live_s=60)
    song = await api.finished()
    clock.tick(59)
    assert (await fetch(api, song["audio_url"]))[0] == 200
    clock.tick(1)
    assert (await fetch(api, song["audio_url"]))[0] == 403
    fresh = await api.look(song["id"])
    assert [(await fetch(api, fresh[name]))[0] for name in ("audio_url", "image_url")] == [200, 200]


async def test_a_signed_address_can_be_extended_as_an_upload(make_api: MakeApi) -> None:
    api = await make_api(links_live_s=60)
    parent = await api.finished()
    child = await api.create(audio_operation="upload-extend", audio_url=parent["audio_url"], continue_at=3)
    assert api.standin.task(child["id"]).parent_clip == parent["audio_id"]
