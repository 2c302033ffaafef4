"""Fetches audio: once if it works, for a day if it may work later, not at all if it can't."""

from typing import Any

import pytest

from bot.domain.media import MediaError, MediaProblem
from bot.domain.tasks import MediaFile, State
from bot.engine.fetcher import Fetcher
from tests.fakes.engine_fakes import SONG, FakeMedia
from tests.fakes.rows import HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")
FILE = MediaFile(name="1-1.mp3", shown_as="Low Tide.mp3", size_bytes=9, duration_s=15.0)
LATER = MediaError(MediaProblem.UNREACHABLE, is_temporary=True)


class Shelf:
    """A fetcher with everything around it."""

    def __init__(self, *steps: Any) -> None:
        self.clock = HandClock()
        done = make_task(state=State.COMPLETED, result=SONG, media_wanted=True)
        self.rows = Rows(self.clock, done, make_task(2, state=State.COMPLETED, result=SONG))
        self.media = FakeMedia(*steps)
        self.fetcher = Fetcher(self.rows, self.media, self.clock)

    @property
    def asked(self) -> int:
        return len(self.media.script.asked)


async def test_audio_that_is_fetched_gives_the_card_something_new_to_show() -> None:
    shelf = Shelf([FILE])
    before = shelf.rows[1].revision

    await shelf.fetcher.step()
    await shelf.fetcher.step()

    assert (shelf.rows[1].media, shelf.rows[1].media_wanted) == ((FILE,), False)
    assert shelf.rows[1].revision == before + 1
    assert shelf.asked == 1


@pytest.mark.parametrize("reason", MediaProblem)
async def test_what_can_never_be_had_is_not_tried_again(reason: MediaProblem) -> None:
    shelf = Shelf(MediaError(reason))
    before = shelf.rows[1].revision
    for _ in range(3):
        await shelf.fetcher.step()
        shelf.clock.tick(7200)

    assert (shelf.rows[1].media_wanted, shelf.rows[1].media, shelf.asked) == (False, (), 1)
    assert shelf.rows[1].revision == before + 1


async def test_what_may_come_later_is_tried_less_and_less_often_and_given_up_after_a_day() -> None:
    shelf = Shelf(LATER)
    waits = []
    while shelf.rows[1].media_wanted:
        await shelf.fetcher.step()
        until = shelf.rows[1].media_after
        if until is not None and until > shelf.clock():
            waits.append((until - shelf.clock()).total_seconds())
            await shelf.fetcher.step()
            shelf.clock.tick(waits[-1])

    assert waits[:4] == [10, 20, 40, 80]
    assert max(waits) == 3600
    assert 24 * 3600 <= sum(waits) <= 26 * 3600
    assert shelf.asked == len(waits) + 1


async def test_a_passing_failure_costs_nothing() -> None:
    shelf = Shelf(LATER, [FILE])

    await shelf.fetcher.step()
    shelf.clock.tick(10)
    await shelf.fetcher.step()

    assert shelf.rows[1].media == (FILE,)


@pytest.mark.parametrize("trouble", [OSError("disk full"), UnicodeError("label empty")])
async def test_trouble_of_our_own_ends_after_a_day_too(trouble: Exception) -> None:
    shelf = Shelf(trouble)
    for _ in range(40):
        await shelf.fetcher.step()
        shelf.clock.tick(3600)

    assert not shelf.rows[1].media_wanted
    assert 20 < shelf.asked < 40
