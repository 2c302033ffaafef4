"""Making and moving music tasks, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.domain.limits import LimitReachedError
from bot.domain.rules import Rules
from bot.domain.tasks import (
    MOVES,
    AttemptOutcome,
    ErrorCode,
    InvalidMoveError,
    MediaFile,
    MusicTask,
    PingStatus,
    Result,
    Role,
    StaleTaskError,
    State,
    TaskId,
    Track,
)
from bot.store.database import Database
from bot.store.schema import attempts
from bot.store.tasks import TaskStore
from tests.integration.conftest import ALICE, BOB, START, HandClock, Make, again, wish


async def attempts_of(database: Database, task: MusicTask) -> list[dict[str, Any]]:
    async with database.read() as connection:
        rows = await connection.execute(select(attempts).where(attempts.c.task_id == task.id).order_by("number"))
        return [dict(row._mapping) for row in rows]


# --- making ----------------------------------------------------------------------------------------------------------


async def test_a_new_wish_is_received_and_holds_what_was_asked(store: TaskStore):
    asked = wish(1, title="Rain", tags="blues", instrumental=True, version="chirp-v4", clip_id="c", continue_at_s=1.5)
    task, is_new = await store.add(asked)
    assert is_new
    assert (task.state, task.revision, task.shown_revision, task.attempt) == (State.RECEIVED, 1, 0, 0)
    assert (task.created_at, task.state_at) == (START, START)
    kept = {name: getattr(task, name) for name in asked.__dataclass_fields__}
    assert kept == {name: getattr(asked, name) for name in asked.__dataclass_fields__}


async def test_the_same_origin_is_the_same_task(store: TaskStore):
    first, _ = await store.add(wish(1))
    second, is_new = await store.add(wish(1, prompt="something else"))
    assert (second, is_new) == (first, False)


async def test_the_same_origin_is_the_same_task_even_if_it_filled_the_line(store: TaskStore):
    tasks = [(await store.add(wish(number)))[0] for number in range(Rules().waiting_per_member)]
    assert await store.add(wish(Rules().waiting_per_member - 1)) == (tasks[-1], False)


async def test_a_parent_that_is_not_there_is_not_taken_for_the_same_origin(store: TaskStore):
    with pytest.raises(IntegrityError):
        await store.add(wish(1, parent_id=TaskId(77)))


async def test_one_wish_more_than_the_limit_is_refused_and_leaves_no_row(store: TaskStore):
    for number in range(Rules().waiting_per_member):
        await store.add(wish(number))
    with pytest.raises(LimitReachedError):
        await store.add(wish("one more"))
    assert await store.by_origin("i:one more") is None
    await store.add(wish("somebody else's", user_id=BOB))


async def test_tasks_at_the_provider_do_not_use_up_places_in_the_line(store: TaskStore, make: Make):
    for _ in range(Rules().waiting_per_member):
        await make(State.RUNNING, user_id=ALICE)
    assert (await store.add(wish("one more")))[1]


# --- moving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", State)
async def test_only_moves_of_the_table_are_made(store: TaskStore, make: Make, before: State):
    for after in State:
        task = await make(before)
        if after in MOVES[before]:
            moved = await store.move(task, after)
            assert (moved.state, moved.revision) == (after, task.revision + 1)
        else:
            with pytest.raises(InvalidMoveError):
                await store.move(task, after)
            assert await again(store, task) == task


async def test_a_move_says_since_when_and_writes_what_else_changes(store: TaskStore, make: Make, clock: HandClock):
    task = await make(State.SUBMITTING)
    later = clock.tick(7)
    moved = await store.move(task, State.RUNNING, provider_task_id="p-1", progress=12)
    assert (moved.state_at, moved.provider_task_id, moved.progress) == (later, "p-1", 12)
    assert await again(store, task) == moved


async def test_a_task_that_somebody_has_moved_is_left_alone(store: TaskStore, make: Make):
    task = await make(State.QUEUED)
    cancelled = await store.move(task, State.CANCELLED)
    for step in (store.move(task, State.SUBMITTING), store.note(task, progress=5)):
        with pytest.raises(StaleTaskError):
            await step
    assert await again(store, task) == cancelled


async def test_an_answer_to_an_earlier_attempt_does_not_move_the_next_one(store: TaskStore, make: Make):
    first = await store.claim((await make()).id)
    assert first is not None
    back = await store.move(first, State.QUEUED, outcome=AttemptOutcome.REFUSED)
    assert await store.claim(back.id) is not None
    with pytest.raises(StaleTaskError):
        await store.move(first, State.RUNNING)


async def test_an_answer_that_comes_too_late_is_kept_with_its_own_attempt(
    store: TaskStore, database: Database, make: Make
):
    first = await store.claim((await make()).id)
    assert first is not None
    unclear = await store.move(first, State.UNCERTAIN, outcome=AttemptOutcome.UNKNOWN, request_id="r-1")
    second = await store.claim((await store.move(unclear, State.QUEUED)).id)
    assert second is not None
    assert second.request_id is None

    for _ in range(2):  # tried again after a crash in between
        await store.keep_late_answer(first, provider_task_id="p-1", request_id="r-2", model="m", next_look_at=START)

    kept = [(row["outcome"], row["provider_task_id"], row["request_id"]) for row in await attempts_of(database, first)]
    assert kept == [("accepted", "p-1", "r-2"), ("under_way", None, None)]
    assert await store.get(first.id) == second
    (twin,) = await store.in_state(State.RUNNING)
    assert (twin.prompt, twin.user_id, twin.channel_id) == (first.prompt, first.user_id, first.channel_id)
    assert (twin.provider_task_id, twin.model, twin.next_look_at) == ("p-1", "m", START)
    assert (twin.message_id, twin.interaction_token) == (None, None)


async def test_a_note_leaves_state_and_revision_alone(store: TaskStore, make: Make, clock: HandClock):
    task = await make(State.RUNNING)
    clock.tick(5)
    noted = await store.note(task, progress=40)
    assert (noted.progress, noted.revision, noted.state_at) == (40, task.revision, task.state_at)


async def test_an_annotation_is_written_in_whatever_state_the_task_is(store: TaskStore, make: Make):
    task = await make(State.QUEUED)
    await store.move(task, State.CANCELLED)
    await store.annotate(task.id, card_lost="channel_gone", ping_status=PingStatus.SENDING)
    now = await again(store, task)
    assert (now.state, now.card_lost, now.ping_status) == (State.CANCELLED, "channel_gone", PingStatus.SENDING)


# --- paying ----------------------------------------------------------------------------------------------------------


async def test_a_claim_begins_an_attempt(store: TaskStore, database: Database, make: Make, clock: HandClock):
    task = await make(State.QUEUED, not_before=START)
    at = clock.tick(3)
    claimed = await store.claim(task.id)
    assert claimed is not None
    assert (claimed.state, claimed.attempt, claimed.not_before) == (State.SUBMITTING, 1, None)
    assert (claimed.state_at, claimed.revision) == (at, task.revision + 1)
    assert await attempts_of(database, task) == [
        {
            "task_id": task.id,
            "number": 1,
            "started_at": at,
            "ended_at": None,
            "outcome": "under_way",
            "request_id": None,
            "provider_task_id": None,
        }
    ]


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED}))
async def test_only_a_waiting_task_is_claimed(store: TaskStore, database: Database, make: Make, state: State):
    task = await make(state)
    assert await store.claim(task.id) is None
    assert await again(store, task) == task
    assert await attempts_of(database, task) == []


async def test_a_task_that_is_not_there_is_not_claimed(store: TaskStore):
    assert await store.claim(TaskId(77)) is None


async def test_a_member_with_enough_running_waits(store: TaskStore, make: Make):
    running = [await make(State.RUNNING, user_id=ALICE) for _ in range(Rules().running_per_member)]
    waiting = await make(State.QUEUED, user_id=ALICE)
    assert await store.claim(waiting.id) is None
    assert await store.claim((await make(State.QUEUED, user_id=BOB)).id) is not None
    await store.move(running[0], State.COMPLETED)
    assert await store.claim(waiting.id) is not None


@pytest.mark.parametrize(
    ("to", "outcome", "kept_id"),
    [
        (State.RUNNING, AttemptOutcome.ACCEPTED, "p-1"),
        (State.QUEUED, AttemptOutcome.REFUSED, None),
        (State.FAILED, AttemptOutcome.REFUSED, None),
        (State.UNCERTAIN, AttemptOutcome.UNKNOWN, None),
    ],
)
async def test_each_attempt_keeps_its_outcome(
    store: TaskStore,
    database: Database,
    make: Make,
    clock: HandClock,
    to: State,
    outcome: AttemptOutcome,
    kept_id: str | None,
):
    claimed = await store.claim((await make()).id)
    assert claimed is not None
    at = clock.tick(2)
    await store.move(claimed, to, outcome=outcome, request_id="r-1", provider_task_id="p-1")
    (attempt,) = await attempts_of(database, claimed)
    assert (attempt["outcome"], attempt["ended_at"]) == (outcome, at)
    assert (attempt["request_id"], attempt["provider_task_id"]) == ("r-1", kept_id)


async def test_a_second_attempt_leaves_the_first_on_record(store: TaskStore, database: Database, make: Make):
    first = await store.claim((await make()).id)
    assert first is not None
    back = await store.move(first, State.QUEUED, outcome=AttemptOutcome.REFUSED)
    second = await store.claim(back.id)
    assert second is not None
    await store.move(second, State.RUNNING, outcome=AttemptOutcome.ACCEPTED)
    kept = [(one["number"], one["outcome"]) for one in await attempts_of(database, first)]
    assert kept == [(1, "refused"), (2, "accepted")]


async def test_an_attempt_is_not_ended_by_a_move_that_was_too_late(store: TaskStore, database: Database, make: Make):
    claimed = await store.claim((await make()).id)
    assert claimed is not None
    await store.move(claimed, State.UNCERTAIN, outcome=AttemptOutcome.UNKNOWN)
    with pytest.raises(StaleTaskError):
        await store.move(claimed, State.RUNNING, outcome=AttemptOutcome.ACCEPTED, provider_task_id="late")
    assert [a["outcome"] for a in await attempts_of(database, claimed)] == ["unknown"]


# --- showing ---------------------------------------------------------------------------------------------------------


async def test_a_confirmed_card_joins_the_line_once(store: TaskStore):
    received, _ = await store.add(wish(1))
    queued = await store.shown(received, 6001)
    assert (queued.state, queued.message_id) == (State.QUEUED, 6001)
    assert queued.shown_revision == queued.revision == received.revision + 1
    assert await store.by_message(6001) == queued
    with pytest.raises(StaleTaskError):
        await store.shown(received, 6002)
    assert await store.by_message(6002) is None


async def test_a_card_of_a_task_that_was_given_up_is_not_confirmed(store: TaskStore):
    received, _ = await store.add(wish(1))
    gone = await store.move(received, State.ABANDONED)
    with pytest.raises(StaleTaskError):
        await store.shown(received, 6001)
    with pytest.raises(InvalidMoveError):
        await store.shown(gone, 6001)


async def test_the_shown_revision_only_grows(store: TaskStore, make: Make):
    old = await make(State.SUBMITTING)
    new = await store.move(old, State.RUNNING)
    await store.mark_shown(new)
    await store.mark_shown(old)
    assert (await again(store, old)).shown_revision == new.revision


async def test_a_shown_card_forgets_its_failures(store: TaskStore, make: Make):
    task = await make(State.RUNNING, show_failures=3, show_after=START)
    await store.mark_shown(task, files_shown=True)
    now = await again(store, task)
    assert (now.show_failures, now.show_after, now.files_shown) == (0, None, True)


async def test_files_of_a_task_that_has_changed_meanwhile_do_not_count_as_shown(store: TaskStore, make: Make):
    before = await make(State.COMPLETED, files_shown=True)
    await store.annotate(before.id, revision=before.revision + 1, files_shown=False)
    await store.mark_shown(before, files_shown=True)
    now = await again(store, before)
    assert (now.files_shown, now.shown_revision) == (False, before.revision)
    await store.mark_shown(now, files_shown=True)
    assert (await again(store, now)).files_shown


async def test_every_message_of_a_task_leads_to_it(store: TaskStore, make: Make):
    task, other = await make(), await make()
    for number, role in enumerate(Role):
        await store.remember_message(task, message_id=7000 + number, channel_id=901, role=role)
        assert await store.by_message(7000 + number) == task
    await store.remember_message(other, message_id=7000, channel_id=901, role=Role.CARD)
    assert await store.by_message(7000) == task
    assert await store.by_message(1) is None


# --- values ----------------------------------------------------------------------------------------------------------


async def test_results_media_and_clips_come_back_as_they_went_in(store: TaskStore, make: Make):
    result = Result(
        title="«雨» 🌧",
        lyrics="a\n\u2028b",
        tracks=(Track(audio_url="https://a/1.mp3", audio_id="x"), Track(audio_url="https://a/2.mp3", title="two")),
    )
    media = (MediaFile(name="1-0.mp3", shown_as="Regen.mp3", size_bytes=5, duration_s=1.25, picture="1-0.png"),)
    clips = {"audio_id": ["a", "b"], "data": []}
    task = await make(State.RUNNING)
    done = await store.move(task, State.COMPLETED, result=result, clip_candidates=clips, media=media)
    assert (done.result, done.media, done.clip_candidates) == (result, media, clips)
    assert await again(store, task) == done


async def test_files_of_rows_that_know_no_pictures_are_still_read(database: Database, store: TaskStore, make: Make):
    task = await make(State.COMPLETED)
    old = """[{"name": "1-1.mp3", "shown_as": "Regen.mp3", "size_bytes": 5, "duration_s": null}]"""
    async with database.write() as connection:
        await connection.execute(text("UPDATE music_tasks SET media = :old"), {"old": old})
    assert (await again(store, task)).media == (MediaFile(name="1-1.mp3", shown_as="Regen.mp3", size_bytes=5),)
    assert await store.media_names() == {"1-1.mp3"}


async def test_what_is_not_there_comes_back_as_nothing(make: Make):
    task = await make(State.FAILED, error_code=ErrorCode.NO_CREDIT, pinged_for=State.FAILED)
    assert (task.result, task.media, task.clip_candidates, task.ping_status) == (None, (), {}, None)
    assert (task.error_code, task.pinged_for) == (ErrorCode.NO_CREDIT, State.FAILED)


async def test_fetched_media_is_something_new_to_show(store: TaskStore, make: Make):
    task = await make(State.COMPLETED, media_wanted=True)
    file = MediaFile(name="1.mp3", shown_as="Rain.mp3", size_bytes=5)
    await store.media_fetched(task, [file])
    now = await again(store, task)
    assert (now.media, now.media_wanted, now.revision) == ((file,), False, task.revision + 1)


async def test_audio_that_never_comes_is_something_to_show_too_and_no_file(store: TaskStore, make: Make):
    task = await make(State.COMPLETED, media_wanted=True)
    await store.media_fetched(task, [])
    now = await again(store, task)
    assert (now.media, now.media_wanted, now.revision) == ((), False, task.revision + 1)
    assert await store.media_names() == set()


async def test_moments_are_whole_milliseconds_in_utc(store: TaskStore, make: Make):
    exact = datetime(2026, 7, 1, 14, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    task = await make(State.RUNNING, next_look_at=exact)
    assert task.next_look_at == datetime(2026, 7, 1, 12, 0, 0, 999_000, tzinfo=UTC)
    assert task.next_look_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE music_tasks SET state = 'lost'",
        "UPDATE music_tasks SET kind = 'opera'",
        "UPDATE music_tasks SET shown_revision = revision + 1",
        "UPDATE attempts SET outcome = 'maybe'",
        "UPDATE task_messages SET role = 'poster'",
        "UPDATE attempts SET task_id = 77",
        "INSERT INTO task_messages (message_id, channel_id, task_id, role) VALUES (2, 1, 77, 'card')",
    ],
)
async def test_the_tables_refuse_what_the_program_does_not_know(
    store: TaskStore, database: Database, make: Make, change: str
):
    task = await make()
    await store.claim(task.id)
    await store.remember_message(task, message_id=1, channel_id=1, role=Role.CARD)
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(text(change))
