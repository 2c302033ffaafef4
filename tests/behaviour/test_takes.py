"""A song of two takes: each is fetched, tried for, attached, linked and continued by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.tasks import MusicTask, State
from bot.ui import texts
from sandbox.faults import changed
from sandbox.problems import Body
from tests.behaviour.conftest import World, files_of, labels, text_of
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
