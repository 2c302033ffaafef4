"""What owners do to their rows: deleting, families, what a button has started, on both databases."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import select, text

from bot.domain.listing import Wanted
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import Result, StaleTaskError, State
from bot.domain.transitions import Emptied, MediaFetched
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.lyrics import LyricsStore
from bot.store.migrate import alembic_config, migrate
from bot.store.schema import lyrics_versions
from bot.store.tasks import TaskStore
from tests.fakes.rows import write_columns
from tests.integration.conftest import ALICE, START, HandClock, Make, again, wish

DONE: dict[str, Any] = {
    "result": Result(title="Low Tide", lyrics="la", tracks=(Track(audio_url="https://m.example.net/a.mp3"),)),
    "media": (MediaFile(name="1-1.mp3", shown_as="Low Tide.mp3", size_bytes=9),),
    "provider_task_id": "ld_1",
    "billing_transaction_id": "bill_1",
    "error_detail": "words of the provider",
}


async def test_a_deleted_task_keeps_what_a_bill_needs_and_no_text(
    store: TaskStore, database: Database, make: Make, clock: HandClock
) -> None:
    task = await make(State.COMPLETED, title="Low Tide", tags="blues", negative_tags="brass", **DONE)
    await LyricsStore(database, clock).edit(task.id, "la la")

    left = await store.apply(task, Emptied())

    assert left == await again(store, task)
    assert (left.prompt, left.title, left.tags, left.negative_tags) == ("", None, None, None)
    assert (left.result, left.edited_lyrics, left.media, left.clip_candidates, left.error_detail) == (
        None, None, (), {}, None,
    )  # fmt: skip
    assert (left.provider_task_id, left.billing_transaction_id, left.model) == ("ld_1", "bill_1", task.model)
    assert (left.state, left.deleted_at) == (State.COMPLETED, clock())
    assert left.revision > left.shown_revision
    async with database.read() as connection:
        assert (await connection.execute(select(lyrics_versions))).all() == []


async def test_a_task_is_deleted_once_and_only_as_it_was_seen(store: TaskStore, database: Database, make: Make) -> None:
    task = await make(State.COMPLETED)
    stale = await make(State.FAILED)
    await write_columns(database, stale.id, state=State.COMPLETED)

    gone = await store.apply(task, Emptied())
    for one in (task, gone, stale):
        with pytest.raises(StaleTaskError):
            await store.apply(one, Emptied())
    assert await again(store, task) == gone
    assert (await again(store, stale)).deleted_at is None


async def test_deleted_tasks_are_not_listed(store: TaskStore, make: Make, clock: HandClock) -> None:
    parent = await make(State.COMPLETED, user_id=ALICE)
    child = await make(State.COMPLETED, user_id=ALICE, parent_id=parent.id)
    await store.apply(child, Emptied())

    assert await store.children_of(parent.id) == []
    assert await store.ids_of_member(ALICE, Wanted()) == [parent.id]
    assert [one.id for one in await store.asked_since(ALICE, clock())] == [parent.id]


async def test_children_are_finished_songs_that_were_made_from_a_task(store: TaskStore, make: Make) -> None:
    parent = await make(State.COMPLETED)
    child = await make(State.COMPLETED, parent_id=parent.id)
    lost = await make(State.ABANDONED, parent_id=parent.id)

    assert [one.id for one in await store.children_of(parent.id)] == [child.id]
    assert await store.children_of(lost.id) == []


async def test_children_come_in_batches_of_which_the_others_hide_none(store: TaskStore, make: Make) -> None:
    parent = await make(State.COMPLETED)
    finished = [await make(State.COMPLETED, parent_id=parent.id) for _ in range(26)]
    for _ in range(30):
        await make(State.FAILED, parent_id=parent.id)

    newest = await store.children_of(parent.id)
    assert [one.id for one in newest] == [one.id for one in finished[1:]]
    assert [one.id for one in await store.children_of(parent.id, before=newest[0].id)] == [finished[0].id]


async def test_everything_that_was_asked_for_lately_is_known(store: TaskStore, make: Make, clock: HandClock) -> None:
    made = [await make(State.FAILED, user_id=ALICE) for _ in range(25)]

    assert [one.id for one in await store.asked_since(ALICE, clock())] == [one.id for one in reversed(made)]


async def test_audio_that_comes_after_a_task_was_deleted_is_not_kept(store: TaskStore, make: Make) -> None:
    task = await make(State.COMPLETED, media_wanted=True)
    gone = await store.apply(task, Emptied())

    with pytest.raises(StaleTaskError):
        await store.apply(task, MediaFetched(media=DONE["media"]))

    assert await again(store, task) == gone
    assert (gone.media, gone.revision) == ((), task.revision + 1)


async def test_wishes_since_a_moment_are_the_members_own_newest_first(
    store: TaskStore, make: Make, clock: HandClock
) -> None:
    await make(user_id=ALICE)
    clock.tick(60)
    since = clock()
    second, _ = await store.add(wish("b", user_id=ALICE))
    third, _ = await store.add(wish("c", user_id=ALICE))
    await store.add(wish("d", user_id=ALICE + 1))

    assert [task.id for task in await store.asked_since(ALICE, since)] == [third.id, second.id]


@pytest.mark.parametrize(("state", "counted"), [(State.RECEIVED, 0), (State.QUEUED, 1), (State.ABANDONED, 1)])
async def test_what_a_button_has_started_counts_once_it_is_shown(
    store: TaskStore, database: Database, state: State, counted: int
) -> None:
    for origin in ("b:70:again:0", "b:70:again2:0", "b:7:again:0", "b:700:again:0"):
        task, _ = await store.add(wish(origin, origin_key=origin))
        await write_columns(database, task.id, state=state)

    assert await store.started_from("b:70:again", ALICE) == counted
    assert await store.started_from("b:70:again", ALICE + 1) == 0


async def test_the_messages_of_a_task_are_known(store: TaskStore, make: Make) -> None:
    task = await make(State.COMPLETED)
    for message_id in (5, 6):
        await store.remember_message(task, message_id=message_id, channel_id=message_id * 10, role="card")  # type: ignore[arg-type]  # as the column holds it

    assert sorted(await store.messages_of(task.id)) == [(50, 5), (60, 6)]


async def test_drafts_of_before_are_still_drafts(empty_url: str) -> None:
    """The second migration turns the continuation that a draft was into a wish of any kind."""

    database = Database(empty_url)
    async with database.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0001"))
        await connection.execute(
            text(
                "INSERT INTO music_tasks (origin_key, kind, state, created_at, state_at, user_id, channel_id, prompt,"
                " model, attachment_limit_bytes) VALUES ('i:1', 'song', 'completed', 1, 1, 7, 8, 'rain', 'm', 9)"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO drafts (origin_key, created_at, user_id, channel_id, parent_id, prompt, at_s)"
                " VALUES ('r:1', :now_ms, 7, 8, 1, 'softer', 65.5)"
            ),
            {"now_ms": int(START.timestamp() * 1000)},
        )
    await migrate(database)

    draft = await DraftStore(database, HandClock()).get(1)
    assert draft is not None
    assert (draft.wish.kind, draft.wish.prompt, draft.origin_key) == ("continuation", "softer", "r:1")
    task = await TaskStore(database, HandClock()).get(1)  # type: ignore[arg-type]  # an id
    assert task is not None
    assert (task.locale, task.others_may_continue, task.deleted_at) == ("en-US", True, None)
    await database.close()
