"""All SQL about what was used and what it cost: sums for `/usage`, the rows of an account book, costs from the bill."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
    true,
    type_coerce,
    update,
)

from bot.clock import Clock
from bot.domain.charges import MAY_BE_CHARGED, UNDER_WAY, UNKNOWN, Charge
from bot.domain.limits import Used
from bot.domain.rules import EVERYWHERE, OVERALL, Rules
from bot.domain.tasks import AttemptOutcome, Kind, State, TaskId
from bot.domain.usage import DAY, SHOWN_MOST, DayRow, Entry, MemberRow, Span, Spent, Unrecorded, Usage, Whose
from bot.store.database import Database
from bot.store.rows import AnyRow, values_of
from bot.store.schema import EPOCH, T, attempts, music_tasks
from bot.store.servers import look_at_budget_of
from bot.store.used import ESTIMATE, MAY_COST, used_in

CHARGE = case(
    (or_(T.state == State.COMPLETED, T.cost_usd > 0), Charge.SETTLED),
    (T.state.in_(UNDER_WAY), Charge.RESERVED),
    (T.state.in_(UNKNOWN), Charge.UNCLEAR),
    (
        and_(T.state != State.ABANDONED, or_(T.unclear_attempts > 0, T.error_code.in_(MAY_BE_CHARGED))),
        Charge.UNCLEAR,
    ),
    else_=literal(Charge.FREE, String),
)
"""`charge_of` in SQL; a test holds the two together."""
DAY_NUMBER = type_coerce(T.created_at, BigInteger) // (DAY // timedelta(milliseconds=1))
SUMS = (
    func.count().label("tasks"),
    func.coalesce(func.sum(T.cost_usd), 0).label("recorded_usd"),
    func.coalesce(func.sum(case((T.cost_usd.is_(None), ESTIMATE))), 0).label("estimated_usd"),
    func.count(case((func.coalesce(T.cost_usd, T.price_max_usd).is_(None), 1))).label("unpriced"),
)
PAGE_ROWS = 1000
ENTRY_COLUMNS = [T[name] for name in Entry.__dataclass_fields__ if name != "charge"]
NEWEST = 20_000
"""The newest tasks, among which those are looked for whose cost is not known yet: what keeps that cheap."""


class UsageStore:
    """Questions to `music_tasks` about money, and the one column that the provider's records fill."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def usage(self, whose: Whose, span: Span) -> Usage:
        """What was asked for in these days and may cost something; of a server also who used most."""
        charged = and_(_asked(whose, span), CHARGE != Charge.FREE)
        days = select(DAY_NUMBER.label("day"), T.model, CHARGE.label("charge"), *SUMS).where(charged)
        days = days.group_by(text("day"), T.model, text("charge"))  # by name: PostgreSQL knows no second spelling
        members = select(T.user_id, *SUMS).where(charged).group_by(T.user_id)
        members = members.order_by(func.sum(MAY_COST).desc(), func.count().desc(), T.user_id).limit(SHOWN_MOST + 1)
        async with self._database.read() as connection:
            by_day = (await connection.execute(days)).all()
            by_member = (await connection.execute(members)).all() if whose.guild_id is not None else []
        return Usage(
            span=span,
            rows=[
                DayRow(
                    day=(EPOCH + row.day * DAY).date(), model=row.model, charge=Charge(row.charge), spent=_spent_of(row)
                )
                for row in by_day
            ],
            members=[MemberRow(user_id=row.user_id, spent=_spent_of(row)) for row in by_member],
        )

    async def used(self, guild_id: int | None, user_id: int, rules: Rules, now: datetime) -> Used:
        """What counts against the limits of a member and a server now; only what these rules limit is counted."""
        async with self._database.read() as connection:
            return await used_in(connection, guild_id, user_id, rules, now)

    async def entries(self, whose: Whose, span: Span) -> AsyncIterator[list[Entry]]:
        """Every task that was asked for in these days, oldest first, a page at a time."""
        after: ColumnElement[bool] = true()
        while True:
            query = select(*ENTRY_COLUMNS, CHARGE.label("charge")).where(_asked(whose, span), after)
            async with self._database.read() as connection:
                rows = (await connection.execute(query.order_by(T.created_at, T.id).limit(PAGE_ROWS))).all()
            yield [_entry_of(row) for row in rows]
            if len(rows) < PAGE_ROWS:
                return
            last = rows[-1]
            after = and_(T.created_at >= last.created_at, or_(T.created_at > last.created_at, T.id > last.id))

    # --- the provider's records ------------------------------------------------------------------------------------

    async def unrecorded(self, since: datetime) -> list[Unrecorded]:
        """Tasks since a moment that may have been charged and whose cost is not known, oldest first."""
        newest = select(func.coalesce(func.max(T.id), 0) - NEWEST).scalar_subquery()
        waits = and_(
            T.id > newest, T.state_at >= since, T.cost_usd.is_(None), CHARGE.in_((Charge.SETTLED, Charge.UNCLEAR))
        )
        columns = (T.id, T.attempt, T.state_at, T.request_id, T.billing_transaction_id)
        tries = attempts.c
        charged = tries.outcome.in_((AttemptOutcome.ACCEPTED, AttemptOutcome.UNKNOWN))
        sent = select(tries.task_id, tries.number, tries.started_at, tries.request_id)
        sent = sent.where(tries.task_id.in_(select(T.id).where(waits)), charged).order_by(tries.number)
        async with self._database.read() as connection:
            rows = (await connection.execute(select(*columns).where(waits))).all()
            of_task: dict[int, list[AnyRow]] = defaultdict(list)
            for one in (await connection.execute(sent)).all():
                of_task[one.task_id].append(one)
        found = [_unrecorded_of(row, of_task[row.id]) for row in rows]
        return sorted((one for one in found if one.last or one.earlier), key=lambda one: one.sent_at)

    async def record(self, costs: Mapping[TaskId, Decimal]) -> None:
        """Write what tasks have cost; what is on record already stays. A budget may be due for a warning now."""
        homes: set[int] = set()
        async with self._database.write() as connection:
            for task_id, cost_usd in sorted(costs.items()):
                row = update(music_tasks).where(T.id == task_id, T.cost_usd.is_(None))
                of_server = await connection.execute(row.values(cost_usd=cost_usd).returning(T.guild_id))
                homes |= {one for guild_id in of_server.scalars() for one in (guild_id or EVERYWHERE, OVERALL)}
        for guild_id in sorted(homes):
            async with self._database.write() as connection:
                await look_at_budget_of(connection, guild_id, self._clock())


def _asked(whose: Whose, span: Span) -> ColumnElement[bool]:
    theirs = T.user_id == whose.user_id if whose.guild_id is None else T.guild_id == whose.guild_id
    return and_(theirs, T.created_at >= span.since, T.created_at < span.until)


def _unrecorded_of(row: AnyRow, tries: Sequence[AnyRow]) -> Unrecorded:
    last = [name for name in (row.billing_transaction_id, row.request_id) if name]
    earlier = [one.request_id for one in tries if one.number < row.attempt and one.request_id]
    sent_at = min((one.started_at for one in tries), default=row.state_at)
    return Unrecorded(id=TaskId(row.id), sent_at=sent_at, last=last, earlier=earlier)


def _spent_of(row: AnyRow) -> Spent:
    return Spent(
        tasks=row.tasks,
        recorded_usd=Decimal(row.recorded_usd),
        estimated_usd=Decimal(row.estimated_usd),
        unpriced=row.unpriced,
    )


def _entry_of(row: AnyRow) -> Entry:
    values = values_of(row)
    values["kind"], values["state"], values["charge"] = Kind(row.kind), State(row.state), Charge(row.charge)
    return Entry(**values)
