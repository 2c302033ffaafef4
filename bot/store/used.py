"""Counting what a member and their server have used, inside the transaction that would add to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, case, func, select, true, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.charges import LAST_ONE_COUNTS, MAY_BE_CHARGED
from bot.domain.limits import Used, day_of, has_budget, is_warned, month_of
from bot.domain.privacy import NOBODY
from bot.domain.rules import EVERYWHERE, OVERALL, Rules, Server
from bot.domain.tasks import RELEASED, State
from bot.store.schema import OPEN, Dollars, T, servers

AT_PROVIDER = (State.SUBMITTING, State.RUNNING)
IN_LINE = (State.RECEIVED, State.QUEUED)
TIMES = case(
    (T.state == State.ABANDONED, 0),
    (and_(T.state == State.UNCERTAIN, T.unclear_attempts == 0), 1),
    (T.state.in_(LAST_ONE_COUNTS), T.unclear_attempts + 1),
    (and_(T.state == State.FAILED, T.error_code.in_(MAY_BE_CHARGED)), T.unclear_attempts + 1),
    else_=T.unclear_attempts,
)
"""`times_charged` in SQL; a test holds the two together."""
ESTIMATE = type_coerce(T.price_max_usd * TIMES, Dollars)
"""The most that the catalogue says of a task."""
MAY_COST = func.coalesce(T.cost_usd, ESTIMATE, 0)
"""What the provider's records say that a task has cost, else the most that it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtProvider:
    """How many tasks are at the provider."""

    member: int
    server: int


async def lock_server(connection: AsyncConnection, guild_id: int | None) -> None:
    """Let nobody else count this server's tasks until the transaction ends; SQLite has one writer anyway.

    `OVERALL` is locked after a server, never before one: in this order no two transactions wait for each other.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(guild_id or EVERYWHERE)))


async def running_in(connection: AsyncConnection, guild_id: int | None, user_id: int) -> AtProvider:
    """What a member and a server have at the provider; all direct messages are one server."""
    running = T.state.in_(AT_PROVIDER)
    query = select(_sum(and_(running, T.user_id == user_id)), _sum(running)).where(OPEN, home(guild_id))
    member, server = (await connection.execute(query)).one()
    return AtProvider(member=member, server=server)


async def used_in(connection: AsyncConnection, guild_id: int | None, user_id: int, rules: Rules, now: datetime) -> Used:
    """What counts against the limits of a member and a server; only what these rules limit is counted."""
    waiting, own = T.state.in_(IN_LINE), T.user_id == user_id
    line = select(_sum(and_(waiting, own)), _sum(waiting)).where(OPEN, home(guild_id))
    waiting_member, waiting_server = (await connection.execute(line)).one()
    used = Used(waiting_member=waiting_member, waiting_server=waiting_server)
    day, month = day_of(now), month_of(now)
    if has_budget(rules) or rules.daily_per_member is not None or rules.daily_per_server is not None:
        counts = T.state.not_in(RELEASED)
        today = and_(counts, T.created_at >= day)
        counted = select(_sum(and_(today, own)), _sum(today), _sum(counts), func.sum(MAY_COST)).where(
            home(guild_id), T.created_at >= (month if has_budget(rules) else day)
        )
        day_member, day_server, songs, usd = (await connection.execute(counted)).one()
        used = replace(
            used, day_member=day_member, day_server=day_server, month_songs=songs, month_usd=Decimal(usd or 0)
        )
    return used


async def used_in_month(connection: AsyncConnection, guild_id: int, now: datetime) -> Used:
    """What counts against a month's budget: of a server, of direct messages (`EVERYWHERE`), or of all (`OVERALL`)."""
    counted = select(_sum(T.state.not_in(RELEASED)), func.sum(MAY_COST)).where(
        true() if guild_id == OVERALL else home(guild_id or None), T.created_at >= month_of(now)
    )
    songs, usd = (await connection.execute(counted)).one()
    return Used(month_songs=songs, month_usd=Decimal(usd or 0))


async def in_use(connection: AsyncConnection, guild_id: int, now: datetime) -> dict[str, int | Decimal]:
    """What counts against each limit of a server at this moment, by the limit's name in `Rules`.

    Of members, it is the most that any one of them has.
    """
    here, day = home(guild_id or None), day_of(now)
    running, waiting, counts = _sum(T.state.in_(AT_PROVIDER)), _sum(T.state.in_(IN_LINE)), T.state.not_in(RELEASED)
    open_ones = select(T.user_id, running, waiting).where(OPEN, here).group_by(T.user_id)
    under_way = (await connection.execute(open_ones)).all()
    today = select(T.user_id, func.count()).where(here, counts, T.created_at >= day).group_by(T.user_id)
    days = (await connection.execute(today)).all()
    month = await used_in_month(connection, guild_id, now)
    by_member = {
        "running": [(one[0], one[1]) for one in under_way],
        "waiting": [(one[0], one[2]) for one in under_way],
        "daily": [(one[0], one[1]) for one in days],
    }
    return {
        **{  # those who were erased are many, and nobody
            f"{name}_per_member": max((number for user_id, number in numbers if user_id != NOBODY), default=0)
            for name, numbers in by_member.items()
        },
        **{f"{name}_per_server": sum(number for _, number in numbers) for name, numbers in by_member.items()},
        "monthly_songs": month.month_songs,
        "monthly_usd": month.month_usd,
    }


async def look_at_budget(connection: AsyncConnection, home: Server, now: datetime) -> None:
    """Remember, once a month, that a server has to be warned, if most of its budget is used at this moment."""
    if has_budget(home.rules):
        await warn_if_due(connection, home, await used_in_month(connection, home.guild_id, now), now)


async def warn_if_due(connection: AsyncConnection, home: Server, used: Used, now: datetime) -> None:
    """Remember, once a month, that a server has to be warned, if this is most of its budget."""
    if not is_warned(home.rules, used):
        return
    month = month_of(now)
    row = servers.c.guild_id == home.guild_id, servers.c.warned_for.is_distinct_from(month)
    await connection.execute(update(servers).where(*row).values(warned_for=month, warning_due=True))


def home(guild_id: int | None) -> ColumnElement[bool]:
    """The tasks of a server; those of all direct messages where there is none."""
    return T.guild_id.is_(None) if guild_id is None else T.guild_id == guild_id


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
