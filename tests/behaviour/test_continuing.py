"""Members go on with finished songs: by command, by button and form."""

import asyncio
from dataclasses import replace

import discord
import pytest

from bot.domain.refusals import Refused
from bot.domain.tasks import State, TaskId
from bot.domain.wishes import SongWish
from bot.service import Asker
from bot.ui.client import asker_of
from tests.behaviour.conftest import World, fill, labels, private, text_of


async def test_only_a_members_own_finished_songs_are_offered(world: World) -> None:
    await world.song("Alpha")
    await world.song("Beta", by=world.bob)
    await world.alice.slash(world.channel, "lyrics", prompt="Gamma")
    await world.until(State.COMPLETED, 3, step_s=16)
    await world.asked("Delta")

    offered = await world.alice.autocomplete(world.channel, "continue", "song", "")

    assert [(choice["value"], choice["name"].partition(" · ")[0]) for choice in offered] == [("1", "Alpha")]


async def test_what_is_typed_narrows_the_choice(world: World) -> None:
    await world.song("Rainy harbour")
    await world.song("Sunny hills")

    offered = await world.alice.autocomplete(world.channel, "continue", "song", "RAIN")

    assert [choice["value"] for choice in offered] == ["1"]


@pytest.mark.parametrize("song", ["999", "Rainy harbour", "9" * 30])
async def test_what_names_no_song_is_refused_privately(world: World, song: str) -> None:
    await world.song()

    answer = await world.alice.slash(world.channel, "continue", song=song)

    assert "can't find that song" in private(answer)
    assert len(world.standin.creates) == 1


async def test_somebody_elses_song_of_another_channel_is_refused_privately(world: World) -> None:
    await world.song()

    answer = await world.bob.slash(world.other_channel, "continue", song="1")

    assert private(answer) == "That is somebody else's."


async def test_somebody_elses_song_may_be_continued_where_it_was_posted(world: World) -> None:
    await world.song()

    await world.bob.slash(world.channel, "continue", song="1", prompt="Bob's way")
    task = await world.until(State.COMPLETED, 2, step_s=16)

    assert (task.user_id, task.parent_id) == (world.bob.id, 1)


@pytest.mark.parametrize(
    ("at", "sent"), [("5", 5), ("0:05", 5), ("0m5s", 5), ("5.5", 5.5), ("0", 0), (None, None), ("  ", None)]
)
async def test_a_continuation_names_its_parents_clip_and_the_time(
    world: World, at: str | None, sent: float | None
) -> None:
    parent = await world.song()
    options = {} if at is None else {"at": at}

    answer = await world.alice.slash(world.channel, "continue", song="1", prompt="softer", **options)
    await world.turn()

    assert answer.response is not None
    assert "Continuation" in text_of(answer.response)
    assert parent.result is not None
    body = world.standin.creates[1].body
    assert body["continue_clip_id"] == parent.result.tracks[0].audio_id
    assert body.get("continue_at") == sent
    assert (body["mv"], body["prompt"], body["action"]) == ("chirp-v4", "softer", "MUSIC")


async def test_a_continuation_without_words_keeps_those_of_its_parent(world: World) -> None:
    await world.song("Harbour", tags="blues", title="Low Tide", instrumental=True, version="chirp-v5")

    await world.alice.slash(world.channel, "continue", song="1")
    await world.turn()

    first, second = (create.body for create in world.standin.creates)
    assert {name: second[name] for name in first if name != "title"} | {"title": first["title"]} == first


@pytest.mark.parametrize("at", ["1:75", "soon"])
async def test_a_time_that_is_none_is_refused_privately(world: World, at: str) -> None:
    await world.song()

    answer = await world.alice.slash(world.channel, "continue", song="1", at=at)

    assert "don't understand that time" in private(answer)
    assert len(world.standin.creates) == 1


async def test_lyrics_hold_no_music_to_continue(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="Words")
    await world.until(State.COMPLETED, step_s=16)

    assert "no music" in private(await world.alice.slash(world.channel, "continue", song="1"))


async def test_an_unfinished_song_can_not_be_continued(world: World) -> None:
    await world.asked()

    assert "not finished" in private(await world.alice.slash(world.channel, "continue", song="1"))


@pytest.mark.parametrize("world", [{"tokenlab_upload_extend": True}], indirect=True)
async def test_extending_by_upload_sends_the_track_and_needs_a_start(world: World) -> None:
    parent = await world.song()

    assert "from where" in private(await world.alice.slash(world.channel, "continue", song="1"))
    await world.alice.slash(world.channel, "continue", song="1", at="10")
    await world.turn()

    assert parent.result is not None
    body = world.standin.creates[1].body
    assert (body["audio_operation"], body["audio_url"]) == ("upload-extend", parent.result.tracks[0].audio_url)
    assert "continue_clip_id" not in body


# --- the button and its form -----------------------------------------------------------------------------------------


async def test_the_button_opens_a_form_that_continues_the_song(world: World) -> None:
    card = world.card(await world.song("Harbour"))

    shown = await world.alice.click(card, label="Continue")
    answer = await fill(world.alice, shown, prompt="quieter bridge", at="0:05")

    assert answer.response is not None
    assert answer.response.id != card.id
    assert labels(answer.response.message) == ["Cancel"]
    await world.turn()
    body = world.standin.creates[1].body
    assert (body["prompt"], body["continue_at"]) == ("quieter bridge", 5)


async def test_an_empty_form_goes_on_with_the_same_words_from_the_end(world: World) -> None:
    card = world.card(await world.song("Harbour"))

    await fill(world.alice, await world.alice.click(card, label="Continue"), prompt="", at="")
    await world.turn()

    assert world.standin.creates[1].body["prompt"] == "Harbour"
    assert "continue_at" not in world.standin.creates[1].body


async def test_a_form_with_a_wrong_time_is_answered_privately(world: World) -> None:
    card = world.card(await world.song())

    answer = await fill(world.alice, await world.alice.click(card, label="Continue"), at="half past")

    assert "don't understand that time" in private(answer)


async def test_a_form_that_is_refused_gives_back_what_was_typed(world: World) -> None:
    card = world.card(await world.song())

    answer = await fill(world.alice, await world.alice.click(card, label="Continue"), prompt="softer", at="half past")

    assert "don't understand that time" in private(answer)
    assert await answer.response.attachments[0].read() == b"softer"
    again = await world.alice.click(answer.response, label="Continue")
    assert again.modal is not None


async def test_where_no_files_may_be_attached_what_was_typed_is_quoted(world: World) -> None:
    no_files = discord.PermissionOverwrite(attach_files=False)
    world.channel = world.guild.create_text_channel("texts", overwrites={world.guild.default_role: no_files})
    card = world.card(await world.song())

    answer = await fill(world.alice, await world.alice.click(card, label="Continue"), prompt="a *soft* one", at="no")

    assert "don't understand that time" in private(answer)
    assert [message.content for message in answer.followups] == ["> a \\*soft\\* one"]


async def test_a_secret_in_a_form_is_not_given_back(world: World) -> None:
    card = world.card(await world.song())

    shown = await world.alice.click(card, label="Continue")
    answer = await fill(world.alice, shown, prompt="sing sk-proj-abcdefghij0123456789abcdefghij0123456789")

    assert "key, token or password" in private(answer)
    assert (answer.response.attachments, answer.followups) == ([], [])


@pytest.mark.parametrize("label", ["Continue", "Edit & again"])
async def test_what_can_not_be_asked_for_now_is_told_before_its_form_is_filled_in(world: World, label: str) -> None:
    card = world.card(await world.song())
    open_before = await world.alice.click(card, label=label)
    world.app.service.close()

    answer = await world.alice.click(card, label=label)
    late = await fill(world.alice, open_before, prompt="many words")

    assert answer.modal is None
    assert "just restarting" in private(answer)
    assert "just restarting" in private(late)
    assert (await late.response.attachments[0].read()).startswith(b"many words")


async def test_anybody_in_the_channel_may_open_the_form(world: World) -> None:
    card = world.card(await world.song())

    shown = await world.bob.click(card, label="Continue")

    assert shown.modal is not None


# --- the message menu ------------------------------------------------------------------------------------------------

MENU = "Continue this song"


@pytest.mark.parametrize("where", ["card", "ping"])
async def test_the_message_menu_continues_the_song_that_a_message_shows(world: World, where: str) -> None:
    task = await world.song("Harbour")
    message = world.card(task) if where == "card" else world.pings()[0]

    shown = await world.alice.context_menu(world.channel, MENU, message)
    await fill(world.alice, shown, prompt="quieter bridge", at="0:05")
    await world.turn()

    body = world.standin.creates[1].body
    assert (body["prompt"], body["continue_at"]) == ("quieter bridge", 5)


async def test_the_message_menu_on_another_message_says_so(world: World) -> None:
    message = await world.bob.send(world.channel, "hello")

    answer = await world.alice.context_menu(world.channel, MENU, message)

    assert private(answer) == "This message does not show a song of mine."


async def test_the_message_menu_on_an_unfinished_song_refuses_kindly(world: World) -> None:
    card = world.card(await world.asked())

    assert "not finished" in private(await world.alice.context_menu(world.channel, MENU, card))


async def test_a_form_that_was_opened_before_a_restart_continues_the_song(world: World) -> None:
    shown = await world.alice.click(world.card(await world.song()), label="Continue")
    await world.restart()

    await fill(world.alice, shown, prompt="quieter bridge")
    await world.turn()

    assert world.standin.creates[1].body["prompt"] == "quieter bridge"


# --- starting a draft many times -------------------------------------------------------------------------------------


async def test_ten_starts_of_a_draft_at_the_same_moment_are_one_song(world: World) -> None:
    parent = await world.song()
    await world.alice.send(world.channel, "softer", reply_to=world.pings()[0])
    asker = await _asker(world)

    started = await asyncio.gather(
        *(world.app.service.asking.start_draft(1, replace(asker, interaction_id=n), message_id=77) for n in range(10)),
        return_exceptions=True,
    )

    assert [type(one) for one in started].count(Refused) == 9
    assert await world.app.stores.tasks.counts() == {State.COMPLETED: 1, State.RECEIVED: 1}
    assert (await world.task(2)).parent_id == parent.id


async def test_one_interaction_that_arrives_twice_is_one_song(world: World) -> None:
    asker = await _asker(world)
    made = await asyncio.gather(*(world.app.service.asking.request(SongWish(prompt="x"), asker) for _ in range(5)))

    assert len({task.id for task in made}) == 1


async def _asker(world: World) -> Asker:
    """Alice, as an interaction of hers tells who she is."""
    seen: list[Asker] = []

    async def look(interaction, _subject):
        seen.append(asker_of(interaction))
        await interaction.response.defer()

    handlers = world.app.bot._press_handlers
    before, handlers["continue"] = handlers["continue"], look
    task = await world.app.stores.tasks.get(TaskId(1)) or await world.song("Somebody's")
    await world.alice.click(world.card(task), label="Continue")
    handlers["continue"] = before
    return seen[0]


# --- where a continuation begins -------------------------------------------------------------------------------------


async def test_a_start_beyond_the_end_is_refused_at_once_with_the_length(world: World) -> None:
    parent = await world.song()
    assert parent.takes[0].length_s is not None
    assert world.app.bot.user is not None
    length = f"0:{int(parent.takes[0].length_s):02}"
    refused = f"This song is only {length} long. Name a moment before its end."

    assert private(await world.alice.slash(world.channel, "continue", song="1", at="1:05")) == refused
    form = await world.alice.click(world.card(parent), label="Continue")
    answer = await fill(world.alice, form, prompt="", at="1:05")
    assert private(answer) == refused
    await world.alice.send(
        world.channel, f"{world.app.bot.user.mention} from 1:05, softer", reply_to=world.card(parent)
    )
    assert refused in [message.content for message in world.channel.history()]
    assert len(world.standin.creates) == 1
    last = str(int(parent.takes[0].length_s) - 1)
    assert (await world.alice.slash(world.channel, "continue", song="1", at=last)).response.ephemeral is False


async def test_examples_are_moments_that_the_song_has(world: World) -> None:
    parent = await world.song()
    assert parent.takes[0].length_s is not None
    half = f"0:{int(parent.takes[0].length_s / 2):02}"
    assert f"`from {half}, quieter bridge`" in world.pings()[-1].content
    form = await world.alice.click(world.card(parent), label="Continue")
    assert f"{half}, or nothing for the end" in str(form.modal)
