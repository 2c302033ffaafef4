"""A small Discord on loopback, REST and gateway, for an unmodified discord.py in another process.

`async with DiscordServer() as discord:` gives a server (guild) "Studio" with two text channels, the members Alice,
Bob and Mo (who may manage messages), and a second server, "Annex", that shares Alice. Point a bot at `api_base`,
`gateway_url` and `token`. Every request is recorded in `requests` and compared with Discord's published API
description; what does not fit is in `violations`. `own_violations` holds where this server itself strays from it.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from aiohttp import web

from tests.fakes.contracts import Contract
from tests.fakes.discord_callbacks import Callbacks
from tests.fakes.discord_drivers import Drivers
from tests.fakes.discord_faults import Body, Faults, Gate, RecordedRequest, Reply, rate_headers
from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_rest import Rest
from tests.fakes.discord_routes import INVALID_JSON, Call, Route, find_route, read_body
from tests.fakes.discord_rules import ApiError
from tests.fakes.discord_state import Messages, State
from tests.fakes.discord_world import Changes, FakeChannel, FakeMessage, FakeUser, Json

T = TypeVar("T")
PREFIX = "/api/v10"
TOKEN = "wire-test-token"
MAX_BODY = 128 * 1024 * 1024
SHUTDOWN_S = 2.0
SHOWN_REQUESTS = 12
UNPUBLISHED_FORWARD = "message_reference/type: 0 was expected"


class DiscordServer(Drivers):
    """The server; see the module's docstring, and `Drivers` for what members can do."""

    def __init__(self, *, shards: int = 1, token: str = TOKEN) -> None:
        self.token = token
        self.violations: list[str] = []
        self.own_violations: list[str] = []
        self.state = State()
        self._changes = Changes()
        self.faults = Faults(self._changes)
        self.gateway = Gateway(token=token, bot=self.state.bot, guilds=self.state.guilds, changes=self._changes)
        self.messages = Messages(self.state, self.gateway)
        self._rest = Rest(self.state, self.messages, self.gateway)
        self._rest.shards = shards
        self._routes: list[Route] = [*self._rest.routes(), *Callbacks(self.state, self.messages).routes()]
        self._contract = Contract.load("discord-openapi.json")
        self._runner: web.AppRunner | None = None
        self._populate()

    def _populate(self) -> None:
        self.alice, self.bob, self.mo = (self.state.add_user(name) for name in ("Alice", "Bob", "Mo"))
        owner = self.state.add_user("Olga")
        self.guild = self.state.add_guild("Studio", owner=owner, members=(self.alice, self.bob, self.mo))
        self.guild.members[self.mo] = [self.guild.roles[1]]
        self.songs = self.state.add_channel(self.guild, "songs")
        self.lounge = self.state.add_channel(self.guild, "lounge")
        self.annex = self.state.add_guild("Annex", owner=owner, members=(self.alice,))
        self.annex_channel = self.state.add_channel(self.annex, "annex")

    # Life.

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/attachments/{channel}/{number}/{filename}", self._attachment)
        app.router.add_route("*", PREFIX + "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.state.origin = f"http://127.0.0.1:{port}"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.cut_held()
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_base(self) -> str:
        return self.state.origin + PREFIX

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    @property
    def application_id(self) -> int:
        return self.state.application_id

    @property
    def bot(self) -> FakeUser:
        return self.state.bot

    @property
    def commands(self) -> list[Json]:
        """The commands that were synced for every server."""
        return self.state.commands

    @property
    def requests(self) -> list[RecordedRequest]:
        return self.faults.requests

    def made(self, method: str, path_regex: str) -> Sequence[RecordedRequest]:
        """The recorded requests that match, oldest first."""
        return self.faults.made(method, path_regex)

    def dm(self, user: FakeUser) -> FakeChannel:
        """The direct messages between the bot and a person."""
        return self.state.dm(user)

    # Waiting.

    async def until(self, predicate: Callable[[], T], *, timeout_s: float = 10.0) -> T:
        """What the predicate gives once it is truthy; it is tried again at each request and gateway frame.

        Raises:
            TimeoutError: it never was; the message lists the last requests.
        """
        try:
            return await self._changes.until(predicate, timeout_s=timeout_s)
        except TimeoutError as error:
            last = "\n".join(str(request) for request in self.requests[-SHOWN_REQUESTS:])
            raise TimeoutError(f"nothing of the kind within {timeout_s} s; last requests:\n{last}") from error

    async def ready(self, *, timeout_s: float = 20.0) -> None:
        """Wait until commands are synced and every shard is at the gateway."""
        await self.until(lambda: bool(self.state.commands) and self.gateway.connected, timeout_s=timeout_s)

    async def new_message(
        self,
        channel: FakeChannel,
        *,
        after: FakeMessage | None = None,
        by: FakeUser | None = None,
        timeout_s: float = 10.0,
    ) -> FakeMessage:
        """The first message of the bot (or of `by`) in a channel that is newer than `after`."""
        author, since = by or self.bot, after.id if after is not None else 0

        def newest() -> FakeMessage | None:
            return next((m for m in channel.history if m.author is author and m.id > since), None)

        found = await self.until(newest, timeout_s=timeout_s)
        assert found is not None
        return found

    # Trouble. See `Faults` for what each means.

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
        """Refuse the next matching requests, or those with files; with `after` they take effect first."""
        self.faults.fail(
            method,
            path_regex,
            status=status,
            code=code,
            times=times,
            headers=headers,
            body=body,
            after=after,
            with_files=with_files,
        )

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
        """Answer the next matching requests with a well-formed 429."""
        self.faults.rate_limit(method, path_regex, retry_after_s=retry_after_s, times=times, scope=scope, code=code)

    def drop(self, method: str, path_regex: str, *, times: int = 1, after: bool = False) -> None:
        """Cut the connection of the next matching requests."""
        self.faults.drop(method, path_regex, times=times, after=after)

    def hold(self, method: str, path_regex: str, *, after: bool = False, times: int = 1) -> Gate:
        """Stop the next matching requests before their effect, or between effect and answer."""
        return self.faults.hold(method, path_regex, after=after, times=times)

    async def drop_gateway(self, code: int | None = None) -> None:
        """Cut every gateway socket: hard (1006), or with a close code."""
        await self.gateway.drop(code)

    # Requests.

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body, files = await read_body(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        record = RecordedRequest(
            method=request.method,
            path=request.raw_path.partition("?")[0].removeprefix(PREFIX).replace("%40", "@"),
            query=dict(request.query),
            headers=headers,
            json=body,
            files=files,
            at=time.monotonic(),
            authorized=request.headers.get("Authorization") == f"Bot {self.token}",
        )
        self.faults.record(record)
        self._check(record)
        reply = await self._reply(record)
        self.faults.close(record, reply)
        return _response(request, reply)

    async def _reply(self, record: RecordedRequest) -> Reply:
        if (early := await self.faults.meddle(record, after=False)) is not None:
            return early
        refused, headers = self.faults.take_ration(record)
        if refused is not None:
            return refused
        reply = await self._perform(record)
        late = await self.faults.meddle(record, after=True)
        return late or Reply(reply.status, reply.body, {**reply.headers, **headers})

    async def _perform(self, record: RecordedRequest) -> Reply:
        found = find_route(self._routes, record.method, record.path)
        if found is None:
            self.violations.append(f"{record.method} {record.path}: this Discord has no such route")
            return Reply(404, {"message": "404: Not Found", "code": 0})
        route, params = found
        if not route.public and not record.authorized:
            return Reply(401, ApiError(0).body)
        call = Call(
            method=record.method,
            path=record.path,
            params=params,
            query=record.query,
            json=record.json,
            files=record.files,
        )
        if record.json is INVALID_JSON:
            return Reply(400, ApiError(50109).body)
        try:
            reply = await route.handler(call)
        except ApiError as error:
            return Reply(error.status, error.body)
        except Exception as error:
            self.violations.append(f"{record}: this Discord broke: {error!r}")
            raise
        self._check_own(record, reply)
        return Reply(reply.status, reply.body, {**_generous(route), **reply.headers})

    def _check(self, record: RecordedRequest) -> None:
        """Compare a request with the published description, where there is one."""
        if self._contract is not None:
            checked: Any = record.json
            query = record.query
            self.violations += self._contract.check_request(record.method, record.path, query=query, json_body=checked)

    def _check_own(self, record: RecordedRequest, reply: Reply) -> None:
        """Compare an answer of ours with the published description too."""
        if self._contract is not None:
            found = self._contract.check_response(record.method, record.path, reply.status, reply.body)
            self.own_violations += [line for line in found if not line.endswith(UNPUBLISHED_FORWARD)]

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        attachment = self.state.attachments.get(int(request.match_info["number"]))
        if attachment is None:
            return web.Response(status=404)
        return web.Response(body=attachment.data, content_type=attachment.content_type)


def _generous(route: Route) -> dict[str, str]:
    """The rate limit headers of a bucket far from empty; without any, a client sends one request at a time."""
    return {} if route.template.endswith("/callback") else rate_headers(50, 49, 1.0, f"{route.method}-{route.template}")


def _response(request: web.Request, reply: Reply) -> web.StreamResponse:
    if reply.status == 0:
        if isinstance(request.transport, asyncio.WriteTransport):
            request.transport.abort()
        return web.Response(status=500)
    if reply.body is None:
        return web.Response(status=reply.status, headers=reply.headers)
    if isinstance(reply.body, str):
        return web.Response(status=reply.status, text=reply.body, content_type="text/html", headers=reply.headers)
    payload = json.dumps(reply.body).encode()
    return web.Response(
        status=reply.status, body=payload, headers={**reply.headers, "Content-Type": "application/json"}
    )
