"""Many at once: what must hold whoever is first, on both databases."""

import asyncio
import gc
import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.limits import LimitReachedError
from bot.domain.rules import Rules
from bot.domain.tasks import MusicTask, Role, StaleTaskError, State
from bot.domain.transitions import Cancelled, Claimed, Expired, FamilyChanged, MediaFetched, Part
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.sample_changes import FILES, completed
from tests.integration.conftest import ALICE, START, HandClock, Make, again, wish

CANCELLED = Cancelled(by=Part.MEMBER)


def made(answers: Iterable[MusicTask | BaseException]) -> list[MusicTask]:
    """What was changed; the others found that somebody was first."""
    done = [one for one in answers if isinstance(one, MusicTask)]
    assert all(isinstance(one, StaleTaskError) for one in answers if one not in done), answers
    return done


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
    claims = await asyncio.gather(*(store.apply(task, Claimed()) for _ in range(10)), return_exceptions=True)
    (won,) = made(claims)
    assert (won.state, won.attempt) == (State.SUBMITTING, 1)


async def test_the_running_limit_holds_when_all_of_a_members_tasks_are_claimed_at_once(store: TaskStore, make: Make):
    tasks = [await make(user_id=ALICE) for _ in range(Rules().waiting_per_member)]
    claims = await asyncio.gather(*(store.apply(task, Claimed()) for task in tasks), return_exceptions=True)
    assert len(made(claims)) == Rules().running_per_member


async def test_a_task_is_either_claimed_or_cancelled(store: TaskStore, make: Make):
    for _ in range(20):
        task = await make()
        claimed, cancelled = await asyncio.gather(
            store.apply(task, Claimed()), store.apply(task, CANCELLED), return_exceptions=True
        )
        assert made([claimed, cancelled]) == [await again(store, task)]


async def test_of_ten_moves_at_once_one_is_made(store: TaskStore, make: Make):
    task = await make(State.RUNNING)
    expired = Expired(provider_status=None, looked_at=START, next_look_at=START)
    moves = await asyncio.gather(
        *(store.apply(task, move) for move in [completed(), expired] * 5), return_exceptions=True
    )
    assert made(moves) == [await again(store, task)]


async def test_of_ten_that_bring_audio_at_once_one_does(store: TaskStore, make: Make):
    task = await make(State.COMPLETED, media_wanted=True)
    fetched = [MediaFetched(media=(replace(FILES[0], size_bytes=number),)) for number in range(10)]
    brought = await asyncio.gather(*(store.apply(task, one) for one in fetched), return_exceptions=True)
    assert made(brought) == [await again(store, task)]


async def test_batches_that_name_the_same_tasks_crosswise_do_not_wait_for_each_other_for_ever(
    store: TaskStore, make: Make
):
    tasks = [await make(State.COMPLETED) for _ in range(12)]
    changes = [(task, FamilyChanged(family_changed_at=START)) for task in tasks]
    chance = random.Random(7)  # noqa: S311 -- not about secrets
    batches = [chance.sample(changes, len(changes)) for _ in range(20)]
    done = await asyncio.gather(*(store.apply_all(batch) for batch in batches))
    assert [len(one) for one in done] == [12] * 20


async def test_a_message_noted_ten_times_at_once_is_noted(store: TaskStore, make: Make):
    task = await make()
    notes = (store.remember_message(task, message_id=7, channel_id=1, role=Role.PING) for _ in range(10))
    await asyncio.gather(*notes)
    assert await store.by_message(7) == task


async def test_fifty_writers_at_once_all_succeed(store: TaskStore, make: Make):
    tasks = [await make() for _ in range(50)]
    await asyncio.gather(*(store.apply(task, CANCELLED) for task in tasks))
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
    await asyncio.gather(*(store.apply(task, CANCELLED) for task in tasks))
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
