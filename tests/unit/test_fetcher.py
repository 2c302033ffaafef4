"""Fetches audio: once if it works, less and less often if it does not, with fresh addresses, for about two weeks."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.domain.media import (
    FRESH_FOR,
    SHORT_TRIES,
    TRY_AGAIN_S,
    Brought,
    MediaError,
    MediaProblem,
    due_takes,
    next_try,
    renewed,
)
from bot.domain.takes import MediaFile, TakeTries, Track
from bot.domain.tasks import MusicTask, Result, State
from bot.domain.transitions import MediaWanted
from bot.engine.budget import Budget
from bot.engine.fetcher import FETCHED_IN_CHANNEL, Fetcher
from bot.engine.poller import Poller
from bot.store.singing import SingingStore
from bot.tokenlab.errors import TaskGoneError, TryLaterError
from bot.tokenlab.models import ProviderStatus
from tests.fakes.engine_fakes import SONG, FakeMedia, FakeProvider, look, until
from tests.fakes.rows import START, HandClock, Rows, history_of, make_task

pytestmark = pytest.mark.usefixtures("databases")
FILE = MediaFile(name="1-1.mp3", shown_as="Low Tide.mp3", size_bytes=9, duration_s=15.0)
SECOND = MediaFile(name="1-2.mp3", shown_as="Low Tide (take 2).mp3", size_bytes=9, duration_s=15.0, take=2)
LATER = MediaError(MediaProblem.REFUSED, is_temporary=True)
GONE = MediaError(MediaProblem.GONE)
FRESH = replace(SONG, tracks=(replace(SONG.tracks[0], audio_url="https://media.example.net/fresh.mp3"),))
DUET = replace(SONG, tracks=(*SONG.tracks, Track(audio_url="https://media.example.net/b.mp3", audio_id="clip_2")))
SEEN_DUET = look(ProviderStatus.COMPLETED, result=DUET)
SEEN = look(ProviderStatus.COMPLETED)
RENEWED = look(ProviderStatus.COMPLETED, result=FRESH)
DAY_S = 86_400


class Shelf:
    """A fetcher and a poller with everything around them."""

    def __init__(self, *steps: Any, looks: Any = (SEEN,), **changes: Any) -> None:
        self.clock = HandClock()
        done = make_task(
            **{
                "state": State.COMPLETED, "result": SONG, "media_wanted": True, "provider_task_id": "ld_1",
                "billing_transaction_id": "bill_1", **changes,
            }
        )  # fmt: skip
        self.rows = Rows(self.clock, done, make_task(2, state=State.COMPLETED, result=SONG))
        self.media = FakeMedia(*steps)
        self.provider = FakeProvider(looks=looks)
        self.fetcher = Fetcher(self.rows, self.media, self.clock)
        history = history_of(self.rows, self.clock)
        self.poller = Poller(
            self.rows,
            SingingStore(self.rows.database),
            self.provider,
            Budget(1000, monotonic=lambda: self.clock().timestamp()),
            history,
            self.clock,
            interval_s=5,
        )

    @property
    def task(self) -> MusicTask:
        return self.rows[1]

    @property
    def asked(self) -> int:
        return len(self.media.script.asked)

    @property
    def looks(self) -> int:
        return len(self.provider.looks.asked)

    async def step(self) -> MusicTask:
        """Fetch what is due, look, and fetch what the look has made due."""
        await self.fetcher.step()
        await self.poller.step()
        await self.fetcher.step()
        return self.task

    async def to_the_end(self, *, at_most_days: int = 30) -> list[float]:
        """Let time pass until nothing is wanted any more; the moments of the tries, in seconds from the start."""
        moments = []
        while self.task.media_wanted and self.clock() < START + timedelta(days=at_most_days):
            before = self.asked
            await self.step()
            moments += [(self.clock() - START).total_seconds()] * (self.asked - before)
            due = [one for one in (self.task.media_after, self.task.next_look_at) if one and one > self.clock()]
            self.clock.tick((min(due) - self.clock()).total_seconds() if due else 1)
        return moments


async def test_audio_that_is_fetched_gives_the_card_something_new_to_show() -> None:
    shelf = Shelf([FILE])
    before = shelf.task.revision

    await shelf.step()

    assert (shelf.task.media, shelf.task.media_wanted) == ((FILE,), False)
    assert shelf.task.revision == before + 1
    assert (shelf.asked, shelf.looks) == (1, 0)


@pytest.mark.parametrize(
    "reason", [one for one in MediaProblem if one not in {MediaProblem.GONE, MediaProblem.TOO_LARGE}]
)
async def test_what_may_pass_is_tried_in_seconds_first_for_half_an_hour_then_with_fresh_addresses_for_two_weeks(
    reason: MediaProblem,
) -> None:
    shelf = Shelf(MediaError(reason, is_temporary=True), looks=[RENEWED])

    moments = await shelf.to_the_end()

    assert moments[:6] == [0, 5, 15, 35, 75, 155]
    quick = [at for at in moments if at <= 1815]
    assert len(quick) == len(TRY_AGAIN_S) + 2, "the last one is of the fresh address, at once"
    assert quick[-1] == 1815
    assert max(b - a for a, b in pairwise(quick)) <= 300
    gaps = [b - a for a, b in pairwise(moments)]
    assert max(gaps) == DAY_S
    assert gaps.count(DAY_S) == 15
    assert (shelf.task.media_wanted, shelf.task.media) == (False, ())
    assert len(moments) == len(TRY_AGAIN_S) + 2 * shelf.looks + 1, "each later try has a look and one more of its own"


async def test_giving_up_is_something_new_to_show() -> None:
    shelf = Shelf(LATER, looks=[SEEN])
    before = shelf.task.revision

    await shelf.to_the_end()

    assert shelf.task.revision == before + 1


async def test_fresh_addresses_take_the_place_of_the_old_ones_and_are_tried_at_once() -> None:
    shelf = Shelf(*[LATER] * (len(TRY_AGAIN_S) + 1), [FILE], looks=[RENEWED])
    before = shelf.task.revision

    assert await shelf.to_the_end()

    assert shelf.task.result == FRESH
    assert shelf.task.media == (FILE,)
    assert shelf.media.script.asked[-1].result == FRESH
    assert shelf.task.revision == before + 2, "the links of the card, then the file"
    assert shelf.looks == 1


async def test_the_same_addresses_once_more_change_nothing_on_the_card() -> None:
    shelf = Shelf(GONE, LATER, looks=[SEEN])
    before = shelf.task.revision

    task = await shelf.step()

    assert (task.revision, task.addresses_at, task.media_wanted) == (before, START, True)


@pytest.mark.parametrize("error", [GONE, MediaError(MediaProblem.TOO_LARGE)])
async def test_what_is_gone_for_good_is_looked_at_once_more_and_then_given_up(error: MediaError) -> None:
    shelf = Shelf(error, looks=[RENEWED])

    assert await shelf.to_the_end() == [0, 0]

    assert (shelf.asked, shelf.looks) == (2, 1)
    assert (shelf.task.media_wanted, shelf.task.result) == (False, FRESH)


async def test_what_is_gone_may_be_at_its_fresh_address() -> None:
    shelf = Shelf(GONE, [FILE], looks=[RENEWED])

    task = await shelf.step()

    assert (task.media, task.media_wanted) == ((FILE,), False)


@pytest.mark.parametrize("answer", [TryLaterError("busy"), TaskGoneError("gone"), look(ProviderStatus.FAILED),
                                    look(ProviderStatus.COMPLETED, result=Result())])  # fmt: skip
async def test_a_look_that_tells_nothing_ends_nothing(answer: Any) -> None:
    shelf = Shelf(GONE, GONE, GONE, [FILE], looks=[answer])

    await shelf.to_the_end()

    assert (shelf.task.state, shelf.task.result, shelf.task.media) == (State.COMPLETED, SONG, (FILE,))


async def test_addresses_that_are_old_when_they_fail_are_read_anew_at_once() -> None:
    shelf = Shelf(LATER, [FILE], looks=[RENEWED], state_at=START - timedelta(days=3))

    task = await shelf.step()

    assert (task.media, task.result, shelf.looks) == ((FILE,), FRESH, 1)


async def test_a_look_for_the_bill_brings_fresh_addresses_along() -> None:
    shelf = Shelf(LATER, [FILE], looks=[RENEWED], billing_transaction_id=None, next_look_at=START)

    task = await shelf.step()

    assert (task.result, task.billing_transaction_id, task.media) == (FRESH, "bill_1", (FILE,))


async def test_a_look_for_addresses_forgets_no_bill() -> None:
    shelf = Shelf(GONE, [FILE], looks=[look(ProviderStatus.COMPLETED, billing_transaction_id=None)])

    task = await shelf.step()

    assert (task.billing_transaction_id, task.media) == ("bill_1", (FILE,))


async def test_a_take_that_is_missing_does_not_hold_up_the_other_one() -> None:
    partly = Brought(files=(SECOND,), fetched={2}, failed={1: LATER})
    shelf = Shelf(partly, LATER, Brought(files=(FILE, SECOND), fetched={1}), result=DUET, files_shown=True)
    before = shelf.task.revision

    await shelf.fetcher.step()

    assert (shelf.task.media, shelf.task.media_wanted, shelf.task.files_shown) == ((SECOND,), True, False)
    assert (shelf.task.revision, shelf.task.media_failures) == (before + 1, 1)
    assert shelf.task.media_after == START + timedelta(seconds=5)

    await shelf.to_the_end()

    assert shelf.task.media == (FILE, SECOND)
    assert shelf.task.revision == before + 2


async def test_a_take_is_kept_while_another_one_is_still_on_its_way() -> None:
    shelf = Shelf([FILE])
    gate, seen = asyncio.Event(), asyncio.Event()

    async def fetch_task(_task: MusicTask, _due: object) -> AsyncGenerator[Brought, None]:
        yield Brought(files=(SECOND,), fetched={2}, is_all=False)
        seen.set()
        await gate.wait()
        yield Brought(files=(FILE, SECOND), fetched={1})

    shelf.media.fetch_task = fetch_task  # type: ignore[assignment,method-assign]  # one that tells twice
    rung = []
    shelf.fetcher.on_done = lambda: rung.append(shelf.task.media)
    fetching = asyncio.create_task(shelf.fetcher.step())
    await seen.wait()

    assert (shelf.task.media, shelf.task.media_wanted, shelf.task.media_failures) == ((SECOND,), True, 0)
    assert rung == [(SECOND,)], "the courier is woken"

    gate.set()
    await fetching
    assert (shelf.task.media, shelf.task.media_wanted) == ((FILE, SECOND), False)


async def test_where_no_task_is_known_nobody_is_asked_for_addresses() -> None:
    shelf = Shelf(GONE, provider_task_id=None)

    task = await shelf.step()

    assert (task.next_look_at, task.media_wanted, shelf.looks) == (None, True, 0)


async def test_what_is_given_up_leaves_what_is_there() -> None:
    shelf = Shelf(GONE, looks=[SEEN_DUET], result=DUET, media=(SECOND,), files_shown=True)

    await shelf.to_the_end()

    assert (shelf.task.media, shelf.task.media_wanted, shelf.task.files_shown) == ((SECOND,), False, True)


# --- each take by itself ---------------------------------------------------------------------------------------------


def tries_of(task: MusicTask) -> dict[int, tuple[int, bool]]:
    """Failures of each take, and whether it is given up."""
    return {one.take: (one.failures, one.is_over) for one in task.media_tries}


async def test_each_take_has_failures_and_a_moment_of_its_own() -> None:
    both = Brought(failed={1: LATER, 2: LATER})
    shelf = Shelf(both, Brought(failed={1: LATER}), Brought(files=(SECOND,), fetched={2}), result=DUET)
    await shelf.fetcher.step()
    shelf.rows.change(1, media_tries=(shelf.task.media_tries[0], replace(shelf.task.media_tries[1], failures=3,
                      after=START + timedelta(seconds=40))))  # fmt: skip

    shelf.clock.tick(5)
    await shelf.fetcher.step()

    assert shelf.media.due == [{1, 2}, {1}]
    assert tries_of(shelf.task) == {1: (2, False), 2: (3, False)}
    assert (shelf.task.media_failures, shelf.task.media_after) == (2, START + timedelta(seconds=15))


async def test_a_take_that_is_given_up_ends_neither_the_other_one_nor_its_tries() -> None:
    first_gone = Brought(failed={1: GONE, 2: LATER})
    shelf = Shelf(first_gone, Brought(failed={1: GONE}), Brought(files=(SECOND,), fetched={2}), looks=[SEEN_DUET],
                  result=DUET)  # fmt: skip
    before = shelf.task.revision

    await shelf.step()

    assert shelf.media.due == [{1, 2}, {1}], "410 twice, the second time at the fresh address"
    assert tries_of(shelf.task) == {1: (1, True), 2: (1, False)}
    assert (shelf.task.media_wanted, shelf.task.revision) == (True, before + 1), "the card says that it is missing"
    assert [take.is_given_up for take in shelf.task.takes] == [True, False]

    await shelf.to_the_end()

    assert shelf.media.due[2:] == [{2}]
    assert (shelf.task.media, shelf.task.media_wanted, shelf.task.revision) == ((SECOND,), False, before + 2)


async def test_a_take_is_never_given_up_after_a_single_answer() -> None:
    shelf = Shelf(Brought(failed={1: LATER, 2: GONE}), result=DUET, addresses_at=START)
    shelf.clock.tick(1)

    await shelf.fetcher.step()

    assert (tries_of(shelf.task)[2], shelf.task.next_look_at) == ((1, False), shelf.clock())


async def test_addresses_that_nobody_asked_for_are_tried_at_once_for_all_that_is_missing() -> None:
    shelf = Shelf(LATER, Brought(files=(FILE, SECOND), fetched={1, 2}), looks=[SEEN_DUET], result=DUET,
                  billing_transaction_id=None, next_look_at=START)  # fmt: skip

    task = await shelf.step()

    assert (shelf.media.due, task.media) == ([{1, 2}, {1, 2}], (FILE, SECOND))


async def test_fresh_addresses_are_tried_at_once_for_the_take_that_they_were_asked_for() -> None:
    shelf = Shelf(Brought(failed={1: GONE, 2: LATER}), Brought(failed={1: LATER}), LATER, looks=[SEEN_DUET],
                  result=DUET)  # fmt: skip

    await shelf.step()

    assert shelf.media.due == [{1, 2}, {1}]
    assert shelf.task.media_after == START + timedelta(seconds=5), "when the second one is due"


async def test_a_take_that_only_a_later_look_tells_of_is_fetched_too() -> None:
    shelf = Shelf(GONE, Brought(files=(FILE, SECOND), fetched={1, 2}), looks=[SEEN_DUET])

    task = await shelf.step()

    assert (shelf.media.due, task.media) == ([{1}, {1, 2}], (FILE, SECOND))


async def test_what_is_asked_for_again_while_it_is_tried_for_begins_from_the_start() -> None:
    gate = asyncio.Event()
    shelf = Shelf((gate, LATER), media_tries=(TakeTries(take=1, failures=9),), media_failures=9)
    fetching = asyncio.create_task(shelf.fetcher.step())
    await until(lambda: shelf.asked == 1)

    await shelf.rows.apply(shelf.task, MediaWanted())
    gate.set()
    await fetching

    assert tries_of(shelf.task) == {1: (1, False)}


async def test_a_take_that_is_asked_for_again_while_the_other_one_is_fetched_is_tried_for() -> None:
    gate = asyncio.Event()
    given_up = (TakeTries(take=1, failures=1, is_over=True), TakeTries(take=2, failures=1))
    shelf = Shelf((gate, Brought(files=(SECOND,), fetched={2})), Brought(files=(FILE, SECOND), fetched={1}, there={2}),
                  result=DUET, media_tries=given_up, media_failures=1)  # fmt: skip
    fetching = asyncio.create_task(shelf.fetcher.step())
    await until(lambda: shelf.asked == 1)

    await shelf.rows.apply(shelf.task, MediaWanted())
    gate.set()
    await fetching
    await shelf.fetcher.step()

    assert [set(due) for due in shelf.media.due] == [{2}, {1, 2}]
    assert (shelf.task.media, shelf.task.media_wanted) == ((FILE, SECOND), False)


async def test_a_take_that_turns_out_to_be_there_is_not_tried_for_any_more() -> None:
    shelf = Shelf(OSError("disk full"), Brought(files=(FILE, SECOND), fetched={2}, there={1}), result=DUET,
                  media=(FILE,))  # fmt: skip

    await shelf.to_the_end()

    assert (shelf.asked, shelf.task.media, shelf.task.media_tries) == (2, (FILE, SECOND), ())


async def test_a_take_that_stays_too_short_is_tried_for_only_when_its_song_is_wanted_again() -> None:
    short = replace(FILE, whole_s=30.0)
    cut = MediaError(MediaProblem.CUT_SHORT, is_temporary=True)
    shelf = Shelf(Brought(failed={1: cut}), Brought(files=(short,), fetched={1}, failed={2: LATER}),
                  Brought(files=(short, SECOND), fetched={2}), result=DUET)  # fmt: skip
    await shelf.fetcher.step()
    assert shelf.task.media_tries[0].short_tries == 1

    await shelf.to_the_end()

    assert shelf.media.due == [{1, 2}, {1, 2}, {2}]
    assert tries_of(shelf.task) == {1: (0, True)}
    await shelf.rows.apply(shelf.task, MediaWanted())
    assert due_takes(shelf.task, shelf.clock()) == {1, 2}


async def test_the_rest_of_a_take_that_is_there_is_tried_for_a_few_times_and_given_up_without_news() -> None:
    short = replace(FILE, whole_s=30.0)
    cut = MediaError(MediaProblem.CUT_SHORT, is_temporary=True)
    shelf = Shelf(Brought(files=(short,), failed={1: cut}), media=(short,), files_shown=True)
    before = shelf.task.revision

    await shelf.to_the_end()

    assert (shelf.asked, shelf.task.revision) == (SHORT_TRIES, before)
    assert (shelf.task.media, shelf.task.files_shown) == ((short,), True)


async def test_what_is_there_already_is_no_news() -> None:
    shelf = Shelf(Brought(files=(FILE,)), media=(FILE,), files_shown=True)
    before = shelf.task

    await shelf.step()

    assert shelf.task == replace(before, media_wanted=False)


@pytest.mark.parametrize("trouble", [OSError("disk full"), UnicodeError("label empty")])
async def test_trouble_of_our_own_ends_as_well(trouble: Exception) -> None:
    shelf = Shelf(trouble)

    moments = await shelf.to_the_end()

    assert not shelf.task.media_wanted
    assert moments[-1] > 15 * DAY_S


async def test_songs_that_failed_before_come_after_those_that_did_not() -> None:
    shelf = Shelf([FILE], media_failures=3, state_at=START - timedelta(days=1))
    shelf.rows.change(2, media_wanted=True)
    shelf.fetcher.concurrency = 1

    await shelf.fetcher.step()

    assert [task.id for task in shelf.media.script.asked] == [2]


async def test_songs_that_drip_do_not_hold_up_the_others() -> None:
    gate = asyncio.Event()
    shelf = Shelf(*[(gate, [FILE])] * 30, [FILE])
    numbers = range(3, 33)
    shelf.rows.put(*(make_task(n, state=State.COMPLETED, result=SONG, media_wanted=True) for n in numbers))
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(shelf.fetcher.run(stop))
        await until(lambda: shelf.asked == len(numbers) + 1)
        await until(lambda: sum(bool(task.media) for task in shelf.rows.tasks) == 1)
        gate.set()
        stop.set()


async def test_a_channel_whose_songs_all_drip_holds_up_no_other() -> None:
    gate = asyncio.Event()
    shelf = Shelf([FILE])
    drip = [make_task(n, state=State.COMPLETED, result=SONG, media_wanted=True, channel_id=710) for n in range(3, 63)]
    shelf.rows.put(*drip)
    begun: list[MusicTask] = []

    async def fetch_task(task: MusicTask, due: Collection[int]) -> AsyncGenerator[Brought, None]:
        begun.append(task)
        await (gate.wait() if task.channel_id == 710 else asyncio.sleep(0))
        yield Brought(files=(FILE,), fetched=due)

    shelf.media.fetch_task = fetch_task  # type: ignore[method-assign]  # a host that drips
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(shelf.fetcher.run(stop))
        await until(lambda: len(begun) > FETCHED_IN_CHANNEL)
        shelf.rows.put(make_task(70, state=State.COMPLETED, result=SONG, media_wanted=True))
        shelf.fetcher.wake()
        await until(lambda: bool(shelf.rows[70].media))
        stop.set()
        gate.set()


# --- the rules by themselves -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("failures", range(len(TRY_AGAIN_S) + 19))
@pytest.mark.parametrize("error", [LATER, GONE])
@pytest.mark.parametrize("is_renewed", [False, True])
@pytest.mark.parametrize("age", [timedelta(0), FRESH_FOR])
def test_tries_always_come_to_an_end(failures: int, error: MediaError, age: timedelta, *, is_renewed: bool) -> None:
    then = next_try(failures=failures, error=error, age=age, is_renewed=is_renewed)
    if then is not None:
        assert then.failures > failures or then.delay_s >= FRESH_FOR.total_seconds(), "old by then, so it counts"
        assert then.looks or (age < FRESH_FOR and error.is_temporary)


def track(name: str, clip: str | None = None) -> Track:
    return Track(audio_url=f"https://a/{name}", audio_id=clip, title=f"of {clip}")


@pytest.mark.parametrize(
    ("known", "seen", "after"),
    [
        ([("1", "x"), ("2", "y")], [("4", "y"), ("3", "x")], [("3", "x"), ("4", "y")]),
        ([("1", None), ("2", None)], [("3", None), ("4", None)], [("3", None), ("4", None)]),
        ([("1", None)], [("3", "x")], [("3", "x")]),
        ([("1", "x")], [("3", "z")], [("3", "x")]),
        ([("1", "x"), ("2", "y")], [("4", "y")], [("1", "x"), ("4", "y")]),
        ([("1", "x")], [("4", "y"), ("3", "x")], [("3", "x"), ("4", "y")]),
        ([("1", "x")], [], [("1", "x")]),
        ([("1", None), ("2", None)], [("2", None)], [("1", None), ("2", None)]),
        ([("1", None), ("2", None)], [("2", "y"), ("1", "x")], [("1", "x"), ("2", "y")]),
        ([("1", "x"), ("2", None)], [("2", "y"), ("3", "x"), ("4", "z")], [("3", "x"), ("2", "y"), ("4", "z")]),
    ],
)
def test_takes_keep_their_place_and_their_clip_at_a_new_address(known: Any, seen: Any, after: Any) -> None:
    before = Result(title="Low Tide", lyrics="la", tracks=tuple(track(*one) for one in known))
    now = renewed(before, Result(title="Other", tracks=tuple(track(*one) for one in seen)))
    assert [(one.audio_url.removeprefix("https://a/"), one.audio_id) for one in now.tracks] == after
    assert (now.title, now.lyrics) == ("Low Tide", "la")
