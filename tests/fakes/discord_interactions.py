"""Interactions of the pretended Discord: what a person does, as the payload a bot gets, and the answer that came."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord_state import State
from tests.fakes.discord_world import FakeChannel, FakeMessage, FakeRole, FakeUser, Json, Permission, walk

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SUB_COMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = 3, 4, 5, 6, 7, 8, 9, 10
MESSAGE_ANSWER, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
IN_GUILD, IN_BOT_DM = 0, 1


class DriverError(AssertionError):
    """A person could not do this in Discord: no such command, button or option, or it is not offered to them."""


class NoAnswerError(AssertionError):
    """Discord would show "The application did not respond"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the bot answered. `took_s` counts from the event's dispatch to the callback's arrival."""

    interaction: "FakeInteraction"
    type: int
    message: FakeMessage | None
    ephemeral: bool
    took_s: float
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)

    @property
    def shown(self) -> FakeMessage:
        """The message of the answer; a failed assertion if there is none."""
        assert self.message is not None, f"the answer (type {self.type}) shows no message"
        return self.message


@dataclass(eq=False, kw_only=True)
class FakeInteraction:
    """One interaction. `messages` are those made through its token, the first answer included."""

    id: int
    kind: int
    user: FakeUser
    channel: FakeChannel
    data: Json
    message: FakeMessage | None = None
    source: "FakeInteraction | None" = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    began_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    answered_at: float | None = None
    response_type: int | None = None
    original: FakeMessage | None = None
    messages: list[FakeMessage] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    expired_code: int | None = None
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def followups(self) -> list[FakeMessage]:
        return [message for message in self.messages if message is not self.original]

    @property
    def age_s(self) -> float:
        return asyncio.get_running_loop().time() - self.began_at

    def settle(self) -> None:
        """Tell who waits that the answer is complete."""
        self.answered_at = asyncio.get_running_loop().time()
        self._done.set()

    async def answer(self, *, timeout_s: float = 3.5) -> Answer:
        """The bot's answer.

        Raises:
            NoAnswerError: none came in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._done.wait()
        except TimeoutError as error:
            raise NoAnswerError(f"no answer to {self.data} within {timeout_s} s") from error
        assert self.response_type is not None
        assert self.answered_at is not None
        message = self.original if self.response_type in {MESSAGE_ANSWER, DEFERRED, UPDATE, DEFERRED_UPDATE} else None
        return Answer(
            interaction=self,
            type=self.response_type,
            message=message,
            ephemeral=message is not None and message.ephemeral,
            took_s=self.answered_at - self.began_at,
            modal=self.modal,
            choices=self.choices,
        )

    def metadata(self) -> Json:
        """The `interaction_metadata` of a message made by this interaction."""
        facts: Json = {"id": str(self.id), "type": self.kind, "user": self.user.payload()}
        pressed = {"interacted_message_id": str(self.message.id)} if self.message and self.kind == COMPONENT else {}
        if self.source is not None:
            facts["triggering_interaction_metadata"] = self.source.metadata()
        return facts | pressed | {"authorizing_integration_owners": owners_of(self.channel)}

    def legacy(self) -> Json | None:
        """The older `interaction` field, which only answers to commands carry."""
        if self.kind != COMMAND:
            return None
        return {"id": str(self.id), "type": self.kind, "name": self.data["name"], "user": self.user.payload()}

    def payload(self, state: State) -> Json:
        """The INTERACTION_CREATE event."""
        body: Json = {
            "id": str(self.id),
            "application_id": str(state.application_id),
            "type": self.kind,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(self.channel.id),
            "app_permissions": str(self.channel.bot_permissions),
            "locale": self.user.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "attachment_size_limit": state.attachment_size_limit,
            "authorizing_integration_owners": owners_of(self.channel),
        }
        shown = {"message": self.message.payload()} if self.message is not None else {}
        return body | shown | self._place()

    def _place(self) -> Json:
        guild = self.channel.guild
        if guild is None:
            return {"user": self.user.payload(), "channel": self.channel.payload(), "context": IN_BOT_DM}
        rights = str(guild.permissions_of(self.user))
        return {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": guild.member_payload(self.user) | {"permissions": rights, "unusual_dm_activity_until": None},
            "channel": self.channel.payload() | {"permissions": rights},
            "context": IN_GUILD,
        }


def owners_of(channel: FakeChannel) -> Json:
    """Who installed the application: the server, or nobody in direct messages."""
    return {"0": str(channel.guild.id) if channel.guild else "0"}


def find_command(state: State, name: str, kind: int, channel: FakeChannel) -> Json:
    """The synced command of that name which applies in the channel."""
    local = state.guild_commands.get(channel.guild.id, []) if channel.guild else []
    for command in (*local, *state.commands):
        if command["name"] == name and command.get("type", SLASH) == kind:
            return command
    raise DriverError(f"no command {name!r} of type {kind} was synced: {[c['name'] for c in state.commands]}")


def check_offered(command: Json, user: FakeUser, channel: FakeChannel) -> None:
    """Refuse what the person's Discord would not even show."""
    contexts = command.get("contexts")
    here = IN_GUILD if channel.guild else IN_BOT_DM
    if (contexts is not None and here not in contexts) or (not channel.guild and command.get("dm_permission") is False):
        raise DriverError(f"/{command['name']} is not offered here")
    needed = command.get("default_member_permissions")
    rights = channel.guild.permissions_of(user) if channel.guild else int(Permission.ALL)
    if needed is not None and (int(needed) & rights) != int(needed):
        raise DriverError(f"/{command['name']} is not offered to {user.name}")


def slash_data(
    state: State, channel: FakeChannel, path: str, given: Mapping[str, Any], *, focused: str | None = None
) -> tuple[Json, Json]:
    """The command that was synced, and the data of its use: `path` is "song" or "settings show"."""
    name, *rest = path.split()
    command = find_command(state, name, SLASH, channel)
    node, resolved = command, Resolved(state, channel)
    for part in rest:
        node = next((o for o in node.get("options", []) if o["name"] == part and o["type"] in {SUB_COMMAND, GROUP}), {})
        if not node:
            raise DriverError(f"/{path} was not synced")
    options = list(_options(node, dict(given), resolved, focused))
    for depth in range(len(rest) - 1, -1, -1):
        kind = SUB_COMMAND if depth == len(rest) - 1 else GROUP
        options = [{"name": rest[depth], "type": kind, "options": options}]
    data = {"id": command["id"], "name": name, "type": SLASH, "options": options}
    if channel.guild is not None and str(channel.guild.id) == command.get("guild_id"):
        data["guild_id"] = command["guild_id"]
    return command, data | ({"resolved": resolved.data} if resolved.data else {})


class Resolved:
    """The people, channels and roles that options name."""

    def __init__(self, state: State, channel: FakeChannel) -> None:
        self._state, self._guild = state, channel.guild
        self.data: dict[str, Json] = {}

    def add(self, thing: object) -> str:
        """The id of the thing, which from now on is in the payload."""
        if isinstance(thing, FakeUser):
            self._put("users", thing.id, thing.payload())
            if self._guild is not None and thing in self._guild.members:
                member = self._guild.member_payload(thing) | {"permissions": str(self._guild.permissions_of(thing))}
                self._put("members", thing.id, {k: v for k, v in member.items() if k != "user"})
            return str(thing.id)
        if isinstance(thing, FakeChannel):
            self._put("channels", thing.id, thing.payload() | {"permissions": "0"})
            return str(thing.id)
        if isinstance(thing, FakeRole):
            self._put("roles", thing.id, thing.payload())
            return str(thing.id)
        raise DriverError(f"{thing!r} cannot be an option's value")

    def _put(self, kind: str, number: int, payload: Json) -> None:
        self.data.setdefault(kind, {})[str(number)] = payload


def _options(node: Json, given: dict[str, Any], resolved: Resolved, focused: str | None) -> Iterator[Json]:
    for option in node.get("options", []):
        name = option["name"]
        key = next((k for k in (name, name.replace("-", "_")) if k in given), None)
        if key is None:
            if option.get("required") and focused is None:
                raise DriverError(f"option {name} is required")
            continue
        value, is_focused = given.pop(key), name == focused
        value = value if is_focused else _value(option, value, resolved)
        yield {"name": name, "type": option["type"], "value": value} | ({"focused": True} if is_focused else {})
    if given:
        raise DriverError(f"no option {sorted(given)} in {[o['name'] for o in node.get('options', [])]}")


def _value(option: Json, value: Any, resolved: Resolved) -> Any:
    kind = option["type"]
    if kind in {USER, CHANNEL, ROLE, MENTIONABLE}:
        return resolved.add(value)
    fitting: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}
    if kind not in fitting or not isinstance(value, fitting[kind]) or (isinstance(value, bool) and kind != BOOLEAN):
        raise DriverError(f"option {option['name']} (type {kind}) does not take {value!r}")
    choices = {choice["name"]: choice["value"] for choice in option.get("choices", [])}
    if choices and value not in choices.values():
        if value not in choices:
            raise DriverError(f"option {option['name']} offers {choices}, not {value!r}")
        return choices[value]
    _check_range(option, value)
    return value


def _check_range(option: Json, value: Any) -> None:
    size, low, high = (
        (len(value), "min_length", "max_length") if isinstance(value, str) else (value, "min_value", "max_value")
    )
    if size < option.get(low, size) or size > option.get(high, size):
        raise DriverError(f"option {option['name']} does not take {size}: {option.get(low)} to {option.get(high)}")


def find_control(message: FakeMessage, wanted: str) -> Json:
    """The button or menu with that custom id or label, if it can be used."""
    for control in message.controls:
        if wanted in {control.get("custom_id"), control.get("label"), control.get("placeholder")}:
            if control.get("disabled") or control.get("url"):
                raise DriverError(f"{wanted!r} is disabled or a link")
            return control
    raise DriverError(f"no {wanted!r} among {[c.get('label') or c.get('custom_id') for c in message.controls]}")


def modal_data(modal: Json, values: Mapping[str, Any]) -> Json:
    """The submission of a shown modal: `values` by custom id or label, the rest as prefilled."""
    left = dict(values)
    components = [_filled(component, left, label=None) for component in modal["components"]]
    if left:
        raise DriverError(f"the modal has no {sorted(left)}: {list(walk(modal['components']))}")
    return {"custom_id": modal["custom_id"], "components": components}


def _filled(component: Json, values: dict[str, Any], *, label: str | None) -> Json:
    base = {"type": component["type"], "id": component.get("id", 0)}
    if "components" in component:
        return base | {"components": [_filled(child, values, label=None) for child in component["components"]]}
    if "component" in component:
        return base | {"component": _filled(component["component"], values, label=component.get("label"))}
    if "custom_id" not in component:
        return base
    names = (component["custom_id"], component.get("label"), label)
    name = next((n for n in names if n is not None and n in values), None)
    given = values.pop(name) if name is not None else component.get("value", "")
    base["custom_id"] = component["custom_id"]
    if component["type"] != 4:
        chosen = [given] if isinstance(given, str) else list(given)
        return base | {"values": [value for value in chosen if value]}
    _check_input(component, given)
    return base | {"value": given}


def _check_input(component: Json, value: str) -> None:
    if (component.get("required", True) and not value) or len(value) > component.get("max_length", 4000):
        raise DriverError(f"the input {component['custom_id']} does not take {len(value)} characters")
    if value and len(value) < component.get("min_length", 0):
        raise DriverError(f"the input {component['custom_id']} wants more than {len(value)} characters")
