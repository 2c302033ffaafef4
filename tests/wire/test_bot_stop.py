"""SIGTERM while something is under way: what was paid for is on record, and the end comes within 10 s."""

import asyncio

import pytest

from tests.fakes.discord_world import FakeMessage
from tests.wire.conftest import CARD_EDIT, SHARED_LOOP, Measure, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]

LONGEST_S = 10.0
ANSWERED_AFTER_S = 2.0
"""TokenLab takes its time, but no more than the bot gives it."""
LAST_REFRESH = "taking longer than usual"
"""What a running card says at last: from then on only the result is worth an edit."""


async def paying(studio: Studio, prompt: str, fault: str) -> tuple[FakeMessage, asyncio.Event]:
    """A wish whose POST hangs; gives its card and what lets the POST go on."""
    hanging = studio.standin.faults.on_create(fault)
    card = (await studio.song(prompt)).shown
    await studio.standin.wait_until(lambda: studio.asked_for(prompt))
    assert studio.rows()[-1]["state"] == "submitting"
    return card, hanging.release


async def stopping(studio: Studio) -> "asyncio.Task[tuple[int, float]]":
    """A bot that was asked to stop and has begun to."""
    ending = asyncio.create_task(studio.bot.terminate())
    await studio.bot.logged(lambda line: '"stopping"' in line)
    return ending


async def test_a_create_that_is_answered_in_time_is_on_record(shared: Studio, measure: Measure) -> None:
    card, release = await paying(shared, "Answered", "hang_then_answer")
    ending = await stopping(shared)
    refused = await shared.song("Too late")
    assert refused.ephemeral
    assert "restarting" in refused.shown.content
    asyncio.get_running_loop().call_later(ANSWERED_AFTER_S, release.set)
    code, seconds = await ending
    measure("exit_s", seconds)
    assert (code, seconds < LONGEST_S) == (0, True)
    row = shared.rows()[-1]
    assert (row["state"], row["provider_task_id"]) == ("running", shared.creates("Answered")[0].id)
    await shared.bot.start()
    await shared.shows(card, "Finished")
    assert len(shared.creates("Answered")) == 1


async def test_a_create_that_is_not_answered_is_unclear(shared: Studio, measure: Measure) -> None:
    card, release = await paying(shared, "Not answered", "hang_recorded")
    code, seconds = await (await stopping(shared))
    release.set()
    measure("exit_s", seconds)
    assert (code, seconds < LONGEST_S) == (0, True)
    assert shared.rows()[-1]["state"] == "uncertain"
    await shared.bot.start()
    await shared.shows(card, "Unclear.")
    assert card.labels == ["Try again", "Drop"]
    assert len(shared.creates("Not answered")) == 1


async def test_an_edit_under_way_is_let_through(shared: Studio, measure: Measure) -> None:
    answer, provider_id = await shared.running("Edit under way")
    await shared.shows(answer.shown, LAST_REFRESH, timeout_s=30)
    gate = shared.discord.hold("PATCH", CARD_EDIT)
    shared.standin.finish(provider_id)
    await gate.arrived()
    ending = await stopping(shared)
    gate.release()
    code, seconds = await ending
    measure("exit_s", seconds)
    assert (code, seconds < LONGEST_S) == (0, True)
    assert "Finished" in answer.shown.text
    await shared.bot.start()
    await shared.told(answer.shown)
    assert len(answer.shown.attachments) == 1
    assert len(shared.pings_of(answer.shown)) == 1


async def test_an_edit_that_is_never_answered_does_not_hold_up_the_end(shared: Studio, measure: Measure) -> None:
    answer, provider_id = await shared.running("Edit that hangs")
    gate = shared.discord.hold("PATCH", CARD_EDIT)
    shared.standin.finish(provider_id)
    await gate.arrived()
    code, seconds = await (await stopping(shared))
    gate.drop()
    measure("exit_s", seconds)
    assert (code, seconds < LONGEST_S) == (0, True)
    await shared.bot.start()
    await shared.shows(answer.shown, "Finished")
    await shared.told(answer.shown)
    assert len(shared.pings_of(answer.shown)) == 1


async def test_a_second_signal_changes_nothing(shared: Studio) -> None:
    _, release = await paying(shared, "Two signals", "hang_then_answer")
    ending = await stopping(shared)
    again = asyncio.create_task(shared.bot.terminate())
    await shared.bot.logged(lambda line: "signal" in line or "stopping" in line)
    release.set()
    assert (await ending)[0] == (await again)[0] == 0
    assert shared.rows()[-1]["state"] == "running"


async def test_a_gateway_that_is_lost_for_good_lets_a_create_end_first(shared: Studio) -> None:
    _, release = await paying(shared, "Token reset", "hang_then_answer")
    await shared.discord.drop_gateway(4004)
    await shared.bot.logged(lambda line: '"stopping"' in line)
    release.set()

    assert await shared.bot.exited() == 2
    assert any("DISCORD_TOKEN: Discord does not accept it" in line for line in shared.bot.lines)
    assert shared.rows()[-1]["state"] == "running"


async def test_a_gateway_that_is_lost_for_good_lets_an_edit_through_first(shared: Studio) -> None:
    answer, provider_id = await shared.running("Edit at the loss")
    await shared.shows(answer.shown, LAST_REFRESH, timeout_s=30)
    gate = shared.discord.hold("PATCH", CARD_EDIT)
    shared.standin.finish(provider_id)
    await gate.arrived()
    await shared.discord.drop_gateway(4004)
    await shared.bot.logged(lambda line: '"stopping"' in line)
    gate.release()

    assert await shared.bot.exited() == 2
    row = shared.rows()[-1]
    assert (row["state"], row["shown_revision"]) == ("completed", row["revision"])
    assert "Finished" in answer.shown.text
