"""The gateway of the pretended Discord: sessions, heartbeats, resume, and the events that reach each shard."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.discord_world import Changes, FakeGuild, FakeMessage, FakeUser, Json

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS = 0, 1, 2, 3, 4, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
GUILDS, GUILD_MEMBERS, GUILD_PRESENCES, GUILD_MESSAGES = 1 << 0, 1 << 1, 1 << 8, 1 << 9
DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 12, 1 << 15
REPLAY_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """An IDENTIFY that was accepted."""

    intents: int
    shard: tuple[int, int]
    session_id: str


@dataclass(eq=False, kw_only=True)
class Session:
    """One shard's stream of numbered events; it outlives its socket, so that a client can resume."""

    id: str
    shard: tuple[int, int]
    intents: int
    socket: web.WebSocketResponse | None = None
    transport: asyncio.BaseTransport | None = None
    resumable: bool = True
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY_LIMIT))

    @property
    def connected(self) -> bool:
        return self.socket is not None and not self.socket.closed

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event, or keep it for the resume."""
        self.sequence += 1
        frame = json.dumps({"op": DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, frame))
        if self.socket is not None and self.connected:
            await _send(self.socket, frame)

    async def replay(self, socket: web.WebSocketResponse, after: int) -> None:
        """Send what the client missed; events that come meanwhile are missed events too."""
        while missed := [(sequence, frame) for sequence, frame in self.sent if sequence > after]:
            for _, frame in missed:
                await _send(socket, frame)
            after = missed[-1][0]


async def _send(socket: web.WebSocketResponse, frame: str) -> None:
    try:
        await socket.send_str(frame)
    except (ConnectionError, RuntimeError):
        return  # the socket died under us: the frame is kept for the resume


class Gateway:
    """Accepts gateway sockets and hands events to the right session."""

    def __init__(self, *, token: str, bot: FakeUser, guilds: dict[int, FakeGuild], changes: Changes) -> None:
        self.url = ""
        self.heartbeat_interval_ms = 41_250
        self.acknowledge = True
        self.message_content_enabled = False
        self.identifies: list[Identify] = []
        self.resumes: list[str] = []
        self.heartbeats = 0
        self._token, self._bot, self._guilds, self._changes = token, bot, guilds, changes
        self._sessions: dict[str, Session] = {}
        self._by_shard: dict[int, Session] = {}
        self._sockets: set[web.WebSocketResponse] = set()

    # What tests look at and do.

    @property
    def connected(self) -> bool:
        """Every shard that identified last is connected."""
        sessions = list(self._by_shard.values())
        return bool(sessions) and all(s.connected for s in sessions) and len(sessions) >= sessions[-1].shard[1]

    @property
    def shards(self) -> list[int]:
        """The numbers of the shards that identified last."""
        return sorted(self._by_shard)

    async def drop(self, code: int | None = None) -> None:
        """Cut every socket: with a close code, or hard (the client sees 1006)."""
        for session in self._live():
            if code is None and session.transport is not None:
                session.transport.close()
            elif session.socket is not None:
                await session.socket.close(code=code or 4000)
            session.socket = None

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every shard that its session is invalid."""
        for session in self._live():
            session.resumable = resumable
            await self._control(session, INVALID_SESSION, resumable)

    async def ask_to_reconnect(self) -> None:
        for session in self._live():
            await self._control(session, RECONNECT, None)

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001)

    # What the rest of the server does.

    def session_for(self, guild: FakeGuild | None) -> Session | None:
        """The session of the guild's shard; direct messages live on shard 0."""
        for session in self._by_shard.values():
            number, count = session.shard
            if (((guild.id >> 22) % count) if guild else 0) == number:
                return session
        return None

    async def dispatch(self, event: str, data: Json, *, guild: FakeGuild | None, intent: int = 0) -> None:
        session = self.session_for(guild)
        if session is not None and (session.intents & intent) == intent:
            await session.dispatch(event, data)

    async def dispatch_message(self, event: str, message: FakeMessage) -> None:
        """A message event, emptied where the application may not read it."""
        guild = message.channel.guild
        session = self.session_for(guild)
        if session is None or not session.intents & (GUILD_MESSAGES if guild else DIRECT_MESSAGES):
            return
        open_text = bool(session.intents & MESSAGE_CONTENT) or readable(message, self._bot)
        await session.dispatch(event, message.gateway_payload() if open_text else message.hidden_payload())

    # The socket.

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0, timeout=1.0)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await _send(socket, json.dumps({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_interval_ms}}))
            await self._converse(socket, request.transport)
        finally:
            self._sockets.discard(socket)
            self._changes.announce()
        return socket

    async def _converse(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            await self._receive(socket, transport, frame["op"], frame.get("d"))
            self._changes.announce()

    async def _receive(
        self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None, op: int, data: Any
    ) -> None:
        if op == HEARTBEAT:
            self.heartbeats += 1
            if self.acknowledge:
                await _send(socket, json.dumps({"op": HEARTBEAT_ACK}))
        elif op == IDENTIFY:
            await self._identify(socket, transport, data)
        elif op == RESUME:
            await self._resume(socket, transport, data)
        elif op == MEMBERS:
            await self._members(data)
        elif op not in {PRESENCE, VOICE}:
            await socket.close(code=4001)

    async def _identify(
        self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None, data: Json
    ) -> None:
        if (refused := self._refusal(data)) is not None:
            await socket.close(code=refused)
            return
        number, count = data.get("shard") or (0, 1)
        session = Session(id=secrets.token_hex(16), shard=(number, count), intents=data["intents"])
        session.socket, session.transport = socket, transport
        self._by_shard = {n: s for n, s in self._by_shard.items() if s.shard[1] == count and n != number}
        self._by_shard[number] = self._sessions[session.id] = session
        await self._greet(session)
        self.identifies.append(Identify(intents=session.intents, shard=session.shard, session_id=session.id))

    def _refusal(self, data: Json) -> int | None:
        """The close code for an IDENTIFY that Discord would not accept."""
        if data.get("token") != self._token:
            return 4004
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            return 4010
        privileged = GUILD_MEMBERS | GUILD_PRESENCES | (0 if self.message_content_enabled else MESSAGE_CONTENT)
        return 4014 if data["intents"] & privileged else None

    async def _greet(self, session: Session) -> None:
        guilds = [g for g in self._guilds.values() if not g.removed and self.session_for(g) is session]
        ready = {
            "v": 10,
            "user": self._bot.payload() | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": str(self._bot.id), "flags": (1 << 19) if self.message_content_enabled else 0},
            "private_channels": [],
        }
        await session.dispatch("READY", ready)
        if session.intents & GUILDS:
            for guild in (one for one in guilds if not one.kept_back):
                await session.dispatch("GUILD_CREATE", guild.gateway_payload(self._bot))

    async def _resume(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None, data: Json) -> None:
        session = self._sessions.get(data.get("session_id") or "")
        if data.get("token") != self._token or session is None or not session.resumable:
            await _send(socket, json.dumps({"op": INVALID_SESSION, "d": False}))
            return
        await session.replay(socket, data["seq"])
        session.socket, session.transport = socket, transport
        self.resumes.append(session.id)
        await session.dispatch("RESUMED", {})

    async def _members(self, data: Json) -> None:
        guild = self._guilds[int(data["guild_id"])]
        found = list(_asked(guild, data))
        chunk: Json = {"guild_id": str(guild.id), "chunk_index": 0, "chunk_count": 1, "not_found": []}
        chunk |= {"members": [guild.member_payload(user) for user in found], "nonce": data.get("nonce")}
        await self.dispatch("GUILD_MEMBERS_CHUNK", chunk, guild=guild)

    async def _control(self, session: Session, op: int, data: object) -> None:
        if session.socket is not None:
            await _send(session.socket, json.dumps({"op": op, "d": data}))

    def _live(self) -> list[Session]:
        return [session for session in self._by_shard.values() if session.connected]


def readable(message: FakeMessage, bot: FakeUser) -> bool:
    """Whether an application without the message content intent gets the text of a message."""
    return message.author is bot or message.channel.guild is None or bot in message.mentions


def _asked(guild: FakeGuild, data: Json) -> Iterable[FakeUser]:
    wanted = data.get("user_ids")
    if wanted:
        ids = {str(user_id) for user_id in (wanted if isinstance(wanted, list) else [wanted])}
        return [user for user in guild.members if str(user.id) in ids]
    people = [user for user in guild.members if _named(user, data)]
    return people[: data.get("limit") or len(people)]


def _named(user: FakeUser, data: Json) -> bool:
    return user.name.lower().startswith((data.get("query") or "").lower())
