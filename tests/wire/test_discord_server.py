"""The pretended Discord, tried by an unmodified discord.py in a process of its own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.contracts import assert_clean
from tests.fakes.discord_interactions import DEFERRED, MODAL, DriverError, NoAnswerError
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_world import Permission
from tests.wire.harness import BotDiedError, BotProcess

pytestmark = pytest.mark.wire
SAMPLE = (sys.executable, "-m", "tests.wire.sample_bot")


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server
        assert_clean(server.violations)
        assert_clean(server.own_violations)


def sample_env(discord: DiscordServer) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
    }


@pytest.fixture
async def bot(discord: DiscordServer, tmp_path: Path) -> AsyncIterator[BotProcess]:
    async with BotProcess(discord, sample_env(discord), data_dir=tmp_path, command=SAMPLE) as process:
        yield process


async def test_a_bot_logs_in_and_syncs_its_commands(discord: DiscordServer, bot: BotProcess) -> None:
    assert {command["name"] for command in discord.commands} == {
        "song", "upload", "whisper", "twice", "board", "Continue"
    }  # fmt: skip
    identify = discord.gateway.identifies[0]
    assert identify.shard == (0, 1)
    assert identify.intents == 1 << 0 | 1 << 9 | 1 << 12
    assert discord.made("GET", "^/users/@me$")[0].headers["User-Agent"].startswith("DiscordBot")


async def test_a_command_is_answered_edited_with_a_file_and_followed_up(
    discord: DiscordServer, bot: BotProcess
) -> None:
    answer = await discord.slash(discord.alice, discord.songs, "song", prompt="rain", style="rumba")
    card = answer.shown
    assert answer.took_s < 3
    assert not answer.ephemeral
    await discord.until(lambda: answer.interaction.followups)
    assert card.embed["title"] == "done"
    assert [a.data for a in card.attachments] == [b"ID3" * 9]
    assert answer.interaction.followups[0].ephemeral
    async with aiohttp.ClientSession() as session, session.get(card.attachments[0].url) as got:
        assert await got.read() == b"ID3" * 9


async def test_a_button_opens_a_modal_and_its_text_arrives(discord: DiscordServer, bot: BotProcess) -> None:
    card = (await discord.slash(discord.alice, discord.songs, "song", prompt="rain")).shown
    opened = await discord.click(discord.bob, card, "Again")
    assert opened.type == MODAL
    told = await discord.submit_modal(discord.bob, opened, {"Your wish": "more rain"})
    assert told.shown.content == "wish: more rain"
    assert told.ephemeral
    with pytest.raises(DriverError, match="does not take 101"):
        await discord.submit_modal(discord.bob, opened, {"Your wish": "x" * 101})


async def test_autocomplete_offers_what_the_bot_chose(discord: DiscordServer, bot: BotProcess) -> None:
    choices = await discord.autocomplete(discord.alice, discord.songs, "song", option="style", typed="ru")
    assert choices == [{"name": "Rumba", "value": "rumba"}]


async def test_a_member_is_offered_only_what_discord_would_offer(discord: DiscordServer, bot: BotProcess) -> None:
    told = await discord.slash(discord.mo, discord.songs, "board")
    assert told.shown.content == "moderator: True, files: True"
    with pytest.raises(DriverError, match="not offered to Alice"):
        await discord.begin_slash(discord.alice, discord.songs, "board")
    with pytest.raises(DriverError, match="not offered here"):
        await discord.begin_slash(discord.mo, discord.dm(discord.mo), "board")
    with pytest.raises(DriverError, match="required"):
        await discord.begin_slash(discord.alice, discord.songs, "song")


async def test_a_direct_message_arrives_unless_the_member_has_closed_them(
    discord: DiscordServer, bot: BotProcess
) -> None:
    told = await discord.slash(discord.alice, discord.songs, "whisper")
    assert told.type == DEFERRED
    await discord.until(lambda: told.shown.content == "sent")
    assert [m.content for m in discord.dm(discord.alice).history] == ["psst"]
    discord.bob.dms_open = False
    told = await discord.slash(discord.bob, discord.songs, "whisper")
    await discord.until(lambda: told.shown.content == "closed: 50007")


async def test_a_file_over_the_limit_is_refused_and_the_limit_is_told(discord: DiscordServer, bot: BotProcess) -> None:
    discord.state.attachment_size_limit = 1000
    told = await discord.slash(discord.alice, discord.songs, "upload", size=1001)
    await discord.until(lambda: told.shown.content == "413/40005, limit 1000")
    told = await discord.slash(discord.alice, discord.songs, "upload", size=1000)
    await discord.until(lambda: told.shown.attachments)


async def test_an_enforced_nonce_gives_the_first_message_again(discord: DiscordServer, bot: BotProcess) -> None:
    told = await discord.slash(discord.alice, discord.songs, "twice")
    await discord.until(lambda: told.shown.content == "same: True")
    assert [m.content for m in discord.songs.history].count("once") == 1


async def test_a_message_menu_names_its_message(discord: DiscordServer, bot: BotProcess) -> None:
    card = (await discord.slash(discord.alice, discord.songs, "song", prompt="rain")).shown
    told = await discord.context_menu(discord.alice, card, "Continue")
    assert told.shown.content == f"continuing {card.id}"


async def test_what_a_bot_without_the_content_intent_may_read(discord: DiscordServer, bot: BotProcess) -> None:
    alice, songs = discord.alice, discord.songs
    card = (await discord.slash(alice, songs, "song", prompt="rain")).shown
    heard = []
    for text, where, target in (
        ("plain", songs, None),
        (f"hi {discord.bot.mention}", songs, None),
        ("on a card", songs, card),
        ("private", discord.dm(alice), None),
    ):
        sent = await discord.message(alice, where, text, reply_to=target)
        heard.append(await discord.new_message(where, after=sent))
    assert [m.content for m in heard] == [
        "read '', reply: False",
        f"read 'hi {discord.bot.mention}', reply: False",
        "read '', reply: True",
        "read 'private', reply: False",
    ]
    sent = await discord.message(alice, songs, "on a ping", reply_to=heard[0])
    assert (await discord.new_message(songs, after=sent)).content == "read 'on a ping', reply: True"
    sent = await discord.message(alice, songs, "silent", reply_to=heard[0], ping=False)
    assert (await discord.new_message(songs, after=sent)).content == "read '', reply: True"
    forwarded = await discord.forward(alice, songs, heard[0])
    assert (await discord.new_message(songs, after=forwarded)).content == "read '', reply: False"


async def test_a_429_is_waited_out_and_tried_again(discord: DiscordServer, bot: BotProcess) -> None:
    discord.rate_limit("PATCH", r"^/channels/\d+/messages/\d+$", retry_after_s=0.05)
    told = await discord.slash(discord.alice, discord.songs, "song", prompt="rain")
    await discord.until(lambda: told.shown.embed["title"] == "done")
    assert [r.status for r in discord.made("PATCH", "^/channels/")] == [429, 200]


async def test_a_ration_is_told_in_headers_and_kept(discord: DiscordServer, bot: BotProcess) -> None:
    discord.faults.ration("PATCH", "^/channels/", limit=1, per_s=0.2)
    for _ in range(3):
        await discord.slash(discord.alice, discord.songs, "song", prompt="rain")
    await discord.until(lambda: all(m.embed["title"] == "done" for m in discord.songs.history))
    assert {r.status for r in discord.made("PATCH", "^/channels/")} == {200}


async def test_a_lost_answer_is_retried_and_met_with_40060(discord: DiscordServer, bot: BotProcess) -> None:
    discord.fail("POST", "/callback$", status=502, after=True)
    told = await discord.slash(discord.alice, discord.songs, "song", prompt="rain")
    callbacks = await discord.until(lambda: [r for r in discord.made("POST", "/callback$") if r.code == 40060])
    assert callbacks[0].status == 400
    assert told.shown.embed["description"] == "rain"


async def test_a_bot_that_is_held_up_gives_no_answer(discord: DiscordServer, bot: BotProcess) -> None:
    gate = discord.hold("POST", "/callback$")
    interaction = await discord.begin_slash(discord.alice, discord.songs, "song", prompt="rain")
    await gate.arrived()
    with pytest.raises(NoAnswerError):
        await interaction.answer(timeout_s=0.05)
    gate.drop()
    await bot.logged(lambda line: "ServerDisconnectedError" in line)
    assert discord.songs.history == []


async def test_an_expired_token_is_refused(discord: DiscordServer, bot: BotProcess) -> None:
    gate = discord.hold("PATCH", "^/channels/")
    told = await discord.slash(discord.alice, discord.songs, "song", prompt="rain")
    await gate.arrived()
    discord.expire_token(told.interaction)
    gate.release()
    refused = await discord.until(lambda: [r for r in discord.made("POST", "^/webhooks/") if r.status])
    assert (refused[0].status, refused[0].code) == (401, 50027)


async def test_the_gateway_is_resumed_after_a_cut_and_nothing_is_missed(
    discord: DiscordServer, bot: BotProcess
) -> None:
    await discord.drop_gateway()
    told = await discord.begin_slash(discord.alice, discord.songs, "song", prompt="rain")
    assert (await told.answer(timeout_s=10)).shown.embed["description"] == "rain"
    assert len(discord.gateway.resumes) == 1
    assert len(discord.gateway.identifies) == 1


async def test_an_invalid_session_is_followed_by_a_new_one(discord: DiscordServer, bot: BotProcess) -> None:
    await discord.gateway.invalidate()
    await discord.until(lambda: len(discord.gateway.identifies) == 2 and discord.gateway.connected, timeout_s=20)
    assert (await discord.slash(discord.alice, discord.songs, "song", prompt="rain")).message is not None


async def test_missing_permissions_and_removal_reach_the_bot(discord: DiscordServer, bot: BotProcess) -> None:
    rights = Permission.EVERYONE & ~Permission.ATTACH_FILES
    await discord.set_bot_permissions(discord.songs, rights)
    await discord.slash(discord.alice, discord.songs, "song", prompt="rain")
    refused = await discord.until(lambda: [r for r in discord.made("PATCH", "^/channels/") if r.status])
    assert (refused[0].status, refused[0].code) == (403, 50013)
    await discord.remove_guild(discord.annex)
    assert "removed from Annex" in await bot.logged(lambda line: "removed from" in line)


async def test_a_wrong_token_ends_the_bot(discord: DiscordServer, tmp_path: Path) -> None:
    env = sample_env(discord) | {"DISCORD_TOKEN": "wrong"}
    with pytest.raises(BotDiedError, match="LoginFailure"):
        async with BotProcess(discord, env, data_dir=tmp_path, command=SAMPLE):
            pytest.fail("a wrong token was accepted")
    assert discord.requests[0].status == 401


async def test_a_killed_bot_comes_back_on_the_same_commands(discord: DiscordServer, bot: BotProcess) -> None:
    card = (await discord.slash(discord.alice, discord.songs, "song", prompt="rain")).shown
    await bot.kill()
    assert not bot.running
    await bot.start()
    assert (await discord.click(discord.bob, card, "again:7")).type == MODAL
    code, seconds = await bot.terminate()
    assert code != 0
    assert seconds < 10
