"""All SQL behind a server's queue: what is counted and listed there stays quick however much a server has made."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from bot.domain.queue import LANES, AtWork, Lane, Narrowed, Tally
from bot.domain.tasks import ErrorCode, Kind, State, TaskId
from bot.store.database import Database
from bot.store.schema import ENDED, OPEN, T
from bot.store.statements import AnyColumn

ENDINGS = (State.COMPLETED, State.FAILED, State.CANCELLED)
"""Those of `ENDED`, named so that its index is searched state by state."""
ENDED_AMONG = 50_000
"""How many of the newest ended tasks the lists reach back over; more would take too long to search."""


class QueueStore:
    """Questions to `music_tasks` about one server, for its moderators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tally(self, guild_id: int, since: datetime) -> Tally:
        """How many tasks of a server are open, and how many have come to an end since a moment."""
        own = T.guild_id == guild_id
        opened = select(T.state, func.count(), func.min(T.id)).where(OPEN, own).group_by(T.state)
        closed = (
            select(T.state, T.error_code, func.count())
            .where(ENDED, own, T.state.in_(ENDINGS), T.state_at >= since)
            .group_by(T.state, T.error_code)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(opened)).all()
            ended = (await connection.execute(closed)).all()
            waiting = [first for state, _, first in rows if state in LANES[Lane.WAITING]]
            oldest = select(T.created_at).where(T.id == min(waiting, default=0))
            oldest_waiting_at = (await connection.execute(oldest)).scalar()
        counts: Counter[State] = Counter()
        failures: dict[ErrorCode | None, int] = {}
        for state, code, count in ended:
            counts[State(state)] += count
            if state == State.FAILED:
                failures[ErrorCode(code) if code else None] = count
        return Tally(
            open={State(state): count for state, count, _ in rows},
            ended=counts,
            failures=failures,
            oldest_waiting_at=oldest_waiting_at,
        )

    async def at_work(self, guild_id: int) -> Sequence[AtWork]:
        """What a server has at the provider, oldest first; overdue tasks are among it."""
        found = select(T.id).where(OPEN, T.guild_id == guild_id, T.state.in_(LANES[Lane.STUCK]))
        query = select(T.id, T.kind, T.model, T.user_id, T.submitted_at).where(
            T.id.in_(found), T.submitted_at.is_not(None)
        )  # in two steps, for only the ids are in the index
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(T.id))).all()
        return [
            AtWork(id=TaskId(id_), kind=Kind(kind), model=model, user_id=user_id, submitted_at=submitted_at)
            for id_, kind, model, user_id, submitted_at in rows
        ]

    async def ids(self, guild_id: int, narrowed: Narrowed, *, skip: int, limit: int) -> Sequence[TaskId]:
        """Which tasks of a server are wanted: open ones oldest first, ended ones by when they did, the newest first.

        Whether a task is stuck is not in its row: that lane is the caller's. Ended tasks are looked for among the
        newest `ENDED_AMONG` of their lane.
        """
        wanted = [T.guild_id == guild_id, T.state.in_(LANES[narrowed.lane])]
        if narrowed.is_open:
            query = select(T.id).where(OPEN, *wanted, *_narrowing(narrowed)).order_by(_out_of_order())
        else:
            if narrowed.is_narrow:
                last = select(T.state_at).where(ENDED, *wanted).order_by(T.state_at.desc()).offset(ENDED_AMONG).limit(1)
                wanted.append(T.state_at >= func.coalesce(last.scalar_subquery(), 0))
            query = select(T.id).where(ENDED, *wanted, *_narrowing(narrowed))
            query = query.order_by(T.state_at.desc(), T.id.desc())
        async with self._database.read() as connection:
            found = (await connection.execute(query.offset(min(skip, ENDED_AMONG)).limit(limit))).scalars()
            return [TaskId(task_id) for task_id in found]


def _narrowing(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    kind = [T.kind == narrowed.kind] if narrowed.kind is not None else []
    return kind + ([T.user_id == narrowed.user_id] if narrowed.user_id is not None else [])


def _out_of_order() -> AnyColumn:
    """By id, as an expression: else a planner may walk through everything ever made to find it sorted."""
    return T.id + 0
