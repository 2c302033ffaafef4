"""What the pretended Discord refuses, asked by plain HTTP requests; the bot is a bare gateway socket."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord_gateway import GUILD_MESSAGES, GUILDS, MESSAGE_CONTENT
from tests.fakes.discord_interactions import FakeInteraction
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_world import EPHEMERAL, Permission

pytestmark = pytest.mark.wire
INTENTS = GUILDS | GUILD_MESSAGES
COMMANDS = [{"name": "song", "type": 1, "description": "Make a song"}]


@dataclass
class Api:
    """Raw requests with the bot's token."""

    discord: DiscordServer
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {token or self.discord.token}"}
        async with self.session.request(method, self.discord.api_base + path, json=body, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def code(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        status, answer = await self.ask(method, path, body)
        return status, answer.get("code", 0) if isinstance(answer, dict) else 0

    async def begin(self) -> FakeInteraction:
        await self.ask("PUT", f"/applications/{self.discord.application_id}/commands", COMMANDS)
        return await self.discord.begin_slash(self.discord.alice, self.discord.songs, "song")


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with (
        DiscordServer() as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        await socket.send_json({"op": 2, "d": {"token": server.token, "intents": INTENTS, "properties": {}}})
        await server.until(lambda: server.gateway.connected)
        yield Api(server, session)


async def test_a_wrong_token_is_refused(api: Api) -> None:
    assert (await api.ask("GET", "/users/@me", token="other"))[0] == 401


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({}, 50006),
        ({"content": "x", "nonce": "n" * 26}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, 50035),
        ({"embeds": [{"fields": [{"name": "", "value": "x"}]}]}, 50035),
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x"}]}]}, 50035),
        ({"content": "x", "message_reference": {"message_id": "5"}}, 50035),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["5"]}}, 50035),
    ],
)
async def test_a_message_that_breaks_a_limit_is_refused(api: Api, body: dict[str, Any], code: int) -> None:
    assert await api.code("POST", f"/channels/{api.discord.songs.id}/messages", body) == (400, code)
    assert api.discord.songs.history == []


async def test_a_reply_to_a_deleted_message_goes_out_plainly_if_asked_for(api: Api) -> None:
    gone = await api.discord.message(api.discord.alice, api.discord.songs, "soon gone")
    await api.discord.delete_message(gone)
    reference = {"message_id": str(gone.id), "fail_if_not_exists": False}
    status, sent = await api.ask(
        "POST", f"/channels/{api.discord.songs.id}/messages", {"content": "x", "message_reference": reference}
    )
    assert status == 200
    assert "message_reference" not in sent


async def test_places_and_messages_out_of_reach(api: Api) -> None:
    discord, songs = api.discord, f"/channels/{api.discord.songs.id}"
    assert await api.code("GET", "/channels/5") == (404, 10003)
    assert await api.code("GET", f"{songs}/messages/5") == (404, 10008)
    theirs = await discord.message(discord.alice, discord.songs, "mine")
    assert await api.code("PATCH", f"{songs}/messages/{theirs.id}", {"content": "no"}) == (403, 50005)
    assert await api.code("DELETE", f"{songs}/messages/{theirs.id}") == (403, 50013)
    await discord.set_bot_permissions(discord.songs, Permission.EVERYONE & ~Permission.READ_MESSAGE_HISTORY)
    reply = {"content": "x", "message_reference": {"message_id": str(theirs.id)}}
    assert await api.code("POST", f"{songs}/messages", reply) == (403, 160002)
    await discord.set_bot_permissions(discord.songs, 0)
    assert await api.code("POST", f"{songs}/messages", {"content": "x"}) == (403, 50001)
    await discord.delete_channel(discord.lounge)
    assert await api.code("POST", f"/channels/{discord.lounge.id}/messages", {"content": "x"}) == (404, 10003)
    await discord.remove_guild(discord.annex)
    assert await api.code("POST", f"/channels/{discord.annex_channel.id}/messages", {"content": "x"}) == (403, 50001)


async def test_direct_messages_without_a_common_server(api: Api) -> None:
    stranger = api.discord.state.add_user("Stranger")
    _, channel = await api.ask("POST", "/users/@me/channels", {"recipient_id": str(stranger.id)})
    assert await api.code("POST", f"/channels/{channel['id']}/messages", {"content": "x"}) == (403, 50278)


async def test_an_interaction_is_answered_once_and_in_time(api: Api) -> None:
    discord = api.discord
    interaction = await api.begin()
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    webhook = f"/webhooks/{discord.application_id}/{interaction.token}"
    answer = {"type": 4, "data": {"content": "here", "flags": EPHEMERAL}}
    assert await api.code("POST", webhook, {"content": "too early"}) == (404, 10015)
    assert await api.code("POST", path, {"type": 7, "data": {"content": "x"}}) == (400, 50035)
    assert await api.ask("POST", path, answer) == (204, None)
    assert await api.code("POST", path, answer) == (400, 40060)
    told = await interaction.answer()
    assert await api.code("GET", f"/channels/{discord.songs.id}/messages/{told.shown.id}") == (404, 10008)
    assert (await api.ask("GET", f"{webhook}/messages/@original"))[1]["content"] == "here"
    discord.expire_token(interaction, code=10015)
    assert await api.code("PATCH", f"{webhook}/messages/@original", {"content": "x"}) == (404, 10015)

    discord.state.answer_limit_s = 0
    late = await api.begin()
    assert await api.code("POST", f"/interactions/{late.id}/{late.token}/callback", answer) == (404, 10062)


async def test_an_edit_that_is_refused_changes_nothing(api: Api) -> None:
    path = f"/channels/{api.discord.songs.id}/messages"
    _, sent = await api.ask("POST", path, {"content": "first"})
    assert await api.code("PATCH", f"{path}/{sent['id']}", {"content": ""}) == (400, 50006)
    assert api.discord.songs.history[0].content == "first"


async def test_only_allowed_mentions_notify(api: Api) -> None:
    text = f"{api.discord.alice.mention} {api.discord.bob.mention} @everyone"
    path = f"/channels/{api.discord.songs.id}/messages"
    nobody: dict[str, list[str]] = {"parse": []}
    bob = {"parse": [], "users": [str(api.discord.bob.id)]}
    for allowed in (nobody, bob, {"parse": ["users", "everyone"]}):
        await api.ask("POST", path, {"content": text, "allowed_mentions": allowed})
    none, one, everyone = api.discord.songs.history
    assert (none.mentions, none.mention_everyone) == ([], False)
    assert (one.mentions, one.mention_everyone) == ([api.discord.bob], False)
    assert (everyone.mentions, everyone.mention_everyone) == ([api.discord.alice, api.discord.bob], True)


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Song", "description": "capital letter"},
        {"name": "song", "description": ""},
        {"name": "song", "description": "x", "name_localizations": {"de-DE": "lied"}},
        {
            "name": "song",
            "description": "x",
            "options": [
                {"name": "a", "description": "x", "type": 3},
                {"name": "b", "description": "x", "type": 3, "required": True},
            ],
        },
    ],
)
async def test_commands_that_discord_would_not_take(api: Api, command: dict[str, Any]) -> None:
    assert await api.code("PUT", f"/applications/{api.discord.application_id}/commands", [command]) == (400, 50035)


async def test_what_does_not_fit_the_published_description_is_reported(api: Api) -> None:
    if api.discord._contract is None:
        pytest.skip("published API descriptions not found (CONTRACTS_DIR)")
    await api.ask("POST", f"/channels/{api.discord.songs.id}/messages", {"content": "x", "tts": "no"})
    await api.ask("GET", "/soundboard-default-sounds")
    assert [line.split(":")[0] for line in api.discord.violations] == [
        "POST /channels/{channel_id}/messages",
        "GET /soundboard-default-sounds",
    ]


async def test_a_privileged_intent_needs_its_switch(api: Api) -> None:
    identify = {"op": 2, "d": {"token": api.discord.token, "intents": INTENTS | MESSAGE_CONTENT, "properties": {}}}
    async with api.session.ws_connect(api.discord.gateway_url) as socket:
        await socket.send_json(identify)
        while not socket.closed:
            await socket.receive(timeout=5)
        assert socket.close_code == 4014
    api.discord.gateway.message_content_enabled = True
    async with api.session.ws_connect(api.discord.gateway_url) as socket:
        await socket.send_json(identify)
        await api.discord.until(lambda: len(api.discord.gateway.identifies) == 2)


async def test_a_held_request_takes_effect_before_or_after_the_gate(api: Api) -> None:
    path = f"/channels/{api.discord.songs.id}/messages"
    api.discord.drop("POST", "^/channels/", after=True)
    with pytest.raises(aiohttp.ClientError):
        await api.ask("POST", path, {"content": "kept"})
    api.discord.drop("POST", "^/channels/")
    with pytest.raises(aiohttp.ClientError):
        await api.ask("POST", path, {"content": "lost"})
    assert [m.content for m in api.discord.songs.history] == ["kept"]


async def test_a_ration_counts_each_channel_apart(api: Api) -> None:
    api.discord.faults.ration("POST", r"^/channels/(\d+)/messages", limit=1, per_s=60)
    paths = [f"/channels/{channel.id}/messages" for channel in (api.discord.songs, api.discord.lounge)]
    told = [(await api.ask("POST", path, {"content": "x"}))[0] for path in (*paths, *paths)]
    assert told == [200, 200, 429, 429]
