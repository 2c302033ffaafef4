"""What stops everybody, as members and the operator see it: private answers, cards that wait, one message each way."""

from typing import Any

import pytest

from bot.domain.outage import Cause
from bot.domain.tasks import ErrorCode, State
from tests.behaviour.conftest import World, private, text_of

TRY_S = 300.0


async def ask(world: World, prompt: str = "One more") -> str:
    """What somebody hears who asks for a song meanwhile."""
    return private(await world.bob.slash(world.channel, "song", prompt=prompt))


def told(place: Any) -> list[str]:
    """What the bot has said in a place that is nobody's card."""
    return [message.content for message in place.history() if message.author.bot and not message.embeds]


async def listening(world: World) -> None:
    """The operator is Mo, and reads the other channel."""
    world.changes = {"operator_channel": world.other_channel.id, "operator_ids": (world.mo.id,)}
    await world.restart()


async def test_used_up_credit_is_a_private_answer_and_a_card_that_waits_and_goes_on(world: World) -> None:
    await listening(world)
    world.standin.faults.on_create("insufficient_balance", times=3)
    task = await world.asked()
    await world.advance(2)
    await world.advance(2)
    card = await world.task(task.id)
    assert (card.state, card.refusals) == (State.QUEUED, 0)
    assert "the operator of this bot" in text_of(world.card(card))
    assert "operator of this bot has to fix" in await ask(world)
    (began,) = told(world.other_channel)
    assert began.startswith("TokenLab says that the credit is used up")
    assert told(world.mo.user.dm_channel) == [began]

    await world.restart()
    await world.advance(TRY_S)
    await world.advance(TRY_S)
    assert len(told(world.other_channel)) == 1
    await world.advance(TRY_S)
    assert len(world.standin.creates) == 1
    await world.until(State.COMPLETED, task.id)
    _, ended = sorted(told(world.other_channel), key=lambda text: text != began)
    assert ended.startswith("There is credit again.")
    assert len(told(world.mo.user.dm_channel)) == 2
    await world.song(by=world.bob)


async def test_a_wrong_key_fails_nothing_in_public_and_is_found_right_by_itself(world: World) -> None:
    world.changes = {"tokenlab_api_key": "sk-another"}
    await world.restart()
    task = await world.asked()
    await world.advance(2)
    assert (await world.task(task.id)).state is State.QUEUED
    assert "operator of this bot" in await ask(world)
    world.changes = {}
    await world.restart()
    await world.until(State.COMPLETED, task.id)


async def test_what_waits_for_a_day_fails_with_the_reason_and_its_member_is_told(world: World) -> None:
    world.standin.faults.on_create("insufficient_balance", times=10_000)
    task = await world.asked()
    await world.advance(2)
    for _ in range(25):
        await world.advance(3600)
    failed = await world.task(task.id)
    assert (failed.state, failed.error_code) == (State.FAILED, ErrorCode.NO_CREDIT)
    assert "Nothing was charged" in text_of(world.card(failed))
    assert any("could not be made" in ping.content for ping in world.pings())


async def test_a_song_that_is_being_made_is_finished_although_nothing_new_is_taken(world: World) -> None:
    task = await world.asked()
    await world.advance(1)
    world.standin.faults.on_create("insufficient_balance")
    await world.asked("No credit for this", by=world.bob)
    await world.advance(1)
    assert "operator" in await ask(world)
    await world.until(State.COMPLETED, task.id)


@pytest.mark.parametrize("world", [{"media_dir": "/proc/no-such-folder"}], indirect=True)
async def test_a_folder_that_cannot_be_made_takes_no_wishes_until_it_can(world: World) -> None:
    await world.app.engine.recover()
    assert "operator of this bot" in await ask(world)
    assert world.standin.creates == []


async def test_moderators_see_on_the_board_and_in_the_queue_that_nothing_can_be_made(world: World) -> None:
    queue: Any = (await world.mo.slash(world.channel, "queue")).response
    await world.mo.click(queue, label="Live board")
    await world.turn()
    (board,) = [one for one in world.channel.history() if one.embeds and one.embeds[0].title == "Live board"]
    assert "Wishes are taken." in text_of(board)
    await world.app.stores.outages.begin(Cause.STORAGE, ())
    await world.env.advance_time(16)
    await world.app.engine.crier.step()

    queue = (await world.mo.slash(world.channel, "queue")).response
    doors: Any = (await world.mo.click(queue, label="Pause & blocks")).response
    (board,) = [one for one in world.channel.history() if one.id == board.id]
    for one in (queue, doors, board):
        said = str(one.embeds[0].to_dict())
        assert "operator of this bot has to fix" in said
        assert "Wishes are taken" not in said
