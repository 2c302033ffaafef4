"""Limits of a server: counted and reserved in the transaction that writes the row, on both databases."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.audit import Act, Deed
from bot.domain.limits import Limit, LimitReachedError
from bot.domain.rules import EVERYWHERE, Intake
from bot.domain.tasks import RELEASED, MusicTask, State
from bot.store.database import Database
from bot.store.schema import servers as server_rows
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import ALICE, BOB, STUDIO, HandClock, Make, again, wish

DEED = Deed(act=Act.RULES, guild_id=STUDIO, actor_id=BOB)
OTHER = 950


async def rule(servers: ServerStore, guild_id: int = STUDIO, **changes: Any) -> None:
    await servers.change_rules(guild_id, changes, DEED)


async def reached(store: TaskStore, origin: object, **changes: Any) -> Limit | None:
    """The limit that keeps a wish out, if one does."""
    try:
        await store.add(wish(origin, **changes))
    except LimitReachedError as error:
        return error.limit
    return None


@pytest.mark.parametrize(
    ("rules", "wishes", "limit"),
    [
        ({}, {"user_id": ALICE}, Limit.WAITING_MEMBER),
        ({"waiting_per_server": 10}, {}, Limit.WAITING_SERVER),
        ({"daily_per_member": 10, "waiting_per_member": 999}, {"user_id": ALICE}, Limit.DAY_MEMBER),
        ({"daily_per_server": 10}, {}, Limit.DAY_SERVER),
        ({"monthly_songs": 10}, {}, Limit.MONTH_SONGS),
        ({"monthly_usd": Decimal("1.00")}, {"price_max_usd": Decimal("0.10")}, Limit.MONTH_USD),
    ],
)
async def test_of_two_hundred_wishes_at_once_ten_pass_a_limit_of_ten(
    store: TaskStore, servers: ServerStore, rules: dict[str, Any], wishes: dict[str, Any], limit: Limit
):
    await rule(servers, **rules)
    asked = await asyncio.gather(*(reached(store, n, **{"user_id": 1000 + n, **wishes}) for n in range(200)))
    assert Counter(asked) == {None: 10, limit: 190}
    assert await store.counts() == {State.RECEIVED: 10}


@pytest.mark.parametrize("state", State)
async def test_what_was_not_made_is_given_back_and_what_is_unclear_is_not(
    store: TaskStore, servers: ServerStore, make: Make, state: State
):
    await rule(servers, daily_per_server=1)
    await make(state)
    assert await reached(store, "next") is (None if state in RELEASED else Limit.DAY_SERVER)


async def test_a_day_and_a_month_begin_anew(store: TaskStore, servers: ServerStore, clock: HandClock):
    await rule(servers, daily_per_member=1, monthly_songs=2, waiting_per_member=99)
    assert [await reached(store, n) for n in range(2)] == [None, Limit.DAY_MEMBER]
    clock.tick(timedelta(days=1).total_seconds())
    assert [await reached(store, f"next day {n}") for n in range(2)] == [None, Limit.DAY_MEMBER]
    clock.tick(timedelta(days=1).total_seconds())
    assert await reached(store, "third day") is Limit.MONTH_SONGS
    clock.tick(timedelta(days=31).total_seconds())
    assert await reached(store, "next month") is None


async def test_servers_and_direct_messages_do_not_count_for_each_other(store: TaskStore, servers: ServerStore):
    await rule(servers, waiting_per_server=1)
    await rule(servers, EVERYWHERE, waiting_per_server=2)
    homes = {"guild_id": STUDIO}, {"guild_id": OTHER}, {"guild_id": None}
    asked = [await reached(store, (n, str(home)), user_id=n, **home) for n in range(3) for home in homes]
    full = Limit.WAITING_SERVER
    assert asked == [None, None, None, full, None, None, full, None, full]


async def test_what_the_records_say_counts_instead_of_the_price(store: TaskStore, servers: ServerStore, make: Make):
    await rule(servers, monthly_usd=Decimal("1.00"))
    dear = {"price_max_usd": Decimal("0.60")}
    task = await make(State.COMPLETED, **dear)
    assert await reached(store, "too dear", **dear) is Limit.MONTH_USD
    await store.annotate(task.id, cost_usd=Decimal("0.40"))
    assert await reached(store, "fits", **dear) is None


async def test_a_server_is_warned_once_a_month(
    store: TaskStore, servers: ServerStore, database: Database, clock: HandClock
):
    await rule(servers, monthly_songs=5, waiting_per_member=99)

    async def is_due() -> bool:
        async with database.write() as connection:
            due = (await connection.execute(select(server_rows.c.warning_due))).scalar_one()
            await connection.execute(server_rows.update().values(warning_due=False))
        return bool(due)

    due = []
    for number in range(5):
        assert await reached(store, number) is None
        due.append(await is_due())
    assert due == [False, False, False, True, False]
    clock.tick(timedelta(days=31).total_seconds())
    for number in range(4):
        assert await reached(store, f"next month {number}") is None
    assert await is_due()


async def test_the_limits_at_the_provider_hold_for_member_and_server(
    store: TaskStore, servers: ServerStore, make: Make
):
    await rule(servers, running_per_server=4, running_per_member=3, waiting_per_member=99)
    tasks = [await make(user_id=ALICE) for _ in range(5)] + [await make(user_id=BOB) for _ in range(5)]
    elsewhere, _ = await store.add(wish("elsewhere", guild_id=OTHER))
    await store.annotate(elsewhere.id, state=State.QUEUED)
    claims = await asyncio.gather(*(store.claim(task.id) for task in [*tasks, elsewhere]))
    taken = Counter((task.guild_id, task.user_id) for task in claims if task is not None)
    assert taken.pop((OTHER, ALICE)) == 1
    assert sum(taken.values()) == 4
    assert max(taken.values()) <= 3


async def test_a_paused_line_is_held_and_a_drained_one_goes_on(store: TaskStore, servers: ServerStore, make: Make):
    task: MusicTask = await make()
    deed = Deed(act=Act.INTAKE, guild_id=STUDIO, actor_id=BOB)
    assert await servers.set_intake(STUDIO, Intake.PAUSED, "Tea", deed)
    assert not await servers.set_intake(STUDIO, Intake.PAUSED, "Tea", deed)
    assert (await store.waiting())[0].is_held
    assert await store.claim(task.id) is None
    assert await servers.set_intake(STUDIO, Intake.DRAINING, None, deed)
    assert not (await store.waiting())[0].is_held
    assert await store.claim(task.id) is not None
    assert (await again(store, task)).state is State.SUBMITTING


async def test_what_is_in_use_of_each_limit_is_counted_for_one_server(store: TaskStore, make: Make, clock: HandClock):
    assert await store.in_use(STUDIO) == {
        "running_per_member": 0, "running_per_server": 0, "waiting_per_member": 0, "waiting_per_server": 0,
        "daily_per_member": 0, "daily_per_server": 0, "monthly_songs": 0, "monthly_usd": Decimal(0),
    }  # fmt: skip
    await make(State.COMPLETED, user_id=ALICE, cost_usd=Decimal("0.25"))
    clock.tick(timedelta(days=1).total_seconds())
    for state in (State.QUEUED, State.RECEIVED, State.RUNNING, State.UNCERTAIN, State.FAILED, State.CANCELLED):
        await make(state, user_id=ALICE, price_max_usd=Decimal("0.10"))
    await make(State.SUBMITTING, user_id=BOB)
    await make(State.QUEUED, user_id=BOB)
    await store.add(wish("direct", guild_id=None))
    assert await store.in_use(STUDIO) == {
        "running_per_member": 1, "running_per_server": 2, "waiting_per_member": 2, "waiting_per_server": 3,
        "daily_per_member": 4, "daily_per_server": 6, "monthly_songs": 7, "monthly_usd": Decimal("0.65"),
    }  # fmt: skip
    assert (await store.in_use(EVERYWHERE))["waiting_per_server"] == 1
