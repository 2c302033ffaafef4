"""`kill -9` between any two steps: nothing is paid for twice, and what is finished is shown."""

from typing import Any

import pytest

from tests.fakes.discord_faults import Gate
from tests.fakes.discord_interactions import Answer, FakeInteraction
from tests.fakes.discord_world import FakeMessage
from tests.wire.conftest import CARD_EDIT, SEND, SHARED_LOOP, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]

CALLBACK = "/callback$"
LONG_AGO_S = 31.0
"""Older than what the bot leaves alone because it may still be under way."""
DEAD_TOKEN_S = 20 * 60.0
LOGIN_REQUESTS = 2
PLACES = 3
"""So many of a member's songs are made at once."""


async def crash(studio: Studio, gate: Gate | None = None) -> None:
    """Kill the bot; what stood at the gate never had an effect, or has had it already."""
    await studio.bot.kill()
    if gate is not None:
        gate.drop()


async def killed_while_asking(studio: Studio, prompt: str, *, shown: bool) -> FakeInteraction:
    """A wish whose row was written; its card was `shown`, or never reached Discord."""
    gate = studio.discord.hold("POST", CALLBACK, after=shown)
    asked = await studio.discord.begin_slash(studio.discord.alice, studio.discord.songs, "song", prompt=prompt)
    await gate.arrived()
    await studio.in_state("received", prompt)
    await crash(studio, gate)
    return asked


async def killed_while_paying(studio: Studio, prompt: str, fault: str) -> FakeMessage:
    """A wish whose POST was under way; gives its card."""
    hanging = studio.standin.faults.on_create(fault)
    card = (await studio.song(prompt)).shown
    await studio.standin.wait_until(lambda: studio.asked_for(prompt))
    assert studio.rows()[-1]["state"] == "submitting"
    await crash(studio)
    hanging.release.set()
    return card


async def killed_at(studio: Studio, prompt: str, method: str, path: str, *, after: bool) -> FakeMessage:
    """A song that was killed while its last edit (or its ping) was under way; gives its card."""
    answer, provider_id = await studio.running(prompt)
    gate = studio.discord.hold(method, path, after=after)
    studio.standin.finish(provider_id)
    await gate.arrived()
    await crash(studio, gate)
    return answer.shown


async def only_song(studio: Studio, card: FakeMessage | None) -> None:
    """The card shows the finished song, its requester was told once, and it was paid for once."""
    assert card is not None
    row = await studio.told(card)
    assert "Finished" in card.text
    assert len(card.attachments) == 1
    assert len(studio.pings_of(card)) == 1
    assert len(studio.creates(row["prompt"])) == 1


async def fill_the_places(studio: Studio, word: str) -> list[tuple[Answer, str]]:
    """Let as many of Alice's songs be made as may be at once, so that her next one waits in line."""
    return [await studio.running(f"{word} {number}") for number in range(PLACES)]


# Before anything is paid for.


async def test_a_card_that_discord_never_got_is_abandoned(shared: Studio) -> None:
    asked = await killed_while_asking(shared, "Never shown", shown=False)
    shared.age(LONG_AGO_S)
    await shared.bot.start()
    await shared.in_state("abandoned", "Never shown")
    assert asked.original is None
    assert shared.creates("Never shown") == []


async def test_a_card_that_discord_did_show_goes_on(shared: Studio) -> None:
    asked = await killed_while_asking(shared, "Shown after all", shown=True)
    shared.age(LONG_AGO_S)
    await shared.bot.start()
    await only_song(shared, asked.original)


async def test_a_card_whose_token_has_died_is_found_in_its_channel(shared: Studio) -> None:
    asked = await killed_while_asking(shared, "Token dead", shown=True)
    shared.discord.expire_token(asked)
    shared.age(DEAD_TOKEN_S)
    await shared.bot.start()
    await only_song(shared, asked.original)


async def test_nothing_is_asked_of_discord_before_it_has_told_who_the_bot_is(shared: Studio) -> None:
    asked = await killed_while_asking(shared, "Slow login", shown=True)
    shared.age(LONG_AGO_S)
    before = len(shared.discord.requests)
    gate = shared.discord.hold("GET", "^/oauth2/applications/@me$")
    await shared.bot.launch()
    await gate.arrived()
    with pytest.raises(TimeoutError):
        await shared.discord.until(lambda: len(shared.discord.requests) > before + LOGIN_REQUESTS, timeout_s=0.5)
    gate.release()
    await shared.bot.ready()
    await only_song(shared, asked.original)


async def test_a_click_proves_the_card_before_the_janitor_does(shared: Studio) -> None:
    in_the_way = await fill_the_places(shared, "Before the click")
    asked = await killed_while_asking(shared, "Clicked", shown=True)
    await shared.bot.start()
    card = asked.original
    assert card is not None
    assert (await shared.discord.click(shared.discord.alice, card, "Cancel")).ephemeral
    await shared.shows(card, "Cancelled before it was sent")
    assert shared.creates("Clicked") == []
    await finish(shared, in_the_way)


async def test_a_wish_in_line_is_sent_after_the_restart(shared: Studio) -> None:
    in_the_way = await fill_the_places(shared, "Before the line")
    card = (await shared.song("Waiting")).shown
    await shared.until_row(card, lambda row: row["state"] == "queued")
    await crash(shared)
    shared.standin.rules.song_s = 0.1
    await shared.bot.start()
    await finish(shared, in_the_way)
    await only_song(shared, card)


async def finish(studio: Studio, songs: list[tuple[Answer, str]]) -> None:
    for answer, provider_id in songs:
        studio.standin.finish(provider_id)
        await only_song(studio, answer.shown)


# While it is being paid for.


async def test_a_create_that_was_cut_off_is_unclear_and_never_sent_again_by_itself(shared: Studio) -> None:
    card = await killed_while_paying(shared, "Paid or not", "hang_recorded")
    await shared.bot.start()
    row = await shared.told(card)
    assert row["state"] == "uncertain"
    assert "Unclear." in card.text
    assert card.labels == ["Try again", "Drop"]
    assert [ping.mentions for ping in shared.pings_of(card)] == [[shared.discord.alice]]
    assert len(shared.creates("Paid or not")) == 1
    assert shared.attempts("Paid or not") == ["unknown"]


async def test_trying_again_asks_once_more_and_then_pays_once_more(shared: Studio) -> None:
    discord = shared.discord
    card = await killed_while_paying(shared, "Once more", "hang_recorded")
    await shared.bot.start()
    await shared.shows(card, "Unclear.")
    await shared.told(card)
    assert "somebody else's" in (await discord.click(discord.bob, card, "Try again")).shown.content
    question = await discord.click(discord.alice, card, "Try again")
    assert question.ephemeral
    assert "cost a second time" in question.shown.content
    assert len(shared.creates("Once more")) == 1
    clicks = [await discord.begin_click(discord.alice, question.shown, "Yes, send it again") for _ in range(2)]
    for click in clicks:
        await click.answer()
    await shared.shows(card, "Finished")
    await shared.told(card)
    assert len(shared.creates("Once more")) == 2
    assert len(shared.pings_of(card)) == 2  # one for "unclear", one for "ready"


async def test_dropping_an_unclear_wish_ends_it(shared: Studio) -> None:
    card = await killed_while_paying(shared, "Let go", "hang")
    await shared.bot.start()
    await shared.shows(card, "Unclear.")
    assert (await shared.discord.click(shared.discord.alice, card, "Drop")).ephemeral
    await shared.shows(card, "Dropped")
    assert card.labels == []
    assert shared.creates("Let go") == []


# While it is being made and shown.


async def test_a_song_under_way_is_finished_after_the_restart(shared: Studio) -> None:
    answer, provider_id = await shared.running("Long one")
    await crash(shared)
    shared.standin.finish(provider_id)
    await shared.bot.start()
    await only_song(shared, answer.shown)


async def test_a_song_that_ended_while_the_bot_was_long_down_is_shown_and_not_expired(shared: Studio) -> None:
    answer, provider_id = await shared.running("Over night")
    await crash(shared)
    shared.age(8 * 3600.0)
    shared.discord.expire_token(answer.interaction)
    shared.standin.finish(provider_id)
    await shared.bot.start()
    await only_song(shared, answer.shown)


@pytest.mark.parametrize("after", [False, True])
async def test_a_last_edit_that_was_cut_off_is_made_again(shared: Studio, *, after: bool) -> None:
    card = await killed_at(shared, f"Edit cut off {after}", "PATCH", CARD_EDIT, after=after)
    assert ("Finished" in card.text) is after
    await shared.bot.start()
    await only_song(shared, card)


@pytest.mark.parametrize("after", [False, True])
async def test_a_ping_that_was_cut_off_is_sent_once_after_a_quick_restart(shared: Studio, *, after: bool) -> None:
    card = await killed_at(shared, f"Ping cut off {after}", "POST", SEND, after=after)
    assert len(shared.pings_of(card)) == after
    await shared.bot.start()
    await only_song(shared, card)


@pytest.mark.parametrize("after", [False, True])
async def test_a_ping_that_was_cut_off_is_there_once_after_a_long_break(shared: Studio, *, after: bool) -> None:
    card = await killed_at(shared, f"Ping long ago {after}", "POST", SEND, after=after)
    assert len(shared.pings_of(card)) == after
    shared.age(180.0)
    shared.discord.state.nonces.clear()
    await shared.bot.start()
    row = await shared.told(card)
    assert len(shared.pings_of(card)) == 1
    known = shared.rows("SELECT * FROM task_messages WHERE role = 'ping'")
    assert len([message for message in known if message["task_id"] == row["id"]]) == 1


# While a new message takes the card's place.


@pytest.mark.parametrize("after", [False, True], ids=["unsent", "sent"])
@pytest.mark.parametrize("is_long_ago", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("opens", [False, True], ids=["stays shut", "opens"])
async def test_a_new_card_that_was_cut_off_is_there_once_and_told_of_once(
    shared: Studio, *, after: bool, is_long_ago: bool, opens: bool
) -> None:
    discord, prompt = shared.discord, f"Cut off {after} {is_long_ago} {opens}"
    answer, provider_id = await shared.running(prompt)
    old = answer.shown
    discord.fail("PATCH", rf"/messages/{old.id}$", code=50083, times=99)
    gate = discord.hold("POST", SEND, after=after)
    shared.standin.finish(provider_id)
    await gate.arrived()
    await crash(shared, gate)
    if is_long_ago:
        shared.age(180.0)
        discord.state.nonces.clear()
    if opens:  # a message opens the thread again: the old card could be edited from now on
        discord.faults.heal()
    await shared.bot.start()
    row = (await shared.bot.until_rows(lambda rows: [r for r in rows if is_done(r, prompt)]))[-1]
    said = [m for m in old.channel.history if m.author is discord.bot and m.id > old.id]
    assert sum(discord.alice in m.mentions for m in said) == 1
    finished = [m for m in (old, *said) if "Finished" in m.text]
    assert [m.id for m in finished] == [row["message_id"]]
    assert len(finished[0].attachments) == 1
    assert (finished[0] is old) is (opens and not after)


def is_done(row: dict[str, Any], prompt: str) -> bool:
    is_told = row["ping_status"] == "done" and row["pinged_for"] == row["state"] == "completed"
    return bool(row["prompt"] == prompt and is_told and row["shown_revision"] == row["revision"])


async def test_a_direct_message_that_was_cut_off_is_there_once(shared: Studio) -> None:
    discord = shared.discord
    answer, provider_id = await shared.running("Cut off directly", user=discord.bob)
    await discord.delete_message(answer.shown)
    place = discord.dm(discord.bob)
    gate = discord.hold("POST", rf"^/channels/{place.id}/messages$", after=True)
    shared.standin.finish(provider_id)
    await gate.arrived()
    await crash(shared, gate)
    shared.age(180.0)
    discord.state.nonces.clear()
    await shared.bot.start()
    await shared.told(answer.shown)
    assert ["Finished" in m.text for m in place.history] == [True]
