"""Whatever Discord answers, a finished song reaches whoever asked for it, or waits in `/songs`."""

import pytest
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.domain.tasks import State
from bot.ui import texts
from sandbox.faults import FRESH, changed
from tests.behaviour.conftest import REPEAT, World, control, files_of, labels, text_of
from tests.behaviour.test_songs import opened, songs

LATE = 16 * 60
"""Seconds after which the interaction token is dead."""


async def running(world: World, *, late: bool = True) -> int:
    """A song that is being made, its token dead unless told otherwise; gives the id of its card."""
    card_id = (await world.asked("Harbour")).message_id
    await world.turn()
    world.standin.hold(world.standin.creates[0].id)
    if late:
        await world.advance(LATE)
    assert card_id is not None
    return card_id


async def finish(world: World) -> None:
    world.standin.finish(world.standin.creates[0].id)
    await world.until(State.COMPLETED, step_s=16)
    await world.turn()


async def test_a_card_becomes_final_when_its_token_is_long_dead(world: World) -> None:
    await running(world)
    edits = len(world.requests("PATCH", "/channels/"))

    await finish(world)

    task = await world.task()
    assert len(world.requests("PATCH", "/channels/")) > edits
    assert len(files_of(world.card(task))) == 1
    assert task.interaction_token is None


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015)])
async def test_a_token_that_dies_early_is_replaced_by_a_channel_edit(world: World, status: int, code: int) -> None:
    await running(world, late=False)
    world.env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=None)

    await finish(world)

    task = await world.task()
    assert len(files_of(world.card(task))) == 1
    assert task.card_lost is None


async def test_a_deleted_card_is_followed_by_a_direct_message_and_never_posted_again(world: World) -> None:
    card_id = await running(world)
    await world.mo.delete(next(m for m in world.channel.history() if m.id == card_id))
    posts = len(world.requests("POST", f"/channels/{world.channel.id}/messages"))

    await finish(world)

    (told,) = world.dms()
    assert "Finished" in text_of(told)
    assert files_of(told) == ["Harbour.mp3"]
    assert len(world.requests("POST", f"/channels/{world.channel.id}/messages")) == posts
    assert (await world.task()).card_lost == "card_deleted"


async def test_a_card_deleted_by_its_token_route_is_not_posted_again_either(world: World) -> None:
    await running(world, late=False)
    world.env.inject_error("PATCH", "/webhooks/*", status=404, code=10008, times=None)

    await finish(world)

    assert len(world.dms()) == 1
    assert world.pings() == []


@pytest.mark.parametrize(("status", "code"), [(404, 10003), (403, 50001), (403, 160005)])
async def test_without_a_way_into_the_channel_the_song_comes_directly(world: World, status: int, code: int) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=status, code=code, times=None)

    await finish(world)

    (told,) = world.dms()
    assert told.content == texts.KEPT
    assert len(files_of(told)) == 1
    assert world.pings() == []


async def test_a_continuation_of_a_song_that_came_directly_starts_there(world: World) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=404, code=10003, times=None)
    await finish(world)
    world.env.backend.faults.clear()
    (told,) = world.dms()

    await world.alice.user.send_dm("softer", reference={"message_id": str(told.id), "channel_id": str(told.channel.id)})

    assert labels(world.dms()[-1]) == ["Start", "Edit", "Cancel"]


@pytest.mark.parametrize("code", [50007, 50278])
async def test_with_closed_direct_messages_the_song_is_kept_for_the_list(world: World, code: int) -> None:
    card_id = await running(world)
    edits = len(world.requests("PATCH", f"/messages/{card_id}"))
    world.env.inject_error("PATCH", "/channels/*", status=404, code=10003, times=None)
    world.env.inject_error(
        "POST", f"/channels/{world.alice.user.dm_channel.id}/messages", status=403, code=code, times=None
    )

    await finish(world)
    for _ in range(3):
        await world.advance(600)

    task = await world.task()
    assert task.result is not None
    assert task.card_lost == "no_channel+no_dm"
    shown = await songs(world)
    assert "open it here" in text_of(shown)
    assert files_of(await opened(world, task)) == ["Harbour.mp3"]
    assert len(world.requests("PATCH", f"/messages/{card_id}")) == edits + 1


async def test_a_card_without_its_file_says_so_only_once_nobody_tries_any_more(world: World) -> None:
    await running(world, late=False)
    world.standin.faults.on_media("server_error", times=None)
    world.standin.finish(world.standin.creates[0].id)
    task = await world.until(State.COMPLETED, step_s=16)
    assert texts.LINK_FOR_NOW in text_of(world.card(task))

    for _ in range(40):
        await world.advance(12 * 3600)

    assert texts.LINK_GONE in text_of(world.card(task))
    assert len(world.standin.creates) == 1


@pytest.mark.parametrize(
    "fault", ["unauthorized", "forbidden", "not_found", "no_range", "empty", "html", "server_error", "truncated"]
)
async def test_a_host_that_says_no_at_first_brings_the_song_within_a_minute(world: World, fault: str) -> None:
    await running(world, late=False)
    world.standin.faults.on_media(fault, times=3)
    world.standin.finish(world.standin.creates[0].id)

    task = await world.until(State.COMPLETED, step_s=6)
    for _ in range(6):
        await world.advance(10)

    assert files_of(world.card(await world.task())) == ["Harbour.mp3"]
    assert texts.LINK_GONE not in text_of(world.card(task))
    assert len(world.pings()) == 1
    assert len(world.standin.creates) == 1


async def test_links_that_have_expired_are_asked_for_anew_and_requested_as_they_are_spelt(world: World) -> None:
    await running(world, late=False)
    world.standin.faults.on_media("expired", times=None)
    world.standin.finish(world.standin.creates[0].id)
    await world.until(State.COMPLETED, step_s=6)
    await world.advance(120)
    world.standin.faults.on_status("completed_fresh_address", times=None)

    for _ in range(12):
        await world.advance(300)

    task = await world.task()
    assert task.result is not None
    assert task.result.tracks[0].audio_url.endswith(FRESH)
    assert files_of(world.card(task)) == ["Harbour.mp3"]
    assert len(world.standin.creates) == 1


async def test_what_is_gone_for_good_is_looked_at_once_more_and_then_said_to_be(world: World) -> None:
    await running(world, late=False)
    world.standin.faults.on_media("gone", times=None)
    world.standin.finish(world.standin.creates[0].id)
    task = await world.until(State.COMPLETED, step_s=6)
    await world.advance(6)

    assert texts.LINK_GONE in text_of(world.card(task))
    assert len([path for path in world.standin.downloads if path.endswith(".mp3")]) == 2


async def test_a_first_take_that_is_dead_does_not_take_the_second_one_along(world: World) -> None:
    await running(world, late=False)
    made = world.standin.creates[0].id
    world.standin.faults.on_media("not_found", times=None, name=f"{made}-1.mp3")
    world.standin.faults.on_status("completed_two_tracks")
    world.standin.finish(made)
    task = await world.until(State.COMPLETED, step_s=6)
    assert files_of(world.card(task)) == ["Harbour (take 2).mp3"]

    world.standin.faults.clear()
    for _ in range(3):
        await world.advance(30)

    assert files_of(world.card(await world.task())) == ["Harbour (take 1).mp3", "Harbour (take 2).mp3"]


async def test_a_song_whose_audio_is_late_comes_directly_once_and_with_its_file(world: World) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=404, code=10003, times=None)
    world.standin.faults.on_media("server_error", times=None)
    world.standin.finish(world.standin.creates[0].id)
    for _ in range(8):
        await world.advance(16)
    assert world.dms() == []

    world.standin.faults.clear()
    for _ in range(6):
        await world.advance(120)

    (told,) = world.dms()
    assert files_of(told) == ["Harbour.mp3"]
    assert (await world.task()).card_lost == "no_channel"


async def test_audio_that_comes_after_the_direct_message_is_kept_for_the_list(world: World) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=404, code=10003, times=None)
    world.standin.faults.on_media("server_error", times=None)
    world.standin.finish(world.standin.creates[0].id)
    for _ in range(16):
        await world.advance(300)
    assert [labels(told) for told in world.dms()] == [["Continue", "Lyrics", *REPEAT, "Listen"]]

    world.standin.faults.clear()
    for _ in range(3):
        await world.advance(3600)

    task = await world.task()
    assert (len(world.dms()), task.card_lost, len(task.media)) == (1, "no_channel", 1)
    assert files_of(await opened(world, task)) == ["Harbour.mp3"]


async def test_lyrics_that_are_kept_are_whole_when_they_are_opened(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse")
    await world.turn()
    world.env.inject_error("PATCH", "*", status=404, code=10003, times=None)
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    task = await world.until(State.COMPLETED, step_s=16)
    world.env.backend.faults.clear()

    shown = text_of(await opened(world, task))

    assert task.result is not None
    assert task.result.lyrics is not None
    assert [line for line in task.result.lyrics.splitlines() if line.strip("[]") not in shown] == []


async def test_a_missing_permission_leads_to_a_new_message(world: World) -> None:
    card_id = await running(world)
    world.env.inject_error("PATCH", f"/channels/*/messages/{card_id}", status=403, code=50013, times=None)

    await finish(world)

    task = await world.task()
    assert task.message_id != card_id
    assert len(files_of(world.card(task))) == 1


async def test_without_any_right_in_the_channel_the_song_comes_directly(world: World) -> None:
    await running(world)
    world.env.inject_error("*", f"/channels/{world.channel.id}/*", status=403, code=50013, times=None)

    await finish(world)

    assert len(world.dms()) == 1


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (413, 0)])
async def test_a_file_that_is_too_large_becomes_a_link(world: World, status: int, code: int) -> None:
    await running(world, late=False)
    world.env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=2)

    await finish(world)

    card = world.card(await world.task())
    assert card.attachments == []
    assert labels(card) == ["Continue", "Lyrics", *REPEAT, "Listen"]
    assert "too large" in text_of(card)
    assert len(world.pings()) == 1


async def test_a_picture_that_discord_does_not_take_leaves_the_song(world: World) -> None:
    await running(world, late=False)
    world.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)

    await finish(world)

    card = world.card(await world.task())
    assert [file.filename for file in card.attachments] == ["Harbour.mp3"]
    assert card.embeds[0].image.url is None
    assert labels(card) == ["Continue", "Lyrics", *REPEAT]


async def test_a_card_that_discord_does_not_take_becomes_the_plainest_one(world: World) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=400, code=50035, times=3)

    await finish(world)
    requests = len(world.requests("PATCH"))
    await world.advance(60)

    card = world.card(await world.task())
    assert "#1: finished" in text_of(card)
    assert len(files_of(card)) == 1
    assert len(world.requests("PATCH")) == requests


async def test_a_card_that_discord_never_takes_is_not_tried_for_ever(world: World) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=400, code=50035, times=None)

    await finish(world)
    requests = len(world.requests("PATCH"))
    for _ in range(3):
        await world.advance(600)

    assert len(world.requests("PATCH")) == requests
    assert len(world.dms()) == 1


@pytest.mark.parametrize(("status", "code"), [(400, 50083), (429, 30046)])
async def test_an_archived_thread_or_an_old_message_gets_a_new_card_that_lives_on(
    world: World, status: int, code: int
) -> None:
    card_id = await running(world)
    world.env.inject_error("PATCH", f"/channels/*/messages/{card_id}", status=status, code=code, times=None)

    await finish(world)

    task = await world.task()
    card = world.card(task)
    assert task.message_id != card_id
    assert card.content.startswith(f"{world.alice.mention} https://discord.com/channels/{world.guild.id}/")
    assert len(files_of(card)) == 1
    assert world.pings() == [card]
    (sent,) = [entry.json for entry in world.requests("POST", f"/channels/{world.channel.id}/messages")]
    assert sent["allowed_mentions"]["users"] == [world.alice.id]
    await world.alice.click(card, label="Continue")


async def test_progress_on_a_message_that_is_too_old_is_left_alone(world: World) -> None:
    card_id = await running(world)
    world.env.inject_error("PATCH", f"/channels/*/messages/{card_id}", status=429, code=30046, times=None)
    await world.restart("UPDATE music_tasks SET revision = revision + 1, state_at = 0")

    await world.advance(5)

    task = await world.task()
    assert (task.message_id, task.card_lost, task.shown_revision) == (card_id, None, task.revision)


async def test_a_new_card_that_replaced_one_is_edited_later(world: World) -> None:
    card_id = await running(world)
    world.standin.faults.on_media("server_error", times=None)
    world.env.inject_error("PATCH", f"/channels/*/messages/{card_id}", status=400, code=50083, times=None)
    await finish(world)
    assert world.card(await world.task()).attachments == []
    world.standin.faults.clear()

    await world.advance(60)

    assert len(files_of(world.card(await world.task()))) == 1
    assert len(world.pings()) == 1


@pytest.mark.parametrize(("status", "code"), [(403, 160002), (400, 50035)])
async def test_a_ping_that_may_not_be_a_reply_links_the_card(world: World, status: int, code: int) -> None:
    await running(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=status, code=code)

    await finish(world)

    (ping,) = world.pings()
    assert ping.reference is None
    assert ping.content.endswith(f"/{(await world.task()).message_id}")


async def test_a_ping_that_nobody_lets_through_is_left_out(world: World) -> None:
    await running(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=160002, times=None)

    await finish(world)
    requests = len(world.requests("POST"))
    await world.advance(60)

    assert world.pings() == []
    assert len(world.requests("POST")) == requests


async def test_a_ping_that_may_not_be_sent_into_the_channel_comes_directly(world: World) -> None:
    await running(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50013, times=None)

    await finish(world)
    await world.advance(60)

    (told,) = world.dms()
    assert told.content.endswith(f"/{(await world.task()).message_id}")
    await world.alice.user.send_dm("softer", reference={"message_id": str(told.id), "channel_id": str(told.channel.id)})
    assert labels(world.dms()[-1]) == ["Start", "Edit", "Cancel"]


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("times", [1, 2])
async def test_an_outage_of_discord_only_delays_the_card(world: World, status: int, times: int) -> None:
    await running(world)
    world.env.inject_error("PATCH", "/channels/*", status=status, times=times)

    await finish(world)
    await world.advance(20)

    assert len(world.pings()) == 1
    task = await world.task()
    assert len(files_of(world.card(task))) == 1
    assert (task.card_lost, task.show_failures, task.show_after) == (None, 0, None)


async def test_an_outage_while_pinging_only_delays_the_ping(world: World) -> None:
    await running(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=503, times=2)

    await finish(world)
    await world.advance(10)
    await world.advance(10)

    assert len(world.pings()) == 1


async def test_a_card_that_is_there_although_discord_said_otherwise_joins_the_line(world: World) -> None:
    whole = AsyncWebhookAdapter.create_interaction_response

    async def twice(self, *args, **kwargs):
        await whole(self, *args, **kwargs)
        return await whole(self, *args, **kwargs)  # the second time gets 40060

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncWebhookAdapter, "create_interaction_response", twice)
        await world.alice.slash(world.channel, "song", prompt="Harbour")
    assert (await world.task()).state is State.RECEIVED

    await world.advance(31)

    await world.until(State.COMPLETED, step_s=16)
    assert len(world.standin.creates) == 1


async def test_unclear_songs_whose_card_is_gone_can_be_decided_directly(world: World) -> None:
    task = await world.asked()
    await world.mo.delete(world.card(task))
    world.standin.faults.on_create("drop_recorded")
    await world.until(State.UNCERTAIN, step_s=1)

    (told,) = world.dms()
    question = await world.alice.user.click(told, label="Try again")
    await world.alice.user.click(question.response, label="Yes, send it again")
    await world.until(State.COMPLETED, step_s=16)

    assert len(world.standin.creates) == 2
    assert "Finished" in text_of(world.dms()[-1])


async def test_a_cancelled_card_that_is_gone_is_told_to_nobody(world: World) -> None:
    card = world.card(await world.asked())
    await world.alice.click(card, label="Cancel")
    await world.mo.delete(card)
    await world.until(State.CANCELLED, step_s=2)

    assert world.dms() == []


async def test_long_lyrics_that_may_not_be_attached_wait_whole_in_the_list(world: World) -> None:
    words = "line\n" * 1500
    await world.alice.slash(world.channel, "lyrics", prompt="A ballad")
    await world.turn()
    world.standin.faults.on_status(changed(lambda scene: dict(scene.finished) | {"lyrics": words}))
    world.env.inject_error("PATCH", "/webhooks/*", status=403, code=50013)
    card = world.card(await world.until(State.COMPLETED))

    answer = await world.alice.slash(world.channel, "songs")
    opened = await world.alice.select(answer.response, ["1"], custom_id=control(answer.response, "open_song"))

    assert (await opened.response.attachments[0].read()).decode() == words.strip()
    assert "shows it page by page" in text_of(card)
