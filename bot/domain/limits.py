"""How much one member and one server may have under way, in a day and in a month: pure decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.rules import BUDGETS, Rules

WARNED_FROM = Decimal("0.8")
"""The share of a month's budget from which its server is warned."""


class Limit(StrEnum):
    """Which limit one more wish would break."""

    WAITING_MEMBER = "waiting_member"
    WAITING_SERVER = "waiting_server"
    DAY_MEMBER = "day_member"
    DAY_SERVER = "day_server"
    MONTH_SONGS = "month_songs"
    MONTH_USD = "month_usd"
    OVERALL = "overall"
    """The operator's budget over everything, in songs or in money."""
    UNPRICED = "unpriced"
    """There is a budget in money, and nobody knows what the wish would take of it."""


class LimitReachedError(Exception):
    """One more wish would break a limit; nothing was written."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a member and their server have used, counted in the transaction that would add one more.

    What was made counts, what is under way, and what is unclear; failed, cancelled and never shown tasks don't. Money
    counts as on the bill: also what a task that failed, or was dropped, has cost or may have.
    """

    waiting_member: int = 0
    waiting_server: int = 0
    day_member: int = 0
    day_server: int = 0
    month_songs: int = 0
    month_usd: Decimal = Decimal(0)


def limit_reached(rules: Rules, used: Used, *, costs_usd: Decimal | None) -> Limit | None:
    """Which limit one more wish that may cost so much (None: nobody knows) would break; the nearest one first."""
    pairs = (
        (Limit.WAITING_MEMBER, used.waiting_member, rules.waiting_per_member),
        (Limit.WAITING_SERVER, used.waiting_server, rules.waiting_per_server),
        (Limit.DAY_MEMBER, used.day_member, rules.daily_per_member),
        (Limit.DAY_SERVER, used.day_server, rules.daily_per_server),
        (Limit.MONTH_SONGS, used.month_songs, rules.monthly_songs),
    )
    for limit, so_many, most in pairs:
        if most is not None and so_many >= most:
            return limit
    return money_limit_reached(rules, used, costs_usd=costs_usd)


def overall_limit_reached(rules: Rules, used: Used, *, songs: int, costs_usd: Decimal | None) -> Limit | None:
    """Which limit of the budget over everything one more song, or none but one more try, would break."""
    if rules.monthly_songs is not None and songs and used.month_songs + songs > rules.monthly_songs:
        return Limit.OVERALL
    limit = money_limit_reached(rules, used, costs_usd=costs_usd)
    return Limit.OVERALL if limit is Limit.MONTH_USD else limit


def money_limit_reached(rules: Rules, used: Used, *, costs_usd: Decimal | None) -> Limit | None:
    """Which limit one more try that may cost so much would break: it is no other wish."""
    if rules.monthly_usd is None:
        return None
    if costs_usd is None:
        return Limit.UNPRICED
    return Limit.MONTH_USD if used.month_usd + costs_usd > rules.monthly_usd else None


def has_budget(rules: Rules) -> bool:
    """Whether anything limits a month."""
    return any(getattr(rules, name) is not None for name in BUDGETS)


def is_warned(rules: Rules, used: Used) -> bool:
    """Whether most of the month's budget is used, in songs or in money."""
    songs = rules.monthly_songs is not None and used.month_songs >= rules.monthly_songs * WARNED_FROM
    return songs or (rules.monthly_usd is not None and used.month_usd >= rules.monthly_usd * WARNED_FROM)


def below_use(rules: Rules, in_use: Mapping[str, int | Decimal]) -> list[str]:
    """Which limits, by their names in `Rules`, are lower than what is in use now; it stays, nothing is added."""
    limits = {name: getattr(rules, name) for name in in_use}
    return [name for name, most in limits.items() if most is not None and most < in_use[name]]


def may_run(rules: Rules, *, member: int, server: int) -> bool:
    """Whether one more task may be sent to the provider beside those of the member and the server."""
    return member < rules.running_per_member and (rules.running_per_server is None or server < rules.running_per_server)


def day_of(now: datetime) -> datetime:
    """The beginning of the day, in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def month_of(now: datetime) -> datetime:
    """The beginning of the month, in UTC."""
    return day_of(now).replace(day=1)


def next_month_of(now: datetime) -> datetime:
    """The beginning of the next month, in UTC."""
    return month_of(month_of(now) + timedelta(days=31))
