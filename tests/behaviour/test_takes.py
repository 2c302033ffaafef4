"""A song of two takes: each is fetched, tried for, attached, linked and continued by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.tasks import MusicTask, State
from bot.ui import texts
from sandbox.faults import changed
from sandbox.problems import Body
from tests.behaviour.conftest import World, files_of, fill, labels, private, text_of
from tests.behaviour.test_moderating import FINISHED, done, panel
from tests.behaviour.test_songs import opened

BOTH = ["Low Tide (take 1).mp3", "Low Tide (take 2).mp3"]
DAY_S = 86_400


async def made(world: World, *, dead: int | None = None, fault: str = "not_found") -> MusicTask:
    """The song as it is shown first; of a dead take the media host gives nothing."""
    world.standin.faults.on_status("completed_two_tracks", times=None)
    await world.asked(title="Low Tide")
    await world.turn()
    task_id = world.standin.creates[0].id
    if dead is not None:
        world.standin.faults.on_media(fault, times=None, name=f"{task_id}-{dead}.mp3")
    world.standin.finish(task_id)
    task = await world.until(State.COMPLETED)
    await world.advance(1)
    return await world.task(task.id)


def downloads(world: World) -> list[str]:
    return [path.rpartition("-")[2] for path in world.standin.downloads if path.endswith(".mp3")]


def urls_of(task: MusicTask) -> list[str]:
    return [take.track.audio_url for take in task.takes]


async def test_both_takes_are_attached_under_their_names_with_their_lengths(world: World) -> None:
    task = await made(world)

    card = world.card(task)
    length = f"0:{int(task.media[0].duration_s or 0):02}"
    assert files_of(card) == BOTH
    assert [file.description for file in card.attachments[:2]] == [f"Low Tide, Take {n}, {length}" for n in (1, 2)]
    assert f"Take 1: {length} · Take 2: {length}" in text_of(card)
    assert not [label for label in labels(card) if "Take" in label]


async def test_a_dead_first_take_is_said_to_be_missing_and_tried_for_while_the_second_one_plays(world: World) -> None:
    task = await made(world, dead=1)

    card = world.card(task)
    assert files_of(card) == BOTH[1:]
    assert f"Take 1: {texts.LINK_FOR_NOW}" in text_of(card)
    assert [label for label in labels(card) if "Take" in label] == ["Listen: Take 1"]
    assert card.embeds[0].image.url == "attachment://waveform.png"
    assert len(world.pings()) == 1

    tries = {"take": 1, "failures": 28, "short_tries": 0, "after": None, "asked_at": None, "is_over": False}
    await world.write(task.id, media_tries=[tries], media_after=None)
    for _ in range(3):
        await world.advance(DAY_S)

    task = await world.task()
    card = world.card(task)
    assert [take.is_given_up for take in task.takes] == [True, False]
    assert files_of(card) == BOTH[1:]
    assert f"Take 1: {texts.LINK_GONE}" in text_of(card)
    assert (downloads(world).count("2.mp3"), len(world.pings()), len(world.standin.creates)) == (1, 1, 1)


async def test_a_late_first_take_joins_the_second_one_on_the_card(world: World) -> None:
    await made(world, dead=1, fault="forbidden")
    world.standin.faults.clear()

    for _ in range(3):
        await world.advance(10)

    card = world.card(await world.task())
    assert files_of(card) == BOTH
    assert "Listen: Take 1" not in labels(card)
    assert texts.LINK_FOR_NOW not in text_of(card)
    assert (downloads(world).count("2.mp3"), len(world.pings())) == (1, 1)


async def test_tries_for_one_take_go_on_where_they_were_after_a_restart(world: World) -> None:
    await made(world, dead=1)
    for _ in range(4):
        await world.advance(40)
    before = (await world.task()).media_tries
    assert before[0].failures > 3

    await world.restart()

    assert (await world.task()).media_tries == before
    world.standin.faults.clear()
    await world.advance(300)
    assert files_of(world.card(await world.task())) == BOTH


async def test_a_take_that_is_gone_for_good_is_given_up_by_itself(world: World) -> None:
    await made(world, dead=2, fault="gone")
    await world.advance(6)

    task = await world.task()
    assert (files_of(world.card(task)), task.media_wanted) == (BOTH[:1], False)
    assert f"Take 2: {texts.LINK_GONE}" in text_of(world.card(task))
    assert downloads(world).count("2.mp3") == 2


def twice_told(names: Callable[[str, str], Body]) -> Any:
    """A result that tells of the first take at a dead mirror, and of both in its list."""

    def told(scene: Any) -> Body:
        body = dict(scene.finished)
        first = body["audio_url"]
        second = first.replace("-1.mp3", "-2.mp3")
        return body | {"audio_url": first.replace("/m/", "/mirror/"), "data": [
            {"id": body["audio_id"], **names(first, "audio_url")}, {"id": "clip_two", **names(second, "audio_url")},
        ]}  # fmt: skip

    return changed(told)


@pytest.mark.parametrize(
    "names",
    [
        lambda url, name: {name: url},
        lambda url, _: {"audioUrl": url, "streamAudioUrl": f"{url}?stream"},
        lambda url, _: {"source_audio_url": url, "stream_audio_url": f"{url}?stream"},
    ],
)
async def test_a_take_that_is_told_twice_is_one_and_comes_from_whichever_address_works(
    world: World, names: Callable[[str, str], Body]
) -> None:
    world.standin.faults.on_status(twice_told(names), times=None)

    task = await made(world)

    assert files_of(world.card(task)) == BOTH
    assert len(task.takes) == 2
    assert not [path for path in world.standin.downloads if path.endswith("stream")]


async def test_a_stream_alone_is_waited_on_for_a_minute_and_then_taken(world: World) -> None:
    def streamed(scene: Any) -> Body:
        body = {name: value for name, value in scene.finished.items() if name not in {"audio_url", "data"}}
        return body | {"stream_audio_url": scene.finished["audio_url"]}

    world.standin.faults.on_status(changed(streamed), times=None)
    await world.asked()
    await world.turn()
    world.standin.finish(world.standin.creates[0].id)
    await world.advance(6)
    assert (await world.task()).state is State.RUNNING

    task = await world.until(State.COMPLETED, step_s=20)
    await world.advance(1)
    assert len(files_of(world.card(task))) == 1


# --- opened and delivered again --------------------------------------------------------------------------------------


async def test_a_song_that_is_opened_again_attaches_what_is_there_and_links_the_rest(world: World) -> None:
    task = await made(world, dead=1)

    shown = await opened(world, task)

    assert files_of(shown) == BOTH[1:]
    assert f"Take 1: {texts.FETCHED_ANEW}" in text_of(shown)
    assert "Listen: Take 1" in labels(shown.message)
    assert (await world.task()).media_tries == (), "it is tried for from the start"
    assert files_of(world.card(await world.task())) == BOTH[1:]


async def test_delivering_again_tries_anew_for_a_take_that_was_given_up(world: World) -> None:
    task = await made(world, dead=1, fault="gone")
    await world.advance(6)
    assert not (await world.task()).media_wanted
    world.standin.faults.clear()

    await done(world.mo, await panel(world, world.mo, task.id, lane=FINISHED), "Deliver again", "Yes, deliver it")
    await world.advance(1)

    assert files_of(world.card(await world.task())) == BOTH


# --- continued -------------------------------------------------------------------------------------------------------


def sent_clip(world: World) -> str:
    return str(world.standin.creates[-1].body["continue_clip_id"])


async def test_the_form_asks_which_take_and_the_card_says_so(world: World) -> None:
    task = await made(world)

    form = await world.alice.click(world.card(task), label="Continue")
    length = f"0:{int(task.media[1].duration_s or 0):02}"
    options = form.modal["components"][0]["component"]["options"]
    assert [(one["value"], one["label"], one.get("default", False)) for one in options] == [
        ("1", f"Take 1 · {length}", True), ("2", f"Take 2 · {length}", False),
    ]  # fmt: skip
    await fill(world.alice, form, take=["2"], prompt="softer")
    await world.turn()

    assert sent_clip(world) == task.takes[1].track.audio_id
    assert "continues #1, take 2" in text_of(world.card(await world.task(2)))


async def test_a_form_that_leaves_the_take_as_it_is_continues_the_first_one(world: World) -> None:
    task = await made(world)

    await fill(world.alice, await world.alice.click(world.card(task), label="Continue"), prompt="softer")
    await world.turn()

    assert sent_clip(world) == task.takes[0].track.audio_id


async def test_where_only_the_second_take_can_be_heard_that_one_is_suggested(world: World) -> None:
    task = await made(world, dead=1)

    form = await world.alice.click(world.card(task), label="Continue")

    assert [one["value"] for one in form.modal["components"][0]["component"]["options"] if one.get("default")] == ["2"]


async def test_the_command_offers_each_take_and_still_knows_a_song_by_its_number(world: World) -> None:
    task = await made(world)

    offered = await world.alice.autocomplete(world.channel, "continue", "song", "")
    assert [(one["value"], one["name"].partition(" ago")[0]) for one in offered] == [
        ("1:1", "Low Tide · Take 1 · 0 min"), ("1:2", "Low Tide · Take 2 · 0 min"),
    ]  # fmt: skip
    for song, take in (("1:2", 1), ("1", 0)):
        await world.alice.slash(world.channel, "continue", song=song, prompt=f"as {song}")
        await world.turn()
        assert sent_clip(world) == task.takes[take].track.audio_id


@pytest.mark.parametrize("song", ["1:3", "1:0"])
async def test_a_take_that_does_not_exist_is_refused_privately_with_those_that_do(world: World, song: str) -> None:
    await made(world)

    answer = await world.alice.slash(world.channel, "continue", song=song)

    assert private(answer) == "This song has no such take. Its takes: 1, 2."
    assert len(world.standin.creates) == 1


@pytest.mark.parametrize("song", ["1:", "1:x", "1:2:3", "1:222"])
async def test_what_names_no_take_names_no_song(world: World, song: str) -> None:
    await made(world)

    assert "can't find that song" in private(await world.alice.slash(world.channel, "continue", song=song))


async def test_a_reply_names_a_take_and_the_question_shows_it(world: World) -> None:
    task = await made(world)

    await world.alice.send(world.channel, "take 2 from 0:05, softer", reply_to=world.pings()[0])
    question = world.channel.last_message
    assert "Take 2\nFrom: 0:05" in text_of(question)
    await world.alice.click(question, label="Start")
    await world.turn()

    assert sent_clip(world) == task.takes[1].track.audio_id


async def test_a_question_can_be_changed_to_the_other_take(world: World) -> None:
    task = await made(world)
    await world.alice.send(world.channel, "softer", reply_to=world.pings()[0])
    question = world.channel.last_message
    assert "Take 1\n" in text_of(question)

    await fill(world.alice, await world.alice.click(question, label="Edit"), take=["2"])
    assert "Take 2\n" in text_of(world.channel.last_message)
    await world.alice.click(world.channel.last_message, label="Start")
    await world.turn()

    assert sent_clip(world) == task.takes[1].track.audio_id


async def test_a_continuation_made_again_is_of_the_same_take(world: World) -> None:
    task = await made(world)
    await world.alice.slash(world.channel, "continue", song="1:2", prompt="softer")
    child = await world.until(State.COMPLETED, 2, step_s=16)

    question = await world.alice.click(world.card(child), label="Again")
    await world.alice.click(question.response, label="Start")
    await world.turn()

    assert len(world.standin.creates) == 3
    assert sent_clip(world) == task.takes[1].track.audio_id


@pytest.mark.parametrize("world", [{"tokenlab_upload_extend": True}], indirect=True)
async def test_extending_by_upload_sends_the_take_that_was_chosen(world: World) -> None:
    task = await made(world)

    await world.alice.slash(world.channel, "continue", song="1:2", at="10")
    await world.turn()

    assert world.standin.creates[1].body["audio_url"] == urls_of(task)[1]


async def test_a_song_with_one_take_asks_nothing(world: World) -> None:
    world.standin.faults.on_status("completed_data_only", times=None)
    form = await world.alice.click(world.card(await world.song("Harbour")), label="Continue")

    assert [one["component"]["custom_id"] for one in form.modal["components"]] == ["prompt", "at"]
