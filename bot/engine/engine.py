"""All workers together: started, rung and stopped as one."""

import asyncio
from dataclasses import dataclass

from bot.engine.courier import Courier
from bot.engine.fetcher import Fetcher
from bot.engine.janitor import Janitor
from bot.engine.poller import Poller
from bot.engine.submitter import Submitter


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The five workers."""

    submitter: Submitter
    poller: Poller
    fetcher: Fetcher
    courier: Courier
    janitor: Janitor

    async def recover(self) -> None:
        """Settle what the last process left half-way; to be called before anything runs."""
        await self.janitor.recover()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set and what is under way has ended; a worker that fails ends them all."""
        async with asyncio.TaskGroup() as group:
            for worker in (self.submitter, self.poller, self.fetcher, self.courier, self.janitor):
                group.create_task(worker.run(stop), name=worker.name)

    async def step(self) -> None:
        """One turn of each, in the order in which a task passes them: what tests drive by hand."""
        for worker in (self.janitor, self.submitter, self.poller, self.fetcher, self.courier):
            await worker.step()

    def on_queued(self) -> None:
        """A task joined the line."""
        self.submitter.wake()
        self.courier.wake()

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
        """A card has something new to show."""
        self.courier.wake()
