"""Reads from the provider's records what tasks have cost. An extra: whatever goes wrong here, songs are made."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

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
"""What is not on record after so long is no longer waited for."""
SKEW = timedelta(hours=1)
"""The provider's clock may be behind ours by so much."""
PAGES_MAX = 200
"""Maximum number of requests that are spent at a time."""


class Bookkeeper(Worker[Sequence[Unrecorded]]):
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
        self._in_trouble = False

    def key(self, item: Sequence[Unrecorded]) -> TaskId:
        """The oldest task of the lot."""
        return item[0].id

    async def find(self, _room: int, /) -> Sequence[Sequence[Unrecorded]]:
        """Everything whose cost may be on record by now, in one lot."""
        now = self._clock()
        if not is_over(self._asked_at, now, self._resting):
            return []
        self._asked_at, self._resting = now, EVERY
        waiting = await self._costs.unrecorded(now - PATIENCE)
        return [waiting] if waiting else []

    async def handle(self, item: Sequence[Unrecorded]) -> None:
        """Read the records since the oldest of them, and write what they tell."""
        try:
            key_id = await self._known_key()
            if key_id is not None:
                await self._read_since(item[0].sent_at - SKEW, key_id, item)
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

    async def _read_since(self, since: datetime, key_id: str, waiting: Sequence[Unrecorded]) -> None:
        """Page by page, until all are found or the budget is spent; a later turn begins anew, with fewer of them."""
        left, bill = list(waiting), dict[str, Decimal]()
        names = {name for one in waiting for name in (*one.last, *one.earlier)}
        for number in range(1, PAGES_MAX + 1):
            if not left or not self._may_ask():
                return
            page = await self._records.page(key_id, since, number)
            self._budget.succeeded()
            bill |= {name: cost for name, cost in page.costs.items() if name in names}
            costs = {one.id: one.cost_in(bill, is_whole=page.is_last) for one in left}
            found = {task_id: cost for task_id, cost in costs.items() if cost is not None}
            await self._note(found)
            left = [one for one in left if one.id not in found]
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
