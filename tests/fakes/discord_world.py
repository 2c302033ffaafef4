"""The people, places and messages of the pretended Discord, and how they look as JSON. No sockets, no routes."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")

EPOCH_MS = 1_420_070_400_000
EPHEMERAL, LOADING = 1 << 6, 1 << 7
TEXT_CHANNEL, DM_CHANNEL = 0, 1
DEFAULT, REPLY, SLASH_ANSWER, MENU_ANSWER = 0, 19, 20, 23
BUTTON, ACTION_ROW = 2, 1

GUILD_LISTS = ("emojis", "stickers", "features")
GUILD_SWITCHES = ("nsfw", "widget_enabled", "premium_progress_bar_enabled")
GUILD_ZEROS = (
    *("verification_level", "default_message_notifications", "explicit_content_filter", "mfa_level", "nsfw_level"),
    *("premium_tier", "premium_subscription_count", "system_channel_flags"),
    *("max_stage_video_channel_users", "max_video_channel_users"),
)
GUILD_UNSET = (
    *("icon", "splash", "banner", "description", "discovery_splash", "home_header", "application_id"),
    *("afk_channel_id", "system_channel_id", "widget_channel_id", "rules_channel_id", "safety_alerts_channel_id"),
    *("public_updates_channel_id", "max_presences", "vanity_url_code", "incidents_data"),
)


class Permission(IntFlag):
    """The permissions that this Discord knows."""

    ADD_REACTIONS = 1 << 6
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_APPLICATION_COMMANDS = 1 << 31
    EVERYONE = (
        ADD_REACTIONS
        | VIEW_CHANNEL
        | SEND_MESSAGES
        | EMBED_LINKS
        | ATTACH_FILES
        | READ_MESSAGE_HISTORY
        | USE_APPLICATION_COMMANDS
    )
    ALL = EVERYONE | MANAGE_GUILD | MANAGE_MESSAGES


class Snowflakes:
    """Ids that carry their time and only grow."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> int:
        now = (int(time.time() * 1000) - EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last


class Changes:
    """Something changed: whoever waits for a condition looks again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def announce(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def until(self, predicate: Callable[[], T], *, timeout_s: float) -> T:
        """What the predicate gave once it was truthy.

        Raises:
            TimeoutError: it never was within `timeout_s` seconds.
        """
        async with asyncio.timeout(timeout_s):
            while not (value := predicate()):
                await self._event.wait()
        return value


@dataclass(eq=False, kw_only=True)
class FakeUser:
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    dms_open: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "primary_guild": None,
            "bot": self.bot,
            "flags": 0,
            "public_flags": 0,
        }


@dataclass(eq=False, kw_only=True)
class FakeRole:
    id: int
    name: str
    permissions: int

    def payload(self) -> Json:
        colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        plain = dict.fromkeys(("color", "position", "flags"), 0) | dict.fromkeys(
            ("hoist", "managed", "mentionable"), False
        )
        rights = str(int(self.permissions))
        unset = {"icon": None, "unicode_emoji": None}
        return plain | unset | {"id": str(self.id), "name": self.name, "permissions": rights, "colors": colours}


@dataclass(eq=False, kw_only=True)
class FakeGuild:
    id: int
    name: str
    owner: FakeUser
    locale: str = "en-US"
    roles: list[FakeRole] = field(default_factory=list)
    channels: list["FakeChannel"] = field(default_factory=list)
    members: dict[FakeUser, list[FakeRole]] = field(default_factory=dict)
    removed: bool = False
    kept_back: bool = False
    """Whether the gateway never tells what is in it, as in an outage of Discord's."""

    def permissions_of(self, user: FakeUser) -> int:
        everyone, mine = self.roles[0], self.members.get(user, [])
        rights = everyone.permissions
        for role in mine:
            rights |= role.permissions
        return int(Permission.ALL) if user is self.owner else rights

    def member_payload(self, user: FakeUser) -> Json:
        return {
            "user": user.payload(),
            "roles": [str(role.id) for role in self.members.get(user, [])],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "premium_since": None,
            "communication_disabled_until": None,
            "nick": None,
            "avatar": None,
            "banner": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }

    def payload(self) -> Json:
        identity = {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "preferred_locale": self.locale,
        }
        lists: Json = {key: [] for key in GUILD_LISTS} | {"roles": [role.payload() for role in self.roles]}
        plain = dict.fromkeys(GUILD_UNSET) | dict.fromkeys(GUILD_ZEROS, 0) | dict.fromkeys(GUILD_SWITCHES, False)
        return plain | lists | identity | {"region": "deprecated", "max_members": 500_000, "afk_timeout": 300}

    def gateway_payload(self, bot: FakeUser) -> Json:
        """The guild as GUILD_CREATE shows it: without the members intent only the bot itself is in the list."""
        lists: Json = {key: [] for key in ("voice_states", "threads", "presences", "stage_instances")}
        facts = {"joined_at": "2024-01-01T00:00:00+00:00", "large": False, "unavailable": False}
        people = {"member_count": len(self.members), "members": [self.member_payload(bot)]}
        return self.payload() | lists | facts | people | {"channels": [c.payload() for c in self.channels]}


@dataclass(eq=False, kw_only=True)
class FakeChannel:
    id: int
    name: str
    guild: FakeGuild | None = None
    recipient: FakeUser | None = None
    bot: FakeUser
    bot_permissions: int = int(Permission.EVERYONE)
    deleted: bool = False
    messages: dict[int, "FakeMessage"] = field(default_factory=dict)
    told: Json = field(default_factory=dict)
    """What its payload says otherwise than that of a plain text channel."""
    left_out: tuple[str, ...] = ()

    @property
    def history(self) -> list["FakeMessage"]:
        """What a member sees in the channel, oldest first."""
        return [m for m in self.messages.values() if not m.deleted and not m.ephemeral]

    def payload(self) -> Json:
        base: Json = {"id": str(self.id), "last_message_id": None, "flags": 0}
        if self.guild is None:
            people = [self.recipient.payload()] if self.recipient else []
            return base | {"type": DM_CHANNEL, "recipients": people}
        place = {"guild_id": str(self.guild.id), "parent_id": None, "position": 0, "nsfw": False, "topic": None}
        named = {"type": TEXT_CHANNEL, "name": self.name, "rate_limit_per_user": 0}
        whole = base | place | named | {"permission_overwrites": self._overwrites()} | self.told
        return {name: value for name, value in whole.items() if name not in self.left_out}

    def _overwrites(self) -> list[Json]:
        denied = int(Permission.EVERYONE) & ~self.bot_permissions
        return [{"id": str(self.bot.id), "type": 1, "allow": "0", "deny": str(denied)}] if denied else []


@dataclass(eq=False, kw_only=True)
class FakeAttachment:
    id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str
    url: str
    description: str | None = None

    def payload(self) -> Json:
        facts = {"id": str(self.id), "filename": self.filename, "size": len(self.data), "url": self.url}
        told = {"description": self.description} if self.description else {}
        return facts | told | {"proxy_url": self.url, "content_type": self.content_type}


@dataclass(eq=False, kw_only=True)
class FakeMessage:
    """A message. `webhook` marks answers to interactions: replies to them never mention the bot."""

    id: int
    channel: FakeChannel
    author: FakeUser
    type: int = DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[FakeAttachment] = field(default_factory=list)
    pictures: list[FakeAttachment] = field(default_factory=list)
    """Attachments that an embed shows: they count as the embed's, not as the message's."""
    flags: int = 0
    nonce: str | None = None
    webhook: bool = False
    interaction: Json | None = None
    legacy_interaction: Json | None = None
    reply_to: "FakeMessage | None" = None
    reference: Json | None = None
    snapshots: list[Json] = field(default_factory=list)
    mentions: list[FakeUser] = field(default_factory=list)
    mention_everyone: bool = False
    allowed_mentions: Json | None = None
    edits: int = 0
    edited_at: datetime | None = None
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def created_at(self) -> datetime:
        return datetime.fromtimestamp(EPOCH_MS / 1000, UTC) + timedelta(milliseconds=self.id >> 22)

    @property
    def embed(self) -> Json:
        """The first embed, empty if there is none."""
        return self.embeds[0] if self.embeds else {}

    @property
    def text(self) -> str:
        """Every word that a reader sees: content, embeds and labels."""
        return "\n".join([self.content, *words_of(self.embeds), *(c.get("label") or "" for c in self.controls)])

    @property
    def controls(self) -> list[Json]:
        """Buttons and menus in reading order."""
        return [c for c in walk(self.components) if c["type"] != ACTION_ROW]

    @property
    def labels(self) -> list[str]:
        return [c["label"] for c in self.controls if c.get("label")]

    def payload(self) -> Json:
        body: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "type": self.type,
            "content": self.content,
            "timestamp": self.created_at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "tts": False,
            "pinned": False,
            "flags": self.flags,
            "mention_everyone": self.mention_everyone,
            "mentions": [user.payload() for user in self.mentions],
            "mention_roles": [],
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [attachment.payload() for attachment in self.attachments],
        }
        return body | self._origin() | self._reference()

    def gateway_payload(self) -> Json:
        guild = self.channel.guild
        if guild is None:
            return self.payload()
        member = {k: v for k, v in guild.member_payload(self.author).items() if k != "user"}
        return self.payload() | {"guild_id": str(guild.id)} | ({} if self.webhook else {"member": member})

    def hidden_payload(self) -> Json:
        """What an application without the message content intent gets to see."""
        return self.gateway_payload() | {"content": "", "embeds": [], "components": [], "attachments": []}

    def _origin(self) -> Json:
        origin: Json = {"nonce": self.nonce} if self.nonce else {}
        if self.webhook:
            origin |= {"webhook_id": str(self.author.id), "application_id": str(self.author.id)}
        if self.interaction:
            origin["interaction_metadata"] = self.interaction
        if self.legacy_interaction:
            origin["interaction"] = self.legacy_interaction
        return origin

    def _reference(self) -> Json:
        if self.reference is None:
            return {}
        if self.snapshots:
            return {"message_reference": self.reference, "message_snapshots": self.snapshots}
        gone = self.reply_to is None or self.reply_to.deleted
        shown = None if gone or self.reply_to is None else _without_reference(self.reply_to.payload())
        return {"message_reference": self.reference, "referenced_message": shown}


def _without_reference(payload: Json) -> Json:
    return {key: value for key, value in payload.items() if key != "referenced_message"}


def reference_to(message: FakeMessage, kind: int = 0) -> Json:
    """The `message_reference` of a reply (0) or a forward (1)."""
    place = {"guild_id": str(message.channel.guild.id)} if message.channel.guild else {}
    return {"type": kind, "message_id": str(message.id), "channel_id": str(message.channel.id)} | place


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component with everything inside it, in reading order."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        if "component" in component:
            yield from walk([component["component"]])


def words_of(embeds: list[Json]) -> Iterator[str]:
    """The texts of embeds, in reading order."""
    for embed in embeds:
        yield from (embed.get("author", {}).get("name", ""), embed.get("title", ""), embed.get("description", ""))
        for entry in embed.get("fields", []):
            yield from (entry["name"], entry["value"])
        yield embed.get("footer", {}).get("text", "")
