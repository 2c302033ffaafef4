"""All SQL that only looks at music tasks; `bot/store/tasks.py` changes them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from bot.domain.due import LONGEST, Pause
from bot.domain.line import Running, Waiting
from bot.domain.listing import LISTED, ListedTask, Wanted, folded
from bot.domain.rules import EVERYWHERE, Intake
from bot.domain.tasks import SETTLED, AttemptOutcome, Kind, MusicTask, State, TaskId
from bot.store.database import Database
from bot.store.rows import LISTED_COLUMNS, TASK_COLUMNS, file_names, listed_of, task_of, values_of
from bot.store.schema import OPEN, T, attempts, music_tasks, task_messages
from bot.store.servers import servers_among
from bot.store.statements import AnyColumn, in_turns
from bot.store.used import AT_PROVIDER

DURATIONS_AMONG = 3000
"""The newest finished tasks of all kinds and models, in which durations are looked for: what keeps that cheap."""
DURATIONS_EACH = 300
"""Durations of one kind and model that count, newest first."""
EACH = 100
"""Maximum number of tasks of one channel, unless told."""


class TaskQueries:
    """Questions to `music_tasks` and `task_messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        is_guess = and_(T.version.is_not(None), T.version_chosen.is_(False)).label("is_guess")
        columns = (T.id, T.user_id, T.guild_id, T.created_at, T.not_before, is_guess)
        query = select(*columns).where(T.state == State.QUEUED)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            homes = await servers_among(connection, {row.guild_id or EVERYWHERE for row in rows})
        found = []
        for row in rows:
            home = homes[row.guild_id or EVERYWHERE]
            held = home.intake is Intake.PAUSED
            found.append(Waiting(**values_of(row), rules=home.rules, is_held=held))
        return found

    async def running_by_member(self) -> Running:
        """How many tasks are at the provider, by server and member."""
        query = (
            select(T.guild_id, T.user_id, func.count())
            .where(OPEN, T.state.in_(AT_PROVIDER))
            .group_by(T.guild_id, T.user_id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {(-user_id if guild_id is None else guild_id, user_id): count for guild_id, user_id, count in rows}

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
        return await self._list(_come(T.next_look_at, now, Pause.LOOK), order=[T.next_look_at], limit=limit)

    async def unshown(
        self,
        now: datetime,
        limit: int,
        *,
        media_since: datetime,
        settle_since: datetime,
        each: int = EACH,
        full: Collection[int] = (),
    ) -> list[MusicTask]:
        """Cards that lag behind their rows, finals first.

        A completed song waits for its audio until `media_since`; a task that is being submitted is shown as such only
        if that began before `settle_since`, as the next change is usually a moment away.
        """
        due = and_(
            _owed("card", now),
            or_(
                T.media_wanted.is_(False),
                T.media_failures > 0,
                ~_lately(media_since, now),
                T.state != State.COMPLETED,
            ),
            or_(T.state.not_in((State.SUBMITTING, State.QUEUED)), ~_lately(settle_since, now)),
        )
        order = [T.state.in_(SETTLED).desc(), T.state_at]
        return await self._shared(due, order=order, limit=limit, each=each, full=full)

    async def unremoved(
        self, now: datetime, limit: int, *, each: int = EACH, full: Collection[int] = ()
    ) -> list[MusicTask]:
        """Deleted tasks that messages may still show, the longest deleted first."""
        return await self._shared(_owed("removal", now), order=[T.deleted_at], limit=limit, each=each, full=full)

    async def unpinged(
        self, now: datetime, limit: int, *, each: int = EACH, full: Collection[int] = ()
    ) -> list[MusicTask]:
        """Tasks whose card is settled and whose requester has not been told, or perhaps not."""
        return await self._shared(_owed("ping", now), order=[T.state_at], limit=limit, each=each, full=full)

    async def family_changed(
        self, now: datetime, limit: int, *, each: int = EACH, full: Collection[int] = ()
    ) -> list[MusicTask]:
        """Finished cards that are up to date but for their family."""
        return await self._shared(_owed("family", now), order=[T.state_at], limit=limit, each=each, full=full)

    async def unattached(
        self, now: datetime, limit: int, *, each: int = EACH, full: Collection[int] = ()
    ) -> list[MusicTask]:
        """Finished cards that are up to date but for the files that Discord did not take, the longest owed first."""
        # by an expression, for the index of what is owed is the one to use, not that of all that has ended
        is_there = and_((T.state + "") == State.COMPLETED, T.card_lost.is_(None), T.deleted_at.is_(None))
        due = and_(_come(T.attach_after, now, Pause.SHOW), T.owed.is_(None), is_there)
        return await self._shared(due, order=[T.attach_after], limit=limit, each=each, full=full)

    async def moving_cards(self, since: datetime) -> list[MusicTask]:
        """Tasks in line or running whose card is up to date and not older than `since`: for soft refreshes.

        At most 1,000, running ones first: what stands further behind in a long line is refreshed as that moves on.
        """
        states = (State.QUEUED, State.RUNNING)
        moving = and_(
            OPEN, T.state.in_(states), T.revision == T.shown_revision, T.created_at > since, T.card_lost.is_(None)
        )
        return await self._shared(moving, order=[(T.state == State.QUEUED), T.id], limit=1000, each=1000)

    async def media_wanted(
        self, now: datetime, limit: int, *, each: int = EACH, full: Collection[int] = ()
    ) -> list[MusicTask]:
        """Completed songs whose audio is still to be fetched, those first that have failed least often."""
        due = and_(T.media_wanted, or_(T.media_after.is_(None), _come(T.media_after, now, Pause.FETCH)))
        return await self._shared(due, order=[T.media_failures, T.state_at], limit=limit, each=each, full=full)

    async def media_names(self) -> set[str]:
        """Names of the files that a card does not carry yet, or that it is to carry beside a take that is missing."""
        uncarried = select(T.media).where(T.media.is_not(None), T.files_shown.is_(False))
        query = uncarried.union_all(select(T.media).where(T.media_wanted, T.media.is_not(None), T.files_shown))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {name for (media,) in rows for name in file_names(media)}

    async def in_state(self, state: State) -> list[MusicTask]:
        """All tasks that are in a state, those that came into it first."""
        return await self._list(T.state == state, order=[T.state_at])

    async def left_in_state(
        self,
        state: State,
        now: datetime,
        patience: timedelta,
        limit: int = 500,
        *,
        each: int = EACH,
        full: Collection[int] = (),
    ) -> list[MusicTask]:
        """As `in_state`, but only those that have been in it for longer than a patience.

        One that came into it in the future has been in it for longer, too: the clock was set back. See `_lately`.
        """
        left = and_(T.state == state, ~_lately(now - patience, now))
        return await self._shared(left, order=[T.state_at], limit=limit, each=each, full=full)

    async def is_owed(self, guild_id: int) -> bool:
        """Whether something is still to be made or shown in a server; what is unclear waits for people, not for us."""
        to_make = and_(OPEN, T.state != State.UNCERTAIN)
        owed = or_(to_make, T.owed.in_(("card", "ping")), T.attach_after.is_not(None))
        query = select(select(T.id).where(T.guild_id == guild_id, owed).exists())
        async with self._database.read() as connection:
            return bool((await connection.execute(query)).scalar_one())

    async def refused_in_line(self, before: datetime) -> list[MusicTask]:
        """Tasks that wait in the line and were first refused by the provider before a moment; at most 500 at a time."""
        refused = select(attempts.c.task_id).where(
            attempts.c.outcome == AttemptOutcome.REFUSED, attempts.c.ended_at <= before
        )
        return await self._list(and_(T.state == State.QUEUED, T.id.in_(refused)), order=[T.id], limit=500)

    async def guilds_in_line(self) -> set[int]:
        """Servers with wishes in the line."""
        query = select(T.guild_id).where(T.state == State.QUEUED, T.guild_id.is_not(None)).distinct()
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def in_line_of(self, guild_id: int) -> list[MusicTask]:
        """Tasks of a server that wait in the line, at most 50 at a time."""
        return await self._list(and_(T.state == State.QUEUED, T.guild_id == guild_id), order=[T.id], limit=50)

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

    async def listed_children(self, ids: Collection[TaskId], limit: int, *, after: int = 0) -> list[ListedTask]:
        """What was made from these tasks, as a list shows it, oldest first, from behind one on."""
        made = and_(T.parent_id.in_(ids), T.state.in_(LISTED), T.deleted_at.is_(None), T.id > after)
        return await self._listed(made, order=T.id, limit=limit)

    async def asked_since(self, user_id: int, since: datetime) -> list[MusicTask]:
        """What a member has asked for since a moment, newest first."""
        return await self._list(
            and_(T.user_id == user_id, T.created_at >= since, T.deleted_at.is_(None)), order=[T.id.desc()]
        )

    async def started_from(self, origin: str, user_id: int) -> int:
        """How many tasks of a member a button has started: their origin is this one with a number behind it.

        One whose card is not confirmed yet does not count, so that pressing twice is the same wish.
        """
        numbered = T.origin_key.startswith(f"{origin}:", autoescape=True)
        query = select(func.count()).where(T.user_id == user_id, numbered, T.state != State.RECEIVED)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def children_of(self, task_id: TaskId, *, before: TaskId | None = None) -> list[MusicTask]:
        """The newest finished songs that were made from a task (before one of them), oldest first; at most 25."""
        # by an expression, for the index of the parent is the one to use
        made = and_(T.parent_id == task_id, (T.state + "") == State.COMPLETED, T.deleted_at.is_(None))
        earlier = T.id < before if before is not None else true()
        return (await self._list(and_(made, earlier), order=[T.id.desc()], limit=25))[::-1]

    async def counts(self) -> dict[State, int]:
        """How many tasks are in each state, over all servers."""
        query = select(T.state, func.count()).group_by(T.state)
        async with self._database.read() as connection:
            return {State(state): count for state, count in (await connection.execute(query)).all()}

    async def messages_of(self, task_id: TaskId) -> list[tuple[int, int]]:
        """Channel and id of every message that shows a task."""
        query = select(task_messages.c.channel_id, task_messages.c.message_id).where(task_messages.c.task_id == task_id)
        async with self._database.read() as connection:
            return [(row.channel_id, row.message_id) for row in (await connection.execute(query)).all()]

    # --- helpers -------------------------------------------------------------------------------------------------

    async def _first(self, condition: ColumnElement[bool]) -> MusicTask | None:
        found = await self._list(condition, order=[], limit=1)
        return found[0] if found else None

    async def _list(
        self, condition: ColumnElement[bool], *, order: Sequence[AnyColumn], limit: int | None = None
    ) -> list[MusicTask]:
        query = select(*TASK_COLUMNS).where(condition).order_by(*order).limit(limit)
        async with self._database.read() as connection:
            return [task_of(row) for row in (await connection.execute(query)).all()]

    async def _shared(
        self,
        condition: ColumnElement[bool],
        *,
        order: Sequence[AnyColumn],
        limit: int,
        each: int = EACH,
        full: Collection[int] = (),
    ) -> list[MusicTask]:
        """As `_list`, but channels take turns, so that a long backlog in one hides no other.

        At most `each` of a channel, none of channels that are `full`.
        """
        query = in_turns(music_tasks, TASK_COLUMNS, condition, order=[*order, T.id], each=each, full=full)
        async with self._database.read() as connection:
            return [task_of(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def _listed(self, condition: ColumnElement[bool], *, order: AnyColumn, limit: int) -> list[ListedTask]:
        query = select(*LISTED_COLUMNS).where(condition).order_by(order).limit(limit)
        async with self._database.read() as connection:
            return [listed_of(row) for row in (await connection.execute(query)).all()]


def _lately(since: datetime, now: datetime) -> ColumnElement[bool]:
    """Whether tasks came into their states after a moment.

    As far ahead of `now` counts, too: `now` was read before the query ran, and the clock of another process may be
    ahead. What lies further ahead was written by a clock that has been set back.
    """
    return T.state_at.between(since, now + (now - since))


def _owed(what: str, now: datetime) -> ColumnElement[bool]:
    return and_(T.owed == what, or_(T.show_after.is_(None), _come(T.show_after, now, Pause.SHOW)))


def _come(at: ColumnElement[datetime | None], now: datetime, pause: Pause) -> ColumnElement[bool]:
    """`is_due` in SQL, for a moment that is there."""
    return or_(at <= now, at > now + LONGEST[pause])
