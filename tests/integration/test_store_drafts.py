"""Drafts: wishes that wait for a confirmation, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.drafts import Draft
from bot.domain.limits import LimitReachedError
from bot.domain.listing import Wanted
from bot.domain.rules import Rules
from bot.domain.tasks import MusicTask, State
from bot.domain.wishes import ContinuationWish
from bot.store.drafts import DraftStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import ALICE, SONGS, START, STUDIO, HandClock, Make, wish


@pytest.fixture
async def parent(make: Make) -> MusicTask:
    return await make(State.COMPLETED)


@pytest.fixture
async def draft(drafts: DraftStore, parent: MusicTask) -> Draft:
    return await drafts.add(unsaved(parent))


def unsaved(parent: MusicTask) -> Draft:
    return Draft(
        id=0,
        origin_key="r:1",
        created_at=START,
        user_id=ALICE,
        guild_id=STUDIO,
        channel_id=SONGS,
        wish=ContinuationWish(parent_id=parent.id, prompt="slower", at_s=65.5),
    )


async def fill_line(store: TaskStore) -> None:
    for number in range(Rules().waiting_per_member):
        await store.add(wish(f"filler {number}"))


async def test_a_draft_is_kept_as_it_was_written(drafts: DraftStore, draft: Draft, parent: MusicTask):
    assert await drafts.get(draft.id) == draft == replace(unsaved(parent), id=draft.id)


async def test_the_same_reply_is_the_same_draft(drafts: DraftStore, draft: Draft, parent: MusicTask):
    assert (
        await drafts.add(replace(unsaved(parent), wish=ContinuationWish(parent_id=parent.id, prompt="faster"))) == draft
    )


async def test_ten_drafts_of_the_same_reply_at_once_are_one(drafts: DraftStore, parent: MusicTask):
    made = await asyncio.gather(*(drafts.add(unsaved(parent)) for _ in range(10)))
    assert len({one.id for one in made}) == 1


async def test_a_started_draft_is_a_task_and_no_draft_any_more(
    drafts: DraftStore, store: TaskStore, draft: Draft, parent: MusicTask
):
    task = await drafts.start(draft, wish("r:1", parent_id=parent.id))
    assert task is not None
    assert (task.state, task.parent_id) == (State.RECEIVED, parent.id)
    assert await store.get(task.id) == task
    assert await drafts.get(draft.id) is None
    assert await drafts.start(draft, wish("again")) is None
    assert await store.by_origin("i:again") is None


async def test_ten_clicks_on_start_at_once_start_one_task(drafts: DraftStore, store: TaskStore, draft: Draft):
    started = await asyncio.gather(*(drafts.start(draft, wish(f"click {number}")) for number in range(10)))
    (task,) = [one for one in started if one]
    assert await store.ids_of_member(ALICE, Wanted()) == [task.id]


async def test_a_draft_stays_while_the_line_is_full(drafts: DraftStore, store: TaskStore, draft: Draft):
    await fill_line(store)
    with pytest.raises(LimitReachedError):
        await drafts.start(draft, wish("r:1"))
    assert await drafts.get(draft.id) == draft


async def test_a_wish_that_has_a_task_already_is_not_started_again(drafts: DraftStore, store: TaskStore, draft: Draft):
    task, _ = await store.add(wish("r:1"))
    assert await drafts.start(draft, wish("r:1")) is None
    assert await store.ids_of_member(ALICE, Wanted()) == [task.id]


async def test_a_dropped_draft_is_gone_and_is_dropped_once(drafts: DraftStore, draft: Draft):
    assert await drafts.drop(draft.id)
    assert not await drafts.drop(draft.id)
    assert await drafts.get(draft.id) is None


async def test_drafts_older_than_a_moment_are_over_with_the_message_that_asks(
    drafts: DraftStore, draft: Draft, parent: MusicTask
):
    later = await drafts.add(replace(unsaved(parent), origin_key="r:2", created_at=START + timedelta(minutes=1)))
    await drafts.asked(draft.id, 8000)
    assert await drafts.over(START, 9) == []
    assert await drafts.over(later.created_at, 9) == [replace(draft, message_id=8000)]
    assert [one.id for one in await drafts.over(later.created_at + timedelta(minutes=1), 1)] == [draft.id]


async def test_a_draft_is_there_for_an_hour_and_then_nobody_starts_or_changes_it(
    drafts: DraftStore, draft: Draft, clock: HandClock
):
    clock.tick(3600)
    assert await drafts.get(draft.id) == draft
    clock.tick(1)
    assert await drafts.get(draft.id) is None
    assert not await drafts.change(draft.id, draft.wish)
    assert await drafts.start(draft, wish("late")) is None
    assert await drafts.drop(draft.id), "the janitor can still clear it away"
