"""The API routes of the stand-in: who may ask, what is accepted, what is answered, and a record of every request."""

import asyncio
import json
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web

from sandbox.answers import Answers
from sandbox.catalog import Catalog, Model
from sandbox.checks import Retired, check_create
from sandbox.faults import BILLING_HEADER, CREATE_FAULTS, Fault, Scene
from sandbox.ledger import Ledger, Task
from sandbox.magic import tricks_in
from sandbox.plan import Faults
from sandbox.problems import Body, ProblemError
from sandbox.records import Records, owner_of

DELIVERY_POLICIES = frozenset(("auto", "verified", "official"))
OWN_MEDIA = re.compile(r".*/m/(ldtask_[0-9a-f]+)-(\d)\.(?:mp3|m4a)(?:\?.*)?")
CUT = 0
MAX_BODY_BYTES = 256 * 1024
HTTP_PROBLEMS = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class SeenRequest:
    """One request that reached the API.

    `key` is "valid", "management", "wrong" or None; the header itself is not kept. `status` is None while the answer
    is due and 0 (`CUT`) if the connection was dropped. `body` and `answer` are the parsed JSON bodies, None where there
    is none.
    """

    request_id: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    key: str | None
    at_s: float
    body: Any = None
    status: int | None = None
    answer: Any = None
    task_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Rules:
    """How strict and how fast the stand-in is. Times are in seconds of its clock; may be changed while it runs.

    Of the songs, each `late_every`th gets its audio a look after it was completed; 0 means that none does.
    """

    song_s: float
    lyrics_s: float
    takes: int
    long_songs: bool
    late_every: int
    lenient: bool
    magic_words: bool
    retired: Retired = field(default_factory=Retired)


SEEN = web.RequestKey("seen", SeenRequest)


class MusicApi:
    """Handlers of all routes. `requests` holds everything that was asked since the start, in order."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        catalog: Catalog,
        answers: Answers,
        faults: Faults,
        records: Records,
        keys: tuple[str, ...],
        management_token: str,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self.requests: list[SeenRequest] = []
        self.news = asyncio.Condition()
        self._ledger = ledger
        self._catalog = catalog
        self._answers = answers
        self._faults = faults
        self._records = records
        self._keys = keys
        self._management_token = management_token
        self._rules = rules
        self._clock = clock
        self._tricks_done: Counter[tuple[str, str]] = Counter()

    def app(self) -> web.Application:
        """A fresh application with all routes."""
        app = web.Application(middlewares=[self._record], client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/v1/music/generations", self._create)
        app.router.add_get("/v1/music/generations/{id}", self._status)
        app.router.add_get("/v1/tasks/{id}", self._status)
        app.router.add_delete("/v1/tasks/{id}", self._cancel)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{model}", self._model)
        app.router.add_get("/v1/models/{model}/pricing", self._pricing)
        app.router.add_get("/v1/pricing", self._prices)
        app.router.add_get("/models.json", self._models)
        app.router.add_get("/pricing.json", self._prices)
        app.router.add_get("/llms.txt", self._overview)
        app.router.add_get("/v1/management/balance", self._balance)
        app.router.add_get("/v1/management/api-keys", self._managed_keys)
        app.router.add_get("/v1/management/api-keys/{key_id}/usage", self._usage)
        return app

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        seen = self._seen(request)
        request[SEEN] = seen
        self.requests.append(seen)
        await self.announce()
        try:
            _check_policy(request)
            response = await handler(request)
        except ProblemError as problem:
            response = _refusal(problem, seen.request_id)
        except web.HTTPException as error:
            response = _refusal(ProblemError(HTTP_PROBLEMS.get(error.status, "bad_request")), seen.request_id)
        _label(response, seen)
        await self.announce()
        return response

    async def announce(self) -> None:
        """Wake whoever waits for something to happen here."""
        async with self.news:
            self.news.notify_all()

    def _seen(self, request: web.Request) -> SeenRequest:
        token = _bearer(request)
        return SeenRequest(
            request_id=f"req_{secrets.token_hex(8)}",
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={name: value for name, value in request.headers.items() if name != hdrs.AUTHORIZATION},
            key=self._kind_of(token),
            at_s=self._clock(),
        )

    def _kind_of(self, token: str | None) -> str | None:
        if token == self._management_token:
            return "management"
        return None if token is None else "valid" if token in self._keys else "wrong"

    async def _create(self, request: web.Request) -> web.StreamResponse:
        owner = self._owner(request)
        body = await _json_of(request)
        if not isinstance(body, dict):
            raise ProblemError("bad_request", "The body must be a JSON object")
        prompt = str(body.get("prompt", ""))
        fault = self._faults.next_create(prompt) or self._tricked(prompt)
        if fault is not None and not fault.recorded:
            wrong = await self._go_wrong(request, fault, None)
            if wrong is not None:
                return wrong
        model = self._checked(body)
        task = self._accept(request[SEEN], owner, body, model)
        created = self._answers.created(task)
        if fault is not None and fault.recorded:
            wrong = await self._go_wrong(request, fault, (task, created))
            if wrong is not None:
                return wrong
        return web.json_response(created)

    def _tricked(self, prompt: str) -> Fault | None:
        """The fault of the first magic word in the prompt that has one left."""
        for word, trick in tricks_in(prompt) if self._rules.magic_words else ():
            if trick.fault is not None and (trick.times is None or self._tricks_done[word, prompt] < trick.times):
                self._tricks_done[word, prompt] += 1
                return CREATE_FAULTS[trick.fault]()
        return None

    def _checked(self, body: Body) -> Model:
        return check_create(
            body, catalog=self._catalog, clip_length_s=self._clip_length_s, lenient=self._rules.lenient,
            retired=self._rules.retired,
        )  # fmt: skip

    def _clip_length_s(self, clip: str) -> float | None:
        found = self._ledger.find_clip(clip)
        return None if found is None else self._ledger.recording(*found).length_s

    def _accept(self, seen: SeenRequest, owner: str, body: Body, model: Model) -> Task:
        """Record the task: from here on it has been paid for."""
        tricks = [trick for _, trick in tricks_in(str(body.get("prompt", "")))] if self._rules.magic_words else []
        is_lyrics = body.get("action") == "LYRICS"
        length_s = self._rules.lyrics_s if is_lyrics else self._rules.song_s
        changes = {} if is_lyrics else self._song_shape()
        for trick in tricks:
            length_s *= trick.stretch
            changes |= trick.task
        task = Task(
            id=f"ldtask_{secrets.token_hex(16)}",
            owner=owner,
            request_id=seen.request_id,
            body=body,
            model=model.id,
            created_at_s=self._clock(),
            length_s=length_s,
            parent_clip=self._parent_clip(body),
            **changes,
        )
        self._ledger.keep(task)
        seen.task_id = task.id
        return task

    def _song_shape(self) -> dict[str, Any]:
        """How this song comes."""
        every, number = self._rules.late_every, 1 + sum(not task.writes_lyrics for task in self._ledger)
        is_late = every > 0 and number % every == 0
        return {"takes": self._rules.takes, "long": self._rules.long_songs, "late": is_late}

    def _parent_clip(self, body: Body) -> str | None:
        """The clip that a create goes on from: named, or as an upload of one of our own files."""
        if body.get("continue_clip_id"):
            return str(body["continue_clip_id"])
        match = OWN_MEDIA.fullmatch(str(body.get("audio_url", "")))
        parent = self._ledger.get(match[1]) if match and body.get("audio_operation") == "upload-extend" else None
        return parent.clip(int(match[2])) if match and parent else None

    async def _status(self, request: web.Request) -> web.StreamResponse:
        task = self._owned_task(request)
        body = self._answers.status(task)
        fault = self._faults.next_status(task.id, self._ledger.phase(task))
        wrong = None if fault is None else await self._go_wrong(request, fault, (task, body))
        if wrong is not None:
            return wrong
        billing_id = body.get("billing_transaction_id")
        return web.json_response(body, headers={} if billing_id is None else {BILLING_HEADER: billing_id})

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        self._owned_task(request)
        raise ProblemError("unsupported_task_cancel")

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self._check_optional_key(request)
        fault = self._faults.next_models()
        wrong = None if fault is None else await self._go_wrong(request, fault, None)
        return wrong or web.json_response(self._catalog.listing(request.query))

    async def _model(self, request: web.Request) -> web.StreamResponse:
        self._check_optional_key(request)
        return web.json_response(self._catalog.detail(request.match_info["model"]))

    async def _pricing(self, request: web.Request) -> web.StreamResponse:
        self._check_optional_key(request)
        return web.json_response(self._catalog.pricing(request.match_info["model"]))

    async def _prices(self, request: web.Request) -> web.StreamResponse:
        self._check_optional_key(request)
        return web.json_response(self._catalog.prices(request.query, self._clock()))

    async def _overview(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=self._catalog.overview())

    async def _balance(self, request: web.Request) -> web.StreamResponse:
        self._check_management(request)
        return web.json_response(self._records.balance())

    async def _managed_keys(self, request: web.Request) -> web.StreamResponse:
        self._check_management(request)
        return web.json_response(self._records.keys(request.query))

    async def _usage(self, request: web.Request) -> web.StreamResponse:
        self._check_management(request)
        return web.json_response(self._records.usage(request.match_info["key_id"], request.query))

    def _check_management(self, request: web.Request) -> None:
        if request[SEEN].key != "management":
            raise ProblemError("invalid_api_key")

    async def _go_wrong(
        self, request: web.Request, fault: Fault, subject: tuple[Task, Body] | None
    ) -> web.StreamResponse | None:
        """Do what the fault says. None means: now answer as usual."""
        await self.announce()
        if fault.waits:
            await fault.release.wait()
        if fault.drops:
            return _cut(request)
        if fault.problem is not None:
            raise fault.problem
        if fault.answer is None or subject is None:
            return None
        task, body = subject
        scene = Scene(
            body=body,
            finished=self._answers.finished(task),
            api_base=f"{request.scheme}://{request.host}",
            media_base=self._answers.media_base,
        )
        return fault.answer(scene)

    def _owned_task(self, request: web.Request) -> Task:
        owner = self._owner(request)
        task = self._ledger.get(request.match_info["id"])
        if task is None:
            raise ProblemError("async_task_not_found")
        request[SEEN].task_id = task.id
        if task.owner != owner:
            raise ProblemError("task_not_owned")
        return task

    def _owner(self, request: web.Request) -> str:
        """Who asks, as a name that does not give the key away."""
        token = _bearer(request)
        if token is None or token not in self._keys:
            raise ProblemError("invalid_api_key")
        return owner_of(token)

    def _check_optional_key(self, request: web.Request) -> None:
        if hdrs.AUTHORIZATION in request.headers:
            self._owner(request)


async def _json_of(request: web.Request) -> object:
    try:
        body: object = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ProblemError("bad_request", "The body is not JSON") from error
    request[SEEN].body = body
    return body


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _check_policy(request: web.Request) -> None:
    if request.headers.get("X-TokenLab-Delivery-Policy", "auto") not in DELIVERY_POLICIES:
        raise ProblemError("bad_request", "unknown delivery policy", param="X-TokenLab-Delivery-Policy")


def _cut(request: web.Request) -> web.Response:
    """Drop the connection; the answer returned here reaches nobody."""
    request[SEEN].status = CUT
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _refusal(problem: ProblemError, request_id: str) -> web.Response:
    headers = problem.headers()
    if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
        headers |= {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0"}
    return web.json_response(problem.body(request_id), status=problem.status, headers=headers)


def _label(response: web.StreamResponse, seen: SeenRequest) -> None:
    """Put the ids into the answer's headers, and the answer into the record."""
    response.headers["X-Request-ID"] = seen.request_id
    if seen.task_id is not None and seen.task_id in str(getattr(response, "text", "")):
        response.headers["X-Task-ID"] = seen.task_id  # an answer that hides the id in its body hides it here, too
    if seen.status is None:
        seen.status = response.status
        if response.content_type == "application/json" and isinstance(response, web.Response) and response.text:
            seen.answer = _parsed(response.text)


def _parsed(text: str) -> object:
    try:
        answer: object = json.loads(text)
    except json.JSONDecodeError:
        return None
    return answer
