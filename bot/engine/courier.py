"""Brings the cards up to date with their rows, and tells the requester once. The only part that edits cards."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.due import LONGEST, Pause, is_over
from bot.domain.line import Place, in_turn, places
from bot.domain.members import Telling
from bot.domain.outage import Cause
from bot.domain.scene import Family, Scene, family_of
from bot.domain.tasks import ANNOUNCED, MusicTask, PingStatus, Role, State, TaskId
from bot.domain.transitions import Change
from bot.engine.budget import Budget
from bot.engine.ports import CantLookError, Display, Pings, ShowLaterError, Shown, Where
from bot.engine.turns import Turns
from bot.engine.worker import Worker
from bot.store.members import MemberStore
from bot.store.outages import OutageStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

MEDIA_PATIENCE = timedelta(seconds=20)
"""How long a finished card waits for its audio before it is shown with a link."""
SETTLING = timedelta(seconds=1.5)
"""A change that is usually followed by another within this time is not shown by itself."""
REFRESH_EVERY = timedelta(seconds=10)
OLDEST_REFRESH = timedelta(minutes=55)
"""Discord limits edits of messages older than an hour: soft refreshes end before."""
PING_AGAIN = timedelta(minutes=2)
"""Discord deduplicates messages with the same nonce for this long."""
REMOVALS = 2
"""Maximum number of deleted tasks that are removed at once: of an erased member there may be thousands."""
SHOWN_IN_CHANNEL = 4
"""Maximum number of cards of one channel that are shown at once: a small part of the jobs."""
REFRESHED_IN_CHANNEL = 2
"""Maximum number of cards of one channel whose place or progress is refreshed at once."""
ATTACHINGS = 2
"""Maximum number of cards that get files at once that failed before: an upload that hangs holds up no other card."""
FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 300.0
FIRST_ATTACH_S = 15.0
LONGEST_ATTACH_S = 3600.0


class Courier(Worker[MusicTask]):
    """Shows each task until `shown_revision` has caught up, finals first; then sends the ready ping."""

    name = "courier"
    concurrency = 24

    def __init__(
        self,
        tasks: TaskStore,
        members: MemberStore,
        display: Display,
        pings: Pings,
        clock: Clock,
        budget: Budget,
        outages: OutageStore,
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._members = members
        self._display = display
        self._pings = pings
        self._clock = clock
        self._budget = budget
        self._outages = outages
        self._looks: dict[TaskId, str] = {}
        self._undrawable: set[TaskId] = set()
        self._refreshed_at: datetime | None = None
        self._changed: list[MusicTask] = []
        """Cards that looked different at that moment and were not refreshed yet."""
        self._places: dict[TaskId, Place] = {}
        self._stopped_by: Cause | None = None
        self._removals = Turns(self, each=1, in_all=REMOVALS)
        self._cards = Turns(self, each=SHOWN_IN_CHANNEL)
        self._tellings = Turns(self, each=1)
        self._relatives = Turns(self, each=1)
        self._attachings = Turns(self, each=1, in_all=ATTACHINGS)
        self._refreshes = Turns(self, each=REFRESHED_IN_CHANNEL)

    def key(self, item: MusicTask) -> TaskId:
        """See `Worker.key`."""
        return item.id

    async def find(self, room: int, /) -> Sequence[MusicTask]:
        """What is due, the most urgent first.

        A few to remove, cards that lag behind, pings, relatives, a few that lack files, cards whose place or progress
        may have changed.
        """
        now = self._clock()
        unshown = partial(self._tasks.unshown, now, media_since=now - MEDIA_PATIENCE, settle_since=now - SETTLING)
        due = await self._removals.pick(partial(self._tasks.unremoved, now), room)
        due += await self._cards.pick(unshown, room - len(due))
        due += await self._tellings.pick(partial(self._tasks.unpinged, now), room - len(due))
        due += await self._relatives.pick(partial(self._tasks.family_changed, now), room - len(due))
        due += await self._attachings.pick(partial(self._tasks.unattached, now), room - len(due))
        if len(due) < room:
            due += await self._stale(now, room - len(due))
        return due

    async def _stale(self, now: datetime, room: int) -> list[MusicTask]:
        """Cards to be refreshed, each at most once for each look at them all."""
        if is_over(self._refreshed_at, now, REFRESH_EVERY):
            self._refreshed_at = now
            left = {task.id for task in self._changed}
            self._changed = sorted(await self._changed_looks(now), key=lambda task: task.id not in left)
        picked = self._refreshes.share(self._changed, room)
        started = {task.id for task in picked}
        self._changed = [task for task in self._changed if task.id not in started]
        return picked

    async def handle(self, item: MusicTask) -> None:
        """Show the newest state of a task, and tell its requester if it has come to an end."""
        task = await self._tasks.get(item.id)
        if task is None or task.state is not item.state:
            return  # moved on meanwhile: `find` has the rules for what it is now
        try:
            if task.revision > task.shown_revision or item.state not in ANNOUNCED:
                await self._show(task)
            elif not task.is_told:
                await self._tell(task)
            elif task.family_changed_at is not None:
                await self._refresh(task)
            elif task.attach_after is not None:
                await self._attach(task)
        except ShowLaterError as error:
            await self._postpone(task, error.retry_after_s)

    async def _show(self, task: MusicTask) -> None:
        if task.deleted_at is not None:
            await self._remove(task)
            return
        scene = await self._scene(task)
        looks = self._display.looks(task, scene)  # before the edit: what changes while that takes is shown by the next

        async def begin(posting: str, channel_id: int) -> None:
            begun = transitions.PostBegun(posting=posting, posting_in=channel_id, posting_at=self._clock())
            await self._tasks.apply(task, begun)

        shown = await self._display.show(task, scene, await self._telling(task), begin)
        self._looks[task.id] = looks
        if task.is_settled:
            self._looks.pop(task.id, None)
        is_new = task.state is State.COMPLETED and task.pinged_for is not State.COMPLETED
        await self._mark(task, shown, scene.family.parent if is_new else None)

    async def _refresh(self, task: MusicTask) -> None:
        """Redraw a finished card, if that works: its row is shown, but its family has changed."""
        try:
            await self._display.refresh(task, await self._scene(task))
        except Exception:  # a card that can't be drawn is not tried for ever
            await self._tasks.apply(task, transitions.FamilyShown())
            raise
        await self._tasks.apply(task, transitions.FamilyShown())

    async def _attach(self, task: MusicTask) -> None:
        """Try the files again that a card lacks; a failure holds up nothing else of it."""
        try:
            is_attached = await self._display.attach(task, await self._scene(task))
        except ShowLaterError:
            await self._tasks.apply(task, self._owed_later(task))
            return
        done: list[Change] = [transitions.FilesShown(files_shown=is_attached), transitions.FilesOwed()]
        await self._tasks.apply_all([(task, change) for change in done])

    def _owed_later(self, task: MusicTask) -> Change:
        delay_s = min(FIRST_ATTACH_S * 2**task.attach_failures, LONGEST_ATTACH_S)
        log.info("files will be attached later", extra={"task_id": task.id, "delay_s": delay_s})
        return transitions.FilesOwed(
            attach_after=self._clock() + timedelta(seconds=delay_s), attach_failures=min(task.attach_failures + 1, 20)
        )

    async def _remove(self, task: MusicTask) -> None:
        """Nothing of a deleted task stays in Discord, nor its name on the cards of its relatives."""
        for channel_id, message_id in await self._tasks.messages_of(task.id):
            await self._display.remove(channel_id, message_id)
        parent = await self._tasks.get(task.parent_id) if task.parent_id is not None else None
        await self._tasks.apply_all(self._family_changed(parent))
        oldest = None
        while children := await self._tasks.children_of(task.id, before=oldest):
            await self._tasks.apply_all(self._family_changed(*children))
            oldest = children[0].id
        await self._tasks.apply(task, transitions.Removed())

    def _family_changed(self, *relatives: MusicTask | None) -> list[tuple[MusicTask, Change]]:
        """The cards of these name a task that has come or gone: each is redrawn, in a job of its own."""
        changed = transitions.FamilyChanged(family_changed_at=self._clock())
        return [(one, changed) for one in relatives if one is not None]

    async def _mark(self, task: MusicTask, shown: Shown, parent: MusicTask | None) -> None:
        """Remember how a card reached Discord; a parent's names it from now on."""
        changes: list[Change] = [transitions.Shown(card_lost=shown.lost)]
        is_replaced = shown.replacement is not None and shown.lost is None
        if shown.files_shown or is_replaced:
            changes.append(transitions.FilesShown(files_shown=shown.files_shown))
        if shown.files_owed or task.attach_after is not None:
            changes.append(self._owed_later(task) if shown.files_owed else transitions.FilesOwed())
        if shown.replacement is not None:
            channel_id, message_id = shown.replacement
            if is_replaced:
                changes.append(transitions.CardReplaced(message_id=message_id))
            await self._tasks.remember_message(
                task, message_id=message_id, channel_id=channel_id, role=Role.REPLACEMENT
            )
        if shown.told or (shown.lost and task.state in ANNOUNCED):
            changes.append(transitions.Told(pinged_for=task.state, ping_at=self._clock()))
        await self._tasks.apply_all([(task, change) for change in changes] + self._family_changed(parent))
        if shown.lost:
            log.warning("card is lost", extra={"task_id": task.id, "reason": shown.lost, "told": shown.told})
        if task.state in ANNOUNCED:
            self.wake()

    async def _tell(self, task: MusicTask) -> None:
        """Send the ready ping at most once: marked before, and repeated while that is safe, or it is proven unsent.

        A task that is tried again meanwhile keeps no mark of it: what comes of that attempt is told as well.
        """
        now = self._clock()
        is_begun = task.ping_status is PingStatus.SENDING and task.pinged_for is task.state
        begun_at = task.ping_at if is_begun else None
        sent, told_at = None, begun_at or now
        try:
            if begun_at is not None and now - begun_at >= PING_AGAIN:
                sent = await self._pings.find_ping(task)
                told_at = begun_at if sent is not None else now
            if sent is None:
                sent = await self._ping(task, told_at)
        except CantLookError:
            log.warning("whether a ready ping was sent is unknown", extra={"task_id": task.id})
        if sent is not None:  # before it counts as done, or a crash in between leaves replies to it unheard
            channel_id, message_id = sent
            await self._tasks.remember_message(task, message_id=message_id, channel_id=channel_id, role=Role.PING)
        await self._tasks.apply(task, transitions.Told(pinged_for=task.state, ping_at=told_at))

    async def _ping(self, task: MusicTask, begun_at: datetime) -> Where | None:
        telling = await self._telling(task)
        if telling is Telling.SILENT:
            return None
        await self._tasks.apply(task, transitions.PingBegun(pinged_for=task.state, ping_at=begun_at))
        try:
            return await self._pings.ping(task, telling)
        except ShowLaterError as error:
            if not error.may_be_sent:  # then it is as if it had not been begun
                await self._tasks.apply(task, transitions.PingUnsent())
            raise

    async def _telling(self, task: MusicTask) -> Telling:
        return (await self._members.get(task.user_id)).telling

    async def _postpone(self, task: MusicTask, retry_after_s: float | None) -> None:
        wanted_s = max(retry_after_s or 0.0, min(FIRST_DELAY_S * 2**task.show_failures, LONGEST_DELAY_S))
        delay_s = min(wanted_s, LONGEST[Pause.SHOW].total_seconds())
        later = transitions.ShowPostponed(
            show_after=self._clock() + timedelta(seconds=delay_s), show_failures=min(task.show_failures + 1, 20)
        )
        await self._tasks.apply(task, later)
        log.info("card will be shown later", extra={"task_id": task.id, "delay_s": round(delay_s, 1)})

    async def _changed_looks(self, now: datetime) -> list[MusicTask]:
        """Cards up to date by revision whose place in line or progress looks different by now."""
        moving = await self._tasks.moving_cards(now - OLDEST_REFRESH)
        await self._read_places()
        self._looks = {task.id: self._looks[task.id] for task in moving if task.id in self._looks}
        self._undrawable &= {task.id for task in moving}
        changed: list[MusicTask] = []
        for task in moving:
            try:
                looks = self._display.looks(task, self._in_line(task))
            except Exception:  # one that can't be drawn holds up no other
                if task.id not in self._undrawable:
                    log.exception("card can't be drawn", extra={"task_id": task.id})
                self._undrawable.add(task.id)
                continue
            if task.state is State.RUNNING:  # shown as such by this courier, or before a restart by another
                self._looks.setdefault(task.id, looks)
            if self._looks.get(task.id) != looks:
                changed.append(task)
        return changed

    async def _scene(self, task: MusicTask) -> Scene:
        if task.state is State.QUEUED:
            await self._read_places()
            return self._in_line(task)
        return Scene(family=await self._family(task)) if task.state is State.COMPLETED else Scene()

    def _in_line(self, task: MusicTask) -> Scene:
        """What the card of a task that has not come to an end shows beside its row."""
        shut_for_s = self._budget.shut_for_s
        shut_until = self._clock() + timedelta(seconds=shut_for_s) if shut_for_s is not None else None
        return Scene(place=self._places.get(task.id), stopped_by=self._stopped_by, shut_until=shut_until)

    async def _family(self, task: MusicTask) -> Family:
        parent = await self._tasks.get(task.parent_id) if task.parent_id is not None else None
        return family_of(parent, await self._tasks.children_of(task.id))

    async def _read_places(self) -> None:
        waiting, running = await self._tasks.waiting(), await self._tasks.running_by_member()
        self._places = places(in_turn(waiting, running), running)
        self._stopped_by = (await self._outages.situation()).cause
