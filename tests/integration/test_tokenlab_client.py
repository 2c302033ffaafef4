"""The client against loopback servers: every answer becomes the error of whoever can help, and the key stays home."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.domain.tasks import ErrorCode, Kind
from bot.tokenlab import client as client_module
from bot.tokenlab import sending
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.client import TokenLabClient
from bot.tokenlab.errors import (
    AccessRefusedError,
    BadAnswerError,
    ClipRefusedError,
    ContentRefusedError,
    ModelUnavailableError,
    NoCreditError,
    NotSentError,
    OutcomeUnknownError,
    ProviderRefusedError,
    TaskGoneError,
    TaskNotOwnedError,
    ThrottledError,
    TokenLabError,
    TryLaterError,
    VersionRefusedError,
    WishRefusedError,
)
from bot.tokenlab.models import CreateRequest, ProviderStatus, choose_clip
from sandbox.tokenlab import StandIn
from tests.fakes.contracts import assert_clean, required_contract

KEY = "sk-test-0001"
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
SONG = CreateRequest(kind=Kind.SONG, model="suno-music", version="chirp-v4", prompt="SECRET PROMPT")
AVOIDING = replace(SONG, negative_tags="brass, choir")
LYRICS = CreateRequest(kind=Kind.LYRICS, model="suno-lyrics", prompt="SECRET PROMPT")
CONTINUATION = CreateRequest(
    kind=Kind.CONTINUATION, model="suno-music", version="chirp-v4", prompt="p", clip_id="aud_1", continue_at_s=12.5
)
UPLOAD = CreateRequest(
    kind=Kind.CONTINUATION,
    model="m",
    version="chirp-v4",
    prompt="p",
    extend_audio_url="https://m.example/a.mp3",
    continue_at_s=3,
)  # fmt: skip - one request
RECORD = {"id": "t1", "task_id": "t1", "status": "pending", "poll_url": "/v1/tasks/t1", "model": "suno-music"}
CREATE, TASK = "/v1/music/generations", "/v1/tasks/t1"

Responder = Callable[[web.Request], Any]


class Api:
    """A server that answers as a test says and remembers what it was sent. Unnamed paths answer `RECORD`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.spelt: list[str] = []
        """Paths and queries as they stood in the request lines."""
        self.answers: dict[str, Responder] = {}
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self.server = TestServer(app)

    @property
    def base(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.seen]

    def say(self, path: str, status: int = 200, body: Any = None, *, text: str | None = None, **headers: str) -> None:
        raw = text if text is not None else json.dumps(body)
        kind = "text/html" if text is not None else "application/json"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda _: web.Response(status=status, text=raw, content_type=kind, headers=named)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.spelt.append(request.raw_path)
        self.seen.append((request.method, request.path_qs, headers, json.loads(body) if body else None))
        answer = self.answers.get(request.path)
        if answer is None:
            return web.json_response(RECORD)
        found = answer(request)
        response: web.StreamResponse = await found if asyncio.iscoroutine(found) else found
        return response


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    subject = Api()
    async with subject.server:
        yield subject


@pytest.fixture
async def elsewhere() -> AsyncIterator[Api]:
    """A second origin, which must never see the key."""
    subject = Api()
    async with subject.server:
        yield subject


@asynccontextmanager
async def client_for(base: str, **more: Any) -> AsyncIterator[TokenLabClient]:
    async with aiohttp.ClientSession() as session:
        yield TokenLabClient(session, base_url=base, api_key=SecretStr(KEY), clock=lambda: NOW, **more)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[TokenLabClient]:
    async with client_for(api.base) as subject:
        yield subject


def problem(code: str | None = None, **more: Any) -> dict[str, Any]:
    named = {"code": code, "type": code} if code else {}
    return {"error": {"message": "words of the provider", **named, **more}}


def blamed(*fields: str) -> dict[str, Any]:
    return {**problem("invalid_request_error"), "validation_errors": [{"field": name} for name in fields]}


async def failing_create(client: TokenLabClient, request: CreateRequest = SONG) -> TokenLabError:
    with pytest.raises(TokenLabError) as caught:
        await client.create(request)
    return caught.value


async def failing_look(client: TokenLabClient, poll_url: str | None = None) -> TokenLabError:
    with pytest.raises(TokenLabError) as caught:
        await client.look("t1", poll_url)
    return caught.value


# creates


async def test_an_accepted_order_gives_everything_that_must_be_stored(api: Api, client: TokenLabClient):
    api.say(CREATE, 200, RECORD, X_Request_ID="req_9f2c41")
    created = await client.create(SONG)
    assert (created.provider_task_id, created.poll_url) == ("t1", "/v1/tasks/t1")
    assert (created.status, created.model, created.request_id) == (ProviderStatus.PENDING, "suno-music", "req_9f2c41")
    method, path, headers, body = api.seen[0]
    assert (method, path, body) == ("POST", CREATE, SONG.body())
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"].startswith("application/json")


CREATE_ERRORS = [
    (400, problem("invalid_request_error"), WishRefusedError),
    (400, problem("invalid_request_error", param="prompt"), WishRefusedError),
    (400, problem("invalid_request_error", param="continue_clip_id"), ClipRefusedError),
    (400, problem("invalid_request_error", param="body.continue_clip_id"), ClipRefusedError),
    (400, blamed("continue_clip_id"), ClipRefusedError),
    (400, blamed("audio_url"), ClipRefusedError),
    (400, blamed("prompt"), WishRefusedError),
    (400, blamed("mv"), VersionRefusedError),
    (400, problem("model_not_found", param="model"), ModelUnavailableError),
    (400, problem("no_contract_compatible_route"), ModelUnavailableError),
    (409, problem("request_shape_channel_mismatch"), ModelUnavailableError),
    (422, problem("platform_normalization_error"), ModelUnavailableError),
    (400, {"error": "a string"}, WishRefusedError),
    (400, ["odd"], WishRefusedError),
    (401, problem("invalid_api_key"), AccessRefusedError),
    (402, problem("insufficient_balance"), NoCreditError),
    (402, problem("quota_exceeded"), NoCreditError),
    (403, problem("access_denied"), AccessRefusedError),
    (403, problem("invalid_request_error", param="continue_clip_id"), AccessRefusedError),
    (403, {"error": {"type": "permission_error", "code": "MODEL_NOT_ALLOWED"}}, ModelUnavailableError),
    (404, problem("not_found_error"), WishRefusedError),
    (404, problem("not_found_error", param="continue_clip_id"), ClipRefusedError),
    (413, problem("payload_too_large"), WishRefusedError),
    (405, {}, WishRefusedError),
    (406, {}, WishRefusedError),
    (410, problem("gone"), WishRefusedError),
    (415, problem("unsupported_content_type"), WishRefusedError),
    (422, problem("validation_failed"), WishRefusedError),
    (422, blamed("continue_clip_id"), ClipRefusedError),
    (422, blamed("mv"), VersionRefusedError),
    (431, {}, WishRefusedError),
    (451, {}, ContentRefusedError),
    (400, problem("content_policy_violation"), ContentRefusedError),
    (400, {"error": {"code": 1, "type": "ContentPolicyError"}}, ContentRefusedError),
    (400, {"error": "copyright_infringement"}, ContentRefusedError),
    (400, {"error": {"message": "m", "error": {"code": "MODERATION-BLOCKED"}}}, ContentRefusedError),
    (400, {"code": "sensitive_word_error", "msg": "m"}, ContentRefusedError),
    (401, problem("copyrighted_lyrics"), ContentRefusedError),
    (403, problem("sensitive_word_error"), ContentRefusedError),
    (403, problem("content_filter"), ContentRefusedError),
    (403, problem("sensitive_word_error", retryable=True), ContentRefusedError),
    (409, problem("moderation_blocked"), ContentRefusedError),
    (422, problem("content_policy_violation", param="mv"), ContentRefusedError),
    (422, {"error": {"message": "The tags hold an artist name"}}, ContentRefusedError),
    (429, problem("content_policy_violation"), ContentRefusedError),
    (400, problem("delivery_policy_mismatch"), WishRefusedError),
    (400, problem("invalid_content_type"), WishRefusedError),
    (403, problem("malcontent_policy"), AccessRefusedError),
    (403, problem("unmoderated"), AccessRefusedError),
    (403, {"error": {"message": "see our content policy", "code": "access_denied"}}, AccessRefusedError),
    (403, problem("forbidden"), AccessRefusedError),
    (403, problem("forbidden", retryable=True), TryLaterError),
    (403, problem("forbidden", retry_after=3), TryLaterError),
    (403, problem("too_many_requests"), TryLaterError),
    (403, problem("invalid_api_key", retryable=True), AccessRefusedError),
    (429, problem("rate_limit_exceeded"), ThrottledError),
    (429, {}, ThrottledError),
    (429, problem("model_not_found"), ThrottledError),
    (429, {"error": {"message": "No credits were used; slow down"}}, ThrottledError),
    (429, problem("credit_rate_limit"), ThrottledError),
    (429, problem("insufficient_quota"), NoCreditError),
    (429, problem("quota_exceeded"), NoCreditError),
    (429, problem("NO_CREDIT"), NoCreditError),
    (429, {"code": 429, "msg": "The current credits are insufficient. Please top up."}, NoCreditError),
    (429, {"error": {"message": "Rejected: 0 credits remaining"}}, NoCreditError),
    (429, {"error": {"message": "Credit limit reached"}}, NoCreditError),
    (429, {"error": {"message": "Slow down: 10 credits remaining"}}, ThrottledError),
    (430, {"code": 430, "msg": "Your call frequency is too high"}, ThrottledError),
    (430, problem("insufficient_balance"), NoCreditError),
    (455, {}, TryLaterError),
    (425, {}, OutcomeUnknownError),
    (409, problem("conflict", error={"code": "model_not_found"}), OutcomeUnknownError),
    (400, {"error": {"message": "m", "error": {"code": "model_not_found"}}}, ModelUnavailableError),
    (499, {}, OutcomeUnknownError),
    (500, problem("content_policy_violation"), OutcomeUnknownError),
    (502, problem("insufficient_balance"), OutcomeUnknownError),
    (503, problem("server_error", error={"code": "all_channels_failed"}), OutcomeUnknownError),
    (200, problem("content_policy_violation"), OutcomeUnknownError),
    (200, {"code": 429, "msg": "no credit"}, OutcomeUnknownError),
    (503, problem("all_channels_failed"), TryLaterError),
    (503, problem("all_channels_failed", retryable=True), TryLaterError),
    (503, {"error": {"message": "m", "code": "delivery_tier_unavailable"}}, TryLaterError),
    (503, problem("all_channels_failed", retryable=False), ProviderRefusedError),
    (503, problem("server_error"), OutcomeUnknownError),
    (503, {}, OutcomeUnknownError),
    (500, problem("server_error"), OutcomeUnknownError),
    (500, problem("all_channels_failed"), OutcomeUnknownError),
    (500, problem("no_contract_compatible_route"), OutcomeUnknownError),
    (502, problem("upstream_error"), OutcomeUnknownError),
    (504, problem("timeout_error"), OutcomeUnknownError),
    (408, problem("timeout_error"), OutcomeUnknownError),
    (409, problem("odd"), OutcomeUnknownError),
    (200, {}, OutcomeUnknownError),
    (200, [], OutcomeUnknownError),
    (200, None, OutcomeUnknownError),
    (200, {"id": 7, "status": "pending"}, OutcomeUnknownError),
    (200, problem("server_error"), OutcomeUnknownError),
]


@pytest.mark.parametrize(("status", "body", "expected"), CREATE_ERRORS)
async def test_each_answer_to_a_create_becomes_the_error_of_whoever_can_help(api, client, status, body, expected):
    api.say(CREATE, status, body)
    error = await failing_create(client)
    assert type(error) is expected
    assert len(api.seen) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, OutcomeUnknownError),
        (400, WishRefusedError),
        (401, AccessRefusedError),
        (429, ThrottledError),
        (502, OutcomeUnknownError),
        (503, OutcomeUnknownError),
        (301, OutcomeUnknownError),
    ],
)  # fmt: skip - a table
@pytest.mark.parametrize(
    "text", ["", "<html>Bad Gateway</html>", '{"id": "ldtask_', "\ufeff", "[" * 100_000, "1" * 5000, "NaN"]
)
async def test_a_body_that_is_no_json_leaves_the_status_to_decide(api, client, status, expected, text):
    api.say(CREATE, status, text=text)
    assert type(await failing_create(client)) is expected


@pytest.mark.parametrize("status", [200, 429, 500])
@pytest.mark.parametrize("headers", [{"X_Trace": "x" * 65_500}, {f"X_Trace_{n}": "x" for n in range(300)}])
async def test_long_headers_and_many_are_no_error_of_ours(api, client, status, headers):
    body = RECORD if status == 200 else problem("server_error")
    for path in (CREATE, TASK, "/v1/models"):
        api.say(path, status, {**body, "data": []}, **headers)
    if status == 200:
        assert (await client.create(SONG)).provider_task_id == "t1"
        assert (await client.look("t1", None)).status is ProviderStatus.PENDING
        assert await client.models() == []
    else:
        assert type(await failing_create(client)) is (ThrottledError if status == 429 else OutcomeUnknownError)
        assert type(await failing_look(client)) is (ThrottledError if status == 429 else TryLaterError)


async def test_a_task_named_only_in_the_header_is_not_lost(api: Api, client: TokenLabClient):
    api.say(CREATE, 200, text="<html>", X_Task_ID="ldtask_7")
    created = await client.create(SONG)
    assert (created.provider_task_id, created.poll_url, created.status) == ("ldtask_7", None, ProviderStatus.UNKNOWN)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(api: Api, elsewhere: Api, client: TokenLabClient, status):
    for path in (CREATE, TASK, "/v1/models", "/v1/models/m"):
        api.say(path, status, {}, Location=f"{elsewhere.base}/v1/tasks/t1")
    assert type(await failing_create(client)) is OutcomeUnknownError
    assert type(await failing_look(client)) is BadAnswerError
    for read in (client.models(), client.model("m")):
        with pytest.raises(BadAnswerError):
            await read
    assert len(api.seen) == 4
    assert elsewhere.seen == []


async def test_a_create_carries_what_the_engine_and_the_operator_need(api: Api, client: TokenLabClient):
    body = problem("insufficient_balance", message="w" * 900, request_id="req_body")
    api.say(CREATE, 402, body, X_Request_ID="req_header")
    error = await failing_create(client)
    assert isinstance(error, NoCreditError)
    assert error.error_code is ErrorCode.NO_CREDIT
    assert error.request_id == "req_header"
    assert error.detail == "w" * 500
    assert str(error) == "TokenLab answered 402 insufficient_balance"


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({}, {"X_Request_ID": "a", "X_Request_ID_TokenLab": "b"}, "a"),
        ({"error": {"request_id": "c"}}, {"X_Request_ID_TokenLab": "b"}, "b"),
        ({"error": {"request_id": "c"}, "request_id": "d"}, {}, "c"),
        ({"request_id": "d"}, {}, "d"),
        ({"request_id": 5, "error": {"request_id": None}}, {}, None),
    ],
)
async def test_the_request_id_is_found_wherever_it_is(api, client, body, headers, expected):
    api.say(CREATE, 500, body, **headers)
    assert (await failing_create(client)).request_id == expected


@pytest.mark.parametrize(
    ("header", "body", "expected_s"),
    [
        ("8", {}, 8),
        ("0", {}, 0),
        ("2.5", problem(retry_after=9), 2.5),
        ("-3", problem(retry_after=9), 9),
        ("nan", problem(retry_after=9), 9),
        ("inf", {}, None),
        ("soon", {"retry_after": 4}, 4),
        ("86400", {}, 3600),
        ("Sat, 01 Aug 2026 12:00:30 GMT", {}, 30),
        ("Sat, 01 Aug 2026 12:00:30", {}, 30),
        ("Sat, 01 Aug 2026 11:00:00 GMT", problem(retry_after=9), 9),
        ("Sat, 01 Aug 99999 11:00:00 GMT", {}, None),
        (None, problem(retry_after="7"), 7),
        (None, {**problem(retry_after=True), "retry_after": 6}, 6),
        (None, problem(retry_after=[1]), None),
        (None, problem(retry_after=10**400), None),
        (None, {}, None),
    ],
)
async def test_the_wait_is_taken_from_header_then_body(api, client, header, body, expected_s):
    api.say(CREATE, 429, body, **({} if header is None else {"Retry_After": header}))
    error = await failing_create(client)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == expected_s


# the way there and back


async def test_a_refused_connection_means_that_nothing_was_sent():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with client_for(f"http://127.0.0.1:{port}") as client:
            assert type(await failing_create(client)) is NotSentError
            assert type(await failing_look(client)) is NotSentError


async def test_a_name_that_does_not_resolve_means_that_nothing_was_sent():
    async with client_for("http://nowhere.invalid") as client:
        assert type(await failing_create(client)) is NotSentError


async def test_a_failed_tls_handshake_means_that_nothing_was_sent(api: Api):
    async with client_for(api.base.replace("http:", "https:")) as client:
        assert type(await failing_create(client)) is NotSentError
    assert api.seen == []


async def test_a_closed_session_means_that_nothing_was_sent(api: Api):
    async with client_for(api.base) as client:
        pass
    assert type(await failing_create(client)) is NotSentError


@pytest.mark.parametrize("key", ["sk-1\n", "sk-1\r\nX-Evil: 1", "sk-\u2026", "sk-\ud800"])
async def test_a_key_that_no_header_can_carry_means_that_nothing_was_sent(api: Api, key: str):
    async with aiohttp.ClientSession() as session:
        client = TokenLabClient(session, base_url=api.base, api_key=SecretStr(key))
        for error in (await failing_create(client), await failing_look(client)):
            assert type(error) is NotSentError
            assert key.strip() not in str(error)
    assert api.seen == []


async def test_a_name_that_cannot_be_looked_up_means_that_nothing_was_sent():
    async with client_for("http://a..b") as client:
        assert type(await failing_create(client)) is NotSentError
        assert type(await failing_look(client)) is NotSentError


class OddConnector(aiohttp.TCPConnector):
    """Fails in a way that nobody has thought of."""

    async def _create_connection(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("odd")


async def test_an_odd_error_on_the_way_is_never_taken_for_a_proof():
    async with aiohttp.ClientSession(connector=OddConnector()) as session:
        client = TokenLabClient(session, base_url="http://127.0.0.1:9", api_key=SecretStr(KEY))
        assert type(await failing_create(client)) is OutcomeUnknownError
        assert type(await failing_look(client)) is TryLaterError


class SlowConnector(aiohttp.TCPConnector):
    """Never finishes connecting."""

    async def _create_connection(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.Event().wait()


@pytest.mark.parametrize("total_s", [0.1, 0.4])
async def test_a_connection_that_takes_too_long_means_that_nothing_was_sent(total_s):
    async with aiohttp.ClientSession(connector=SlowConnector()) as session:
        client = TokenLabClient(
            session, base_url="http://127.0.0.1:9", api_key=SecretStr(KEY), create_timeout_s=total_s
        )
        assert type(await failing_create(client)) is NotSentError


async def test_no_answer_in_time_leaves_the_outcome_unknown(api: Api):
    release = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await release.wait()
        return web.json_response(RECORD)

    api.answers = {CREATE: hang, TASK: hang}
    async with client_for(api.base, create_timeout_s=0.2, look_timeout_s=0.2) as client:
        assert type(await failing_create(client)) is OutcomeUnknownError
        assert type(await failing_look(client)) is TryLaterError
    release.set()
    assert api.paths == [CREATE, TASK]


def drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def test_a_connection_dropped_after_the_request_leaves_the_outcome_unknown(api: Api, client: TokenLabClient):
    api.answers = {CREATE: drop, TASK: drop}
    assert type(await failing_create(client)) is OutcomeUnknownError
    assert api.paths == [CREATE]
    assert type(await failing_look(client)) is TryLaterError


async def test_an_order_is_not_sent_again_over_a_connection_that_went_stale(api: Api, client: TokenLabClient):
    await client.create(SONG)
    api.answers = {CREATE: drop}
    assert type(await failing_create(client)) is OutcomeUnknownError
    assert api.paths == [CREATE, CREATE]


async def test_creates_use_the_paying_session(api: Api):
    connector = aiohttp.TCPConnector(force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as paying,
        client_for(api.base, paying_session=paying) as both,
    ):
        await both.create(SONG)
        await both.look("t1", None)
    assert [headers.get("connection") for _, _, headers, _ in api.seen] == ["close", None]


async def broken_body(request: web.Request) -> web.StreamResponse:
    status = 200 if request.path == CREATE else 429
    response = web.StreamResponse(status=status, headers={"X-Task-ID": "t9", "Content-Length": "500"})
    await response.prepare(request)
    await response.write(b'{"id": "t9", ')
    return drop(request)


async def test_where_a_body_breaks_off_status_and_headers_still_speak(api: Api, client: TokenLabClient):
    api.answers = {CREATE: broken_body, TASK: broken_body}
    assert (await client.create(SONG)).provider_task_id == "t9"
    assert type(await failing_look(client)) is ThrottledError


async def test_a_body_without_end_is_not_read_to_its_end(api: Api, client: TokenLabClient, monkeypatch):
    monkeypatch.setattr(sending, "BODY_MAX_BYTES", 1000)
    api.say(CREATE, 200, {**RECORD, "lyrics": "x" * 200_000})
    api.say(TASK, 200, {**RECORD, "lyrics": "x" * 200_000})
    assert type(await failing_create(client)) is OutcomeUnknownError
    assert type(await failing_look(client)) is BadAnswerError


# looks


async def test_a_look_reads_the_task(api: Api, client: TokenLabClient):
    api.say(TASK, 200, {"status": "processing", "progress": 40}, X_Request_ID="req_1")
    look = await client.look("t1", "/v1/tasks/t1")
    assert (look.status, look.progress, look.request_id) == (ProviderStatus.PROCESSING, 40, "req_1")
    assert api.seen[0][:2] == ("GET", TASK)
    assert api.seen[0][2]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("body_id", "found"), [(None, "billtxn_h"), ("billtxn_b", "billtxn_b"), (7, "billtxn_h")])
async def test_the_billing_id_may_come_in_the_header_alone(api, client, body_id, found):
    for path in (CREATE, TASK):
        api.say(path, 200, {**RECORD, "billing_transaction_id": body_id}, X_Billing_Transaction_ID="billtxn_h")
    assert (await client.look("t1", None)).billing_transaction_id == found
    assert (await client.create(SONG)).look.billing_transaction_id == found


LOOK_ERRORS = [
    (404, problem("async_task_not_found"), TaskGoneError),
    (404, problem("not_found_error"), TaskGoneError),
    (400, problem("async_task_not_found"), TaskGoneError),
    (200, problem("async_task_not_found"), TaskGoneError),
    (404, {"error": {"type": "async_task_not_found", "message": "m"}}, TaskGoneError),
    (404, {}, BadAnswerError),
    (403, problem("task_not_owned"), TaskNotOwnedError),
    (403, problem("async_task_mapping_invalid"), TaskNotOwnedError),
    (403, {"error": "task_not_owned"}, TaskNotOwnedError),
    (404, {"code": "async_task_not_found", "message": "m"}, TaskGoneError),
    (403, problem("access_denied"), AccessRefusedError),
    (403, problem("expired_api_key"), AccessRefusedError),
    (403, problem("forbidden"), TaskGoneError),
    (403, problem("forbidden", retryable=True), BadAnswerError),
    (403, {}, BadAnswerError),
    (410, problem("gone"), TaskGoneError),
    (430, {}, ThrottledError),
    (455, {}, TryLaterError),
    (408, {}, TryLaterError),
    (401, problem("invalid_api_key"), AccessRefusedError),
    (429, problem("rate_limit_exceeded"), ThrottledError),
    (500, problem("server_error"), TryLaterError),
    (503, problem("all_channels_failed", retryable=False), TryLaterError),
    (504, {}, TryLaterError),
    (400, problem("invalid_request_error"), BadAnswerError),
    (402, problem("insufficient_balance"), BadAnswerError),
    (200, {}, BadAnswerError),
    (200, {"status": 5}, BadAnswerError),
    (200, {"status": " "}, BadAnswerError),
    (200, [RECORD], BadAnswerError),
]


@pytest.mark.parametrize(("status", "body", "expected"), LOOK_ERRORS)
async def test_each_answer_to_a_look_becomes_the_right_error(api, client, status, body, expected):
    api.say(TASK, status, body)
    assert type(await failing_look(client)) is expected
    assert len(api.seen) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, BadAnswerError), (403, BadAnswerError), (404, BadAnswerError), (502, TryLaterError)],
)
async def test_a_proxys_page_never_ends_a_task(api, client, status, expected):
    api.say(TASK, status, text="<html>oops</html>")
    error = await failing_look(client)
    assert type(error) is expected
    assert error.detail == "<html>oops</html>"


@pytest.mark.parametrize("rejected", ["//{host}/v1/tasks/t1", "http://{host}/v1/tasks/t1", "v1/tasks/t1"])
async def test_a_foreign_poll_url_is_not_used_and_told_once(api, elsewhere, client, caplog, rejected):
    caplog.set_level(logging.DEBUG)
    poll_url = rejected.format(host=elsewhere.base.partition("//")[2])
    for _ in range(3):
        await client.look("t1", poll_url)
    assert api.paths == [TASK] * 3
    assert elsewhere.seen == []
    told = [record for record in caplog.records if record.name == "bot.tokenlab.client"]
    assert [(record.message, record.__dict__["provider_task_id"]) for record in told] == [("poll url refused", "t1")]
    assert elsewhere.base.partition("//")[2] not in caplog.text


async def test_an_absolute_poll_url_of_the_own_origin_is_used(api: Api, client: TokenLabClient):
    await client.look("t1", f"{api.base}/v1/music/generations/t1?x=1")
    assert api.paths == ["/v1/music/generations/t1?x=1"]


@pytest.mark.parametrize("status", [307, 404])
async def test_a_poll_url_that_leads_nowhere_gives_way_to_the_fixed_route(api, elsewhere, client, status):
    api.say("/v1/old/t1", status, {}, Location=elsewhere.base)
    assert (await client.look("t1", "/v1/old/t1")).status is ProviderStatus.PENDING
    await client.look("t1", "/v1/old/t1")
    assert api.paths == ["/v1/old/t1", TASK, TASK]
    assert elsewhere.seen == []


@pytest.mark.parametrize(("status", "code"), [(404, "async_task_not_found"), (429, "x"), (500, "x"), (401, "x")])
async def test_other_troubles_of_a_poll_url_cost_no_second_request(api, client, status, code):
    api.say("/v1/old/t1", status, problem(code))
    await failing_look(client, "/v1/old/t1")
    assert api.paths == ["/v1/old/t1"]


@pytest.mark.parametrize("is_absolute", [True, False])
@pytest.mark.parametrize("spelt", ["/a%2Fb%7E~%3d", "/a?sig=%2F%7e%3D+x%20y", "/a?", "/", "/a//b/../c?x=[1]&&y"])
async def test_poll_urls_are_requested_letter_by_letter(api, client, spelt, *, is_absolute):
    await client.look("t1", f"{api.base if is_absolute else ''}{spelt}#part")
    assert api.spelt == [spelt]


async def test_only_so_many_tasks_with_bad_poll_urls_are_remembered(api, client, monkeypatch, caplog):
    monkeypatch.setattr(client_module, "REMEMBERED_TASKS_MAX", 2)
    for task in ("a", "b", "c", "c", "a"):
        await client.look(task, "//evil.example/")
    told = [record.__dict__["provider_task_id"] for record in caplog.records]
    assert told == ["a", "b", "c", "a"]


async def test_an_odd_id_stays_one_segment_of_the_path(api: Api, client: TokenLabClient):
    await client.look("suno:7/../x?y", None)
    await client.look("half \ud800 pair", None)
    assert api.paths == ["/v1/tasks/suno%3A7%2F..%2Fx%3Fy", "/v1/tasks/half%20%ED%A0%80%20pair"]


# the catalogue's routes


async def test_models_are_listed_by_category(api: Api, client: TokenLabClient):
    api.say("/v1/models", 200, {"object": "list", "data": [{"id": "suno-music"}, {"id": None}]})
    assert [model.id for model in await client.models()] == ["suno-music"]
    assert api.paths == ["/v1/models?category=music"]


async def test_a_models_own_page_is_read(api: Api, client: TokenLabClient):
    api.say("/v1/models/suno-music", 200, {"id": "suno-music", "tokenlab": {"supported_operations": ["lyrics"]}})
    assert (await client.model("suno-music")).writes_lyrics


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {}, BadAnswerError),
        (200, {"data": {}}, BadAnswerError),
        (200, "odd", BadAnswerError),
        (401, problem("invalid_api_key"), AccessRefusedError),
        (429, {}, ThrottledError),
        (500, {}, TryLaterError),
        (404, {}, BadAnswerError),
    ],
)
async def test_a_list_that_cannot_be_read_is_an_error(api, client, status, body, expected):
    api.say("/v1/models", status, body)
    api.say("/v1/models/m", status, body)
    for read in (client.models(), client.model("m")):
        with pytest.raises(TokenLabError) as caught:
            await read
        assert type(caught.value) is expected


async def test_an_unknown_model_is_said_to_be_one(api: Api, client: TokenLabClient):
    api.say("/v1/models/m", 404, problem("model_not_found"))
    with pytest.raises(ModelUnavailableError):
        await client.model("m")


# the key and the logs


async def test_the_key_is_in_no_session_default_and_no_error_and_no_log(api: Api, caplog):
    caplog.set_level(logging.DEBUG)
    async with aiohttp.ClientSession() as session:
        client = TokenLabClient(session, base_url=api.base, api_key=SecretStr(KEY))
        api.say(CREATE, 400, problem("invalid_request_error"))
        error = await failing_create(client)
        await client.look("t1", "//evil.example/?sig=1")
        assert "authorization" not in session.headers
        async with session.get(f"{api.base}/plain"):
            pass
    assert "authorization" not in api.seen[-1][2]
    for text in (caplog.text, repr(error), str(error), repr(client)):
        assert KEY not in text
        assert "SECRET PROMPT" not in text
        assert "sig=1" not in text


# the published description


@pytest.mark.parametrize("request_", [SONG, AVOIDING, LYRICS, CONTINUATION, UPLOAD])
async def test_every_order_is_as_published(api: Api, client: TokenLabClient, request_: CreateRequest):
    contract = required_contract("tokenlab-openapi.json")
    await client.create(request_)
    method, path, _, body = api.seen[0]
    assert_clean(contract.check_request(method, path, json_body=body))


async def test_every_read_is_as_published(api: Api, client: TokenLabClient):
    contract = required_contract("tokenlab-openapi.json")
    api.say("/v1/models", 200, {"data": []})
    api.say("/v1/models/m", 200, {"id": "m"})
    await client.look("t1", None)
    await client.models()
    await client.model("m")
    assert_clean(contract.check_request("GET", TASK))
    for method, target, _, _ in api.seen:
        path, _, query = target.partition("?")
        pairs = dict(pair.split("=", 1) for pair in query.split("&")) if query else {}
        assert_clean(contract.check_request(method, path, query=pairs))


# the stand-in, which keeps the provider's rules


@asynccontextmanager
async def standin_and_client(**more: Any) -> AsyncIterator[tuple[StandIn, TokenLabClient]]:
    async with StandIn(**more) as standin, aiohttp.ClientSession() as session:
        key = SecretStr(standin.key)
        yield standin, TokenLabClient(session, base_url=standin.api_base, api_key=key, create_timeout_s=1)
        assert standin.leaks == []


async def test_a_song_comes_from_the_stand_in_and_can_be_continued():
    async with standin_and_client() as (standin, client):
        created = await client.create(SONG)
        seen = await client.look(created.provider_task_id, created.poll_url)
        assert seen.status in {ProviderStatus.PENDING, ProviderStatus.PROCESSING}
        standin.finish(created.provider_task_id)
        look = await client.look(created.provider_task_id, created.poll_url)
        assert look.status is ProviderStatus.COMPLETED
        assert look.result.tracks[0].audio_url.startswith(standin.media_base)
        clip_id = choose_clip(look.clip_candidates)
        assert clip_id == look.result.tracks[0].audio_id
        await client.create(replace(CONTINUATION, clip_id=clip_id, continue_at_s=1))
        assert type(await failing_create(client, replace(CONTINUATION, clip_id="nobody's"))) is ClipRefusedError
        assert len(standin.creates) == 2


@pytest.mark.parametrize(
    ("model_id", "prices_usd", "takes_negative_tags"),
    [("suno-music", ("0.10", "0.25"), True), ("suno-lyrics", ("0.02", "0.02"), False), ("suno-preview", None, False)],
)
async def test_prices_and_parameters_come_from_the_stand_in(model_id, prices_usd, takes_negative_tags):
    async with standin_and_client() as (_, client):
        catalogue = Catalogue(client, lyrics_model=None)
        assert await catalogue.refresh()
        model = catalogue.find(model_id)
        assert model is not None
        found = model.price and (str(model.price.min_usd), str(model.price.max_usd))
        assert (found, model.takes_negative_tags) == (prices_usd, takes_negative_tags)


async def test_styles_to_avoid_reach_the_stand_in():
    async with standin_and_client() as (standin, client):
        await client.create(AVOIDING)
        assert standin.creates[0].body["negative_tags"] == "brass, choir"


async def test_the_catalogue_of_the_stand_in_offers_lyrics():
    async with standin_and_client() as (_, client):
        catalogue = Catalogue(client, lyrics_model=None)
        assert await catalogue.refresh()
        model = catalogue.lyrics_model().model
        assert model is not None
        created = await client.create(replace(LYRICS, model=model))
        assert created.status is ProviderStatus.PENDING


@pytest.mark.parametrize(
    ("fault", "expected", "accepted"),
    [
        ("refused", ContentRefusedError, 0),
        ("forbidden_content", ContentRefusedError, 0),
        ("artist_name", ContentRefusedError, 0),
        ("unprocessable", WishRefusedError, 0),
        ("unsupported_media_type", WishRefusedError, 0),
        ("forbidden_for_now", TryLaterError, 0),
        ("maintenance", TryLaterError, 0),
        ("too_often", ThrottledError, 0),
        ("no_credit", NoCreditError, 0),
        ("request_timeout_recorded", OutcomeUnknownError, 1),
        ("conflict_recorded", OutcomeUnknownError, 1),
        ("too_early_recorded", OutcomeUnknownError, 1),
        ("client_gone_recorded", OutcomeUnknownError, 1),
        ("no_id_and_a_code", OutcomeUnknownError, 1),
        ("invalid_api_key", AccessRefusedError, 0),
        ("quota_exceeded", NoCreditError, 0),
        ("model_not_allowed", ModelUnavailableError, 0),
        ("payload_too_large", WishRefusedError, 0),
        ("rate_limited", ThrottledError, 0),
        ("delivery_tier_unavailable", TryLaterError, 0),
        ("all_channels_failed_for_good", ProviderRefusedError, 0),
        ("server_error_recorded", OutcomeUnknownError, 1),
        ("drop", OutcomeUnknownError, 0),
        ("drop_recorded", OutcomeUnknownError, 1),
        ("hang_recorded", OutcomeUnknownError, 1),
        ("html_502", OutcomeUnknownError, 1),
        ("redirect", OutcomeUnknownError, 1),
    ],
)
async def test_a_definite_no_is_only_said_where_nothing_was_recorded(fault, expected, accepted):
    async with standin_and_client() as (standin, client):
        standin.faults.on_create(fault)
        assert type(await failing_create(client)) is expected
        assert len(standin.creates) == accepted


@pytest.mark.parametrize("fault", ["long_header", "many_headers"])
async def test_a_create_of_the_stand_in_arrives_behind_long_headers(fault):
    async with standin_and_client() as (standin, client):
        standin.faults.on_create(fault)
        created = await client.create(SONG)
        standin.faults.on_status(fault)
        assert (await client.look(created.provider_task_id, None)).status is ProviderStatus.PENDING


@pytest.mark.parametrize("fault", ["foreign_poll_url", "double_slash_poll_url", "absolute_poll_url", "no_poll_url"])
async def test_a_task_of_the_stand_in_is_found_whatever_its_poll_url_is(fault):
    async with standin_and_client() as (standin, client):
        standin.faults.on_create(fault)
        created = await client.create(SONG)
        look = await client.look(created.provider_task_id, created.poll_url)
        assert look.status in {ProviderStatus.PENDING, ProviderStatus.PROCESSING}
