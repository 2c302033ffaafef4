"""What moderators see of their server, on both databases: its own tasks, counted and in order, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.queue import LANES, Lane, Narrowed
from bot.domain.tasks import ErrorCode, Kind, State
from bot.domain.transitions import Emptied
from bot.store.queue import QueueStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import ALICE, START, STUDIO, HandClock, Make, again

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
OTHER = 2


async def wanted(queue: QueueStore, *, skip: int = 0, limit: int = 99, **narrowed: Any) -> list[int]:
    return list(await queue.ids(STUDIO, Narrowed(**narrowed), skip=skip, limit=limit))


async def test_open_tasks_are_counted_exactly_and_ended_ones_since_a_moment(queue: QueueStore, make: Make):
    for state in (State.RECEIVED, State.QUEUED, State.QUEUED, State.RUNNING, State.UNCERTAIN, State.ABANDONED):
        await make(state, state_at=START - 30 * DAY)
    for state in (State.COMPLETED, State.COMPLETED, State.FAILED, State.CANCELLED):
        await make(state, error_code=ErrorCode.NO_CREDIT if state is State.FAILED else None)
    await make(State.FAILED, error_code=ErrorCode.NO_ACCESS)
    await make(State.FAILED)
    await make(State.COMPLETED, state_at=START - DAY - SECOND)
    await make(State.COMPLETED, deleted_at=START)
    await make(State.QUEUED, guild_id=OTHER)
    await make(State.FAILED, guild_id=OTHER)
    tally = await queue.tally(STUDIO, START - DAY)
    assert tally.open == {State.RECEIVED: 1, State.QUEUED: 2, State.RUNNING: 1, State.UNCERTAIN: 1}
    assert tally.ended == {State.COMPLETED: 2, State.FAILED: 3, State.CANCELLED: 1}
    assert tally.failures == {ErrorCode.NO_CREDIT: 1, ErrorCode.NO_ACCESS: 1, None: 1}


async def test_the_oldest_in_line_is_told_by_when_it_was_asked_for(queue: QueueStore, make: Make):
    assert (await queue.tally(STUDIO, START)).oldest_waiting_at is None
    await make(State.RUNNING, created_at=START - DAY)
    await make(State.QUEUED, created_at=START - 60 * SECOND)
    await make(State.RECEIVED, created_at=START)
    assert (await queue.tally(STUDIO, START)).oldest_waiting_at == START - 60 * SECOND


async def test_what_is_at_the_provider_is_told_with_since_when(queue: QueueStore, make: Make):
    running = await make(State.RUNNING, submitted_at=START, kind=Kind.LYRICS, model="words", user_id=ALICE)
    overdue = await make(State.EXPIRED, submitted_at=START - DAY)
    await make(State.SUBMITTING)
    await make(State.RUNNING)
    await make(State.COMPLETED, submitted_at=START)
    await make(State.RUNNING, submitted_at=START, guild_id=OTHER)
    first, second = await queue.at_work(STUDIO)
    assert (first.id, second.id) == (running.id, overdue.id)
    assert (first.kind, first.model, first.user_id, first.submitted_at) == (Kind.LYRICS, "words", ALICE, START)


@pytest.mark.parametrize("lane", [lane for lane in Lane if lane is not Lane.STUCK])
async def test_a_lane_holds_the_states_that_belong_to_it_of_this_server_alone(
    queue: QueueStore, make: Make, lane: Lane
):
    made = [await make(state) for state in State]
    for state in State:
        await make(state, guild_id=OTHER)
        await make(state, guild_id=None)
    assert set(await wanted(queue, lane=lane)) == {task.id for task in made if task.state in LANES[lane]}


async def test_open_tasks_come_oldest_first_and_ended_ones_by_when_they_ended_newest_first(
    queue: QueueStore, make: Make
):
    waiting = [(await make(State.QUEUED)).id for _ in range(3)]
    finished = [(await make(State.COMPLETED, state_at=START - n * SECOND)).id for n in (2, 0, 1, 0)]
    assert await wanted(queue) == waiting
    assert await wanted(queue, skip=1, limit=1) == waiting[1:2]
    newest_first = [finished[3], finished[1], finished[2], finished[0]]
    assert await wanted(queue, lane=Lane.FINISHED) == newest_first
    assert await wanted(queue, lane=Lane.FINISHED, skip=1, limit=2) == newest_first[1:3]


@pytest.mark.parametrize("lane", [Lane.OPEN, Lane.FAILED])
async def test_a_lane_is_narrowed_by_kind_and_member(queue: QueueStore, make: Make, lane: Lane):
    state = State.QUEUED if lane is Lane.OPEN else State.FAILED
    own = await make(state, user_id=ALICE)
    lyrics = await make(state, user_id=ALICE, kind=Kind.LYRICS)
    other = await make(state, kind=Kind.LYRICS)
    assert set(await wanted(queue, lane=lane, user_id=ALICE)) == {own.id, lyrics.id}
    assert set(await wanted(queue, lane=lane, kind=Kind.LYRICS)) == {lyrics.id, other.id}
    assert await wanted(queue, lane=lane, kind=Kind.LYRICS, user_id=ALICE) == [lyrics.id]
    assert await wanted(queue, lane=lane, user_id=1) == []


async def test_lists_of_ended_tasks_go_back_only_so_far(queue: QueueStore, make: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.store.queue.ENDED_AMONG", 2)
    made = [(await make(State.COMPLETED, user_id=ALICE, state_at=START + n * SECOND)).id for n in range(5)]
    assert await wanted(queue, lane=Lane.FINISHED, user_id=ALICE) == made[:1:-1]
    assert await wanted(queue, lane=Lane.FINISHED, skip=9, limit=1) == [made[2]]


async def test_what_is_deleted_is_in_no_list(queue: QueueStore, store: TaskStore, make: Make, clock: HandClock):
    task = await make(State.FAILED)
    await store.apply(task, Emptied())
    assert await wanted(queue, lane=Lane.FAILED) == []
    assert (await again(store, task)).deleted_at == clock()
