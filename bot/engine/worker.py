"""The loop that every worker of the engine runs: find what is due, handle each behind a fence, rest, stop in time."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from bot.domain.tasks import StaleTaskError

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_PENALTY_S = 300.0
OUTAGE_S = 60.0
"""How long a store may fail to answer before the program ends and is restarted."""


class NotNowError(Exception):
    """A job that can't be done at the moment, through nobody's fault: the worker comes back to it after a while."""


class Penalty(NamedTuple):
    """A job that has failed is not done again for a while."""

    failures: int
    """In a row."""
    until: float


class Worker(ABC, Generic[T]):
    """One loop over what is due. At most one job per key is in flight, and at most `concurrency` in all."""

    name: str
    idle_s: float = 1.0
    """Longest rest between two looks at the store; `wake` ends it early."""
    concurrency: int = 8
    key_name: str | None = "task_id"
    """What its keys are, in the log; None if they had better not stand there."""
    grace_s: float = 3.0
    """How long jobs under way may go on once the program stops."""
    monotonic: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._bell = asyncio.Event()
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._is_finding = False
        self._ended: set[int] = set()
        """Whose job has ended while `find` reads: what it reads of them may be older than that."""
        self.on_done: Callable[[], None] = lambda: None
        """Rung after each job: a row may have changed that another worker waits for."""
        self._penalties: dict[int, Penalty] = {}
        self._failing_since: float | None = None

    @property
    def hidden(self) -> int:
        """How many due items may have to be passed over: ask the store for that many more than there is room for."""
        return len(self._in_flight) + sum(map(self._is_penalised, self._penalties))

    @abstractmethod
    async def find(self, room: int, /) -> Sequence[T]:
        """What is due now, the most urgent first; more than `room` are left for later."""

    @abstractmethod
    def key(self, item: T) -> int:
        """What an item is about: the music task, the channel, the member."""

    @abstractmethod
    async def handle(self, item: T) -> None:
        """Do the one thing this worker does."""

    def wake(self) -> None:
        """Look at the store at once: something has changed."""
        self._bell.set()

    def is_handling(self, key: int) -> bool:
        """Whether a job about this is in flight here."""
        return key in self._in_flight

    def is_free(self, key: int) -> bool:
        """Whether a job about this could start now.

        Not while one is in flight or trouble is to be waited out, nor with what was read before the last one ended.
        """
        return key not in self._in_flight and key not in self._ended and not self._is_penalised(key)

    async def step(self) -> int:
        """Do everything that is due now and wait for it; return how many items that were."""
        async with asyncio.TaskGroup() as group:
            return await self._start_due(group)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then let what is under way finish within `grace_s` and cut the rest.

        Raises:
            Exception: what `find` raised, after it had failed for `OUTAGE_S`; jobs under way were let finish.
        """
        async with asyncio.TaskGroup() as group:
            try:
                while not stop.is_set():
                    self._bell.clear()
                    await self._try_start_due(group)
                    await self._rest(stop)
            finally:
                await self._drain()

    async def _try_start_due(self, group: asyncio.TaskGroup) -> None:
        """A store that fails for a moment must not cut the jobs under way."""
        try:
            await self._start_due(group)
        except Exception:
            now = self.monotonic()
            if self._failing_since is None:
                self._failing_since = now
                log.exception("worker can't look for work", extra={"worker": self.name})
            if now - self._failing_since >= OUTAGE_S:
                raise
        else:
            if self._failing_since is not None:
                log.info("worker looks for work again", extra={"worker": self.name})
            self._failing_since = None

    async def _start_due(self, group: asyncio.TaskGroup) -> int:
        room = self.concurrency - len(self._in_flight)
        if room <= 0:
            return 0
        self._forget_penalties()
        self._is_finding = True
        try:
            return self._start(group, await self.find(room), room)
        finally:
            self._is_finding = False
            self._ended.clear()

    def _start(self, group: asyncio.TaskGroup, found: Sequence[T], room: int) -> int:
        started = 0
        for item in found:
            key = self.key(item)
            if started >= room or not self.is_free(key):
                continue
            self._in_flight[key] = group.create_task(self._fenced(item, key), name=self.name)
            started += 1
        return started

    async def _fenced(self, item: T, key: int) -> None:
        """One item's trouble never holds up the others."""
        try:
            await self.handle(item)
        except StaleTaskError:
            self._penalties.pop(key, None)
            log.info("task was moved by somebody else", extra=self._facts(key))
        except NotNowError:
            self._penalise(key)
            log.info("job is put off", extra=self._facts(key))
        except Exception:
            self._penalise(key)
            log.exception("job failed", extra=self._facts(key))
        else:
            self._penalties.pop(key, None)
        finally:
            self._in_flight.pop(key, None)
            if self._is_finding:
                self._ended.add(key)
            self._bell.set()
            self.on_done()

    def _facts(self, key: int) -> dict[str, object]:
        return {"worker": self.name, **({self.key_name: key} if self.key_name else {})}

    def _penalise(self, key: int) -> None:
        failures = self._penalties[key].failures + 1 if key in self._penalties else 1
        self._penalties[key] = Penalty(failures, self.monotonic() + min(2.0 ** min(failures, 10), LONGEST_PENALTY_S))

    def _is_penalised(self, key: int) -> bool:
        return key in self._penalties and self.monotonic() < self._penalties[key].until

    def _forget_penalties(self) -> None:
        """Drop penalties that ended a while ago without another failure: the next failure starts from one."""
        over = self.monotonic() - LONGEST_PENALTY_S
        self._penalties = {key: one for key, one in self._penalties.items() if one.until > over}

    async def _rest(self, stop: asyncio.Event) -> None:
        bell = asyncio.ensure_future(self._bell.wait())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({bell, stopping}, timeout=self.idle_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bell.cancel()
            stopping.cancel()

    async def _drain(self) -> None:
        if not self._in_flight:
            return
        _, late = await asyncio.wait(set(self._in_flight.values()), timeout=self.grace_s)
        for job in late:
            job.cancel()
