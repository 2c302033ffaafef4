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
from bot.domain.privacy import NOBODY
from bot.domain.rules import EVERYWHERE, Intake, RuleChanges
from bot.domain.tasks import RELEASED, ErrorCode, MusicTask, StaleTaskError, State
from bot.domain.transitions import Claimed, Part, Retried
from bot.store.database import Database
from bot.store.notices import NoticeStore
from bot.store.schema import servers as server_rows
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from bot.store.usage import UsageStore
from tests.fakes.rows import write_columns
from tests.integration.conftest import ALICE, BOB, STUDIO, HandClock, Make, again, wish

DEED = Deed(act=Act.RULES, guild_id=STUDIO, actor_id=BOB)
RETRIED = Retried(by=Part.MEMBER)
OTHER = 950


async def rule(servers: ServerStore, guild_id: int = STUDIO, **changes: Any) -> None:
    await servers.change_rules(guild_id, RuleChanges(**changes), DEED)


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


async def test_what_the_records_say_counts_instead_of_the_price(
    store: TaskStore, servers: ServerStore, database: Database, make: Make
):
    await rule(servers, monthly_usd=Decimal("1.00"))
    dear = {"price_max_usd": Decimal("0.60")}
    task = await make(State.COMPLETED, **dear)
    assert await reached(store, "too dear", **dear) is Limit.MONTH_USD
    await write_columns(database, task.id, cost_usd=Decimal("0.40"))
    assert await reached(store, "fits", **dear) is None


async def test_a_budget_in_money_takes_nothing_whose_price_nobody_knows(store: TaskStore, servers: ServerStore):
    await rule(servers, monthly_usd=Decimal("1.00"))
    assert await reached(store, "unpriced") is Limit.UNPRICED
    assert await reached(store, "priced", price_max_usd=Decimal("0.10")) is None
    assert await reached(store, "elsewhere", guild_id=OTHER) is None


async def test_money_that_failed_or_was_dropped_with_a_charge_is_used_all_the_same(
    store: TaskStore, servers: ServerStore, make: Make
):
    quarter = {"price_max_usd": Decimal("0.25")}
    await make(State.FAILED, cost_usd=Decimal("0.30"), error_code=ErrorCode.PROVIDER_FAILED, **quarter)
    await make(State.CANCELLED, unclear_attempts=2, **quarter)
    await make(State.FAILED, error_code=ErrorCode.WISH_REFUSED, **quarter)
    await rule(servers, monthly_usd=Decimal("1.00"), monthly_songs=2, daily_per_member=1)
    assert await reached(store, "dear", price_max_usd=Decimal("0.21")) is Limit.MONTH_USD
    assert await reached(store, "cheap", price_max_usd=Decimal("0.20")) is None
    assert await reached(store, "second", price_max_usd=Decimal(0)) is Limit.DAY_MEMBER


async def test_one_more_try_of_an_unclear_task_needs_money_for_it(store: TaskStore, servers: ServerStore, make: Make):
    await rule(servers, monthly_usd=Decimal("0.70"))
    price = {"price_max_usd": Decimal("0.25"), "unclear_attempts": 1}
    tasks = [await make(State.UNCERTAIN, **price) for _ in range(2)]
    answers = await asyncio.gather(*(store.apply(task, RETRIED) for task in tasks), return_exceptions=True)
    assert all(isinstance(one, LimitReachedError) and one.limit is Limit.MONTH_USD for one in answers)
    await rule(servers, monthly_usd=Decimal("0.75"))
    answers = await asyncio.gather(*(store.apply(task, RETRIED) for task in tasks), return_exceptions=True)
    assert sorted(isinstance(one, LimitReachedError) for one in answers) == [False, True]
    await rule(servers, monthly_usd=None)
    (left,) = [task for task in tasks if (await again(store, task)).state is State.UNCERTAIN]
    assert (await store.apply(left, RETRIED)).state is State.QUEUED


async def test_those_who_were_erased_are_not_one_member(store: TaskStore, make: Make):
    for _ in range(3):
        await make(State.COMPLETED, user_id=NOBODY)
    await make(State.COMPLETED, user_id=ALICE)
    in_use = await store.in_use(STUDIO)
    assert (in_use["daily_per_member"], in_use["daily_per_server"]) == (1, 4)


async def test_a_server_is_warned_when_costs_come_in_or_the_budget_changes_and_anew_of_another_budget(
    store: TaskStore, servers: ServerStore, notices: NoticeStore, database: Database, clock: HandClock, make: Make
):
    async def due() -> int:
        warnings = await notices.warnings_due()
        for one in warnings:
            await notices.warned(one)
        return len(warnings)

    task = await make(State.COMPLETED, price_max_usd=Decimal("0.25"))
    await rule(servers, monthly_usd=Decimal("1.00"))
    assert await due() == 0
    await UsageStore(database, clock).record({task.id: Decimal("0.85")})
    assert (await due(), await due()) == (1, 0)
    await rule(servers, monthly_usd=Decimal("2.00"))
    assert await due() == 0
    await rule(servers, monthly_usd=Decimal("0.90"))
    assert await due() == 1
    await rule(servers, daily_per_member=5)
    assert await due() == 0
    await rule(servers, monthly_usd=Decimal("0.95"))
    (warning,) = await notices.warnings_due()
    await notices.withdraw(warning)
    assert await due() == 1, "it is true at this moment"


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
    store: TaskStore, servers: ServerStore, database: Database, make: Make
):
    await rule(servers, running_per_server=4, running_per_member=3, waiting_per_member=99)
    tasks = [await make(user_id=ALICE) for _ in range(5)] + [await make(user_id=BOB) for _ in range(5)]
    elsewhere, _ = await store.add(wish("elsewhere", guild_id=OTHER))
    await write_columns(database, elsewhere.id, state=State.QUEUED)
    waiting = [await again(store, task) for task in [*tasks, elsewhere]]
    claims = await asyncio.gather(*(store.apply(task, Claimed()) for task in waiting), return_exceptions=True)
    taken = Counter((task.guild_id, task.user_id) for task in claims if isinstance(task, MusicTask))
    assert all(isinstance(one, MusicTask | StaleTaskError) for one in claims)
    assert taken.pop((OTHER, ALICE)) == 1
    assert sum(taken.values()) == 4
    assert max(taken.values()) <= 3


async def test_a_paused_line_is_held_and_a_drained_one_goes_on(store: TaskStore, servers: ServerStore, make: Make):
    task: MusicTask = await make()
    deed = Deed(act=Act.INTAKE, guild_id=STUDIO, actor_id=BOB)
    assert await servers.set_intake(STUDIO, Intake.PAUSED, "Tea", deed)
    assert not await servers.set_intake(STUDIO, Intake.PAUSED, "Tea", deed)
    assert (await store.waiting())[0].is_held
    with pytest.raises(StaleTaskError):
        await store.apply(task, Claimed())
    assert await servers.set_intake(STUDIO, Intake.DRAINING, None, deed)
    assert not (await store.waiting())[0].is_held
    await store.apply(task, Claimed())
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
