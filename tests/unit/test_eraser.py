"""Works off what members want erased: step by step, waiting for others where it has to, told at the end."""

from datetime import datetime
from typing import Any

import pytest

from bot.domain.privacy import NOBODY, Erasure
from bot.domain.takes import MediaFile
from bot.domain.tasks import MusicTask, Role, State
from bot.engine.budget import Budget
from bot.engine.courier import Courier
from bot.engine.eraser import REST, Eraser
from bot.engine.ports import ShowLaterError
from bot.store.erasures import ErasureStore
from bot.store.members import MemberStore
from bot.store.outages import OutageStore
from bot.store.schema import erasures
from tests.fakes.engine_fakes import FakeDisplay, FakeFolder, FakeGoodbyes
from tests.fakes.rows import ASKED_BY, HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")

FILE = MediaFile(name="1-1.mp3", shown_as="x.mp3", size_bytes=1)
DAYS_S = 86_400.0


class House:
    """An eraser and a courier with everything around them."""

    def __init__(self, *tasks: MusicTask, goodbyes: Any = ()) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *tasks)
        self.erasures = ErasureStore(self.rows.database, self.clock)
        self.folder = FakeFolder()
        self.goodbyes = FakeGoodbyes(*goodbyes)
        self.display = FakeDisplay()
        self.eraser = Eraser(self.erasures, self.rows, self.goodbyes, self.folder, self.clock)
        members = MemberStore(self.rows.database)
        outages = OutageStore(self.rows.database, self.clock)
        self.courier = Courier(self.rows, members, self.display, self.display, self.clock, Budget(1000), outages)
        self.eraser.monotonic = self.courier.monotonic = lambda: self.clock().timestamp()

    async def begin(self) -> None:
        await self.erasures.begin(ASKED_BY, "de")

    async def round(self, seconds: float = 0) -> None:
        self.clock.tick(seconds)
        await self.eraser.step()
        await self.courier.step()

    @property
    def is_done(self) -> bool:
        return not self.rows.all(erasures)


async def test_everything_goes_and_then_the_member_is_told() -> None:
    house = House(make_task(state=State.COMPLETED, media=(FILE,)), make_task(2), make_task(3, user_id=8))
    for number in (1, 2):
        house.rows.put_message(number, 7000 + number, Role.CARD)
    await house.begin()

    for _ in range(6):
        await house.round(1)

    assert house.is_done
    assert [house.rows[n].user_id for n in (1, 2, 3)] == [NOBODY, NOBODY, 8]
    assert house.rows[2].state is State.CANCELLED
    assert sorted(house.display.removed) == [(700, 7001), (700, 7002)]
    assert house.folder.removed == ["1-1.mp3"]
    assert [one.locale for one in house.goodbyes.script.asked] == ["de"]


@pytest.mark.parametrize("state", [State.RECEIVED, State.SUBMITTING, State.RUNNING, State.EXPIRED])
async def test_what_is_under_way_is_waited_for_without_looking_all_the_time(state: State) -> None:
    house = House(make_task(state=state))
    await house.begin()

    looks = [bool(await house.eraser.step()) for _ in range(3)]
    house.clock.tick(REST.total_seconds())
    looks.append(bool(await house.eraser.step()))

    assert looks == [True, False, False, True]
    assert house.rows[1].state is state
    house.rows.change(state=State.FAILED)
    for _ in range(4):
        await house.round(6)
    assert house.is_done


async def test_an_unclear_task_is_its_members_for_three_days() -> None:
    house = House(make_task(state=State.UNCERTAIN))
    await house.begin()
    states = []
    for seconds in (3 * DAYS_S, 6):
        await house.round(seconds)
        states.append(house.rows[1].state)

    assert states == [State.UNCERTAIN, State.CANCELLED]


async def test_a_task_that_somebody_else_moves_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(make_task(1), make_task(2))
    await house.begin()
    find = house.erasures.cancellable

    async def too_early(erasure: Erasure, *, unclear_since: datetime, limit: int) -> list[MusicTask]:
        found = await find(erasure, unclear_since=unclear_since, limit=limit)
        house.rows.change(1, state=State.SUBMITTING, attempt=1)
        return found

    monkeypatch.setattr(house.erasures, "cancellable", too_early)
    await house.round()

    assert [house.rows[n].state for n in (1, 2)] == [State.SUBMITTING, State.CANCELLED]
    assert house.rows[2].deleted_at is not None


async def test_a_folder_that_is_gone_is_left_to_the_sweep() -> None:
    house = House(make_task(state=State.COMPLETED, media=(FILE,)))
    house.folder.trouble = FileNotFoundError("media")
    await house.begin()

    for _ in range(5):
        await house.round(1)

    assert house.is_done


async def test_while_discord_is_out_of_reach_the_member_is_told_later_and_the_erasure_goes_on() -> None:
    house = House(goodbyes=[ShowLaterError(), None])
    await house.begin()
    await house.round()
    assert not house.is_done

    await house.round(3)

    assert house.is_done
    assert len(house.goodbyes.script.asked) == 2


async def test_wanted_again_meanwhile_it_goes_on() -> None:
    house = House(goodbyes=[None])
    await house.begin()
    (first,) = await house.erasures.running()
    house.clock.tick(1)
    await house.begin()

    await house.eraser.handle(first)

    assert not house.is_done


async def test_logs_hold_no_id_of_the_member(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(make_task(state=State.FAILED))
    await house.begin()
    monkeypatch.setattr(house.erasures, "hand_over", None)  # a fault of ours

    with caplog.at_level("INFO"):
        await house.round()

    (told,) = [record.__dict__ for record in caplog.records if record.getMessage() == "job failed"]
    assert told["worker"] == "eraser"
    assert ASKED_BY not in told.values()
