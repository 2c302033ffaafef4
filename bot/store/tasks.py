"""All SQL about music tasks. One statement per change, each guarded by the state that it started from."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.domain.limits import UnderWay, may_ask, may_run
from bot.domain.line import Waiting
from bot.domain.listing import LISTED, ListedTask, Wanted, folded, search_text
from bot.domain.tasks import (
    SETTLED,
    AttemptOutcome,
    Kind,
    LineFullError,
    MediaFile,
    MusicTask,
    NewTask,
    PingStatus,
    Result,
    Role,
    StaleTaskError,
    State,
    TaskId,
    check_move,
)
from bot.store.database import Database
from bot.store.rows import LISTED_COLUMNS, TASK_COLUMNS, columns_of, listed_of, task_of
from bot.store.schema import UNPINGED, attempts, lyrics_versions, music_tasks, task_messages
from bot.store.statements import insert_or

T = music_tasks.c
IN_LINE = (State.RECEIVED, State.QUEUED)
AT_PROVIDER = (State.SUBMITTING, State.RUNNING)
NEVER_SHOWN = (State.RECEIVED, State.ABANDONED)
WISH = [
    name
    for name in (one.name for one in fields(NewTask))
    if name not in {"origin_key", "message_id", "interaction_token"}
]
"""What a task keeps of its wish, whatever becomes of it."""
DURATIONS_AMONG = 3000
"""The newest finished tasks of all kinds and models, in which durations are looked for: what keeps that cheap."""
DURATIONS_EACH = 300
"""Durations of one kind and model that count, newest first."""


class TaskStore:
    """The rows of `music_tasks`, `attempts` and `task_messages`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # --- making and moving -------------------------------------------------------------------------------------

    async def add(self, new: NewTask) -> tuple[MusicTask, bool]:
        """Write the row of a wish, unless the same origin has one already.

        Returns:
            The task, and whether it is new.

        Raises:
            LineFullError: the member's limit is reached; nothing was written.
        """
        try:
            async with self._database.write() as connection:
                return await insert_task(connection, new, self._clock()), True
        except (IntegrityError, LineFullError):  # full, perhaps by this very wish
            if (known := await self.by_origin(new.origin_key)) is None:
                raise
            return known, False

    async def move(self, before: MusicTask, to: State, **values: Any) -> MusicTask:  # noqa: ANN401 -- column values
        """Move a task on, with whatever else changes at that moment; bumps its revision.

        Raises:
            InvalidMoveError: the table of moves does not know this one.
            StaleTaskError: the task is no longer in the state of `before`.
        """
        check_move(before.state, to)
        outcome: AttemptOutcome | None = values.pop("outcome", None)
        async with self._database.write() as connection:
            after = await self._change(
                connection, before, state=to, state_at=self._clock(), revision=T.revision + 1, **values
            )
            if outcome is not None:
                await self._end_attempt(connection, after, outcome)
        return after

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
            The task, or None if it is no longer waiting or its member has enough running.
        """
        now = self._clock()
        async with self._database.write() as connection:
            row = (await connection.execute(select(*TASK_COLUMNS).where(T.id == task_id))).first()
            if row is None or (before := task_of(row)).state is not State.QUEUED:
                return None
            await _lock_member(connection, before.user_id)
            if not may_run(await self._running_of(connection, before.user_id)):
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

        That one is RUNNING, has no card yet, and is written once however often this is tried.
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
            await connection.execute(insert_or(connection, music_tasks).values(**twin).on_conflict_do_nothing())

    async def annotate(self, task_id: TaskId, **values: Any) -> None:  # noqa: ANN401 -- column values
        """Write what only the courier and the fetcher own (card, ping, media), in whatever state the task is."""
        async with self._database.write() as connection:
            await connection.execute(update(music_tasks).where(T.id == task_id).values(**columns_of(values)))

    async def media_fetched(self, task: MusicTask, media: Sequence[MediaFile]) -> None:
        """Note that the audio is on disk; the card has something new to show."""
        async with self._database.write() as connection:
            await connection.execute(
                update(music_tasks)
                .where(T.id == task.id)
                .values(revision=T.revision + 1, media_wanted=False, **columns_of({"media": media}))
            )

    async def delete(self, task: MusicTask) -> bool:
        """Empty a task that nothing will change any more: its texts are gone for good, what a bill needs stays.

        Gives whether it was still in the state of `task`.
        """
        emptied = dict.fromkeys(("title", "tags", "negative_tags", "result", "media", "edited_lyrics", "error_detail"))
        statement = (
            update(music_tasks)
            .where(T.id == task.id, T.state == task.state, T.deleted_at.is_(None))
            .values(
                **emptied,
                prompt="",
                search_text="",
                clip_candidates=None,
                media_wanted=False,
                deleted_at=self._clock(),
                revision=T.revision + 1,
                card_lost=None,
                show_after=None,
                pinged_for=task.state,
                ping_status=PingStatus.DONE,
            )
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                return False
            # after the row is ours: whoever changes the lyrics at this moment has left a version, or finds them deleted
            await connection.execute(delete(lyrics_versions).where(lyrics_versions.c.task_id == task.id))
            return True

    async def messages_of(self, task_id: TaskId) -> list[tuple[int, int]]:
        """Channel and id of every message that shows a task."""
        query = select(task_messages.c.channel_id, task_messages.c.message_id).where(task_messages.c.task_id == task_id)
        async with self._database.read() as connection:
            return [(row.channel_id, row.message_id) for row in (await connection.execute(query)).all()]

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

    # --- looking -------------------------------------------------------------------------------------------------

    async def get(self, task_id: TaskId) -> MusicTask | None:
        """The task with this id."""
        return await self._first(T.id == task_id)

    async def by_origin(self, origin_key: str) -> MusicTask | None:
        """The task that this command, reply or button began."""
        return await self._first(T.origin_key == origin_key)

    async def by_message(self, message_id: int) -> MusicTask | None:
        """The task that this message shows."""
        found = select(task_messages.c.task_id).where(task_messages.c.message_id == message_id)
        return await self._first(T.id == found.scalar_subquery())

    async def waiting(self) -> list[Waiting]:
        """Everybody in the line, unordered; `bot/domain/line.py` says who is next."""
        query = select(T.id, T.user_id, T.guild_id, T.created_at, T.not_before).where(T.state == State.QUEUED)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Waiting(**row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's public accessor

    async def running_by_member(self) -> dict[int, int]:
        """How many tasks each member has at the provider."""
        query = select(T.user_id, func.count()).where(T.state.in_(AT_PROVIDER)).group_by(T.user_id)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in (await connection.execute(query)).all()}

    async def durations(self) -> dict[tuple[Kind, str], list[float]]:
        """How many seconds the newest finished tasks took, by kind and model: from the provider's yes to our look.

        A look may come late, as the process was down or the provider did not answer; nothing in a row says so. Of a
        long absence the tasks seen after their deadline are left out. What a short one leaves does little harm: only
        those that ran at that moment, of which the median bears a half and the 90th percentile a tenth.
        """
        columns = (T.id, T.kind, T.model, T.submitted_at, T.state_at, T.deadline_at)
        newest = select(*columns).where(T.state == State.COMPLETED).order_by(T.id.desc()).limit(DURATIONS_AMONG)
        done = newest.subquery().c
        query = (
            select(done.kind, done.model, done.submitted_at, done.state_at)
            .where(done.state_at > done.submitted_at, done.state_at <= done.deadline_at)
            .order_by(done.id.desc())
        )
        found: dict[tuple[Kind, str], list[float]] = {}
        async with self._database.read() as connection:
            for kind, model, submitted_at, state_at in await connection.execute(query):
                some = found.setdefault((Kind(kind), model), [])
                if len(some) < DURATIONS_EACH:
                    some.append((state_at - submitted_at).total_seconds())
        return found

    async def due_looks(self, now: datetime, limit: int) -> list[MusicTask]:
        """Tasks whose next look is due, longest due first."""
        return await self._list(T.next_look_at <= now, order=[T.next_look_at], limit=limit)

    async def unshown(
        self, now: datetime, limit: int, *, media_since: datetime, settle_since: datetime
    ) -> list[MusicTask]:
        """Cards that lag behind their rows, finals first.

        A completed song waits for its audio until `media_since`; a task that is being submitted is shown
        as such only if that began before `settle_since`, as the next change is usually a moment away.
        """
        due = and_(
            T.revision > T.shown_revision,
            T.state.not_in(NEVER_SHOWN),
            or_(T.show_after.is_(None), T.show_after <= now),
            or_(T.media_wanted.is_(False), T.media_failures > 0, T.state_at < media_since, T.state != State.COMPLETED),
            or_(T.state.not_in((State.SUBMITTING, State.QUEUED)), T.state_at < settle_since),
        )
        return await self._list(due, order=[T.state.in_(SETTLED).desc(), T.state_at], limit=limit)

    async def unpinged(self, now: datetime, limit: int) -> list[MusicTask]:
        """Tasks whose card is settled and whose requester has not been told, or perhaps not."""
        due = and_(
            UNPINGED,
            T.revision == T.shown_revision,
            or_(T.show_after.is_(None), T.show_after <= now),
        )
        return await self._list(due, order=[T.state_at], limit=limit)

    async def moving_cards(self, since: datetime) -> list[MusicTask]:
        """Tasks in line or running whose card is up to date and not older than `since`: for soft refreshes."""
        states = (State.QUEUED, State.RUNNING)
        return await self._list(
            and_(T.state.in_(states), T.revision == T.shown_revision, T.created_at > since, T.card_lost.is_(None)),
            order=[T.id],
            limit=1000,
        )

    async def media_wanted(self, now: datetime, limit: int) -> list[MusicTask]:
        """Completed songs whose audio is still to be fetched."""
        due = and_(T.media_wanted, or_(T.media_after.is_(None), T.media_after <= now))
        return await self._list(due, order=[T.state_at], limit=limit)

    async def media_names(self) -> set[str]:
        """Names of the files that a card does not carry yet."""
        query = select(T.media).where(T.media.is_not(None), T.files_shown.is_(False))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        names = (name for (media,) in rows for one in media for name in (one["name"], one.get("picture")))
        return {name for name in names if name}

    async def in_state(self, state: State, *, before: datetime | None = None) -> list[MusicTask]:
        """Tasks that are in a state, since before a moment if one is given; at most 500 at a time."""
        aged = [T.state_at < before] if before is not None else []
        return await self._list(and_(T.state == state, *aged), order=[T.state_at], limit=500)

    async def guilds_in_line(self) -> set[int]:
        """Servers with somebody in the line."""
        query = select(T.guild_id).where(T.state == State.QUEUED, T.guild_id.is_not(None)).distinct()
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def in_line_of(self, guild_id: int) -> list[MusicTask]:
        """The tasks of a server that wait in the line."""
        return await self._list(and_(T.state == State.QUEUED, T.guild_id == guild_id), order=[T.id], limit=500)

    async def ids_of_member(self, user_id: int, wanted: Wanted) -> list[TaskId]:
        """Which of a member's tasks are wanted, newest first."""
        # by an expression, for the index of the member is the one to use, whatever the planner thinks of states
        conditions: list[ColumnElement[bool]] = [(T.state + "").in_(wanted.states), (T.kind + "").in_(wanted.kinds)]
        if wanted.text:
            conditions.append(T.search_text.contains(folded(wanted.text), autoescape=True))
        query = select(T.id).where(T.user_id == user_id, T.deleted_at.is_(None), *conditions).order_by(T.id.desc())
        async with self._database.read() as connection:
            return [TaskId(task_id) for task_id in (await connection.execute(query)).scalars()]

    async def listed(self, ids: Collection[TaskId]) -> list[ListedTask]:
        """These tasks as a list shows them, newest first; deleted ones are among them."""
        return await self._listed(T.id.in_(ids), order=T.id.desc(), limit=len(ids))

    async def listed_children(self, ids: Collection[TaskId], limit: int) -> list[ListedTask]:
        """What was made from these tasks, as a list shows it, oldest first."""
        made = and_(T.parent_id.in_(ids), T.state.in_(LISTED), T.deleted_at.is_(None))
        return await self._listed(made, order=T.id, limit=limit)

    async def asked_since(self, user_id: int, since: datetime) -> list[MusicTask]:
        """What a member has asked for since a moment, newest first."""
        return await self._list(
            and_(T.user_id == user_id, T.created_at >= since, T.deleted_at.is_(None)), order=[T.id.desc()], limit=20
        )

    async def started_from(self, origin: str) -> int:
        """How many tasks a button has started: their origin is this one with a number behind it.

        One whose card is not confirmed yet does not count, so that pressing twice is the same wish.
        """
        numbered = and_(T.origin_key > f"{origin}:", T.origin_key < f"{origin};", T.state != State.RECEIVED)
        async with self._database.read() as connection:
            return (await connection.execute(select(func.count()).where(numbered))).scalar_one()

    async def children_of(self, task_id: TaskId) -> list[MusicTask]:
        """What was made from a task, oldest first."""
        return await self._list(
            and_(T.parent_id == task_id, T.state != State.ABANDONED, T.deleted_at.is_(None)), order=[T.id], limit=25
        )

    async def of_guild(self, guild_id: int, states: Collection[State], limit: int) -> list[MusicTask]:
        """A server's tasks in these states, oldest first."""
        return await self._list(and_(T.guild_id == guild_id, T.state.in_(states)), order=[T.id], limit=limit)

    async def counts_of_guild(self, guild_id: int) -> dict[State, int]:
        """How many of a server's tasks are in each state."""
        query = select(T.state, func.count()).where(T.guild_id == guild_id).group_by(T.state)
        async with self._database.read() as connection:
            return {State(state): count for state, count in (await connection.execute(query)).all()}

    async def counts(self) -> dict[State, int]:
        """How many tasks are in each state, over all servers."""
        query = select(T.state, func.count()).group_by(T.state)
        async with self._database.read() as connection:
            return {State(state): count for state, count in (await connection.execute(query)).all()}

    async def erase_tokens(self, before: datetime) -> int:
        """Forget the interaction tokens that began before a moment; gives how many."""
        dead = and_(T.interaction_token.is_not(None), T.token_at < before)
        async with self._database.write() as connection:
            return (await connection.execute(update(music_tasks).where(dead).values(interaction_token=None))).rowcount

    # --- helpers -------------------------------------------------------------------------------------------------

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

    async def _running_of(self, connection: AsyncConnection, user_id: int) -> int:
        query = select(func.count()).where(T.user_id == user_id, T.state.in_(AT_PROVIDER))
        return (await connection.execute(query)).scalar_one()

    async def _first(self, condition: ColumnElement[bool]) -> MusicTask | None:
        found = await self._list(condition, order=[], limit=1)
        return found[0] if found else None

    async def _list(
        self, condition: ColumnElement[bool], *, order: Sequence[ColumnElement[Any]], limit: int
    ) -> list[MusicTask]:
        query = select(*TASK_COLUMNS).where(condition).order_by(*order).limit(limit)
        async with self._database.read() as connection:
            return [task_of(row) for row in (await connection.execute(query)).all()]

    async def _listed(
        self, condition: ColumnElement[bool], *, order: ColumnElement[Any], limit: int
    ) -> list[ListedTask]:
        query = select(*LISTED_COLUMNS).where(condition).order_by(order).limit(limit)
        async with self._database.read() as connection:
            return [listed_of(row) for row in (await connection.execute(query)).all()]


async def insert_task(connection: AsyncConnection, new: NewTask, now: datetime) -> MusicTask:
    """Write a RECEIVED row inside a running transaction, within the member's limit.

    Raises:
        LineFullError: the member's limit is reached.
        IntegrityError: the origin has a row already.
    """
    await _lock_member(connection, new.user_id)
    in_line = select(func.count()).where(T.user_id == new.user_id, T.state.in_(IN_LINE))
    at_provider = select(func.count()).where(T.user_id == new.user_id, T.state.in_(AT_PROVIDER))
    under_way = UnderWay(
        waiting=(await connection.execute(in_line)).scalar_one(),
        running=(await connection.execute(at_provider)).scalar_one(),
    )
    if not may_ask(under_way):
        raise LineFullError
    words = search_text(title=new.title, made_title=None, prompt=new.prompt)
    values = {**asdict(new), "search_text": words, "state": State.RECEIVED, "created_at": now, "state_at": now}
    row = (await connection.execute(insert(music_tasks).values(**values).returning(*TASK_COLUMNS))).one()
    return task_of(row)


async def _lock_member(connection: AsyncConnection, user_id: int) -> None:
    """Let nobody else count this member's tasks until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(user_id)))


async def _remember(connection: AsyncConnection, task: MusicTask, message_id: int, channel_id: int, role: Role) -> None:
    values = {"message_id": message_id, "channel_id": channel_id, "task_id": task.id, "role": role}
    await connection.execute(insert_or(connection, task_messages).values(**values).on_conflict_do_nothing())
