"""Whose title is sent, and what is sent of a wish where the provider sings prompts word for word."""

import logging
from typing import Any

import pytest

from bot.domain.tasks import MusicTask, Result, State
from tests.behaviour.conftest import World, fill, private, text_of
from tests.behaviour.test_desk import SONG as LYRICS
from tests.behaviour.test_desk import edit, written

WORDS = "Ropes on the pier, the gulls are gone, low tide"
DESCRIPTION = f"{WORDS}\nIn these styles: blues."
SINGING = {"tokenlab_sings_prompt": "true"}
SILENT = {"tokenlab_sings_prompt": "false"}
NOTE = "the words are sung as they are written"
FACT = "sung as written"
sings = pytest.mark.parametrize("world", [SINGING], indirect=True)
in_every_mode = pytest.mark.parametrize("world", [{}, SILENT, SINGING], indirect=True)
while_nothing_is_sung = pytest.mark.parametrize("world", [{}, SILENT], indirect=True)
learns = pytest.mark.parametrize("world", [{"standin": {"sings_prompt": True}}], indirect=True)


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


def notes(form: Any) -> str:
    return " ".join(label.get("description") or "" for label in form.modal["components"])


# --- whose title it is ---------------------------------------------------------------------------------------------


@in_every_mode
async def test_the_title_of_its_member_is_sent_and_goes_along_when_the_wish_is_repeated(world: World) -> None:
    song = await world.song(WORDS, title="Low Tide", tags="blues")
    whole = {"prompt": WORDS, "title": "Low Tide", "tags": "blues"}
    assert texts(world) == whole

    await again(world, song)
    assert texts(world) == whole
    await edited_again(world, song, tags="waltz")
    assert texts(world) == {**whole, "tags": "waltz"}


@in_every_mode
async def test_a_continuation_bears_the_name_of_its_song_and_sends_none(world: World) -> None:
    await world.song(WORDS, title="Low Tide", tags="blues")

    await world.alice.slash(world.channel, "continue", song="1", prompt="softer")
    child = await world.until(State.COMPLETED, 2, step_s=16)
    assert texts(world) == {"prompt": "softer", "tags": "blues"}
    assert "Low Tide" in text_of(world.card(child))
    await again(world, child)
    assert texts(world) == {"prompt": "softer", "tags": "blues"}


@while_nothing_is_sung
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


# --- where prompts are sung ----------------------------------------------------------------------------------------


@while_nothing_is_sung
async def test_nothing_else_changes_where_prompts_are_not_known_to_be_sung(world: World) -> None:
    song = await world.song(WORDS, title="Low Tide", tags="blues")
    assert FACT not in text_of(world.card(song))
    assert NOTE not in notes(await world.alice.click(world.card(song), label="Edit & again"))
    await world.song("x" * 501, tags="blues")
    assert texts(world) == {"prompt": "x" * 501, "tags": "blues"}


@sings
async def test_a_wish_without_title_is_described_with_its_styles(world: World) -> None:
    song = await world.song(WORDS, tags="blues", avoid="brass")
    assert texts(world) == {"prompt": DESCRIPTION}
    assert world.standin.creates[-1].body["negative_tags"] == "brass"
    assert FACT not in text_of(world.card(song))

    await edited_again(world, song, title="Low Tide")
    assert texts(world) == {"prompt": WORDS, "title": "Low Tide", "tags": "blues"}


@sings
async def test_a_wish_with_title_is_sent_in_full_and_its_card_says_that_it_is_sung(world: World) -> None:
    song = await world.song("x" * 501, title="Low Tide", tags="blues")

    assert texts(world) == {"prompt": "x" * 501, "title": "Low Tide", "tags": "blues"}
    assert FACT in text_of(world.card(song))


@sings
async def test_lyrics_are_sung_with_their_title_whoever_made_it(world: World) -> None:
    lyrics = await written(world)
    await edit(world, lyrics, "2 · Chorus", text0="x" * 501)
    lyrics = await world.task(lyrics.id)

    song = await sung(world, lyrics)

    assert texts(world) == {"prompt": lyrics.lyrics, "title": "Lighthouse Keeper", "tags": "blues"}
    assert FACT in text_of(world.card(song))


@sings
async def test_the_forms_say_that_the_words_of_a_titled_song_are_sung(world: World) -> None:
    song, lyrics = await world.song(WORDS), await written(world)

    for card, label in ((song, "Edit & again"), (lyrics, "Make it a song")):
        assert NOTE in notes(await world.alice.click(world.card(card), label=label))


@sings
async def test_a_description_that_is_too_long_is_told_privately_and_nothing_is_written(world: World) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt="x" * 490, tags="blues")

    assert "at most 500 characters" in private(answer)
    assert "give the song a title" in private(answer)
    assert await world.app.stores.tasks.counts() == {}
    await world.asked("x" * 490, tags="blues", title="Low Tide")


@sings
async def test_the_form_of_a_long_wish_has_room_for_a_title(world: World) -> None:
    song = await world.song("x" * 4500, title="Low Tide", tags="blues")

    shown = await world.alice.click(world.card(song), label="Edit & again")
    await fill(world.alice, shown, title="High Tide")
    await world.turn()

    assert texts(world) == {"prompt": "x" * 4500, "title": "High Tide", "tags": "blues"}


@sings
async def test_styles_in_a_description_need_no_version_that_takes_so_many(world: World) -> None:
    await world.song("Rain", tags=", ".join(["slow blues"] * 30), version="chirp-v4")

    assert world.standin.creates[-1].body["mv"] == "chirp-v4"


async def test_what_waits_while_the_setting_changes_goes_as_it_was_told(world: World) -> None:
    for prompt in ("x" * 501, WORDS):
        await world.asked(prompt, tags="blues")
    world.changes.update(SINGING)
    await world.restart()
    await world.asked("Another", tags="blues")
    for number in (1, 2, 3):
        await world.until(State.COMPLETED, number, step_s=16)

    bodies = {create.body["prompt"]: create.body.get("tags") for create in world.standin.creates}
    assert bodies == {"x" * 501: "blues", WORDS: "blues", "Another\nIn these styles: blues.": None}


# --- what is learnt ------------------------------------------------------------------------------------------------


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if "word for word" in one.getMessage()]


@learns
async def test_a_song_that_sings_its_prompt_is_remembered_over_a_restart(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await world.song(WORDS, tags="blues")
    assert texts(world) == {"prompt": WORDS, "tags": "blues"}
    for _ in range(2):
        await world.song(WORDS, title="Low Tide", tags="blues")
        await world.advance(200)
    await world.restart()

    await world.song(WORDS, tags="blues")

    assert texts(world) == {"prompt": DESCRIPTION}
    assert told(caplog) == ["TokenLab sings prompts word for word where there are title and styles"]


async def test_a_song_with_other_words_ends_what_was_known(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await world.app.stores.singing.learn(sings=True)

    await world.song(WORDS, title="Low Tide", tags="blues")
    await world.song(WORDS, tags="blues")

    assert texts(world) == {"prompt": WORDS, "tags": "blues"}
    assert told(caplog) == ["TokenLab does not sing prompts word for word where there are title and styles"]


@pytest.mark.parametrize("world", [{**SILENT, "standin": {"sings_prompt": True}}], indirect=True)
async def test_what_the_operator_says_counts_whatever_results_show(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await world.song(WORDS, title="Low Tide", tags="blues")
    await world.song(WORDS, tags="blues")

    assert texts(world) == {"prompt": WORDS, "tags": "blues"}
    assert told(caplog) == []
