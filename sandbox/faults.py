"""What can be made to go wrong, by name: `CREATE_FAULTS`, `STATUS_FAULTS` and `MEDIA_FAULTS`.

When a fault strikes is said in `sandbox.plan`; what a media fault does is written beside the media host.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from aiohttp import web

from sandbox.problems import Body, ProblemError

BILLING_HEADER = "X-Billing-Transaction-ID"
BUSY_FOR_S = 5
ABSURDLY_BUSY_FOR_S = 10**9
LONG_HEADER_CHARS = 60_000
FRESH = "sig=a%2Fb%7e%3D+c%20d"
"""What an address has that was signed anew."""
BAD_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a fault may use: the normal body, the body of the finished task, and both origins."""

    body: Body
    finished: Body
    api_base: str
    media_base: str


Answer = Callable[[Scene], web.Response]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fault:
    """One thing that goes wrong.

    The order is: record the task (creates only, if `recorded`), wait for `release` if `waits`, then drop the
    connection, or raise `problem`, or give `answer`, or answer as if nothing had happened. `phase` is the phase of a
    task in which such an answer would be true; None stands for any.
    """

    name: str = ""
    phase: str | None = None
    recorded: bool = False
    waits: bool = False
    drops: bool = False
    problem: ProblemError | None = None
    answer: Answer | None = None
    release: asyncio.Event = field(default_factory=asyncio.Event)


def refused(problem: str, **extra: object) -> Fault:
    """A fault that answers with that problem and records nothing."""
    return Fault(problem=ProblemError(problem, None, **extra))  # type: ignore[arg-type]  # extra never holds `param`


def changed(change: Callable[[Scene], Body]) -> Fault:
    """A fault that records the task and answers 200 with another body."""
    return Fault(recorded=True, answer=lambda scene: web.json_response(change(scene)))


def at_end(change: Callable[[Scene], Body]) -> Fault:
    """A changed answer to a look that is true of a task at its end."""
    return replace(changed(change), phase="completed")


def under_way(change: Callable[[Scene], Body]) -> Fault:
    """A changed answer to a look that is true of a task that is being made."""
    return replace(changed(change), phase="processing")


def text(body: str, *, status: int = 200, content_type: str = "text/html") -> Fault:
    """A fault that records the task and answers with something that is not JSON."""
    return Fault(recorded=True, answer=lambda _: web.Response(text=body, status=status, content_type=content_type))


def headed(headers: Mapping[str, str], change: Callable[[Scene], Body] = lambda scene: scene.body) -> Fault:
    """A fault that records the task and answers 200 with more headers, and perhaps with another body."""
    return Fault(recorded=True, answer=lambda scene: web.json_response(change(scene), headers=headers))


def redirected(scene: Scene) -> web.Response:
    """A redirect to the other origin, where a key would be a leak."""
    return web.Response(status=307, headers={"Location": f"{scene.media_base}{scene.body.get('poll_url', '/')}"})


def _without(*names: str) -> Callable[[Scene], Body]:
    return lambda scene: {key: value for key, value in scene.body.items() if key not in names}


def _polled_at(prefix: Callable[[Scene], str]) -> Callable[[Scene], Body]:
    return lambda scene: scene.body | {"poll_url": f"{prefix(scene)}/v1/tasks/{scene.body['id']}"}


def _as_finished(change: Callable[[Body], Body]) -> Callable[[Scene], Body]:
    return lambda scene: change(dict(scene.finished))


def _failed(error: object = None, **fields: object) -> Callable[[Scene], Body]:
    names = ("id", "task_id", "poll_url", "model", "created", "updated")
    return lambda scene: {
        **{name: scene.body[name] for name in names if name in scene.body},
        "status": "failed",
        **({} if error is None else {"error": error}),
        **fields,
    }


def _failed_as(shape: Body) -> Fault:
    return at_end(lambda scene: _failed()(scene) | shape)


def _refused_as(shape: Body) -> Fault:
    return Fault(problem=ProblemError("bad_request", told=shape))


def _with_lyrics_as(change: Callable[[str], Body]) -> Callable[[Scene], Body]:
    """The finished body, its lyrics told in another shape."""
    return _as_finished(lambda body: change(body.pop("lyrics", "")) | body)


def _takes(body: Body) -> list[Body]:
    """All takes of a finished body: where none are listed, the one that it tells of; lyrics have none."""
    if "data" in body or "audio_url" not in body:
        return list(body.get("data", ()))
    told = {name: body.get(name) for name in ("audio_id", "audio_url", "image_url", "title")}
    return [{"id": body["audio_id"], **told}]


def _data_only(body: Body) -> Body:
    takes = _takes(body)
    return _lacking("audio_url", "audio_id")(body) | {"data": [_lacking("audio_id")(take) for take in takes]}


def _two_tracks(body: Body) -> Body:
    if "data" in body or "audio_url" not in body:
        return body
    second = body["audio_url"].replace("-1.", "-2.")
    tracks = ((body["audio_id"], body["audio_url"]), (body["audio_id"].removesuffix("1") + "2", second))
    return body | {"data": [{"id": clip, "audio_id": clip, "audio_url": url} for clip, url in tracks]}


def _mirrored(scene: Scene) -> Body:
    """Each take told twice: at its own address, and at the one of a mirror that names where it has it from."""
    told = []
    for take in _takes(scene.finished):
        mirror = take["audio_url"].replace(scene.media_base, f"{scene.media_base}/mirror")
        told += [take, take | {"audio_url": mirror, "source_audio_url": take["audio_url"]}]
    return scene.finished | {"data": told}


def _camel_case(body: Body) -> Body:
    """The takes as other members of this family name their fields, and nothing beside them."""
    takes = [
        {re.sub("_([a-z])", lambda found: found[1].upper(), name): value for name, value in take.items()}
        for take in _takes(body)
    ]
    return _without_audio(body) | {"data": takes}


def _first_take(scene: Scene) -> Body:
    return scene.body | {"status": "FIRST_SUCCESS", "data": _takes(scene.finished)[:1]}


def _stream_only(scene: Scene) -> Body:
    """The words and a link to listen along, while the files are being made."""
    takes = [
        _lacking("audio_url")(take) | {"stream_audio_url": take["audio_url"].replace(".mp3", "")}
        for take in _takes(scene.finished)
    ]
    return scene.body | {"status": "TEXT_SUCCESS", "data": takes}


def _said_as(
    change: Callable[[Scene], Body], *words: str, kind: Callable[[Callable[[Scene], Body]], Fault] = at_end
) -> Mapping[str, Callable[[], Fault]]:
    """Faults named `status_…` that answer with that body, its status in another word."""

    def said(word: str) -> Fault:
        return kind(lambda scene: change(scene) | {"status": word})

    return {f"status_{word.lower()}": partial(said, word) for word in words}


def _fresh(body: Body) -> Body:
    """The same task with its files signed anew; the spelling counts, so it is an odd one."""
    takes = [take | {"audio_url": f"{take['audio_url']}?{FRESH}"} for take in _takes(body)]
    if not takes:
        return body
    return body | {"audio_url": takes[0]["audio_url"]} | ({"data": takes} if "data" in body else {})


def _billed_in_header(scene: Scene) -> web.Response:
    body = dict(scene.finished)
    headers = {BILLING_HEADER: body.pop("billing_transaction_id")}
    return web.json_response(body, headers=headers)


def _lacking(*names: str) -> Callable[[Body], Body]:
    return lambda body: {key: value for key, value in body.items() if key not in names}


_without_audio = _lacking("audio_url", "audio_id", "image_url", "data")


def _without_audio_id(body: Body) -> Body:
    nameless = _lacking("audio_id", "id")
    data = {"data": [nameless(take) for take in body["data"]]} if "data" in body else {}
    return _lacking("audio_id")(body) | data


ERROR_SHAPES: Mapping[str, Body] = {
    "in_lines": {"error": "The track failed:\nno voice fits\nthis style"},
    "with_code": {"error": {"code": "GENERATE_AUDIO_FAILED"}},
    "nested": {"error": {"code": "upstream_error", "error": {"message": "The track failed"}}},
    "with_reason": {"fail_reason": "The track failed", "message": "success"},
    "with_error_message": {"error_message": "The track failed"},
    "with_message": {"message": "The track failed"},
}
"""How the reason is told elsewhere, in refusals and in failed tasks."""
CODE_INSIDE: Body = {"code": 430, "msg": "Your call frequency is too high", "data": None}
"""An error under a status that says 200."""

ERROR_FAULTS: Mapping[str, Callable[[], Fault]] = {
    "invalid_api_key": lambda: refused("invalid_api_key"),
    "rate_limited": lambda: refused("rate_limit_exceeded", retryable=True, retry_after=BUSY_FOR_S),
    "server_error": lambda: refused("server_error"),
    "upstream_error": lambda: refused("upstream_error"),
    "all_channels_failed": lambda: refused("all_channels_failed", retryable=True, retry_after=BUSY_FOR_S),
    "timeout_error": lambda: refused("timeout_error"),
    "absurdly_busy": lambda: refused("rate_limit_exceeded", retry_after=ABSURDLY_BUSY_FOR_S),
    "too_often": lambda: refused("too_often"),
    "maintenance": lambda: refused("maintenance", retry_after=BUSY_FOR_S),
    "request_timeout": lambda: refused("request_timeout"),
    "forbidden": lambda: refused("forbidden"),
    "access_denied": lambda: refused("access_denied"),
    "long_header": lambda: headed({"X-Trace": "x" * LONG_HEADER_CHARS}),
    "many_headers": lambda: headed({f"X-Trace-{number}": "x" for number in range(300)}),
    "drop": lambda: Fault(drops=True),
    "html_502": lambda: text(BAD_GATEWAY_PAGE, status=502),
    "not_json": lambda: text("OK", content_type="text/plain"),
    "broken_json": lambda: text('{"id": "ldtask_', content_type="application/json"),
    "redirect": lambda: Fault(recorded=True, answer=redirected),
    "no_poll_url": lambda: changed(_without("poll_url")),
    "absolute_poll_url": lambda: changed(_polled_at(lambda scene: scene.api_base)),
    "foreign_poll_url": lambda: changed(_polled_at(lambda scene: scene.media_base)),
    "double_slash_poll_url": lambda: changed(_polled_at(lambda scene: "//" + scene.media_base.partition("//")[2])),
}

CREATE_FAULTS: Mapping[str, Callable[[], Fault]] = {
    **ERROR_FAULTS,
    "bad_request": lambda: refused("bad_request"),
    "refused": lambda: refused("refused"),
    "expired_api_key": lambda: refused("expired_api_key"),
    "insufficient_balance": lambda: refused("insufficient_balance", balance_usd=0.03, estimated_cost_usd=0.1),
    "quota_exceeded": lambda: refused("quota_exceeded"),
    "model_not_allowed": lambda: refused("model_not_allowed"),
    "not_found": lambda: refused("not_found"),
    "payload_too_large": lambda: refused("payload_too_large"),
    "method_not_allowed": lambda: refused("method_not_allowed"),
    "not_acceptable": lambda: refused("not_acceptable"),
    "unsupported_media_type": lambda: refused("unsupported_media_type"),
    "unprocessable": lambda: refused("unprocessable"),
    "artist_name": lambda: refused("artist_name"),
    "forbidden_content": lambda: refused("forbidden_content"),
    "forbidden_for_now": lambda: refused("forbidden", retryable=True, retry_after=BUSY_FOR_S),
    "no_credit": lambda: refused("no_credit"),
    "conflict_recorded": lambda: Fault(recorded=True, problem=ProblemError("conflict")),
    "request_timeout_recorded": lambda: Fault(recorded=True, problem=ProblemError("request_timeout")),
    "too_early_recorded": lambda: Fault(recorded=True, problem=ProblemError("too_early")),
    "client_gone_recorded": lambda: Fault(recorded=True, problem=ProblemError("client_gone")),
    **{f"refused_{name}": partial(_refused_as, shape) for name, shape in ERROR_SHAPES.items()},
    "code_inside": lambda: Fault(recorded=True, answer=lambda _: web.json_response(CODE_INSIDE)),
    "no_id_and_a_code": lambda: changed(lambda _: {"code": 451, "error": {"code": "content_policy_violation"}}),
    "all_channels_failed_for_good": lambda: refused("all_channels_failed", retryable=False),
    "delivery_tier_unavailable": lambda: refused("delivery_tier_unavailable", retryable=True, retry_after=BUSY_FOR_S),
    "server_error_recorded": lambda: Fault(recorded=True, problem=ProblemError("server_error")),
    "hang": lambda: Fault(waits=True, drops=True),
    "hang_recorded": lambda: Fault(recorded=True, waits=True, drops=True),
    "hang_then_answer": lambda: Fault(recorded=True, waits=True),
    "drop_recorded": lambda: Fault(recorded=True, drops=True),
    "no_id": lambda: changed(_without("id", "task_id", "poll_url")),
    "already_completed": lambda: changed(lambda scene: scene.finished),
    "already_failed": lambda: changed(_failed({"code": "upstream_error", "message": "The track failed at once"})),
    "upper_case_status": lambda: changed(lambda scene: scene.body | {"status": scene.body["status"].upper()}),
}

STATUS_FAULTS: Mapping[str, Callable[[], Fault]] = {
    **ERROR_FAULTS,
    "task_not_owned": lambda: refused("task_not_owned"),
    "async_task_not_found": lambda: refused("async_task_not_found"),
    "hang": lambda: Fault(waits=True),
    "html_200": lambda: text("<html><body>Please wait</body></html>"),
    "missing_status": lambda: changed(_without("status")),
    "unknown_status": lambda: changed(lambda scene: scene.body | {"status": "tuning_up"}),
    "upper_case_status": lambda: changed(lambda scene: scene.body | {"status": scene.body["status"].upper()}),
    "failed_with_object": lambda: at_end(_failed({"code": "upstream_error", "message": "The track failed"})),
    "failed_with_string": lambda: at_end(_failed("Content policy violation")),
    "cancelled": lambda: at_end(lambda scene: _failed("Task cancelled")(scene) | {"status": "cancelled"}),
    "expired": lambda: at_end(lambda scene: _failed("Task expired")(scene) | {"status": "expired"}),
    **_said_as(lambda scene: scene.body, "TEXT_SUCCESS", "FIRST_SUCCESS", "CALLBACK_EXCEPTION", kind=under_way),
    **_said_as(lambda scene: scene.finished, "complete", "SUCCESS", "finished", "Done"),
    **_said_as(_failed(), "error", "failure", "rejected", "timeout", "CREATE_TASK_FAILED", "GENERATE_AUDIO_FAILED"),
    **_said_as(_failed(), "SENSITIVE_WORD_ERROR"),
    "unknown_status_with_error": lambda: changed(lambda scene: _failed("No GPU")(scene) | {"status": "tuning_up"}),
    "callback_exception_with_error": lambda: changed(
        lambda scene: scene.body | {"status": "CALLBACK_EXCEPTION", "error": "nobody answered"}
    ),
    "first_take_only": lambda: under_way(_first_take),
    "stream_only": lambda: under_way(_stream_only),
    "code_inside": lambda: changed(lambda _: CODE_INSIDE),
    "fraction": lambda: under_way(lambda scene: scene.body | {"status": "processing", "progress": 62.5}),
    "completed_billed_in_header": lambda: Fault(recorded=True, phase="completed", answer=_billed_in_header),
    **{f"failed_{name}": partial(_failed_as, shape) for name, shape in ERROR_SHAPES.items()},
    "failed_for_content": lambda: at_end(_failed({"code": "SENSITIVE_WORD_ERROR", "message": "a name of an artist"})),
    "lyrics_in_data": lambda: at_end(_with_lyrics_as(lambda words: {"data": [{"text": words}]})),
    "lyrics_in_text": lambda: at_end(_with_lyrics_as(lambda words: {"text": words})),
    "lyrics_in_variants": lambda: at_end(
        _with_lyrics_as(lambda words: {"lyrics": [{"text": words, "title": "One"}, {"text": "Other words"}, "Third"]})
    ),
    "lyrics_instrumental": lambda: at_end(_with_lyrics_as(lambda _: {"lyrics": "[Instrumental]"})),
    "succeeded": lambda: at_end(_as_finished(lambda body: body | {"status": "succeeded"})),
    "completed_upper_case": lambda: at_end(_as_finished(lambda body: body | {"status": "COMPLETED"})),
    "completed_without_audio": lambda: at_end(_as_finished(_without_audio)),
    "completed_without_audio_id": lambda: at_end(_as_finished(_without_audio_id)),
    "completed_camel_case": lambda: at_end(_as_finished(_camel_case)),
    "completed_mirrored": lambda: at_end(_mirrored),
    "completed_data_only": lambda: at_end(_as_finished(_data_only)),
    "completed_two_tracks": lambda: at_end(_as_finished(_two_tracks)),
    "completed_fresh_address": lambda: at_end(_as_finished(_fresh)),
    "completed_unbilled": lambda: at_end(_as_finished(_lacking("billing_transaction_id"))),
}

# What each of these does is written beside the media host that does it.
MEDIA_FAULT_NAMES = (
    "unauthorized",
    "forbidden",
    "not_found",
    "gone",
    "no_range",
    "empty",
    "half",
    "whole",
    "expired",
    "drip",
    "server_error",
    "html",
    "too_large",
    "endless",
    "redirect_private",
    "truncated",
    "truncated_whole",
    "slow",
)
MEDIA_FAULTS: Mapping[str, Callable[[], Fault]] = {name: partial(Fault, name=name) for name in MEDIA_FAULT_NAMES}
