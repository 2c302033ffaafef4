"""The stand-in as a provider: the life of a task, who may ask, what is accepted, media and restarts."""

import asyncio
import io
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.catalog import Catalog
from sandbox.checks import check_create
from sandbox.cover import PNG_SIGNATURE
from sandbox.ledger import Ledger
from sandbox.problems import ProblemError
from sandbox.tokenlab import StandIn
from tests.fakes.standin_api import CREATE, LYRICS, SONG, Api, Clock, MakeApi

ROOT = Path(__file__).resolve().parents[3]


# The life of a task


async def test_song_goes_from_pending_to_completed_with_time(api: Api, clock: Clock) -> None:
    created = await api.create()
    assert created["status"] == "pending"
    assert created["poll_url"] == f"/v1/tasks/{created['id']}"
    seen = []
    for _ in range(4):
        clock.tick(5)
        seen.append((await api.look(created["id"]))["status"])
    assert seen == ["processing", "processing", "completed", "completed"]


async def test_finished_song_has_what_the_guide_promises(api: Api) -> None:
    song = await api.finished(title="Low Tide")
    assert song["title"] == "Low Tide"
    assert song["audio_url"].startswith(api.standin.media_base)
    assert song["audio_id"]
    assert "[Verse 1]" in song["lyrics"]
    assert "data" not in song


async def test_media_fields_are_absent_before_the_end(api: Api) -> None:
    created = await api.create()
    body = await api.look(created["id"])
    assert not {"audio_url", "audio_id", "image_url", "lyrics", "title", "progress"} & set(body)


async def test_instrumental_songs_have_no_lyrics(api: Api) -> None:
    assert "lyrics" not in await api.finished(make_instrumental=True)


async def test_title_is_made_from_the_prompt_when_none_is_given(api: Api) -> None:
    assert (await api.finished())["title"] == "Slow Harbour Blues"


async def test_lyrics_task_has_words_and_no_audio(api: Api) -> None:
    status, created = await api.ask("POST", CREATE, body=LYRICS)
    assert status == 200
    api.standin.finish(created["id"])
    body = await api.look(created["id"])
    assert "[Chorus]" in body["lyrics"]
    assert "audio_url" not in body


async def test_bill_comes_a_little_after_the_song(api: Api, clock: Clock) -> None:
    song = await api.finished()
    assert "billing_transaction_id" not in song
    clock.tick(5)
    assert (await api.look(song["id"]))["billing_transaction_id"]


async def test_progress_is_real_when_it_is_shown(make_api: MakeApi, clock: Clock) -> None:
    api = await make_api(progress=True)
    created = await api.create()
    clock.tick(5)
    assert (await api.look(created["id"]))["progress"] == 33.3


@pytest.mark.parametrize("sings_prompt", [True, False])
@pytest.mark.parametrize("texts", [{"title": "Low Tide", "tags": "blues"}, {"title": "Low Tide"}, {"tags": "blues"}])
async def test_a_prompt_with_title_and_tags_is_sung_where_that_is_wanted(
    make_api: MakeApi,
    clock: Clock,
    sings_prompt: bool,  # noqa: FBT001 -- a column of the table
    texts: dict[str, str],
) -> None:
    api = await make_api(sings_prompt=sings_prompt)
    created = await api.create(prompt="Ropes on the pier", **texts)
    clock.tick(16)
    is_sung = (await api.look(created["id"]))["lyrics"] == "Ropes on the pier"
    assert is_sung is (sings_prompt and len(texts) == 2)


async def test_speed_makes_task_time_run_faster(make_api: MakeApi, clock: Clock) -> None:
    api = await make_api(speed=10)
    created = await api.create()
    clock.tick(1.6)
    assert (await api.look(created["id"]))["status"] == "completed"


@pytest.mark.parametrize("error", ["Content policy violation", {"code": "upstream_error", "message": "no"}])
async def test_task_can_be_failed_with_either_shape_of_error(api: Api, error: object) -> None:
    created = await api.create()
    api.standin.fail(created["id"], error)  # type: ignore[arg-type]  # the table mixes both shapes
    body = await api.look(created["id"])
    assert (body["status"], body["error"]) == ("failed", error)


async def test_held_task_never_ends_by_itself(api: Api, clock: Clock) -> None:
    created = await api.create()
    api.standin.hold(created["id"])
    clock.tick(86_400)
    assert (await api.look(created["id"]))["status"] != "completed"


async def test_older_status_route_answers_the_same(api: Api) -> None:
    created = await api.create()
    status, body = await api.ask("GET", f"/v1/music/generations/{created['id']}")
    assert (status, body) == (200, await api.look(created["id"]))


async def test_answers_carry_request_and_task_ids(api: Api) -> None:
    created = await api.create()
    assert api.headers["X-Task-ID"] == created["id"]
    assert api.headers["X-Request-ID"] == api.standin.creates[0].request_id


async def test_music_cannot_be_cancelled(api: Api) -> None:
    created = await api.create()
    status, body = await api.ask("DELETE", f"/v1/tasks/{created['id']}")
    assert (status, body["error"]["code"]) == (400, "unsupported_task_cancel")


# Who may ask


@pytest.mark.parametrize("key", [None, "sk-wrong"])
@pytest.mark.parametrize(("method", "path"), [("POST", CREATE), ("GET", "/v1/tasks/x"), ("DELETE", "/v1/tasks/x")])
async def test_the_key_is_needed(api: Api, key: str | None, method: str, path: str) -> None:
    status, body = await api.ask(method, path, key=key, body=SONG if method == "POST" else None)
    assert (status, body["error"]["code"]) == (401, "invalid_api_key")
    assert api.standin.creates == []


async def test_models_are_open_but_a_wrong_key_is_refused(api: Api) -> None:
    assert (await api.ask("GET", "/v1/models", key=None))[0] == 200
    assert (await api.ask("GET", "/v1/models", key="sk-wrong"))[0] == 401


async def test_tasks_belong_to_their_key(make_api: MakeApi) -> None:
    api = await make_api(keys=("sk-one", "sk-two"))
    created = await api.create()
    status, body = await api.ask("GET", f"/v1/tasks/{created['id']}", key="sk-two")
    assert (status, body["error"]["code"]) == (403, "task_not_owned")
    status, body = await api.ask("GET", "/v1/tasks/ldtask_unknown")
    assert (status, body["error"]["code"]) == (404, "async_task_not_found")


async def test_requests_are_recorded_without_the_key(api: Api) -> None:
    await api.create()
    await api.ask("GET", "/v1/models", key=None)
    create, models = api.standin.requests
    assert (create.method, create.path, create.key, create.status) == ("POST", CREATE, "valid", 200)
    assert models.key is None
    assert api.standin.key not in str(api.standin.requests)


async def test_media_host_never_takes_the_key(api: Api) -> None:
    song = await api.finished()
    status, _, _ = await api.download(song["audio_url"], Authorization=f"Bearer {api.standin.key}")
    assert status == 500
    assert api.standin.leaks == [f"/m/{song['id']}-1.mp3"]
    assert (await api.download(song["audio_url"]))[0] == 200
    assert len(api.standin.leaks) == 1
    assert len(api.standin.downloads) == 2


# What is accepted

TOO_LONG = "x" * 5001
WRONG_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"prompt": None}, "prompt"),
    ({"prompt": "  "}, "prompt"),
    ({"prompt": TOO_LONG}, "prompt"),
    ({"prompt": 5}, "prompt"),
    ({"tags": "x" * 1001}, "tags"),
    ({"negative_tags": "x" * 1001}, "negative_tags"),
    ({"negative_tags": ["brass"]}, "negative_tags"),
    ({"negative_tags": "brass", "model": "suno-preview"}, "negative_tags"),
    ({"negative_tags": "brass", "model": "suno-lyrics", "action": "LYRICS", "mv": None}, "negative_tags"),
    ({"mv": None}, "mv"),
    ({"mv": "chirp-v99"}, "mv"),
    ({"action": "DANCE"}, "action"),
    ({"make_instrumental": "yes"}, "make_instrumental"),
    ({"model": "suno-lyrics"}, "action"),
    ({"action": "LYRICS", "mv": None}, "action"),
    ({"model": "suno-lyrics", "action": "LYRICS"}, "mv"),
    ({"model": "udio"}, "model"),
    ({"continue_clip_id": "clip_unknown"}, "continue_clip_id"),
    ({"continue_at": -1}, "continue_at"),
    ({"continue_at": True}, "continue_at"),
    ({"audio_operation": "vocal-separate"}, "audio_operation"),
    ({"audio_operation": "upload-cover"}, "audio_url"),
    ({"audio_operation": "upload-extend", "audio_url": "https://a.example/b.mp3"}, "continue_at"),
    ({"audio_operation": "add-instrumental", "audio_url": "https://a.example/b.mp3", "title": "t"}, "tags"),
    ({"audio_url": "b.mp3"}, "audio_url"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG_BODIES)
async def test_wrong_bodies_are_refused_by_field(api: Api, changes: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {**SONG, **changes}.items() if value is not None}
    status, answer = await api.ask("POST", CREATE, body=body)
    assert (status, answer["error"]["param"]) == (400, field)
    if field != "model":
        assert answer["validation_errors"][0]["field"] == field
    assert api.standin.creates == []


async def test_unknown_model_is_named_with_a_suggestion(api: Api) -> None:
    _, answer = await api.ask("POST", CREATE, body={**SONG, "model": "udio"})
    assert (answer["error"]["code"], answer["error"]["did_you_mean"]) == ("model_not_found", "suno-music")


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "suno_music"},
        {"mv": "chirp-v5.5"},
        {"prompt": "ü" * 5000},
        {"negative_tags": "x" * 1000},
        {"model": "suno-preview"},
        {"audio_url": "https://a.example/b.mp3"},
        {"audio_operation": "upload-extend", "audio_url": "https://a.example/b.mp3", "continue_at": 4.5},
    ],
)
async def test_right_bodies_are_accepted(api: Api, changes: dict[str, Any]) -> None:
    await api.create(**changes)
    assert api.standin.creates[0].body == {**SONG, **changes}


@given(st.dictionaries(st.sampled_from(sorted(SONG)), st.one_of(st.text(max_size=8), st.integers(), st.booleans())))
def test_any_body_is_either_accepted_or_refused(changes: dict[str, Any]) -> None:
    with suppress(ProblemError):
        check_create(
            {**SONG, **changes}, catalog=Catalog(lyrics_model=True), clip_length_s=lambda _: None, lenient=False
        )


async def test_a_parameter_that_a_model_does_not_take_is_refused_with_those_that_it_takes(api: Api) -> None:
    _, answer = await api.ask("POST", CREATE, body={**LYRICS, "title": "Low Tide"})
    assert (answer["error"]["param"], answer["error"]["supported_parameters"]) == ("title", ["prompt", "action"])


async def test_lenient_takes_parameters_that_a_model_does_not_publish(make_api: MakeApi) -> None:
    api = await make_api(lenient=True)
    await api.create(model="suno-preview", negative_tags="brass")


async def test_lenient_lets_the_version_be_missing(make_api: MakeApi) -> None:
    api = await make_api(lenient=True)
    status, _ = await api.ask("POST", CREATE, body={"prompt": "harbour"})
    assert status == 200


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff"])
async def test_bodies_that_are_no_json_object_are_refused(api: Api, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {api.standin.key}"}
    url = f"{api.standin.api_base}/v1/music/generations"
    async with api.session.post(url, data=raw, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["type"]) == (400, "invalid_request_error")


async def test_unknown_paths_methods_and_huge_bodies_get_the_error_shape(api: Api) -> None:
    assert (await api.ask("GET", "/v1/nothing"))[1]["error"]["code"] == "not_found_error"
    assert (await api.ask("PUT", "/v1/models"))[0] == 405
    huge = {**SONG, "prompt": "x" * 300_000}
    assert (await api.ask("POST", CREATE, body=huge))[1]["error"]["code"] == "payload_too_large"


async def test_unknown_delivery_policy_is_refused(api: Api) -> None:
    headers = {"X-TokenLab-Delivery-Policy": "carrier-pigeon"}
    async with api.session.get(f"{api.standin.api_base}/v1/models", headers=headers) as answer:
        assert answer.status == 400


# Continuations


@pytest.mark.parametrize("named_by", ["audio_id", "id"])
async def test_continuation_of_a_clip_or_a_task_carries_its_tune_on(make_api: MakeApi, named_by: str) -> None:
    api = await make_api(renders=True)
    parent = await api.finished()
    child = await api.finished(continue_clip_id=parent[named_by], continue_at=8.5, prompt="quieter")
    ledger: Ledger = api.standin._ledger
    parent_score, child_score = (ledger.score(api.standin.task(song["id"])) for song in (parent, child))
    assert child_score.tonic == parent_score.tonic
    assert child_score.phrases[0] == parent_score.phrases[int(8.5 / parent_score.bar_s) // parent_score.phrase_bars]
    assert (await api.download(child["audio_url"]))[1] != (await api.download(parent["audio_url"]))[1]


async def test_upload_extend_of_our_own_file_carries_its_tune_on(api: Api) -> None:
    parent = await api.finished()
    child = await api.create(audio_operation="upload-extend", audio_url=parent["audio_url"], continue_at=3)
    assert api.standin.task(child["id"]).parent_clip == parent["audio_id"]


async def test_unfinished_or_too_short_clips_cannot_be_continued(api: Api) -> None:
    waiting = await api.create()
    status, _ = await api.ask("POST", CREATE, body={**SONG, "continue_clip_id": waiting["id"]})
    assert status == 400
    parent = await api.finished()
    body = {**SONG, "continue_clip_id": parent["audio_id"], "continue_at": 300}
    status, answer = await api.ask("POST", CREATE, body=body)
    assert (status, answer["error"]["param"]) == (400, "continue_at")


# Media


async def test_song_is_a_real_mp3_and_cover_a_real_png(make_api: MakeApi) -> None:
    api = await make_api(renders=True)
    song = await api.finished()
    _, mp3, headers = await api.download(song["audio_url"])
    assert headers["Content-Type"] == "audio/mpeg"
    with av.open(io.BytesIO(mp3), "r") as container:
        assert container.duration is not None
        assert 10 < container.duration / av.time_base < 20
    _, png, headers = await api.download(song["image_url"])
    assert headers["Content-Type"] == "image/png"
    assert png.startswith(PNG_SIGNATURE)


async def test_ranges_and_head_are_served(api: Api) -> None:
    url = (await api.finished())["audio_url"]
    _, whole, _ = await api.download(url)
    status, part, headers = await api.download(url, Range="bytes=100-199")
    assert (status, part) == (206, whole[100:200])
    assert headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert (await api.download(url, Range="bytes=-50"))[1] == whole[-50:]
    for wrong in (f"bytes={len(whole)}-", "bytes=x-y"):
        assert (await api.download(url, Range=wrong))[0] == 416
    async with api.session.head(url) as answer:
        assert (answer.status, answer.content_length) == (200, len(whole))


async def test_there_is_no_audio_before_the_end_nor_under_other_names(api: Api) -> None:
    created = await api.create()
    for name in (f"{created['id']}-1.mp3", "ldtask_00-1.mp3", "passwd"):
        assert (await api.download(f"{api.standin.media_base}/m/{name}"))[0] == 404


# Restarts


async def test_tasks_and_addresses_survive_a_restart(make_api: MakeApi, tmp_path: Path, clock: Clock) -> None:
    state = tmp_path / "tasks.jsonl"
    api = await make_api(state_path=state)
    first, second = await api.create(), await api.create(prompt="another one")
    api.standin.fail(second["id"])
    await api.standin.stop()
    again = await make_api(state_path=state, port=api.standin.port, media_port=api.standin.media_port)
    assert (again.standin.api_base, again.standin.media_base) == (api.standin.api_base, api.standin.media_base)
    assert [create.id for create in again.standin.creates] == [first["id"], second["id"]]
    clock.tick(60)
    assert (await again.look(first["id"]))["status"] == "completed"
    assert (await again.look(second["id"]))["status"] == "failed"


async def test_it_is_used_as_a_context() -> None:
    async with StandIn() as standin, aiohttp.ClientSession() as session:
        assert (await Api(standin, session).create())["status"] == "pending"
        assert standin.media_port != standin.port


async def test_stopped_stand_in_starts_again_at_the_same_address(api: Api) -> None:
    created = await api.create()
    base = api.standin.api_base
    await api.standin.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.look(created["id"])
    await api.standin.start()
    assert api.standin.api_base == base
    assert (await api.look(created["id"]))["status"] == "pending"


async def test_unknown_tasks_are_an_error_for_the_test(api: Api) -> None:
    with pytest.raises(KeyError):
        api.standin.task("ldtask_unknown")


async def test_it_runs_as_a_process_until_told_to_stop(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "sandbox.tokenlab", "--state", str(tmp_path / "tasks.jsonl"), "--lenient")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    addresses = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {addresses['key']}"}) as session,
        session.post(f"{addresses['api_base']}/v1/music/generations", json={"prompt": "x"}) as answer,
    ):
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0
