"""The stores of erasures and exports over the task store as a dict: for tests without a database."""

from dataclasses import replace
from datetime import datetime

from bot.domain.audit import AuditLine
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.members import Preferences
from bot.domain.privacy import NOBODY, Erasure, KeptTask
from bot.domain.tasks import CARD_REMOVED, TERMINAL, MusicTask, State
from tests.fakes.engine_rows import Rows


class ErasureRows:
    """The store of erasures, and of what ages."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.erasures: dict[int, Erasure] = {}
        self.kept_days: dict[int, int] = {}
        self.aged: list[tuple[int, datetime, int]] = []

    async def begin(self, user_id: int, locale: str) -> None:
        self.erasures[user_id] = Erasure(user_id=user_id, asked_at=self._rows.clock(), locale=locale)

    async def get(self, user_id: int) -> Erasure | None:
        return self.erasures.get(user_id)

    async def running(self) -> list[Erasure]:
        return list(self.erasures.values())

    async def left(self, erasure: Erasure) -> int:
        return len(self._meant(erasure))

    async def cancellable(self, erasure: Erasure, *, unclear_since: datetime, limit: int) -> list[MusicTask]:
        found = self._meant(erasure)
        waiting = [task for task in found if task.state is State.QUEUED]
        return waiting + [t for t in found if t.state is State.UNCERTAIN and t.state_at < unclear_since]

    async def empty(self, erasure: Erasure, limit: int) -> tuple[int, list[str]]:
        ended = [t for t in self._meant(erasure) if t.state in TERMINAL and t.deleted_at is None][:limit]
        for task in ended:
            await self._rows.delete(task)
            self._set(task, shown_revision=self._rows[task.id].revision)
        return len(ended), [one.name for task in ended for one in task.media]

    async def hand_over(self, erasure: Erasure) -> int:
        shown = [t for t in self._emptied(erasure) if t.card_lost != CARD_REMOVED and t.revision == t.shown_revision]
        for task in shown:
            self._set(task, revision=task.revision + 1)
        return len(shown)

    async def let_go(self, erasure: Erasure, limit: int) -> int:
        gone = [t for t in self._emptied(erasure) if t.card_lost == CARD_REMOVED][:limit]
        for task in gone:
            self._set(task, user_id=NOBODY)
        return len(gone)

    async def end(self, erasure: Erasure) -> bool:
        return self.erasures.get(erasure.user_id) == erasure and bool(self.erasures.pop(erasure.user_id))

    async def older(self, guild_id: int, before: datetime) -> int:
        found = self._rows.tasks.values()
        return sum(t.guild_id == guild_id and t.state in TERMINAL and t.created_at < before for t in found)

    async def keeping(self) -> dict[int, int]:
        return self.kept_days

    async def undecided(self, guild_id: int, before: datetime, limit: int) -> list[MusicTask]:
        left = [
            task for task in self._rows.tasks.values() if task.state is State.UNCERTAIN and task.created_at < before
        ]
        return [task for task in left if task.guild_id == guild_id][:limit]

    async def end_blocks(self) -> int:
        return 0

    async def age_out(self, guild_id: int, before: datetime, limit: int) -> int:
        self.aged.append((guild_id, before, limit))
        return 0

    def _meant(self, erasure: Erasure) -> list[MusicTask]:
        found = self._rows.tasks.values()
        return [t for t in found if t.user_id == erasure.user_id and t.created_at <= erasure.asked_at]

    def _emptied(self, erasure: Erasure) -> list[MusicTask]:
        return [task for task in self._meant(erasure) if task.deleted_at is not None]

    def _set(self, task: MusicTask, **values: object) -> None:
        self._rows.tasks[task.id] = replace(self._rows[task.id], **values)  # type: ignore[arg-type]  # a test's values


class ExportRows:
    """The store of exports: what a test puts in, handed out in batches."""

    def __init__(self, *tasks: KeptTask) -> None:
        self.kept = list(tasks)
        self.lines: list[AuditLine] = []
        self.held: list[int] = []

    async def preferences(self, user_id: int) -> Preferences | None:
        return None

    async def drafts(self, user_id: int) -> list[Draft]:
        return []

    async def blocks(self, user_id: int) -> list[Block]:
        return []

    async def audit(self, user_id: int, *, after: int, limit: int) -> list[AuditLine]:
        return [one for one in self.lines if one.id > after][:limit]

    async def tasks(self, user_id: int, *, after: int, limit: int) -> list[KeptTask]:
        found = [one for one in self.kept if one.task.user_id == user_id and one.task.id > after][:limit]
        self.held.append(len(found))
        return found
