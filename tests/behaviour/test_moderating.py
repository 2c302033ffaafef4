"""What moderators do in their own server: by whom, only after a second press, told to whom, and kept in the audit."""

import shutil
from typing import Any

import discord
import pytest

from bot.domain.rules import RuleChanges
from bot.domain.tasks import State
from bot.domain.transitions import Part, Retried
from tests.behaviour.conftest import Seen, World, control, files_of, fill, labels, private, text_of
from tests.behaviour.test_queue import audit, queue

ADMIN = discord.Permissions(administrator=True)
EVERYBODY_WHO_MAY = ["mo", "admin"]


async def person(world: World, who: str) -> Any:
    """Mo, or an admin who has no other right by name."""
    if who != "admin":
        return getattr(world, who)
    role = world.guild.create_role("Admin", permissions=ADMIN)
    return world.guild.add_member(world.env.create_user("Ada"), roles=[role])


async def panel(world: World, actor: Any, task_id: int = 1, *, lane: str = "0") -> Any:
    """The private answer with what can be done to a task, opened from the queue."""
    shown = await queue(world, actor)
    if lane != "0":
        shown = (await actor.select(shown, [lane], custom_id=control(shown, "queue_lane"))).response
    return (await actor.select(shown, [str(task_id)], custom_id=control(shown, "queue_task"))).response


async def songs(world: World) -> Any:
    """A private answer of Bob's own."""
    return (await world.bob.slash(world.channel, "songs")).response


async def done(actor: Any, shown: Any, label: str, surely: str, *, way_back: bool = True) -> str:
    """Press a button and then the one that confirms it; gives what is said then. From a card there is no way back."""
    asked = (await actor.click(shown, label=label)).response
    assert labels(asked.message) == ([surely, "Back"] if way_back else [surely])
    return text_of((await actor.click(asked, label=surely)).response)


FINISHED = "6"


# --- tasks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_what_waits_is_cancelled_and_its_member_hears_by_whom(world: World, who: str) -> None:
    actor = await person(world, who)
    await world.asked("Harbour")
    shown = await panel(world, actor)
    assert labels(shown.message) == ["Cancel", "Block the member", "Go to the card"]

    asked = (await actor.click(shown, label="Cancel")).response
    assert "Cancel **Harbour**?" in text_of(asked)
    assert (await world.task()).state is State.QUEUED
    await actor.click(asked, label="Yes, cancel it")
    task = await world.until(State.CANCELLED, step_s=2)

    assert "Cancelled before it was sent" in text_of(world.card(task))
    assert world.standin.creates == []
    (told,) = world.dms()
    assert told.content.startswith("The moderators of **Studio** have cancelled your **Harbour**")
    assert f"<@{actor.id}> · **cancelled** · `#1` · <@{world.alice.id}>" in text_of(await audit(world))


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_an_unclear_song_is_sent_once_more_by_a_moderator(world: World, who: str) -> None:
    actor = await person(world, who)
    await world.uncertain()
    shown = await panel(world, actor)
    assert labels(shown.message) == ["Try again", "Drop", "Block the member", "Go to the card"]

    asked = (await actor.click(shown, label="Try again")).response
    assert "may cost a second time" in text_of(asked)
    assert len(world.standin.creates) == 1
    seen = Seen(world, asked.message)
    await actor.click(asked, label="Yes, send it again")
    second = await seen.press(actor, "encore:mod_retry:1:1")
    await world.until(State.COMPLETED, step_s=16)

    assert private(second).startswith("Too late")
    assert len(world.standin.creates) == 2
    assert "sent once more" in text_of(await audit(world))
    assert any("have sent your" in told.content for told in world.dms())


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_an_unclear_song_is_dropped_by_a_moderator(world: World, who: str) -> None:
    actor = await person(world, who)
    await world.uncertain()

    assert await done(actor, await panel(world, actor), "Drop", "Yes, drop it") == "Dropped."
    task = await world.until(State.CANCELLED, step_s=2)

    assert "If TokenLab did take it" in text_of(world.card(task))
    assert len(world.standin.creates) == 1
    assert "have dropped your" in world.dms()[-1].content
    assert "state: unclear → cancelled" in text_of(await audit(world))


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_a_finished_song_is_delivered_again_without_asking_the_provider(world: World, who: str) -> None:
    actor = await person(world, who)
    task = await world.song("Harbour")
    card, asked = text_of(world.card(task)), len(world.standin.requests)
    assert len(world.pings()) == 1

    await done(actor, await panel(world, actor, lane=FINISHED), "Deliver again", "Yes, deliver it")
    await world.advance(2)

    again = world.card(await world.task())
    assert (text_of(again), len(files_of(again))) == (card, 1)
    assert len(world.pings()) == 2
    assert len(world.standin.requests) == asked
    assert f"<@{actor.id}> · **delivered again** · `#1`" in text_of(await audit(world))


async def test_a_song_whose_card_was_deleted_comes_directly(world: World) -> None:
    task = await world.song("Harbour")
    await world.mo.delete(world.card(task))

    await done(world.mo, await panel(world, world.mo, lane=FINISHED), "Deliver again", "Yes, deliver it")
    await world.advance(2)
    assert len(world.dms()) == 1
    assert (await world.task()).card_lost == "card_deleted"
    shown = await panel(world, world.mo, lane=FINISHED)
    assert "Its card can't be reached" in text_of(shown)
    await done(world.mo, shown, "Deliver again", "Yes, deliver it")
    await world.advance(2)

    assert ["Finished" in text_of(told) for told in world.dms()] == [True, True]
    assert len(world.standin.creates) == 1


async def test_a_song_whose_card_was_lost_is_found_again_once_the_channel_opens(world: World) -> None:
    await world.asked("Harbour")
    await world.turn()
    await world.env.advance_time(20 * 60)
    world.env.inject_error("PATCH", "/channels/*", status=403, code=50001, times=None)
    await world.advance(16)
    await world.advance(2)
    task = await world.task()
    assert (task.state, task.card_lost) == (State.COMPLETED, "no_channel")
    assert "Finished" not in text_of(world.card(task))
    world.env.backend.faults.clear()

    await done(world.mo, await panel(world, world.mo, lane=FINISHED), "Deliver again", "Yes, deliver it")
    await world.advance(2)

    task = await world.task()
    assert task.card_lost is None
    assert "Finished" in text_of(world.card(task))
    assert len(files_of(world.card(task))) == 1


async def test_a_song_whose_audio_was_given_up_is_fetched_anew_when_it_is_delivered_again(world: World) -> None:
    await world.asked("Harbour")
    await world.turn()
    world.standin.faults.on_media("gone", times=None)
    world.standin.finish(world.standin.creates[0].id)
    await world.until(State.COMPLETED, step_s=6)
    await world.advance(6)
    task = await world.task()
    assert (task.media_wanted, task.media) == (False, ())
    world.standin.faults.clear()

    await done(world.mo, await panel(world, world.mo, lane=FINISHED), "Deliver again", "Yes, deliver it")
    await world.advance(2)

    assert len(files_of(world.card(await world.task()))) == 1
    assert len(world.standin.creates) == 1


@pytest.mark.parametrize("fault", [None, "expired"])
async def test_a_file_that_is_not_kept_any_more_is_fetched_anew_for_the_one_direct_message(
    world: World, fault: str | None
) -> None:
    task = await world.song("Harbour")
    await world.env.advance_time(3 * 24 * 3600)
    await world.mo.delete(world.card(task))
    shutil.rmtree(world.folder / "media")
    (world.folder / "media").mkdir()
    if fault is not None:
        world.standin.faults.on_media(fault, times=None)
        world.standin.faults.on_status("completed_fresh_address")

    await done(world.mo, await panel(world, world.mo, lane=FINISHED), "Deliver again", "Yes, deliver it")
    for _ in range(3):
        await world.advance(31)

    (told,) = world.dms()
    assert len(files_of(told)) == 1


async def test_one_confirmation_delivers_once(world: World) -> None:
    await world.song("Harbour")
    asked = (await world.mo.click(await panel(world, world.mo, lane=FINISHED), label="Deliver again")).response
    seen = Seen(world, asked.message)
    surely, _ = [child.custom_id for row in asked.message.components for child in row.children]

    await seen.press(world.mo, surely)
    second = await seen.press(world.mo, surely)
    await world.advance(2)

    assert private(second).startswith("Too late")
    assert len(world.pings()) == 2


async def test_what_has_moved_on_is_not_decided_about(world: World) -> None:
    await world.asked("Harbour")
    shown = await panel(world, world.mo)
    await world.turn()

    assert private(await world.mo.click(shown, label="Cancel")).startswith("Too late")
    assert (await world.task()).state is State.RUNNING


@pytest.mark.parametrize("on", ["card", "ping"])
async def test_the_message_menu_opens_the_same_on_whatever_shows_a_song(world: World, on: str) -> None:
    task = await world.song("Harbour")
    target = world.card(task) if on == "card" else world.pings()[0]

    answer = await world.mo.context_menu(world.channel, "Moderate", target)

    assert answer.response.ephemeral
    assert labels(answer.response.message) == ["Deliver again", "Block the member", "Go to the card"]


async def test_the_message_menu_needs_a_song(world: World) -> None:
    message = await world.alice.send(world.channel, "Good morning")

    answer = await world.mo.context_menu(world.channel, "Moderate", message)

    assert "does not show a song of mine" in private(answer)


async def test_a_moderators_press_on_a_card_is_told_and_kept_too(world: World) -> None:
    assert await done(world.mo, world.card(await world.asked("Harbour")), "Cancel", "Yes, cancel it", way_back=False)

    (told,) = world.dms()
    assert "have cancelled your **Harbour**" in told.content
    assert f"<@{world.mo.id}> · **cancelled**" in text_of(await audit(world))


async def test_a_moderators_press_on_an_unclear_card_asks_before_it_lets_go(world: World) -> None:
    card = world.card(await world.uncertain())

    asked = (await world.mo.click(card, label="Drop")).response
    assert (await world.task()).state is State.UNCERTAIN
    await world.mo.click(asked, label="Yes, drop it")

    assert (await world.task()).state is State.CANCELLED
    assert "have dropped your" in world.dms()[-1].content


async def test_whoever_manages_the_messages_of_one_channel_has_a_say_on_its_cards_and_not_on_the_server(
    world: World,
) -> None:
    may = discord.PermissionOverwrite(manage_messages=True)
    own = world.guild.create_text_channel("den", overwrites={world.bob: may})
    await world.alice.slash(own, "song", prompt="Harbour")
    card = own.last_message

    assert "Only moderators of this server" in private(await world.bob.slash(own, "queue"))
    assert "Only moderators of this server" in private(await world.bob.context_menu(own, "Moderate", card))
    await done(world.bob, card, "Cancel", "Yes, cancel it", way_back=False)

    assert (await world.task()).state is State.CANCELLED


async def test_a_member_who_wants_to_hear_of_nothing_hears_of_nothing(world: World) -> None:
    shown = (await world.alice.slash(world.channel, "preferences")).response
    await world.alice.select(shown, ["silent"], custom_id=f"encore:menu:prefer_telling:{world.alice.id}")

    await done(world.mo, world.card(await world.asked("Harbour")), "Cancel", "Yes, cancel it", way_back=False)

    assert (await world.task()).state is State.CANCELLED
    assert world.dms() == []


async def test_closed_direct_messages_are_no_trouble(world: World) -> None:
    task = await world.asked("Harbour")
    world.env.inject_error("POST", "/channels/*", status=403, code=50007, times=1)

    asked = (await world.mo.click(world.card(task), label="Cancel")).response
    answer = await world.mo.click(asked, label="Yes, cancel it")

    assert text_of(answer.response) == "Cancelled; the card shows it."
    assert [one.content for one in answer.followups] == ["The member could not be told directly."]
    assert world.dms() == []


async def test_what_was_done_is_told_even_if_discord_does_not_take_the_answer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.asked("Harbour")
    form = await world.mo.click(await panel(world, world.mo), label="Block the member")
    world.env.inject_error("POST", "/interactions/*", status=404, code=10062, times=1)

    await fill(world.mo, form, reason="Too loud")

    (told,) = world.dms()
    assert "have blocked you" in told.content
    caplog.clear()  # the answer was lost, and that is an error


async def test_from_a_question_one_gets_back_to_what_can_be_done(world: World) -> None:
    await world.asked("Harbour")
    shown = await panel(world, world.mo)
    before = labels(shown.message)

    asked = (await world.mo.click(shown, label="Cancel")).response
    back = (await world.mo.click(asked, label="Back")).response

    assert (labels(back.message), back.message.content) == (before, "")
    assert (await world.task()).state is State.QUEUED


async def test_a_song_that_was_sent_once_is_cancelled_with_true_words(world: World) -> None:
    await world.uncertain()
    await world.app.stores.tasks.apply(await world.task(), Retried(by=Part.MEMBER))

    asked = (await world.mo.click(await panel(world, world.mo), label="Cancel")).response

    assert "an earlier try may have been charged" in text_of(asked)


# --- members ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_a_blocked_member_is_told_why_and_may_not_ask_until_then(world: World, who: str) -> None:
    actor = await person(world, who)
    await world.asked("Harbour")
    form = await actor.click(await panel(world, actor), label="Block the member")
    answer = await fill(actor, form, reason="Too *loud*", until="2h")

    assert f"<@{world.alice.id}> may not ask here any more: until <t:" in text_of(answer.response)
    (told,) = world.dms()
    assert "have blocked you from asking there: until <t:" in told.content
    assert told.content.endswith("The moderators say: Too \\*loud\\*")
    assert "have blocked you" in private(await world.alice.slash(world.channel, "song", prompt="Again"))
    shown = text_of(await audit(world))
    assert f"<@{actor.id}> · **blocked** · <@{world.alice.id}> · blocked: no → until <t:" in shown
    await world.env.advance_time(2 * 3600 + 1)
    await world.asked("Later")


async def test_a_block_for_good_ends_when_a_moderator_says_so(world: World) -> None:
    await world.asked("Harbour")
    await fill(world.mo, await world.mo.click(await panel(world, world.mo), label="Block the member"))
    await world.env.advance_time(400 * 24 * 3600)
    assert "blocked you" in private(await world.alice.slash(world.channel, "song", prompt="Again"))
    doors = (await world.mo.click(await queue(world), label="Pause & blocks")).response
    assert f"`1` <@{world.alice.id}> · for good" in text_of(doors)

    picked = await world.mo.select(doors, [str(world.alice.id)], custom_id="encore:menu:mod_let_in:0")
    assert "Let" in text_of(picked.response)
    answer = await world.mo.click(picked.response, label="Yes, unblock")

    assert "may ask here again" in text_of(answer.response)
    assert "let you ask there again" in world.dms()[-1].content
    await world.asked("Later")
    assert "blocked: for good → no" in text_of(await audit(world))
    doors = (await world.mo.click(await queue(world), label="Pause & blocks")).response
    assert f"<@{world.alice.id}>" not in text_of(doors)


async def test_a_blocked_member_is_unblocked_from_their_task_too(world: World) -> None:
    await world.asked("Harbour")
    await fill(world.mo, await world.mo.click(await panel(world, world.mo), label="Block the member"))
    asked = (await world.mo.click(await panel(world, world.mo), label="Unblock the member")).response
    seen = Seen(world, asked.message)

    await world.mo.click(asked, label="Yes, unblock")

    await world.asked("Later")
    again = private(await seen.press(world.mo, f"encore:mod_unblock:{world.alice.id}:1"))
    assert again.startswith("This member is not blocked")


async def test_somebody_who_never_asked_is_blocked_from_the_menu_and_a_stranger_is_not(world: World) -> None:
    doors = (await world.mo.click(await queue(world), label="Pause & blocks")).response
    form = await world.mo.select(doors, [world.bob], custom_id="encore:menu:mod_pick:0")
    answer = await fill(world.mo, form, reason="Spam", until="2 weeks")
    assert f"<@{world.bob.id}> may not ask here any more" in text_of(answer.response)

    stranger, told = world.env.create_user("Stranger"), len(world.requests("POST", "/users/@me/channels"))
    seen = Seen(world, doors.message)
    answer = await seen.submit(world.mo, f"encore:form:mod_block:{stranger.id}", reason="x", until="")

    assert "I know nobody like that in this server" in private(answer)
    assert len(world.requests("POST", "/users/@me/channels")) == told


async def test_blocks_are_told_in_the_language_of_the_server(world: World) -> None:
    await world.asked("Harbour")
    await world.app.service.ruling.change(world.guild.id, world.mo.id, RuleChanges(locale="de"))
    await fill(world.mo, await world.mo.click(await panel(world, world.mo), label="Block the member"), reason="Laut")
    await world.mo.click(await panel(world, world.mo), label="Unblock the member")
    assert "hat dich" in world.dms()[-1].content


async def test_a_form_that_was_opened_before_another_moderator_acted_overrules_nobody(world: World) -> None:
    doors = (await world.mo.click(await queue(world), label="Pause & blocks")).response
    drain = await world.mo.click(doors, label="Drain")
    await fill(world.mo, await world.mo.click(doors, label="Pause"), note="Raid! Back at 8")

    answer = await fill(world.mo, drain, note="Tea")

    assert "has changed since you opened the form" in private(answer)
    assert await answer.response.attachments[0].read() == b"Tea"
    assert "Raid! Back at 8" in private(await world.alice.slash(world.channel, "song", prompt="Later"))


async def test_a_moment_that_nobody_understands_blocks_nobody_and_gives_the_words_back(world: World) -> None:
    await world.asked("Harbour")
    form = await world.mo.click(await panel(world, world.mo), label="Block the member")

    answer = await fill(world.mo, form, reason="Too loud", until="soon")

    assert "I don't understand until when" in private(answer)
    assert answer.response.message.attachments
    assert answer.followups == []
    await world.asked("Again")
    once_more = await world.mo.click(answer.response, label="Block the member")
    await fill(world.mo, once_more, reason="Too loud", until="1h")
    assert "may not ask here any more" in text_of(answer.response)
    assert answer.response.attachments == []
    assert len(world.dms()) == 1


# --- the server ------------------------------------------------------------------------------------------------------


async def intake(world: World, actor: Any, label: str, note: str = "") -> Any:
    doors = (await actor.click(await queue(world, actor), label="Pause & blocks")).response
    return await fill(actor, await actor.click(doors, label=label), note=note)


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_a_paused_server_holds_the_line_tells_everybody_why_and_goes_on_when_told(world: World, who: str) -> None:
    actor = await person(world, who)
    await world.asked("Harbour")

    answer = await intake(world, actor, "Pause", "Back at @everyone 8")
    assert "**Paused.**" in text_of(answer.response)
    posted = world.channel.last_message
    assert not posted.mention_everyone
    assert "takes no new wishes at the moment" in posted.content
    assert "@\u200beveryone 8" in posted.content
    (sent,) = world.requests("POST", f"/channels/{world.channel.id}/messages")
    assert sent.json["allowed_mentions"] == {"parse": []}
    await world.advance(30)
    assert (await world.task()).state is State.QUEUED
    assert "have paused it" in text_of(world.card(await world.task()))
    refused = private(await world.bob.slash(world.channel, "song", prompt="Later"))
    assert "o new wishes are taken here" in refused
    assert "The moderators say: Back at" in refused

    await intake(world, actor, "Take wishes again")
    assert "takes wishes again" in world.channel.last_message.content
    await world.advance(2)
    assert (await world.task()).state is State.RUNNING
    shown = text_of(await audit(world))
    assert "intake: wishes are taken → paused" in shown
    assert "intake: paused → wishes are taken" in shown


@pytest.mark.parametrize("who", EVERYBODY_WHO_MAY)
async def test_a_draining_server_takes_nothing_and_finishes_what_was_asked(world: World, who: str) -> None:
    actor = await person(world, who)
    await world.asked("Harbour")

    await intake(world, actor, "Drain")
    assert "What was asked for is still made" in world.channel.last_message.content
    assert "o new wishes are taken here" in private(await world.bob.slash(world.channel, "song", prompt="Later"))
    assert "**Draining.**" in text_of(await queue(world))
    await world.advance(2)

    assert (await world.task()).state is State.RUNNING


async def test_everybody_is_told_in_the_language_of_the_servers_cards(world: World) -> None:
    german = "INSERT OR REPLACE INTO servers (guild_id, rules, intake) VALUES ({}, '{{\"locale\": \"de\"}}', 'open')"
    await world.restart(german.format(world.guild.id))

    answer = await intake(world, world.mo, "Pause", "Tee")

    assert "Nothing new is taken" in text_of(answer.response)
    assert "Die Moderation sagt: Tee" in world.channel.last_message.content


async def test_pausing_twice_with_the_same_words_is_no_act(world: World) -> None:
    await intake(world, world.mo, "Pause", "Lunch")

    answer = await intake(world, world.mo, "Pause", "Lunch")

    assert "It is like that already" in private(answer)
    assert answer.followups == []
    assert text_of(await audit(world)).count("intake:") == 1


async def test_a_channel_that_takes_no_note_is_told_to_the_moderator(world: World) -> None:
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50013, times=1)

    answer = await intake(world, world.mo, "Pause")

    assert "could not post that here" in text_of(answer.followups[0])
    assert "o new wishes are taken here" in private(await world.bob.slash(world.channel, "song", prompt="Later"))


# --- who may not -----------------------------------------------------------------------------------------------------

FORGED = [
    "encore:mod_cancel:1", "encore:mod_cancel:1:0", "encore:mod_retry:1:0", "encore:mod_drop:1:0",
    "encore:mod_redeliver:1:1", "encore:mod_block:7", "encore:mod_unblock:7:1", "encore:mod_doors:0",
    "encore:mod_intake:1", "encore:audit:0", "encore:queue:queue:0:0:0:0",
]  # fmt: skip
"""Custom ids that somebody may guess."""


@pytest.mark.parametrize("custom_id", FORGED)
async def test_a_member_who_forges_a_moderators_button_is_refused_wherever_they_press_it(
    world: World, custom_id: str
) -> None:
    card = Seen(world, world.card(await world.asked("Harbour")))
    await world.asked("Lake", by=world.bob)
    own = Seen(world, (await songs(world)).message)

    assert private(await card.with_button(custom_id).press(world.bob, custom_id)).startswith(
        "Only moderators of this server"
    )
    assert not (await own.press(world.bob, custom_id)).acknowledged  # no button of that message: not ours to answer
    assert (await world.task()).state is State.QUEUED
    assert "Nothing has been done yet" in text_of(await audit(world))


@pytest.mark.parametrize(("form", "values"), [("mod_block:7", ["reason", "until"]), ("mod_intake:1:9", ["note"])])
async def test_a_member_who_forges_a_moderators_form_is_refused(world: World, form: str, values: list[str]) -> None:
    card = world.card(await world.asked("Lake", by=world.bob))
    own = (await songs(world)).message

    for message in (card, own):
        answer = await Seen(world, message).submit(world.bob, f"encore:form:{form}", **dict.fromkeys(values, ""))
        assert private(answer).startswith("Only moderators of this server")
    assert "Nothing has been done yet" in text_of(await audit(world))


@pytest.mark.parametrize("custom_id", [one for one in FORGED if ":1" in one and "intake" not in one])
async def test_a_moderator_of_another_server_reaches_nothing_here(world: World, custom_id: str) -> None:
    await world.asked("Harbour")
    elsewhere = world.env.create_guild(name="Elsewhere", owner=world.mo.user)
    channel = elsewhere.create_text_channel("songs")
    boss = elsewhere.add_member(world.mo.user)
    shown: Any = (await boss.slash(channel, "queue")).response

    answer = await Seen(world, shown.message).with_button(custom_id).press(boss, custom_id)

    refusal = "This member is not blocked" if "unblock" in custom_id else "I can't find that song"
    assert private(answer).startswith(refusal)
    assert (await world.task()).state is State.QUEUED
    assert "Nothing has been done yet" in text_of(await audit(world))


async def test_a_picked_number_of_another_server_is_not_found(world: World) -> None:
    await world.asked("Harbour")
    elsewhere = world.env.create_guild(name="Elsewhere", owner=world.mo.user)
    boss = elsewhere.add_member(world.mo.user)
    channel = elsewhere.create_text_channel("songs")
    await boss.slash(channel, "song", prompt="Mine")
    theirs: Any = (await boss.slash(channel, "queue")).response

    answer = await Seen(world, theirs.message).press(boss, control(theirs, "queue_task"), "1")

    assert "can't find that song" in private(answer)


async def let_in(world: World, actor: Any, *, allowed: bool = True) -> None:
    """What an admin does on the Integrations page."""
    command = next(one for one in await world.app.bot.tree.fetch_commands() if one.name == "queue")
    world.guild.set_command_permissions(command, {actor: allowed})


async def test_whoever_the_admins_let_use_the_command_may_act_from_its_answer(world: World) -> None:
    await world.asked("Harbour")
    await let_in(world, world.bob)
    shown = await panel(world, world.bob)

    await done(world.bob, shown, "Cancel", "Yes, cancel it")
    assert (await world.task()).state is State.CANCELLED
    card = world.card(await world.asked("Lake"))
    form = await world.bob.click(await queue(world, world.bob), label="Pause & blocks")
    await fill(world.bob, await world.bob.click(form.response, label="Pause"), note="")
    assert "o new wishes are taken here" in private(await world.alice.slash(world.channel, "song", prompt="Later"))
    doors = (await world.bob.click(await queue(world, world.bob), label="Pause & blocks")).response
    form = await world.bob.select(doors, [world.alice], custom_id="encore:menu:mod_pick:0")
    assert "may not ask here any more" in text_of((await fill(world.bob, form, reason="", until="")).response)
    assert "appears in this channel" in private(
        await world.bob.click(await queue(world, world.bob), label="Live board")
    )

    forged = Seen(world, card).with_button("encore:mod_cancel:1")
    assert private(await forged.press(world.bob, "encore:mod_cancel:1")).startswith("Only moderators")


async def test_an_old_answer_no_longer_stands_for_a_right(world: World) -> None:
    await world.asked("Harbour")
    await let_in(world, world.bob)
    bobs, mos = await panel(world, world.bob), await panel(world, world.mo)
    await world.env.advance_time(3601)

    assert private(await world.bob.click(bobs, label="Cancel")).startswith("Only moderators")
    await done(world.mo, mos, "Cancel", "Yes, cancel it")
    assert (await world.task()).state is State.CANCELLED
