"""The live board: put up by moderators, kept up to date by itself, and the warning of a budget that is almost used."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import discord
import pytest

from bot.domain.audit import Act, Deed
from bot.domain.rules import Intake, RuleChanges
from bot.domain.tasks import State
from bot.store.audit import AuditStore
from bot.store.notices import NoticeStore
from tests.behaviour.conftest import Seen, World, labels, private, text_of

EDIT_EVERY_S = 15
LONGEST_LIFE_S = 50 * 60


def boards(world: World, channel: Any = None) -> list[discord.Message]:
    """The boards that stand in a channel."""
    messages = (channel or world.channel).history()
    return [one for one in messages if one.embeds and one.embeds[0].title == "Live board"]


def board(world: World, channel: Any = None) -> discord.Message:
    """The only one."""
    (found,) = boards(world, channel)
    return found


async def put_up(world: World, channel: Any = None) -> discord.Message:
    """A moderator asks for a board, and it is there."""
    answer = await world.mo.slash(channel or world.channel, "queue")
    pressed = await world.mo.click(answer.response, label="Live board")
    assert "appears in this channel" in private(pressed)
    await world.turn()
    return board(world, channel)


async def pause(world: World, note: str | None = "Tea until five", intake: Intake = Intake.PAUSED) -> None:
    deed = Deed(act=Act.INTAKE, guild_id=world.guild.id, actor_id=world.mo.id)
    await world.app.stores.servers.set_intake(world.guild.id, intake, note, deed)


def edits(world: World, message: discord.Message) -> int:
    """How often a message was edited."""
    return len(world.requests("PATCH", f"/messages/{message.id}"))


# --- putting up and keeping up to date -------------------------------------------------------------------------------


async def test_a_board_shows_how_the_server_stands_without_what_members_wrote(world: World) -> None:
    task = await world.asked("Slow secret blues")
    await pause(world)
    shown = await put_up(world)

    text = text_of(shown)
    assert "**Paused.**" in text
    assert "The moderators say: Tea until five" in text
    assert "in line **1**" in text
    assert f"[#{task.id}]({world.card(task).jump_url}) Song · <@{world.alice.id}> · <t:" in text
    assert "secret" not in text
    assert labels(shown) == ["Queue", "Take down"]


async def test_a_board_follows_what_happens(world: World) -> None:
    shown = await put_up(world)
    assert "Nothing is under way" in text_of(shown)
    await world.asked()
    await world.advance(EDIT_EVERY_S)
    assert "being made **1**" in text_of(board(world))
    await world.until(State.COMPLETED)
    await world.advance(EDIT_EVERY_S)
    assert "Nothing is under way" in text_of(board(world))
    await pause(world, None, Intake.DRAINING)
    await world.advance(EDIT_EVERY_S)
    assert "**Draining.**" in text_of(board(world))

    assert board(world).id == shown.id
    assert shown.content == ""


async def test_a_quiet_server_costs_no_edit_and_no_message(world: World) -> None:
    shown = await put_up(world)
    begin = len(world.env.http_requests)
    for _ in range(40):
        await world.advance(LONGEST_LIFE_S / 10)

    assert world.env.http_requests[begin:] == []
    assert board(world).id == shown.id


async def test_a_time_that_passes_is_no_reason_for_an_edit(world: World) -> None:
    await world.asked()
    await pause(world)
    shown = await put_up(world)
    assert "in line **1**" in text_of(shown)
    for _ in range(20):
        await world.advance(60)

    assert edits(world, shown) == 0


async def test_a_busy_server_costs_one_edit_in_fifteen_seconds(world: World) -> None:
    shown = await put_up(world)
    for second in range(60):
        await pause(world, f"Note {second}")
        await world.advance(1)

    assert edits(world, shown) == 60 // EDIT_EVERY_S


async def test_a_restart_changes_nothing_and_the_board_goes_on(world: World) -> None:
    shown = await put_up(world)
    await world.restart()
    await world.advance(EDIT_EVERY_S)
    assert edits(world, shown) == 0
    await pause(world)
    await world.advance(EDIT_EVERY_S)

    assert board(world).id == shown.id
    assert "Tea until five" in text_of(board(world))


async def test_what_the_last_process_was_sending_is_replaced(world: World) -> None:
    """It died between Discord's answer and the row, and came back too late for the nonce."""
    await put_up(world)
    await world.restart(
        "UPDATE boards SET sending_at = posted_at, message_id = NULL, posted_at = NULL, looks = NULL, drawn_at = NULL"
    )
    await world.advance(600)

    kept = await NoticeStore(world.app.database, world.clock).board(world.channel.id)
    assert kept is not None
    assert board(world).id == kept.message_id
    await pause(world)
    await world.advance(EDIT_EVERY_S)
    assert "Tea until five" in text_of(board(world))


async def test_each_channel_has_its_own_board(world: World) -> None:
    await put_up(world)
    await put_up(world, world.other_channel)
    await pause(world)
    await world.advance(EDIT_EVERY_S)

    for channel in (world.channel, world.other_channel):
        assert "Tea until five" in text_of(board(world, channel))


async def test_asked_for_again_a_fresh_board_takes_the_place_of_the_old_one(world: World) -> None:
    first = await put_up(world)
    await world.alice.send(world.channel, "A long talk")
    second = await put_up(world)

    assert second.id != first.id
    assert world.channel.history()[-1].id == second.id


async def test_after_fifty_minutes_a_change_is_shown_by_a_fresh_message(world: World) -> None:
    first = await put_up(world)
    await pause(world)
    await world.advance(LONGEST_LIFE_S - 1)
    assert board(world).id == first.id
    await pause(world, "Until six")
    await world.advance(EDIT_EVERY_S)

    assert board(world).id != first.id
    assert "Until six" in text_of(board(world))


# --- taken down and deleted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quiet_s", [EDIT_EVERY_S, 2 * LONGEST_LIFE_S])
async def test_a_board_that_somebody_deletes_stays_deleted_until_it_is_asked_for(world: World, quiet_s: int) -> None:
    await world.mo.delete(await put_up(world))
    await world.advance(quiet_s)
    await pause(world)
    await world.advance(EDIT_EVERY_S)
    await pause(world, "Until six")
    await world.advance(EDIT_EVERY_S)
    assert boards(world) == []
    await put_up(world)

    assert "Until six" in text_of(board(world))


async def test_a_board_whose_channel_is_closed_to_the_bot_is_forgotten_after_an_hour(world: World) -> None:
    await put_up(world)
    world.app.engine.crier.monotonic = lambda: world.clock().timestamp()
    world.env.inject_error("PATCH", "/channels/*", status=403, code=50001, times=None)
    world.env.inject_error("DELETE", "/channels/*", status=403, code=50001, times=None)
    await pause(world)
    await world.advance(EDIT_EVERY_S)
    assert await NoticeStore(world.app.database, world.clock).board(world.channel.id) is not None
    for _ in range(3):
        await world.advance(1300)
    begin = len(world.env.http_requests)
    await pause(world, "Until six")
    await world.advance(EDIT_EVERY_S)

    assert world.env.http_requests[begin:] == []
    assert await NoticeStore(world.app.database, world.clock).board(world.channel.id) is None


async def test_a_passing_failure_is_overcome(world: World) -> None:
    await put_up(world)
    world.app.engine.crier.monotonic = lambda: world.clock().timestamp()
    world.env.inject_error("PATCH", "/channels/*", status=503, times=1)
    await pause(world)
    await world.advance(EDIT_EVERY_S)
    assert "Tea until five" not in text_of(board(world))
    await world.advance(EDIT_EVERY_S)

    assert "Tea until five" in text_of(board(world))


async def test_a_moderator_takes_a_board_down(world: World) -> None:
    await world.mo.click(await put_up(world), label="Take down")
    await pause(world)
    await world.advance(EDIT_EVERY_S)

    assert boards(world) == []
    lines = await AuditStore(world.app.database).page(world.guild.id, acts=[Act.BOARD], skip=0, limit=9)
    assert [(line.actor_id, line.before, line.after) for line in lines] == [
        (world.mo.id, {"channel_id": world.channel.id}, {}),
        (world.mo.id, {}, {"channel_id": world.channel.id}),
    ]


async def test_whoever_put_a_board_up_takes_it_down_from_the_answer(world: World) -> None:
    shown = await world.mo.slash(world.channel, "queue")
    answer = await world.mo.click(shown.response, label="Live board")
    await world.turn()
    assert len(boards(world)) == 1

    down = await world.mo.click(answer.response, label="Take down")

    assert "no live board in this channel any more" in text_of(down.response)
    assert boards(world) == []
    assert await NoticeStore(world.app.database, world.clock).board(world.channel.id) is None


async def test_a_board_that_is_being_replaced_is_taken_down_whole(world: World) -> None:
    old = await put_up(world)
    world.env.inject_error("DELETE", f"/channels/{world.channel.id}/messages/{old.id}", status=500, times=1)
    shown = await world.mo.slash(world.channel, "queue")
    await world.mo.click(shown.response, label="Live board")
    await world.turn()
    assert len(boards(world)) == 2

    await world.mo.click(old, label="Take down")

    assert boards(world) == []
    assert await NoticeStore(world.app.database, world.clock).board(world.channel.id) is None


async def test_a_board_that_nobody_keeps_up_to_date_can_be_taken_down(world: World) -> None:
    shown = await put_up(world)
    await world.restart("DELETE FROM boards")
    await world.mo.click(shown, label="Take down")

    assert boards(world) == []
    assert len(await AuditStore(world.app.database).page(world.guild.id, acts=[Act.BOARD], skip=0, limit=9)) == 1


async def test_a_server_that_is_gone_takes_its_boards_with_it(world: World) -> None:
    await put_up(world)
    world.env.backend.remove_guild(world.guild.id)
    await world.env.settle()

    assert await NoticeStore(world.app.database, world.clock).board(world.channel.id) is None


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Queue", "Take down"])
async def test_members_can_not_use_the_buttons_of_a_board(world: World, label: str) -> None:
    shown = await put_up(world)

    assert private(await world.alice.click(shown, label=label)).startswith("Only moderators of this server")
    assert board(world).id == shown.id


async def test_moderators_see_the_queue_privately(world: World) -> None:
    await world.asked("Alpha")

    assert "Alpha" in private(await world.mo.click(await put_up(world), label="Queue"))


@pytest.mark.parametrize("press", ["board", "board_queue", "board_down"])
async def test_a_button_made_by_hand_helps_nobody(world: World, press: str) -> None:
    seen = Seen(world, await put_up(world)).with_button(f"encore:{press}:0")

    answer = await seen.press(world.bob, f"encore:{press}:0")
    assert private(answer).startswith("Only moderators of this server")
    await world.turn()
    assert len(boards(world)) == 1


async def test_a_moderator_of_another_server_reaches_only_their_own(world: World) -> None:
    shown = await put_up(world)
    elsewhere = world.env.create_guild(name="Elsewhere", owner=world.bob.user)
    channel = elsewhere.create_text_channel("songs")
    boss = elsewhere.add_member(world.bob.user)
    await boss.slash(channel, "song", prompt="Bob's")
    await Seen(world, channel.last_message).with_button("encore:board_down:0").press(boss, "encore:board_down:0")
    await pause(world)
    await world.advance(EDIT_EVERY_S)

    assert board(world).id == shown.id
    assert "Tea until five" in text_of(board(world))


# --- the budget ------------------------------------------------------------------------------------------------------


async def limited(world: World, **rules: Any) -> None:
    deed = Deed(act=Act.RULES, guild_id=world.guild.id, actor_id=world.mo.id)
    values = {"monthly_songs": 5, "waiting_per_member": 99, "warning_channel_id": world.other_channel.id, **rules}
    await world.app.stores.servers.change_rules(world.guild.id, RuleChanges(**values), deed)


def warnings(world: World) -> list[str]:
    return [message.content for message in world.other_channel.history() if "budget" in message.content]


async def test_a_server_is_warned_once_that_most_of_its_budget_is_used(world: World) -> None:
    await limited(world, monthly_usd=Decimal("9.00"))
    for number in range(5):
        await world.asked(f"Song {number}")
        await world.turn()
        assert len(warnings(world)) == (number >= 3)
    await world.restart()
    await world.turn()

    (text,) = warnings(world)
    assert text.startswith("Most of this month's budget is used: 4 of 5 songs, $")
    assert text.endswith(" of $9.00.")


async def test_neither_a_board_nor_a_warning_pings_anybody(world: World) -> None:
    await limited(world, monthly_songs=1)
    await world.asked()
    await put_up(world, world.other_channel)

    told = world.requests("POST", f"/channels/{world.other_channel.id}/messages")
    assert [one.json["allowed_mentions"] for one in told] == [{"parse": []}] * 2


@pytest.mark.parametrize("rules", [{"warning_channel_id": None}, {"warning_channel_id": 1}])
async def test_a_warning_without_a_channel_to_tell_it_in_is_cleared(world: World, rules: dict[str, Any]) -> None:
    await limited(world, monthly_songs=1, **rules)
    await world.asked()
    await world.turn()

    assert warnings(world) == []
    assert await NoticeStore(world.app.database, world.clock).warnings_due() == []


async def test_a_warning_that_can_not_be_sent_now_is_sent_later(world: World) -> None:
    world.app.engine.crier.monotonic = lambda: world.clock().timestamp()
    await limited(world, monthly_songs=1)
    world.env.inject_error("POST", f"/channels/{world.other_channel.id}/messages", status=503, times=1)
    await world.asked()
    await world.turn()
    assert warnings(world) == []
    await world.advance(60)

    assert len(warnings(world)) == 1


async def test_a_warning_that_came_too_early_comes_again(world: World) -> None:
    """What was asked for counted until it was cancelled."""
    await limited(world, monthly_songs=2)
    await world.song()
    task = await world.asked("Another")
    await world.alice.click(world.card(task), label="Cancel")
    await world.turn()
    assert warnings(world) == []
    await world.asked("And another")
    await world.turn()

    assert len(warnings(world)) == 1


async def test_the_next_month_has_a_warning_of_its_own(world: World) -> None:
    await limited(world, monthly_songs=1)
    await world.song()
    next_month = datetime(2026, 2, 1, 1, tzinfo=UTC)
    await world.advance((next_month - world.clock()).total_seconds())
    await world.asked("In February")
    await world.turn()

    assert len(warnings(world)) == 2
