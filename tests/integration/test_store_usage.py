"""What was used, asked of real databases: sums and rows for those whose they are, and costs that come from the bill."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from bot.domain import transitions as to
from bot.domain.charges import Charge, charge_of, times_charged
from bot.domain.limits import Used
from bot.domain.rules import Rules
from bot.domain.tasks import ErrorCode, State, TaskId
from bot.domain.transitions import Part
from bot.domain.usage import Entry, MemberRow, Period, Span, Spent, Usage, Whose, span_of
from bot.store import usage as usage_module
from bot.store.database import Database
from bot.store.tasks import TaskStore
from bot.store.usage import UsageStore
from tests.fakes.sample_changes import accepted, completed
from tests.integration.conftest import ALICE, BOB, START, STUDIO, HandClock, Make, wish

ALL = Span(since=datetime(2025, 1, 1, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC))
SERVER = Whose(guild_id=STUDIO)
QUARTER = {"price_min_usd": Decimal("0.10"), "price_max_usd": Decimal("0.25")}


@pytest.fixture
def accounts(database: Database, clock: HandClock) -> UsageStore:
    return UsageStore(database, clock)


async def entries(accounts: UsageStore, whose: Whose = SERVER, span: Span = ALL) -> list[Entry]:
    return [entry async for page in accounts.entries(whose, span) for entry in page]


async def test_every_task_stands_on_the_bill_as_the_rule_says(accounts: UsageStore, make: Make):
    cases = [
        *product(State, (None, ErrorCode.NO_RESULT), (0, 1), (None, Decimal(0), Decimal("0.01"))),
        *product([State.FAILED], ErrorCode, [0], [None]),
    ]
    told, most_usd = {}, Decimal(0)
    for state, code, unclear, cost in cases:
        task = await make(state, error_code=code, unclear_attempts=unclear, cost_usd=cost, **QUARTER)
        told[task.id] = charge_of(state, error_code=code, unclear_attempts=unclear, cost_usd=cost)
        times = times_charged(state, error_code=code, unclear_attempts=unclear)
        most_usd += times * Decimal("0.25") if cost is None else cost
    assert {entry.id: entry.charge for entry in await entries(accounts)} == told
    counted = Counter(charge for charge in told.values() if charge is not Charge.FREE)
    usage = await accounts.usage(SERVER, ALL)
    assert {charge: usage.of(charge).tasks for charge in Charge if usage.of(charge).tasks} == counted
    assert usage.total.usd == most_usd
    used = await accounts.used(STUDIO, ALICE, Rules(monthly_usd=Decimal(1)), START)
    assert used.month_usd == most_usd, "a budget is used by what stands on the bill"


async def test_sums_keep_apart_days_models_and_what_is_known(accounts: UsageStore, make: Make):
    await make(State.COMPLETED, **QUARTER, cost_usd=Decimal("0.135001"))
    await make(State.COMPLETED, **QUARTER)
    await make(State.COMPLETED)
    await make(State.RUNNING, **QUARTER, created_at=START + timedelta(days=1))
    await make(State.UNCERTAIN, **QUARTER, model="suno-lyrics")
    await make(State.FAILED, **QUARTER, error_code=ErrorCode.PROVIDER_FAILED)
    usage = await accounts.usage(SERVER, ALL)
    today, tomorrow = START.date(), (START + timedelta(days=1)).date()
    assert {(row.day, row.model, row.charge): row.spent for row in usage.rows} == {
        (today, "suno-music", Charge.SETTLED): Spent(
            tasks=3, recorded_usd=Decimal("0.135001"), estimated_usd=Decimal("0.25"), unpriced=1
        ),
        (tomorrow, "suno-music", Charge.RESERVED): Spent(tasks=1, estimated_usd=Decimal("0.25")),
        (today, "suno-lyrics", Charge.UNCLEAR): Spent(tasks=1, estimated_usd=Decimal("0.25")),
    }


async def test_the_last_moment_of_a_day_is_of_that_day_and_the_next_is_not(accounts: UsageStore, make: Make):
    span = span_of(Period.THIS_MONTH, START)
    for at in (span.since, span.until):
        await make(State.COMPLETED, created_at=at)
        await make(State.COMPLETED, created_at=at - timedelta(milliseconds=1))
    days = Counter(str(row.day) for row in (await accounts.usage(SERVER, span)).rows for _ in range(row.spent.tasks))
    assert days == {"2026-01-01": 1, "2026-01-31": 1}
    assert len(await entries(accounts, span=span)) == 2


async def asked(store: TaskStore, origin: str, **changes: Any) -> TaskId:
    task, _ = await store.add(wish(origin, **changes))
    return task.id


async def test_a_member_has_everything_of_their_own_and_a_server_everything_in_it(
    accounts: UsageStore, store: TaskStore
):
    here = await asked(store, "here")
    elsewhere = await asked(store, "elsewhere", guild_id=STUDIO + 1)
    direct = await asked(store, "direct", guild_id=None)
    other = await asked(store, "other", user_id=BOB)
    for whose, own in (
        (Whose(user_id=ALICE), {here, elsewhere, direct}),
        (Whose(user_id=BOB), {other}),
        (SERVER, {here, other}),
        (Whose(guild_id=STUDIO + 1), {elsewhere}),
        (Whose(guild_id=STUDIO + 2), set()),
    ):
        assert {entry.id for entry in await entries(accounts, whose)} == own
        assert (await accounts.usage(whose, ALL)).total.tasks == len(own)


async def test_who_used_most_comes_first_and_only_so_many_are_named(
    accounts: UsageStore, make: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(usage_module, "SHOWN_MOST", 1)
    for user_id, cost in ((1, "0.10"), (2, "0.30"), (3, "0.10"), (3, "0.10"), (4, "0.05")):
        await make(State.COMPLETED, user_id=user_id, price_max_usd=Decimal("0.40"), cost_usd=Decimal(cost))
    await make(State.CANCELLED, user_id=5, price_max_usd=Decimal(9))
    usage = await accounts.usage(SERVER, ALL)
    assert usage.members == [
        MemberRow(user_id=2, spent=Spent(tasks=1, recorded_usd=Decimal("0.30"))),
        MemberRow(user_id=3, spent=Spent(tasks=2, recorded_usd=Decimal("0.20"))),
    ]
    assert (await accounts.usage(Whose(user_id=2), ALL)).members == []


async def test_where_nobody_asked_there_is_nothing(accounts: UsageStore):
    assert await accounts.usage(SERVER, ALL) == Usage(span=ALL, rows=[], members=[])
    assert await entries(accounts) == []


async def test_limits_are_counted_as_for_the_next_wish(accounts: UsageStore, make: Make):
    await make(State.QUEUED, user_id=ALICE, price_max_usd=Decimal("0.25"))
    await make(State.EXPIRED, user_id=BOB)
    rules = Rules(monthly_songs=9, daily_per_member=9)
    assert await accounts.used(STUDIO, ALICE, rules, START) == Used(
        waiting_member=1, waiting_server=1, day_member=1, day_server=2, month_songs=2, month_usd=Decimal("0.25")
    )


async def test_rows_come_in_pages_oldest_first_and_each_once(
    accounts: UsageStore, make: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(usage_module, "PAGE_ROWS", 3)
    made = []
    for minutes in (5, 1, 1, 1, 1, 0, 9):
        task = await make(State.COMPLETED, created_at=START + timedelta(minutes=minutes))
        made.append((task.created_at, task.id))
    found = await entries(accounts)
    assert [(entry.created_at, entry.id) for entry in found] == sorted(made)
    monkeypatch.setattr(usage_module, "PAGE_ROWS", 7)
    assert await entries(accounts) == found


async def test_a_row_tells_what_a_bill_needs(accounts: UsageStore, make: Make):
    task = await make(
        State.COMPLETED, **QUARTER, request_id="req_1", provider_task_id="ld_1", endpoint="/v1/music/generations",
        billing_transaction_id="b_1", cost_usd=Decimal("0.135"), user_id=ALICE,
    )  # fmt: skip
    (entry,) = await entries(accounts)
    assert entry == Entry(
        id=task.id, created_at=task.created_at, user_id=ALICE, kind=task.kind, state=State.COMPLETED,
        charge=Charge.SETTLED, request_id="req_1", provider_task_id="ld_1", model="suno-music",
        endpoint="/v1/music/generations", billing_transaction_id="b_1", cost_usd=Decimal("0.135"), **QUARTER,
    )  # fmt: skip


# --- the bill ---------------------------------------------------------------------------------------------------------


async def waiting(accounts: UsageStore, since: datetime = START) -> list[TaskId]:
    return [one.id for one in await accounts.unrecorded(since)]


async def test_only_what_may_be_on_the_bill_is_looked_for_there(accounts: UsageStore, make: Make):
    later = START + timedelta(minutes=1)
    second = await make(State.COMPLETED, request_id="r1", state_at=later)
    first = await make(State.UNCERTAIN, billing_transaction_id="b1")
    await make(State.COMPLETED)
    await make(State.COMPLETED, request_id="r2", cost_usd=Decimal(0))
    await make(State.RUNNING, request_id="r3")
    await make(State.FAILED, request_id="r4", error_code=ErrorCode.WISH_REFUSED)
    lost = await make(State.FAILED, request_id="r5", error_code=ErrorCode.NO_RESULT)
    await make(State.COMPLETED, request_id="r6", state_at=START - timedelta(days=9))
    assert sorted(await waiting(accounts)) == sorted([first.id, lost.id, second.id])
    assert (await waiting(accounts))[-1] == second.id, "the oldest comes first"
    assert await waiting(accounts, later) == [second.id]
    found = (await accounts.unrecorded(later))[0]
    assert (found.sent_at, found.last, found.earlier) == (later, ["r1"], [])


async def test_each_attempt_of_a_task_is_looked_for_however_long_it_waited(
    accounts: UsageStore, store: TaskStore, make: Make, clock: HandClock
):
    task = await make(State.QUEUED)
    clock.tick(4 * 24 * 3600)
    sent_at = clock()
    first = await store.apply(task, to.Claimed())
    unclear = await store.apply(first, to.Unclear(by=Part.SUBMITTER, request_id="r1"))
    assert [one.last for one in await accounts.unrecorded(sent_at)] == [["r1"]]
    await accounts.record({task.id: Decimal("0.25")})
    assert await accounts.unrecorded(sent_at) == []
    clock.tick(60)
    second = await store.apply(await store.apply(unclear, to.Retried(by=Part.MEMBER)), to.Claimed())
    running = await store.apply(second, accepted(request_id="r2", provider_task_id="p2"))
    await store.apply(running, completed(billing_transaction_id="b2"))
    (found,) = await accounts.unrecorded(sent_at)
    assert (found.sent_at, found.last, found.earlier) == (sent_at, ["b2", "r2"], ["r1"])


async def test_only_the_newest_are_looked_at(accounts: UsageStore, make: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(usage_module, "NEWEST", 2)
    made = [await make(State.COMPLETED, request_id=f"r{number}") for number in range(3)]
    assert await waiting(accounts) == [task.id for task in made[1:]]


async def test_a_cost_is_written_once(accounts: UsageStore, make: Make, store: TaskStore, clock: HandClock):
    tasks = [await make(State.COMPLETED, **QUARTER, request_id=f"r{number}") for number in range(2)]
    await accounts.record({tasks[0].id: Decimal("0.135"), TaskId(999): Decimal(1)})
    await accounts.record({tasks[0].id: Decimal("0.99"), tasks[1].id: Decimal(0)})
    assert [entry.cost_usd for entry in await entries(accounts)] == [Decimal("0.135"), Decimal(0)]
    assert await waiting(accounts) == []
    assert await store.get(tasks[0].id) == tasks[0], "nothing that anybody sees on a card has changed"
