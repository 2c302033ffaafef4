"""The task and draft stores as dicts, and a clock that moves when told: for tests without a database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.audit import Deed
from bot.domain.drafts import Draft
from bot.domain.limits import Used
from bot.domain.line import Running, Waiting
from bot.domain.listing import LISTED, ListedTask, Wanted, folded, search_text
from bot.domain.lyrics import LyricsVersion
from bot.domain.members import Preferences
from bot.domain.rules import Rules
from bot.domain.tasks import (
    ANNOUNCED,
    CARD_REMOVED,
    SETTLED,
    AttemptOutcome,
    Kind,
    MediaFile,
    MusicTask,
    NewTask,
    PingStatus,
    Role,
    StaleTaskError,
    State,
    TaskId,
    check_move,
)
from bot.domain.usage import Entry, Span, Usage, Whose
from bot.domain.wishes import Wish
from bot.engine.history import History

START = datetime(2026, 1, 1, tzinfo=UTC)
ASKED_BY = 7


class HandClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def make_task(number: int = 1, **changes: Any) -> MusicTask:
    """A song of one member, waiting in line, its card shown."""
    task = MusicTask(
        id=TaskId(number),
        origin_key=f"i:{number}",
        kind=Kind.SONG,
        state=State.QUEUED,
        revision=2,
        shown_revision=2,
        created_at=START,
        state_at=START,
        user_id=ASKED_BY,
        guild_id=70,
        channel_id=700,
        prompt="Slow harbour blues",
        model="suno-music",
        version="chirp-v4",
        message_id=7000 + number,
        attachment_limit_bytes=10_000_000,
    )
    if "state" in changes and changes["state"] is State.RUNNING:
        changes = {
            "provider_task_id": f"ld_{number}",
            "attempt": 1,
            "submitted_at": START,
            "next_look_at": START,
            "deadline_at": START + timedelta(seconds=1200),
            **changes,
        }
    return replace(task, **changes)


def make_listed(task: MusicTask) -> ListedTask:
    """A task as a list shows it."""
    return ListedTask(**{field.name: getattr(task, field.name) for field in fields(ListedTask)})


class Rows:
    """The task store as a dict. `broken` lets the named methods fail so many times."""

    def __init__(self, clock: Callable[[], datetime], *tasks: MusicTask) -> None:
        self.clock = clock
        self.tasks = {task.id: task for task in tasks}
        self.outcomes: list[AttemptOutcome] = []
        self.late_answers: list[tuple[int, int, str]] = []
        self.messages: list[tuple[int, int, Role]] = []
        self.deeds: list[Deed] = []
        self.broken: dict[str, int] = {}
        self.calls: list[str] = []

    def __getitem__(self, number: int) -> MusicTask:
        return self.tasks[TaskId(number)]

    async def _reach(self, name: str) -> None:
        self.calls.append(name)
        await asyncio.sleep(0)
        if self.broken.get(name, 0) > 0:
            self.broken[name] -= 1
            raise OSError("the disk is gone")

    def _change(self, before: MusicTask, **values: Any) -> MusicTask:
        current = self.tasks[before.id]
        if (current.state, current.attempt) != (before.state, before.attempt):
            raise StaleTaskError
        self.tasks[before.id] = replace(current, **values)
        return self.tasks[before.id]

    def _where(self, holds: Callable[[MusicTask], bool]) -> list[MusicTask]:
        return [task for task in self.tasks.values() if holds(task)]

    async def add(self, new: NewTask) -> tuple[MusicTask, bool]:
        await self._reach("add")
        if known := await self.by_origin(new.origin_key):
            return known, False
        number = TaskId(len(self.tasks) + 1)
        values = {name: getattr(new, name) for name in NewTask.__dataclass_fields__}
        made = make_task(number, state=State.RECEIVED, revision=1, shown_revision=0, **values)
        self.tasks[number] = made
        return made, True

    async def get(self, task_id: TaskId) -> MusicTask | None:
        await self._reach("get")
        return self.tasks.get(task_id)

    async def by_origin(self, origin_key: str) -> MusicTask | None:
        return next(iter(self._where(lambda task: task.origin_key == origin_key)), None)

    async def by_message(self, message_id: int) -> MusicTask | None:
        return next(iter(self._where(lambda task: task.message_id == message_id)), None)

    async def move(self, before: MusicTask, to: State, **values: Any) -> MusicTask:
        await self._reach("move")
        check_move(before.state, to)
        outcome, deed = values.pop("outcome", None), values.pop("deed", None)
        after = self._change(
            before, state=to, state_at=self.clock(), revision=self.tasks[before.id].revision + 1, **values
        )
        self.deeds += [deed] if deed else []
        self.outcomes += [outcome] if outcome else []
        return after

    async def try_again(self, before: MusicTask, to: State, **values: Any) -> MusicTask:
        return await self.move(before, to, **values)

    async def note(self, before: MusicTask, **values: Any) -> MusicTask:
        await self._reach("note")
        return self._change(before, **values)

    async def annotate(self, task_id: TaskId, **values: Any) -> None:
        await self._reach("annotate")
        self.tasks[task_id] = replace(self.tasks[task_id], **values)

    async def mark_shown(self, task: MusicTask, **values: Any) -> None:
        await self._reach("mark_shown")
        shown = max(self.tasks[task.id].shown_revision, task.revision)
        if values.get("files_shown"):
            values["files_shown"] = self.tasks[task.id].revision == task.revision
        self.tasks[task.id] = replace(
            self.tasks[task.id], shown_revision=shown, show_failures=0, show_after=None, **values
        )

    async def shown(self, before: MusicTask, message_id: int) -> MusicTask:
        await self._reach("shown")
        check_move(before.state, State.QUEUED)
        revision = self.tasks[before.id].revision + 1
        return self._change(
            before, state=State.QUEUED, revision=revision, shown_revision=revision, message_id=message_id
        )

    async def claim(self, task_id: TaskId) -> MusicTask | None:
        await self._reach("claim")
        task = self.tasks[task_id]
        if task.state is not State.QUEUED:
            return None
        return self._change(
            task,
            state=State.SUBMITTING,
            state_at=self.clock(),
            revision=task.revision + 1,
            attempt=task.attempt + 1,
            not_before=None,
        )

    async def keep_late_answer(self, task: MusicTask, **accepted: Any) -> None:
        await self._reach("keep_late_answer")
        self.late_answers.append((task.id, task.attempt, accepted["provider_task_id"]))

    async def remember_message(self, task: MusicTask, *, message_id: int, channel_id: int, role: Role) -> None:
        await self._reach("remember_message")
        self.messages.append((task.id, message_id, role))

    async def waiting(self) -> list[Waiting]:
        await self._reach("waiting")
        return [
            Waiting(id=t.id, user_id=t.user_id, guild_id=t.guild_id, created_at=t.created_at, not_before=t.not_before)
            for t in self._where(lambda task: task.state is State.QUEUED)
        ]

    async def running_by_member(self) -> Running:
        running = self._where(lambda task: task.state in {State.SUBMITTING, State.RUNNING})
        return Counter((-t.user_id if t.guild_id is None else t.guild_id, t.user_id) for t in running)

    async def durations(self) -> dict[tuple[Kind, str], list[float]]:
        await self._reach("durations")
        found: dict[tuple[Kind, str], list[float]] = {}
        for task in self._where(lambda task: task.state is State.COMPLETED):
            if task.submitted_at is not None and task.submitted_at < task.state_at:
                took_s = (task.state_at - task.submitted_at).total_seconds()
                found.setdefault((task.kind, task.model), []).append(took_s)
        return found

    async def due_looks(self, now: datetime, limit: int) -> list[MusicTask]:
        await self._reach("due_looks")
        due = self._where(lambda task: task.next_look_at is not None and task.next_look_at <= now)
        return sorted(due, key=lambda task: (task.next_look_at, task.id))[:limit]

    async def unshown(
        self, now: datetime, limit: int, *, media_since: datetime, settle_since: datetime
    ) -> list[MusicTask]:
        await self._reach("unshown")
        due = self._where(
            lambda t: (
                t.revision > t.shown_revision
                and t.deleted_at is None
                and t.state is not State.RECEIVED
                and (t.show_after is None or t.show_after <= now)
                and not (t.state is State.COMPLETED and t.media_wanted and t.state_at >= media_since)
                and not (t.state in {State.SUBMITTING, State.QUEUED} and t.state_at >= settle_since)
            )
        )
        return sorted(due, key=lambda task: (task.state not in SETTLED, task.state_at))[:limit]

    async def unremoved(self, now: datetime, limit: int) -> list[MusicTask]:
        await self._reach("unremoved")
        return self._where(
            lambda t: (
                t.deleted_at is not None
                and t.revision > t.shown_revision
                and (t.show_after is None or t.show_after <= now)
            )
        )[:limit]

    async def mark_removed(self, task: MusicTask) -> None:
        await self._reach("mark_removed")
        self.messages = [one for one in self.messages if one[0] != task.id]
        await self.mark_shown(task, card_lost=CARD_REMOVED)

    async def unpinged(self, now: datetime, limit: int) -> list[MusicTask]:
        return self._where(
            lambda t: (
                t.state in ANNOUNCED
                and t.revision == t.shown_revision
                and not (t.ping_status is PingStatus.DONE and t.pinged_for is t.state)
                and (t.show_after is None or t.show_after <= now)
            )
        )[:limit]

    async def moving_cards(self, since: datetime) -> list[MusicTask]:
        return self._where(
            lambda t: (
                t.state in {State.QUEUED, State.RUNNING}
                and t.revision == t.shown_revision
                and t.created_at > since
                and t.card_lost is None
            )
        )

    async def media_wanted(self, now: datetime, limit: int) -> list[MusicTask]:
        await self._reach("media_wanted")
        return self._where(lambda t: t.media_wanted and (t.media_after is None or t.media_after <= now))[:limit]

    async def media_fetched(self, task: MusicTask, media: Sequence[MediaFile]) -> None:
        current = self.tasks[task.id]
        self.tasks[task.id] = replace(current, media=tuple(media), media_wanted=False, revision=current.revision + 1)

    async def media_names(self) -> set[str]:
        files = [one for task in self.tasks.values() for one in task.media]
        return {name for one in files for name in (one.name, one.picture) if name}

    async def in_state(self, state: State, *, before: datetime | None = None) -> list[MusicTask]:
        await self._reach("in_state")
        return self._where(lambda t: t.state is state and (before is None or t.state_at < before))

    async def erase_tokens(self, before: datetime) -> int:
        await self._reach("erase_tokens")
        return 0

    async def guilds_in_line(self) -> set[int]:
        return {t.guild_id for t in self._where(lambda t: t.state is State.QUEUED) if t.guild_id is not None}

    async def in_line_of(self, guild_id: int) -> list[MusicTask]:
        return self._where(lambda t: t.state is State.QUEUED and t.guild_id == guild_id)

    async def ids_of_member(self, user_id: int, wanted: Wanted) -> list[TaskId]:
        found = self._where(
            lambda t: (
                t.user_id == user_id
                and t.deleted_at is None
                and t.state in wanted.states
                and t.kind in wanted.kinds
                and folded(wanted.text) in search_text(title=t.title, made_title=t.made_title, prompt=t.prompt)
            )
        )
        return sorted((task.id for task in found), reverse=True)

    async def listed(self, ids: Collection[TaskId]) -> list[ListedTask]:
        return [make_listed(self.tasks[task_id]) for task_id in sorted(ids, reverse=True) if task_id in self.tasks]

    async def listed_children(self, ids: Collection[TaskId], limit: int) -> list[ListedTask]:
        made = self._where(lambda t: t.parent_id in ids and t.state in LISTED and t.deleted_at is None)
        return [make_listed(task) for task in made][:limit]

    async def asked_since(self, user_id: int, since: datetime) -> list[MusicTask]:
        return self._where(lambda t: t.user_id == user_id and t.created_at >= since)[::-1]

    async def started_from(self, origin: str, user_id: int) -> int:
        own = self._where(lambda t: t.user_id == user_id and t.state is not State.RECEIVED)
        return sum(task.origin_key.startswith(f"{origin}:") for task in own)

    async def children_of(self, task_id: TaskId) -> list[MusicTask]:
        return self._where(lambda t: t.parent_id == task_id and t.deleted_at is None)

    async def messages_of(self, task_id: TaskId) -> list[tuple[int, int]]:
        return [(self.tasks[task_id].channel_id, message) for task, message, _ in self.messages if task == task_id]

    async def delete(self, task: MusicTask) -> bool:
        current = self.tasks[task.id]
        if current.state is not task.state or current.deleted_at is not None:
            return False
        emptied = replace(current, prompt="", title=None, tags=None, result=None, media=(), deleted_at=self.clock())
        self.tasks[task.id] = replace(emptied, revision=current.revision + 1)
        return True

    async def show_again(self, task: MusicTask, deed: Deed) -> bool:
        current = self.tasks[task.id]
        if current.revision != task.revision or current.deleted_at is not None:
            return False
        untold = replace(current, card_lost=None, pinged_for=None, ping_status=None)
        self.tasks[task.id] = replace(untold, revision=current.revision + 1)
        self.deeds.append(deed)
        return True

    async def in_use(self, guild_id: int) -> dict[str, int | Decimal]:
        """Of what is kept here, only what waits."""
        waiting = Counter(t.user_id for t in self._where(lambda t: t.guild_id == guild_id and t.state is State.QUEUED))
        return {"waiting_per_member": max(waiting.values(), default=0), "waiting_per_server": waiting.total()}


def history_of(rows: Rows, clock: HandClock) -> History:
    """What is usual: a minute and a half for music, a quarter of a minute for lyrics, until something has finished."""
    return History(rows, clock, expected_song_s=90, expected_lyrics_s=15)


class AccountRows:
    """The store of what was used: remembers whose usage was asked for."""

    def __init__(self) -> None:
        self.asked: list[Whose] = []

    async def usage(self, whose: Whose, span: Span) -> Usage:
        self.asked.append(whose)
        return Usage(span=span, rows=(), members=())

    async def used(self, guild_id: int | None, user_id: int, rules: Rules, now: datetime) -> Used:
        return Used()

    async def entries(self, whose: Whose, span: Span) -> AsyncIterator[list[Entry]]:
        self.asked.append(whose)
        yield []


class DraftRows:
    """The draft store as a dict."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.drafts: dict[int, Draft] = {}
        self._last = 0

    async def add(self, draft: Draft) -> Draft:
        for known in self.drafts.values():
            if known.origin_key == draft.origin_key:
                return known
        self._last += 1
        self.drafts[self._last] = made = replace(draft, id=self._last)
        return made

    async def get(self, draft_id: int) -> Draft | None:
        return self.drafts.get(draft_id)

    async def start(self, draft: Draft, new: NewTask) -> MusicTask | None:
        return (await self._rows.add(new))[0] if self.drafts.pop(draft.id, None) else None

    async def change(self, draft_id: int, wish: Wish) -> bool:
        if draft_id in self.drafts:
            self.drafts[draft_id] = replace(self.drafts[draft_id], wish=wish)
        return draft_id in self.drafts

    async def drop(self, draft_id: int) -> bool:
        return self.drafts.pop(draft_id, None) is not None

    async def asked(self, draft_id: int, message_id: int) -> None:
        self.drafts[draft_id] = replace(self.drafts[draft_id], message_id=message_id)

    async def over(self, before: datetime, limit: int) -> list[Draft]:
        return [draft for draft in self.drafts.values() if draft.created_at < before][:limit]


class MemberRows:
    """The store of preferences as a dict."""

    def __init__(self, *known: Preferences) -> None:
        self.known = {one.user_id: one for one in known}

    async def get(self, user_id: int) -> Preferences:
        return self.known.get(user_id, Preferences(user_id=user_id))

    async def change(self, user_id: int, **choices: Any) -> Preferences:
        self.known[user_id] = replace(await self.get(user_id), **choices)
        return self.known[user_id]


class LyricsRows:
    """The store of edited lyrics as a dict."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.replaced: dict[TaskId, list[LyricsVersion]] = {}

    async def edit(self, task_id: TaskId, lyrics: str, *, instead_of: str | None = None) -> MusicTask:
        before = self._rows.tasks[task_id]
        if before.deleted_at is not None or instead_of not in {None, before.lyrics}:
            raise StaleTaskError
        earlier = self.replaced.setdefault(task_id, [])
        earlier.append(LyricsVersion(number=len(earlier) + 1, replaced_at=self._rows.clock(), text=before.lyrics or ""))
        self._rows.tasks[task_id] = replace(before, edited_lyrics=lyrics, revision=before.revision + 1)
        return self._rows.tasks[task_id]

    async def numbers(self, task_id: TaskId) -> list[int]:
        return [version.number for version in self.replaced.get(task_id, [])]

    async def version(self, task_id: TaskId, number: int) -> LyricsVersion | None:
        return {version.number: version for version in self.replaced.get(task_id, [])}.get(number)
