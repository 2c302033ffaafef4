"""The rows of music tasks: how they are made, and the one way in which they change."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.domain.audit import Deed
from bot.domain.limits import LimitReachedError, limit_reached
from bot.domain.listing import search_text
from bot.domain.rules import EVERYWHERE
from bot.domain.tasks import AttemptOutcome, MusicTask, NewTask, Role, StaleTaskError, State
from bot.domain.transitions import Accepted, Change, Part
from bot.store.changes import change_task, remember_message, remember_move
from bot.store.database import Database
from bot.store.queries import TaskQueries
from bot.store.rows import TASK_COLUMNS, task_of
from bot.store.schema import T, attempts, music_tasks
from bot.store.servers import ask_overall, server_in
from bot.store.statements import insert_or, lock_in_order
from bot.store.used import in_use, lock_server, used_in, warn_if_due

WISH = [
    name
    for name in (one.name for one in fields(NewTask))
    if name not in {"origin_key", "message_id", "interaction_token"}
]
"""What a task keeps of its wish, whatever becomes of it."""
ANSWER = [one.name for one in fields(Accepted) if one.name in T]
"""What a row keeps of the answer to its create."""


class TaskStore(TaskQueries):
    """The rows of `music_tasks`, `attempts` and `task_messages`: all questions, and all changes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock

    # --- making and moving -------------------------------------------------------------------------------------

    async def add(self, new: NewTask) -> tuple[MusicTask, bool]:
        """Write the row of a wish, unless the same origin has one already.

        Returns:
            The task, and whether it is new.

        Raises:
            LimitReachedError: a limit of the member, of the server or overall is reached; nothing was written.
        """
        try:
            async with self._database.write() as connection:
                return await insert_task(connection, new, self._clock()), True
        except (IntegrityError, LimitReachedError):  # reached, perhaps by this very wish
            if (known := await self.by_origin(new.origin_key)) is None:
                raise
            return known, False

    async def apply(self, task: MusicTask, change: Change, deed: Deed | None = None) -> MusicTask:
        """Change a task, with all that belongs to it, in one transaction; the only way that a task changes.

        Args:
            task: as it was read. A change that is guarded holds only while it is still in that state and attempt.
            change: what happens to it.
            deed: a moderator's, which is written to the audit along with it.

        Returns:
            The task as it is now.

        Raises:
            StaleTaskError: the change does not hold any more, or (for `Claimed`) may not be made now.
            LimitReachedError: for `Retried`: the money, the server's or overall, does not suffice for one more try.
            InvalidMoveError: a move that does not lead out of the state of `task`.
        """
        async with self._database.write() as connection:
            return await change_task(connection, task, change, now=self._clock(), deed=deed)

    async def apply_all(self, changes: Iterable[tuple[MusicTask, Change]]) -> list[MusicTask]:
        """Apply several changes in one transaction; those that do not hold any more are left out.

        Returns:
            The tasks that were changed, as they are then, by id; one that was changed twice is there twice.

        Raises:
            InvalidMoveError: see `apply`; nothing was written.
        """
        done, now = [], self._clock()
        # in one order: of two batches that name tasks crosswise, each would wait for the other
        ordered = sorted(changes, key=lambda pair: pair[0].id)
        async with self._database.write() as connection:
            for task, change in ordered:
                with suppress(StaleTaskError):
                    done.append(await change_task(connection, task, change, now=now))
        return done

    async def in_use(self, guild_id: int) -> dict[str, int | Decimal]:
        """What counts against each limit of a server at this moment, by the limit's name in `Rules`."""
        async with self._database.read() as connection:
            return await in_use(connection, guild_id, self._clock())

    async def keep_late_answer(self, task: MusicTask, accepted: Accepted) -> None:
        """An attempt was accepted although its task went on without it: what it makes becomes a task of its own.

        That one is RUNNING, has no card yet, and is written once however often this is tried. What belongs to a
        task that was deleted meanwhile is wanted by nobody: only the attempt is noted.
        """
        now = self._clock()
        twin = {
            **{name: getattr(task, name) for name in WISH},
            **{name: getattr(accepted, name) for name in ANSWER},
            "origin_key": f"a:{task.id}:{task.attempt}",
            "search_text": search_text(title=task.title, made_title=None, prompt=task.prompt),
            "state": State.RUNNING,
            "created_at": task.created_at,
            "state_at": now,
        }
        async with self._database.write() as connection:
            await connection.execute(
                update(attempts)
                .where(attempts.c.task_id == task.id, attempts.c.number == task.attempt)
                .values(
                    provider_task_id=accepted.provider_task_id,
                    request_id=accepted.request_id,
                    outcome=AttemptOutcome.ACCEPTED,
                    ended_at=now,
                )
            )
            known = select(T.deleted_at).where(T.id == task.id).with_for_update()  # SQLite has one writer anyway
            if (await connection.execute(known)).scalar_one() is None:
                once = insert_or(connection, music_tasks).values(**twin).on_conflict_do_nothing()
                if (row := (await connection.execute(once.returning(*TASK_COLUMNS))).first()) is not None:
                    await remember_move(connection, task_of(row), None, Part.SUBMITTER)

    async def remember_message(self, task: MusicTask, *, message_id: int, channel_id: int, role: Role) -> None:
        """Note that this message shows the task."""
        async with self._database.write() as connection:
            await remember_message(connection, task.id, message_id, channel_id, role)

    async def erase_tokens(self, before: datetime) -> int:
        """Forget the interaction tokens that began before a moment; return how many."""
        dead = and_(T.interaction_token.is_not(None), T.token_at < before)
        async with self._database.write() as connection:
            await lock_in_order(connection, dead)
            return (await connection.execute(update(music_tasks).where(dead).values(interaction_token=None))).rowcount


async def insert_task(connection: AsyncConnection, new: NewTask, now: datetime) -> MusicTask:
    """Write a RECEIVED row inside a running transaction, within the limits of its member and its server, and overall.

    Raises:
        LimitReachedError: one is reached.
        IntegrityError: the origin has a row already.
    """
    await lock_server(connection, new.guild_id)
    home = await server_in(connection, new.guild_id or EVERYWHERE)
    used = await used_in(connection, new.guild_id, new.user_id, home.rules, now)
    if (limit := limit_reached(home.rules, used, costs_usd=new.price_max_usd)) is not None:
        raise LimitReachedError(limit)
    month_usd = used.month_usd + (new.price_max_usd or 0)
    await warn_if_due(connection, home, replace(used, month_songs=used.month_songs + 1, month_usd=month_usd), now)
    await ask_overall(connection, now, songs=1, costs_usd=new.price_max_usd)
    words = search_text(title=new.title, made_title=None, prompt=new.prompt)
    values = {**asdict(new), "search_text": words, "state": State.RECEIVED, "created_at": now, "state_at": now}
    task = task_of((await connection.execute(insert(music_tasks).values(**values).returning(*TASK_COLUMNS))).one())
    await remember_move(connection, task, None, Part.MEMBER)
    return task
