"""What keeps the operator's purse shut: limits of what is new, the budget over everything, the list of servers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import discord
import pytest

from bot.domain.audit import Act, Deed
from bot.domain.rules import EVERYWHERE, OVERALL, RuleChanges, Rules
from bot.domain.tasks import State
from tests.behaviour.conftest import NO_LIMITS, World, fill, labels, private, text_of

DAY_S = timedelta(days=1).total_seconds()
DAILY = {**NO_LIMITS, "new_server_daily_per_member": 1, "new_server_daily_per_server": 2}
BUDGET = {**NO_LIMITS, "first_monthly_usd": Decimal("0.50")}
NOT_SERVED = "has not allowed it in this server"
YES = "Yes, send it again"
LISTED = 900_000_000_000_000_001


def lines(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    """The facts of each line of the log that says this."""
    return [vars(one) for one in caplog.records if one.getMessage().startswith(message)]


# --- limits of what is new -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", [DAILY], indirect=True)
async def test_a_new_server_starts_with_daily_limits_that_its_admins_can_change(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    second = world.env.create_guild(name="Second")
    await world.env.settle()
    (joined,) = lines(caplog, "server joined")
    assert (joined["guild_id"], joined["daily_per_member"], joined["daily_per_server"]) == (second.id, 1, 2)
    role = world.guild.create_role("Admin", permissions=discord.Permissions(manage_guild=True))
    admin = world.guild.add_member(world.env.create_user("Ada"), roles=[role])
    shown = private(await admin.slash(world.channel, "settings"))
    assert "In one day: **1**" in shown
    assert "In one day: **2**" in shown

    await world.asked()
    assert "You have used up what you may ask for today" in private(
        await world.alice.slash(world.channel, "song", prompt="Another")
    )
    await world.app.service.ruling.change(world.guild.id, admin.id, RuleChanges(daily_per_member=None))
    await world.asked("Another")
    assert "here today is used up" in private(await world.bob.slash(world.channel, "song", prompt="A third"))


@pytest.mark.parametrize("world", [DAILY], indirect=True)
async def test_a_server_is_new_only_once_and_direct_messages_start_with_the_same(world: World) -> None:
    await world.asked()
    await world.app.service.ruling.change(world.guild.id, world.mo.id, RuleChanges(daily_per_member=None))
    world.changes |= {"new_server_daily_per_member": 5, "new_server_daily_per_server": None}
    await world.restart()
    await world.app.service.guests.joined(world.guild.id)
    servers = world.app.stores.servers
    assert (await servers.get(world.guild.id)).rules == Rules(daily_per_server=2)
    assert (await servers.get(EVERYWHERE)).rules == Rules(daily_per_member=1, daily_per_server=2)

    await world.alice.user.slash("song", prompt="Harbour")
    refused = await world.alice.user.slash("song", prompt="Another harbour")
    assert "You have used up what you may ask for today" in private(refused)


# --- the budget over everything --------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", [BUDGET], indirect=True)
async def test_the_first_budget_of_an_empty_database_holds_over_everything_and_is_told_privately(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.asked()
    await world.alice.user.slash("song", prompt="Directly")
    refused = await world.bob.slash(world.channel, "song", prompt="One too many")
    assert "This bot's own budget for this month, over all servers, leaves no room" in private(refused)
    await world.turn()
    (warned,) = lines(caplog, "most of the budget over everything is used")
    assert warned["monthly_usd"] == "0.50 of 0.50"

    caplog.set_level("INFO")
    world.changes |= {"first_monthly_usd": None}
    await world.restart()
    (told,) = lines(caplog, "a budget holds over everything")
    assert told["monthly_usd"] == "0.50"
    assert "own budget" in private(await world.bob.slash(world.channel, "song", prompt="After the restart"))
    deed = Deed(act=Act.RULES, guild_id=OVERALL, actor_id=None)
    await world.app.stores.servers.change_rules(OVERALL, RuleChanges(monthly_usd=None), deed)
    await world.restart()
    assert len(lines(caplog, "no budget holds over everything: `python -m bot rules set --everywhere")) == 1
    await world.asked("Once it is lifted", by=world.bob)


@pytest.mark.parametrize("world", [BUDGET], indirect=True)
async def test_one_more_try_needs_room_in_the_budget_over_everything(world: World) -> None:
    task = await world.uncertain()
    await world.alice.user.slash("song", prompt="The rest of it")
    asked = await world.alice.click(world.card(task), label="Try again")
    answer = await world.alice.click(asked.response, label=YES)
    assert "own budget for this month" in text_of(answer.response or answer.followups[-1])
    assert (await world.task(task.id)).state is State.UNCERTAIN


# --- the list of servers ---------------------------------------------------------------------------------------------


async def only(world: World, *guild_ids: int) -> None:
    """The operator sets the list of servers, and starts the bot again."""
    await world.env.settle()
    world.changes |= {"allowed_servers": guild_ids}
    await world.restart()


def guilds(world: World) -> set[int]:
    return {guild.id for guild in world.app.bot.guilds}


async def test_every_way_in_which_a_wish_comes_in_is_closed_in_a_server_that_is_not_in_the_list(world: World) -> None:
    unclear = await world.uncertain()
    song = await world.song("Harbour")
    ping = world.pings()[-1]
    asked = await world.bob.slash(world.channel, "song", prompt="Twice")
    again = await world.bob.slash(world.channel, "song", prompt="Twice")
    assert "Make another one?" in private(again)
    form = await world.alice.click(world.card(song), label="Edit & again")
    await only(world, world.env.create_guild(name="Home").id)

    creates = len(world.standin.creates)
    answers = [
        await world.alice.slash(world.channel, "song", prompt="New"),
        await world.alice.slash(world.channel, "lyrics", prompt="New"),
        await world.alice.slash(world.channel, "continue", song=str(song.id)),
        await fill(world.alice, form, prompt="Changed"),
        await world.alice.click(world.card(song), label="Again"),
        await world.alice.click(world.card(song), label="Continue"),
        await world.alice.context_menu(world.channel, "Continue this song", world.card(song)),
        await world.bob.click(again.response, label="Make another"),
        await world.alice.click((await world.alice.click(world.card(unclear), label="Try again")).response, label=YES),
    ]
    for number, answer in enumerate(answers):
        shown = [answer.response, *answer.followups]
        assert any(NOT_SERVED in text_of(one) for one in shown if one is not None), (number, answer)
    await world.alice.send(world.channel, "from 0:05, softer", reply_to=ping)
    assert not any(labels(message) == ["Start", "Edit", "Cancel"] for message in world.channel.history())
    assert (await world.task(unclear.id)).state is State.UNCERTAIN
    assert asked.response is not None
    assert len(world.standin.creates) == creates

    told = await world.alice.user.slash("song", prompt="Directly")
    assert told.response is not None
    assert not told.response.ephemeral


async def test_moderators_see_on_the_board_and_in_the_queue_that_their_server_is_not_in_the_list(world: World) -> None:
    def board() -> Any:
        (found,) = [one for one in world.channel.history() if one.embeds and one.embeds[0].title == "Live board"]
        return found

    await world.mo.click((await world.mo.slash(world.channel, "queue")).response, label="Live board")
    await world.turn()
    assert "Wishes are taken." in text_of(board())
    await only(world, world.env.create_guild(name="Home").id)
    await world.advance(16)

    queue: Any = (await world.mo.slash(world.channel, "queue")).response
    doors: Any = (await world.mo.click(queue, label="Pause & blocks")).response
    for one in (queue, doors, board()):
        said = str(one.embeds[0].to_dict())
        assert NOT_SERVED in said
        assert "Wishes are taken" not in said


async def test_a_server_that_is_in_already_gets_what_it_is_owed_and_is_left_after_a_day(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    task = await world.asked()
    home = world.env.create_guild(name="Home")
    await only(world, home.id)
    await world.turn()
    (told,) = lines(caplog, "server is not in ALLOWED_SERVERS")
    leave_at = world.clock() + timedelta(days=1)
    assert (told["guild_id"], told["leave_at"][:13]) == (world.guild.id, leave_at.isoformat()[:13])
    await world.until(State.COMPLETED, task.id, step_s=16)

    await world.env.advance_time(DAY_S / 2)
    await world.restart()
    await world.turn()
    assert guilds(world) == {world.guild.id, home.id}
    await world.env.advance_time(DAY_S / 2)
    await world.turn()
    assert guilds(world) == {home.id}
    assert await world.app.stores.servers.departures() != {}
    await world.turn()
    assert await world.app.stores.servers.departures() == {}


async def test_one_that_is_added_to_the_list_meanwhile_stays(world: World) -> None:
    home = world.env.create_guild(name="Home")
    await only(world, home.id)
    await world.turn()
    assert world.guild.id in await world.app.stores.servers.departures()
    await world.env.advance_time(DAY_S * 2)
    await only(world, home.id, world.guild.id)
    await world.turn()
    assert guilds(world) == {world.guild.id, home.id}
    await world.asked()
    await only(world)
    await world.turn()
    assert await world.app.stores.servers.departures() == {}


async def test_a_list_that_names_none_of_ours_empties_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await only(world, LISTED)
    for _ in range(3):
        await world.advance(DAY_S)
    assert guilds(world) == {world.guild.id}
    assert len(lines(caplog, "ALLOWED_SERVERS names no server that the bot is in")) == 1
    assert NOT_SERVED in private(await world.alice.slash(world.channel, "song", prompt="New"))


@pytest.mark.parametrize("open_to", ["system", "first", "none"])
async def test_a_server_that_is_joined_later_is_left_at_once_with_one_line_where_that_can_be_posted(
    world: World, open_to: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await only(world, world.guild.id)
    stranger = world.env.create_guild(name="Stranger")
    shut: Any = {stranger.default_role: discord.PermissionOverwrite(send_messages=False)}
    closed = {"system": {"rules"}, "first": {"rules", "system"}, "none": {"rules", "system", "lounge"}}[open_to]
    channels = {
        name: stranger.create_text_channel(name, overwrites=shut if name in closed else None)
        for name in ("rules", "lounge", "system")
    }
    world.env.backend.edit_guild(stranger.id, {"system_channel_id": channels["system"].id})
    await world.env.settle()
    await world.turn()
    await world.turn()
    assert guilds(world) == {world.guild.id}
    said = [one.path for one in world.requests("POST", "/messages") if not one.path.startswith("/webhooks")]
    told = {"system": ["system"], "first": ["lounge"], "none": []}[open_to]
    assert said == [f"/channels/{channels[name].id}/messages" for name in told]
    assert len(lines(caplog, "server joined that is not in ALLOWED_SERVERS")) == 1
    assert len(lines(caplog, "server left")) == 1


async def test_a_server_that_was_there_before_is_not_turned_away_whatever_discord_says(world: World) -> None:
    home = world.env.create_guild(name="Home")
    await only(world, home.id)
    guild = world.app.bot.get_guild(world.guild.id)
    assert guild is not None
    await world.app.bot.on_guild_join(guild)
    await world.env.advance_time(11 * 60)
    world.app.bot._here.clear()  # it was missing in what the gateway told of at first
    await world.app.bot.on_guild_join(guild)
    await world.turn()
    assert guilds(world) == {world.guild.id, home.id}
    assert world.guild.id in await world.app.stores.servers.departures()


async def test_the_log_says_that_anybody_can_add_a_public_bot(world: World, caplog: pytest.LogCaptureFixture) -> None:
    hints = [one.getMessage() for one in caplog.get_records("setup") if "switch Public Bot off" in one.getMessage()]
    assert len(hints) == 2, "at the start, and when it was added to a server"
