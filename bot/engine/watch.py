"""Watches over what stops everybody, tells the operator when it begins and ends, and gives up what waits too long."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from bot.clock import Clock
from bot.domain.due import is_over
from bot.domain.outage import GIVEN_UP_AS, PATIENCE, Notice, Situation
from bot.domain.transitions import GivenUp
from bot.engine.outages import BEGUN, Outages
from bot.engine.ports import OperatorDesk, ShowLaterError
from bot.engine.worker import NotNowError, Worker
from bot.store.outages import OutageStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

ASK_EVERY = timedelta(seconds=15)
"""How often TokenLab is asked while something is wrong, or seems to be."""
STORAGE_EVERY = timedelta(seconds=30)
GIVE_UP_EVERY = timedelta(minutes=1)


class Chore(IntEnum):
    """What is done again and again; the values are below zero, so that none is a receiver's id."""

    ASK = -1
    STORAGE = -2
    GIVE_UP = -3


class Watch(Worker[Chore | Notice]):
    """Does its chores when they are due, and sends one message at a time to each receiver."""

    name = "watch"
    idle_s = 2.0
    key_name = None

    def __init__(
        self, outages: Outages, store: OutageStore, tasks: TaskStore, desk: OperatorDesk, clock: Clock
    ) -> None:
        super().__init__()
        self._outages = outages
        self._store = store
        self._tasks = tasks
        self._desk = desk
        self._clock = clock
        self._done_at: dict[Chore, datetime] = {}

    def key(self, item: Chore | Notice) -> int:
        """The receiver of a message, or which chore it is."""
        return item.receiver.id if isinstance(item, Notice) else item

    async def recover(self) -> None:
        """At start, before anything is sent: say what still holds, and see whether audio can be kept."""
        for one in (await self._outages.situation()).outages:
            log.warning(BEGUN[one.cause], extra={"cause": one.cause, "since": one.since.isoformat()})
        await self._outages.check_storage()

    async def find(self, _room: int, /) -> Sequence[Chore | Notice]:
        """The chores that are due, and the first message for each receiver."""
        situation = await self._outages.situation()
        firsts = {one.receiver.id: one for one in reversed(situation.notices)}
        return [*self._due(situation), *firsts.values()]

    def _due(self, situation: Situation) -> list[Chore]:
        now = self._clock()
        wanted = {
            Chore.ASK: (self._outages.is_doubtful(situation), ASK_EVERY),
            Chore.STORAGE: (True, STORAGE_EVERY),
            Chore.GIVE_UP: (situation.outlasting(now) is not None, GIVE_UP_EVERY),
        }
        return [one for one, (is_wanted, every) in wanted.items() if is_wanted and self._is_time(one, now, every)]

    def _is_time(self, chore: Chore, now: datetime, every: timedelta) -> bool:
        return is_over(self._done_at.get(chore), now, every)

    async def handle(self, item: Chore | Notice) -> None:
        """Do one chore, or send one message."""
        if isinstance(item, Notice):
            await self._tell(item)
            return
        self._done_at[item] = self._clock()
        match item:
            case Chore.ASK:
                await self._outages.ask()
            case Chore.STORAGE:
                await self._outages.check_storage()
            case Chore.GIVE_UP:
                await self._give_up()

    async def _tell(self, notice: Notice) -> None:
        """Told first and noted afterwards: a crash in between repeats it, which Discord takes for the same one."""
        try:
            await self._desk.tell(notice)
        except ShowLaterError as error:
            raise NotNowError from error
        await self._store.told(notice)

    async def _give_up(self) -> None:
        """Fail what was refused and has waited for a day since; what was never sent goes on waiting."""
        now = self._clock()
        if (lasting := (await self._outages.situation()).outlasting(now)) is None:
            return
        given_up = GivenUp(error_code=GIVEN_UP_AS[lasting.cause])
        refused = await self._tasks.refused_in_line(now - PATIENCE)
        for task in await self._tasks.apply_all([(task, given_up) for task in refused]):
            log.info("task moved", extra={"task_id": task.id, "to": task.state, "code": task.error_code})
