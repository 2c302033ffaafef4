"""All workers together: started, woken and stopped together."""

import asyncio
from dataclasses import dataclass
from typing import Any

from bot.engine.bookkeeper import Bookkeeper
from bot.engine.courier import Courier
from bot.engine.crier import Crier
from bot.engine.eraser import Eraser
from bot.engine.fetcher import Fetcher
from bot.engine.janitor import Janitor
from bot.engine.leaver import Leaver
from bot.engine.poller import Poller
from bot.engine.submitter import Submitter
from bot.engine.watch import Watch
from bot.engine.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The nine workers, and a tenth where the provider's records may be read."""

    watch: Watch
    submitter: Submitter
    poller: Poller
    fetcher: Fetcher
    courier: Courier
    crier: Crier
    janitor: Janitor
    eraser: Eraser
    leaver: Leaver
    bookkeeper: Bookkeeper | None = None

    @property
    def workers(self) -> tuple[Worker[Any], ...]:
        """All of them, in the order in which a task passes them."""
        always = (
            self.watch, self.janitor, self.eraser, self.submitter, self.poller, self.fetcher, self.courier, self.crier,
            self.leaver,
        )  # fmt: skip
        return (*always, self.bookkeeper) if self.bookkeeper else always

    async def recover(self) -> None:
        """Settle what the last process left half-way; to be called before anything runs."""
        await self.janitor.recover()
        await self.watch.recover()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set and what is under way has ended.

        Raises:
            Exception: what ended a worker; the others were stopped in order, so that no POST was cut.
        """

        async def work(worker: Worker[Any]) -> None:
            try:
                await worker.run(stop)
            finally:
                stop.set()

        ended = await asyncio.gather(*map(work, self.workers), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error

    async def step(self) -> None:
        """One turn of each: what tests drive by hand."""
        for worker in self.workers:
            await worker.step()

    def on_queued(self) -> None:
        """A task joined the line."""
        self.submitter.wake()
        self.courier.wake()

    def on_outage(self) -> None:
        """Wake the workers that an outage concerns when it begins or ends: line, notices to the operator, boards."""
        self.watch.wake()
        self.submitter.wake()
        self.courier.wake()
        self.crier.wake()

    def on_submitted(self) -> None:
        """A task was sent, or came back into the line."""
        self.poller.wake()
        self.courier.wake()

    def on_looked(self) -> None:
        """A task was looked at: it may be finished, and free a place at the provider."""
        self.submitter.wake()
        self.fetcher.wake()
        self.courier.wake()

    def on_changed(self) -> None:
        """A card or a board has something new to show."""
        self.courier.wake()
        self.crier.wake()
