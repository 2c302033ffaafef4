"""What people do in the pretended Discord: commands, clicks, modals, messages, removals; all are events to the bot."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MESSAGE_MENU,
    MODAL_SUBMIT,
    USER_MENU,
    Answer,
    DriverError,
    FakeInteraction,
    check_offered,
    find_command,
    find_control,
    modal_data,
    slash_data,
)
from tests.fakes.discord_state import Messages, State, mentioned_by_user
from tests.fakes.discord_world import (
    BUTTON,
    DEFAULT,
    REPLY,
    FakeAttachment,
    FakeChannel,
    FakeGuild,
    FakeMessage,
    FakeUser,
    Json,
    reference_to,
)

ANSWER_TIMEOUT_S = 3.5
FORWARD = 1


class Drivers:
    """The hands of the members. A `begin_…` method returns at once; its twin waits for the bot's answer."""

    state: State
    gateway: Gateway
    messages: Messages
    repeats_events = False
    """Whether each event is delivered twice, as Discord now and then does."""

    async def slash(self, user: FakeUser, channel: FakeChannel, command: str, **options: Any) -> Answer:
        """Use a synced command ("song", "settings show") and wait for the answer.

        Raises:
            DriverError: the command or an option is not offered like this.
            NoAnswerError: the bot did not answer in time.
        """
        interaction = await self.begin_slash(user, channel, command, **options)
        return await interaction.answer(timeout_s=ANSWER_TIMEOUT_S)

    async def begin_slash(self, user: FakeUser, channel: FakeChannel, command: str, **options: Any) -> FakeInteraction:
        definition, data = slash_data(self.state, channel, command, options)
        check_offered(definition, user, channel)
        return await self._begin(COMMAND, user, channel, data)

    async def autocomplete(
        self, user: FakeUser, channel: FakeChannel, command: str, *, option: str, typed: str, **others: Any
    ) -> list[Json]:
        """The choices that the bot offers while `typed` stands in `option`."""
        definition, data = slash_data(self.state, channel, command, {**others, option: typed}, focused=option)
        check_offered(definition, user, channel)
        interaction = await self._begin(AUTOCOMPLETE, user, channel, data)
        return (await interaction.answer(timeout_s=ANSWER_TIMEOUT_S)).choices

    async def context_menu(self, user: FakeUser, target: FakeMessage | FakeUser, name: str, **where: Any) -> Answer:
        """Use a synced message or user menu; for a user give the `channel` too."""
        on_message = isinstance(target, FakeMessage)
        channel: FakeChannel = target.channel if isinstance(target, FakeMessage) else where["channel"]
        kind = MESSAGE_MENU if on_message else USER_MENU
        definition = find_command(self.state, name, kind, channel)
        check_offered(definition, user, channel)
        resolved = {"messages" if on_message else "users": {str(target.id): target.payload()}}
        data = {"id": definition["id"], "name": name, "type": kind, "target_id": str(target.id), "resolved": resolved}
        return await (await self._begin(COMMAND, user, channel, data)).answer(timeout_s=ANSWER_TIMEOUT_S)

    async def click(self, user: FakeUser, message: FakeMessage, wanted: str) -> Answer:
        """Press the button with that custom id or label and wait for the answer."""
        return await (await self.begin_click(user, message, wanted)).answer(timeout_s=ANSWER_TIMEOUT_S)

    async def begin_click(self, user: FakeUser, message: FakeMessage, wanted: str) -> FakeInteraction:
        control = self._control(user, message, wanted)
        if control["type"] != BUTTON:
            raise DriverError(f"{wanted!r} is not a button")
        data = {"custom_id": control["custom_id"], "component_type": BUTTON, "id": control["id"]}
        return await self._begin(COMPONENT, user, message.channel, data, message=message)

    async def choose(self, user: FakeUser, message: FakeMessage, wanted: str, *values: str) -> Answer:
        """Pick values (or labels) in the menu with that custom id or placeholder and wait for the answer."""
        control = self._control(user, message, wanted)
        known = {name: o["value"] for o in control.get("options", []) for name in (o["value"], o["label"])}
        if known and not set(values) <= set(known):
            raise DriverError(f"the menu offers {sorted(known)}, not {values}")
        picked = [known.get(value, value) for value in values]
        data = {"custom_id": control["custom_id"], "component_type": control["type"], "values": picked}
        interaction = await self._begin(COMPONENT, user, message.channel, data, message=message)
        return await interaction.answer(timeout_s=ANSWER_TIMEOUT_S)

    async def submit_modal(self, user: FakeUser, shown: Answer, values: Mapping[str, Any]) -> Answer:
        """Send the modal of an answer; `values` by custom id or label, the rest stays as prefilled."""
        if shown.modal is None:
            raise DriverError("the answer shows no modal")
        source = shown.interaction
        data = modal_data(shown.modal, values)
        interaction = await self._begin(MODAL_SUBMIT, user, source.channel, data, message=source.message, source=source)
        return await interaction.answer(timeout_s=ANSWER_TIMEOUT_S)

    async def message(
        self,
        user: FakeUser,
        channel: FakeChannel,
        content: str,
        *,
        reply_to: FakeMessage | None = None,
        ping: bool = True,
        attachments: tuple[FakeAttachment, ...] = (),
    ) -> FakeMessage:
        """Write a message. A reply with `ping` mentions its author, except an answer to an interaction."""
        message = FakeMessage(id=self.state.ids.new(), channel=channel, author=user, content=content)
        message.attachments = list(attachments)
        message.mentions = mentioned_by_user(content, self.state.users)
        if reply_to is not None:
            message.type, message.reply_to, message.reference = REPLY, reply_to, reference_to(reply_to)
            if ping and not reply_to.webhook and reply_to.author not in message.mentions:
                message.mentions.append(reply_to.author)
        return await self.messages.create_by_user(message)

    async def forward(self, user: FakeUser, channel: FakeChannel, original: FakeMessage) -> FakeMessage:
        """Forward a message: it carries a reference too, but is no reply."""
        message = FakeMessage(id=self.state.ids.new(), channel=channel, author=user, type=DEFAULT)
        message.reference = reference_to(original, FORWARD)
        kept = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions")
        shown = {key: value for key, value in original.payload().items() if key in kept}
        message.snapshots = [{"message": shown | {"mention_roles": [], "components": []}}]
        return await self.messages.create_by_user(message)

    async def delete_message(self, message: FakeMessage) -> None:
        """Somebody deletes a message."""
        await self.messages.delete(message)

    async def delete_channel(self, channel: FakeChannel) -> None:
        """Somebody deletes a channel."""
        channel.deleted = True
        await self.gateway.dispatch("CHANNEL_DELETE", channel.payload(), guild=channel.guild)

    async def set_bot_permissions(self, channel: FakeChannel, permissions: int) -> None:
        """A moderator changes what the bot may do in a channel."""
        channel.bot_permissions = int(permissions)
        await self.gateway.dispatch("CHANNEL_UPDATE", channel.payload(), guild=channel.guild)

    async def remove_guild(self, guild: FakeGuild) -> None:
        """The bot is removed from a server."""
        guild.removed = True
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild=guild)

    async def add_guild(self, name: str, *members: FakeUser) -> FakeGuild:
        """The bot is added to a new server with one channel, "general"; the first member owns it."""
        guild = self.state.add_guild(name, owner=members[0], members=members[1:])
        self.state.add_channel(guild, "general")
        await self.gateway.dispatch("GUILD_CREATE", guild.gateway_payload(self.state.bot), guild=guild)
        return guild

    def expire_token(self, interaction: FakeInteraction, *, code: int = 50027) -> None:
        """End the life of an interaction's token: 50027 (401) or 10015 (404)."""
        interaction.expired_code = code

    def _control(self, user: FakeUser, message: FakeMessage, wanted: str) -> Json:
        if message.deleted:
            raise DriverError("the message is gone")
        asked_by = (message.interaction or {}).get("user", {}).get("id")
        if message.ephemeral and asked_by != str(user.id):
            raise DriverError(f"{user.name} does not see this private answer")
        return find_control(message, wanted)

    async def _begin(
        self,
        kind: int,
        user: FakeUser,
        channel: FakeChannel,
        data: Json,
        *,
        message: FakeMessage | None = None,
        source: FakeInteraction | None = None,
    ) -> FakeInteraction:
        if channel.deleted or (channel.guild is not None and channel.guild.removed):
            raise DriverError("the bot is not in this place any more")
        interaction = FakeInteraction(
            id=self.state.ids.new(), kind=kind, user=user, channel=channel, data=data, message=message, source=source
        )
        session = self.gateway.session_for(channel.guild)
        if session is None:
            raise DriverError("the bot is not at the gateway")
        self.state.interactions[interaction.token] = interaction
        for _ in range(2 if self.repeats_events else 1):
            await session.dispatch("INTERACTION_CREATE", interaction.payload(self.state))
        return interaction
