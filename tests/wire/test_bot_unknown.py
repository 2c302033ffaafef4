"""Before Discord has told what is in a server, or where it tells only half: commands and rules hold all the same."""

import json

import pytest

from tests.fakes.discord_world import FakeChannel, Json, Permission
from tests.wire.conftest import Studio
from tests.wire.harness import edit_rows

pytestmark = pytest.mark.wire

IN_THREADS = 1 << 38
HIDDEN = 1 << 17
TEXT, VOICE, CATEGORY, NEWS, PUBLIC_THREAD, STAGE, FORUM, MEDIA = 0, 2, 4, 5, 11, 13, 15, 16
THREAD: Json = {
    "type": PUBLIC_THREAD, "owner_id": "1", "message_count": 0, "member_count": 1, "total_message_sent": 0,
    "thread_metadata": {"archived": False, "auto_archive_duration": 1440, "locked": False,
                        "archive_timestamp": "2026-01-01T00:00:00+00:00"},
}  # fmt: skip
IN_VOICE = ("bitrate", "user_limit")


def add_thread(studio: Studio, parent: FakeChannel) -> FakeChannel:
    """A thread; the gateway does not tell of it."""
    assert parent.guild is not None
    thread = studio.discord.state.add_channel(parent.guild, "a thread")
    parent.guild.channels.remove(thread)
    thread.told = THREAD | {"parent_id": str(parent.id)}
    thread.left_out = ("permission_overwrites", "position", "topic")
    thread.bot_permissions = int(Permission.EVERYONE) | IN_THREADS
    return thread


def hide(studio: Studio, kind: int) -> FakeChannel:
    """A channel of this kind that the bot may not see."""
    channel = studio.discord.state.add_channel(studio.discord.guild, "___hidden___")
    channel.told = {"type": kind, "flags": HIDDEN, "permission_overwrites": [], "available_tags": None}
    channel.left_out = (*IN_VOICE, *(() if kind in {FORUM, MEDIA} else ("available_tags",)))
    return channel


async def with_rules(studio: Studio, **rules: list[int]) -> None:
    """Start the bot on a server that has these rules, and that Discord does not tell of."""
    await studio.bot.start()
    await studio.bot.kill()
    guild = studio.discord.guild
    kept = f"({guild.id}, '{json.dumps(rules)}', 'open')"
    assert edit_rows(studio.bot.database, f"INSERT INTO servers (guild_id, rules, intake) VALUES {kept}") == 1  # noqa: S608 - our own words
    guild.kept_back = True
    await studio.bot.start()


async def test_rules_hold_in_a_thread_of_a_server_that_is_not_known(stopped: Studio) -> None:
    discord = stopped.discord
    (role,) = discord.guild.members[discord.mo]
    await with_rules(stopped, channels=[discord.songs.id], roles=[role.id])
    here, elsewhere = add_thread(stopped, discord.songs), add_thread(stopped, discord.lounge)
    await stopped.finished("In a thread", user=discord.mo, channel=here)
    for user, channel in ((discord.alice, here), (discord.mo, elsewhere)):
        refused = await stopped.song("Not here", user=user, channel=channel)
        assert refused.ephemeral
        assert "Something went wrong" not in refused.shown.content
    assert len(stopped.rows()) == 1


def put_in_category(studio: Studio, channel: FakeChannel, name: str) -> FakeChannel:
    """The category that a channel belongs to from now on."""
    category = studio.discord.state.add_channel(studio.discord.guild, name)
    category.told = {"type": CATEGORY}
    channel.told |= {"parent_id": str(category.id)}
    return category


async def test_rules_about_a_category_hold_in_a_thread_of_a_server_that_is_not_known(stopped: Studio) -> None:
    discord = stopped.discord
    music = put_in_category(stopped, discord.songs, "music")
    put_in_category(stopped, discord.lounge, "talk")
    await with_rules(stopped, channels=[music.id])
    here, elsewhere = add_thread(stopped, discord.songs), add_thread(stopped, discord.lounge)
    for number in range(2):
        await stopped.finished(f"In a thread {number}", channel=here)
    assert (await stopped.song("Not here", channel=elsewhere)).ephemeral
    assert len(stopped.rows()) == 2
    assert len(discord.made("GET", rf"/channels/{discord.songs.id}$")) == 1, "what Discord has said is remembered"


@pytest.mark.parametrize("hangs", [False, True])
async def test_where_nobody_says_what_a_thread_belongs_to_no_wish_is_taken(stopped: Studio, *, hangs: bool) -> None:
    discord = stopped.discord
    music = put_in_category(stopped, discord.songs, "music")
    await with_rules(stopped, channels=[music.id])
    place = rf"/channels/{discord.songs.id}$"
    if hangs:
        discord.hold("GET", place)
    else:
        discord.fail("GET", place, code=50001)
    refused = await stopped.song("Not here", channel=add_thread(stopped, discord.songs))
    assert refused.ephemeral
    assert f"<#{music.id}>" in refused.shown.content


async def test_the_role_of_everybody_is_a_role_as_well(stopped: Studio) -> None:
    await with_rules(stopped, roles=[stopped.discord.guild.id])
    await stopped.finished("For everybody")


async def test_a_reply_in_a_server_that_is_not_known_is_of_that_server(stopped: Studio) -> None:
    discord = stopped.discord
    discord.guild.kept_back = True
    await stopped.bot.start()
    card = await stopped.finished("Reply to me")
    sent = await discord.message(discord.alice, discord.songs, "softer", reply_to=await stopped.ping_of(card))
    asking = await discord.new_message(discord.songs, after=sent)
    (draft,) = stopped.rows("SELECT guild_id FROM drafts")
    assert draft["guild_id"] == discord.guild.id
    assert not (await discord.click(discord.alice, asking, "Start")).ephemeral
    await stopped.shows(asking, "Finished")


async def test_a_server_that_is_not_known_has_a_name_all_the_same(stopped: Studio) -> None:
    discord = stopped.discord
    discord.guild.kept_back = True
    await stopped.bot.start()
    for number in range(3):
        await stopped.running(f"In the way {number}")
    card = (await stopped.song("Whose server")).shown
    await stopped.until_row(card, lambda row: row["state"] == "queued")
    panel = await discord.context_menu(discord.mo, card, "Moderate")
    question = await discord.click(discord.mo, panel.shown, "Cancel")
    await discord.click(discord.mo, question.shown, "Yes, cancel it")
    told = await discord.new_message(discord.dm(discord.alice))
    assert "Studio" in told.content


@pytest.mark.parametrize("kind", [TEXT, VOICE, CATEGORY, NEWS, STAGE, FORUM, MEDIA])
async def test_hidden_channels_break_nothing(stopped: Studio, kind: int) -> None:
    discord = stopped.discord
    hidden = hide(stopped, kind)
    await stopped.bot.start()
    await stopped.finished("Beside hidden ones")
    for event in ("CHANNEL_UPDATE", "CHANNEL_CREATE"):
        await discord.gateway.dispatch(event, hidden.payload(), guild=discord.guild)
    assert (await discord.slash(discord.guild.owner, discord.songs, "settings")).ephemeral
    if kind in {TEXT, VOICE, STAGE}:  # a command from there: only its own payload tells what the bot may do
        await stopped.finished("From a hidden one", channel=hidden)
    assert stopped.bot.running


@pytest.mark.parametrize("kind", [VOICE, STAGE])
async def test_a_channel_of_which_the_command_alone_tells_breaks_nothing(stopped: Studio, kind: int) -> None:
    stopped.discord.guild.kept_back = True
    hidden = hide(stopped, kind)
    await stopped.bot.start()
    await stopped.finished("From a voice channel", channel=hidden)
