"""Brings cards up to date: finals first, one at a time each, as few edits as possible, at most one ping."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from bot.domain.line import Place
from bot.domain.members import PreferenceChanges, Telling
from bot.domain.scene import Scene
from bot.domain.takes import MediaFile
from bot.domain.tasks import CARD_REMOVED, MusicTask, PingStatus, Role, State, TaskId
from bot.engine.budget import Budget, Purpose
from bot.engine.courier import ATTACHINGS, FIRST_ATTACH_S, REMOVALS, SHOWN_IN_CHANNEL, Courier
from bot.engine.ports import ShowLaterError, Shown
from bot.store.members import MemberStore
from bot.store.outages import OutageStore
from bot.store.schema import music_tasks
from tests.fakes.engine_fakes import SONG, FakeDisplay, until
from tests.fakes.rows import START, HandClock, Rows, at_rest, make_task

pytestmark = pytest.mark.usefixtures("databases")


class Round:
    """A courier with everything around it."""

    def __init__(self, *tasks: MusicTask, **script: Any) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *tasks)
        self.display = FakeDisplay(**script)
        self.members = MemberStore(self.rows.database)
        self.budget = Budget(1000, monotonic=lambda: self.clock().timestamp())
        self.outages = OutageStore(self.rows.database, self.clock)
        self.courier = Courier(
            self.rows, self.members, self.display, self.display, self.clock, self.budget, self.outages
        )

    async def after(self, seconds: float = 0) -> None:
        """Time passes, then the courier goes its round: one to show, one to tell."""
        self.clock.tick(seconds)
        await self.courier.step()
        await self.courier.step()

    def change(self, number: int = 1, **values: Any) -> None:
        """The row changes in a way that the card should show."""
        self.rows.change(number, revision=self.rows[number].revision + 1, state_at=self.clock(), **values)

    def fetched(self, *media: MediaFile) -> None:
        """The audio of the first task is there, or never will be."""
        self.rows.change(revision=self.rows[1].revision + 1, media=media, media_wanted=False)

    async def looked_again(self) -> None:
        """The courier has looked for work once more, and done what it found."""
        looks = self.rows.calls.count("unshown")
        self.courier.wake()
        await until(lambda: self.rows.calls.count("unshown") > looks)
        await at_rest(self.rows)


TOLD: dict[str, Any] = {"pinged_for": State.COMPLETED, "ping_status": PingStatus.DONE}


def behind(number: int = 1, state: State = State.COMPLETED, **changes: Any) -> MusicTask:
    """A task whose card lags behind by one revision."""
    result = {"result": SONG} if state is State.COMPLETED else {}
    return make_task(number, **{"state": state, "revision": 3, **result, **changes})


async def test_a_card_is_shown_until_it_has_caught_up_and_then_left_alone() -> None:
    post = Round(behind())
    for _ in range(4):
        await post.after(60)

    assert post.display.shown == [(1, State.COMPLETED)]
    assert post.rows[1].shown_revision == post.rows[1].revision


async def test_several_changes_become_one_edit_of_the_newest() -> None:
    post = Round(behind(state=State.RUNNING))
    post.change(progress=50)
    post.change(state=State.COMPLETED, result=SONG)

    await post.after()

    assert post.display.shown == [(1, State.COMPLETED)]


async def test_finals_are_shown_before_progress() -> None:
    early = {"state_at": START - timedelta(seconds=60)}
    running = [behind(n, State.RUNNING, **early) for n in range(1, 20)]
    finals = [behind(20), behind(21, State.FAILED), behind(22, State.UNCERTAIN), behind(23, State.CANCELLED)]
    post = Round(*running, *finals)
    post.courier.concurrency = len(finals)

    await post.courier.step()

    assert sorted(number for number, _ in post.display.shown) == [20, 21, 22, 23]


async def test_files_of_a_text_that_changed_while_they_were_shown_are_shown_anew() -> None:
    gate = asyncio.Event()
    post = Round(behind(), shows=[(gate, Shown(files_shown=True)), Shown(files_shown=True)])
    showing = asyncio.create_task(post.courier.step())
    await until(lambda: len(post.display.shown) == 1)
    post.change(edited_lyrics="other words", files_shown=False)
    gate.set()
    await showing
    assert not post.rows[1].files_shown

    await post.courier.step()

    assert post.display.shown == [(1, State.COMPLETED)] * 2
    assert post.rows[1].files_shown


async def test_at_most_one_edit_of_a_card_is_under_way() -> None:
    gate = asyncio.Event()
    post = Round(behind(), shows=[(gate, Shown()), Shown()])
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: len(post.display.shown) == 1)
        post.change(media=())
        await post.looked_again()
        assert len(post.display.shown) == 1
        gate.set()
        await until(lambda: post.rows[1].shown_revision == post.rows[1].revision)
        await post.looked_again()
        stop.set()

    assert len(post.display.shown) == 2
    assert post.rows[1].shown_revision == post.rows[1].revision


async def test_a_change_during_an_edit_is_not_taken_for_shown() -> None:
    gate = asyncio.Event()
    post = Round(behind(), shows=[(gate, Shown())])
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.step())
        await until(lambda: len(post.display.shown) == 1)
        post.change()
        gate.set()

    assert post.rows[1].shown_revision == post.rows[1].revision - 1


async def test_what_moved_on_since_it_was_found_is_left_to_the_next_round() -> None:
    post = Round(behind(state=State.RUNNING))
    found = post.rows[1]
    post.change(state=State.COMPLETED)

    await post.courier.handle(found)
    with post.rows.behind() as connection:
        connection.execute(delete(music_tasks))
    await post.courier.handle(found)

    assert post.display.shown == []


async def test_being_sent_is_shown_only_if_it_lasts() -> None:
    post = Round(behind(state=State.SUBMITTING))

    await post.after(1.4)
    assert post.display.shown == []
    await post.after(0.2)

    assert post.display.shown == [(1, State.SUBMITTING)]


async def test_a_finished_card_waits_a_little_for_its_audio() -> None:
    post = Round(behind(media_wanted=True))

    await post.after(20)
    assert post.display.shown == []
    await post.after(1)
    assert post.display.shown == [(1, State.COMPLETED)]

    post.fetched(MediaFile(name="1-1.mp3", shown_as="x.mp3", size_bytes=1))
    await post.after(1)
    assert len(post.display.shown) == 2
    assert len(post.display.pings.asked) == 1


# --- files that did not get through ---------------------------------------------------------------------------------

OWES = {"attach_after": START, "attach_failures": 1, **TOLD}


async def test_a_card_shown_without_its_files_is_told_of_at_once_and_gets_them_later() -> None:
    post = Round(behind(), shows=[Shown(files_owed=True)])

    await post.after()
    assert len(post.display.pings.asked) == 1
    assert post.display.attaches.asked == []
    await post.after(FIRST_ATTACH_S)

    assert len(post.display.attaches.asked) == 1
    task = post.rows[1]
    assert (task.files_shown, task.attach_after, task.attach_failures) == (True, None, 0)
    await post.after(3600)
    assert (len(post.display.shown), len(post.display.pings.asked), len(post.display.attaches.asked)) == (1, 1, 1)


async def test_files_that_fail_again_are_tried_ever_more_seldom_and_hold_up_nothing() -> None:
    post = Round(make_task(state=State.COMPLETED, result=SONG, **OWES), attaches=[ShowLaterError()])

    for _ in range(3):
        await post.after(24 * 3600)

    task = post.rows[1]
    assert (task.attach_failures, task.show_failures, task.show_after) == (4, 0, None)
    assert task.attach_after is not None
    assert task.attach_after - post.clock() == timedelta(seconds=FIRST_ATTACH_S * 2**3)


async def test_files_that_may_not_be_attached_are_owed_no_more() -> None:
    post = Round(make_task(state=State.COMPLETED, result=SONG, **OWES), attaches=[False])

    await post.after()

    assert (post.rows[1].files_shown, post.rows[1].attach_after) == (False, None)


@pytest.mark.parametrize("changes", [{"deleted_at": START}, {"card_lost": "no_channel"}, {"state": State.QUEUED}])
async def test_files_are_owed_to_finished_cards_alone(changes: dict[str, Any]) -> None:
    post = Round(make_task(**{"state": State.COMPLETED, "result": SONG, **OWES, **changes}))

    await post.after(60)

    assert post.display.attaches.asked == []


async def test_a_card_that_is_shown_whole_meanwhile_owes_nothing() -> None:
    post = Round(behind(**{**OWES, "attach_after": START + timedelta(hours=1)}), shows=[Shown(files_shown=True)])

    await post.after()

    assert (post.rows[1].files_shown, post.rows[1].attach_after) == (True, None)


async def test_uploads_that_hang_do_not_hold_up_other_cards() -> None:
    gate = asyncio.Event()
    owing = [make_task(n, state=State.COMPLETED, result=SONG, channel_id=700 + n, **OWES) for n in range(1, 21)]
    post = Round(*owing, *(behind(n) for n in range(21, 31)), attaches=[(gate, True)] * 20 + [True])
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: len(post.display.shown) == 10)
        assert len(post.display.attaches.asked) <= ATTACHINGS
        gate.set()
        await until(lambda: len(post.display.attaches.asked) == 20)
        stop.set()


# --- soft refreshes --------------------------------------------------------------------------------------------------


async def test_a_place_in_line_is_refreshed_when_it_changes_and_at_most_every_ten_seconds() -> None:
    post = Round(make_task(1), make_task(2, user_id=8))
    await post.after()
    assert sorted(number for number, _ in post.display.shown) == [1, 2]
    for _ in range(5):
        await post.after(10)
    assert len(post.display.shown) == 2

    post.rows.change(state=State.CANCELLED)
    await post.after(5)
    assert len(post.display.shown) == 2
    await post.after(5)

    assert post.display.shown[2:] == [(2, State.QUEUED)]
    assert post.display.shows.asked[-1][1].place == Place(ahead=0, people_ahead=0)


async def test_a_finished_card_that_can_not_be_redrawn_for_its_family_is_tried_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Round(make_task(1, state=State.COMPLETED, result=SONG, family_changed_at=START, **TOLD))
    tried: list[TaskId] = []

    async def fails(task: MusicTask, scene: Scene) -> None:
        tried.append(task.id)
        raise ZeroDivisionError

    monkeypatch.setattr(post.display, "refresh", fails)
    for _ in range(5):
        await post.after(600)

    assert tried == [1]


def ended(number: int, channel_id: int, **changes: Any) -> MusicTask:
    """A failed task in a channel, its card shown, its requester not told; the lower its number, the longer ago."""
    state_at = START - timedelta(seconds=1000 - number)
    return make_task(number, state=State.FAILED, channel_id=channel_id, state_at=state_at, **changes)


async def test_a_channel_full_of_pings_holds_up_no_other() -> None:
    gate = asyncio.Event()
    tasks = [*(ended(number, 700) for number in range(1, 54)), ended(60, 701), ended(61, 702)]
    post = Round(*tasks, pings=[(gate, 9000)])
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: len(post.display.pings.asked) == 3)
        await post.looked_again()
        assert sorted(task.channel_id for task in post.display.pings.asked) == [700, 701, 702]
        stop.set()
        gate.set()


async def test_channels_take_turns_with_their_pings() -> None:
    post = Round(*(ended(number, 700) for number in range(1, 30)), *(ended(number, 701) for number in range(40, 43)))
    post.courier.concurrency = 1
    for _ in range(6):
        await post.courier.step()

    assert [task.channel_id for task in post.display.pings.asked] == [700, 701] * 3


async def test_a_channel_full_of_cards_holds_up_no_other() -> None:
    gate = asyncio.Event()
    cards = [behind(number, channel_id=700) for number in range(1, 54)]
    post = Round(*cards, behind(60, channel_id=701), shows=[(gate, Shown())])
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: (60, State.COMPLETED) in post.display.shown)
        await post.looked_again()
        assert len(post.display.shown) == SHOWN_IN_CHANNEL + 1
        stop.set()
        gate.set()


async def test_two_channels_full_of_cards_hold_up_no_other() -> None:
    gate = asyncio.Event()
    cards = [behind(number, channel_id=700 + number % 2) for number in range(1, 103)]
    post = Round(*cards, behind(200, channel_id=702, state_at=START + timedelta(seconds=1)), shows=[(gate, Shown())])
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: (200, State.COMPLETED) in post.display.shown)
        await post.looked_again()
        assert len(post.display.shown) == 2 * SHOWN_IN_CHANNEL + 1
        stop.set()
        gate.set()


async def test_channels_take_turns_with_their_cards() -> None:
    late = START + timedelta(seconds=1)
    others = [behind(n, channel_id=701, state_at=late) for n in range(20, 23)]
    post = Round(*(behind(n) for n in range(1, 10)), *others)
    post.courier.concurrency = 1
    for _ in range(6):
        await post.courier.step()

    assert [task.channel_id for task, _ in post.display.shows.asked] == [700, 701] * 3


async def test_cards_that_are_always_put_off_hide_none_behind_them() -> None:
    post = Round(*(behind(number) for number in range(1, 131)), behind(200, state_at=START + timedelta(seconds=1)))

    async def fails(task: MusicTask, *_: object) -> Shown:
        if task.id < 200:
            raise ZeroDivisionError
        return Shown()

    post.display.show = fails  # type: ignore[method-assign, assignment]  # a card that can't be drawn
    post.courier.monotonic = lambda: 0.0
    for _ in range(80):
        await post.courier.step()

    assert post.rows[200].shown_revision == post.rows[200].revision


async def test_removals_that_hang_in_one_channel_hold_up_no_other() -> None:
    gate = asyncio.Event()
    doomed = [behind(n, deleted_at=START, channel_id=700) for n in range(1, 21)]
    post = Round(*doomed, behind(30, deleted_at=START + timedelta(seconds=1), channel_id=701))
    for number in (*range(1, 21), 30):
        post.rows.put_message(number, 7000 + number, Role.CARD, channel_id=701 if number == 30 else 700)

    async def remove(channel_id: int, message_id: int) -> None:
        post.display.removed.append((channel_id, message_id))
        if channel_id == 700:
            await gate.wait()

    post.display.remove = remove  # type: ignore[method-assign]  # rate limited
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: (701, 7030) in post.display.removed)
        stop.set()
        gate.set()


async def test_all_places_of_a_long_line_are_refreshed_in_turn() -> None:
    post = Round(*(make_task(number, user_id=number) for number in range(1, 61)))
    post.courier.concurrency = 2
    for _ in range(30):
        await post.courier.step()
    assert sorted(number for number, _ in post.display.shown) == list(range(1, 61))

    post.display.shows.asked.clear()
    for number in (1, 2):  # the line moves faster than all its cards can be refreshed
        post.rows.change(number, state=State.CANCELLED)
        post.clock.tick(10)
        for _ in range(15):
            await post.courier.step()

    assert {number for number, _ in post.display.shown} >= set(range(3, 61))


async def test_places_are_refreshed_after_the_clock_was_set_back() -> None:
    post = Round(make_task(1), make_task(2, user_id=8))
    await post.after()
    post.rows.change(state=State.CANCELLED)

    await post.after(-3 * 3600)

    assert post.display.shown[2:] == [(2, State.QUEUED)]


async def test_a_card_that_can_not_be_drawn_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    post = Round(make_task(1), make_task(2, user_id=8), make_task(3, user_id=9))
    await post.after()
    looks = post.display.looks

    def fails_for_two(task: MusicTask, scene: Scene) -> str:
        if task.id == TaskId(2):
            raise ZeroDivisionError
        return looks(task, scene)

    monkeypatch.setattr(post.display, "looks", fails_for_two)
    post.rows.change(state=State.CANCELLED)
    for _ in range(4):
        await post.after(10)

    assert (3, State.QUEUED) in post.display.shown[3:]
    assert [one.message for one in caplog.records].count("card can't be drawn") == 1


async def test_cards_in_line_know_when_nothing_is_sent_and_when_that_is_over() -> None:
    post = Round(make_task())
    await post.after(60)
    post.budget.throttled(1e9)
    await post.after(20)
    (_, scene) = post.display.shows.asked[-1]
    assert scene.shut_until == post.clock() + timedelta(seconds=70)

    await post.after(75)
    assert post.budget.take(Purpose.LOOK)
    post.budget.succeeded()
    await post.after(20)

    (_, scene) = post.display.shows.asked[-1]
    assert scene.shut_until is None


async def test_a_place_that_changed_between_the_answer_and_the_first_refresh_is_shown() -> None:
    post = Round(make_task(1), make_task(2))
    post.rows.change(state=State.RUNNING)

    await post.after()

    assert post.display.shown == [(2, State.QUEUED)]


async def test_progress_that_looks_the_same_costs_no_edit() -> None:
    post = Round(make_task(state=State.RUNNING))
    for _ in range(6):
        await post.after(10)

    assert post.display.shown == []
    post.rows.change(progress=25)
    await post.after(10)
    await post.after(10)
    assert post.display.shown == [(1, State.RUNNING)]


@pytest.mark.parametrize("changes", [{"card_lost": "no_channel"}, {"created_at": START - timedelta(minutes=55)}])
async def test_lost_and_old_cards_are_not_refreshed(changes: dict[str, Any]) -> None:
    post = Round(make_task(state=State.RUNNING, **changes))
    await post.after(10)
    post.rows.change(progress=50)

    await post.after(10)

    assert post.display.shown == []


async def test_a_card_that_looks_different_by_the_end_of_its_edit_is_drawn_again() -> None:
    gate = asyncio.Event()
    post = Round(behind(state=State.RUNNING), shows=[(gate, Shown()), Shown()])
    post.display.looks = lambda *_: str(post.clock() > START)  # type: ignore[method-assign]  # by time, as a phase does
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.step())
        await until(lambda: len(post.display.shown) == 1)
        post.clock.tick(1)
        gate.set()

    await post.after(10)
    await post.after(10)

    assert len(post.display.shown) == 2


async def test_a_quiet_song_costs_at_most_four_edits_and_one_ping() -> None:
    post = Round(make_task())
    post.change(state=State.SUBMITTING)
    await post.after(0.3)
    post.change(state=State.RUNNING)
    for progress in (10, 50, 90):
        await post.after(20)
        post.rows.change(progress=progress // 50)
    post.change(state=State.COMPLETED, result=SONG, media_wanted=True)
    await post.after(1)
    post.fetched()
    for _ in range(5):
        await post.after(10)

    assert len(post.display.shown) <= 4
    assert len(post.display.pings.asked) == 1


# --- trouble ---------------------------------------------------------------------------------------------------------


async def test_a_passing_failure_is_tried_again_with_growing_pauses() -> None:
    post = Round(behind(), shows=[ShowLaterError(), ShowLaterError(), ShowLaterError(retry_after_s=90), Shown()])
    waits = []
    while post.rows[1].shown_revision < post.rows[1].revision:
        await post.courier.step()
        if (until := post.rows[1].show_after) is not None:
            waits.append((until - post.clock()).total_seconds())
            await post.courier.step()
            post.clock.tick(waits[-1])

    assert waits == [2, 4, 90]
    assert (post.rows[1].show_after, post.rows[1].show_failures) == (None, 0)
    assert len(post.display.shown) == 4


async def test_pauses_never_grow_beyond_five_minutes() -> None:
    post = Round(behind(), shows=[ShowLaterError()])
    waits = []
    for _ in range(25):
        await post.after(301)
        until = post.rows[1].show_after
        assert until is not None
        waits.append((until - post.clock()).total_seconds())

    assert max(waits) == 300


async def test_a_lost_card_before_the_end_is_only_marked() -> None:
    post = Round(behind(state=State.RUNNING), shows=[Shown(lost="card_deleted")])

    await post.after()

    assert (post.rows[1].card_lost, post.rows[1].shown_revision, post.rows[1].ping_status) == ("card_deleted", 3, None)


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.UNCERTAIN])
async def test_whoever_was_told_by_the_message_itself_gets_no_ping(state: State) -> None:
    post = Round(behind(state=state), shows=[Shown(replacement=(700, 42), told=True, files_shown=True)])

    await post.after()
    await post.after(60)

    task = post.rows[1]
    assert (task.message_id, task.interaction_token, task.files_shown) == (42, None, True)
    assert (task.pinged_for, task.ping_status) == (state, PingStatus.DONE)
    assert post.rows.messages == [(1, 42, Role.REPLACEMENT)]
    assert post.display.pings.asked == []


@pytest.mark.parametrize("telling", Telling)
async def test_a_card_is_shown_with_how_its_member_wants_to_be_told(telling: Telling) -> None:
    post = Round(behind())
    await post.members.change(post.rows[1].user_id, PreferenceChanges(telling=telling))

    await post.after()

    assert post.display.shown_for == [telling]


async def test_a_direct_message_does_not_become_the_card() -> None:
    post = Round(behind(), shows=[Shown(lost="no_channel", replacement=(900, 42), told=True)])

    await post.after()

    assert (post.rows[1].message_id, post.rows[1].card_lost) == (7001, "no_channel")
    assert post.rows.messages == [(1, 42, Role.REPLACEMENT)]


async def test_a_kept_result_is_not_pinged_for() -> None:
    post = Round(behind(), shows=[Shown(lost="no_channel+no_dm")])

    await post.after()

    assert post.display.pings.asked == []


# --- the ready ping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
async def test_only_ends_and_unclear_tasks_are_told_and_each_once(state: State) -> None:
    post = Round(make_task(state=state))
    for _ in range(3):
        await post.after(30)

    told = [task.state for task in post.display.pings.asked]
    assert told == ([state] if state in {State.COMPLETED, State.FAILED, State.UNCERTAIN} else [])


async def test_a_song_that_was_unclear_first_is_told_twice() -> None:
    post = Round(make_task(state=State.UNCERTAIN))
    await post.after()
    post.change(state=State.COMPLETED)

    await post.after()

    assert [task.state for task in post.display.pings.asked] == [State.UNCERTAIN, State.COMPLETED]


async def test_a_song_that_is_tried_again_while_its_ping_is_on_its_way_is_told_anew() -> None:
    gate = asyncio.Event()
    post = Round(make_task(state=State.UNCERTAIN, attempt=1), pings=[(gate, 9000), 9001])
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.step())
        await until(lambda: len(post.display.pings.asked) == 1)
        post.change(state=State.QUEUED, pinged_for=None, ping_status=None)
        gate.set()
    assert (post.rows[1].pinged_for, post.rows[1].ping_status) == (None, None)
    post.change(state=State.UNCERTAIN, attempt=2)

    await post.after()

    assert [task.attempt for task in post.display.pings.asked] == [1, 2]
    assert (post.rows[1].pinged_for, post.rows[1].ping_status) == (State.UNCERTAIN, PingStatus.DONE)


async def test_a_ping_is_marked_before_it_is_sent() -> None:
    gate = asyncio.Event()
    post = Round(make_task(state=State.COMPLETED), pings=[(gate, 9000)])
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.step())
        await until(lambda: len(post.display.pings.asked) == 1)
        assert (post.rows[1].pinged_for, post.rows[1].ping_status) == (State.COMPLETED, PingStatus.SENDING)
        gate.set()

    assert post.rows[1].ping_status is PingStatus.DONE
    assert post.rows.messages == [(1, 9000, Role.PING)]


@pytest.mark.parametrize(("age_s", "sent", "searched"), [(0, 1, 0), (119, 1, 0), (120, 0, 1), (9999, 0, 1)])
async def test_after_a_crash_a_ping_is_repeated_only_while_that_is_safe(age_s: float, sent: int, searched: int) -> None:
    begun: dict[str, Any] = {"pinged_for": State.COMPLETED, "ping_status": PingStatus.SENDING, "ping_at": START}
    post = Round(make_task(state=State.COMPLETED, **begun))
    post.display.found = 77

    await post.after(age_s)

    assert (len(post.display.pings.asked), len(post.display.found_pings)) == (sent, searched)
    assert post.rows[1].ping_status is PingStatus.DONE
    assert post.rows[1].ping_at == START
    assert post.rows.messages == [(1, 9000 if sent else 77, Role.PING)]


async def test_a_ping_that_found_no_way_is_done_with() -> None:
    post = Round(make_task(state=State.COMPLETED), pings=[None])
    for _ in range(3):
        await post.after(60)

    assert len(post.display.pings.asked) == 1
    assert post.rows.messages == []


async def test_a_ping_that_was_refused_for_minutes_is_sent_once_it_is_proven_unsent() -> None:
    post = Round(make_task(state=State.COMPLETED), pings=[*[ShowLaterError()] * 6, 9000])
    for _ in range(60):
        await post.after(4)

    assert post.rows[1].ping_status is PingStatus.DONE
    assert post.rows.messages == [(1, 9000, Role.PING)]
    assert post.display.found_pings
    assert len(post.display.pings.asked) == 7


async def test_a_ping_that_nobody_can_look_for_is_left_out() -> None:
    post = Round(make_task(state=State.COMPLETED), pings=[ShowLaterError()])
    post.display.can_look = False
    for _ in range(60):
        await post.after(4)

    assert post.rows[1].ping_status is PingStatus.DONE
    assert len(post.display.pings.asked) <= 8
    assert post.rows.messages == []


async def test_a_new_card_is_marked_before_it_is_sent_and_settled_afterwards() -> None:
    gate = asyncio.Event()
    post = Round(behind(), shows=[(gate, Shown(replacement=(700, 42), told=True))])
    post.display.posts = [("rc0-1", 700)]
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.step())
        await until(lambda: len(post.display.shown) == 1)
        marked = post.rows[1]
        assert (marked.posting, marked.posting_in, marked.posting_at) == ("rc0-1", 700, START)
        gate.set()

    assert (post.rows[1].posting_at, post.rows[1].message_id) == (None, 42)


async def test_no_new_card_is_sent_for_a_task_that_has_moved_on() -> None:
    post = Round(behind(state=State.UNCERTAIN))
    post.display.posts = [("ru0-1", 700)]
    telling = post.courier._telling

    async def moves_on(task: MusicTask) -> Telling:
        post.rows.change(state=State.QUEUED)
        return await telling(task)

    post.courier._telling = moves_on  # type: ignore[method-assign]  # between the look and the sending
    await post.courier.step()

    assert (post.display.shown, post.rows[1].posting_at) == ([], None)


async def test_a_new_card_that_may_have_been_sent_stays_marked() -> None:
    post = Round(behind(), shows=[ShowLaterError()])
    post.display.posts = [("rc0-1", 700)]

    await post.courier.step()

    assert (post.rows[1].posting, post.rows[1].posting_at) == ("rc0-1", START)


async def test_a_ping_that_surely_never_left_is_sent_however_late() -> None:
    later = ShowLaterError(150, may_be_sent=False)
    post = Round(make_task(state=State.COMPLETED), pings=[later, later, 9000])
    for _ in range(5):
        await post.after(151)

    assert post.rows.messages == [(1, 9000, Role.PING)]
    assert post.display.found_pings == []


async def test_whoever_was_told_since_the_row_was_read_is_not_told_again() -> None:
    post = Round(make_task(state=State.COMPLETED))
    stale = post.rows[1]
    await post.after()

    await post.courier.handle(stale)

    assert len(post.display.pings.asked) == 1


@pytest.mark.parametrize("telling", [Telling.PING, Telling.DM])
async def test_a_member_is_told_in_the_way_they_have_chosen(telling: Telling) -> None:
    post = Round(make_task(state=State.COMPLETED))
    await post.members.change(post.rows[1].user_id, PreferenceChanges(telling=telling))

    await post.after()

    assert post.display.tellings == [telling]


async def test_a_member_who_wants_silence_is_not_told() -> None:
    post = Round(make_task(state=State.COMPLETED))
    await post.members.change(post.rows[1].user_id, PreferenceChanges(telling=Telling.SILENT))

    for _ in range(3):
        await post.after(30)

    assert post.display.tellings == []
    assert (post.rows[1].pinged_for, post.rows[1].ping_status) == (State.COMPLETED, PingStatus.DONE)


# --- families and deleted tasks --------------------------------------------------------------------------------------


async def test_a_finished_child_is_shown_on_the_card_of_its_parent_once() -> None:
    post = Round(make_task(1, state=State.COMPLETED, result=SONG), behind(2, parent_id=1))

    for _ in range(3):
        await post.after(30)

    assert post.display.refreshed == [(1, [2])]
    assert post.display.shows.asked[0][1].family.parent.id == 1


async def test_a_parent_is_drawn_as_it_is_by_then_and_never_beside_an_edit_of_its_own() -> None:
    child_gate, parent_gate = asyncio.Event(), asyncio.Event()
    post = Round(
        make_task(1, state=State.COMPLETED, result=SONG, **TOLD),
        behind(2, parent_id=1),
        shows=[(child_gate, Shown()), (parent_gate, Shown()), Shown()],
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: len(post.display.shown) == 1)
        post.change(title="New")
        post.courier.wake()
        await until(lambda: len(post.display.shown) == 2)
        child_gate.set()
        await until(lambda: post.rows[2].shown_revision == 3)
        await post.looked_again()
        assert post.display.refreshed == []
        parent_gate.set()
        await until(lambda: bool(post.display.refreshed))
        stop.set()

    assert post.display.shown == [(2, State.COMPLETED), (1, State.COMPLETED)]
    assert post.display.refreshed == [(1, [2])]


async def test_the_name_of_a_deleted_song_goes_from_all_its_children_however_many() -> None:
    children = [make_task(n, state=State.COMPLETED, result=SONG, parent_id=TaskId(1), **TOLD) for n in range(2, 62)]
    post = Round(behind(deleted_at=START, **TOLD), *children)

    for _ in range(70):
        await post.courier.step()

    assert sorted(number for number, _ in post.display.refreshed) == list(range(2, 62))


@pytest.mark.parametrize("changes", [{"card_lost": "card_deleted"}, {"deleted_at": START}])
async def test_a_parent_whose_card_has_gone_meanwhile_is_left_alone(changes: dict[str, Any]) -> None:
    post = Round(make_task(1, state=State.COMPLETED, result=SONG, **TOLD), behind(2, parent_id=1))
    await post.courier.step()
    post.rows.change(**changes)

    for _ in range(3):
        await post.after(30)

    assert post.display.refreshed == []


async def test_a_parent_that_waits_to_be_shown_is_not_shown_earlier_for_its_child() -> None:
    later = START + timedelta(minutes=5)
    parent = behind(1, show_after=later, **TOLD)
    post = Round(parent, behind(2, parent_id=1))

    for _ in range(3):
        await post.after(30)
    assert post.display.shown == [(2, State.COMPLETED)]
    await post.after(300)

    assert post.display.shown == [(2, State.COMPLETED), (1, State.COMPLETED)]
    assert post.display.refreshed == []


async def test_the_name_of_a_deleted_task_goes_from_the_cards_of_its_relatives() -> None:
    post = Round(
        make_task(1, state=State.COMPLETED, result=SONG, **TOLD),
        behind(2, parent_id=1, deleted_at=START, **TOLD),
        make_task(3, parent_id=2, state=State.COMPLETED, result=SONG, **TOLD),
        make_task(4, parent_id=2, state=State.RUNNING),
    )

    for _ in range(3):
        await post.after(30)

    assert sorted(post.display.refreshed) == [(1, []), (3, [])]
    assert post.display.shown == []


@pytest.mark.parametrize("changes", [{"state": State.RUNNING}, {"state": State.FAILED}])
async def test_a_child_that_is_not_finished_is_no_reason_to_edit_its_parent(changes: dict[str, Any]) -> None:
    post = Round(make_task(1, state=State.COMPLETED, result=SONG), behind(2, parent_id=1, **changes))

    await post.after()

    assert post.display.refreshed == []


async def test_a_deleted_parent_is_no_parent_any_more() -> None:
    post = Round(make_task(1, state=State.COMPLETED, deleted_at=START), behind(2, parent_id=1))

    await post.after()

    assert post.display.shows.asked[0][1].family.parent is None
    assert post.display.refreshed == []


async def test_everything_that_shows_a_deleted_task_is_removed_and_nothing_is_drawn() -> None:
    post = Round(behind(deleted_at=START, **TOLD))
    post.rows.put_message(1, 7001, Role.CARD)
    post.rows.put_message(1, 9000, Role.PING)

    for _ in range(3):
        await post.after(30)

    assert sorted(post.display.removed) == [(700, 7001), (700, 9000)]
    assert post.display.shown == []
    assert post.rows[1].shown_revision == post.rows[1].revision


async def test_what_was_removed_is_forgotten_as_a_message() -> None:
    post = Round(behind(deleted_at=START, **TOLD))
    post.rows.put_message(1, 7001, Role.CARD)

    await post.after()

    assert post.rows.messages == []
    assert post.rows[1].card_lost == CARD_REMOVED


async def test_many_deleted_tasks_do_not_hold_up_the_cards_of_others() -> None:
    gate = asyncio.Event()
    doomed = [behind(n, deleted_at=START, channel_id=700 + n) for n in range(1, 21)]
    post = Round(*doomed, *(behind(n) for n in range(21, 31)))
    for number in range(1, 21):
        post.rows.put_message(number, 7000 + number, Role.CARD)

    async def remove(channel_id: int, message_id: int) -> None:
        post.display.removed.append((channel_id, message_id))
        await gate.wait()

    post.display.remove = remove  # type: ignore[method-assign]  # Discord is slow
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(post.courier.run(stop))
        await until(lambda: len(post.display.shown) == 10)
        assert len(post.display.removed) == REMOVALS
        gate.set()
        await until(lambda: len(post.display.removed) == 20)
        stop.set()
