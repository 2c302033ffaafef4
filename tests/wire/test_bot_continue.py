"""Going on with a finished song: the command, the button with its form, and replies in free text."""

import pytest

from tests.fakes.discord_interactions import MODAL
from tests.fakes.discord_world import FakeMessage, FakeUser
from tests.wire.conftest import SHARED_LOOP, Studio, task_number

pytestmark = [pytest.mark.wire, SHARED_LOOP]


async def choices(studio: Studio, user: FakeUser, typed: str = "") -> dict[str, str]:
    offered = await studio.discord.autocomplete(user, studio.discord.songs, "continue", option="song", typed=typed)
    return {choice["value"]: choice["name"] for choice in offered}


def clip_of(studio: Studio, prompt: str) -> str:
    """The `audio_id` that the stand-in gives the finished song of that prompt."""
    return studio.standin.task(studio.creates(prompt)[0].id).clip(1)


async def reply(studio: Studio, user: FakeUser, to: FakeMessage, words: str) -> FakeMessage:
    """The bot's answer to a reply."""
    discord = studio.discord
    sent = await discord.message(user, to.channel, words, reply_to=to)
    return await discord.new_message(to.channel, after=sent)


async def test_only_own_finished_songs_are_offered(shared: Studio) -> None:
    discord = shared.discord
    mine = str(task_number(await shared.finished("Mine and finished")))
    theirs = str(task_number(await shared.finished("Bob has this", user=discord.bob)))
    answer, provider_id = await shared.running("Mine, not yet")
    offered = await choices(shared, discord.alice)
    assert mine in offered
    assert theirs not in offered
    assert str(task_number(answer.shown)) not in offered
    assert list(await choices(shared, discord.alice, "AND FINI")) == [mine]
    assert await choices(shared, discord.mo) == {}
    shared.standin.finish(provider_id)


async def test_a_continuation_names_the_clip_and_the_second(shared: Studio) -> None:
    discord = shared.discord
    parent = await shared.finished("First part", title="Parts")
    song = str(task_number(parent))
    answer = await discord.slash(
        discord.alice, discord.songs, "continue", song=song, prompt="Quieter bridge", at="0:05"
    )
    assert not answer.ephemeral
    card = await shared.shows(answer.shown, "Finished")
    assert "from 0:05" in card.text
    (create,) = shared.creates("Quieter bridge")
    assert create.body["continue_clip_id"] == clip_of(shared, "First part")
    assert create.body["continue_at"] == 5
    assert (create.body["model"], create.body["mv"], create.body["action"]) == ("suno-music", "chirp-v4", "MUSIC")
    await shared.ping_of(card)


async def test_another_member_continues_a_song_only_where_it_was_posted(shared: Studio) -> None:
    discord = shared.discord
    song = str(task_number(await shared.finished("Everybody here")))
    elsewhere = await discord.slash(discord.bob, discord.lounge, "continue", song=song, prompt="Stolen")
    assert elsewhere.ephemeral
    assert "somebody else's" in elsewhere.shown.content
    assert shared.creates("Stolen") == []
    here = await discord.slash(discord.bob, discord.songs, "continue", song=song, prompt="Shared with Bob")
    await shared.shows(here.shown, "Finished")
    owner = await discord.slash(discord.alice, discord.lounge, "continue", song=song, prompt="Mine anywhere")
    await shared.shows(owner.shown, "Finished")
    assert len(shared.creates("Shared with Bob")) == len(shared.creates("Mine anywhere")) == 1


@pytest.mark.parametrize("song", ["999999", "Slow harbour blues", "-1", "0"])
async def test_a_song_that_is_not_there_is_refused_privately(shared: Studio, song: str) -> None:
    discord = shared.discord
    answer = await discord.slash(discord.alice, discord.songs, "continue", song=song, prompt="No parent")
    assert answer.ephemeral
    assert "can't find that song" in answer.shown.content


async def test_a_reply_to_the_ping_becomes_a_draft_and_its_start_the_card(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Reply to me")
    draft = await reply(shared, discord.alice, await shared.ping_of(card), "from 0:04, with a choir")
    assert draft.labels == ["Start", "Edit", "Cancel"]
    assert "0:04" in draft.text
    assert draft.mentions == []
    assert shared.creates("with a choir") == []
    assert (await discord.click(discord.bob, draft, "Start")).ephemeral
    assert (await discord.click(discord.alice, draft, "Start")).shown is draft
    await shared.shows(draft, "Finished")
    assert draft.attachments
    (create,) = shared.creates("with a choir")
    assert create.body["continue_clip_id"] == clip_of(shared, "Reply to me")
    assert create.body["continue_at"] == 4
    await shared.ping_of(draft)


async def test_two_quick_starts_of_a_draft_make_one_song(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Clicked twice")
    draft = await reply(shared, discord.alice, await shared.ping_of(card), "only once please")
    first, second = [await discord.begin_click(discord.alice, draft, "Start") for _ in range(2)]
    answers = [await first.answer(), await second.answer()]
    assert sorted(answer.ephemeral for answer in answers) == [False, True]
    await shared.shows(draft, "Finished")
    assert len(shared.creates("only once please")) == 1


async def test_a_draft_that_is_cancelled_starts_nothing(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Reply and regret")
    draft = await reply(shared, discord.alice, await shared.ping_of(card), "softer, never mind how")
    await discord.click(discord.alice, draft, "Cancel")
    assert draft.labels == []
    assert "Nothing was started" in draft.text
    assert shared.creates("softer, never mind how") == []


async def test_a_reply_to_the_card_that_cannot_be_read_is_offered_the_form(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Unreadable")
    offer = await reply(shared, discord.alice, card, "you can't read this")
    assert offer.labels == ["Continue"]
    opened = await discord.click(discord.alice, offer, "Continue")
    assert opened.type == MODAL
    answer = await discord.submit_modal(discord.alice, opened, {"What comes next?": "by form", "From where?": "3"})
    assert not answer.ephemeral
    await shared.shows(answer.shown, "Finished")
    (create,) = shared.creates("by form")
    assert create.body["continue_at"] == 3


async def test_the_form_refuses_a_time_that_is_none(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Wrong time")
    opened = await discord.click(discord.alice, card, "Continue")
    answer = await discord.submit_modal(discord.alice, opened, {"From where?": "the chorus"})
    assert answer.ephemeral
    assert "understand that time" in answer.shown.content


async def test_a_reply_with_a_secret_is_refused_in_private(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Secret reply")
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    before = len(shared.rows("SELECT * FROM drafts"))
    sent = await discord.message(discord.alice, discord.songs, f"use {secret}", reply_to=await shared.ping_of(card))
    told = await discord.new_message(discord.dm(discord.alice))
    assert "key, token or password" in told.content
    assert [m for m in discord.songs.history if m.id > sent.id and m.author is discord.bot] == []
    assert len(shared.rows("SELECT * FROM drafts")) == before
    assert secret not in shared.bot.output


async def test_forwards_and_replies_of_other_bots_are_left_alone(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Leave me alone")
    ping = await shared.ping_of(card)
    await discord.forward(discord.alice, discord.songs, ping)
    await discord.message(discord.alice, discord.songs, f"{discord.bot.mention} no reply at all")
    draft = await reply(shared, discord.alice, ping, "softer this time")
    since = [m for m in discord.songs.history if m.id > ping.id and m.author is discord.bot]
    assert since == [draft]
