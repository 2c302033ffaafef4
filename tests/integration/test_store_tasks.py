"""Making and moving music tasks, on both databases."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.domain import transitions as to
from bot.domain.audit import Act, Deed
from bot.domain.limits import LimitReachedError
from bot.domain.rules import RuleChanges, Rules
from bot.domain.takes import MediaFile
from bot.domain.tasks import (
    TERMINAL,
    AttemptOutcome,
    ErrorCode,
    InvalidMoveError,
    Kind,
    MusicTask,
    PingStatus,
    Result,
    Role,
    StaleTaskError,
    State,
    TaskId,
)
from bot.domain.transitions import Change, Move, Part
from bot.store.database import Database
from bot.store.emptying import EMPTIED, TEXTS
from bot.store.lyrics import LyricsStore
from bot.store.schema import T, attempts
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.rows import write_columns
from tests.fakes.sample_changes import ACCEPTED, BUSY, EACH, FILES, accepted, completed, states_before
from tests.integration.conftest import ALICE, BOB, START, STUDIO, HandClock, Make, again, wish

CANCELLED = to.Cancelled(by=Part.MODERATOR)
PUT_BACK = to.PutBack(refusals=1, not_before=START, request_id="r-0")


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


# --- changing --------------------------------------------------------------------------------------------------------

MOVES_MADE = [(before, change) for change in EACH if isinstance(change, Move) for before in states_before(change)]
GUARDED = [change for change in EACH if change.guarded]
UNGUARDED = [change for change in EACH if not change.guarded]
BESIDE: dict[type[Change], set[str]] = {
    to.Confirmed: {"shown_revision"},
    to.Claimed: {"attempt"},
    to.Accepted: {"unclear_attempts"},
    to.Unclear: {"unclear_attempts"},
    to.Shown: {"shown_revision", "family_changed_at"},
    to.FamilyShown: {"family_changed_at"},
    to.Redelivered: {"files_shown", "media_wanted", "deliveries"},
    to.Emptied: {*TEXTS, *EMPTIED, "deleted_at"} - {"search_text"},
    to.Removed: {"shown_revision"},
}
"""What a change writes without naming it, beside the state and the revision."""


def name_of(value: object) -> str:
    return type(value).__name__ if isinstance(value, Change) else str(value)


@pytest.mark.parametrize(
    ("before", "change"),
    [*MOVES_MADE, *((State.COMPLETED, change) for change in EACH if not isinstance(change, Move))],
    ids=name_of,
)
async def test_each_change_writes_what_it_says_and_nothing_else(
    store: TaskStore, make: Make, clock: HandClock, before: State, change: Change
):
    task = await make(before, **BUSY)
    later = clock.tick(7)
    after = await store.apply(task, change)
    assert await again(store, task) == after
    written = {one.name: getattr(change, one.name) for one in fields(change) if one.name != "by"}
    assert {name: getattr(after, name) for name in written} == written
    assert after.revision == task.revision + change.is_news
    moved = {"state": change.to, "state_at": later} if isinstance(change, Move) else {}
    assert (after.state, after.state_at) == (moved.get("state", before), moved.get("state_at", task.state_at))
    changed = {one.name for one in fields(task) if getattr(after, one.name) != getattr(task, one.name)}
    assert changed <= {*written, *moved, "revision", *BESIDE.get(type(change), ())}


@pytest.mark.parametrize(
    ("before", "change", "left"),
    [
        (State.SUBMITTING, to.Unclear(by=Part.JANITOR), 3),
        (State.SUBMITTING, ACCEPTED, 2),
        (State.UNCERTAIN, ACCEPTED, 1),
        (State.UNCERTAIN, to.Retried(by=Part.MEMBER), 2),
    ],
    ids=name_of,
)
async def test_unclear_attempts_are_counted_in_the_row_itself(
    store: TaskStore, database: Database, make: Make, before: State, change: Change, left: int
):
    task = await make(before, unclear_attempts=0)
    await write_columns(database, task.id, unclear_attempts=2)  # since it was read
    assert (await store.apply(task, change)).unclear_attempts == left


async def test_lyrics_that_were_changed_since_they_were_read_are_not_lost(
    store: TaskStore, lyrics: LyricsStore, make: Make
):
    task = await make(State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="one"))
    await store.apply(task, to.LyricsEdited(edited_lyrics="two"))
    with pytest.raises(StaleTaskError):
        await store.apply(task, to.LyricsEdited(edited_lyrics="three"))
    await store.apply(await again(store, task), to.LyricsEdited(edited_lyrics="three"))
    kept = [await lyrics.version(task.id, number) for number in await lyrics.numbers(task.id)]
    assert [one.text for one in kept if one] == ["one", "two"]


async def test_what_follows_from_a_change_is_written_with_it(store: TaskStore, make: Make, clock: HandClock):
    received = await make(State.RECEIVED, revision=5, shown_revision=0)
    queued = await store.apply(received, to.Confirmed(by=Part.MEMBER, message_id=6001))
    assert queued.shown_revision == queued.revision == 6
    assert (await store.apply(queued, to.Claimed())).attempt == 1
    lost = await make(State.COMPLETED, files_shown=True, card_lost="no_channel")
    assert not (await store.apply(lost, to.Redelivered())).files_shown
    emptied = await store.apply(lost := await again(store, lost), to.Emptied())
    assert (emptied.deleted_at, emptied.prompt, emptied.is_told) == (clock(), "", True)
    assert (await store.apply(emptied, to.Removed())).shown_revision == emptied.revision > lost.revision


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL))
async def test_only_what_has_ended_is_emptied(store: TaskStore, make: Make, state: State):
    task = await make(state)
    with pytest.raises(StaleTaskError):
        await store.apply(task, to.Emptied())
    assert await again(store, task) == task


@pytest.mark.parametrize("before", State)
async def test_only_moves_of_the_table_are_made(store: TaskStore, database: Database, make: Make, before: State):
    task = await make(before)
    refused = [change for change in EACH if isinstance(change, Move) and before not in change.sources]
    assert refused
    for change in refused:
        with pytest.raises(InvalidMoveError):
            await store.apply(task, change)
        with pytest.raises(InvalidMoveError):
            await store.apply_all([(task, change)])
    assert await again(store, task) == task
    assert await attempts_of(database, task) == []


@pytest.mark.parametrize("change", GUARDED, ids=name_of)
async def test_a_task_that_somebody_has_moved_meanwhile_is_left_alone(
    store: TaskStore, database: Database, make: Make, change: Change
):
    before, *_ = states_before(change)
    for meanwhile in ({"state": next(state for state in State if state is not before)}, {"attempt": 1}):
        task = await make(before, media_wanted=True)
        await write_columns(database, task.id, **meanwhile)
        now = await again(store, task)
        with pytest.raises(StaleTaskError):
            await store.apply(task, change)
        assert await store.apply_all([(task, change)]) == []
        assert await again(store, task) == now
        assert await attempts_of(database, task) == []


@pytest.mark.parametrize("change", UNGUARDED, ids=name_of)
async def test_what_is_not_guarded_holds_whatever_has_become_of_the_task(
    store: TaskStore, database: Database, make: Make, change: Change
):
    for state in State:
        task = await make(State.COMPLETED, **BUSY)
        await write_columns(database, task.id, state=state, attempt=task.attempt + 1)
        after = await store.apply(task, change)
        assert (after.state, after.attempt) == (state, task.attempt + 1)
        assert all(getattr(after, one.name) == getattr(change, one.name) for one in fields(change))


async def test_a_task_that_is_not_there_is_not_changed(store: TaskStore, make: Make):
    gone = replace(await make(), id=TaskId(77))
    for change in EACH:
        if gone.state in states_before(change):
            with pytest.raises(StaleTaskError):
                await store.apply(gone, change)


async def test_an_answer_to_an_earlier_attempt_does_not_move_the_next_one(store: TaskStore, make: Make):
    first = await store.apply(await make(), to.Claimed())
    back = await store.apply(first, PUT_BACK)
    second = await store.apply(back, to.Claimed())
    with pytest.raises(StaleTaskError):
        await store.apply(first, accepted())
    assert await again(store, first) == second


async def test_an_answer_that_comes_too_late_is_kept_with_its_own_attempt(
    store: TaskStore, database: Database, make: Make
):
    first = await store.apply(await make(title="Low Tide", title_is_ours=True, sings_prompt=True), to.Claimed())
    unclear = await store.apply(first, to.Unclear(by=Part.SUBMITTER, request_id="r-1"))
    second = await store.apply(await store.apply(unclear, to.Retried(by=Part.MEMBER)), to.Claimed())
    assert second.request_id is None

    for _ in range(2):  # tried again after a crash in between
        await store.keep_late_answer(first, accepted(request_id="r-2"))

    kept = [(row["outcome"], row["provider_task_id"], row["request_id"]) for row in await attempts_of(database, first)]
    assert kept == [("accepted", "ld_1", "r-2"), ("under_way", None, None)]
    assert await store.get(first.id) == second
    (twin,) = await store.in_state(State.RUNNING)
    assert (twin.prompt, twin.user_id, twin.channel_id) == (first.prompt, first.user_id, first.channel_id)
    assert (twin.title, twin.title_is_ours, twin.sings_prompt) == ("Low Tide", True, True)
    answer = {one.name: getattr(ACCEPTED, one.name) for one in fields(ACCEPTED) if one.name != "by"}
    assert {name: getattr(twin, name) for name in answer} == {**answer, "request_id": "r-2"}
    assert (twin.message_id, twin.interaction_token, twin.attempt) == (None, None, 0)


# --- several at once -------------------------------------------------------------------------------------------------


async def test_several_changes_are_made_in_one_go_and_those_that_hold_no_more_are_left_out(
    store: TaskStore, make: Make
):
    first, stale, last = [await make(State.QUEUED) for _ in range(3)]
    await store.apply(stale, CANCELLED)
    now = await again(store, stale)
    done = await store.apply_all([(last, CANCELLED), (stale, CANCELLED), (first, CANCELLED)])
    assert [(one.id, one.state) for one in done] == [(first.id, State.CANCELLED), (last.id, State.CANCELLED)]
    assert done == [await again(store, first), await again(store, last)]
    assert await again(store, stale) == now
    assert await store.apply_all([]) == []


async def test_changes_of_one_task_are_made_one_after_the_other(store: TaskStore, make: Make):
    task, other = await make(State.COMPLETED, media_wanted=True), await make(State.COMPLETED)
    changes = [to.MediaFetched(media=FILES), to.Shown(), to.FilesShown(files_shown=True)]
    done = await store.apply_all([(task, changes[0]), (other, to.Shown()), (task, changes[1]), (task, changes[2])])
    assert [one.id for one in done] == [task.id, task.id, task.id, other.id]
    assert await again(store, task) == done[2]
    assert (done[2].revision, done[2].shown_revision) == (task.revision + 1, task.revision)
    assert not done[2].files_shown, "they were not those that the card was drawn with"


async def test_an_error_takes_all_changes_back(store: TaskStore, servers: ServerStore, database: Database, make: Make):
    waiting = await make(State.QUEUED)
    sent = await store.apply(await make(State.QUEUED), to.Claimed())
    ended, unclear = await make(State.FAILED), await make(State.UNCERTAIN, price_max_usd=Decimal(1))
    deed = Deed(act=Act.RULES, guild_id=STUDIO, actor_id=BOB)
    await servers.change_rules(STUDIO, RuleChanges(monthly_usd=Decimal(0)), deed)
    failing = {InvalidMoveError: (ended, CANCELLED), LimitReachedError: (unclear, to.Retried(by=Part.MEMBER))}
    for error, last in failing.items():
        with pytest.raises(error):
            await store.apply_all([(waiting, CANCELLED), (sent, PUT_BACK), last])
    assert [await again(store, one) for one in (waiting, sent)] == [waiting, sent]
    assert [one["outcome"] for one in await attempts_of(database, sent)] == ["under_way"]


async def test_one_more_try_asks_whether_the_money_suffices(
    store: TaskStore, servers: ServerStore, database: Database, make: Make
):
    deed = Deed(act=Act.RULES, guild_id=STUDIO, actor_id=BOB)
    await servers.change_rules(STUDIO, RuleChanges(monthly_usd=Decimal("0.40")), deed)
    told = {"pinged_for": State.UNCERTAIN, "ping_status": PingStatus.DONE, "cost_usd": Decimal("0.25")}
    task = await make(State.UNCERTAIN, price_max_usd=Decimal("0.20"), unclear_attempts=1, **told)
    with pytest.raises(LimitReachedError):
        await store.apply(task, to.Retried(by=Part.MEMBER))
    assert await again(store, task) == task
    await servers.change_rules(STUDIO, RuleChanges(monthly_usd=Decimal("0.45")), deed)
    after = await store.apply(task, to.Retried(by=Part.MEMBER))
    assert (after.state, after.is_told, after.pinged_for) == (State.QUEUED, False, None)
    async with database.read() as connection:  # read anew, together with what comes
        assert (await connection.execute(select(T.cost_usd).where(T.id == task.id))).scalar_one() is None


# --- paying ----------------------------------------------------------------------------------------------------------


async def test_a_claim_begins_an_attempt(store: TaskStore, database: Database, make: Make, clock: HandClock):
    task = await make(State.QUEUED, not_before=START)
    at = clock.tick(3)
    claimed = await store.apply(task, to.Claimed())
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
            "version": task.version,
        }
    ]


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED}))
async def test_only_a_waiting_task_is_claimed(store: TaskStore, database: Database, make: Make, state: State):
    waiting = await make(State.QUEUED)
    await write_columns(database, waiting.id, state=state)
    now = await again(store, waiting)
    with pytest.raises(StaleTaskError):
        await store.apply(waiting, to.Claimed())
    with pytest.raises(InvalidMoveError):
        await store.apply(now, to.Claimed())
    assert await again(store, waiting) == now
    assert await attempts_of(database, waiting) == []


async def test_a_member_with_enough_running_waits(store: TaskStore, make: Make):
    running = [await make(State.RUNNING, user_id=ALICE) for _ in range(Rules().running_per_member)]
    waiting = await make(State.QUEUED, user_id=ALICE)
    with pytest.raises(StaleTaskError):
        await store.apply(waiting, to.Claimed())
    assert await again(store, waiting) == waiting
    await store.apply(await make(State.QUEUED, user_id=BOB), to.Claimed())
    await store.apply(running[0], completed())
    await store.apply(waiting, to.Claimed())


@pytest.mark.parametrize(
    ("change", "outcome", "kept_id"),
    [
        (accepted(), AttemptOutcome.ACCEPTED, "ld_1"),
        (to.PutBack(refusals=1, not_before=START, request_id="r-1"), AttemptOutcome.REFUSED, None),
        (
            to.Refused(error_code=ErrorCode.NO_CREDIT, error_detail=None, request_id="r-1"),
            AttemptOutcome.REFUSED,
            None,
        ),
        (to.Unclear(by=Part.JANITOR, request_id="r-1"), AttemptOutcome.UNKNOWN, None),
    ],
    ids=name_of,
)
async def test_each_attempt_keeps_its_outcome(
    store: TaskStore,
    database: Database,
    make: Make,
    clock: HandClock,
    change: Move,
    outcome: AttemptOutcome,
    kept_id: str | None,
):
    claimed = await store.apply(await make(provider_task_id="ld_of_before"), to.Claimed())
    at = clock.tick(2)
    await store.apply(claimed, change)
    (attempt,) = await attempts_of(database, claimed)
    assert (attempt["outcome"], attempt["ended_at"]) == (outcome, at)
    assert (attempt["request_id"], attempt["provider_task_id"]) == ("r-1", kept_id)


async def test_an_answer_that_comes_after_all_ends_the_attempt_once_more(
    store: TaskStore, database: Database, make: Make
):
    claimed = await store.apply(await make(), to.Claimed())
    unclear = await store.apply(claimed, to.Unclear(by=Part.SUBMITTER))
    await store.apply(unclear, accepted())
    (attempt,) = await attempts_of(database, claimed)
    assert (attempt["outcome"], attempt["provider_task_id"]) == (AttemptOutcome.ACCEPTED, "ld_1")


async def test_a_second_attempt_leaves_the_first_on_record(store: TaskStore, database: Database, make: Make):
    first = await store.apply(await make(), to.Claimed())
    second = await store.apply(await store.apply(first, PUT_BACK), to.Claimed())
    await store.apply(second, accepted())
    kept = [(one["number"], one["outcome"]) for one in await attempts_of(database, first)]
    assert kept == [(1, "refused"), (2, "accepted")]


async def test_an_attempt_is_not_ended_by_a_move_that_was_too_late(store: TaskStore, database: Database, make: Make):
    claimed = await store.apply(await make(), to.Claimed())
    await store.apply(claimed, to.Unclear(by=Part.SUBMITTER))
    with pytest.raises(StaleTaskError):
        await store.apply(claimed, accepted(provider_task_id="late"))
    assert [a["outcome"] for a in await attempts_of(database, claimed)] == ["unknown"]


# --- showing ---------------------------------------------------------------------------------------------------------


async def test_a_confirmed_card_joins_the_line_once(store: TaskStore):
    received, _ = await store.add(wish(1))
    queued = await store.apply(received, to.Confirmed(by=Part.MEMBER, message_id=6001))
    assert (queued.state, queued.message_id) == (State.QUEUED, 6001)
    assert queued.shown_revision == queued.revision == received.revision + 1
    assert await store.by_message(6001) == queued
    with pytest.raises(StaleTaskError):
        await store.apply(received, to.Confirmed(by=Part.JANITOR, message_id=6002))
    assert await store.by_message(6002) is None


async def test_a_card_of_a_task_that_was_given_up_is_not_confirmed(store: TaskStore):
    received, _ = await store.add(wish(1))
    gone = await store.apply(received, to.Abandoned())
    for task, error in ((received, StaleTaskError), (gone, InvalidMoveError)):
        with pytest.raises(error):
            await store.apply(task, to.Confirmed(by=Part.MEMBER, message_id=6001))
    assert await store.by_message(6001) is None


async def test_the_shown_revision_only_grows(store: TaskStore, make: Make):
    old = await make(State.SUBMITTING)
    new = await store.apply(old, accepted())
    await store.apply(new, to.Shown())
    await store.apply(old, to.Shown())
    assert (await again(store, old)).shown_revision == new.revision


async def test_a_shown_card_forgets_its_failures_and_a_loss(store: TaskStore, make: Make):
    task = await make(State.RUNNING, show_failures=3, show_after=START, card_lost="no_channel")
    now = await store.apply(task, to.Shown())
    assert (now.show_failures, now.show_after, now.card_lost, now.files_shown) == (0, None, None, False)
    assert (await store.apply(task, to.FilesShown(files_shown=True))).files_shown


async def test_files_of_a_task_that_has_changed_meanwhile_do_not_count_as_shown(
    store: TaskStore, database: Database, make: Make
):
    before = await make(State.COMPLETED, files_shown=True)
    await write_columns(database, before.id, revision=before.revision + 1, files_shown=False)
    shown: list[Change] = [to.Shown(), to.FilesShown(files_shown=True)]
    await store.apply_all([(before, change) for change in shown])
    now = await again(store, before)
    assert (now.files_shown, now.shown_revision) == (False, before.revision)
    await store.apply_all([(now, change) for change in shown])
    assert (await again(store, before)).files_shown


@pytest.mark.parametrize("change", [to.Shown(), to.FamilyShown()], ids=name_of)
async def test_a_family_that_changed_while_its_card_was_drawn_stays_due(
    store: TaskStore, make: Make, clock: HandClock, change: Change
):
    drawn = await make(State.COMPLETED)
    since = clock.tick(1)
    now = await store.apply(drawn, to.FamilyChanged(family_changed_at=since))
    assert (await store.apply(drawn, change)).family_changed_at == since
    assert (await store.apply(now, change)).family_changed_at is None
    assert (await again(store, drawn)).revision == drawn.revision


async def test_every_message_of_a_task_leads_to_it(store: TaskStore, make: Make):
    task, other = await make(), await make()
    for number, role in enumerate(Role):
        await store.remember_message(task, message_id=7000 + number, channel_id=901, role=role)
        assert await store.by_message(7000 + number) == task
    await store.remember_message(other, message_id=7000, channel_id=901, role=Role.CARD)
    assert await store.by_message(7000) == task
    assert await store.by_message(1) is None


# --- values ----------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("media", [FILES, ()])
async def test_fetched_media_is_something_new_to_show_once(store: TaskStore, make: Make, media: tuple[MediaFile, ...]):
    """That none will ever come is something to show, too."""
    task = await make(State.COMPLETED, media_wanted=True)
    now = await store.apply(task, to.MediaFetched(media=media))
    assert (now.media, now.media_wanted, now.revision) == (media, False, task.revision + 1)
    for seen in (task, now):
        with pytest.raises(StaleTaskError):
            await store.apply(seen, to.MediaFetched(media=FILES[:1]))
    assert await again(store, task) == now
    names = {name for one in media for name in (one.name, one.picture, one.cover) if name}
    assert await store.media_names() == names


async def test_audio_that_never_comes_leaves_no_row_among_those_with_files(
    store: TaskStore, database: Database, make: Make
):
    await store.apply(await make(State.COMPLETED, media_wanted=True), to.MediaFetched(media=()))
    async with database.read() as connection:
        assert (await connection.execute(select(T.id).where(T.media.is_not(None)))).all() == []


@pytest.mark.parametrize(
    "change",
    [one for one in EACH if isinstance(one, to.MediaTried)]
    + [one for one in EACH if isinstance(one, to.AddressesSeen) and not isinstance(one, to.TakesAdded)],
    ids=name_of,
)
async def test_what_nobody_wants_any_more_is_left_alone(
    store: TaskStore, database: Database, make: Make, change: Change
):
    task = await make(State.COMPLETED, media_wanted=True)
    for gone in ({"media_wanted": False}, {"media_wanted": True, "deleted_at": START}):
        await write_columns(database, task.id, **gone)
        now = await again(store, task)
        with pytest.raises(StaleTaskError):
            await store.apply(task, change)
        assert await again(store, task) == now


async def test_a_deleted_song_is_not_fetched_anew(store: TaskStore, make: Make):
    task = await store.apply(await make(State.COMPLETED), to.Emptied())
    with pytest.raises(StaleTaskError):
        await store.apply(task, to.MediaWanted())


@pytest.mark.parametrize(
    ("kind", "row", "wanted"),
    [
        (Kind.SONG, {"files_shown": True}, True),
        (Kind.SONG, {}, True),
        (Kind.CONTINUATION, {"card_lost": "no_channel"}, True),
        (Kind.LYRICS, {}, False),
    ],
)
async def test_the_audio_of_what_is_delivered_again_is_wanted_again(
    store: TaskStore, make: Make, kind: Kind, row: dict[str, Any], *, wanted: bool
):
    task = await make(State.COMPLETED, kind=kind, media_failures=9, media_after=START + timedelta(days=1), **row)
    now = await store.apply(task, to.Redelivered())
    assert (now.media_wanted, now.media_failures, now.media_after) == (wanted, 0, None)


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
    await store.apply(task, to.Claimed())
    await store.remember_message(task, message_id=1, channel_id=1, role=Role.CARD)
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(text(change))


async def test_takes_that_came_later_are_wanted_unless_the_song_was_deleted(
    store: TaskStore, database: Database, make: Make
):
    task = await make(State.COMPLETED, media_wanted=False)
    (added,) = [one for one in EACH if isinstance(one, to.TakesAdded)]
    assert (await store.apply(task, added)).media_wanted
    await write_columns(database, task.id, media_wanted=False, deleted_at=START)
    with pytest.raises(StaleTaskError):
        await store.apply(await again(store, task), added)
