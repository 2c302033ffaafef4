"""Cancelling what waits, and deciding what became unclear: by whom, until when, and at what price."""

import pytest

from bot.domain.tasks import PingStatus, State
from bot.tokenlab.models import parse_created
from bot.ui import texts
from tests.behaviour.conftest import Seen, World, labels, private, text_of


@pytest.mark.parametrize("who", ["alice", "mo"])
async def test_what_waits_in_line_can_be_cancelled_by_its_owner_and_by_a_moderator(world: World, who: str) -> None:
    card = world.card(await world.asked())

    answer = await getattr(world, who).click(card, label="Cancel")
    if who == "mo":
        assert (await world.task()).state is State.QUEUED
        await world.mo.click(answer.response, label="Yes, cancel it")
    task = await world.until(State.CANCELLED, step_s=2)

    if who == "alice":
        assert "It cost nothing" in private(answer)
    assert "Cancelled before it was sent" in text_of(world.card(task))
    assert labels(world.card(task)) == []
    assert world.standin.creates == []


async def test_strangers_can_not_cancel(world: World) -> None:
    card = world.card(await world.asked())

    assert private(await world.bob.click(card, label="Cancel")) == "That is somebody else's."
    assert (await world.task()).state is State.QUEUED


async def test_a_moderator_of_another_server_can_not_cancel(world: World) -> None:
    await world.asked()
    elsewhere = world.env.create_guild(name="Elsewhere", owner=world.mo.user)
    channel = elsewhere.create_text_channel("songs")
    own = elsewhere.add_member(world.env.create_user("Eve"))
    await own.slash(channel, "song", prompt="Eve's")
    eves = channel.last_message
    boss = elsewhere.add_member(world.mo.user)

    answer = await Seen(world, eves).with_button("encore:cancel:1").press(boss, "encore:cancel:1")

    assert private(answer) == "That is somebody else's."
    assert (await world.task()).state is State.QUEUED


async def test_what_was_sent_can_not_be_cancelled_any_more(world: World) -> None:
    seen = Seen(world, world.card(await world.asked()))
    await world.turn()

    answer = await seen.press(world.alice, "encore:cancel:1")

    assert private(answer).startswith("Too late")
    assert (await world.task()).state is State.RUNNING


async def test_a_button_of_a_song_that_does_not_exist_is_refused(world: World) -> None:
    seen = Seen(world, world.card(await world.asked()))

    forged = seen.with_button("encore:cancel:99")

    assert "can't find" in private(await forged.press(world.alice, "encore:cancel:99"))


async def test_a_button_that_nobody_answers_is_apologised_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    forged = Seen(world, world.card(await world.asked())).with_button("encore:dance:1")

    assert "Something went wrong" in private(await forged.press(world.alice, "encore:dance:1"))
    caplog.clear()


# --- unclear ---------------------------------------------------------------------------------------------------------


async def test_an_unclear_create_is_told_and_never_sent_again_by_itself(world: World) -> None:
    task = await world.uncertain()
    for _ in range(5):
        await world.advance(600)

    card = world.card(await world.task())
    assert "may or may not have been taken" in text_of(card)
    assert labels(card) == ["Try again", "Drop"]
    assert (await world.task()).state is State.UNCERTAIN
    assert len(world.standin.creates) == 1
    (ping,) = world.pings()
    assert "unclear" in ping.content
    assert ping.reference is not None
    assert ping.reference.message_id == task.message_id


@pytest.mark.parametrize("who", ["alice", "mo"])
async def test_trying_again_needs_a_second_confirmation_and_makes_exactly_two_creates(world: World, who: str) -> None:
    person = getattr(world, who)
    card = world.card(await world.uncertain())

    question = await person.click(card, label="Try again")
    await world.advance(5)
    assert "may cost a second time" in private(question)
    assert len(world.standin.creates) == 1
    answer = await person.click(question.response, label="Yes, send it again")
    await world.until(State.COMPLETED, step_s=16)
    await world.turn()

    assert answer.acknowledged
    assert len(world.standin.creates) == 2
    assert ["unclear" in ping.content for ping in world.pings()] == [True, False]


async def test_an_answer_to_the_first_try_that_comes_after_the_second_is_shown_as_a_song_of_its_own(
    world: World,
) -> None:
    unclear = await world.uncertain()
    question = await world.alice.click(world.card(unclear), label="Try again")
    await world.alice.click(question.response, label="Yes, send it again")
    await world.until(State.COMPLETED, step_s=16)
    record = {"id": world.standin.creates[0].id, "status": "pending"}
    late = parse_created(record, header_task_id=None, request_id="req_late")
    assert late is not None

    await world.app.engine.submitter._record(unclear, late)
    song = await world.until(State.COMPLETED, 2, step_s=16)

    assert len(world.standin.creates) == 2
    assert song.provider_task_id == world.standin.creates[0].id
    card = world.card(song)
    assert card.content == f"<@{world.alice.id}> {texts.LATE_ANSWER}"
    assert [file.filename for file in card.attachments]
    assert "Continue" in labels(card)
    assert song.ping_status is PingStatus.DONE


async def test_a_second_try_that_becomes_unclear_too_is_told_again(world: World) -> None:
    unclear = await world.uncertain()
    await world.turn()
    question = await world.alice.click(world.card(unclear), label="Try again")
    world.standin.faults.on_create("drop_recorded")

    await world.alice.click(question.response, label="Yes, send it again")
    await world.until(State.UNCERTAIN, step_s=2)
    await world.turn()

    assert (await world.task()).attempt == 2
    assert len(world.pings()) == 2


async def test_without_a_card_each_unclear_try_comes_directly(world: World, caplog: pytest.LogCaptureFixture) -> None:
    card = world.card(await world.asked())
    seen = Seen(world, card).with_button("encore:retry_surely:1:1")
    await world.mo.delete(card)
    world.standin.faults.on_create("drop_recorded", times=2)
    await world.until(State.UNCERTAIN, step_s=1)
    assert len(world.dms()) == 1

    await seen.press(world.alice, "encore:retry_surely:1:1")
    await world.until(State.UNCERTAIN, step_s=2)
    await world.turn()

    assert (await world.task()).attempt == 2
    assert ["Unclear" in text_of(told) for told in world.dms()] == [True, True]
    caplog.clear()  # the message that was pressed is gone, so its answer is an error


async def test_confirming_twice_sends_once(world: World) -> None:
    card = world.card(await world.uncertain())
    question = await world.alice.click(card, label="Try again")
    seen = Seen(world, question.response.message)

    await seen.press(world.alice, "encore:retry_surely:1:1")
    second = await seen.press(world.alice, "encore:retry_surely:1:1")
    await world.advance(5)

    assert private(second).startswith("Too late")
    assert len(world.standin.creates) == 2


async def test_a_double_click_pays_once_even_if_the_second_try_is_unclear_at_once(world: World) -> None:
    card = world.card(await world.uncertain())
    question = await world.alice.click(card, label="Try again")
    seen = Seen(world, question.response.message)
    world.standin.faults.on_create("drop_recorded", times=None)

    await seen.press(world.alice, "encore:retry_surely:1:1")
    await world.advance(1)
    assert (await world.task()).state is State.UNCERTAIN
    second = await seen.press(world.alice, "encore:retry_surely:1:1")
    await world.advance(5)

    assert private(second).startswith("Too late")
    assert len(world.standin.creates) == 2


async def test_cancelling_after_an_unclear_try_does_not_claim_that_it_was_free(world: World) -> None:
    card = world.card(await world.uncertain())
    question = await world.alice.click(card, label="Try again")
    world.standin.faults.on_create("rate_limited", times=None)
    await world.alice.click(question.response.message, label="Yes, send it again")
    await world.advance(2)
    await world.advance(2)
    task = await world.task()
    assert (task.state, task.unclear_attempts) == (State.QUEUED, 1)

    answer = await world.alice.click(world.card(task), label="Cancel")
    await world.advance(2)

    assert "unclear" in private(answer)
    assert "may have been charged" in text_of(world.card(await world.task()))


async def test_dropping_ends_it_without_another_create(world: World) -> None:
    card = world.card(await world.uncertain())

    answer = await world.alice.click(card, label="Drop")
    task = await world.until(State.CANCELLED, step_s=2)

    assert private(answer) == "Dropped."
    assert "If TokenLab did take it" in text_of(world.card(task))
    assert len(world.standin.creates) == 1


@pytest.mark.parametrize("custom_id", ["encore:retry:1", "encore:retry_surely:1:1", "encore:drop:1"])
async def test_another_member_can_not_decide_about_an_unclear_song(world: World, custom_id: str) -> None:
    seen = Seen(world, world.card(await world.uncertain()))
    question = await world.alice.click(world.card(await world.task()), label="Try again")
    sure = Seen(world, question.response.message)

    answer = await (sure if "surely" in custom_id else seen).press(world.bob, custom_id)

    assert private(answer) == "That is somebody else's."
    assert (await world.task()).state is State.UNCERTAIN


async def test_try_again_on_a_song_that_is_not_unclear_is_too_late(world: World) -> None:
    seen = Seen(world, world.card(await world.uncertain()))
    await world.alice.click(world.card(await world.task()), label="Drop")

    for custom_id in ("encore:retry:1", "encore:drop:1"):
        assert private(await seen.press(world.alice, custom_id)).startswith("Too late")


async def test_a_bot_that_is_stopping_does_not_try_again(world: World) -> None:
    card = world.card(await world.uncertain())
    question = await world.alice.click(card, label="Try again")
    world.app.service.close()

    answer = await world.alice.click(question.response, label="Yes, send it again")

    assert "restarting" in private(answer)
    assert (await world.task()).state is State.UNCERTAIN
