"""Settles what was left half-way, and clears away: dead tokens, old drafts and files, texts older than their rule."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.drafts import DRAFT_LIFE
from bot.domain.due import is_over
from bot.domain.tasks import MusicTask, State, TaskId
from bot.domain.transitions import Part
from bot.engine.ports import MediaFolder, Search, ShowLaterError
from bot.engine.submitter import Submitter
from bot.engine.worker import NotNowError, Worker
from bot.store.drafts import DraftStore
from bot.store.erasures import ErasureStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

RECEIVED_PATIENCE = timedelta(seconds=30)
SUBMITTING_MARGIN = timedelta(seconds=30)
TOKEN_LIFE = timedelta(minutes=15)
"""Discord: an interaction token works 15 minutes."""
CHORES_EVERY = timedelta(minutes=1)
SWEEP_EVERY = timedelta(hours=1)
DRAFTS_BATCH = 20
"""Maximum number of expired questions that are removed in each round of chores, each with a request to Discord."""
AGED_BATCH = 100
"""Maximum number of a server's tasks that are emptied in each round of chores."""


class Janitor(Worker[MusicTask]):
    """Looks for rows that nobody is working on, at start and always."""

    name = "janitor"
    idle_s = 5.0

    def __init__(
        self,
        tasks: TaskStore,
        drafts: DraftStore,
        erasures: ErasureStore,
        submitter: Submitter,
        search: Search,
        media: MediaFolder,
        clock: Clock,
        *,
        create_timeout_s: float,
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._drafts = drafts
        self._erasures = erasures
        self._submitter = submitter
        self._search = search
        self._media = media
        self._clock = clock
        self._submitting_patience = timedelta(seconds=create_timeout_s) + SUBMITTING_MARGIN
        self._chores_at: datetime | None = None
        self._swept_at: datetime | None = None

    def key(self, item: MusicTask) -> TaskId:
        """See `Worker.key`."""
        return item.id

    async def recover(self) -> int:
        """At start, before anything is sent: whatever the last process was paying for is uncertain now."""
        left = self._abandoned(await self._tasks.in_state(State.SUBMITTING))
        for task in left:
            await self._submitter.give_up(task, by=Part.JANITOR)
        return len(left)

    async def find(self, _room: int, /) -> Sequence[MusicTask]:
        """Rows that have been in a passing state for too long."""
        now = self._clock()
        await self._do_chores(now)
        received = await self._tasks.left_in_state(State.RECEIVED, now, RECEIVED_PATIENCE)
        submitting = await self._tasks.left_in_state(State.SUBMITTING, now, self._submitting_patience)
        return received + self._abandoned(submitting)

    async def handle(self, item: MusicTask) -> None:
        """Settle one row."""
        if item.state is State.SUBMITTING:
            await self._submitter.give_up(item, by=Part.JANITOR)
        else:
            await self._settle_received(item)

    def _abandoned(self, submitting: Sequence[MusicTask]) -> list[MusicTask]:
        """Those among them that nobody works on."""
        return [task for task in submitting if not self._submitter.is_handling(task.id)]

    async def _settle_received(self, task: MusicTask) -> None:
        try:
            message_id = await self._search.find_card(task)
        except ShowLaterError as error:
            raise NotNowError from error
        if message_id is None:
            await self._tasks.apply(task, transitions.Abandoned())
            log.info("task moved", extra={"task_id": task.id, "from": task.state, "to": State.ABANDONED})
            return
        await self._tasks.apply(task, transitions.Confirmed(by=Part.JANITOR, message_id=message_id))
        self._submitter.wake()
        log.info("lost card found", extra={"task_id": task.id})

    async def _do_chores(self, now: datetime) -> None:
        if not is_over(self._chores_at, now, CHORES_EVERY):
            return
        self._chores_at = now
        for chore in (self._erase_tokens, self._forget_drafts, self._age, self._sweep):
            try:
                await chore(now)
            except Exception:  # one chore that can't be done holds up neither the others nor what is stale
                log.exception("chore failed", extra={"chore": chore.__name__.strip("_")})

    async def _erase_tokens(self, now: datetime) -> None:
        await self._tasks.erase_tokens(now - TOKEN_LIFE)

    async def _forget_drafts(self, now: datetime) -> None:
        """With the messages that ask in public: they hold a member's words."""
        for draft in await self._drafts.over(now - DRAFT_LIFE, DRAFTS_BATCH):
            try:
                if draft.message_id is not None:
                    await self._search.remove(draft.channel_id, draft.message_id)
            except ShowLaterError:
                continue
            await self._drafts.drop(draft.id)

    async def _age(self, now: datetime) -> None:
        """What nobody has decided about for so long is dropped first; it is emptied some rounds later."""
        await self._erasures.end_blocks()
        for guild_id, days in (await self._erasures.keeping()).items():
            before = now - timedelta(days=days)
            undecided = await self._erasures.undecided(guild_id, before, AGED_BATCH)
            await self._tasks.apply_all([(task, transitions.Cancelled(by=Part.JANITOR)) for task in undecided])
            await self._erasures.age_out(guild_id, before, AGED_BATCH)

    async def _sweep(self, now: datetime) -> None:
        if is_over(self._swept_at, now, SWEEP_EVERY):
            self._swept_at = now
            await self._media.sweep(await self._tasks.media_names())
