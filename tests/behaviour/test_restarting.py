"""The process dies in each state and comes back: nothing is paid twice, nothing is lost, the buttons still answer."""

import pytest

from bot.domain.tasks import State
from tests.behaviour.conftest import World, files_of, fill, labels, private, text_of

UNCONFIRMED = (
    "DELETE FROM task_messages",
    "DELETE FROM task_moves WHERE revision > 1",
    "UPDATE music_tasks SET state = 'received', message_id = NULL, revision = 1, shown_revision = 0",
)
SUBMITTING = (
    "UPDATE music_tasks SET state = 'submitting', attempt = 1, revision = revision + 1",
    "INSERT INTO attempts (task_id, number, started_at, outcome) VALUES (1, 1, 0, 'under_way')",
)


async def test_a_card_that_was_shown_but_not_noted_joins_the_line(world: World) -> None:
    shown = await world.asked()
    await world.restart(*UNCONFIRMED)

    await world.turn()
    assert (await world.task()).state is State.RECEIVED
    await world.advance(31)

    assert (await world.task()).message_id == shown.message_id
    await world.until(State.COMPLETED, step_s=16)
    assert len(world.standin.creates) == 1


async def test_a_card_whose_token_is_dead_is_found_in_the_channel(world: World) -> None:
    shown = await world.asked()
    await world.bob.send(world.channel, "chatter")
    await world.restart(*UNCONFIRMED)

    await world.advance(16 * 60)

    assert (await world.task()).message_id == shown.message_id
    await world.until(State.COMPLETED, step_s=16)


@pytest.mark.parametrize(("status", "code"), [(404, 10015), (401, 50027)])
async def test_a_token_that_died_early_leads_to_the_channel(world: World, status: int, code: int) -> None:
    shown = await world.asked()
    await world.restart(*UNCONFIRMED)
    world.env.inject_error("GET", "/webhooks/*/messages/@original", status=status, code=code)

    await world.advance(31)

    assert (await world.task()).message_id == shown.message_id


async def test_an_answer_that_never_reached_discord_is_abandoned_and_costs_nothing(world: World) -> None:
    world.env.inject_error("POST", "/interactions/*/callback", status=500)
    await world.alice.slash(world.channel, "song", prompt="Harbour")
    await world.restart()

    await world.advance(31)

    assert (await world.task()).state is State.ABANDONED
    assert world.standin.creates == []
    assert "Harbour" not in private(await world.alice.slash(world.channel, "songs"))


async def test_a_card_that_can_not_be_looked_for_is_looked_for_later(world: World) -> None:
    await world.asked()
    await world.restart(*UNCONFIRMED)
    world.env.inject_error("GET", "/webhooks/*/messages/@original", status=503)
    world.env.inject_error("GET", f"/channels/{world.channel.id}/messages", status=503)

    await world.advance(31)
    assert (await world.task()).state is State.RECEIVED
    world.app.engine.janitor._penalties.clear()
    await world.advance(10)

    assert (await world.task()).state is not State.RECEIVED


async def test_a_click_proves_a_card_that_was_not_noted(world: World) -> None:
    card = world.card(await world.asked())
    await world.restart(*UNCONFIRMED)

    answer = await world.alice.click(card, label="Cancel")

    assert "It cost nothing" in private(answer)
    assert (await world.until(State.CANCELLED, step_s=2)).message_id == card.id


async def test_what_waited_in_line_goes_on(world: World) -> None:
    await world.asked()
    await world.restart()

    task = await world.until(State.COMPLETED, step_s=16)

    assert "Finished" in text_of(world.card(task))
    assert len(world.standin.creates) == 1


async def test_what_was_being_sent_is_unclear_and_not_sent_again(world: World) -> None:
    await world.asked()
    await world.restart(*SUBMITTING)
    await world.advance(60)

    task = await world.task()
    assert task.state is State.UNCERTAIN
    assert labels(world.card(task)) == ["Try again", "Drop"]
    assert world.standin.creates == []
    assert len(world.pings()) == 1


async def test_what_was_being_made_is_finished_after_the_restart(world: World) -> None:
    await world.asked()
    await world.turn()
    await world.restart()

    task = await world.until(State.COMPLETED, step_s=16)
    await world.turn()

    assert len(files_of(world.card(task))) == 1
    assert len(world.standin.creates) == 1
    assert len(world.pings()) == 1


async def test_a_result_that_was_not_shown_is_shown_after_the_restart(world: World) -> None:
    await world.asked()
    await world.turn()
    world.env.inject_error("PATCH", "*", status=503, times=None)
    await world.advance(20)
    assert (await world.task()).state is State.COMPLETED
    world.env.backend.faults.clear()
    await world.restart()

    await world.advance(5)
    await world.turn()

    task = await world.task()
    assert task.shown_revision == task.revision
    assert len(files_of(world.card(task))) == 1
    assert len(world.pings()) == 1


async def test_a_result_that_was_shown_and_not_told_is_told_once_after_the_restart(world: World) -> None:
    await world.song()
    ping = world.pings()[0]
    await ping.delete()
    await world.restart("UPDATE music_tasks SET pinged_for = NULL, ping_status = NULL, ping_at = NULL")

    for _ in range(3):
        await world.advance(60)

    assert len(world.pings()) == 1


async def test_a_ping_that_may_have_been_sent_is_repeated_only_with_the_same_nonce(world: World) -> None:
    await world.song()
    first = world.requests("POST", f"/channels/{world.channel.id}/messages")[-1].json["nonce"]
    await world.restart("UPDATE music_tasks SET ping_status = 'sending'")

    await world.advance(1)

    sent = world.requests("POST", f"/channels/{world.channel.id}/messages")
    assert [entry.json["nonce"] for entry in sent] == [first, first]
    assert all(entry.json["enforce_nonce"] for entry in sent)


@pytest.mark.parametrize("was_sent", [True, False])
async def test_after_two_minutes_a_ping_is_looked_for_and_sent_only_if_it_is_not_there(
    world: World, *, was_sent: bool
) -> None:
    await world.song()
    ping = world.pings()[0]
    if not was_sent:
        await ping.delete()
    await world.env.advance_time(121)
    await world.restart(
        "UPDATE music_tasks SET ping_status = 'sending'", "DELETE FROM task_messages WHERE role = 'ping'"
    )

    await world.advance(1)

    assert len(world.pings()) == 1
    assert (await world.app.stores.tasks.by_message(ping.id) is not None) is was_sent


async def test_unclear_songs_stay_unclear_and_can_still_be_decided(world: World) -> None:
    await world.uncertain()
    await world.restart()
    card = world.card(await world.task())

    question = await world.alice.click(card, label="Try again")
    await world.restart()
    await world.alice.click(question.response, label="Yes, send it again")
    await world.until(State.COMPLETED, step_s=16)

    assert len(world.standin.creates) == 2


@pytest.mark.parametrize("world", [{"task_deadline_s": 60}], indirect=True)
async def test_overdue_songs_are_still_looked_at(world: World) -> None:
    await world.asked()
    await world.turn()
    world.standin.hold(world.standin.creates[0].id)
    await world.until(State.EXPIRED)
    await world.restart()
    world.standin.finish(world.standin.creates[0].id)

    await world.advance(310)

    assert "Finished" in text_of(world.card(await world.until(State.COMPLETED, step_s=16)))


async def test_all_buttons_answer_after_a_restart(world: World) -> None:
    await world.song("Harbour " * 60)
    await world.alice.send(world.channel, "softer", reply_to=world.pings()[0])
    question = world.channel.last_message
    waiting = world.card(await world.asked("waits"))
    await world.restart()

    card = world.card(await world.task())
    assert "Harbour" in private(await world.alice.click(card, label="Whole prompt"))
    shown = await world.alice.click(card, label="Continue")
    assert (await fill(world.alice, shown, prompt="on", at="")).response is not None
    assert "It cost nothing" in private(await world.alice.click(waiting, label="Cancel"))
    await world.alice.click(question, label="Start")
    assert "Continuation" in text_of(next(m for m in world.channel.history() if m.id == question.id))


async def test_a_file_that_was_fetched_before_the_restart_is_attached_after_it(world: World) -> None:
    await world.asked()
    await world.turn()
    await world.env.advance_time(16)
    for worker in (world.app.engine.poller, world.app.engine.fetcher):
        await worker.step()
    await world.restart()
    downloads = len(world.standin.downloads)

    task = await world.until(State.COMPLETED, step_s=16)

    assert len(files_of(world.card(task))) == 1
    assert len(world.standin.downloads) == downloads
