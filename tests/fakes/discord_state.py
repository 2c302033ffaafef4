"""Everything the pretended Discord remembers, and how messages come to be, change and go. No routes."""

import copy
import mimetypes
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.fakes.discord_faults import UploadedFile
from tests.fakes.discord_rules import COMPONENTS_V2, ApiError, check_message
from tests.fakes.discord_world import (
    DEFAULT,
    EPHEMERAL,
    LOADING,
    REPLY,
    FakeAttachment,
    FakeChannel,
    FakeGuild,
    FakeMessage,
    FakeRole,
    FakeUser,
    Json,
    Permission,
    Snowflakes,
    reference_to,
)

if TYPE_CHECKING:
    from tests.fakes.discord_gateway import Gateway
    from tests.fakes.discord_interactions import FakeInteraction

TEN_MIB = 10 * 1024 * 1024
NONCE_WINDOW_S = 300.0
SENDABLE_FLAGS = (1 << 2) | (1 << 12) | COMPONENTS_V2
MENTION = re.compile(r"<@!?(\d+)>")


class State:
    """People, servers, channels, commands and interactions by id."""

    def __init__(self) -> None:
        self.ids = Snowflakes()
        self.origin = ""
        self.attachment_size_limit = TEN_MIB
        self.answer_limit_s = 3.0
        self.bot = FakeUser(id=self.ids.new(), name="Encore", bot=True)
        self.users: dict[int, FakeUser] = {self.bot.id: self.bot}
        self.guilds: dict[int, FakeGuild] = {}
        self.channels: dict[int, FakeChannel] = {}
        self.attachments: dict[int, FakeAttachment] = {}
        self.commands: list[Json] = []
        self.guild_commands: dict[int, list[Json]] = {}
        self.interactions: dict[str, FakeInteraction] = {}
        self.nonces: dict[str, tuple[float, FakeMessage]] = {}

    @property
    def application_id(self) -> int:
        return self.bot.id

    def add_user(self, name: str) -> FakeUser:
        user = FakeUser(id=self.ids.new(), name=name)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, owner: FakeUser, members: Sequence[FakeUser]) -> FakeGuild:
        guild = FakeGuild(id=self.ids.new(), name=name, owner=owner)
        everyone = FakeRole(id=guild.id, name="@everyone", permissions=int(Permission.EVERYONE))
        moderators = FakeRole(id=self.ids.new(), name="Moderators", permissions=int(Permission.MANAGE_MESSAGES))
        guild.roles = [everyone, moderators]
        guild.members = {user: [] for user in (owner, self.bot, *members)}
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, guild: FakeGuild, name: str) -> FakeChannel:
        channel = FakeChannel(id=self.ids.new(), name=name, guild=guild, bot=self.bot)
        guild.channels.append(channel)
        self.channels[channel.id] = channel
        return channel

    def dm(self, user: FakeUser) -> FakeChannel:
        """The direct messages between the bot and a person; made at the first call."""
        known = next((channel for channel in self.channels.values() if channel.recipient is user), None)
        if known is None:
            known = FakeChannel(id=self.ids.new(), name="dm", recipient=user, bot=self.bot)
            self.channels[known.id] = known
        return known

    def message(self, channel: FakeChannel, message_id: int) -> FakeMessage:
        """A message that is still there.

        Raises:
            ApiError: 10008.
        """
        message = channel.messages.get(message_id)
        if message is None or message.deleted:
            raise ApiError(10008)
        return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What makes a message the answer to an interaction."""

    type: int
    metadata: Json
    legacy: Json | None = None
    ephemeral: bool = False
    loading: bool = False
    reply_to: FakeMessage | None = None


class Messages:
    """Creates, edits and deletes messages, and tells the gateway."""

    def __init__(self, state: State, gateway: "Gateway") -> None:
        self._state, self._gateway = state, gateway

    async def create(
        self,
        channel: FakeChannel,
        body: Mapping[str, Any],
        files: Sequence[UploadedFile] = (),
        *,
        origin: Origin | None = None,
    ) -> FakeMessage:
        """A message of the bot, or the earlier one with the same enforced nonce.

        Raises:
            ApiError: 50035, 50006, 40005.
        """
        if (known := self._by_nonce(body)) is not None:
            return known
        message = FakeMessage(id=self._state.ids.new(), channel=channel, author=self._state.bot)
        self._write(message, body, files)
        self._refer(message, body)
        if origin is not None:
            _mark_origin(message, origin)
        if not message.loading:
            _refuse_empty(message)
        message.mentions, message.mention_everyone = self._mentions(message, body)
        await self._publish(message, body)
        return message

    async def create_by_user(self, message: FakeMessage) -> FakeMessage:
        """Put a person's message into its channel."""
        message.channel.messages[message.id] = message
        await self._gateway.dispatch_message("MESSAGE_CREATE", message)
        return message

    async def edit(self, message: FakeMessage, body: Mapping[str, Any], files: Sequence[UploadedFile] = ()) -> None:
        """Change a message; nobody is notified, so mentions stay what they were."""
        before = copy.copy(message)
        try:
            self._write(message, body, files)
            message.flags &= ~LOADING
            _refuse_empty(message)
        except ApiError:
            vars(message).update(vars(before))
            raise
        message.edits += 1
        message.edited_at = datetime.now(UTC)
        if not message.ephemeral:
            await self._gateway.dispatch_message("MESSAGE_UPDATE", message)

    async def delete(self, message: FakeMessage) -> None:
        message.deleted = True
        guild = message.channel.guild
        gone = {"id": str(message.id), "channel_id": str(message.channel.id)}
        gone |= {"guild_id": str(guild.id)} if guild else {}
        if not message.ephemeral:
            await self._gateway.dispatch("MESSAGE_DELETE", gone, guild=guild)

    def _by_nonce(self, body: Mapping[str, Any]) -> FakeMessage | None:
        if not body.get("enforce_nonce") or body.get("nonce") is None:
            return None
        at, message = self._state.nonces.get(str(body["nonce"]), (0.0, None))
        return message if message is not None and time.monotonic() - at < NONCE_WINDOW_S else None

    def _write(self, message: FakeMessage, body: Mapping[str, Any], files: Sequence[UploadedFile]) -> None:
        """Carry the body over, all of it or nothing."""
        check_message(body)
        if any(file.size > self._state.attachment_size_limit for file in files):
            raise ApiError(40005)
        if "content" in body:
            message.content = body["content"] or ""
        if "embeds" in body:
            message.embeds = [_rich(embed) for embed in body["embeds"] or []]
        if "components" in body:
            message.components = _numbered(body["components"] or [])
        if body.get("allowed_mentions") is not None:
            message.allowed_mentions = body["allowed_mentions"]
        message.flags |= (body.get("flags") or 0) & SENDABLE_FLAGS
        self._attach(message, body, files)

    def _attach(self, message: FakeMessage, body: Mapping[str, Any], files: Sequence[UploadedFile]) -> None:
        told = {str(entry["id"]): entry for entry in body.get("attachments") or []}
        carried = [*message.attachments, *message.pictures]
        if "attachments" in body:
            carried = [known for known in carried if str(known.id) in told]
        for file in files:
            entry = told.get(re.sub(r"\D", "", file.part), {})
            carried.append(self._stored(message, file, entry))
        if "embeds" in body:
            message.pictures = _put_in_place(message.embeds, carried)
        message.attachments = [one for one in carried if one not in message.pictures]

    def _stored(self, message: FakeMessage, file: UploadedFile, entry: Json) -> FakeAttachment:
        number, filename = self._state.ids.new(), entry.get("filename") or file.filename
        attachment = FakeAttachment(
            id=number,
            filename=filename,
            data=file.data,
            content_type=mimetypes.guess_type(filename)[0] or "application/octet-stream",
            url=f"{self._state.origin}/attachments/{message.channel.id}/{number}/{quote(filename)}",
            description=entry.get("description"),
        )
        self._state.attachments[number] = attachment
        return attachment

    def _refer(self, message: FakeMessage, body: Mapping[str, Any]) -> None:
        asked = body.get("message_reference")
        if not asked or asked.get("message_id") is None:
            return
        target = message.channel.messages.get(int(asked["message_id"]))
        if target is not None and not target.deleted:
            message.type, message.reply_to, message.reference = REPLY, target, reference_to(target)
        elif asked.get("fail_if_not_exists", True):
            raise ApiError(50035, errors=[("message_reference", "Unknown message")])

    def _mentions(self, message: FakeMessage, body: Mapping[str, Any]) -> tuple[list[FakeUser], bool]:
        """Who is notified: what the text names, as far as `allowed_mentions` lets it."""
        allowed = body.get("allowed_mentions")
        parse = {"users", "everyone"} if allowed is None else set(allowed.get("parse", []))
        listed = {str(user_id) for user_id in (allowed or {}).get("users", [])}
        named = [n for n in MENTION.findall(message.content) if "users" in parse or n in listed]
        people = [self._state.users[int(n)] for n in dict.fromkeys(named) if int(n) in self._state.users]
        replied = True if allowed is None else bool(allowed.get("replied_user"))
        if message.reply_to is not None and replied and not message.webhook:
            people.append(message.reply_to.author)
        return list(dict.fromkeys(people)), "everyone" in parse and bool(re.search("@everyone|@here", message.content))

    async def _publish(self, message: FakeMessage, body: Mapping[str, Any]) -> None:
        message.channel.messages[message.id] = message
        if body.get("nonce") is not None:
            message.nonce = str(body["nonce"])
            self._state.nonces[message.nonce] = (time.monotonic(), message)
        if not message.ephemeral:
            await self._gateway.dispatch_message("MESSAGE_CREATE", message)


def mentioned_by_user(content: str, users: Mapping[int, FakeUser]) -> list[FakeUser]:
    """The people that a person's text names."""
    return [users[int(n)] for n in dict.fromkeys(MENTION.findall(content)) if int(n) in users]


def _mark_origin(message: FakeMessage, origin: Origin) -> None:
    message.webhook = True
    message.type = origin.type
    message.interaction, message.legacy_interaction = origin.metadata, origin.legacy
    message.flags |= (EPHEMERAL if origin.ephemeral else 0) | (LOADING if origin.loading else 0)
    if origin.reply_to is not None and message.type in {DEFAULT, REPLY}:
        message.reply_to, message.reference = origin.reply_to, reference_to(origin.reply_to)


def _refuse_empty(message: FakeMessage) -> None:
    shown = message.content or message.embeds or message.attachments
    if not shown and not (message.components and message.flags & COMPONENTS_V2):
        raise ApiError(50006)


def _put_in_place(embeds: Sequence[Json], carried: Sequence[FakeAttachment]) -> list[FakeAttachment]:
    """Those attachments that an embed names as its pictures: Discord shows them there and not beside the message."""
    by_name = {f"attachment://{one.filename}": one for one in carried}
    pictures: list[FakeAttachment] = []
    for embed in embeds:
        for place in ("image", "thumbnail"):
            if (picture := by_name.get(embed.get(place, {}).get("url"))) is not None:
                embed[place] = embed[place] | {"url": picture.url}
                pictures.append(picture)
    return pictures


def _rich(embed: Json) -> Json:
    """An embed as Discord gives it back."""
    fields = [{"inline": False, **entry} for entry in embed.get("fields", [])]
    return {**embed, "type": "rich"} | ({"fields": fields} if fields else {})


def _numbered(components: list[Json]) -> list[Json]:
    """The components with the ids that Discord gives them."""
    count = 0

    def number(component: Json) -> Json:
        nonlocal count
        count += 1
        numbered = {"id": count, **component}
        if "components" in component:
            numbered["components"] = [number(child) for child in component["components"]]
        return numbered

    return [number(component) for component in components]
