"""All SQL about the audit: what was done, by whom and to whom, the people as random references."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.audit import Act, AuditLine, Deed
from bot.domain.tasks import TaskId
from bot.store.database import Database
from bot.store.rows import AnyRow, values_of
from bot.store.schema import audit, people
from bot.store.statements import AnyColumn, insert_or

REF_BYTES = 16
ACTOR, SUBJECT = people.alias("actor"), people.alias("subject")


class AuditStore:
    """The rows of `audit`, read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, guild_id: int, *, acts: Sequence[Act] = (), skip: int, limit: int) -> Sequence[AuditLine]:
        """What was done in a server, newest first; all acts if none is named."""
        async with self._database.read() as connection:
            newest = audit.c.id.desc()
            return await lines_of(connection, *_wanted(guild_id, acts), order=newest, skip=skip, limit=limit)

    async def count(self, guild_id: int, *, acts: Sequence[Act] = ()) -> int:
        """How many lines `page` has in all."""
        async with self._database.read() as connection:
            query = select(func.count()).select_from(audit).where(*_wanted(guild_id, acts))
            return (await connection.execute(query)).scalar_one()


async def lines_of(
    connection: AsyncConnection,
    *conditions: ColumnElement[bool],
    order: AnyColumn,
    skip: int = 0,
    limit: int,
) -> list[AuditLine]:
    """Lines with the people behind their references."""
    query = (
        select(audit, ACTOR.c.user_id.label("actor_id"), SUBJECT.c.user_id.label("subject_id"))
        .outerjoin(ACTOR, ACTOR.c.ref == audit.c.actor_ref)
        .outerjoin(SUBJECT, SUBJECT.c.ref == audit.c.subject_ref)
        .where(*conditions)
        .order_by(order)
        .offset(skip)
        .limit(limit)
    )
    return [_line_of(row) for row in (await connection.execute(query)).all()]


async def write_deed(connection: AsyncConnection, deed: Deed, now: datetime) -> None:
    """Add a line inside the transaction that does what it tells of."""
    concerned = {one for one in (deed.actor_id, deed.subject_id) if one is not None}
    # in one order: of two deeds that name new people crosswise, each would wait for the other
    refs = {one: await _ref_of(connection, one) for one in sorted(concerned)}
    await connection.execute(
        insert(audit).values(
            at=now,
            act=deed.act,
            guild_id=deed.guild_id,
            task_id=deed.task_id,
            reason=deed.reason,
            before=dict(deed.before),
            after=dict(deed.after),
            actor_ref=None if deed.actor_id is None else refs[deed.actor_id],
            subject_ref=None if deed.subject_id is None else refs[deed.subject_id],
        )
    )


async def _ref_of(connection: AsyncConnection, user_id: int) -> str:
    new = insert_or(connection, people).values(user_id=user_id, ref=secrets.token_hex(REF_BYTES))
    # an update of nothing, so that the row that is there is held: an erasure of the person meanwhile waits
    known = new.on_conflict_do_update(index_elements=["user_id"], set_={"user_id": user_id}).returning(people.c.ref)
    return str((await connection.execute(known)).scalar_one())


def _wanted(guild_id: int, acts: Sequence[Act]) -> list[ColumnElement[bool]]:
    return [audit.c.guild_id == guild_id, *([audit.c.act.in_(acts)] if acts else [])]


def _line_of(row: AnyRow) -> AuditLine:
    values = values_of(row)
    task_id = values["task_id"]
    return AuditLine(**{**values, "act": Act(values["act"]), "task_id": None if task_id is None else TaskId(task_id)})
