"""What a member or a server has used in a while: plain values and their sums. Days and months are those of UTC."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import reduce

from bot.domain.charges import COUNTED, Charge
from bot.domain.limits import day_of, month_of, next_month_of
from bot.domain.tasks import Kind, State, TaskId

DAY = timedelta(days=1)
DAYS_BACK = 30


class Scope(StrEnum):
    """Whose usage is looked at."""

    OWN = "own"
    """The member's own, wherever they asked."""
    SERVER = "server"


class Period(StrEnum):
    """Which days are looked at."""

    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    LAST_DAYS = "last_days"
    """The last 30, today included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole days from `since` to before `until`."""

    since: datetime
    until: datetime

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [(self.since + DAY * number).date() for number in range((self.until - self.since) // DAY)]


def span_of(period: Period, now: datetime) -> Span:
    """The days of a period, seen from now."""
    match period:
        case Period.THIS_MONTH:
            return Span(since=month_of(now), until=next_month_of(now))
        case Period.LAST_MONTH:
            return Span(since=month_of(month_of(now) - DAY), until=month_of(now))
        case Period.LAST_DAYS:
            until = day_of(now) + DAY
            return Span(since=until - DAYS_BACK * DAY, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose tasks: a member's own or those of a server."""

    user_id: int | None = None
    guild_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Some tasks, and what they cost in US dollars."""

    tasks: int = 0
    recorded_usd: Decimal = Decimal(0)
    """What the provider's records say."""
    estimated_usd: Decimal = Decimal(0)
    """The most that the catalogue said, for tasks whose cost is not on record."""
    unpriced: int = 0
    """How many of the tasks have neither cost nor price."""

    @property
    def usd(self) -> Decimal:
        """All of it, as far as known."""
        return self.recorded_usd + self.estimated_usd

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            tasks=self.tasks + other.tasks,
            recorded_usd=self.recorded_usd + other.recorded_usd,
            estimated_usd=self.estimated_usd + other.estimated_usd,
            unpriced=self.unpriced + other.unpriced,
        )


NOTHING = Spent()
SHOWN_MOST = 10
"""Maximum number of models, and of members, that are shown: those with the highest use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """What was asked for on one day of one model and stands on the bill in one way."""

    day: date
    model: str
    charge: Charge
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """What one member has asked for."""

    user_id: int
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used in a span of days."""

    span: Span
    rows: Sequence[DayRow]
    members: Sequence[MemberRow]
    """Who used most, the first one most of all, and one more than are shown; empty where it is a member's own."""

    @property
    def total(self) -> Spent:
        """All of it."""
        return _sum(row.spent for row in self.rows)

    def of(self, charge: Charge) -> Spent:
        """What stands on the bill in this way."""
        return _sum(row.spent for row in self.rows if row.charge is charge)

    @property
    def models(self) -> list[tuple[str, Spent]]:
        """By model, the dearest first."""
        found: dict[str, Spent] = {}
        for row in self.rows:
            found[row.model] = found.get(row.model, NOTHING) + row.spent
        return sorted(found.items(), key=lambda one: (-one[1].usd, -one[1].tasks, one[0]))

    def by_day(self) -> Mapping[Charge, Sequence[Spent]]:
        """For each way to stand on the bill, every day of the span in turn."""
        found: dict[tuple[Charge, date], Spent] = {}
        for row in self.rows:
            found[row.charge, row.day] = found.get((row.charge, row.day), NOTHING) + row.spent
        return {charge: [found.get((charge, day), NOTHING) for day in self.span.days] for charge in COUNTED}


def _sum(some: Iterable[Spent]) -> Spent:
    return reduce(Spent.__add__, some, NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One task as an account book has it; nothing that anybody wrote is in it."""

    id: TaskId
    created_at: datetime
    user_id: int
    kind: Kind
    state: State
    charge: Charge
    request_id: str | None
    provider_task_id: str | None
    model: str
    endpoint: str | None
    billing_transaction_id: str | None
    price_min_usd: Decimal | None
    price_max_usd: Decimal | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    """A task that the provider may have charged and whose cost is not known yet, with what names it on the bill."""

    id: TaskId
    sent_at: datetime
    """When it was sent for the first time."""
    last: Sequence[str]
    """What its last attempt is called there: one of these."""
    earlier: Sequence[str] = ()
    """What each earlier attempt is called that may have been charged, too."""

    def cost_in(self, bill: Mapping[str, Decimal], *, is_whole: bool) -> Decimal | None:
        """What a bill says, by the ids of transactions and of requests; None as long as more may follow.

        Args:
            bill: what of it has been read.
            is_whole: whether that is all: an earlier attempt that is not on it was not charged.
        """
        found = [bill[name] for name in self.last if name in bill][:1]
        if self.last and not found:
            return None
        before = [bill[name] for name in self.earlier if name in bill]
        if not (found or before) or not (is_whole or len(before) == len(self.earlier)):
            return None
        return sum([*found, *before], start=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPage:
    """A page of the provider's records."""

    costs: Mapping[str, Decimal]
    """In US dollars, by the id of the transaction and, of the same row, that of the request."""
    is_last: bool
