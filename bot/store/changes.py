"""All SQL that changes a music task: what each value of `bot/domain/transitions.py` writes, inside one transaction."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import transitions
from bot.domain.audit import Deed
from bot.domain.limits import LimitReachedError, may_run, money_limit_reached
from bot.domain.listing import search_text
from bot.domain.lyrics import VERSIONS_KEPT
from bot.domain.rules import EVERYWHERE, Intake
from bot.domain.tasks import TERMINAL, AttemptOutcome, Kind, MusicTask, Result, Role, StaleTaskError, State, TaskId
from bot.domain.transitions import Change, Move, Part
from bot.store.audit import write_deed
from bot.store.emptying import EMPTIED, forget_beside
from bot.store.rows import TASK_COLUMNS, columns_of, task_of
from bot.store.schema import T, attempts, lyrics_versions, music_tasks, task_messages, task_moves
from bot.store.servers import ask_overall, server_in
from bot.store.statements import greatest, insert_or
from bot.store.used import lock_server, look_at_budget, running_in, used_in

Values = Mapping[str, object]


async def change_task(
    connection: AsyncConnection, before: MusicTask, change: Change, *, now: datetime, deed: Deed | None = None
) -> MusicTask:
    """Change one task, with all that belongs to it; return the task as it is then.

    Raises:
        InvalidMoveError: it does not lead out of the state of `before`.
        StaleTaskError: the change does not hold any more: look again before acting.
        LimitReachedError: the money, the server's or overall, does not suffice for one more try.
    """
    if isinstance(change, Move):
        change.check(before.state)
    await _ask(connection, before, change, now)
    statement = update(music_tasks).where(T.id == before.id, *_holds(before, change))
    statement = statement.values(**_values(connection, before, change, now))
    if (row := (await connection.execute(statement.returning(*TASK_COLUMNS))).first()) is None:
        raise StaleTaskError(f"{type(change).__name__} does not hold for task {before.id} any more")
    after = task_of(row)
    await _write_beside(connection, before, after, change, now)
    if deed is not None:
        await write_deed(connection, deed, now)
    return after


# --- whether it holds ------------------------------------------------------------------------------------------------


async def _ask(connection: AsyncConnection, before: MusicTask, change: Change, now: datetime) -> None:
    """What others decide about a change, behind the lock of the server."""
    match change:
        case transitions.Claimed():
            await lock_server(connection, before.guild_id)
            home = await server_in(connection, before.guild_id or EVERYWHERE)
            running = await running_in(connection, before.guild_id, before.user_id)
            is_held = home.intake is Intake.PAUSED
            if is_held or not may_run(home.rules, member=running.member, server=running.server):
                raise StaleTaskError(f"task {before.id} may not be sent now")
        case transitions.Retried():
            await lock_server(connection, before.guild_id)
            home = await server_in(connection, before.guild_id or EVERYWHERE)
            used = await used_in(connection, before.guild_id, before.user_id, home.rules, now)
            if (limit := money_limit_reached(home.rules, used, costs_usd=before.price_max_usd)) is not None:
                raise LimitReachedError(limit)
            await ask_overall(connection, now, songs=0, costs_usd=before.price_max_usd)
        case _:
            pass


def _holds(before: MusicTask, change: Change) -> list[ColumnElement[bool]]:
    same = [T.state == before.state, T.attempt == before.attempt] if change.guarded else []
    match change:
        case transitions.TakesAdded() | transitions.MediaWanted():
            return [*same, T.deleted_at.is_(None)]
        case transitions.MediaTried() | transitions.AddressesSeen():
            return [*same, T.media_wanted, T.deleted_at.is_(None)]
        case transitions.Emptied():
            return [*same, T.deleted_at.is_(None), T.state.in_(TERMINAL)]
        case transitions.LyricsEdited():
            read = T.edited_lyrics.is_not_distinct_from(before.edited_lyrics)
            return [*same, T.deleted_at.is_(None), read]
        case transitions.Redelivered():
            return [*same, T.revision == before.revision, T.deleted_at.is_(None)]
        case _:
            return same


# --- what it writes --------------------------------------------------------------------------------------------------


def _values(connection: AsyncConnection, before: MusicTask, change: Change, now: datetime) -> Values:
    values = columns_of({one.name: getattr(change, one.name) for one in fields(change) if one.name != "by"})
    if change.is_news:
        values["revision"] = T.revision + 1
    if isinstance(change, Move):
        return {**values, "state": change.to, "state_at": now, **_moved(before, change)}
    return {**values, **_kept(connection, before, change, now)}


def _moved(before: MusicTask, move: Move) -> Values:
    """What follows from a move beside its own columns."""
    values: Values = {}
    match move:
        case transitions.Confirmed():
            values = {"shown_revision": T.revision + 1}
        case transitions.Claimed():
            values = {"attempt": T.attempt + 1}
        case transitions.Unclear():
            values = {"unclear_attempts": T.unclear_attempts + 1}
        case transitions.Accepted() if before.state is State.UNCERTAIN:
            values = {"unclear_attempts": T.unclear_attempts - 1}
        case transitions.Retried():
            values = {"cost_usd": None}  # what is on record of it so far is read again, together with what comes
        case transitions.Completed(result=result):
            words = search_text(title=before.title, made_title=result.title, prompt=before.prompt)
            values = {"search_text": words}
        case _:
            pass
    return values


def _kept(connection: AsyncConnection, before: MusicTask, change: Change, now: datetime) -> Values:
    """What follows from the row as it is at this moment, where the state stays."""
    values: Values = {}
    match change:
        case transitions.Shown():
            shown = greatest(connection, T.shown_revision, before.revision)
            values = {"shown_revision": shown, "family_changed_at": _family_since(before)}
        case transitions.FilesShown(files_shown=True):
            values = {"files_shown": T.revision == before.revision}
        case transitions.FamilyShown():
            values = {"family_changed_at": _family_since(before)}
        case transitions.Redelivered():  # a lost card does not carry the files
            stays = and_(T.files_shown, T.card_lost.is_(None))
            wanted = {"media_wanted": before.kind.makes_audio}
            values = {"files_shown": stays, "deliveries": T.deliveries + 1, **wanted}
        case transitions.Emptied():
            values = {**EMPTIED, "deleted_at": now}
        case transitions.Removed():
            values = {"shown_revision": before.revision}
        case _:
            pass
    return values


def _family_since(before: MusicTask) -> ColumnElement[datetime | None]:
    """A change of the family that came after the row was read is still to be shown."""
    read = T.family_changed_at.is_not_distinct_from(before.family_changed_at)
    return case((read, None), else_=T.family_changed_at)


async def _write_beside(
    connection: AsyncConnection, before: MusicTask, after: MusicTask, change: Change, now: datetime
) -> None:
    """The rows of other tables that belong to a change."""
    match change:
        case Move():
            await _write_beside_move(connection, before, after, change, now)
        case transitions.LyricsEdited():
            await _keep_version(connection, before, now)
        case transitions.Emptied():
            await forget_beside(connection, [after.id])
        case transitions.Removed():
            await connection.execute(delete(task_messages).where(task_messages.c.task_id == after.id))
        case _:
            pass


async def _write_beside_move(
    connection: AsyncConnection, before: MusicTask, after: MusicTask, move: Move, now: datetime
) -> None:
    await remember_move(connection, after, before.state, move.by)
    if move.outcome is not None:
        await _end_attempt(connection, after, move.outcome, now)
    match move:
        case transitions.Confirmed(message_id=message_id):
            await remember_message(connection, after.id, message_id, after.channel_id, Role.CARD)
        case transitions.Claimed():
            begun = {"task_id": after.id, "number": after.attempt, "started_at": now, "version": after.version}
            await connection.execute(insert(attempts).values(**begun, outcome=AttemptOutcome.UNDER_WAY))
        case transitions.Completed(result=Result(other_lyrics=others)) if after.kind is Kind.LYRICS:
            # the desk shows the newest first, which shall be the first of them
            for number, text in enumerate(others[::-1], start=1):
                kept = {"task_id": after.id, "number": number, "replaced_at": now, "text": text}
                await connection.execute(insert(lyrics_versions).values(**kept))
        case transitions.Retried():
            await look_at_budget(connection, await server_in(connection, after.guild_id or EVERYWHERE), now)
        case _:
            pass


async def _keep_version(connection: AsyncConnection, before: MusicTask, now: datetime) -> None:
    """The lyrics that were replaced become a version; of these, the oldest may go."""
    versions = lyrics_versions.c
    newest = select(func.coalesce(func.max(versions.number), 0)).where(versions.task_id == before.id)
    number = (await connection.execute(newest)).scalar_one() + 1
    replaced = {"task_id": before.id, "number": number, "replaced_at": now, "text": before.lyrics or ""}
    await connection.execute(insert(lyrics_versions).values(**replaced))
    too_old = versions.task_id == before.id, versions.number <= number - VERSIONS_KEPT
    await connection.execute(delete(lyrics_versions).where(*too_old))


async def _end_attempt(connection: AsyncConnection, task: MusicTask, outcome: AttemptOutcome, now: datetime) -> None:
    provider_task_id = task.provider_task_id if outcome is AttemptOutcome.ACCEPTED else None
    ended = {"outcome": outcome, "ended_at": now, "request_id": task.request_id, "provider_task_id": provider_task_id}
    this = attempts.c.task_id == task.id, attempts.c.number == task.attempt
    await connection.execute(update(attempts).where(*this).values(**ended))


async def remember_move(connection: AsyncConnection, after: MusicTask, came_from: State | None, by: Part) -> None:
    """Add to the history of a task that it came into its state just now."""
    moved = {"from_state": came_from, "to_state": after.state, "at": after.state_at, "part": by}
    await connection.execute(
        insert(task_moves).values(task_id=after.id, revision=after.revision, attempt=after.attempt, **moved)
    )


async def remember_message(
    connection: AsyncConnection, task_id: TaskId, message_id: int, channel_id: int, role: Role
) -> None:
    """Note that a message shows a task; twice does no harm."""
    values = {"message_id": message_id, "channel_id": channel_id, "task_id": task_id, "role": role}
    await connection.execute(insert_or(connection, task_messages).values(**values).on_conflict_do_nothing())
