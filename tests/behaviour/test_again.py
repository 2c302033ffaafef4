"""Asking once more: the same wish by a button, an edited one by a form, and the question when it was meant once."""

import asyncio

import pytest

from bot.domain.tasks import Kind, State
from tests.behaviour.conftest import REPEAT, Seen, World, fill, labels, private, text_of

# --- the same wish twice -------------------------------------------------------------------------------------------


async def test_the_same_wish_within_a_short_time_is_asked_back_before_it_costs_anything(world: World) -> None:
    first = await world.asked("Slow harbour blues")

    answer = await world.alice.slash(world.channel, "song", prompt="  Slow harbour blues ")
    await world.advance(5)

    assert "You have just asked for the same" in private(answer)
    assert f"/{world.channel.id}/{first.message_id}" in private(answer)
    assert labels(answer.response.message) == ["Make another"]
    assert len(world.standin.creates) == 1


async def test_another_one_is_made_once_however_often_that_is_pressed(world: World) -> None:
    await world.asked("Slow harbour blues")
    question = await world.alice.slash(world.channel, "song", prompt="Slow harbour blues")
    seen = Seen(world, question.response.message)

    first = await seen.press(world.alice, "encore:another:1")
    second = await seen.press(world.alice, "encore:another:1")
    await world.until(State.COMPLETED, 2, step_s=16)

    assert "Slow harbour blues" in text_of(first.response)
    assert not first.response.ephemeral
    assert "This was started" in private(second)
    assert len(world.standin.creates) == 2


@pytest.mark.parametrize("options", [{"title": "Low Tide"}, {"tags": "blues"}, {"instrumental": True}])
async def test_another_wish_is_not_the_same(world: World, options: dict[str, object]) -> None:
    await world.asked("Slow harbour blues")

    await world.asked("Slow harbour blues", **options)


async def test_the_same_wish_of_somebody_else_is_another_one(world: World) -> None:
    await world.asked("Slow harbour blues")

    await world.asked("Slow harbour blues", by=world.bob)


async def test_the_same_wish_some_time_later_is_simply_taken(world: World) -> None:
    await world.asked("Slow harbour blues")
    await world.advance(200)

    await world.asked("Slow harbour blues")


async def test_after_a_failure_the_same_wish_is_simply_taken(world: World) -> None:
    await world.asked("Slow harbour blues")
    world.standin.faults.on_create("refused")
    await world.until(State.FAILED, step_s=2)

    await world.asked("Slow harbour blues")


# --- Again ---------------------------------------------------------------------------------------------------------


async def test_again_asks_first_and_then_makes_the_same_song_once_more(world: World) -> None:
    song = await world.song("Slow harbour blues", title="Low Tide", tags="blues", avoid="brass", instrumental=True)

    question = await world.alice.click(world.card(song), label="Again")
    await world.advance(5)
    assert "costs like any other. Costs about $0.10 to $0.25." in private(question)
    assert len(world.standin.creates) == 1
    answer = await world.alice.click(question.response, label="Start")
    await world.until(State.COMPLETED, 2, step_s=16)

    assert not answer.response.ephemeral
    first, second = (create.body for create in world.standin.creates)
    assert first == second
    assert second["negative_tags"] == "brass"


async def test_two_fast_clicks_on_again_are_one_wish(world: World) -> None:
    card = Seen(world, world.card(await world.song()))

    questions = [await card.press(world.alice, "encore:again:1") for _ in range(2)]
    for question in questions:
        await Seen(world, question.response.message).press(world.alice, "encore:another:1")
    await world.advance(5)

    assert len(world.standin.creates) == 2


async def test_again_can_be_pressed_again_after_it_was_started(world: World) -> None:
    card = Seen(world, world.card(await world.song()))

    for _ in range(2):
        question = await card.press(world.alice, "encore:again:1")
        await world.alice.click(question.response, label="Start")
        await world.advance(5)

    assert len(world.standin.creates) == 3


async def test_starting_at_once_in_two_windows_starts_one(world: World) -> None:
    card = Seen(world, world.card(await world.song()))
    question = Seen(world, (await card.press(world.alice, "encore:again:1")).response.message)

    await asyncio.gather(*(question.press(world.alice, "encore:another:1") for _ in range(10)))
    await world.advance(5)

    assert len(world.standin.creates) == 2


async def test_again_works_on_lyrics_and_continuations(world: World) -> None:
    await world.song("Harbour")
    await world.alice.slash(world.channel, "continue", song="1", prompt="softer", at="0:05")
    await world.until(State.COMPLETED, 2, step_s=16)
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse")
    await world.until(State.COMPLETED, 3, step_s=16)

    for number in (2, 3):
        question = await world.alice.click(world.card(await world.task(number)), label="Again")
        await world.alice.click(question.response, label="Start")
        await world.until(State.COMPLETED, number + 2, step_s=16)

    bodies = [create.body for create in world.standin.creates]
    assert bodies[3:] == bodies[1:3]
    assert [(await world.task(number)).kind for number in (4, 5)] == [Kind.CONTINUATION, Kind.LYRICS]


async def test_again_on_a_failure_says_that_it_costs(world: World) -> None:
    await world.asked()
    world.standin.faults.on_create("refused")
    failed = await world.until(State.FAILED, step_s=2)

    card = world.card(failed)
    assert labels(card) == REPEAT
    assert "starts a new task, which costs like any other" in text_of(card)
    question = await world.alice.click(card, label="Again")
    await world.alice.click(question.response, label="Start")
    await world.until(State.COMPLETED, 2, step_s=16)


# --- Edit & again --------------------------------------------------------------------------------------------------


async def test_an_edited_wish_keeps_what_was_not_touched(world: World) -> None:
    song = await world.song("Slow harbour blues", title="Low Tide", tags="blues", avoid="brass")

    shown = await world.alice.click(world.card(song), label="Edit & again")
    answer = await fill(world.alice, shown, tags="waltz", instrumental=["1"])
    await world.until(State.COMPLETED, 2, step_s=16)

    assert not answer.response.ephemeral
    body = world.standin.creates[1].body
    assert (body["prompt"], body["title"]) == ("Slow harbour blues", "Low Tide")
    assert (body["tags"], body["negative_tags"], body["make_instrumental"]) == ("waltz", "brass", True)


async def test_a_prompt_longer_than_an_input_is_edited_in_two_fields(world: World) -> None:
    prompt = "".join(f"line {number}\n" for number in range(500))
    song = await world.song(prompt)
    assert len(song.prompt) > 4000

    shown = await world.alice.click(world.card(song), label="Edit & again")
    await fill(world.alice, shown, rest=song.prompt[4000:] + " and on")
    await world.until(State.COMPLETED, 2, step_s=16)

    assert world.standin.creates[1].body["prompt"] == song.prompt + " and on"


async def test_a_long_prompt_that_is_refused_comes_back_whole(world: World) -> None:
    song = await world.song("x" * 4000 + "y" * 900, tags="blues")
    shown = await world.alice.click(world.card(song), label="Edit & again")
    world.app.service.close()

    answer = await fill(world.alice, shown, rest="z" * 1000, instrumental=["1"])

    assert "just restarting" in private(answer)
    assert (await answer.response.attachments[0].read()).decode() == "x" * 4000 + "z" * 1000 + "\nblues"


async def test_a_form_that_changes_nothing_is_asked_back(world: World) -> None:
    song = await world.song()

    shown = await world.alice.click(world.card(song), label="Edit & again")
    answer = await fill(world.alice, shown)

    assert "You have just asked for the same" in private(answer)


async def test_a_form_that_was_opened_before_a_restart_still_counts(world: World) -> None:
    song = await world.song()
    shown = await world.alice.click(world.card(song), label="Edit & again")
    await world.restart()

    await fill(world.alice, shown, prompt="Fast harbour blues")
    await world.until(State.COMPLETED, 2, step_s=16)

    assert world.standin.creates[1].body["prompt"] == "Fast harbour blues"


@pytest.mark.parametrize("press", ["again", "edit_again", "more", "delete", "close", "telling"])
async def test_somebody_elses_click_gets_a_private_sentence(world: World, press: str) -> None:
    card = Seen(world, world.card(await world.song()))
    number = ":0" if press == "telling" else ""

    custom_id = f"encore:{press}:1{number}"
    answer = await card.with_button(custom_id).press(world.bob, custom_id)

    assert private(answer) == "That is somebody else's."
