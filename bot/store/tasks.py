"""All SQL that changes music tasks. One statement per change, each guarded by the state that it started from."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.domain.audit import Deed
from bot.domain.limits import LimitReachedError, limit_reached, may_run, money_limit_reached
from bot.domain.listing import search_text
from bot.domain.rules import EVERYWHERE, Intake
from bot.domain.tasks import (
    CARD_REMOVED,
    AttemptOutcome,
    MediaFile,
    MusicTask,
    NewTask,
    Result,
    Role,
    StaleTaskError,
    State,
    TaskId,
    check_move,
)
from bot.store.audit import write_deed
from bot.store.database import Database
from bot.store.emptying import empty_rows
from bot.store.queries import TaskQueries
from bot.store.rows import TASK_COLUMNS, columns_of, task_of
from bot.store.schema import T, attempts, music_tasks, task_messages
from bot.store.servers import server_in
from bot.store.statements import insert_or
from bot.store.used import in_use, lock_server, look_at_budget, running_in, used_in, warn_if_due

WISH = [
    name
    for name in (one.name for one in fields(NewTask))
    if name not in {"origin_key", "message_id", "interaction_token"}
]
"""What a task keeps of its wish, whatever becomes of it."""


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
            LimitReachedError: a limit of the member or the server is reached; nothing was written.
        """
        try:
            async with self._database.write() as connection:
                return await insert_task(connection, new, self._clock()), True
        except (IntegrityError, LimitReachedError):  # reached, perhaps by this very wish
            if (known := await self.by_origin(new.origin_key)) is None:
                raise
            return known, False

    async def move(self, before: MusicTask, to: State, *, deed: Deed | None = None, **values: Any) -> MusicTask:  # noqa: ANN401 -- column values
        """Move a task on, with whatever else changes at that moment; bumps its revision.

        A moderator's deed is written to the audit along with it.

        Raises:
            InvalidMoveError: the table of moves does not know this one.
            StaleTaskError: the task is no longer in the state of `before`.
        """
        check_move(before.state, to)
        async with self._database.write() as connection:
            return await self._moved(connection, before, to, deed=deed, **values)

    async def try_again(self, before: MusicTask, to: State, *, deed: Deed | None = None, **values: Any) -> MusicTask:  # noqa: ANN401 -- column values
        """Move an unclear task back into the line: as `move`, but it may cost once more, so its budget is asked.

        Raises:
            LimitReachedError: the server's money does not suffice for one more try.
            InvalidMoveError: see `move`.
            StaleTaskError: see `move`.
        """
        check_move(before.state, to)
        now = self._clock()
        async with self._database.write() as connection:
            await lock_server(connection, before.guild_id)
            home = await server_in(connection, before.guild_id or EVERYWHERE)
            used = await used_in(connection, before.guild_id, before.user_id, home.rules, now)
            if (limit := money_limit_reached(home.rules, used, costs_usd=before.price_max_usd)) is not None:
                raise LimitReachedError(limit)
            # what is on record of it so far is read anew, together with what comes
            after = await self._moved(connection, before, to, deed=deed, cost_usd=None, **values)
            await look_at_budget(connection, home, now)
            return after

    async def in_use(self, guild_id: int) -> dict[str, int | Decimal]:
        """What counts against each limit of a server at this moment, by the limit's name in `Rules`."""
        async with self._database.read() as connection:
            return await in_use(connection, guild_id, self._clock())

    async def note(self, before: MusicTask, **values: Any) -> MusicTask:  # noqa: ANN401 -- column values
        """Write facts that leave the state alone; `revision` only grows if it is among them.

        Raises:
            StaleTaskError: the task is no longer in the state of `before`.
        """
        async with self._database.write() as connection:
            return await self._change(connection, before, **values)

    async def claim(self, task_id: TaskId) -> MusicTask | None:
        """Take a waiting task out of the line for one POST: SUBMITTING and a new attempt, in one transaction.

        Returns:
            The task, or None if it is no longer waiting, its line is held, or enough are running.
        """
        now = self._clock()
        async with self._database.write() as connection:
            row = (await connection.execute(select(*TASK_COLUMNS).where(T.id == task_id))).first()
            if row is None or (before := task_of(row)).state is not State.QUEUED:
                return None
            await lock_server(connection, before.guild_id)
            home = await server_in(connection, before.guild_id or EVERYWHERE)
            if home.intake is Intake.PAUSED:
                return None
            running = await running_in(connection, before.guild_id, before.user_id)
            if not may_run(home.rules, member=running.member, server=running.server):
                return None
            check_move(before.state, State.SUBMITTING)
            try:
                claimed = await self._change(
                    connection,
                    before,
                    state=State.SUBMITTING,
                    state_at=now,
                    revision=T.revision + 1,
                    attempt=T.attempt + 1,
                    not_before=None,
                    request_id=None,
                )
            except StaleTaskError:  # PostgreSQL lets others in between the statements
                return None
            await connection.execute(
                insert(attempts).values(
                    task_id=task_id, number=claimed.attempt, started_at=now, outcome=AttemptOutcome.UNDER_WAY
                )
            )
            return claimed

    async def keep_late_answer(self, task: MusicTask, **accepted: Any) -> None:  # noqa: ANN401 -- column values
        """An attempt was accepted although its task went on without it: what it makes becomes a task of its own.

        That one is RUNNING, has no card yet, and is written once however often this is tried. What belongs to a
        task that was deleted meanwhile is wanted by nobody: only the attempt is noted.
        """
        now = self._clock()
        answer = {name: accepted[name] for name in ("provider_task_id", "request_id")}
        twin = {
            **{name: getattr(task, name) for name in WISH},
            **accepted,
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
                .values(**answer, outcome=AttemptOutcome.ACCEPTED, ended_at=now)
            )
            known = select(T.deleted_at).where(T.id == task.id).with_for_update()  # SQLite has one writer anyway
            if (await connection.execute(known)).scalar_one() is None:
                await connection.execute(insert_or(connection, music_tasks).values(**twin).on_conflict_do_nothing())

    async def annotate(self, task_id: TaskId, **values: Any) -> None:  # noqa: ANN401 -- column values
        """Write what only the courier and the fetcher own (card, ping, media), in whatever state the task is."""
        async with self._database.write() as connection:
            await connection.execute(update(music_tasks).where(T.id == task_id).values(**columns_of(values)))

    async def media_fetched(self, task: MusicTask, media: Sequence[MediaFile]) -> None:
        """Note what audio is on disk, or that none will ever be; the card has something new to show.

        A task that was deleted meanwhile is left alone.
        """
        async with self._database.write() as connection:
            await connection.execute(
                update(music_tasks)
                .where(T.id == task.id, T.deleted_at.is_(None))
                .values(revision=T.revision + 1, media_wanted=False, **(columns_of({"media": media}) if media else {}))
            )

    async def delete(self, task: MusicTask) -> bool:
        """Empty a task that nothing will change any more: its texts are gone for good, what a bill needs stays.

        Gives whether it was still in the state of `task`.
        """
        async with self._database.write() as connection:
            still = T.state == task.state
            return await empty_rows(connection, [task.id], still, now=self._clock(), revision=T.revision + 1) > 0

    async def show_again(self, task: MusicTask, deed: Deed) -> bool:
        """Let the courier bring a finished task as if it had never been shown, and its requester be told once more.

        Gives whether it still was as `task` has it. A moderator's deed is written to the audit along with it.
        """
        statement = (
            update(music_tasks)
            .where(T.id == task.id, T.state == task.state, T.revision == task.revision, T.deleted_at.is_(None))
            .values(
                revision=T.revision + 1,
                files_shown=and_(T.files_shown, T.card_lost.is_(None)),  # a lost card does not carry them
                card_lost=None,
                show_after=None,
                show_failures=0,
                pinged_for=None,
                ping_status=None,
                ping_at=None,
            )
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                return False
            await write_deed(connection, deed, self._clock())
            return True

    async def mark_shown(self, task: MusicTask, **values: Any) -> None:  # noqa: ANN401 -- column values
        """Remember that the card shows this revision (or can't, for good); `shown_revision` only grows.

        If the task has changed meanwhile, its files do not count as shown: they may be others by now.
        """
        shown = func.max if self._database.is_sqlite else func.greatest
        if values.get("files_shown"):
            values["files_shown"] = T.revision == task.revision
        async with self._database.write() as connection:
            await connection.execute(
                update(music_tasks)
                .where(T.id == task.id)
                .values(
                    shown_revision=shown(T.shown_revision, task.revision),
                    show_failures=0,
                    show_after=None,
                    **columns_of(values),
                )
            )

    async def mark_removed(self, task: MusicTask) -> None:
        """Remember that nothing in Discord shows this deleted task any more."""
        async with self._database.write() as connection:
            await connection.execute(delete(task_messages).where(task_messages.c.task_id == task.id))
            await connection.execute(
                update(music_tasks)
                .where(T.id == task.id)
                .values(shown_revision=task.revision, show_failures=0, show_after=None, card_lost=CARD_REMOVED)
            )

    async def shown(self, before: MusicTask, message_id: int) -> MusicTask:
        """RECEIVED → QUEUED: Discord has confirmed the card, which already looks like this revision.

        Raises:
            StaleTaskError: it was confirmed already, or given up.
        """
        check_move(before.state, State.QUEUED)
        async with self._database.write() as connection:
            after = await self._change(
                connection,
                before,
                state=State.QUEUED,
                state_at=self._clock(),
                revision=T.revision + 1,
                shown_revision=T.revision + 1,
                message_id=message_id,
            )
            await _remember(connection, after, message_id, after.channel_id, Role.CARD)
        return after

    async def remember_message(self, task: MusicTask, *, message_id: int, channel_id: int, role: Role) -> None:
        """Note that this message shows the task."""
        async with self._database.write() as connection:
            await _remember(connection, task, message_id, channel_id, role)

    async def erase_tokens(self, before: datetime) -> int:
        """Forget the interaction tokens that began before a moment; gives how many."""
        dead = and_(T.interaction_token.is_not(None), T.token_at < before)
        async with self._database.write() as connection:
            return (await connection.execute(update(music_tasks).where(dead).values(interaction_token=None))).rowcount

    # --- helpers -------------------------------------------------------------------------------------------------

    async def _moved(
        self,
        connection: AsyncConnection,
        before: MusicTask,
        to: State,
        *,
        deed: Deed | None,
        **values: Any,  # noqa: ANN401 -- column values
    ) -> MusicTask:
        outcome: AttemptOutcome | None = values.pop("outcome", None)
        after = await self._change(
            connection, before, state=to, state_at=self._clock(), revision=T.revision + 1, **values
        )
        if outcome is not None:
            await self._end_attempt(connection, after, outcome)
        if deed is not None:
            await write_deed(connection, deed, self._clock())
        return after

    async def _change(self, connection: AsyncConnection, before: MusicTask, **values: Any) -> MusicTask:  # noqa: ANN401 -- column values
        if isinstance(result := values.get("result"), Result):
            words = search_text(title=before.title, made_title=result.title, prompt=before.prompt)
            values |= {"search_text": words}
        statement = (
            update(music_tasks)
            .where(T.id == before.id, T.state == before.state, T.attempt == before.attempt)
            .values(**columns_of(values))
            .returning(*TASK_COLUMNS)
        )
        if (row := (await connection.execute(statement)).first()) is None:
            raise StaleTaskError(f"task {before.id} is no longer {before.state}")
        return task_of(row)

    async def _end_attempt(self, connection: AsyncConnection, task: MusicTask, outcome: AttemptOutcome) -> None:
        await connection.execute(
            update(attempts)
            .where(attempts.c.task_id == task.id, attempts.c.number == task.attempt)
            .values(
                outcome=outcome,
                ended_at=self._clock(),
                request_id=task.request_id,
                provider_task_id=task.provider_task_id if outcome is AttemptOutcome.ACCEPTED else None,
            )
        )


async def insert_task(connection: AsyncConnection, new: NewTask, now: datetime) -> MusicTask:
    """Write a RECEIVED row inside a running transaction, within the limits of its member and its server.

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
    words = search_text(title=new.title, made_title=None, prompt=new.prompt)
    values = {**asdict(new), "search_text": words, "state": State.RECEIVED, "created_at": now, "state_at": now}
    row = (await connection.execute(insert(music_tasks).values(**values).returning(*TASK_COLUMNS))).one()
    return task_of(row)


async def _remember(connection: AsyncConnection, task: MusicTask, message_id: int, channel_id: int, role: Role) -> None:
    values = {"message_id": message_id, "channel_id": channel_id, "task_id": task.id, "role": role}
    await connection.execute(insert_or(connection, task_messages).values(**values).on_conflict_do_nothing())
