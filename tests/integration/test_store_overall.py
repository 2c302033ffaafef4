"""The operator's budget over all servers and direct messages, on both databases."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.drafts import Draft
from bot.domain.limits import Limit, LimitReachedError
from bot.domain.rules import EVERYWHERE, OVERALL, RuleChanges
from bot.domain.tasks import State
from bot.domain.transitions import Part, Retried
from bot.domain.wishes import SongWish
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.notices import NoticeStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from bot.store.usage import UsageStore
from tests.integration.conftest import ALICE, BOB, START, STUDIO, HandClock, Make, again, wish

DEED = Deed(act=Act.RULES, guild_id=OVERALL, actor_id=None)
QUARTER = Decimal("0.25")
HOMES = (None, *range(STUDIO, STUDIO + 99))


async def rule(servers: ServerStore, guild_id: int = OVERALL, **changes: Any) -> None:
    await servers.change_rules(guild_id, RuleChanges(**changes), DEED)


async def reached(store: TaskStore, origin: object, **changes: Any) -> Limit | None:
    """The limit that keeps a wish out, if one does."""
    try:
        await store.add(wish(origin, **{"price_max_usd": QUARTER, **changes}))
    except LimitReachedError as error:
        return error.limit
    return None


@pytest.mark.parametrize("budget", [{"monthly_usd": Decimal("2.60")}, {"monthly_songs": 10}])
async def test_of_two_hundred_wishes_at_once_in_a_hundred_places_as_many_pass_as_the_budget_pays(
    store: TaskStore, servers: ServerStore, budget: dict[str, Any]
):
    await rule(servers, **budget)
    wishes = ((n, {"user_id": 1000 + n, "guild_id": HOMES[n % len(HOMES)]}) for n in range(200))
    asked = await asyncio.gather(*(reached(store, n, **changes) for n, changes in wishes))
    assert Counter(asked) == {None: 10, Limit.OVERALL: 190}
    assert await store.counts() == {State.RECEIVED: 10}


async def test_drafts_wishes_tries_and_changes_of_rules_wait_for_each_other_and_never_for_ever(
    store: TaskStore, drafts: DraftStore, servers: ServerStore, make: Make
):
    await rule(servers, monthly_usd=Decimal(100))
    for home in HOMES[1:20]:
        await rule(servers, home, monthly_usd=Decimal(100))
    unclear = [await make(State.UNCERTAIN, price_max_usd=QUARTER, unclear_attempts=1) for _ in range(10)]
    asked = [
        await drafts.add(
            Draft(id=0, origin_key=f"b:{n}", created_at=START, user_id=ALICE, guild_id=STUDIO, channel_id=1,
                  wish=SongWish(prompt="rain"))
        )
        for n in range(10)
    ]  # fmt: skip
    await rule(servers, monthly_usd=Decimal("10.00"))  # 2.50 are used; of 13.50 that are asked for, 7.50 fit
    jobs: list[Any] = [
        *(store.apply(task, Retried(by=Part.MEMBER)) for task in unclear),
        *(
            drafts.start(draft, wish(f"draft {draft.id}", user_id=2000 + draft.id, price_max_usd=QUARTER))
            for draft in asked
        ),
        *(store.add(wish(n, user_id=3000 + n, guild_id=HOMES[n % 20], price_max_usd=QUARTER)) for n in range(34)),
    ]
    budgets = [rule(servers, home or EVERYWHERE, monthly_usd=Decimal(50 + n)) for n in range(3) for home in HOMES[:20]]
    async with asyncio.timeout(60):
        answers, _ = await asyncio.gather(
            asyncio.gather(*jobs, return_exceptions=True), asyncio.gather(*budgets, rule(servers, monthly_songs=999))
        )
    refused = [one for one in answers if isinstance(one, BaseException)]
    assert Counter(type(one) for one in refused) == {LimitReachedError: len(jobs) - 30}, refused[:3]
    assert await reached(store, "one more", guild_id=None) is Limit.OVERALL


async def test_a_budget_over_everything_takes_nothing_whose_price_nobody_knows(store: TaskStore, servers: ServerStore):
    await rule(servers, monthly_usd=Decimal(1))
    assert await reached(store, "unpriced", price_max_usd=None) is Limit.UNPRICED
    assert await reached(store, "free", price_max_usd=Decimal(0)) is None
    await rule(servers, monthly_usd=None, monthly_songs=2)
    assert await reached(store, "counted", price_max_usd=None) is None


async def test_the_nearer_limit_is_told_first(store: TaskStore, servers: ServerStore):
    await rule(servers, monthly_usd=Decimal(0))
    await rule(servers, STUDIO, daily_per_member=0)
    assert await reached(store, "here") is Limit.DAY_MEMBER
    assert await reached(store, "elsewhere", guild_id=None) is Limit.OVERALL


async def test_one_more_try_needs_money_of_the_budget_over_everything_and_no_song(
    store: TaskStore, servers: ServerStore, make: Make
):
    task = await make(State.UNCERTAIN, price_max_usd=QUARTER, unclear_attempts=1)
    await rule(servers, monthly_usd=Decimal("0.49"), monthly_songs=1)
    with pytest.raises(LimitReachedError) as refused:
        await store.apply(task, Retried(by=Part.MEMBER))
    assert refused.value.limit is Limit.OVERALL
    assert (await again(store, task)).state is State.UNCERTAIN
    await rule(servers, monthly_usd=Decimal("0.50"))
    assert (await store.apply(task, Retried(by=Part.MEMBER))).state is State.QUEUED


async def test_a_new_month_has_a_new_budget(store: TaskStore, servers: ServerStore, clock: HandClock):
    await rule(servers, monthly_usd=QUARTER)
    assert [await reached(store, n) for n in range(2)] == [None, Limit.OVERALL]
    clock.tick(timedelta(days=31).total_seconds())
    assert await reached(store, "next month") is None


async def test_the_operator_is_warned_once_a_month_by_wishes_tries_and_costs(
    store: TaskStore, servers: ServerStore, notices: NoticeStore, database: Database, clock: HandClock, make: Make
):
    async def due() -> list[Decimal]:
        warnings = await notices.warnings_due()
        assert {one.server.guild_id for one in warnings} <= {OVERALL}
        for one in warnings:
            await notices.warned(one)
        return [one.used.month_usd for one in warnings]

    await rule(servers, monthly_usd=Decimal(1))
    assert await reached(store, "first", guild_id=None) is None
    unclear = await make(State.UNCERTAIN, price_max_usd=QUARTER, unclear_attempts=1)
    assert await due() == []
    assert await reached(store, "third", user_id=BOB) is None
    assert await due() == []
    await store.apply(unclear, Retried(by=Part.MEMBER))
    assert (await due(), await due()) == ([Decimal(1)], [])
    await rule(servers, monthly_usd=Decimal(3))
    assert await due() == []
    await UsageStore(database, clock).record({unclear.id: Decimal(2)})
    assert (await due(), await due()) == ([Decimal("2.50")], [])
