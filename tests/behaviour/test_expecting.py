"""When a song should be ready: what its card says about that, and how seldom it is edited for it."""

from datetime import datetime
from typing import Any

import pytest

from bot.domain.tasks import MusicTask, State
from tests.behaviour.conftest import World, text_of

REPORTS = {"progress": True}
FINISHED_AFTER_30_S = "UPDATE music_tasks SET state_at = submitted_at + 30000"
COPY = "CREATE TEMP TABLE copy AS SELECT * FROM music_tasks", "ALTER TABLE copy DROP COLUMN owed"


def edits(world: World, task: MusicTask) -> int:
    """How often Discord was asked to change the card."""
    return len(world.requests("PATCH", f"/messages/{task.message_id}"))


def in_s(moment: datetime, seconds: float) -> str:
    """As Discord counts down to so many seconds after a moment."""
    return f"<t:{int(moment.timestamp() + seconds)}:R>"


async def words(world: World, task: MusicTask) -> str:
    return text_of(world.card(await world.task(task.id)))


@pytest.mark.parametrize(
    ("world", "count"),
    [
        ({"standin": {"song_s": 100}}, 2),
        ({"standin": {"song_s": 100, **REPORTS}}, 3),
        ({"standin": {"song_s": 250}}, 3),
        ({"standin": {"song_s": 250, **REPORTS}}, 3),
        ({"standin": {"song_s": 400}}, 4),
        ({"standin": {"song_s": 400, **REPORTS}}, 4),
        ({"standin": {"song_s": 170, **REPORTS}, "expected_song_s": 40}, 4),
    ],
    indirect=["world"],
)
async def test_a_song_costs_at_most_four_edits_from_ask_to_result(world: World, count: int) -> None:
    task = await world.asked()
    await world.turn()

    await world.until(State.COMPLETED, step_s=11)
    for _ in range(5):
        await world.advance(10)

    assert edits(world, task) == count
    assert "**Finished.**" in await words(world, task)
    assert len(world.pings()) == 1


async def test_the_first_card_says_when_the_song_should_be_there(world: World) -> None:
    task = await world.asked()

    assert f"next, finished roughly {in_s(world.clock(), 150)}" in await words(world, task)


async def test_a_song_behind_three_of_the_same_member_takes_its_time_after_them(world: World) -> None:
    for number in range(3):
        await world.asked(f"Song {number}")
    await world.turn()

    task = await world.asked()

    assert f"finished roughly {in_s(world.clock(), 300)}" in await words(world, task)


@pytest.mark.parametrize("world", [{"standin": {"song_s": 600}}], indirect=True)
async def test_a_moment_that_has_passed_is_replaced_by_a_later_one_and_then_by_honest_words(world: World) -> None:
    task = await world.asked()
    await world.turn()
    begun_at = (await world.task()).submitted_at
    assert begun_at is not None
    said = set()
    for _ in range(40):
        said.add((await words(world, task)).partition("R>, ")[2].partition(".")[0])
        await world.advance(10)

    assert said == {
        f"usually finished {in_s(begun_at, 150)}",
        f"nine of ten are finished {in_s(begun_at, 300)}",
        "taking longer than usual",
    }


async def test_what_the_bot_has_seen_counts_more_than_the_settings(world: World) -> None:
    await world.song()
    copies = (
        (f"UPDATE copy SET id = {n}, origin_key = 'i:{n}'", "INSERT INTO music_tasks SELECT * FROM copy")  # noqa: S608 -- numbers
        for n in range(2, 21)
    )
    await world.restart(FINISHED_AFTER_30_S, *COPY, *(statement for pair in copies for statement in pair))

    task = await world.asked("Another")
    assert f"finished roughly {in_s(world.clock(), 30)}" in await words(world, task)
    await world.turn()

    begun_at = (await world.task(task.id)).submitted_at
    assert begun_at is not None
    assert f"usually finished {in_s(begun_at, 30)}" in await words(world, task)


async def test_a_running_card_is_not_edited_because_of_the_songs_of_others(world: World) -> None:
    task = await world.asked()
    await world.turn()
    (create,) = world.standin.creates
    world.standin.hold(create.id)
    before = await words(world, task)
    for number in range(3):
        await world.song(f"Song {number}", by=world.bob)

    assert in_s(world.clock(), 150) not in await words(world, await world.asked(by=world.bob))
    assert (edits(world, task), await words(world, task)) == (1, before)


async def test_a_song_that_finishes_changes_what_the_next_one_expects(world: World) -> None:
    async def expected_s(task: Any) -> float:
        said = await words(world, task)
        return int(said.partition("roughly <t:")[2].partition(":")[0]) - world.clock().timestamp()

    assert await expected_s(await world.asked()) == 150
    await world.turn()
    await world.until(State.COMPLETED)

    assert 125 < await expected_s(await world.asked("Another")) < 150
