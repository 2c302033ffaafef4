"""All SQL that gathers what is kept of one person."""

from collections import defaultdict

from sqlalchemy import Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.audit import AuditLine
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.lyrics import LyricsVersion
from bot.domain.members import Preferences
from bot.domain.privacy import Attempt, KeptTask, TaskMove
from bot.domain.tasks import AttemptOutcome, State, TaskId
from bot.domain.transitions import Part
from bot.store.audit import lines_of
from bot.store.database import Database
from bot.store.rows import (
    DRAFT_COLUMNS,
    MEMBER_COLUMNS,
    TASK_COLUMNS,
    AnyRow,
    draft_of,
    preferences_of,
    task_of,
    values_of,
)
from bot.store.schema import (
    T,
    attempts,
    audit,
    blocks,
    drafts,
    lyrics_versions,
    members,
    people,
    task_messages,
    task_moves,
)


class ExportStore:
    """Reads everything that bears a person's id, the long lists in batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def preferences(self, user_id: int) -> Preferences | None:
        """What the person has chosen for good, if anything."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(*MEMBER_COLUMNS).where(members.c.user_id == user_id))).first()
        return preferences_of(row) if row else None

    async def drafts(self, user_id: int) -> list[Draft]:
        """The person's wishes that wait for a confirmation."""
        query = select(*DRAFT_COLUMNS).where(drafts.c.user_id == user_id).order_by(drafts.c.id)
        async with self._database.read() as connection:
            return [draft_of(row) for row in (await connection.execute(query)).all()]

    async def blocks(self, user_id: int) -> list[Block]:
        """Every block on the person, also one that has ended."""
        query = select(blocks).where(blocks.c.user_id == user_id).order_by(blocks.c.guild_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Block(**values_of(row)) for row in rows]

    async def audit(self, user_id: int, *, after: int, limit: int) -> list[AuditLine]:
        """What the person did as a moderator and what was done to them, oldest first, from behind a line on."""
        ref = select(people.c.ref).where(people.c.user_id == user_id).scalar_subquery()
        theirs = or_(audit.c.actor_ref == ref, audit.c.subject_ref == ref), audit.c.id > after
        async with self._database.read() as connection:
            return await lines_of(connection, *theirs, order=audit.c.id, limit=limit)

    async def tasks(self, user_id: int, *, after: int, limit: int) -> list[KeptTask]:
        """The person's tasks with all that belongs to them, oldest first, from behind one on."""
        query = select(*TASK_COLUMNS).where(T.user_id == user_id, T.id > after).order_by(T.id).limit(limit)
        async with self._database.read() as connection:
            tasks = [task_of(row) for row in (await connection.execute(query)).all()]
            ids = [task.id for task in tasks]
            tried = await _by_task(connection, attempts, ids)
            moved = await _by_task(connection, task_moves, ids)
            replaced = await _by_task(connection, lyrics_versions, ids)
            shown = await _by_task(connection, task_messages, ids)
            charged = await connection.execute(select(T.id, T.cost_usd).where(T.id.in_(ids)))
            costs = {row.id: row.cost_usd for row in charged}
        return [
            KeptTask(
                task=task,
                attempts=tuple(map(_attempt_of, tried[task.id])),
                moves=tuple(map(_move_of, moved[task.id])),
                versions=tuple(
                    LyricsVersion(number=row.number, replaced_at=row.replaced_at, text=row.text)
                    for row in replaced[task.id]
                ),
                messages=tuple((row.channel_id, row.message_id) for row in shown[task.id]),
                cost_usd=costs[task.id],
            )
            for task in tasks
        ]


async def _by_task(connection: AsyncConnection, table: Table, ids: list[TaskId]) -> dict[TaskId, list[AnyRow]]:
    found: dict[TaskId, list[AnyRow]] = defaultdict(list)
    query = select(table).where(table.c.task_id.in_(ids)).order_by(*table.primary_key.columns)
    for row in await connection.execute(query):
        found[row.task_id].append(row)
    return found


def _attempt_of(row: AnyRow) -> Attempt:
    return Attempt(
        number=row.number,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=AttemptOutcome(row.outcome),
        request_id=row.request_id,
        provider_task_id=row.provider_task_id,
        version=row.version,
    )


def _move_of(row: AnyRow) -> TaskMove:
    return TaskMove(
        from_state=State(row.from_state) if row.from_state else None,
        to_state=State(row.to_state),
        at=row.at,
        part=Part(row.part),
        attempt=row.attempt,
    )
