"""The routes of the pretended Discord that the bot's own token opens: itself, commands, servers, channels, messages."""

from typing import Any

from tests.fakes.discord_faults import Reply
from tests.fakes.discord_gateway import Gateway, readable
from tests.fakes.discord_routes import NO_CONTENT, Call, Route
from tests.fakes.discord_rules import ApiError, check_commands
from tests.fakes.discord_state import Messages, State
from tests.fakes.discord_world import FakeChannel, FakeGuild, FakeMessage, Json, Permission

APPLICATION_UNSET = ("icon", "type", "team", "interactions_endpoint_url", "role_connections_verification_url")
ENTRY_POINT = 4
APPLICATION_ZEROS = (
    *("approximate_guild_count", "approximate_user_install_count", "approximate_user_authorization_count"),
    "explicit_content_filter",
)


class Rest:
    """Everything outside interactions."""

    def __init__(self, state: State, messages: Messages, gateway: Gateway) -> None:
        self._state, self._messages, self._gateway = state, messages, gateway
        self.shards = 1

    def routes(self) -> list[Route]:
        return [*self._identity_routes(), *self._command_routes(), *self._place_routes(), *self._message_routes()]

    def _identity_routes(self) -> list[Route]:
        return [
            Route("GET", "/users/@me", self._me),
            Route("GET", "/oauth2/applications/@me", self._application),
            Route("GET", "/applications/@me", self._application),
            Route("GET", "/gateway", self._gateway_url, public=True),
            Route("GET", "/gateway/bot", self._gateway_bot),
            Route("POST", "/users/@me/channels", self._open_dm),
            Route("GET", "/users/{user_id}", self._user),
        ]

    def _command_routes(self) -> list[Route]:
        everywhere, one = (
            "/applications/{application_id}/commands",
            "/applications/{application_id}/guilds/{guild_id}/commands",
        )
        return [
            Route("PUT", everywhere, self._put_commands),
            Route("GET", everywhere, self._commands),
            Route("GET", everywhere + "/{command_id}", self._command),
            Route("PUT", one, self._put_guild_commands),
            Route("GET", one, self._guild_commands),
        ]

    def _place_routes(self) -> list[Route]:
        return [
            Route("GET", "/guilds/{guild_id}", self._guild),
            Route("GET", "/guilds/{guild_id}/channels", self._guild_channels),
            Route("GET", "/guilds/{guild_id}/members/{user_id}", self._member),
            Route("GET", "/channels/{channel_id}", self._channel),
            Route("POST", "/channels/{channel_id}/typing", self._typing),
        ]

    def _message_routes(self) -> list[Route]:
        one = "/channels/{channel_id}/messages/{message_id}"
        return [
            Route("GET", "/channels/{channel_id}/messages", self._history),
            Route("POST", "/channels/{channel_id}/messages", self._send),
            Route("GET", one, self._message),
            Route("PATCH", one, self._edit),
            Route("DELETE", one, self._delete),
        ]

    async def _me(self, _: Call) -> Reply:
        private = {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US"}
        return Reply(200, self._state.bot.payload() | private)

    async def _application(self, _: Call) -> Reply:
        owner = next(user for user in self._state.users.values() if not user.bot)
        limited_content = (1 << 19) if self._gateway.message_content_enabled else 0
        application: Json = dict.fromkeys(APPLICATION_UNSET) | dict.fromkeys(APPLICATION_ZEROS, 0)
        application |= {"id": str(self._state.application_id), "name": self._state.bot.name, "description": ""}
        application |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64}
        application |= {"flags": limited_content, "flags_new": str(limited_content), "owner": owner.payload()}
        application |= {"redirect_uris": [], "eligible_oauth2_scopes": [], "bot": self._state.bot.payload()}
        return Reply(200, application)

    async def _gateway_url(self, _: Call) -> Reply:
        return Reply(200, {"url": self._gateway.url})

    async def _gateway_bot(self, _: Call) -> Reply:
        limits = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return Reply(200, {"url": self._gateway.url, "shards": self.shards, "session_start_limit": limits})

    async def _user(self, call: Call) -> Reply:
        user = self._state.users.get(call.number("user_id"))
        if user is None:
            raise ApiError(10013)
        return Reply(200, user.payload())

    async def _open_dm(self, call: Call) -> Reply:
        user = self._state.users.get(int(call.body.get("recipient_id", 0)))
        if user is None:
            raise ApiError(10013)
        return Reply(200, self._state.dm(user).payload())

    async def _put_commands(self, call: Call) -> Reply:
        sent = {one["name"] for one in call.json or [] if one.get("type") == ENTRY_POINT}
        if any(one["type"] == ENTRY_POINT and one["name"] not in sent for one in self._state.commands):
            raise ApiError(50240)
        self._state.commands = self._registered(call.json or [], self._state.commands, {})
        return Reply(200, self._state.commands)

    async def _commands(self, _: Call) -> Reply:
        return Reply(200, self._state.commands)

    async def _command(self, call: Call) -> Reply:
        for command in self._state.commands:
            if command["id"] == call.params["command_id"]:
                return Reply(200, command)
        raise ApiError(10063)

    async def _put_guild_commands(self, call: Call) -> Reply:
        guild = self._reach_guild(call)
        known = self._state.guild_commands.get(guild.id, [])
        self._state.guild_commands[guild.id] = self._registered(call.json or [], known, {"guild_id": str(guild.id)})
        return Reply(200, self._state.guild_commands[guild.id])

    async def _guild_commands(self, call: Call) -> Reply:
        return Reply(200, self._state.guild_commands.get(self._reach_guild(call).id, []))

    def _registered(self, sent: list[Json], known: list[Json], place: Json) -> list[Json]:
        """The commands with their ids; a command of the same name and kind keeps its id."""
        check_commands(sent)
        ids = {(command["type"], command["name"]): command["id"] for command in known}
        registered = []
        for command in sent:
            kind = command.get("type", 1)
            identity: Json = {"id": ids.get((kind, command["name"])) or str(self._state.ids.new())}
            identity |= {"application_id": str(self._state.application_id), "version": str(self._state.ids.new())}
            rights = command.get("default_member_permissions")
            identity |= {"default_member_permissions": None if rights is None else str(rights)}
            identity |= {"integration_types": command.get("integration_types") or [0]}
            registered.append({"type": kind, "description": "", "nsfw": False, **command, **identity, **place})
        return registered

    def _reach_guild(self, call: Call) -> FakeGuild:
        guild = self._state.guilds.get(call.number("guild_id"))
        if guild is None:
            raise ApiError(10004)
        if guild.removed:
            raise ApiError(50001)
        return guild

    async def _guild(self, call: Call) -> Reply:
        return Reply(200, self._reach_guild(call).payload())

    async def _guild_channels(self, call: Call) -> Reply:
        return Reply(200, [channel.payload() for channel in self._reach_guild(call).channels if not channel.deleted])

    async def _member(self, call: Call) -> Reply:
        guild, user = self._reach_guild(call), self._state.users.get(call.number("user_id"))
        if user is None or user not in guild.members:
            raise ApiError(10007)
        return Reply(200, guild.member_payload(user))

    def _reach(self, call: Call, *needed: Permission) -> FakeChannel:
        """The channel, if the bot may do this there.

        Raises:
            ApiError: 10003, 50001 or 50013.
        """
        channel = self._state.channels.get(call.number("channel_id"))
        if channel is None or channel.deleted:
            raise ApiError(10003)
        if channel.guild is None:
            return channel
        if channel.guild.removed or not channel.bot_permissions & Permission.VIEW_CHANNEL:
            raise ApiError(50001)
        for permission in needed:
            if not channel.bot_permissions & permission:
                raise ApiError(50001 if permission is Permission.READ_MESSAGE_HISTORY else 50013)
        return channel

    async def _channel(self, call: Call) -> Reply:
        return Reply(200, self._reach(call).payload())

    async def _typing(self, call: Call) -> Reply:
        self._reach(call, Permission.SEND_MESSAGES)
        return NO_CONTENT

    async def _history(self, call: Call) -> Reply:
        """Newest first, as Discord lists."""
        channel = self._reach(call, Permission.READ_MESSAGE_HISTORY)
        low, high = int(call.query.get("after", 0)), int(call.query.get("before", 1 << 63))
        found = [m for m in channel.history if low < m.id < high]
        limit = int(call.query.get("limit", 50))
        page = found[:limit] if "after" in call.query else found[-limit:]
        return Reply(200, [self._shown(message) for message in reversed(page)])

    async def _message(self, call: Call) -> Reply:
        message = self._find(call, self._reach(call, Permission.READ_MESSAGE_HISTORY))
        return Reply(200, self._shown(message))

    async def _send(self, call: Call) -> Reply:
        channel = self._reach(call, Permission.SEND_MESSAGES)
        self._check_recipient(channel)
        _check_contents(channel, call)
        if _reply_is_forbidden(channel, call.body):
            raise ApiError(160002)
        return Reply(200, (await self._messages.create(channel, call.body, call.files)).payload())

    async def _edit(self, call: Call) -> Reply:
        channel = self._reach(call)
        message = self._find(call, channel)
        if message.author is not self._state.bot:
            raise ApiError(50005)
        _check_contents(channel, call)
        await self._messages.edit(message, call.body, call.files)
        return Reply(200, message.payload())

    async def _delete(self, call: Call) -> Reply:
        channel = self._reach(call)
        message = self._find(call, channel)
        mine = message.author is self._state.bot
        if not mine and (channel.guild is None or not channel.bot_permissions & Permission.MANAGE_MESSAGES):
            raise ApiError(50013)
        await self._messages.delete(message)
        return NO_CONTENT

    def _find(self, call: Call, channel: FakeChannel) -> FakeMessage:
        """A message that a channel route reaches: private answers are not among them."""
        message = self._state.message(channel, call.number("message_id"))
        if message.ephemeral:
            raise ApiError(10008)
        return message

    def _shown(self, message: FakeMessage) -> Any:
        if self._gateway.message_content_enabled or readable(message, self._state.bot):
            return message.payload()
        return message.payload() | {"content": "", "embeds": [], "components": [], "attachments": []}

    def _check_recipient(self, channel: FakeChannel) -> None:
        user = channel.recipient
        if user is None:
            return
        if not user.dms_open:
            raise ApiError(50007)
        if not any(user in guild.members for guild in self._state.guilds.values() if not guild.removed):
            raise ApiError(50278)


def _check_contents(channel: FakeChannel, call: Call) -> None:
    """Refuse files or embeds where the bot may not show them (50013)."""
    if channel.guild is None:
        return
    if call.files and not channel.bot_permissions & Permission.ATTACH_FILES:
        raise ApiError(50013)
    if call.body.get("embeds") and not channel.bot_permissions & Permission.EMBED_LINKS:
        raise ApiError(50013)


def _reply_is_forbidden(channel: FakeChannel, body: Json) -> bool:
    is_reply = (body.get("message_reference") or {}).get("message_id") is not None
    return is_reply and channel.guild is not None and not channel.bot_permissions & Permission.READ_MESSAGE_HISTORY
