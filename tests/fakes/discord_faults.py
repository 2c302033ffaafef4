"""What a test can do to a request in the pretended Discord: record, delay, refuse, drop or ration it."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.discord_rules import ERRORS
from tests.fakes.discord_world import Changes, Json

GATE_TIMEOUT_S = 30.0
"""As long as a start of the bot may take: some gates are reached only after one."""
Body = dict[str, Any] | list[Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    part: str
    filename: str
    content_type: str
    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.data)


@dataclass(eq=False, kw_only=True)
class RecordedRequest:
    """One request as it arrived, and the status it got (None while it is under way or if it was dropped)."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    json: Any
    files: list[UploadedFile]
    at: float
    authorized: bool
    status: int | None = None
    code: int | None = None

    def matches(self, method: str, path_regex: str) -> bool:
        return self.method == method.upper() and re.search(path_regex, self.path) is not None

    def __str__(self) -> str:
        files = "".join(f" {file.filename}({file.size})" for file in self.files)
        return f"{self.method} {self.path}{files} -> {self.status}" + (f"/{self.code}" if self.code else "")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer about to be sent. A `status` of 0 drops the connection instead."""

    status: int
    body: Body | str = None
    headers: Mapping[str, str] = field(default_factory=dict)


DROPPED = Reply(0)


class Gate:
    """Holds requests. `arrived` waits for the first; `release` lets all go on, `drop` cuts their connections."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._opened = asyncio.Event()
        self._dropping = False

    async def arrived(self, *, timeout_s: float = GATE_TIMEOUT_S) -> None:
        """Wait until a request stands at the gate.

        Raises:
            TimeoutError: none came.
        """
        async with asyncio.timeout(timeout_s):
            await self._arrived.wait()

    def release(self) -> None:
        self._opened.set()

    def drop(self) -> None:
        self._dropping = True
        self._opened.set()

    async def pass_through(self) -> bool:
        """Stand at the gate; False means that the connection is to be cut."""
        self._arrived.set()
        await self._opened.wait()
        return not self._dropping


@dataclass(eq=False, kw_only=True)
class Fault:
    """One thing done to matching requests. `after` means that the request takes effect first."""

    method: str
    path: re.Pattern[str]
    times: int
    after: bool
    with_files: bool = False
    """Whether it is done only to requests that carry files."""
    reply: Reply | None = None
    gate: Gate | None = None

    def wants(self, request: RecordedRequest, *, after: bool) -> bool:
        known = self.method == request.method and self.after == after and self.times > 0
        if self.with_files and not request.files:
            return False
        return known and self.path.search(request.path) is not None


@dataclass(eq=False, kw_only=True)
class Ration:
    """A rate limit of `limit` requests every `per_s` seconds, told in headers.

    One window for all matching requests, or one for each text of the pattern's first group.
    """

    method: str
    path: re.Pattern[str]
    limit: int
    per_s: float
    name: str
    windows: dict[str, tuple[int, float]] = field(default_factory=dict)

    def take(self, key: str) -> tuple[bool, dict[str, str]]:
        """Whether the request fits, and the headers that say so."""
        now = time.monotonic()
        used, resets_at = self.windows.get(key, (0, 0.0))
        if now >= resets_at:
            used, resets_at = 0, now + self.per_s
        fits = used < self.limit
        self.windows[key] = (used + fits, resets_at)
        return fits, rate_headers(self.limit, self.limit - used - fits, resets_at - now, self.name)


def rate_headers(limit: int, remaining: int, reset_after_s: float, bucket: str) -> dict[str, str]:
    """The X-RateLimit-* family."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + reset_after_s:.3f}",
        "X-RateLimit-Reset-After": f"{reset_after_s:.3f}",
        "X-RateLimit-Bucket": bucket,
    }


def too_many(retry_after_s: float, headers: Mapping[str, str], *, scope: str = "user", code: int = 0) -> Reply:
    """A 429 that a client may wait out by itself."""
    message = ERRORS[code][1] if code else "You are being rate limited."
    body: Json = {"message": message, "retry_after": retry_after_s, "global": scope == "global", "code": code}
    told = {"Via": "1.1 google", "Retry-After": str(max(1, round(retry_after_s))), "X-RateLimit-Scope": scope}
    return Reply(429, body, {**headers, **told, **({"X-RateLimit-Global": "true"} if scope == "global" else {})})


class Faults:
    """The faults that are set, in the order in which they were set, and the requests that came."""

    def __init__(self, changes: Changes) -> None:
        self.requests: list[RecordedRequest] = []
        self._changes = changes
        self._faults: list[Fault] = []
        self._rations: list[Ration] = []

    def fail(
        self,
        method: str,
        path_regex: str,
        *,
        status: int | None = None,
        code: int = 0,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: Body | str = None,
        after: bool = False,
        with_files: bool = False,
    ) -> None:
        """Refuse the next `times` matching requests; a known `code` brings its own status and message.

        With `after` the request takes effect and only its answer is lost; `with_files` leaves alone what carries none.
        """
        known_status, message = ERRORS.get(code, (500, "Internal Server Error"))
        told = {"message": message, "code": code} if body is None else body
        reply = Reply(status or known_status, told, headers or {})
        self._add(method, path_regex, times=times, after=after, with_files=with_files, reply=reply)

    def rate_limit(
        self,
        method: str,
        path_regex: str,
        *,
        retry_after_s: float,
        times: int = 1,
        scope: Literal["user", "shared", "global"] = "user",
        code: int = 0,
    ) -> None:
        """Answer the next matching requests with 429, headers and body as Discord sends them; `code` may be 30046."""
        headers = rate_headers(5, 0, retry_after_s, "injected")
        reply = too_many(retry_after_s, headers, scope=scope, code=code)
        self._add(method, path_regex, times=times, after=False, reply=reply)

    def drop(self, method: str, path_regex: str, *, times: int = 1, after: bool = False) -> None:
        """Cut the connection of the next matching requests without an answer."""
        self._add(method, path_regex, times=times, after=after, reply=DROPPED)

    def hold(self, method: str, path_regex: str, *, after: bool = False, times: int = 1) -> Gate:
        """Stop the next matching requests: before they take effect, or with `after` between effect and answer."""
        gate = Gate()
        self._add(method, path_regex, times=times, after=after, gate=gate)
        return gate

    def ration(self, method: str, path_regex: str, *, limit: int, per_s: float) -> None:
        """Enforce a rate limit, told in headers, until `heal`.

        It counts all matching requests together, or apart by the pattern's first group: `^/channels/(\\d+)/messages`.
        """
        name = f"bucket-{len(self._rations)}"
        pattern = re.compile(path_regex)
        self._rations.append(Ration(method=method.upper(), path=pattern, limit=limit, per_s=per_s, name=name))

    def heal(self) -> None:
        """Forget all faults and rations; held requests go on."""
        for fault in self._faults:
            if fault.gate is not None:
                fault.gate.release()
        self._faults.clear()
        self._rations.clear()

    def cut_held(self) -> None:
        """Drop whatever still stands at a gate."""
        for fault in self._faults:
            if fault.gate is not None:
                fault.gate.drop()

    def made(self, method: str, path_regex: str) -> Sequence[RecordedRequest]:
        """The recorded requests that match, oldest first."""
        return [request for request in self.requests if request.matches(method, path_regex)]

    def record(self, request: RecordedRequest) -> None:
        self.requests.append(request)
        self._changes.announce()

    def close(self, request: RecordedRequest, reply: Reply) -> None:
        request.status = reply.status or None
        request.code = _code_of(reply.body)
        self._changes.announce()

    async def meddle(self, request: RecordedRequest, *, after: bool) -> Reply | None:
        """Apply the first fault that wants this request; None lets it go on."""
        fault = next((fault for fault in self._faults if fault.wants(request, after=after)), None)
        if fault is None:
            return None
        fault.times -= 1
        if fault.gate is not None:
            return None if await fault.gate.pass_through() else DROPPED
        return fault.reply

    def take_ration(self, request: RecordedRequest) -> tuple[Reply | None, dict[str, str]]:
        """The refusal of a used-up ration, if any, and the headers for an answer."""
        for ration in self._rations:
            found = ration.path.search(request.path) if request.method == ration.method else None
            if found is not None:
                fits, headers = ration.take(found.group(1) if ration.path.groups else "")
                wait_s = float(headers["X-RateLimit-Reset-After"])
                return (None if fits else too_many(wait_s, headers)), headers
        return None, {}

    def _add(
        self,
        method: str,
        path: str,
        *,
        times: int,
        after: bool,
        with_files: bool = False,
        reply: Reply | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._faults.append(
            Fault(
                method=method.upper(),
                path=re.compile(path),
                times=times,
                after=after,
                with_files=with_files,
                reply=reply,
                gate=gate,
            )
        )


def _code_of(body: Json | list[Any] | str | None) -> int | None:
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None
