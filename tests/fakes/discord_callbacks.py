"""The routes of the pretended Discord that an interaction's token opens: its answer, edits and follow-ups."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.discord_faults import Reply
from tests.fakes.discord_interactions import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFERRED,
    DEFERRED_UPDATE,
    MESSAGE_ANSWER,
    MODAL,
    SLASH,
    UPDATE,
    FakeInteraction,
)
from tests.fakes.discord_routes import NO_CONTENT, Call, Route
from tests.fakes.discord_rules import ApiError, check_choices, check_modal
from tests.fakes.discord_state import Messages, Origin, State
from tests.fakes.discord_world import EPHEMERAL, MENU_ANSWER, REPLY, SLASH_ANSWER, FakeMessage, Json

TOKEN_LIFE_S = 15 * 60


class Callbacks:
    """Interaction callbacks and the webhook routes of an interaction."""

    def __init__(self, state: State, messages: Messages) -> None:
        self._state, self._messages = state, messages

    def routes(self) -> list[Route]:
        webhook = "/webhooks/{application_id}/{token}"
        return [
            Route("POST", "/interactions/{interaction_id}/{token}/callback", self._answer, public=True),
            Route("POST", webhook, self._follow_up, public=True),
            Route("GET", webhook + "/messages/{message_id}", self._show, public=True),
            Route("PATCH", webhook + "/messages/{message_id}", self._edit, public=True),
            Route("DELETE", webhook + "/messages/{message_id}", self._delete, public=True),
        ]

    async def _answer(self, call: Call) -> Reply:
        interaction = self._state.interactions.get(call.params["token"])
        if interaction is None or interaction.id != call.number("interaction_id"):
            raise ApiError(10062)
        if interaction.response_type is not None:
            raise ApiError(40060)
        if interaction.age_s > self._state.answer_limit_s:
            raise ApiError(10062)
        kind = call.body.get("type", 0)
        _check_kind(interaction, kind)
        interaction.response_type = kind
        try:
            await self._apply(interaction, kind, call)
        except ApiError:
            interaction.response_type = None
            raise
        interaction.settle()
        if call.query.get("with_response", "").lower() in {"1", "true"}:
            return Reply(200, _resource(interaction, kind))
        return NO_CONTENT

    async def _apply(self, interaction: FakeInteraction, kind: int, call: Call) -> None:
        data: Json = call.body.get("data") or {}
        if kind in {MESSAGE_ANSWER, DEFERRED}:
            await self._create(interaction, data, call, loading=kind == DEFERRED, first=True)
        elif kind in {UPDATE, DEFERRED_UPDATE}:
            interaction.original = interaction.message
            if kind == UPDATE and interaction.message is not None:
                await self._messages.edit(interaction.message, data, call.files)
        elif kind == CHOICES:
            check_choices(data.get("choices") or [])
            interaction.choices = data.get("choices") or []
        elif kind == MODAL:
            check_modal(data)
            interaction.modal = data

    async def _create(
        self, interaction: FakeInteraction, body: Mapping[str, Any], call: Call, *, loading: bool, first: bool
    ) -> FakeMessage:
        origin = Origin(
            type=_message_type(interaction) if first else REPLY,
            metadata=interaction.metadata(),
            legacy=interaction.legacy() if first else None,
            ephemeral=bool((body.get("flags") or 0) & EPHEMERAL),
            loading=loading,
            reply_to=interaction.message if first else interaction.original,
        )
        message = await self._messages.create(interaction.channel, body, call.files, origin=origin)
        interaction.messages.append(message)
        if first:
            interaction.original = message
        return message

    async def _follow_up(self, call: Call) -> Reply:
        interaction = self._open(call)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            await self._messages.edit(original, call.body, call.files)
            return Reply(200, original.payload())
        message = await self._create(interaction, call.body, call, loading=False, first=False)
        return Reply(200, message.payload())

    async def _show(self, call: Call) -> Reply:
        return Reply(200, self._message(call).payload())

    async def _edit(self, call: Call) -> Reply:
        message = self._message(call)
        await self._messages.edit(message, call.body, call.files)
        return Reply(200, message.payload())

    async def _delete(self, call: Call) -> Reply:
        await self._messages.delete(self._message(call))
        return NO_CONTENT

    def _open(self, call: Call) -> FakeInteraction:
        """The interaction of a token that works.

        Raises:
            ApiError: 10015 for an unknown token or one not answered yet; 50027 for one that is too old.
        """
        interaction = self._state.interactions.get(call.params["token"])
        if interaction is None or call.number("application_id") != self._state.application_id:
            raise ApiError(10015)
        if interaction.expired_code is not None:
            raise ApiError(interaction.expired_code)
        if interaction.age_s > TOKEN_LIFE_S:
            raise ApiError(50027)
        if interaction.response_type is None:
            raise ApiError(10015)
        return interaction

    def _message(self, call: Call) -> FakeMessage:
        interaction = self._open(call)
        wanted = call.params["message_id"]
        if wanted == "@original":
            found = interaction.original
        else:
            mine = [*interaction.messages, interaction.original]
            found = next((m for m in mine if m is not None and str(m.id) == wanted), None)
        if found is None or found.deleted:
            raise ApiError(10008)
        return found


def _check_kind(interaction: FakeInteraction, kind: int) -> None:
    """Refuse an answer that does not fit what is being answered."""
    fits = {MESSAGE_ANSWER, DEFERRED, MODAL}
    if interaction.message is not None:
        fits |= {UPDATE, DEFERRED_UPDATE}
    if interaction.kind == AUTOCOMPLETE:
        fits = {CHOICES}
    elif interaction.kind not in {COMMAND, COMPONENT}:
        fits -= {MODAL}
    if kind not in fits:
        raise ApiError(50035, errors=[("type", f"Value must be one of {sorted(fits)}.")])


def _message_type(interaction: FakeInteraction) -> int:
    if interaction.kind != COMMAND:
        return REPLY if interaction.message is not None else SLASH_ANSWER
    return SLASH_ANSWER if interaction.data["type"] == SLASH else MENU_ANSWER


def _resource(interaction: FakeInteraction, kind: int) -> Json:
    facts: Json = {"id": str(interaction.id), "type": interaction.kind, "channel_id": str(interaction.channel.id)}
    if interaction.channel.guild is not None:
        facts["guild_id"] = str(interaction.channel.guild.id)
    message = interaction.original
    if message is None:
        return {"interaction": facts}
    facts |= {
        "response_message_id": str(message.id),
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral,
    }
    shown: Json = (
        {} if kind in {DEFERRED, DEFERRED_UPDATE} else {"resource": {"type": kind, "message": message.payload()}}
    )
    return {"interaction": facts} | shown
