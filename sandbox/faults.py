"""What can be made to go wrong, by name, and the queues from which the stand-in takes the next fault.

A test asks for a fault with `on_create`, `on_status` or `on_media`; nothing in a request can. The names are the keys
of `CREATE_FAULTS`, `STATUS_FAULTS` and `MEDIA_FAULTS`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from sandbox.problems import Body, ProblemError

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
    connection, or raise `problem`, or give `answer`, or answer as if nothing had happened.
    """

    name: str = ""
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


def _with_lyrics_as(change: Callable[[str], Body]) -> Callable[[Scene], Body]:
    """The finished body, its lyrics told in another shape."""
    return _as_finished(lambda body: change(body.pop("lyrics", "")) | body)


def _data_only(body: Body) -> Body:
    track = {"id": body.pop("audio_id"), "audio_url": body.pop("audio_url"), "title": body.get("title")}
    return body | {"data": [track]}


def _two_tracks(body: Body) -> Body:
    second = body["audio_url"].replace("-1.mp3", "-2.mp3")
    tracks = ((body["audio_id"], body["audio_url"]), (body["audio_id"].removesuffix("1") + "2", second))
    return body | {"data": [{"id": clip, "audio_id": clip, "audio_url": url} for clip, url in tracks]}


def _said_as(change: Callable[[Scene], Body], *words: str) -> Mapping[str, Callable[[], Fault]]:
    """Faults named `status_…` that answer with that body, its status in another word."""

    def said(word: str) -> Fault:
        return changed(lambda scene: change(scene) | {"status": word})

    return {f"status_{word.lower()}": partial(said, word) for word in words}


def _fresh(body: Body) -> Body:
    """The same task with its files signed anew; the spelling counts, so it is an odd one."""
    data = [item | {"audio_url": f"{item['audio_url']}?{FRESH}"} for item in body.get("data", [])]
    return body | {"audio_url": f"{body['audio_url']}?{FRESH}"} | ({"data": data} if data else {})


def _lacking(*names: str) -> Callable[[Body], Body]:
    return lambda body: {key: value for key, value in body.items() if key not in names}


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
    "failed_with_object": lambda: changed(_failed({"code": "upstream_error", "message": "The track failed"})),
    "failed_with_string": lambda: changed(_failed("Content policy violation")),
    "cancelled": lambda: changed(lambda scene: _failed("Task cancelled")(scene) | {"status": "cancelled"}),
    "expired": lambda: changed(lambda scene: _failed("Task expired")(scene) | {"status": "expired"}),
    **_said_as(lambda scene: scene.body, "TEXT_SUCCESS", "FIRST_SUCCESS", "CALLBACK_EXCEPTION"),
    **_said_as(lambda scene: scene.finished, "complete", "SUCCESS", "finished", "Done"),
    **_said_as(_failed(), "error", "failure", "rejected", "timeout", "CREATE_TASK_FAILED", "GENERATE_AUDIO_FAILED"),
    **_said_as(_failed(), "SENSITIVE_WORD_ERROR"),
    "unknown_status_with_error": lambda: changed(lambda scene: _failed("No GPU")(scene) | {"status": "tuning_up"}),
    "callback_exception_with_error": lambda: changed(
        lambda scene: scene.body | {"status": "CALLBACK_EXCEPTION", "error": "nobody answered"}
    ),
    "fraction": lambda: changed(lambda scene: scene.body | {"status": "processing", "progress": 62.5}),
    "completed_billed_in_header": lambda: headed(
        {"X-Billing-Transaction-ID": "billtxn_header"}, _as_finished(_lacking("billing_transaction_id"))
    ),
    "failed_in_lines": lambda: changed(_failed("The track failed:\nno voice fits\nthis style")),
    "failed_with_code": lambda: changed(_failed({"code": "GENERATE_AUDIO_FAILED"})),
    "failed_nested": lambda: changed(_failed({"code": "upstream_error", "error": {"message": "The track failed"}})),
    "failed_with_reason": lambda: changed(_failed(fail_reason="The track failed", message="success")),
    "failed_with_error_message": lambda: changed(_failed(error_message="The track failed")),
    "failed_with_message": lambda: changed(_failed(message="The track failed")),
    "failed_for_content": lambda: changed(_failed({"code": "SENSITIVE_WORD_ERROR", "message": "a name of an artist"})),
    "lyrics_in_data": lambda: changed(_with_lyrics_as(lambda words: {"data": [{"text": words}]})),
    "lyrics_in_text": lambda: changed(_with_lyrics_as(lambda words: {"text": words})),
    "lyrics_in_variants": lambda: changed(
        _with_lyrics_as(lambda words: {"lyrics": [{"text": words, "title": "One"}, {"text": "Other words"}, "Third"]})
    ),
    "lyrics_instrumental": lambda: changed(_with_lyrics_as(lambda _: {"lyrics": "[Instrumental]"})),
    "succeeded": lambda: changed(_as_finished(lambda body: body | {"status": "succeeded"})),
    "completed_upper_case": lambda: changed(_as_finished(lambda body: body | {"status": "COMPLETED"})),
    "completed_without_audio": lambda: changed(_as_finished(_lacking("audio_url", "audio_id"))),
    "completed_without_audio_id": lambda: changed(_as_finished(_lacking("audio_id"))),
    "completed_data_only": lambda: changed(_as_finished(_data_only)),
    "completed_two_tracks": lambda: changed(_as_finished(_two_tracks)),
    "completed_fresh_address": lambda: changed(_as_finished(_fresh)),
    "completed_unbilled": lambda: changed(_as_finished(_lacking("billing_transaction_id"))),
}

# What each of these does is written beside the media host that does it.
MEDIA_FAULT_NAMES = (
    "unauthorized",
    "forbidden",
    "not_found",
    "gone",
    "no_range",
    "empty",
    "expired",
    "drip",
    "server_error",
    "html",
    "too_large",
    "endless",
    "redirect_private",
    "truncated",
    "slow",
)
MEDIA_FAULTS: Mapping[str, Callable[[], Fault]] = {name: partial(Fault, name=name) for name in MEDIA_FAULT_NAMES}


@dataclass(slots=True)
class _Planned:
    fault: Fault
    only_for: str | None
    left: int | None

    def take(self, subject: str) -> Fault | None:
        if self.left == 0 or self.only_for not in {None, subject}:
            return None
        if self.left is not None:
            self.left -= 1
        return self.fault


class Faults:
    """Test control. Each fault is used once, `times` times, or always (`times=None`), in the order of asking."""

    def __init__(self) -> None:
        self._creates: list[_Planned] = []
        self._statuses: list[_Planned] = []
        self._media: list[_Planned] = []

    def on_create(self, fault: str | Fault, *, times: int | None = 1, prompt: str | None = None) -> Fault:
        """Let the next create go wrong, or the next one with exactly that prompt."""
        return _plan(self._creates, CREATE_FAULTS, fault, prompt, times)

    def on_status(self, fault: str | Fault, *, times: int | None = 1, task_id: str | None = None) -> Fault:
        """Let the next look at a task go wrong, or the next one at that task."""
        return _plan(self._statuses, STATUS_FAULTS, fault, task_id, times)

    def on_media(self, fault: str | Fault, *, times: int | None = 1, name: str | None = None) -> Fault:
        """Let the next download go wrong, or the next one of that file name."""
        return _plan(self._media, MEDIA_FAULTS, fault, name, times)

    def next_create(self, prompt: str) -> Fault | None:
        """The fault for a create with that prompt, used up."""
        return _taken(self._creates, prompt)

    def next_status(self, task_id: str) -> Fault | None:
        """The fault for a look at that task, used up."""
        return _taken(self._statuses, task_id)

    def next_media(self, name: str) -> Fault | None:
        """The fault for a download of that file, used up."""
        return _taken(self._media, name)

    def clear(self) -> None:
        """Forget all faults that are still planned and let go of every request that waits."""
        for queue in (self._creates, self._statuses, self._media):
            for planned in queue:
                planned.fault.release.set()
            queue.clear()


def _plan(
    queue: list[_Planned],
    known: Mapping[str, Callable[[], Fault]],
    fault: str | Fault,
    only_for: str | None,
    times: int | None,
) -> Fault:
    chosen = known[fault]() if isinstance(fault, str) else fault
    queue.append(_Planned(chosen, only_for, times))
    return chosen


def _taken(queue: list[_Planned], subject: str) -> Fault | None:
    return next((fault for planned in queue if (fault := planned.take(subject)) is not None), None)
