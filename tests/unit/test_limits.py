"""Limits of members and servers: the last wish that fits, and the first that does not."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.limits import Limit, Used, below_use, day_of, is_warned, limit_reached, may_run, month_of, next_month_of
from bot.domain.rules import Rules

NOTHING_USED = Used()
PAIRS = [
    ("waiting_per_member", "waiting_member", Limit.WAITING_MEMBER),
    ("waiting_per_server", "waiting_server", Limit.WAITING_SERVER),
    ("daily_per_member", "day_member", Limit.DAY_MEMBER),
    ("daily_per_server", "day_server", Limit.DAY_SERVER),
    ("monthly_songs", "month_songs", Limit.MONTH_SONGS),
]


def reached(rules: Rules, used: Used, costs_usd: str = "0") -> Limit | None:
    return limit_reached(rules, used, costs_usd=Decimal(costs_usd))


def test_the_usual_rules_are_ten_in_line_and_three_at_the_provider():
    assert reached(Rules(), Used(waiting_member=9, day_member=10**6, month_usd=Decimal(10**6))) is None
    assert reached(Rules(), Used(waiting_member=10)) is Limit.WAITING_MEMBER
    assert [may_run(Rules(), member=running, server=10**6) for running in (0, 2, 3, 4)] == [True, True, False, False]


@pytest.mark.parametrize(("rule", "use", "limit"), PAIRS)
@pytest.mark.parametrize("most", [0, 1, 7])
def test_each_limit_is_reached_by_exactly_so_many(rule: str, use: str, limit: Limit, most: int):
    limits: dict[str, Any] = {rule: most}
    rules = replace(Rules(), **limits)

    def used(count: int) -> Used:
        counts: dict[str, Any] = {use: count}
        return replace(NOTHING_USED, **counts)

    if most:
        assert reached(rules, used(most - 1)) is None
    assert reached(rules, used(most)) is limit
    assert reached(rules, used(most + 1)) is limit


@pytest.mark.parametrize(
    ("used", "costs", "limit"),
    [("9.90", "0.10", None), ("9.90", "0.11", Limit.MONTH_USD), ("10", "0", None), ("10.01", "0", Limit.MONTH_USD)],
)
def test_money_is_reached_by_what_the_wish_may_cost(used: str, costs: str, limit: Limit | None):
    assert reached(Rules(monthly_usd=Decimal(10)), Used(month_usd=Decimal(used)), costs) is limit


def test_where_money_is_limited_nothing_of_unknown_price_is_taken():
    assert limit_reached(Rules(monthly_usd=Decimal(5)), Used(), costs_usd=None) is Limit.UNPRICED
    assert limit_reached(Rules(monthly_songs=5), Used(), costs_usd=None) is None
    assert limit_reached(Rules(), Used(), costs_usd=None) is None


def test_a_server_may_have_so_many_running():
    rules = Rules(running_per_server=5)
    assert [may_run(rules, member=0, server=running) for running in (4, 5)] == [True, False]


@pytest.mark.parametrize(
    ("rules", "used", "warned"),
    [
        (Rules(), Used(month_songs=10**6, month_usd=Decimal(10**6)), False),
        (Rules(monthly_songs=10), Used(month_songs=7), False),
        (Rules(monthly_songs=10), Used(month_songs=8), True),
        (Rules(monthly_usd=Decimal(5)), Used(month_usd=Decimal("3.99")), False),
        (Rules(monthly_usd=Decimal(5)), Used(month_usd=Decimal(4)), True),
    ],
)
def test_a_server_is_warned_from_four_fifths_on(rules: Rules, used: Used, *, warned: bool):
    assert is_warned(rules, used) is warned


def test_limits_below_what_is_in_use_are_named():
    in_use: dict[str, int | Decimal] = {
        "daily_per_member": 5, "daily_per_server": 5, "monthly_usd": Decimal("2.50"), "running_per_server": 9,
    }  # fmt: skip
    assert below_use(Rules(), in_use) == []
    rules = Rules(daily_per_member=5, daily_per_server=4, monthly_usd=Decimal("2.49"))
    assert below_use(rules, in_use) == ["daily_per_server", "monthly_usd"]


@given(st.datetimes(timezones=st.just(UTC)))
def test_days_and_months_begin_and_end_in_utc(now: datetime):
    assert day_of(now) <= now
    assert day_of(now).date() == now.date()
    assert month_of(now) <= day_of(now)
    assert month_of(now).day == 1
    assert next_month_of(now) > now
    assert next_month_of(now).day == 1
    assert (next_month_of(now) - month_of(now)).days in range(28, 32)


def test_rules_are_kept_as_what_differs_from_the_usual():
    rules: dict[str, Any] = {
        "channels": frozenset({3, 1}), "monthly_usd": Decimal("12.50"), "words": ("rude",), "locale": "de",
    }  # fmt: skip
    encoded = Rules(**rules).encode()
    assert encoded == {"channels": [1, 3], "monthly_usd": "12.50", "words": ["rude"], "locale": "de"}
    assert Rules.decode(encoded) == Rules(**rules)
    assert Rules.decode({**encoded, "of a later version": 1}) == Rules(**rules)
    assert (Rules().encode(), Rules.decode({})) == ({}, Rules())
