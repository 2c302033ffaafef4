"""Shares the jobs of a worker out among channels: Discord limits each of them, and none may hold up the others."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from bot.engine.worker import Worker

CHANNELS = 50
"""How many more items than there is room for are read, so that channels whose turn it is are among them."""


class InChannel(Protocol):
    """What concerns one channel."""

    @property
    def channel_id(self) -> int:
        """The channel."""


T = TypeVar("T", bound=InChannel)


class Turns(Generic[T]):
    """Jobs of one kind: at most `each` of a channel in flight, at most `in_all` of all; channels take turns."""

    def __init__(self, worker: Worker[T], *, each: int, in_all: int | None = None) -> None:
        self._worker = worker
        self._each = each
        self._in_all = in_all
        self._channels: dict[int, int] = {}
        """The channels of the jobs in flight, by key."""
        self._last: dict[int, int] = {}
        """The number of each channel's last turn."""
        self._count = 0

    async def pick(self, question: Callable[..., Awaitable[Sequence[T]]], room: int) -> list[T]:
        """Ask the store for what may start now, and share it out.

        Args:
            question: takes the maximum number of items, `each` of a channel and none of those that are `full`.
            room: how many jobs the worker will start.
        """
        in_flight = self._in_flight()
        if self._room(room) <= 0:
            return []
        # a few more than there is room for: those in flight or with a penalty don't hide the others
        hidden = self._worker.hidden
        full = [channel for channel, count in in_flight.items() if count >= self._each]
        return self.share(await question(room + hidden + CHANNELS, each=self._each + hidden, full=full), room)

    def share(self, found: Sequence[T], room: int) -> list[T]:
        """Return those that start now, at most `room`: all of them have to be started before the next call."""
        in_flight = self._in_flight()
        free = [item for item in found if self._worker.is_free(self._worker.key(item))]
        self._last = {one: self._last.get(one, 0) for one in {item.channel_id for item in free} | in_flight.keys()}
        ranked: list[tuple[int, int, T]] = []
        for item in free:
            if (rank := in_flight[item.channel_id]) < self._each:
                ranked.append((rank, self._last[item.channel_id], item))
                in_flight[item.channel_id] += 1
        ranked.sort(key=lambda one: one[:2])  # the fewest jobs first, then the one whose last turn is longest ago
        picked = [item for *_, item in ranked[: max(self._room(room), 0)]]
        for item in picked:
            self._count += 1
            self._last[item.channel_id] = self._count
            self._channels[self._worker.key(item)] = item.channel_id
        return picked

    def _in_flight(self) -> Counter[int]:
        self._channels = {key: where for key, where in self._channels.items() if self._worker.is_handling(key)}
        return Counter(self._channels.values())

    def _room(self, room: int) -> int:
        return room if self._in_all is None else min(room, self._in_all - len(self._channels))
