"""What an owner decides about a card: how to be told, who may continue it, and that it goes."""

import pytest

from bot.domain.listing import Wanted
from bot.domain.members import Telling
from bot.domain.tasks import State
from tests.behaviour.conftest import Seen, World, labels, private, text_of


async def test_more_shows_how_it_is_and_what_can_be_chosen(world: World) -> None:
    answer = await world.alice.click(world.card(await world.song()), label="More")

    assert "How I tell you: with a message that mentions you." in private(answer)
    assert labels(answer.response.message) == [
        "Mention me", "Direct message", "Stay silent", "Only I may continue it", "Delete",
    ]  # fmt: skip


@pytest.mark.parametrize(("label", "telling"), [("Stay silent", Telling.SILENT), ("Direct message", Telling.DM)])
async def test_how_to_be_told_is_chosen_for_good(world: World, label: str, telling: Telling) -> None:
    panel = await world.alice.click(world.card(await world.song("One")), label="More")
    assert len(world.pings()) == 1

    answer = await world.alice.click(panel.response, label=label)
    await world.song("Two")

    assert answer.acknowledged
    assert (await world.app.service.preferring.get(world.alice.id)).telling is telling
    assert len(world.pings()) == 1
    assert len(world.dms()) == (telling is Telling.DM)
    assert "Two" not in text_of(world.channel.last_message) or not world.channel.last_message.content


async def test_a_song_that_is_not_open_can_not_be_continued_by_others(world: World) -> None:
    song = await world.song()
    panel = await world.alice.click(world.card(song), label="More")
    closed = await world.alice.click(panel.response, label="Only I may continue it")

    answer = await world.bob.slash(world.channel, "continue", song="1")
    assert "may be continued only by whoever asked for it" in private(answer)
    own = await world.alice.slash(world.channel, "continue", song="1")
    assert not own.response.ephemeral

    assert closed.acknowledged
    again = await world.alice.click(world.card(song), label="More")
    await world.alice.click(again.response, label="Others may continue it")
    answer = await world.bob.slash(world.channel, "continue", song="1")
    assert not answer.response.ephemeral


async def test_a_deleted_song_leaves_discord_and_the_rows(world: World) -> None:
    song = await world.song("Secret harbour", title="Low Tide")
    card = world.card(song)
    (ping,) = world.pings()
    panel = await world.alice.click(card, label="More")

    question = await world.alice.click(panel.response, label="Delete")
    assert "for good" in private(question)
    assert (await world.task()).deleted_at is None
    await world.alice.click(question.response, label="Yes, delete it")
    await world.advance(2)

    row = await world.task()
    assert (row.prompt, row.title, row.result, row.media) == ("", None, None, ())
    assert row.state is State.COMPLETED
    assert row.provider_task_id == song.provider_task_id
    shown = {message.id for message in world.channel.history()}
    assert not {card.id, ping.id} & shown
    assert (await world.app.service.library.page(world.alice.id, Wanted(), 0)).total == 0


async def test_what_is_under_way_can_not_be_deleted(world: World) -> None:
    card = Seen(world, world.card(await world.asked()))

    answer = await card.with_button("encore:delete_surely:1").press(world.alice, "encore:delete_surely:1")

    assert "still under way" in private(answer)
    assert (await world.task()).deleted_at is None


async def test_a_song_that_finished_while_nobody_looked_says_so(world: World) -> None:
    await world.asked()
    await world.turn()
    await world.env.advance_time(600)
    await world.restart()

    task = await world.until(State.COMPLETED, step_s=2)

    assert "It finished while I was away." in text_of(world.card(task))


async def test_a_song_that_was_looked_at_in_time_does_not(world: World) -> None:
    assert "while I was away" not in text_of(world.card(await world.song()))


async def test_parent_and_child_name_each_other(world: World) -> None:
    parent = await world.song("Harbour", title="Low Tide")
    await world.alice.slash(world.channel, "continue", song="1", prompt="softer")
    child = await world.until(State.COMPLETED, 2, step_s=16)
    await world.turn()

    assert f"continues [Low Tide](https://discord.com/channels/{world.guild.id}/{world.channel.id}/" in text_of(
        world.card(child)
    )
    assert f"Continued in [Low Tide](https://discord.com/channels/{world.guild.id}/{world.channel.id}/" in text_of(
        world.card(await world.task(parent.id))
    )


async def test_a_parent_of_another_channel_is_named_by_its_number_only(world: World) -> None:
    await world.song("Harbour", title="Low Tide")
    await world.alice.slash(world.other_channel, "continue", song="1", prompt="softer")
    child = await world.until(State.COMPLETED, 2, step_s=16)

    assert "continues #1" in text_of(world.card(child))
