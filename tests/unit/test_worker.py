"""The loop of every worker: its fence, its patience, and how it stops."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from types import MethodType

import pytest

from bot.domain.tasks import StaleTaskError, TaskId
from bot.engine.worker import LONGEST_PENALTY_S, NotNowError, Worker
from tests.fakes.engine_fakes import rounds, until


class Digger(Worker[int]):
    """A worker over plain numbers."""

    name = "digger"
    idle_s = 60.0

    def __init__(self, *due: int) -> None:
        super().__init__()
        self.due = list(due)
        self.looks = 0
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.jobs: dict[int, Callable[[], Awaitable[None]]] = {}
        self.trouble: Exception | None = None
        self.now = 0.0
        self.monotonic = lambda: self.now

    def key(self, item: int) -> TaskId:
        return TaskId(item)

    async def find(self, room: int) -> Sequence[int]:
        self.looks += 1
        if self.trouble:
            raise self.trouble
        return self.due

    async def handle(self, item: int) -> None:
        self.begun.append(item)
        if job := self.jobs.get(item):
            await job()
        self.ended.append(item)
        self.due.remove(item)


def failing(error: Exception) -> Callable[[], Awaitable[None]]:
    async def job() -> None:
        raise error

    return job


@pytest.mark.parametrize("error", [ValueError("x"), NotNowError(), StaleTaskError()])
async def test_ones_trouble_never_holds_up_the_others(error: Exception) -> None:
    digger = Digger(1, 2, 3)
    digger.jobs[2] = failing(error)

    await digger.step()

    assert sorted(digger.ended) == [1, 3]


@pytest.mark.parametrize("error", [ValueError("x"), NotNowError()])
async def test_a_job_that_fails_again_and_again_is_tried_less_and_less_often(error: Exception) -> None:
    digger = Digger(1)
    digger.jobs[1] = failing(error)
    tries = []
    for second in range(4000):
        digger.now = float(second)
        before = len(digger.begun)
        await digger.step()
        if len(digger.begun) > before:
            tries.append(second)

    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[0] == 2
    assert gaps[-1] == LONGEST_PENALTY_S


async def test_a_success_wipes_out_earlier_trouble() -> None:
    digger = Digger(1)
    digger.jobs[1] = failing(ValueError())
    await digger.step()
    assert not digger.is_free(TaskId(1))
    digger.now = 10.0
    digger.jobs.clear()
    await digger.step()

    digger.due = [1]
    digger.jobs[1] = failing(ValueError())
    await digger.step()
    digger.now += 2.0

    assert digger.is_free(TaskId(1))


async def test_a_job_that_is_stale_may_be_taken_up_at_once() -> None:
    digger = Digger(1)
    digger.jobs[1] = failing(StaleTaskError())

    await digger.step()

    assert digger.is_free(TaskId(1))


async def test_trouble_that_is_over_asks_for_no_more_room_and_is_forgotten_in_time() -> None:
    digger = Digger(*range(5000))
    digger.concurrency = 5000
    digger.jobs = {number: failing(NotNowError()) for number in range(5000)}
    await digger.step()
    assert digger.hidden == 5000

    digger.due, digger.now = [], 2.0
    assert digger.hidden == 0

    digger.now += LONGEST_PENALTY_S
    await digger.step()
    assert not digger._penalties


async def test_what_was_read_before_a_job_ended_begins_no_job_about_the_same() -> None:
    digger = Digger(1)
    working, reading, read = asyncio.Event(), asyncio.Event(), asyncio.Event()
    digger.jobs[1] = working.wait  # type: ignore[assignment]  # gives True

    async def slow_find(_room: int) -> Sequence[int]:
        stale = [*digger.due]
        digger.looks += 1
        if digger.looks == 2:
            reading.set()
            await read.wait()
            assert not digger.is_free(1)
        return stale

    digger.find = slow_find  # type: ignore[assignment, method-assign]
    async with asyncio.TaskGroup() as group:
        await digger._start_due(group)
        second = group.create_task(digger._start_due(group))
        await reading.wait()
        working.set()
        await until(lambda: digger.ended == [1])
        read.set()
        assert await second == 0

    assert digger.begun == [1]
    assert digger.is_free(1)


@pytest.mark.parametrize("error", [None, ValueError()])
async def test_after_each_job_the_others_are_rung(error: Exception | None) -> None:
    digger = Digger(1)
    rung: list[bool] = []
    digger.on_done = lambda: rung.append(True)
    if error:
        digger.jobs[1] = failing(error)

    await digger.step()

    assert rung == [True]


async def test_no_more_than_its_share_is_in_flight_and_nothing_twice() -> None:
    digger = Digger(*range(30), 0, 1)
    digger.concurrency = 4
    gate = asyncio.Event()
    most = 0

    async def job() -> None:
        nonlocal most
        most = max(most, len(digger.begun) - len(digger.ended))
        await gate.wait()

    digger.jobs = dict.fromkeys(range(30), job)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(digger.run(stop))
        await rounds()
        assert digger.begun == [0, 1, 2, 3]
        assert digger.is_handling(TaskId(0))
        digger.wake()
        await rounds()
        gate.set()
        await rounds(200)
        stop.set()

    assert most == 4
    assert sorted(digger.begun) == sorted([*range(30), 0, 1])


async def test_a_ring_ends_the_rest_at_once() -> None:
    digger = Digger()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(digger.run(stop))
        await rounds()
        assert digger.looks == 1
        digger.due = [5]
        digger.wake()
        await rounds()
        assert digger.ended == [5]
        stop.set()


async def test_without_a_ring_it_looks_again_after_its_rest() -> None:
    digger = Digger()
    digger.idle_s = 0.001
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(digger.run(stop))
        await until(lambda: digger.looks >= 3)
        stop.set()

    assert digger.ended == []


async def test_a_store_that_fails_for_a_minute_ends_the_worker() -> None:
    digger = Digger()
    digger.trouble = OSError("the disk is gone")
    digger.idle_s = 0.0
    digger.monotonic = lambda: float(digger.looks * 10)

    with pytest.raises(ExceptionGroup) as caught:
        await digger.run(asyncio.Event())
    assert digger.looks == 7

    assert caught.group_contains(OSError, match="disk")


async def test_what_is_under_way_may_end_after_the_stop() -> None:
    digger = Digger(1)
    gate = asyncio.Event()
    digger.jobs[1] = MethodType(lambda _self: _wait(gate), digger)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(digger.run(stop))
        await rounds()
        stop.set()
        await rounds()
        assert digger.ended == []
        gate.set()

    assert digger.ended == [1]


async def test_what_takes_longer_than_the_grace_is_cut() -> None:
    digger = Digger(1)
    digger.grace_s = 0.01
    digger.jobs[1] = asyncio.Event().wait  # type: ignore[assignment]  # its value is not looked at
    stop = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(digger.run(stop))
        await rounds()
        stop.set()

    assert (digger.begun, digger.ended) == ([1], [])
    assert not digger.is_handling(TaskId(1))


async def test_nothing_new_is_begun_after_the_stop() -> None:
    digger = Digger(1)
    stop = asyncio.Event()
    stop.set()

    await digger.run(stop)

    assert (digger.looks, digger.begun) == (0, [])


async def _wait(gate: asyncio.Event) -> None:
    await gate.wait()
