"""Many at once: what must hold whoever is first, on both databases."""

import asyncio
import gc
import random

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.limits import LimitReachedError
from bot.domain.rules import Rules
from bot.domain.tasks import MusicTask, Role, StaleTaskError, State
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import ALICE, HandClock, Make, again, wish


async def test_twenty_deliveries_of_one_command_are_one_task(store: TaskStore):
    answers = await asyncio.gather(*(store.add(wish(1)) for _ in range(20)))
    assert len({task.id for task, _ in answers}) == 1
    assert [is_new for _, is_new in answers].count(True) == 1


async def test_the_limit_holds_when_a_member_asks_thirty_times_at_once(store: TaskStore):
    answers = await asyncio.gather(*(store.add(wish(number)) for number in range(30)), return_exceptions=True)
    assert sum(isinstance(one, tuple) for one in answers) == Rules().waiting_per_member
    assert sum(isinstance(one, LimitReachedError) for one in answers) == 30 - Rules().waiting_per_member
    assert (await store.counts())[State.RECEIVED] == Rules().waiting_per_member


async def test_a_task_claimed_ten_times_at_once_is_paid_for_once(store: TaskStore, make: Make):
    task = await make()
    claims = await asyncio.gather(*(store.claim(task.id) for _ in range(10)))
    (won,) = [one for one in claims if one]
    assert (won.state, won.attempt) == (State.SUBMITTING, 1)


async def test_the_running_limit_holds_when_all_of_a_members_tasks_are_claimed_at_once(store: TaskStore, make: Make):
    tasks = [await make(user_id=ALICE) for _ in range(Rules().waiting_per_member)]
    claims = await asyncio.gather(*(store.claim(task.id) for task in tasks))
    assert sum(one is not None for one in claims) == Rules().running_per_member


async def test_a_task_is_either_claimed_or_cancelled(store: TaskStore, make: Make):
    for _ in range(20):
        task = await make()
        claimed, cancelled = await asyncio.gather(
            store.claim(task.id), store.move(task, State.CANCELLED), return_exceptions=True
        )
        assert isinstance(cancelled, StaleTaskError) is isinstance(claimed, MusicTask)
        assert not isinstance(claimed, BaseException)
        assert (await again(store, task)).state is (State.SUBMITTING if claimed else State.CANCELLED)


async def test_of_ten_moves_at_once_one_is_made(store: TaskStore, make: Make):
    task = await make(State.RUNNING)
    to = [State.COMPLETED, State.FAILED] * 5
    moves = await asyncio.gather(*(store.move(task, state) for state in to), return_exceptions=True)
    (made,) = [one for one in moves if isinstance(one, MusicTask)]
    assert all(isinstance(one, StaleTaskError) for one in moves if one is not made)
    assert await again(store, task) == made


async def test_a_message_noted_ten_times_at_once_is_noted(store: TaskStore, make: Make):
    task = await make()
    notes = (store.remember_message(task, message_id=7, channel_id=1, role=Role.PING) for _ in range(10))
    await asyncio.gather(*notes)
    assert await store.by_message(7) == task


async def test_fifty_writers_at_once_all_succeed(store: TaskStore, make: Make):
    tasks = [await make() for _ in range(50)]
    await asyncio.gather(*(store.move(task, State.CANCELLED) for task in tasks))
    assert await store.counts() == {State.CANCELLED: 50}


# from Python 3.13 on sqlite3 warns of a connection that SQLAlchemy's terminated close leaves to the garbage collector
@pytest.mark.filterwarnings("ignore:Exception ignored in. <sqlite3.Connection:pytest.PytestUnraisableExceptionWarning")
async def test_a_cancelled_write_leaves_no_connection_and_no_transaction_behind(
    database: Database, clock: HandClock, make: Make
):
    chance = random.Random(7)  # noqa: S311 -- not about secrets
    store = TaskStore(database, clock)
    answers: list[object] = []  # kept: a traceback keeps the cut statement alive
    for number in range(200):
        adding = asyncio.create_task(store.add(wish(number, user_id=number)))
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(chance.choice((0, 0, 0.0003)))
        for _ in range(chance.choice((1, 1, 1, 2))):
            adding.cancel()
            await asyncio.sleep(0)
        answers += await asyncio.gather(adding, return_exceptions=True)
    assert sum(isinstance(one, asyncio.CancelledError) for one in answers) > 20
    tasks = [await make() for _ in range(20)]
    await asyncio.gather(*(store.move(task, State.CANCELLED) for task in tasks))
    assert (await store.counts())[State.CANCELLED] == 20
    assert database._writer.pool.checkedout() == database._reader.pool.checkedout() == 0  # type: ignore[attr-defined]  # a pool that counts
    answers.clear()
    await asyncio.to_thread(gc.collect)  # here, and not during some later test


async def test_two_who_do_something_to_each_other_at_once_do_not_wait_for_ever(servers: ServerStore, audit: AuditStore):
    for number in range(0, 40, 2):
        first, second = 5000 + number, 5001 + number
        await asyncio.gather(
            *(
                servers.block(
                    Block(guild_id=number, user_id=whom),
                    Deed(act=Act.BLOCK, guild_id=number, actor_id=who, subject_id=whom),
                )
                for who, whom in ((first, second), (second, first))
            )
        )
        assert await audit.count(number) == 2
