"""Whose title is sent."""

from typing import Any

import pytest

from bot.domain.tasks import MusicTask, Result, State
from tests.behaviour.conftest import World, fill, text_of
from tests.behaviour.test_desk import SONG as LYRICS
from tests.behaviour.test_desk import written

WORDS = "Ropes on the pier, the gulls are gone, low tide"


def texts(world: World) -> dict[str, Any]:
    """What the newest create held of prompt, title and styles."""
    body = world.standin.creates[-1].body
    return {name: body[name] for name in ("prompt", "title", "tags") if name in body}


async def sung(world: World, task: MusicTask, **values: Any) -> MusicTask:
    """A song is made of lyrics, with what is filled in."""
    form = await world.alice.click(world.card(task), label="Make it a song")
    answer = await fill(world.alice, form, **{"tags": "blues", "instrumental": ["0"], **values})
    song = await world.app.stores.tasks.by_message(answer.response.id)
    assert song is not None
    await world.turn()
    return await world.until(State.COMPLETED, song.id, step_s=16)


async def again(world: World, task: MusicTask) -> None:
    question = await world.alice.click(world.card(task), label="Again")
    await world.alice.click(question.response, label="Start")
    await world.turn()


async def edited_again(world: World, task: MusicTask, **values: Any) -> None:
    await fill(world.alice, await world.alice.click(world.card(task), label="Edit & again"), **values)
    await world.turn()


async def test_the_title_of_its_member_is_sent_and_goes_along_when_the_wish_is_repeated(world: World) -> None:
    song = await world.song(WORDS, title="Low Tide", tags="blues")
    whole = {"prompt": WORDS, "title": "Low Tide", "tags": "blues"}
    assert texts(world) == whole

    await again(world, song)
    assert texts(world) == whole
    await edited_again(world, song, tags="waltz")
    assert texts(world) == {**whole, "tags": "waltz"}


async def test_a_continuation_bears_the_name_of_its_song_and_sends_none(world: World) -> None:
    await world.song(WORDS, title="Low Tide", tags="blues")

    await world.alice.slash(world.channel, "continue", song="1", prompt="softer")
    child = await world.until(State.COMPLETED, 2, step_s=16)
    assert texts(world) == {"prompt": "softer", "tags": "blues"}
    assert "Low Tide" in text_of(world.card(child))
    await again(world, child)
    assert texts(world) == {"prompt": "softer", "tags": "blues"}


async def test_a_title_that_lyrics_were_given_is_sent_only_if_their_member_changes_it(world: World) -> None:
    lyrics = await written(world)

    song = await sung(world, lyrics)
    assert song.title == "Lighthouse Keeper"
    assert texts(world) == {"prompt": LYRICS, "tags": "blues"}
    await again(world, song)
    assert texts(world) == {"prompt": LYRICS, "tags": "blues"}
    await edited_again(world, song, tags="waltz")
    assert texts(world) == {"prompt": LYRICS, "tags": "waltz"}
    await edited_again(world, song, title="Low Tide")
    assert texts(world) == {"prompt": LYRICS, "title": "Low Tide", "tags": "blues"}
    await sung(world, lyrics, title="High Tide")
    assert texts(world) == {"prompt": LYRICS, "title": "High Tide", "tags": "blues"}


async def test_a_name_of_ours_may_be_longer_than_any_title(world: World) -> None:
    lyrics = await written(world)
    long = "Lighthouse " * 20
    await world.write(lyrics.id, result=Result(title=long, lyrics=LYRICS))

    await sung(world, lyrics)

    assert texts(world) == {"prompt": LYRICS, "tags": "blues"}
    assert (await world.task(2)).title == long.strip()


@pytest.mark.parametrize("world", [{"tokenlab_versions": "chirp-v5,chirp-v4-5all,chirp-v4"}], indirect=True)
async def test_what_is_not_sent_needs_no_version_that_takes_it(world: World) -> None:
    await world.song(WORDS, title="x" * 90, version="chirp-v5")
    world.standin.retired.versions |= {"chirp-v5"}

    await world.alice.slash(world.channel, "continue", song="1")
    await world.until(State.COMPLETED, 2, step_s=16)

    assert world.standin.creates[-1].body["mv"] == "chirp-v4-5all"
