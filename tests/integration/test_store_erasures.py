"""What members want erased, and what is older than its server keeps it: emptied in steps, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.limits import LimitReachedError
from bot.domain.members import PreferenceChanges, Telling
from bot.domain.privacy import NOBODY, Erasure
from bot.domain.rules import EVERYWHERE, RuleChanges
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import CARD_REMOVED, ErrorCode, Kind, MusicTask, PingStatus, Result, Role, State, TaskId
from bot.domain.transitions import Claimed, Emptied, Failed, Removed, Shown, ShowPostponed, Told
from bot.domain.wishes import SongWish
from bot.store import erasures as erasing
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.erasures import ErasureStore
from bot.store.lyrics import LyricsStore
from bot.store.members import MemberStore
from bot.store.schema import attempts, lyrics_versions, task_messages
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.rows import write_columns
from tests.fakes.sample_changes import accepted
from tests.integration.conftest import ALICE, BOB, SONGS, STUDIO, HandClock, Make, again, wish

DAY_S = 24 * 3600
FILE = MediaFile(name="1-1.mp3", shown_as="Rain.mp3", size_bytes=5, picture="1-1.png", cover="1-1.jpg")
MADE = Result(title="Rain", lyrics="drip", tracks=(Track(audio_url="https://media/1.mp3"),))
FULL: dict[str, Any] = {
    "title": "Mine",
    "tags": "slow",
    "negative_tags": "fast",
    "clip_id": "https://media/0.mp3",
    "clip_candidates": {"audio_id": ["clip"]},
    "result": MADE,
    "media": (FILE,),
    "edited_lyrics": "drop",
    "error_detail": "odd",
    "request_id": "req",
    "provider_task_id": "ld",
    "billing_transaction_id": "bill",
    "message_id": 7000,
}


@pytest.fixture
def erasures(database: Database, clock: HandClock) -> ErasureStore:
    return ErasureStore(database, clock)


@pytest.fixture
def members(database: Database) -> MemberStore:
    return MemberStore(database)


async def begun(erasures: ErasureStore, user_id: int = ALICE) -> Erasure:
    await erasures.begin(user_id, "de")
    found = await erasures.get(user_id)
    assert found is not None
    return found


async def removed(store: TaskStore, task: MusicTask) -> None:
    """What the courier does with a task that was handed over."""
    await store.apply(await again(store, task), Removed())


async def delivered(store: TaskStore, task: MusicTask) -> MusicTask:
    """Its card shows it, and its member has been told."""
    shown = await store.apply(await again(store, task), Shown())
    return await store.apply(shown, Told(pinged_for=shown.state, ping_at=shown.state_at))


def is_empty(task: MusicTask) -> bool:
    texts = (task.title, task.tags, task.negative_tags, task.clip_id, task.result, task.edited_lyrics)
    return task.prompt == "" and not any(texts) and not (task.media or task.clip_candidates or task.error_detail)


# --- what is wanted --------------------------------------------------------------------------------------------------


async def test_an_erasure_is_known_until_it_has_ended(erasures: ErasureStore, clock: HandClock):
    assert (await erasures.get(ALICE), await erasures.running()) == (None, [])
    erasure = await begun(erasures)
    assert erasure == Erasure(user_id=ALICE, asked_at=clock(), locale="de")
    clock.tick(1)
    other = await begun(erasures, BOB)
    assert await erasures.running() == [erasure, other]
    assert await erasures.end(erasure)
    assert not await erasures.end(erasure)
    assert await erasures.running() == [other]


async def test_wanted_again_it_reaches_further_and_does_not_end_early(erasures: ErasureStore, clock: HandClock):
    first = await begun(erasures)
    clock.tick(60)
    await erasures.begin(ALICE, "ja")
    assert not await erasures.end(first)
    assert await erasures.running() == [Erasure(user_id=ALICE, asked_at=clock(), locale="ja")]


async def test_choices_and_drafts_go_at_once_and_only_ones_own(
    erasures: ErasureStore, members: MemberStore, drafts: DraftStore, clock: HandClock
):
    kept = []
    for user_id in (ALICE, BOB):
        await members.change(user_id, PreferenceChanges(telling=Telling.DM))
        draft = Draft(
            id=0, origin_key=f"r:{user_id}", created_at=clock(), user_id=user_id, guild_id=STUDIO, channel_id=SONGS,
            wish=SongWish(prompt="rain"),
        )  # fmt: skip
        kept.append(await drafts.add(draft))
    await erasures.begin(ALICE, "en-US")
    assert [(await members.get(one)).telling for one in (ALICE, BOB)] == [Telling.PING, Telling.DM]
    assert [await drafts.get(one.id) for one in kept] == [None, kept[1]]


async def test_a_question_in_public_is_over_at_once_and_waited_for(
    erasures: ErasureStore, drafts: DraftStore, clock: HandClock
):
    clock.tick(7 * 24 * 3600)
    asked, bobs = [
        await drafts.add(
            Draft(
                id=0, origin_key=f"r:{user_id}", created_at=clock(), user_id=user_id, guild_id=STUDIO,
                channel_id=SONGS, wish=SongWish(prompt="rain"),
            )
        )
        for user_id in (ALICE, BOB)
    ]  # fmt: skip
    for draft in (asked, bobs):
        await drafts.asked(draft.id, 8000 + draft.id)
    erasure = await begun(erasures)
    assert [await drafts.get(one.id) is None for one in (asked, bobs)] == [True, False]
    assert [one.message_id for one in await drafts.over(clock() - timedelta(hours=2), 9)] == [8000 + asked.id]
    assert await erasures.left(erasure) == 1
    assert await drafts.drop(asked.id)
    assert await erasures.left(erasure) == 0


# --- its steps -------------------------------------------------------------------------------------------------------


async def test_a_task_is_emptied_removed_and_let_go_and_the_bill_stays(
    erasures: ErasureStore, store: TaskStore, lyrics: LyricsStore, database: Database, make: Make, clock: HandClock
):
    claimed = await store.apply(await make(State.QUEUED, user_id=ALICE), Claimed())
    task = await store.apply(claimed, accepted(model=claimed.model))
    full = {"state": State.COMPLETED, "kind": Kind.LYRICS, "shown_revision": task.revision, **FULL}
    await write_columns(database, task.id, **full)
    await store.remember_message(task, message_id=7000, channel_id=SONGS, role=Role.CARD)
    await lyrics.edit(task.id, "drum")
    await store.apply(await again(store, task), Shown())
    erasure = await begun(erasures)

    assert await erasures.let_go(erasure, 10) == 0
    assert await erasures.empty(erasure, 10) == (1, ["1-1.mp3", "1-1.png", "1-1.jpg"])
    emptied = await again(store, task)
    assert is_empty(emptied)
    assert (emptied.deleted_at, emptied.aged_out, emptied.ping_status) == (clock(), False, PingStatus.DONE)
    assert await erasures.empty(erasure, 10) == (0, [])
    assert await erasures.let_go(erasure, 10) == 0

    assert await erasures.hand_over(erasure) == 1
    assert [one.id for one in await store.unremoved(clock(), 10)] == [task.id]
    assert (await erasures.hand_over(erasure), await erasures.let_go(erasure, 10)) == (0, 0)
    await removed(store, task)
    assert await store.unremoved(clock(), 10) == []
    assert await erasures.hand_over(erasure) == 0
    assert await erasures.left(erasure) == 1

    assert await erasures.let_go(erasure, 10) == 1
    gone = await again(store, task)
    assert (await erasures.left(erasure), gone.user_id, gone.channel_id) == (0, NOBODY, NOBODY)
    assert (gone.message_id, gone.interaction_id, gone.interaction_token) == (None, None, None)
    assert (gone.origin_key, await store.by_message(7000)) == (f"erased:{task.id}", None)
    assert (gone.guild_id, gone.model, gone.created_at) == (STUDIO, "suno-music", task.created_at)
    assert (gone.request_id, gone.provider_task_id, gone.billing_transaction_id) == ("req", "ld", "bill")
    async with database.read() as connection:
        left = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (attempts, lyrics_versions, task_messages)
        ]
    assert left == [1, 0, 0]


@pytest.mark.parametrize("state", State)
async def test_only_what_has_come_to_an_end_is_emptied(
    erasures: ErasureStore, store: TaskStore, make: Make, state: State
):
    task = await make(state, user_id=ALICE)
    ended = state in {State.COMPLETED, State.FAILED, State.CANCELLED, State.ABANDONED}
    assert await erasures.empty(await begun(erasures), 10) == (int(ended), [])
    assert (await again(store, task)).prompt == ("" if ended else task.prompt)


async def test_what_waits_and_what_has_long_been_unclear_is_to_be_cancelled(
    erasures: ErasureStore, make: Make, clock: HandClock
):
    await make(State.UNCERTAIN, user_id=ALICE, state_at=clock())
    old = await make(State.UNCERTAIN, user_id=ALICE, state_at=clock() - timedelta(days=4))
    waiting = await make(State.QUEUED, user_id=ALICE)
    for state in (State.RUNNING, State.EXPIRED, State.SUBMITTING, State.RECEIVED, State.COMPLETED):
        await make(state, user_id=ALICE)
    erasure, since = await begun(erasures), clock() - timedelta(days=3)
    found = await erasures.cancellable(erasure, unclear_since=since, limit=10)
    assert {task.id for task in found} == {old.id, waiting.id}
    assert len(await erasures.cancellable(erasure, unclear_since=since, limit=1)) == 1


async def test_others_and_what_is_asked_later_is_left_alone(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock
):
    bobs = await make(State.COMPLETED, user_id=BOB)
    erasure = await begun(erasures)
    clock.tick(1)
    later = await make(State.COMPLETED, user_id=ALICE)
    waiting = await make(State.QUEUED, user_id=ALICE)
    assert await erasures.cancellable(erasure, unclear_since=clock(), limit=10) == []
    assert await erasures.empty(erasure, 10) == (0, [])
    assert (await erasures.hand_over(erasure), await erasures.let_go(erasure, 10), await erasures.left(erasure)) == (
        0, 0, 0,
    )  # fmt: skip
    for task in (bobs, later, waiting):
        assert await again(store, task) == task


async def test_steps_are_as_small_as_is_said(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(erasing, "REMOVALS_AT_ONCE", 3)
    tasks = [await make(State.FAILED, user_id=ALICE) for _ in range(5)]
    erasure = await begun(erasures)
    assert [(await erasures.empty(erasure, 4))[0] for _ in range(3)] == [4, 1, 0]
    assert [await erasures.hand_over(erasure) for _ in range(2)] == [3, 0]
    for task in await store.unremoved(clock(), 2):
        await removed(store, task)
    assert [await erasures.hand_over(erasure) for _ in range(2)] == [2, 0]
    for task in tasks:
        await removed(store, task)
    assert [await erasures.let_go(erasure, 3) for _ in range(3)] == [3, 2, 0]


async def test_messages_that_can_not_be_removed_hold_up_none_behind_them(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(erasing, "REMOVALS_AT_ONCE", 3)
    for _ in range(5):
        await make(State.FAILED, user_id=ALICE)
    erasure = await begun(erasures)
    await erasures.empty(erasure, 9)
    assert await erasures.hand_over(erasure) == 3
    for task in await store.unremoved(clock(), 9):
        await store.apply(task, ShowPostponed(show_after=clock() + timedelta(minutes=5), show_failures=1))
    assert await erasures.hand_over(erasure) == 2


async def test_erasing_is_no_way_around_a_daily_limit(
    erasures: ErasureStore, store: TaskStore, servers: ServerStore, database: Database, clock: HandClock
):
    for guild_id in (STUDIO, EVERYWHERE):
        deed = Deed(act=Act.RULES, guild_id=guild_id, actor_id=BOB)
        await servers.change_rules(guild_id, RuleChanges(daily_per_member=1), deed)
    limited, direct, free = [(await store.add(wish(f"of {home}", guild_id=home)))[0] for home in (STUDIO, None, 77)]
    for task in (limited, direct, free):
        await write_columns(database, task.id, state=State.COMPLETED)
    erasure = await begun(erasures)
    await erasures.empty(erasure, 5)
    for task in (limited, direct, free):
        await removed(store, task)

    assert await erasures.let_go(erasure, 5) == 3
    assert (await again(store, free)).user_id == NOBODY
    assert await erasures.let_go(erasure, 5) == 0
    for task in (limited, direct):
        held = await again(store, task)
        assert (held.user_id, held.channel_id, held.interaction_token) == (ALICE, NOBODY, None)
        assert held.origin_key == f"erased:{task.id}"
    with pytest.raises(LimitReachedError):
        await store.add(wish("more"))
    clock.tick(86_400)
    assert await erasures.let_go(erasure, 5) == 2
    assert await erasures.left(erasure) == 0


async def test_what_was_deleted_or_aged_out_before_is_let_go_too(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock
):
    deleted, aged = await make(State.FAILED, user_id=ALICE), await make(State.FAILED, user_id=ALICE)
    await delivered(store, aged)
    await store.apply(deleted, Emptied())
    clock.tick(DAY_S)
    assert await erasures.age_out(STUDIO, clock(), 10) == 1
    erasure = await begun(erasures)
    assert await erasures.empty(erasure, 10) == (0, [])
    assert await erasures.hand_over(erasure) == 1
    assert {one.id for one in await store.unremoved(clock(), 10)} == {deleted.id, aged.id}
    for task in (deleted, aged):
        await removed(store, task)
    assert await erasures.let_go(erasure, 10) == 2


async def test_who_is_erased_is_nobody_in_the_audit_whose_lines_stay_and_so_do_blocks(
    erasures: ErasureStore, servers: ServerStore, audit: AuditStore, clock: HandClock
):
    deed = Deed(act=Act.BLOCK, guild_id=STUDIO, actor_id=BOB, subject_id=ALICE, reason="spam")
    await servers.block(Block(guild_id=STUDIO, user_id=ALICE, reason="spam"), deed)
    assert await erasures.end(await begun(erasures))
    (line,) = await audit.page(STUDIO, skip=0, limit=5)
    assert (line.actor_id, line.subject_id, line.reason) == (BOB, None, "spam")
    assert line.subject_ref is not None
    assert await servers.block_on(STUDIO, ALICE, clock()) is not None


# --- emptied rows and the others -------------------------------------------------------------------------------------


async def test_a_late_answer_of_a_deleted_task_makes_no_task(store: TaskStore, make: Make, database: Database):
    task = await make(State.QUEUED, user_id=ALICE)
    sent = await store.apply(task, Claimed())
    await write_columns(database, task.id, state=State.CANCELLED)
    await store.apply(await again(store, task), Emptied())
    await store.keep_late_answer(sent, accepted(provider_task_id="ld_late"))
    assert await store.get(TaskId(task.id + 1)) is None
    async with database.read() as connection:
        assert (await connection.execute(select(attempts.c.provider_task_id))).scalar_one() == "ld_late"


async def test_deleted_tasks_are_to_be_removed_and_not_to_be_shown(store: TaskStore, make: Make, clock: HandClock):
    task = await make(State.FAILED)
    gone = await store.apply(task, Emptied())
    assert await store.unshown(clock(), 10, media_since=clock(), settle_since=clock()) == []
    assert [one.id for one in await store.unremoved(clock(), 10)] == [task.id]
    later = ShowPostponed(show_after=clock() + timedelta(seconds=5), show_failures=1)
    await store.apply(gone, later)
    assert await store.unremoved(clock(), 10) == []
    clock.tick(5)
    await removed(store, task)
    now = await again(store, task)
    assert (now.card_lost, now.shown_revision, now.show_after) == (CARD_REMOVED, now.revision, None)


async def test_nobody_is_no_member_with_limits_or_songs(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock
):
    task = await make(State.COMPLETED, user_id=ALICE)
    erasure = await begun(erasures)
    await erasures.empty(erasure, 5)
    await erasures.hand_over(erasure)
    await removed(store, task)
    await erasures.let_go(erasure, 5)
    assert (await store.waiting(), await store.running_by_member()) == ([], {})
    assert await store.unpinged(clock(), 5) == []
    assert await store.asked_since(NOBODY, clock() - timedelta(days=1)) == []
    assert await store.counts() == {State.COMPLETED: 1}


# --- what is too old -------------------------------------------------------------------------------------------------


async def test_servers_with_a_rule_about_age_are_known(erasures: ErasureStore, servers: ServerStore):
    for guild_id, rules in (
        (1, RuleChanges(keep_days=30)),
        (2, RuleChanges(daily_per_member=3)),
        (EVERYWHERE, RuleChanges(keep_days=7)),
    ):
        await servers.change_rules(guild_id, rules, Deed(act=Act.RULES, guild_id=guild_id, actor_id=BOB))
    assert await erasures.keeping() == {1: 30, EVERYWHERE: 7}
    await servers.change_rules(1, RuleChanges(keep_days=None), Deed(act=Act.RULES, guild_id=1, actor_id=BOB))
    assert await erasures.keeping() == {EVERYWHERE: 7}


async def test_the_oldest_are_emptied_in_batches_and_their_messages_stay(
    erasures: ErasureStore, store: TaskStore, lyrics: LyricsStore, database: Database, make: Make, clock: HandClock
):
    tasks = []
    for _ in range(4):
        task = await make(State.COMPLETED, kind=Kind.LYRICS, user_id=ALICE, **{**FULL, "message_id": None})
        await lyrics.edit(task.id, "drum")
        tasks.append(await again(store, task))
        await store.remember_message(task, message_id=8000 + task.id, channel_id=SONGS, role=Role.CARD)
        await delivered(store, task)
        clock.tick(10)
    before = tasks[3].created_at
    await write_columns(database, tasks[3].id, shown_revision=0)
    tasks[3] = await again(store, tasks[3])
    clock.tick(DAY_S)
    assert await erasures.older(STUDIO, before) == 3
    assert [await erasures.age_out(STUDIO, before, 2) for _ in range(3)] == [2, 1, 0]
    for task in tasks[:3]:
        aged = await again(store, task)
        assert is_empty(aged)
        assert (aged.aged_out, aged.shown_revision, aged.user_id) == (True, aged.revision, ALICE)
        assert aged.ping_status is PingStatus.DONE
        assert await lyrics.version(task.id, 1) is None
        assert await store.messages_of(task.id) == [(SONGS, 8000 + task.id)]
    assert await again(store, tasks[3]) == tasks[3]
    assert await store.unremoved(clock(), 10) == []
    assert [one.id for one in await store.unshown(clock(), 9, media_since=clock(), settle_since=clock())] == [
        tasks[3].id
    ]
    assert await store.media_names() == {"1-1.mp3", "1-1.png", "1-1.jpg"}


@pytest.mark.parametrize("state", State)
async def test_only_what_has_come_to_an_end_ages_out(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock, state: State
):
    task = await make(state)
    await delivered(store, task)
    clock.tick(DAY_S)
    await erasures.age_out(STUDIO, clock(), 10)
    assert (await again(store, task)).aged_out is (state in {*State} - OPEN_STATES)


@pytest.mark.parametrize(
    ("state", "lack", "ages"),
    [
        (State.COMPLETED, {"shown_revision": 0}, 0),
        (State.COMPLETED, {"ping_status": PingStatus.SENDING}, 0),
        (State.COMPLETED, {"ping_status": None}, 0),
        (State.COMPLETED, {"pinged_for": State.UNCERTAIN}, 0),
        (State.COMPLETED, {"media_wanted": True}, 1),
        (State.FAILED, {"shown_revision": 0}, 0),
        (State.CANCELLED, {"shown_revision": 0}, 0),
        (State.CANCELLED, {"ping_status": None}, 1),
        (State.ABANDONED, {"shown_revision": 0, "ping_status": None}, 1),
    ],
)
async def test_what_its_member_has_not_had_yet_is_not_erased_however_old(
    erasures: ErasureStore, store: TaskStore, database: Database, make: Make, clock: HandClock,
    state: State, lack: dict[str, Any], ages: int,
):  # fmt: skip
    task = await make(state)
    await delivered(store, task)
    await write_columns(database, task.id, **lack)
    clock.tick(400 * DAY_S)
    assert await erasures.age_out(STUDIO, clock(), 10) == ages


async def test_what_has_just_come_to_its_end_is_there_for_a_day(
    erasures: ErasureStore, store: TaskStore, make: Make, clock: HandClock
):
    task = await make(State.RUNNING)
    clock.tick(30 * DAY_S)
    failed = Failed(error_code=ErrorCode.NO_RESULT, error_detail=None, provider_status=None, looked_at=clock())
    await delivered(store, await store.apply(task, failed))
    assert await erasures.age_out(STUDIO, clock(), 10) == 0
    clock.tick(DAY_S)
    assert await erasures.age_out(STUDIO, clock(), 10) == 1


async def test_what_nobody_decides_about_is_found_after_its_time_and_three_days(
    erasures: ErasureStore, make: Make, clock: HandClock
):
    old, direct = await make(State.UNCERTAIN), await make(State.UNCERTAIN, guild_id=None)
    await make(State.RUNNING)
    clock.tick(3 * DAY_S)
    assert await erasures.undecided(STUDIO, clock(), 9) == []
    clock.tick(1)
    assert [one.id for one in await erasures.undecided(STUDIO, clock(), 9)] == [old.id]
    assert [one.id for one in await erasures.undecided(EVERYWHERE, clock(), 9)] == [direct.id]
    assert await erasures.undecided(STUDIO, old.created_at, 9) == []


async def test_blocks_that_have_ended_are_forgotten(erasures: ErasureStore, servers: ServerStore, clock: HandClock):
    for user_id, until in ((ALICE, clock() + timedelta(hours=1)), (BOB, None)):
        told = Deed(act=Act.BLOCK, guild_id=STUDIO, actor_id=BOB, subject_id=user_id)
        await servers.block(Block(guild_id=STUDIO, user_id=user_id, until=until), told)
    assert await erasures.end_blocks() == 0
    clock.tick(3600)
    assert (await erasures.end_blocks(), await erasures.end_blocks()) == (1, 0)
    assert await servers.block_on(STUDIO, BOB, clock()) is not None


OPEN_STATES = {State.RECEIVED, State.QUEUED, State.SUBMITTING, State.RUNNING, State.EXPIRED, State.UNCERTAIN}


async def test_each_server_ages_by_itself_and_direct_messages_are_one(
    erasures: ErasureStore, store: TaskStore, database: Database, clock: HandClock
):
    homes = [STUDIO, 77, None]
    tasks = [(await store.add(wish(f"of {home}", guild_id=home)))[0] for home in homes]
    for task in tasks:
        await write_columns(database, task.id, state=State.CANCELLED)
        await delivered(store, task)
    clock.tick(DAY_S)

    async def aged() -> list[bool]:
        return [(await again(store, task)).aged_out for task in tasks]

    assert await erasures.older(STUDIO, clock()) == 1
    await erasures.age_out(STUDIO, clock(), 10)
    assert await erasures.older(STUDIO, clock()) == 0
    assert await aged() == [True, False, False]
    await erasures.age_out(EVERYWHERE, clock(), 10)
    assert await aged() == [True, False, True]
