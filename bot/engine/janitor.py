"""Settles what was left half-way, and clears away: dead tokens, old drafts and files, texts older than their rule."""

import logging
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.drafts import DRAFT_LIFE, Draft
from bot.domain.due import is_over
from bot.domain.tasks import MusicTask, State
from bot.domain.transitions import Part
from bot.engine.ports import MediaFolder, Search, ShowLaterError
from bot.engine.submitter import Submitter
from bot.engine.turns import Turns
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
IN_CHANNEL = 2
"""Maximum number of lost answers of one channel that are looked for at once, and of old questions removed."""
SEARCHES = 6
"""Maximum number of lost answers that are looked for at once: some room is left for everything else."""
AGED_BATCH = 100
"""Maximum number of a server's tasks that are emptied in each round of chores."""


class Janitor(Worker[MusicTask | Draft]):
    """Looks for rows that nobody is working on, at start and always."""

    name = "janitor"
    idle_s = 5.0
    key_name = "row_id"

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
        self._searches = Turns[MusicTask | Draft](self, each=IN_CHANNEL, in_all=SEARCHES)
        self._questions = Turns[MusicTask | Draft](self, each=IN_CHANNEL)

    def key(self, item: MusicTask | Draft) -> int:
        """The id of a task; that of a draft is below zero, so that it never is a task's."""
        return -item.id if isinstance(item, Draft) else item.id

    async def recover(self) -> int:
        """At start, before anything is sent: whatever the last process was paying for is uncertain now."""
        left = self._abandoned(await self._tasks.in_state(State.SUBMITTING))
        for task in left:
            await self._submitter.give_up(task, by=Part.JANITOR)
        return len(left)

    async def find(self, room: int, /) -> Sequence[MusicTask | Draft]:
        """Rows that have been in a passing state for too long; those that need no answer of Discord first."""
        now = self._clock()
        await self._do_chores(now)
        submitting = await self._tasks.left_in_state(State.SUBMITTING, now, self._submitting_patience)
        due: list[MusicTask | Draft] = []
        due += [one for one in self._abandoned(submitting) if self.is_free(one.id)][:room]
        lost = partial(self._tasks.left_in_state, State.RECEIVED, now, RECEIVED_PATIENCE)
        due += await self._searches.pick(lost, room - len(due))
        due += await self._questions.pick(partial(self._drafts.over, now - DRAFT_LIFE), room - len(due))
        return due

    async def handle(self, item: MusicTask | Draft) -> None:
        """Settle one row."""
        try:
            if isinstance(item, Draft):
                await self._forget(item)
            elif item.state is State.SUBMITTING:
                await self._submitter.give_up(item, by=Part.JANITOR)
            else:
                await self._settle_received(item)
        except ShowLaterError as error:
            raise NotNowError from error

    def _abandoned(self, submitting: Sequence[MusicTask]) -> list[MusicTask]:
        """Those among them that nobody works on."""
        return [task for task in submitting if not self._submitter.is_handling(task.id)]

    async def _settle_received(self, task: MusicTask) -> None:
        message_id = await self._search.find_card(task)
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
        for chore in (self._erase_tokens, self._end_blocks, self._age, self._sweep):
            await self._try(chore.__name__.strip("_"), chore(now))

    async def _try(self, name: str, chore: Awaitable[object], **facts: object) -> None:
        """One chore that can't be done holds up neither the others nor what is stale."""
        try:
            await chore
        except Exception:
            log.exception("chore failed", extra={"chore": name, **facts})

    async def _erase_tokens(self, now: datetime) -> None:
        await self._tasks.erase_tokens(now - TOKEN_LIFE)

    async def _forget(self, draft: Draft) -> None:
        """With the message that asks in public: it holds a member's words."""
        if draft.message_id is not None:
            await self._search.remove(draft.channel_id, draft.message_id)
        await self._drafts.drop(draft.id)

    async def _end_blocks(self, _now: datetime) -> None:
        await self._erasures.end_blocks()

    async def _age(self, now: datetime) -> None:
        for guild_id, days in (await self._erasures.keeping()).items():
            await self._try("age", self._age_server(guild_id, now - timedelta(days=days)), guild_id=guild_id)

    async def _age_server(self, guild_id: int, before: datetime) -> None:
        """Empty the tasks of a server that are too old; unclear ones are dropped first and emptied later."""
        undecided = await self._erasures.undecided(guild_id, before, AGED_BATCH)
        await self._tasks.apply_all([(task, transitions.Cancelled(by=Part.JANITOR)) for task in undecided])
        await self._erasures.age_out(guild_id, before, AGED_BATCH)

    async def _sweep(self, now: datetime) -> None:
        if is_over(self._swept_at, now, SWEEP_EVERY):
            self._swept_at = now
            await self._media.sweep(await self._tasks.media_names())
