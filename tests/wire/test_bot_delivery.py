"""The delivery ladder: whatever Discord answers, a finished song reaches its requester or waits in `/songs`."""

import time

import pytest

from tests.fakes.discord_interactions import Answer
from tests.fakes.discord_world import FakeMessage, Permission
from tests.wire.conftest import BY_CHANNEL, BY_TOKEN, SEND, SHARED_LOOP, Studio
from tests.wire.harness import edit_rows

pytestmark = [pytest.mark.wire, SHARED_LOOP]

EVERY_RIGHT = Permission.EVERYONE


def edit_of(card: FakeMessage) -> str:
    """Matches each request that edits this card."""
    return rf"/messages/{card.id}$"


async def finish(studio: Studio, started: tuple[Answer, str]) -> FakeMessage:
    """Let a running song finish; gives its card once nothing is left to be done."""
    answer, provider_id = started
    studio.standin.finish(provider_id)
    await studio.told(answer.shown)
    return answer.shown


async def new_messages(studio: Studio, card: FakeMessage) -> list[FakeMessage]:
    """What the bot has said in the channel since the card."""
    return [m for m in card.channel.history if m.author is studio.discord.bot and m.id > card.id]


async def test_a_file_over_the_limit_is_linked(shared: Studio) -> None:
    shared.discord.state.attachment_size_limit = 10_000
    card = await finish(shared, await shared.running("Too large"))
    assert "too large" in card.text
    assert card.attachments == []
    assert card.labels == ["Continue", "Lyrics", "Again", "Edit & again", "More", "Listen"]
    assert len(shared.pings_of(card)) == 1


async def test_a_413_falls_back_to_the_link(shared: Studio) -> None:
    started = await shared.running("Refused by size")
    shared.discord.fail("PATCH", edit_of(started[0].shown), code=40005, times=2)
    card = await finish(shared, started)
    assert card.attachments == []
    assert "Listen" in card.labels
    edits = shared.discord.made("PATCH", edit_of(card))[-3:]
    assert [(edit.status, len(edit.files)) for edit in edits] == [(413, 3), (413, 1), (200, 0)]


@pytest.mark.parametrize("code", [50027, 10015])
async def test_an_expired_token_leads_to_an_edit_by_the_channel(shared: Studio, code: int) -> None:
    started = await shared.running(f"Expired {code}")
    shared.discord.expire_token(started[0].interaction, code=code)
    card = await finish(shared, started)
    assert "Finished" in card.text
    assert len(card.attachments) == 1
    assert [edit.status for edit in shared.discord.made("PATCH", rf"^/channels/.*{edit_of(card)}")] == [200]
    assert len(shared.pings_of(card)) == 1


async def test_the_song_of_a_deleted_card_goes_to_direct_messages(shared: Studio) -> None:
    started = await shared.running("Deleted card", user=shared.discord.bob)
    card = started[0].shown
    await shared.discord.delete_message(card)
    await finish(shared, started)
    told = shared.discord.dm(shared.discord.bob).history[-1]
    assert "Finished" in told.text
    assert len(told.attachments) == 1
    assert await new_messages(shared, card) == []
    row = await shared.told(card)
    assert row["card_lost"] == "card_deleted"


async def test_with_direct_messages_closed_the_song_waits_in_the_list(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Nowhere to go", title="Kept for me", user=discord.bob)
    card = started[0].shown
    discord.bob.dms_open = False
    await discord.delete_message(card)
    row = await shared.told(await finish(shared, started))
    assert row["card_lost"] == "card_deleted+no_dm"
    assert row["shown_revision"] == row["revision"]
    songs = await discord.slash(discord.bob, discord.songs, "songs")
    assert "Kept for me" in songs.shown.text
    opened = await discord.choose(discord.bob, songs.shown, "Open one of these", str(row["id"]))
    await discord.until(lambda: opened.shown.attachments)
    assert opened.ephemeral
    assert await new_messages(shared, card) == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (Permission.SEND_MESSAGES, "send messages"),
        (Permission.EMBED_LINKS, "embed links"),
        (Permission.VIEW_CHANNEL, "see this channel"),
        (Permission.READ_MESSAGE_HISTORY, "read the message history"),
    ],
)
async def test_a_missing_permission_is_named_privately_and_leaves_no_row(
    shared: Studio, missing: Permission, words: str
) -> None:
    discord, rows = shared.discord, len(shared.rows())
    await discord.set_bot_permissions(discord.lounge, EVERY_RIGHT & ~missing)
    answer = await shared.song("Not here", channel=discord.lounge)
    assert answer.ephemeral
    assert words in answer.shown.content
    assert len(shared.rows()) == rows
    assert shared.creates("Not here") == []


async def test_without_the_permission_for_files_the_song_is_linked(shared: Studio) -> None:
    discord = shared.discord
    await discord.set_bot_permissions(discord.lounge, EVERY_RIGHT & ~Permission.ATTACH_FILES)
    card = await finish(shared, await shared.running("No files here", channel=discord.lounge))
    assert card.attachments == []
    assert "Listen" in card.labels


async def test_a_permission_for_files_that_was_taken_away_leads_to_a_link(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Files no more", channel=discord.lounge)
    discord.expire_token(started[0].interaction)
    await discord.set_bot_permissions(discord.lounge, EVERY_RIGHT & ~Permission.ATTACH_FILES)
    card = await finish(shared, started)
    assert "Listen" in card.labels
    assert len(shared.pings_of(card)) == 1


async def test_a_channel_that_was_closed_to_the_bot_leads_to_direct_messages(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Locked out", channel=discord.lounge, user=discord.mo)
    discord.expire_token(started[0].interaction)
    await discord.set_bot_permissions(discord.lounge, 0)
    card = await finish(shared, started)
    assert "Finished" in discord.dm(discord.mo).history[-1].text
    assert (await shared.told(card))["card_lost"] == "no_channel"


async def test_a_ping_that_may_not_be_sent_leaves_the_card_in_peace(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Silent", channel=discord.lounge)
    await discord.set_bot_permissions(discord.lounge, EVERY_RIGHT & ~Permission.SEND_MESSAGES)
    card = await finish(shared, started)
    assert len(card.attachments) == 1
    assert shared.pings_of(card) == []
    assert (await shared.told(card))["card_lost"] is None


async def test_without_the_history_the_ping_links_the_card_instead_of_replying(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("No history", channel=discord.lounge)
    await discord.set_bot_permissions(discord.lounge, EVERY_RIGHT & ~Permission.READ_MESSAGE_HISTORY)
    card = await finish(shared, started)
    (ping,) = await new_messages(shared, card)
    assert ping.reply_to is None
    assert str(card.id) in ping.content
    assert ping.mentions == [discord.alice]


async def test_an_archived_thread_is_opened_by_a_new_message_with_a_mention(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Archived")
    old = started[0].shown
    discord.fail("PATCH", edit_of(old), code=50083, times=10)
    shared.standin.finish(started[1])
    new = await discord.new_message(discord.songs, after=old)
    row = await shared.told(new)
    assert row["card_lost"] is None
    assert "Finished" in new.text
    assert len(new.attachments) == 1
    assert new.mentions == [discord.alice]
    assert str(old.id) in new.content
    assert await new_messages(shared, old) == [new]


async def test_a_card_that_may_not_be_edited_any_more_is_replaced(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Edited too often")
    old = started[0].shown
    discord.expire_token(started[0].interaction)
    discord.rate_limit("PATCH", rf"^/channels/.*{edit_of(old)}", retry_after_s=0.1, times=99, code=30046)
    shared.standin.finish(started[1])
    new = await discord.new_message(discord.songs, after=old)
    await shared.told(new)
    assert "Finished" in new.text
    assert new.mentions == [discord.alice]
    assert await new_messages(shared, old) == [new]


async def test_a_refused_card_is_shown_plainly(shared: Studio) -> None:
    started = await shared.running("Bad payload")
    shared.discord.fail("PATCH", edit_of(started[0].shown), code=50035, times=2)
    card = await finish(shared, started)
    assert "finished" in card.text.lower()


async def test_a_server_error_at_the_last_edit_is_waited_out(shared: Studio) -> None:
    started = await shared.running("Server error")
    shared.discord.fail("PATCH", BY_TOKEN, status=502)
    card = await finish(shared, started)
    assert len(card.attachments) == 1
    assert len(shared.pings_of(card)) == 1


async def test_an_outage_at_the_last_edit_is_remembered_by_the_row(shared: Studio) -> None:
    started = await shared.running("Outage")
    shared.discord.expire_token(started[0].interaction)
    shared.discord.fail("PATCH", BY_CHANNEL, status=503)
    row = await shared.told(await finish(shared, started))
    card = started[0].shown
    assert [edit.status for edit in shared.discord.made("PATCH", rf"^/channels/.*{edit_of(card)}")] == [503, 200]
    assert len(card.attachments) == 1
    assert (row["show_failures"], row["show_after"]) == (0, None)


@pytest.mark.parametrize("after", [False, True])
async def test_a_connection_lost_at_the_last_edit_costs_nothing(shared: Studio, *, after: bool) -> None:
    started = await shared.running(f"Cut off {after}")
    shared.discord.drop("PATCH", edit_of(started[0].shown), after=after)
    card = await finish(shared, started)
    assert len(card.attachments) == 1
    assert len(shared.pings_of(card)) == 1


async def test_uploads_that_fail_do_not_hide_the_song_and_follow_when_they_can(shared: Studio) -> None:
    discord = shared.discord
    started = await shared.running("Uploads fail")
    discord.expire_token(started[0].interaction)
    discord.fail("PATCH", BY_CHANNEL, status=503, times=99, with_files=True)
    card = await finish(shared, started)
    assert "still trying to attach" in card.text
    assert "Listen" in card.labels
    assert card.attachments == []
    discord.faults.heal()
    await shared.bot.kill()
    edit_rows(shared.bot.database, "UPDATE music_tasks SET attach_after = 1 WHERE attach_after IS NOT NULL")
    await shared.bot.start()
    await discord.until(lambda: card.attachments)
    assert "still trying" not in card.text
    assert "Listen" not in card.labels
    assert len(shared.pings_of(card)) == 1


async def test_a_ping_whose_answer_is_lost_is_not_sent_twice(shared: Studio) -> None:
    started = await shared.running("Ping lost")
    shared.discord.drop("POST", SEND, after=True)
    card = await finish(shared, started)
    assert len(shared.pings_of(card)) == 1


async def test_edits_that_are_limited_are_waited_out(shared: Studio) -> None:
    started = await shared.running("Too many edits")
    shared.discord.rate_limit("PATCH", edit_of(started[0].shown), retry_after_s=0.3)
    card = await finish(shared, started)
    statuses = [edit.status for edit in shared.discord.made("PATCH", edit_of(card))]
    assert statuses[-2:] == [429, 200]
    assert len(card.attachments) == 1


async def test_a_song_of_a_server_that_removed_the_bot_goes_to_direct_messages(shared: Studio) -> None:
    discord = shared.discord
    guild = await discord.add_guild("Short-lived", discord.mo)
    started = await shared.running("Removed", channel=guild.channels[0], user=discord.mo)
    await discord.remove_guild(guild)
    discord.expire_token(started[0].interaction)
    card = await finish(shared, started)
    assert (await shared.told(card))["card_lost"] == "no_channel"
    assert "Removed" in discord.dm(discord.mo).history[-1].text


async def test_what_is_delivered_again_is_sent_although_its_first_message_is_only_minutes_old(shared: Studio) -> None:
    discord = shared.discord
    card = await finish(shared, await shared.running("Once more, please"))
    (ping,) = shared.pings_of(card)
    panel = await discord.context_menu(discord.mo, ping, "Moderate")
    question = await discord.click(discord.mo, panel.shown, "Deliver again")
    await discord.click(discord.mo, question.shown, "Yes, deliver it")
    await discord.until(lambda: len(shared.pings_of(card)) == 2)
    row = await shared.told(card)
    assert row["deliveries"] == 1


async def test_a_token_that_is_limited_for_long_leaves_the_edit_to_the_channel(shared: Studio) -> None:
    started = await shared.running("Long wait")
    began = time.monotonic()
    shared.discord.rate_limit("PATCH", BY_TOKEN, retry_after_s=45, times=9)
    card = await finish(shared, started)
    assert time.monotonic() - began < 10
    assert len(card.attachments) == 1
    assert len(shared.pings_of(card)) == 1
    edits = shared.discord.made("PATCH", edit_of(card))[-2:]
    assert [edit.status for edit in edits] == [429, 200]


@pytest.mark.parametrize(("status", "code"), [(403, 40004), (400, 40006), (403, 20028), (404, 130000)])
async def test_codes_that_pass_cost_neither_card_nor_ping(shared: Studio, status: int, code: int) -> None:
    started = await shared.running(f"Passing {code}")
    shared.discord.expire_token(started[0].interaction)
    shared.discord.fail("PATCH", edit_of(started[0].shown), status=status, code=code)
    shared.discord.fail("POST", SEND, status=status, code=code)
    card = await finish(shared, started)
    assert (await shared.told(card))["card_lost"] is None
    assert len(card.attachments) == 1
    assert len(shared.pings_of(card)) == 1


async def test_what_discord_delivers_twice_is_done_once_and_answered_well(shared: Studio) -> None:
    discord = shared.discord
    discord.repeats_events = True
    try:
        started = await shared.running("Delivered twice")
        before = len(discord.made("POST", "/callback$"))
        shared.standin.finish(started[1])
        card = started[0].shown
        await shared.told(card)
        again = await discord.click(discord.alice, card, "Again")
        form = await discord.click(discord.alice, card, "Edit & again")
        edited = await discord.submit_modal(discord.alice, form, {})
    finally:
        discord.repeats_events = False
    assert len(shared.creates("Delivered twice")) == 1
    assert again.ephemeral
    assert "Something went wrong" not in again.shown.content + edited.shown.content
    statuses = [request.status for request in discord.made("POST", "/callback$")[before:]]
    assert len(statuses) == 3
    assert all(200 <= (status or 0) < 300 for status in statuses)
