"""The bookkeeper by hand: it finds costs on the bill, asks no more than it must, and no trouble there is ours."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.tasks import AttemptOutcome, State
from bot.domain.usage import BillPage
from bot.engine import bookkeeper as bookkeeper_module
from bot.engine.bookkeeper import EVERY, LONG_REST, PATIENCE, SKEW, Bookkeeper
from bot.engine.budget import Budget, Purpose
from bot.store.schema import attempts, music_tasks
from bot.store.usage import UsageStore
from bot.tokenlab.errors import AccessRefusedError, ThrottledError, TokenLabError, TryLaterError
from tests.fakes.rows import START, HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")
MINUTE = timedelta(minutes=1)


class Desk:
    """Store, records and bookkeeper; `pages` is what the records answer, `trouble` what they raise instead, in turn.

    The tasks were made a minute apart, each at the first try, in a request of its own (`r1`, …).
    """

    def __init__(self, *tasks: int, pages: list[list[int]], key: str | None = "key_1", per_minute: int = 1000) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock)
        for number in tasks:
            sent_at, names = START + number * MINUTE, {"number": 1, "request_id": f"r{number}"}
            self.rows.put(
                make_task(number, state=State.COMPLETED, attempt=1, state_at=sent_at, request_id=f"r{number}")
            )
            self.rows.write(attempts, task_id=number, started_at=sent_at, outcome=AttemptOutcome.ACCEPTED, **names)
        self.pages = pages
        self.key = key
        self.trouble: list[TokenLabError | None] = []
        self.asked: list[object] = []
        self.budget = Budget(per_minute, self._seconds)
        self.subject = Bookkeeper(UsageStore(self.rows.database, self.clock), self, self.budget, self.clock)

    @property
    def costs(self) -> dict[int, Decimal]:
        """What is on record, by task."""
        return {row.id: row.cost_usd for row in self.rows.all(music_tasks) if row.cost_usd is not None}

    def _seconds(self) -> float:
        return self.clock.now.timestamp()

    async def key_id(self, may_ask: Callable[[], bool]) -> str | None:
        self._ask("keys")
        return self.key

    async def page(self, key_id: str, since: datetime, number: int) -> BillPage:
        self._ask((key_id, since, number))
        costs = {f"r{task_id}": Decimal(task_id) for task_id in self.pages[number - 1]}
        return BillPage(costs=costs, is_last=number == len(self.pages))

    def _ask(self, what: object) -> None:
        self.asked.append(what)
        if self.trouble and (error := self.trouble.pop(0)) is not None:
            raise error

    async def turn(self, after: timedelta = EVERY) -> list[object]:
        """One turn of the worker some time later; gives what the records were asked."""
        self.clock.now += after
        self.asked.clear()
        await self.subject.step()
        return list(self.asked)


async def test_costs_are_read_since_the_oldest_that_waits() -> None:
    desk = Desk(1, 2, 3, pages=[[3, 9], [2, 1], [8]])
    since = START + MINUTE - SKEW
    assert await desk.turn() == ["keys", ("key_1", since, 1), ("key_1", since, 2)], "the third page is not needed"
    assert desk.costs == {1: Decimal(1), 2: Decimal(2), 3: Decimal(3)}


async def test_what_is_not_on_record_after_some_days_is_no_longer_looked_for() -> None:
    desk = Desk(1, 2, pages=[[]])
    assert len(await desk.turn(PATIENCE)) == 2
    assert await desk.turn(MINUTE) == []
    assert await desk.turn(EVERY) == []


async def test_where_nothing_waits_nothing_is_asked() -> None:
    desk = Desk(pages=[])
    assert await desk.turn() == []


async def test_what_is_not_on_the_bill_yet_is_looked_for_again_after_a_while() -> None:
    desk = Desk(1, 2, pages=[[2]])
    assert len(await desk.turn()) == 2
    assert await desk.turn(EVERY / 2) == []
    desk.pages = [[1]]
    assert await desk.turn(EVERY / 2) == [("key_1", START + MINUTE - SKEW, 1)], "the key is known by now"
    assert desk.costs == {1: Decimal(1), 2: Decimal(2)}


async def test_a_bill_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookkeeper_module, "PAGES_MAX", 3)
    desk = Desk(1, pages=[[9]] * 100)
    assert len(await desk.turn()) == 1 + 3


async def test_creates_and_looks_come_first() -> None:
    desk = Desk(1, 2, pages=[[2], [1]], per_minute=20)
    assert len(await desk.turn()) == 2, "the key and one page is what the budget gives at once"
    assert desk.costs == {2: Decimal(2)}
    assert await desk.turn() == [("key_1", START + MINUTE - SKEW, 2)]
    assert desk.costs == {1: Decimal(1), 2: Decimal(2)}


async def test_records_that_the_budget_does_not_reach_in_one_turn_are_read_in_several() -> None:
    desk = Desk(1, 2, pages=[[9], [9], [9], [9], [9], [1]], per_minute=20)
    pages: list[object] = []
    for _ in range(5):
        pages += [what[2] for what in await desk.turn() if isinstance(what, tuple)]

    assert pages[:6] == [1, 2, 3, 4, 5, 6]
    assert desk.costs == {1: Decimal(1)}
    assert pages[6] == 1, "what was not found is looked for from the beginning"


async def test_after_trouble_the_records_are_read_from_their_beginning() -> None:
    desk = Desk(1, pages=[[9], [9], [9], [1]], per_minute=20)
    await desk.turn()
    desk.trouble = [TryLaterError("no answer")]
    await desk.turn()
    assert desk.asked[0] == ("key_1", START + MINUTE - SKEW, 2)
    assert next(what for what in await desk.turn() if what != "keys") == ("key_1", START + MINUTE - SKEW, 1)


async def test_without_a_request_left_the_key_is_asked_for_later() -> None:
    desk = Desk(1, pages=[[1]])
    desk.budget.throttled(60)
    assert await desk.turn(timedelta(seconds=30)) == []
    assert len(await desk.turn(timedelta(hours=2))) == 2


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_refused_token_is_told_once_and_tried_rarely(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk(1, pages=[[1]])
    desk.trouble = [AccessRefusedError("no"), AccessRefusedError("no")]
    assert await desk.turn() == ["keys"]
    assert await desk.turn(LONG_REST - MINUTE) == []
    assert await desk.turn(MINUTE) == ["keys"]
    assert told(caplog) == ["management token is refused: costs stay estimates"]
    assert len(await desk.turn(LONG_REST)) == 2
    assert caplog.records[-1].message == "records can be read again"
    assert desk.costs == {1: Decimal(1)}


async def test_an_outage_is_told_once_and_the_key_is_looked_up_anew_after_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk(1, 2, pages=[[2], [1]])
    desk.trouble = [None, None, TryLaterError("out"), TryLaterError("out")]
    assert len(await desk.turn()) == 3
    assert desk.costs == {2: Decimal(2)}, "what was read before counts"
    desk.key = "key_2"
    assert await desk.turn() == ["keys"]
    assert await desk.turn() == ["keys", ("key_2", START + MINUTE - SKEW, 1), ("key_2", START + MINUTE - SKEW, 2)]
    assert told(caplog) == ["records can't be read: costs stay estimates"]


async def test_a_throttled_bookkeeper_slows_everybody_down() -> None:
    desk = Desk(1, pages=[[1]])
    desk.trouble = [ThrottledError("slowly", retry_after_s=1000)]
    await desk.turn()
    assert not desk.budget.take(Purpose.LOOK)
    assert len(await desk.turn()) == 2, "the key's list was the probe; its answer lets the next request go"


async def test_where_the_key_cannot_be_told_the_operator_hears_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(1, pages=[[1]], key=None)
    assert await desk.turn() == ["keys"]
    assert await desk.turn() == []
    assert await desk.turn(LONG_REST) == ["keys"]
    (line,) = told(caplog)
    assert "TOKENLAB_API_KEY" in line


async def test_no_trouble_ends_the_program(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(1, pages=[])  # the first page raises what nobody expects
    await desk.turn()
    assert told(caplog) == ["job failed"]
    assert len(desk.asked) == 2
