"""What each worker finds to do, and what members and moderators see, on both databases."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from bot.domain.line import Waiting
from bot.domain.listing import STATES, Stage, Wanted
from bot.domain.takes import MediaFile
from bot.domain.tasks import ANNOUNCED, Kind, MusicTask, PingStatus, Result, State, TaskId
from bot.domain.transitions import (
    Emptied,
    FamilyChanged,
    FamilyShown,
    FilesShown,
    MediaFetched,
    MediaGivenUp,
    Shown,
    ShowPostponed,
    Told,
)
from bot.store.database import Database
from bot.store.schema import T, music_tasks
from bot.store.tasks import TaskStore
from tests.fakes.rows import write_columns
from tests.fakes.sample_changes import accepted, completed
from tests.integration.conftest import ALICE, BOB, START, STUDIO, HandClock, Make, again, wish

NOW = START + timedelta(hours=1)
SECOND = timedelta(seconds=1)
FILE = MediaFile(name="1.mp3", shown_as="Rain.mp3", size_bytes=5)


def ids(tasks: Sequence[MusicTask | Waiting]) -> list[TaskId]:
    return [one.id for one in tasks]


async def unshown(store: TaskStore, **changes: Any) -> list[TaskId]:
    patience = {"media_since": NOW - 60 * SECOND, "settle_since": NOW - 2 * SECOND, **changes}
    return ids(await store.unshown(NOW, patience.pop("limit", 100), **patience))


# --- durations -------------------------------------------------------------------------------------------------------


@pytest.fixture
def took(make: Make) -> Callable[..., Awaitable[MusicTask]]:
    """A task that was submitted so long before it was seen finished."""

    async def made(seconds: float, state: State = State.COMPLETED, **columns: Any) -> MusicTask:
        submitted_at = NOW - timedelta(seconds=seconds)
        times = {"submitted_at": submitted_at, "state_at": NOW, "deadline_at": NOW + 600 * SECOND}
        return await make(state, **{**times, **columns})

    return made


async def test_durations_are_those_of_finished_tasks_by_kind_and_model_newest_first(store: TaskStore, took: Make):
    await took(90.5)
    await took(120)
    await took(14, kind=Kind.LYRICS)
    await took(60, kind=Kind.CONTINUATION)
    await took(33, model="other")
    for state in State:
        if state is not State.COMPLETED:
            await took(1, state)
    assert await store.durations() == {
        (Kind.SONG, "suno-music"): [120, 90.5],
        (Kind.LYRICS, "suno-music"): [14],
        (Kind.CONTINUATION, "suno-music"): [60],
        (Kind.SONG, "other"): [33],
    }


async def test_only_durations_that_can_be_true_count(store: TaskStore, took: Make):
    await took(50, deadline_at=NOW)
    await took(51, deadline_at=NOW - SECOND / 1000)
    await took(0)
    await took(-5)
    await took(52, submitted_at=None)
    await took(53, deadline_at=None)
    assert await store.durations() == {(Kind.SONG, "suno-music"): [50]}


async def test_only_the_newest_durations_count(store: TaskStore, took: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.store.queries.DURATIONS_EACH", 2)
    monkeypatch.setattr("bot.store.queries.DURATIONS_AMONG", 4)
    await took(1, kind=Kind.LYRICS)
    for seconds in (5, 6, 7, 8):
        await took(seconds)
    assert await store.durations() == {(Kind.SONG, "suno-music"): [8, 7]}


# --- by key ----------------------------------------------------------------------------------------------------------


async def test_what_is_not_there_is_not_found(store: TaskStore):
    assert await store.get(TaskId(77)) is None
    assert await store.by_origin("i:77") is None


async def test_a_task_is_found_by_its_origin(store: TaskStore):
    task, _ = await store.add(wish(1))
    assert await store.by_origin("i:1") == task


# --- line ------------------------------------------------------------------------------------------------------------


async def test_the_line_holds_everybody_who_waits_and_nobody_else(store: TaskStore, make: Make):
    made = {state: await make(state, not_before=NOW) for state in State}
    queued = made[State.QUEUED]
    assert await store.waiting() == [
        Waiting(
            id=queued.id,
            user_id=queued.user_id,
            guild_id=queued.guild_id,
            created_at=queued.created_at,
            not_before=NOW,
        )
    ]


async def test_only_tasks_at_the_provider_count_as_running(store: TaskStore, make: Make):
    for state in State:
        await make(state, user_id=ALICE)
    await make(State.RUNNING, user_id=BOB)
    assert await store.running_by_member() == {(STUDIO, ALICE): 2, (STUDIO, BOB): 1}


async def test_servers_in_line_are_those_with_somebody_waiting(store: TaskStore, make: Make):
    waiting = [await make(State.QUEUED, guild_id=1), await make(State.QUEUED, guild_id=1)]
    await make(State.QUEUED, guild_id=None)
    await make(State.RUNNING, guild_id=2)
    assert await store.guilds_in_line() == {1}
    assert ids(await store.in_line_of(1)) == ids(waiting)
    assert await store.in_line_of(2) == []


# --- looks -----------------------------------------------------------------------------------------------------------


async def test_looks_are_due_longest_first(store: TaskStore, make: Make):
    second = await make(State.RUNNING, next_look_at=NOW)
    first = await make(State.EXPIRED, next_look_at=NOW - SECOND)
    await make(State.RUNNING, next_look_at=NOW + SECOND)
    await make(State.RUNNING)
    assert ids(await store.due_looks(NOW, 10)) == ids([first, second])
    assert ids(await store.due_looks(NOW, 1)) == [first.id]


async def test_after_the_clock_was_set_back_everything_goes_on(store: TaskStore, make: Make):
    """What was put off for a moment under the other clock is due; what really waits is not."""
    other, soon = NOW + timedelta(days=2), NOW + SECOND
    told = {"shown_revision": 1, "pinged_for": State.COMPLETED, "ping_status": PingStatus.DONE}
    looked = [await make(State.RUNNING, next_look_at=at, shown_revision=1) for at in (other, soon)]
    fetched = [await make(State.COMPLETED, media_wanted=True, media_after=at, **told) for at in (other, soon)]
    shown = [await make(State.FAILED, show_after=at) for at in (other, soon)]
    pinged = [await make(State.FAILED, show_after=at, shown_revision=1) for at in (other, soon)]
    fresh = await make(State.QUEUED, state_at=NOW)
    settled = await make(State.QUEUED, state_at=other)
    assert ids(await store.due_looks(NOW, 10)) == [looked[0].id]
    assert ids(await store.media_wanted(NOW, 10)) == [fetched[0].id]
    due = await store.unshown(NOW, 10, media_since=NOW - SECOND, settle_since=NOW - SECOND)
    assert ids(due) == [shown[0].id, settled.id]
    assert ids(await store.unpinged(NOW, 10)) == [pinged[0].id]
    assert ids(await store.left_in_state(State.QUEUED, NOW, SECOND)) == [settled.id]
    assert ids(await store.in_state(State.QUEUED)) == [fresh.id, settled.id]


@pytest.mark.parametrize("state", State)
async def test_tasks_are_found_by_state_and_age(store: TaskStore, make: Make, state: State):
    newer = await make(state, state_at=NOW)
    older = await make(state, state_at=NOW - SECOND)
    await make(State.QUEUED if state is not State.QUEUED else State.RUNNING)
    assert ids(await store.in_state(state)) == ids([older, newer])
    assert ids(await store.left_in_state(state, NOW, timedelta())) == [older.id]


# --- cards -----------------------------------------------------------------------------------------------------------


async def test_finals_are_shown_before_progress_and_older_ones_first(store: TaskStore, make: Make):
    progress = await make(State.RUNNING, state_at=NOW - 50 * SECOND)
    late = await make(State.FAILED, state_at=NOW - 10 * SECOND)
    uncertain = await make(State.UNCERTAIN, state_at=NOW - 20 * SECOND)
    early = await make(State.COMPLETED, state_at=NOW - 30 * SECOND)
    assert await unshown(store) == ids([early, uncertain, late, progress])
    assert await unshown(store, limit=2) == ids([early, uncertain])


@pytest.mark.parametrize("state", State)
async def test_a_card_is_shown_until_it_has_caught_up(store: TaskStore, make: Make, state: State):
    task = await make(state)
    never = state in {State.RECEIVED, State.ABANDONED}
    assert await unshown(store) == ([] if never else [task.id])
    await store.apply(task, Shown())
    assert await unshown(store) == []


async def test_a_card_that_failed_rests_until_its_next_try(store: TaskStore, make: Make):
    await make(State.FAILED, show_after=NOW + SECOND)
    due = await make(State.FAILED, show_after=NOW)
    assert await unshown(store) == [due.id]


async def test_what_is_sent_by_a_process_whose_clock_is_ahead_is_not_left(store: TaskStore, make: Make):
    await make(State.SUBMITTING, state_at=NOW + SECOND)
    of_another_clock = await make(State.SUBMITTING, state_at=NOW + timedelta(hours=1))
    assert ids(await store.left_in_state(State.SUBMITTING, NOW, 60 * SECOND)) == [of_another_clock.id]
    assert await unshown(store) == [of_another_clock.id]


@pytest.mark.parametrize("state", [State.QUEUED, State.SUBMITTING])
async def test_a_state_that_is_about_to_change_is_shown_only_once_it_lasts(store: TaskStore, make: Make, state: State):
    task = await make(state, state_at=NOW - 2 * SECOND)
    assert await unshown(store) == []
    assert await unshown(store, settle_since=NOW - SECOND) == [task.id]


@pytest.mark.parametrize(
    ("columns", "is_shown"),
    [
        ({"state": State.COMPLETED, "media_wanted": True, "state_at": NOW - 60 * SECOND}, False),
        ({"state": State.COMPLETED, "media_wanted": True, "state_at": NOW - 61 * SECOND}, True),
        ({"state": State.COMPLETED, "media_wanted": True, "state_at": NOW + SECOND}, False),
        ({"state": State.COMPLETED, "media_wanted": True, "state_at": NOW + 61 * SECOND}, True),
        ({"state": State.COMPLETED, "media_wanted": True, "state_at": NOW, "media_failures": 1}, True),
        ({"state": State.COMPLETED, "media_wanted": False, "state_at": NOW}, True),
        ({"state": State.FAILED, "media_wanted": True, "state_at": NOW}, True),
    ],
)
async def test_a_finished_song_waits_for_its_audio_and_not_for_ever(
    store: TaskStore, make: Make, *, columns: dict[str, Any], is_shown: bool
):
    task = await make(**columns)
    assert await unshown(store) == ([task.id] if is_shown else [])


async def test_moving_cards_are_recent_up_to_date_and_not_lost(store: TaskStore, make: Make):
    made = [await make(state) for state in State]
    lost = await make(State.RUNNING, card_lost="message_gone")
    old = await make(State.RUNNING, created_at=START - SECOND)
    for task in (*made, lost, old):
        await store.apply(task, Shown(card_lost=task.card_lost))
    await make(State.RUNNING)
    moving = await store.moving_cards(START - SECOND)
    assert {task.state for task in moving} == {State.QUEUED, State.RUNNING}
    assert set(ids(moving)) <= set(ids(made))


# --- pings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
async def test_a_requester_is_told_of_an_outcome_once_its_card_is_settled(store: TaskStore, make: Make, state: State):
    task = await make(state)
    assert await store.unpinged(NOW, 10) == []
    await store.apply(task, Shown())
    announced = state in {State.COMPLETED, State.FAILED, State.UNCERTAIN}
    assert ids(await store.unpinged(NOW, 10)) == ([task.id] if announced else [])


@pytest.mark.parametrize(
    ("columns", "is_due"),
    [
        ({"ping_status": None}, True),
        ({"ping_status": PingStatus.SENDING, "pinged_for": State.COMPLETED}, True),
        ({"ping_status": PingStatus.DONE, "pinged_for": State.COMPLETED}, False),
        ({"ping_status": PingStatus.DONE, "pinged_for": State.UNCERTAIN}, True),
        ({"show_after": NOW}, True),
        ({"show_after": NOW + SECOND}, False),
    ],
)
async def test_each_outcome_is_told_once(store: TaskStore, make: Make, *, columns: dict[str, Any], is_due: bool):
    task = await make(State.COMPLETED, shown_revision=1, **columns)
    assert ids(await store.unpinged(NOW, 10)) == ([task.id] if is_due else [])


async def test_who_has_waited_longest_is_told_first(store: TaskStore, make: Make):
    tasks = [await make(State.FAILED, state_at=NOW - number * SECOND) for number in range(3)]
    for task in tasks:
        await store.apply(task, Shown())
    assert ids(await store.unpinged(NOW, 2)) == ids(tasks[:0:-1])


async def test_a_long_backlog_in_one_channel_hides_no_other(store: TaskStore, make: Make, database: Database):
    for number in range(6):
        task = await make(State.FAILED, state_at=NOW - number * SECOND, shown_revision=1)
        await write_columns(database, task.id, channel_id=1 + (number < 2))
    assert [task.channel_id for task in await store.unpinged(NOW, 3, each=1)] == [1, 2]
    assert [task.channel_id for task in await store.unpinged(NOW, 9, each=2)] == [1, 2, 1, 2]
    assert [task.channel_id for task in await store.unpinged(NOW, 9, each=2, full=[1])] == [2, 2]
    await write_columns(database, task.id, shown_revision=0)
    assert await unshown(store, each=1) == [task.id]
    assert await unshown(store, each=1, full=[1]) == []


# --- families --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
async def test_a_finished_card_is_drawn_once_more_when_its_family_has_changed(
    store: TaskStore, make: Make, state: State
):
    told = {"shown_revision": 1, "pinged_for": state, "ping_status": PingStatus.DONE}
    task, lost = await make(state, **told), await make(state, card_lost="no_channel", **told)
    assert await store.family_changed(NOW, 10) == []
    for one in (task, lost):
        await store.apply(one, FamilyChanged(family_changed_at=NOW))
    assert ids(await store.family_changed(NOW, 10)) == ([task.id] if state is State.COMPLETED else [])
    await store.apply(await again(store, task), FamilyShown())
    assert await store.family_changed(NOW, 10) == []


async def test_a_card_that_is_shown_or_told_anyway_is_not_drawn_for_its_family_before(store: TaskStore, make: Make):
    changed = {"family_changed_at": NOW}
    task = await make(State.COMPLETED, **changed)
    assert await store.family_changed(NOW, 10) == []
    shown = await store.apply(replace(task, family_changed_at=None), Shown())
    assert await store.family_changed(NOW, 10) == []
    told = await store.apply(shown, Told(pinged_for=State.COMPLETED, ping_at=NOW))
    assert ids(await store.family_changed(NOW, 10)) == [told.id]
    await store.apply(told, ShowPostponed(show_after=NOW + SECOND, show_failures=1))
    assert await store.family_changed(NOW, 10) == []
    assert ids(await store.family_changed(NOW + SECOND, 10)) == [told.id]


async def test_what_is_emptied_is_not_drawn_for_its_family(store: TaskStore, make: Make):
    """Nor if it went by its age: then its messages stay as they are."""
    told = {"shown_revision": 1, "pinged_for": State.COMPLETED, "ping_status": PingStatus.DONE}
    task = await make(State.COMPLETED, deleted_at=NOW, aged_out=True, **told)
    await store.apply(task, FamilyChanged(family_changed_at=NOW))
    assert await store.family_changed(NOW, 10) == []


async def test_what_is_owed_is_one_thing_at_a_time(store: TaskStore, database: Database):
    rows: list[dict[str, Any]] = []
    owed: list[str | None] = []
    pings = [(None, None), ("sending", True), ("done", True), ("done", False)]
    for state, lag, deleted_at, (status, is_own), changed_at, lost in product(
        State, [0, 1], [None, NOW], pings, [None, NOW], [None, "no_channel"]
    ):
        row = {
            "origin_key": f"i:{len(rows)}",
            "kind": Kind.SONG,
            "state": state,
            "revision": 3,
            "shown_revision": 3 - lag,
            "created_at": NOW,
            "state_at": NOW,
            "user_id": ALICE,
            "channel_id": 2,
            "prompt": "rain",
            "model": "suno-music",
            "attachment_limit_bytes": 1,
            "deleted_at": deleted_at,
            "ping_status": status,
            "pinged_for": state if is_own else status and State.QUEUED,
            "family_changed_at": changed_at,
            "card_lost": lost,
        }
        is_due = state in ANNOUNCED and not (status == "done" and is_own)
        expected = [
            ("removal", lag and deleted_at is not None),
            ("card", lag and state not in {State.RECEIVED, State.ABANDONED}),
            ("ping", is_due),
            (
                "family",
                changed_at is not None and state is State.COMPLETED and deleted_at is None and lost is None,
            ),
        ]
        rows.append(row)
        owed.append(next((what for what, holds in expected if holds), None))
    async with database.write() as connection:
        await connection.execute(insert(music_tasks), rows)
        found = (await connection.execute(select(T.owed).order_by(T.id))).scalars().all()
    assert [(row, one) for row, one, due in zip(rows, found, owed, strict=True) if one != due] == []


# --- media -----------------------------------------------------------------------------------------------------------


async def test_media_is_wanted_until_it_is_fetched_oldest_first(store: TaskStore, make: Make):
    newer = await make(State.COMPLETED, media_wanted=True, state_at=NOW)
    older = await make(State.COMPLETED, media_wanted=True, media_after=NOW, state_at=NOW - SECOND)
    await make(State.COMPLETED, media_wanted=True, media_after=NOW + SECOND)
    await make(State.COMPLETED)
    assert ids(await store.media_wanted(NOW, 10)) == ids([older, newer])
    await store.apply(older, MediaFetched(media=(FILE,)))
    assert ids(await store.media_wanted(NOW, 1)) == [newer.id]


async def test_files_are_named_until_a_card_carries_them(store: TaskStore, make: Make):
    task, other = await make(State.COMPLETED, media_wanted=True), await make(State.COMPLETED, media_wanted=True)
    pictured = MediaFile(name="2.mp3", shown_as="Rain 2.mp3", size_bytes=5, picture="2.png", cover="2.jpg")
    fetched = await store.apply(task, MediaFetched(media=(FILE, pictured)))
    await store.apply(other, MediaFetched(media=()))
    assert await store.media_names() == {"1.mp3", "2.mp3", "2.png", "2.jpg"}
    await store.apply(fetched, FilesShown(files_shown=True))
    assert await store.media_names() == set()


async def test_files_are_named_while_a_take_beside_them_is_still_missing(store: TaskStore, make: Make):
    task = await make(State.COMPLETED, media_wanted=True)
    fetched = await store.apply(task, MediaFetched(media=(FILE,), media_wanted=True))
    shown = await store.apply(fetched, FilesShown(files_shown=True))
    assert await store.media_names() == {"1.mp3"}
    await store.apply(shown, MediaGivenUp())
    assert await store.media_names() == set()


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_members_see_their_own_tasks_newest_first(store: TaskStore, make: Make):
    own = [await make(state, user_id=ALICE) for state in State if state is not State.ABANDONED]
    await make(State.ABANDONED, user_id=ALICE)
    await make(user_id=BOB)
    assert await store.ids_of_member(ALICE, Wanted()) == ids(own[::-1])


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", Kind)
async def test_a_list_holds_only_the_states_and_kinds_that_are_wanted(
    store: TaskStore, make: Make, stage: Stage, kind: Kind
):
    made = {(state, one): await make(state, user_id=ALICE, kind=one) for state in State for one in Kind}
    wanted = Wanted(states=STATES[stage], kinds=frozenset({kind}))
    found = await store.ids_of_member(ALICE, wanted)
    assert set(found) == {made[state, kind].id for state in STATES[stage]}


@pytest.mark.parametrize(
    ("title", "prompt", "words"),
    [
        ("Night Drive", "x", "night"),
        (None, "Rain on a tin ROOF", "tin roof"),
        (None, "rain\n  on a roof", "RAIN ON"),
        ("100% pure", "x", "0%"),
        ("snake_case", "x", "e_c"),
        (r"back\slash", "x", r"\SL"),
        (r"C:\%", "x", r":\%"),
        ("a/b", "x", "A/B"),
        ('it\'s "quoted"', "x", "'S \"Q"),
        ("\u00dcber Stra\u00dfe", "x", "\u00fcBER STRASSE"),
        ("u\u0308ber", "x", "\u00dcBER"),
        (None, "\u591c\u306e\u6d77\u3068\u6708", "\u306e\u6d77"),
        (None, "\u30ab\u30bf\u30ab\u30ca", "\uff76\uff80\uff76\uff85"),
        ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "x", "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"),
        ("dance \U0001f57a\U0001f3fd", "x", "\U0001f57a"),
    ],
)
async def test_words_are_found_in_whatever_case_and_script(
    store: TaskStore, title: str | None, prompt: str, words: str
):
    task, _ = await store.add(wish(1, title=title, prompt=prompt))
    await store.add(wish(2, title="other", prompt="nothing alike"))
    assert await store.ids_of_member(ALICE, Wanted(text=words)) == [task.id]


@pytest.mark.parametrize("words", ["%", "_", "\\", "/", "r_in", "r%n", "rain/", "'", "\\%", "u"])
async def test_signs_that_mean_something_to_databases_mean_themselves(store: TaskStore, words: str):
    await store.add(wish(1, prompt="RAIN \u00fcber Moor"))
    assert await store.ids_of_member(ALICE, Wanted(text=words)) == []


async def test_a_song_is_found_by_the_title_that_its_result_brought(store: TaskStore, make: Make):
    running = await make(State.RUNNING, user_id=ALICE)
    done = await store.apply(running, completed(result=Result(title="Fern\u00dcber")))
    assert await store.ids_of_member(ALICE, Wanted(text="fern\u00fcb")) == [done.id]
    assert await store.ids_of_member(ALICE, Wanted(text="tin roof")) == [done.id]
    (listed,) = await store.listed([done.id])
    assert (listed.title, listed.made_title) == (None, "Fern\u00dcber")


async def test_what_a_late_answer_makes_is_found_by_its_words(store: TaskStore, make: Make):
    task = await make(State.CANCELLED, user_id=ALICE, attempt=1)
    await store.keep_late_answer(task, accepted())
    assert len(await store.ids_of_member(ALICE, Wanted(text="tin roof"))) == 2


async def test_deleted_songs_are_in_no_list_and_their_words_are_gone(store: TaskStore, make: Make, database: Database):
    parent = await make(State.COMPLETED, user_id=ALICE)
    task = await make(State.COMPLETED, user_id=ALICE, parent_id=parent.id)
    await store.apply(task, Emptied())
    assert await store.ids_of_member(ALICE, Wanted()) == [parent.id]
    assert await store.listed_children([parent.id], 10) == []
    async with database.read() as connection:
        query = text("SELECT search_text FROM music_tasks WHERE id = :id")
        assert (await connection.execute(query, {"id": task.id})).scalar_one() == ""


async def test_a_line_of_a_list_knows_the_beginning_of_a_long_prompt(store: TaskStore):
    task, _ = await store.add(wish(1, prompt="\u591c" * 5000))
    (listed,) = await store.listed([task.id])
    assert listed.prompt == "\u591c" * 200
    facts = ("kind", "state", "created_at", "user_id", "guild_id", "channel_id", "message_id", "parent_id")
    assert [getattr(listed, name) for name in facts] == [getattr(task, name) for name in facts]


async def test_lines_come_newest_first_however_they_were_asked_for(store: TaskStore, make: Make):
    made = ids([await make() for _ in range(3)])
    assert [one.id for one in await store.listed([made[1], made[0], made[2]])] == made[::-1]
    assert await store.listed([]) == []


async def test_children_are_those_of_all_that_were_named_oldest_first(store: TaskStore, make: Make):
    first, second, other = await make(), await make(), await make()
    children = [await make(parent_id=parent.id) for parent in (second, first, second)]
    await make(parent_id=other.id)
    await make(State.ABANDONED, parent_id=first.id)
    found = await store.listed_children([first.id, second.id], 10)
    assert [one.id for one in found] == ids(children)
    assert [one.id for one in await store.listed_children([first.id, second.id], 2)] == ids(children[:2])


async def test_tasks_are_counted_by_state(store: TaskStore, make: Make):
    for state in (State.RUNNING, State.RUNNING, State.FAILED):
        await make(state)
    await make(State.RUNNING, guild_id=2)
    assert await store.counts() == {State.RUNNING: 3, State.FAILED: 1}


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_dead_tokens_are_erased_and_live_ones_kept(store: TaskStore, make: Make, clock: HandClock):
    dead, live = await make(token_at=NOW - SECOND), await make(token_at=NOW)
    assert await store.erase_tokens(NOW) == 1
    assert ((await again(store, dead)).interaction_token, (await again(store, live)).interaction_token) == (
        None,
        "a-token",
    )
    assert await store.erase_tokens(NOW) == 0
