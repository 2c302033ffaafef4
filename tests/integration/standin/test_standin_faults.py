"""The stand-in going wrong: every fault by name, and the magic words of the demo."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import aiohttp
import pytest
from yarl import URL

from sandbox.api import CUT
from sandbox.faults import CREATE_FAULTS, FRESH, MEDIA_FAULTS, STATUS_FAULTS
from sandbox.magic import MAGIC_WORDS, tricks_in
from sandbox.media import DRIP_BYTES, FIRST_PIECE_BYTES, HUGE_BYTES, PRIVATE_URL
from sandbox.tokenlab import StandIn
from tests.fakes.standin_api import CREATE, LYRICS, SONG, Api, Clock, MakeApi

PATIENCE_S = 0.2


# Faults at create

REFUSALS = {
    "bad_request": (400, "invalid_request_error"),
    "refused": (400, "content_policy_violation"),
    "invalid_api_key": (401, "invalid_api_key"),
    "expired_api_key": (401, "expired_api_key"),
    "insufficient_balance": (402, "insufficient_balance"),
    "quota_exceeded": (402, "quota_exceeded"),
    "model_not_allowed": (403, "model_not_allowed"),
    "not_found": (404, "not_found_error"),
    "payload_too_large": (413, "payload_too_large"),
    "rate_limited": (429, "rate_limit_exceeded"),
    "server_error": (500, "server_error"),
    "upstream_error": (502, "upstream_error"),
    "all_channels_failed": (503, "all_channels_failed"),
    "all_channels_failed_for_good": (503, "all_channels_failed"),
    "delivery_tier_unavailable": (503, "delivery_tier_unavailable"),
    "timeout_error": (504, "timeout_error"),
    "access_denied": (403, "access_denied"),
    "forbidden": (403, "forbidden"),
    "forbidden_for_now": (403, "forbidden"),
    "forbidden_content": (403, "sensitive_word_error"),
    "method_not_allowed": (405, "method_not_allowed"),
    "not_acceptable": (406, "not_acceptable"),
    "request_timeout": (408, "request_timeout"),
    "unsupported_media_type": (415, "unsupported_content_type"),
    "unprocessable": (422, "validation_failed"),
    "absurdly_busy": (429, "rate_limit_exceeded"),
    "no_credit": (429, "rate_limit_exceeded"),
    "too_often": (430, "too_often"),
    "artist_name": (451, "invalid_request_error"),
    "maintenance": (455, "maintenance"),
}
RECORDED = {
    "server_error_recorded": 500,
    "request_timeout_recorded": 408,
    "conflict_recorded": 409,
    "too_early_recorded": 425,
    "client_gone_recorded": 499,
}
LONG = {"long_header", "many_headers"}
"""Answers that a client has to be told to take; `test_tokenlab_client.py` tries them."""
SHAPES: dict[str, Callable[[Any, StandIn], bool]] = {
    "in_lines": lambda body, _: "\n" in body["error"],
    "with_code": lambda body, _: body["error"] == {"code": "GENERATE_AUDIO_FAILED"},
    "nested": lambda body, _: body["error"]["error"]["message"] == "The track failed",
    "with_reason": lambda body, _: "error" not in body and body["fail_reason"],
    "with_error_message": lambda body, _: "error" not in body and body["error_message"],
    "with_message": lambda body, _: "error" not in body and body["message"],
}
"""How a reason may be told."""
ODD_CREATES: dict[str, Callable[[Any, StandIn], bool]] = {
    "not_json": lambda body, _: body == "OK",
    "broken_json": lambda body, _: body is None,
    "html_502": lambda body, _: "Bad Gateway" in body,
    "redirect": lambda body, _: body == "",
    "no_id": lambda body, _: body.keys() == {"status", "created", "model"},
    "no_id_and_a_code": lambda body, _: body["code"] == 451 and "id" not in body,
    "code_inside": lambda body, _: body["code"] == 430 and body["data"] is None,
    "already_completed": lambda body, _: body["status"] == "completed" and "audio_url" in body,
    "already_failed": lambda body, _: body["status"] == "failed" and body["error"]["code"] == "upstream_error",
    "upper_case_status": lambda body, _: body["status"] == "PENDING",
    "no_poll_url": lambda body, _: "poll_url" not in body and "id" in body,
    "absolute_poll_url": lambda body, standin: body["poll_url"] == f"{standin.api_base}/v1/tasks/{body['id']}",
    "foreign_poll_url": lambda body, standin: body["poll_url"].startswith(standin.media_base),
    "double_slash_poll_url": lambda body, standin: body["poll_url"].startswith(f"//127.0.0.1:{standin.media_port}/"),
}
BROKEN_CREATES = {"drop", "drop_recorded", "hang", "hang_recorded", "hang_then_answer"}


def test_every_create_fault_is_tried_here() -> None:
    assert set(CREATE_FAULTS) == {
        *REFUSALS, *RECORDED, *ODD_CREATES, *BROKEN_CREATES, *LONG, *(f"refused_{name}" for name in SHAPES),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHAPES))
async def test_a_refusal_can_tell_its_reason_in_other_shapes(api: Api, name: str) -> None:
    api.standin.faults.on_create(f"refused_{name}")
    status, body = await api.ask("POST", CREATE, body=SONG)
    assert status == 400
    assert SHAPES[name](body, api.standin)
    assert api.standin.creates == []


@pytest.mark.parametrize("fault", sorted(REFUSALS))
async def test_refused_creates_record_nothing_and_the_next_one_is_fine(api: Api, fault: str) -> None:
    api.standin.faults.on_create(fault)
    status, body = await api.ask("POST", CREATE, body=SONG)
    assert (status, body["error"]["code"]) == REFUSALS[fault]
    assert body["error"]["request_id"] == api.headers["X-Request-ID"]
    assert api.standin.creates == []
    await api.create()
    assert len(api.standin.creates) == 1


async def test_delays_are_told_in_header_and_body(api: Api) -> None:
    for fault, retryable in (
        ("rate_limited", True),
        ("all_channels_failed", True),
        ("all_channels_failed_for_good", False),
    ):
        api.standin.faults.on_create(fault)
        _, body = await api.ask("POST", CREATE, body=SONG)
        assert body["error"]["retryable"] is retryable
        assert api.headers.get("Retry-After") == ("5" if retryable else None)


@pytest.mark.parametrize("fault", sorted(ODD_CREATES))
async def test_odd_answers_to_a_create_come_after_it_was_recorded(api: Api, fault: str) -> None:
    api.standin.faults.on_create(fault)
    try:
        _, body = await api.ask("POST", CREATE, body=SONG)
    except json.JSONDecodeError:
        body = None
    assert ODD_CREATES[fault](body, api.standin)
    assert len(api.standin.creates) == 1


@pytest.mark.parametrize(("fault", "recorded"), [("drop", 0), ("drop_recorded", 1)])
async def test_dropped_connections(api: Api, fault: str, recorded: int) -> None:
    api.standin.faults.on_create(fault)
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.ask("POST", CREATE, body=SONG)
    assert len(api.standin.creates) == recorded
    assert api.standin.requests[-1].status == CUT


@pytest.mark.parametrize(("fault", "status"), RECORDED.items())
async def test_errors_after_recording(api: Api, fault: str, status: int) -> None:
    api.standin.faults.on_create(fault)
    assert (await api.ask("POST", CREATE, body=SONG))[0] == status
    assert len(api.standin.creates) == 1


@pytest.mark.parametrize(("fault", "recorded"), [("hang", 0), ("hang_recorded", 1), ("hang_then_answer", 1)])
async def test_creates_that_hang_past_the_clients_patience(api: Api, fault: str, recorded: int) -> None:
    hanging = api.standin.faults.on_create(fault)
    with pytest.raises(TimeoutError):
        await api.ask("POST", CREATE, body=SONG, timeout_s=PATIENCE_S)
    await api.standin.wait_until(lambda: len(api.standin.requests) == 1 and len(api.standin.creates) == recorded)
    hanging.release.set()
    await api.standin.wait_until(lambda: api.standin.requests[0].status is not None)


async def test_released_create_is_answered_late(api: Api) -> None:
    hanging = api.standin.faults.on_create("hang_then_answer")
    late = asyncio.create_task(api.create())
    await api.standin.wait_until(lambda: len(api.standin.creates) == 1)
    assert not late.done()
    hanging.release.set()
    assert (await late)["id"] == api.standin.creates[0].id


async def test_stopping_lets_go_of_what_hangs(make_api: MakeApi) -> None:
    api = await make_api()
    api.standin.faults.on_create("hang_recorded")
    hanging = asyncio.create_task(api.create())
    await api.standin.wait_until(lambda: len(api.standin.creates) == 1)
    await api.standin.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await hanging


async def test_faults_can_be_counted_aimed_and_cleared(api: Api) -> None:
    api.standin.faults.on_create("server_error", times=2, prompt="aimed")
    api.standin.faults.on_status("upstream_error", times=None)
    created = await api.create()
    aimed = {**SONG, "prompt": "aimed"}
    assert [(await api.ask("POST", CREATE, body=aimed))[0] for _ in range(3)] == [500, 500, 200]
    assert [(await api.ask("GET", f"/v1/tasks/{created['id']}"))[0] for _ in range(3)] == [502, 502, 502]
    api.standin.faults.clear()
    assert (await api.look(created["id"]))["status"] == "pending"


# Faults of looks

STATUS_REFUSALS = {
    "invalid_api_key": 401,
    "rate_limited": 429,
    "server_error": 500,
    "upstream_error": 502,
    "all_channels_failed": 503,
    "timeout_error": 504,
    "task_not_owned": 403,
    "async_task_not_found": 404,
    "access_denied": 403,
    "forbidden": 403,
    "request_timeout": 408,
    "absurdly_busy": 429,
    "too_often": 430,
    "maintenance": 455,
}
DONE = {"complete", "SUCCESS", "finished", "Done"}
FAILED = {"error", "failure", "rejected", "timeout", "CREATE_TASK_FAILED", "GENERATE_AUDIO_FAILED"}
SAID = {*DONE, *FAILED, "SENSITIVE_WORD_ERROR", "TEXT_SUCCESS", "FIRST_SUCCESS", "CALLBACK_EXCEPTION"}


def is_said(word: str, body: Any, _: StandIn) -> bool:
    """Whether a look has its status in that word, and audio only where that means the end."""
    return (body["status"], "audio_url" in body) == (word, word in DONE)


ODD_LOOKS: dict[str, Callable[[Any, StandIn], bool]] = {
    **{name: ODD_CREATES[name] for name in ODD_CREATES if name.endswith("_poll_url")},
    **{name: ODD_CREATES[name] for name in ("not_json", "broken_json", "html_502", "redirect", "upper_case_status")},
    **{f"status_{word.lower()}": partial(is_said, word) for word in SAID},
    "unknown_status_with_error": lambda body, _: (body["status"], body["error"]) == ("tuning_up", "No GPU"),
    "callback_exception_with_error": lambda body, _: body["status"] == "CALLBACK_EXCEPTION" and body["error"],
    "fraction": lambda body, _: body["progress"] == 62.5,
    "completed_billed_in_header": lambda body, _: "audio_url" in body and "billing_transaction_id" not in body,
    **{f"failed_{name}": is_shape for name, is_shape in SHAPES.items()},
    "code_inside": ODD_CREATES["code_inside"],
    "first_take_only": lambda body, _: body["status"] == "FIRST_SUCCESS" and len(body["data"]) == 1,
    "stream_only": lambda body, _: "stream_audio_url" in body["data"][0] and "audio_url" not in body["data"][0],
    "completed_camel_case": lambda body, _: "audio_url" not in body and body["data"][0]["audioUrl"].endswith(".mp3"),
    "completed_mirrored": lambda body, _: [take["id"] for take in body["data"]] == 2 * [body["audio_id"]],
    "failed_for_content": lambda body, _: body["error"]["code"] == "SENSITIVE_WORD_ERROR",
    "lyrics_in_data": lambda body, _: "lyrics" not in body and body["data"][0]["text"],
    "lyrics_in_text": lambda body, _: "lyrics" not in body and body["text"],
    "lyrics_in_variants": lambda body, _: len(body["lyrics"]) == 3,
    "lyrics_instrumental": lambda body, _: body["lyrics"] == "[Instrumental]",
    "html_200": lambda body, _: "<html>" in body,
    "missing_status": lambda body, _: "status" not in body and "id" in body,
    "unknown_status": lambda body, _: body["status"] == "tuning_up",
    "failed_with_object": lambda body, _: body["status"] == "failed" and body["error"]["message"],
    "failed_with_string": lambda body, _: body["error"] == "Content policy violation",
    "cancelled": lambda body, _: body["status"] == "cancelled",
    "expired": lambda body, _: body["status"] == "expired",
    "succeeded": lambda body, _: body["status"] == "succeeded" and "audio_url" in body,
    "completed_upper_case": lambda body, _: body["status"] == "COMPLETED",
    "completed_without_audio": lambda body, _: body["status"] == "completed" and "audio_url" not in body,
    "completed_without_audio_id": lambda body, _: "audio_url" in body and "audio_id" not in body,
    "completed_data_only": lambda body, _: "audio_url" not in body and len(body["data"]) == 1,
    "completed_two_tracks": lambda body, _: len({track["audio_url"] for track in body["data"]}) == 2,
    "completed_fresh_address": lambda body, _: body["audio_url"].endswith(f".mp3?{FRESH}"),
    "completed_unbilled": lambda body, _: body["status"] == "completed" and "billing_transaction_id" not in body,
}


def test_every_status_fault_is_tried_here() -> None:
    assert set(STATUS_FAULTS) == {*STATUS_REFUSALS, *ODD_LOOKS, *LONG, "drop", "hang"}


def test_every_media_fault_is_tried_here() -> None:
    others = {"truncated", "truncated_whole", "too_large", "endless", "slow", "drip"}
    assert set(MEDIA_FAULTS) == {*MEDIA_ANSWERS, *others}


@pytest.mark.parametrize("fault", sorted(STATUS_REFUSALS))
async def test_refused_looks_say_nothing_about_the_task(api: Api, fault: str) -> None:
    created = await api.create()
    api.standin.faults.on_status(fault)
    status, body = await api.ask("GET", f"/v1/tasks/{created['id']}")
    assert status == STATUS_REFUSALS[fault]
    assert body["error"]["message"]
    assert (await api.look(created["id"]))["status"] == "pending"


@pytest.mark.parametrize("fault", sorted(ODD_LOOKS))
async def test_odd_looks(api: Api, fault: str) -> None:
    created = await api.create()
    api.standin.faults.on_status(fault, task_id=created["id"])
    try:
        _, body = await api.ask("GET", f"/v1/tasks/{created['id']}")
    except json.JSONDecodeError:
        body = None
    assert ODD_LOOKS[fault](body, api.standin)
    assert (await api.look(created["id"]))["status"] == "pending"


async def test_redirect_leads_to_the_other_origin(api: Api) -> None:
    created = await api.create()
    api.standin.faults.on_status("redirect")
    status, _ = await api.ask("GET", f"/v1/tasks/{created['id']}")
    assert status == 307
    assert api.headers["Location"].startswith(api.standin.media_base)
    assert (await api.ask("GET", api.headers["Location"]))[0] == 500
    assert len(api.standin.leaks) == 1


async def test_looks_that_hang_or_drop(api: Api) -> None:
    created = await api.create()
    hanging = api.standin.faults.on_status("hang")
    with pytest.raises(TimeoutError):
        await api.ask("GET", f"/v1/tasks/{created['id']}", timeout_s=PATIENCE_S)
    hanging.release.set()
    # Twice: a look is a GET, which the client itself repeats once on a connection that was open before.
    api.standin.faults.on_status("drop", times=2)
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.look(created["id"])


async def test_the_bill_can_come_in_the_header_alone(api: Api, clock: Clock) -> None:
    created = await api.create()
    clock.tick(60)
    settled = (await api.look(created["id"]))["billing_transaction_id"]
    assert api.headers["X-Billing-Transaction-ID"] == settled
    api.standin.faults.on_status("completed_billed_in_header")
    assert "billing_transaction_id" not in await api.look(created["id"])
    assert api.headers["X-Billing-Transaction-ID"] == settled


async def test_a_mirror_has_the_same_file_at_another_address(api: Api) -> None:
    created = await api.create()
    api.standin.finish(created["id"])
    api.standin.faults.on_status("completed_mirrored")
    own, mirror = (await api.look(created["id"]))["data"]
    assert own["audio_url"] == mirror["source_audio_url"] != mirror["audio_url"]
    assert (await api.download(own["audio_url"]))[1] == (await api.download(mirror["audio_url"]))[1]


FINISHED_FAULTS = sorted(name for name, fault in STATUS_FAULTS.items() if fault().phase == "completed")


@pytest.mark.parametrize("takes", [1, 2])
@pytest.mark.parametrize("fault", FINISHED_FAULTS)
async def test_every_ending_fits_songs_of_any_takes_and_lyrics(make_api: MakeApi, fault: str, takes: int) -> None:
    api = await make_api(takes=takes)
    created = await api.create()
    _, lyrics = await api.ask("POST", CREATE, body=LYRICS)
    api.standin.faults.on_status(fault, times=2)
    song, words = await api.look(created["id"]), await api.look(lyrics["id"])
    assert {body["status"] for body in (song, words)} & {"pending", "processing"} == set()
    assert "audio" not in json.dumps(words)
    if fault in {"completed_without_audio", "completed_camel_case"}:
        assert "audio_url" not in json.dumps(song)


async def test_both_tracks_can_be_heard_and_continued(make_api: MakeApi) -> None:
    api = await make_api(renders=True)
    created = await api.create()
    api.standin.finish(created["id"])
    api.standin.faults.on_status("completed_two_tracks")
    first, second = (await api.look(created["id"]))["data"]
    assert (await api.download(first["audio_url"]))[1] != (await api.download(second["audio_url"]))[1]
    await api.create(continue_clip_id=second["audio_id"])


# Faults of media


MEDIA_ANSWERS = {
    "unauthorized": 401, "forbidden": 403, "not_found": 404, "gone": 410, "no_range": 416, "empty": 200, "expired": 403,
    "server_error": 503, "html": 200, "redirect_private": 302, "half": 200, "whole": 200,
}  # fmt: skip


@pytest.mark.parametrize(("fault", "status"), MEDIA_ANSWERS.items())
async def test_media_faults_that_answer(api: Api, fault: str, status: int) -> None:
    url = (await api.finished())["audio_url"]
    api.standin.faults.on_media(fault)
    got, _, headers = await api.download(url)
    assert got == status
    assert headers.get("Location") == (PRIVATE_URL if fault == "redirect_private" else None)
    assert (await api.download(url))[2]["Content-Type"] == "audio/mpeg"


@pytest.mark.parametrize(("fault", "goes_on"), [("truncated", True), ("truncated_whole", False)])
async def test_truncated_media_breaks_off_and_goes_on_where_the_host_can(
    api: Api, fault: str, *, goes_on: bool
) -> None:
    url = (await api.finished())["audio_url"]
    _, whole, _ = await api.download(url)
    api.standin.faults.on_media(fault, times=2)
    got = b""
    for start, status in ((0, 200), (FIRST_PIECE_BYTES, 206 if goes_on else 200)):
        async with api.session.get(url, headers={"Range": f"bytes={start}-"} if start else {}) as answer:
            assert answer.status == status
            got += await answer.content.readexactly(FIRST_PIECE_BYTES)
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
    assert got == (whole[: 2 * FIRST_PIECE_BYTES] if goes_on else 2 * whole[:FIRST_PIECE_BYTES])


async def test_half_a_file_looks_like_a_whole_one(api: Api) -> None:
    url = (await api.finished())["audio_url"]
    _, whole, _ = await api.download(url)
    api.standin.faults.on_media("half")
    _, half, headers = await api.download(url)
    assert half == whole[: len(whole) // 2]
    assert int(headers["Content-Length"]) == len(half)


async def test_a_host_that_knows_no_parts_sends_the_whole_file(api: Api) -> None:
    url = (await api.finished())["audio_url"]
    api.standin.faults.on_media("whole")
    status, part, headers = await api.download(url, Range="bytes=100-")
    assert (status, part) == (200, (await api.download(url))[1])
    assert "Accept-Ranges" not in headers


async def test_what_broke_off_is_asked_for_from_there(api: Api) -> None:
    url = (await api.finished())["audio_url"]
    _, whole, headers = await api.download(url)
    for tag, status, body in ((headers["ETag"], 206, whole[100:]), ('"another"', 200, whole)):
        asked = {"Range": "bytes=100-", "If-Range": tag}
        async with api.session.get(url, headers=asked) as answer:
            assert (answer.status, await answer.read()) == (status, body)


async def test_what_has_expired_is_there_at_its_fresh_address(api: Api) -> None:
    created = await api.create()
    api.standin.finish(created["id"])
    api.standin.faults.on_media("expired", times=None)
    api.standin.faults.on_status("completed_fresh_address")
    old, fresh = [(await api.look(created["id"]))["audio_url"] for _ in range(2)][::-1]
    assert fresh == f"{old}?{FRESH}"
    async with api.session.get(URL(fresh, encoded=True)) as answer:
        assert answer.status == 200
    assert (await api.download(old))[0] == 403


async def test_media_that_drips_comes_whole_in_the_end(api: Api) -> None:
    url = (await api.finished())["audio_url"]
    drip = api.standin.faults.on_media("drip")
    async with api.session.get(url) as answer:
        await answer.content.readexactly(FIRST_PIECE_BYTES + 2 * DRIP_BYTES)
        drip.release.set()
        rest = await answer.read()
    assert answer.content_length == FIRST_PIECE_BYTES + 2 * DRIP_BYTES + len(rest)


@pytest.mark.parametrize(("fault", "announced"), [("too_large", HUGE_BYTES), ("endless", None)])
async def test_media_far_too_large(api: Api, fault: str, announced: int | None) -> None:
    url = (await api.finished())["audio_url"]
    api.standin.faults.on_media(fault)
    async with api.session.get(url) as answer:
        assert answer.content_length == announced
        assert len(await answer.content.readexactly(2_000_000)) == 2_000_000


async def test_slow_media_goes_on_when_released(api: Api) -> None:
    url = (await api.finished())["audio_url"]
    slow = api.standin.faults.on_media("slow")
    async with api.session.get(url) as answer:
        await answer.content.readexactly(FIRST_PIECE_BYTES)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.content.readany(), PATIENCE_S)
        slow.release.set()
        rest = await answer.read()
    assert answer.content_length == FIRST_PIECE_BYTES + len(rest)


# Magic words


async def create_with_magic(api: Api, prompt: str) -> tuple[int, Any]:
    return await api.ask("POST", CREATE, body={**SONG, "prompt": prompt})


async def test_magic_words_do_nothing_unless_asked_for(api: Api) -> None:
    assert (await create_with_magic(api, "please refuse this"))[0] == 200


async def test_magic_words_that_refuse(make_api: MakeApi) -> None:
    api = await make_api(magic_words=True)
    assert (await create_with_magic(api, "REFUSE this"))[0] == 400
    assert (await create_with_magic(api, "I am broke"))[0] == 402
    assert [(await create_with_magic(api, "a busy town"))[0] for _ in range(4)] == [429, 429, 200, 200]
    assert (await create_with_magic(api, "refused and broken"))[0] == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await create_with_magic(api, "an unclear sky")
    assert api.standin.creates[-1].body["prompt"] == "an unclear sky"


async def test_magic_words_that_change_the_song(make_api: MakeApi, clock: Clock) -> None:
    api = await make_api(magic_words=True, takes=2)
    ids = [(await create_with_magic(api, prompt))[1]["id"] for prompt in ("fail", "slow", "one  take", "empty")]
    clock.tick(16)
    failed, slow, single, empty = [await api.look(task_id) for task_id in ids]
    assert (failed["status"], failed["error"]["code"]) == ("failed", "upstream_error")
    assert slow["status"] == "processing"
    assert single["status"] == "completed"
    assert "data" not in single
    assert empty["status"] == "completed"
    assert "audio_url" not in empty
    clock.tick(45)
    assert (await api.look(ids[1]))["status"] == "completed"


@pytest.mark.parametrize("word", sorted(MAGIC_WORDS))
def test_magic_words_are_whole_words_and_say_what_they_do(word: str) -> None:
    assert [found for found, _ in tricks_in(f"Please {word.upper()}!")] == [word]
    assert tricks_in(f"un{word}ed") == []
    assert MAGIC_WORDS[word].says
