"""The history of a task: one row for each move, written with it, and gone with the texts, on both databases."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from bot.domain import transitions as to
from bot.domain.audit import Act, Deed
from bot.domain.tasks import InvalidMoveError, MusicTask, StaleTaskError, State
from bot.domain.transitions import Change, Move, Part
from bot.store.database import Database
from bot.store.erasures import ErasureStore
from bot.store.lyrics import LyricsStore
from bot.store.schema import task_moves
from bot.store.tasks import TaskStore
from tests.fakes.sample_changes import BUSY, EACH, accepted, completed, states_before
from tests.integration.conftest import ALICE, BOB, START, STUDIO, HandClock, Make, again, wish

MOVES_MADE = [(before, change) for change in EACH if isinstance(change, Move) for before in states_before(change)]
LASTING = [change for change in EACH if not isinstance(change, Move | to.Emptied)]


async def history(database: Database, task: MusicTask) -> list[dict[str, Any]]:
    query = select(task_moves).where(task_moves.c.task_id == task.id).order_by(task_moves.c.revision)
    async with database.read() as connection:
        return [dict(row._mapping) for row in (await connection.execute(query)).all()]


async def steps(database: Database, task: MusicTask) -> list[tuple[str | None, str, str, int]]:
    """From where to where, by whom, in which attempt."""
    return [(row["from_state"], row["to_state"], row["part"], row["attempt"]) for row in await history(database, task)]


def name_of(value: object) -> str:
    return type(value).__name__ if isinstance(value, Change) else str(value)


async def test_a_history_begins_with_the_row(store: TaskStore, database: Database, clock: HandClock):
    task, _ = await store.add(wish(1))
    await store.add(wish(1))
    assert await history(database, task) == [
        {
            "task_id": task.id,
            "revision": 1,
            "from_state": None,
            "to_state": "received",
            "at": clock(),
            "part": "member",
            "attempt": 0,
        }
    ]


@pytest.mark.parametrize(("before", "change"), MOVES_MADE, ids=name_of)
async def test_each_move_adds_one_row(
    store: TaskStore, database: Database, make: Make, clock: HandClock, before: State, change: Move
):
    task = await make(before, **BUSY)
    added = await history(database, task)
    clock.tick(7)
    after = await store.apply(task, change)
    assert await history(database, task) == [
        *added,
        {
            "task_id": task.id,
            "revision": after.revision,
            "from_state": before,
            "to_state": change.to,
            "at": after.state_at,
            "part": change.by,
            "attempt": after.attempt,
        },
    ]


@pytest.mark.parametrize("change", LASTING, ids=name_of)
async def test_what_moves_nothing_adds_none(store: TaskStore, database: Database, make: Make, change: Change):
    task = await make(State.COMPLETED, **BUSY)
    added = await history(database, task)
    await store.apply(task, change)
    assert await history(database, task) == added


async def test_a_whole_life_is_told_in_order(store: TaskStore, database: Database):
    received, _ = await store.add(wish(1))
    queued = await store.apply(received, to.Confirmed(by=Part.JANITOR, message_id=1))
    first = await store.apply(queued, to.Claimed())
    put_back = to.PutBack(refusals=1, not_before=START, request_id=None)
    second = await store.apply(await store.apply(first, put_back), to.Claimed())
    unclear = await store.apply(second, to.Unclear(by=Part.JANITOR))
    third = await store.apply(await store.apply(unclear, to.Retried(by=Part.MODERATOR)), to.Claimed())
    await store.apply(await store.apply(third, accepted()), completed())
    assert await steps(database, received) == [
        (None, "received", "member", 0),
        ("received", "queued", "janitor", 0),
        ("queued", "submitting", "submitter", 1),
        ("submitting", "queued", "submitter", 1),
        ("queued", "submitting", "submitter", 2),
        ("submitting", "uncertain", "janitor", 2),
        ("uncertain", "queued", "moderator", 2),
        ("queued", "submitting", "submitter", 3),
        ("submitting", "running", "submitter", 3),
        ("running", "completed", "poller", 3),
    ]


async def test_what_a_late_answer_makes_has_a_history_of_its_own(store: TaskStore, database: Database, make: Make):
    task = await store.apply(await make(), to.Claimed())
    before = await history(database, task)
    for _ in range(2):
        await store.keep_late_answer(task, accepted())
    (twin,) = await store.in_state(State.RUNNING)
    assert await steps(database, twin) == [(None, "running", "submitter", 0)]
    assert await history(database, task) == before


async def test_a_batch_tells_of_each_task_that_it_moved(store: TaskStore, database: Database, make: Make):
    moved, stale = await make(), await make()
    await store.apply(stale, to.Claimed())
    await store.apply_all([(task, to.Cancelled(by=Part.DISCORD)) for task in (stale, moved)])
    assert (await steps(database, moved))[1:] == [("queued", "cancelled", "discord", 0)]
    assert (await steps(database, stale))[1:] == [("queued", "submitting", "submitter", 1)]


# --- with the move, or not at all ------------------------------------------------------------------------------------


async def test_a_move_that_was_not_made_is_not_told(store: TaskStore, database: Database, make: Make):
    waiting, ended = await make(), await make(State.FAILED)
    cancelled = to.Cancelled(by=Part.MEMBER)
    await store.apply(waiting, cancelled)
    before = [await history(database, task) for task in (waiting, ended)]
    with pytest.raises(StaleTaskError):
        await store.apply(waiting, cancelled)
    with pytest.raises(InvalidMoveError):
        await store.apply(ended, cancelled)
    with pytest.raises(InvalidMoveError):
        await store.apply_all([(await make(), cancelled), (ended, cancelled)])
    assert [await history(database, task) for task in (waiting, ended)] == before
    assert [task.state for task in await store.in_state(State.QUEUED)] == [State.QUEUED]


async def test_what_fails_after_the_move_takes_its_row_back(
    store: TaskStore, database: Database, make: Make, monkeypatch: pytest.MonkeyPatch
):
    async def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("bot.store.changes.write_deed", fail)
    task = await make()
    before = await history(database, task)
    deed = Deed(act=Act.CANCEL, guild_id=STUDIO, actor_id=BOB)
    with pytest.raises(OSError, match="the disk is full"):
        await store.apply(task, to.Cancelled(by=Part.MODERATOR), deed)
    assert (await again(store, task), await history(database, task)) == (task, before)


async def test_a_move_whose_row_can_not_be_written_is_not_made(store: TaskStore, database: Database, make: Make):
    task = await make()
    taken = {"to_state": "queued", "at": START, "part": "member", "attempt": 0}
    async with database.write() as connection:
        await connection.execute(insert(task_moves).values(task_id=task.id, revision=task.revision + 1, **taken))
    with pytest.raises(IntegrityError):
        await store.apply(task, to.Cancelled(by=Part.MEMBER))
    assert await again(store, task) == task


# --- how it goes -----------------------------------------------------------------------------------------------------


async def by_its_owner(store: TaskStore, _erasures: ErasureStore, task: MusicTask, _now: HandClock) -> None:
    await store.apply(task, to.Emptied())


async def by_an_erasure(_store: TaskStore, erasures: ErasureStore, task: MusicTask, _now: HandClock) -> None:
    await erasures.begin(task.user_id, "de")
    erasure = await erasures.get(task.user_id)
    assert erasure is not None
    assert await erasures.empty(erasure, 5) == (1, [])


async def by_its_age(_store: TaskStore, erasures: ErasureStore, _task: MusicTask, now: HandClock) -> None:
    now.tick(timedelta(days=9).total_seconds())
    assert await erasures.age_out(STUDIO, now(), 5) == 1


@pytest.mark.parametrize("empty", [by_its_owner, by_an_erasure, by_its_age])
async def test_it_goes_with_the_texts(
    store: TaskStore,
    database: Database,
    make: Make,
    clock: HandClock,
    empty: Callable[..., Awaitable[None]],
):
    sent = await store.apply(await make(user_id=ALICE), to.Claimed())
    task = await store.apply(await store.apply(sent, accepted()), completed())
    edited = await LyricsStore(database, clock).edit(task.id, "drum")
    shown = await store.apply(edited, to.Shown())
    await store.apply(shown, to.Told(pinged_for=State.COMPLETED, ping_at=clock()))
    other = await make(State.RUNNING, user_id=BOB)
    assert len(await history(database, task)) == 4

    await empty(store, ErasureStore(database, clock), await again(store, task), clock)

    assert (await again(store, task)).deleted_at == clock()
    assert await history(database, task) == []
    assert len(await history(database, other)) == 1


async def test_it_holds_no_person_and_no_word(store: TaskStore, database: Database):
    columns = {"task_id", "revision", "from_state", "to_state", "at", "part", "attempt"}
    task, _ = await store.add(wish(1, title="Rain"))
    queued = await store.apply(task, to.Confirmed(by=Part.MEMBER, message_id=6001))
    deed = Deed(act=Act.CANCEL, guild_id=STUDIO, actor_id=BOB, subject_id=ALICE, reason="Off topic")
    await store.apply(queued, to.Cancelled(by=Part.MODERATOR), deed)
    rows = await history(database, task)
    assert len(rows) == 3
    assert all(set(row) == columns for row in rows)
    words = {row[name] for row in rows for name in ("from_state", "to_state", "part")}
    assert words <= {None, *State, *Part}
    assert not {ALICE, BOB, str(ALICE), str(BOB)} & {value for row in rows for value in row.values()}
