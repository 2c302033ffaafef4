"""Reads from the provider's records what tasks have cost. An extra: whatever goes wrong here, songs are made."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from bot.clock import Clock
from bot.domain.due import is_over
from bot.domain.tasks import TaskId
from bot.domain.usage import Unrecorded
from bot.engine.budget import Budget, Purpose
from bot.engine.ports import Records
from bot.engine.worker import Worker
from bot.store.usage import UsageStore
from bot.tokenlab.errors import AccessRefusedError, ThrottledError, TokenLabError

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
LONG_REST = timedelta(hours=6)
"""After what only the operator can mend."""
PATIENCE = timedelta(days=3)
"""How long a cost is waited for to be on record."""
SKEW = timedelta(hours=1)
"""How much the provider's clock may be behind ours."""
PAGES_MAX = 200
"""Maximum number of pages that are read before the search starts over with what waits by then."""


@dataclass(slots=True, kw_only=True)
class Reading:
    """A search through the records, page by page; where the budget does not suffice, a later turn goes on with it."""

    left: list[Unrecorded]
    """What was not found yet, oldest first."""
    since: datetime
    names: frozenset[str]
    """What all that waits is called there."""
    page: int = 1
    bill: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, waiting: Sequence[Unrecorded]) -> Self:
        """A search for all that waits, oldest first."""
        names = frozenset(name for one in waiting for name in (*one.last, *one.earlier))
        return cls(left=list(waiting), since=waiting[0].sent_at - SKEW, names=names)


class Bookkeeper(Worker[Reading]):
    """Every few minutes looks for the cost of everything that has none; asks nothing while nothing waits."""

    name = "bookkeeper"
    idle_s = 30.0
    concurrency = 1

    def __init__(self, costs: UsageStore, records: Records, budget: Budget, clock: Clock) -> None:
        super().__init__()
        self._costs = costs
        self._records = records
        self._budget = budget
        self._clock = clock
        self._asked_at: datetime | None = None
        self._resting = EVERY
        self._key_id: str | None = None
        self._reading: Reading | None = None
        """What the last turn did not bring to its end."""
        self._in_trouble = False

    def key(self, item: Reading) -> TaskId:
        """The oldest task that is looked for."""
        return item.left[0].id

    async def find(self, _room: int, /) -> Sequence[Reading]:
        """Everything whose cost may be on record by now, in one lot."""
        now = self._clock()
        if not is_over(self._asked_at, now, self._resting):
            return []
        self._asked_at, self._resting = now, EVERY
        if self._reading is not None:
            return [self._reading]
        waiting = await self._costs.unrecorded(now - PATIENCE)
        return [Reading.of(waiting)] if waiting else []

    async def handle(self, item: Reading) -> None:
        """Read the records since the oldest of them, and write what they tell."""
        self._reading = None
        try:
            key_id = await self._known_key()
            if key_id is not None:
                await self._read(item, key_id)
        except AccessRefusedError as error:
            self._pause(LONG_REST)
            self._trouble("management token is refused: costs stay estimates", error)
        except TokenLabError as error:
            self._key_id = None  # perhaps it is another one by now
            if isinstance(error, ThrottledError):
                self._budget.throttled(error.retry_after_s)
            self._trouble("records can't be read: costs stay estimates", error)
        else:
            if self._in_trouble and key_id is not None:
                log.info("records can be read again")
                self._in_trouble = False

    async def _known_key(self) -> str | None:
        if self._key_id is None and self._may_ask():
            self._key_id = await self._records.key_id(self._may_ask)
            self._budget.succeeded()
            if self._key_id is None:
                self._pause(LONG_REST)
                self._trouble(
                    "records don't tell which key is TOKENLAB_API_KEY: leave one active key in its organization"
                )
        return self._key_id

    async def _read(self, reading: Reading, key_id: str) -> None:
        """Until all are found, the records end, or the budget is spent."""
        while reading.left and reading.page <= PAGES_MAX:
            if not self._may_ask():
                self._reading = reading
                return
            page = await self._records.page(key_id, reading.since, reading.page)
            self._budget.succeeded()
            reading.page += 1
            reading.bill |= {name: cost for name, cost in page.costs.items() if name in reading.names}
            costs = {one.id: one.cost_in(reading.bill, is_whole=page.is_last) for one in reading.left}
            found = {task_id: cost for task_id, cost in costs.items() if cost is not None}
            await self._note(found)
            reading.left = [one for one in reading.left if one.id not in found]
            if page.is_last:
                return

    def _may_ask(self) -> bool:
        return self._budget.take(Purpose.OTHER)

    async def _note(self, found: dict[TaskId, Decimal]) -> None:
        if found:
            await self._costs.record(found)
            log.info("costs recorded", extra={"tasks": len(found)})

    def _pause(self, how_long: timedelta) -> None:
        self._asked_at, self._resting = self._clock(), how_long

    def _trouble(self, phrase: str, error: TokenLabError | None = None) -> None:
        """Told once, until it is over."""
        if not self._in_trouble:
            log.warning(phrase, extra={"request_id": error.request_id if error else None})
        self._in_trouble = True
