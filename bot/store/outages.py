"""What stops everybody, as it is remembered over a restart: one value of the table `remembered`."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from bot.clock import Clock
from bot.domain.outage import Cause, Notice, Outage, Receiver, Situation
from bot.store.database import Database
from bot.store.remembered import RememberedStore

NAME = "outages"


class _Outage(TypedDict):
    cause: str
    since: str
    tried_at: str


class _Notice(TypedDict):
    cause: str
    since: str
    ended_at: str | None
    receiver: int
    is_channel: bool


class OutageStore:
    """Begins and ends outages; each beginning and each end leaves a message for every receiver."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._remembered = RememberedStore(database)
        self._clock = clock

    async def situation(self) -> Situation:
        """All outages of this moment."""
        value = await self._remembered.get(NAME)
        return Situation() if value is None else _decoded(value)

    async def begin(self, cause: Cause, receivers: Iterable[Receiver]) -> bool:
        """Note that a cause holds; return whether that is new."""
        now = self._clock()
        notices = [Notice(receiver=one, cause=cause, since=now) for one in receivers]

        def begun(before: Situation) -> Situation:
            if cause in before.causes:
                return before
            outages = (*before.outages, Outage(cause=cause, since=now, tried_at=now))
            return Situation(outages=outages, notices=(*before.notices, *notices))

        return cause not in (await self._change(begun)).causes

    async def end(self, cause: Cause, receivers: Iterable[Receiver]) -> Outage | None:
        """Note that a cause holds no longer; return the outage that this ends."""
        now, receivers = self._clock(), tuple(receivers)

        def ended(before: Situation) -> Situation:
            if (over := before.outage(cause)) is None:
                return before
            notices = [Notice(receiver=one, cause=cause, since=over.since, ended_at=now) for one in receivers]
            outages = tuple(one for one in before.outages if one is not over)
            return Situation(outages=outages, notices=(*before.notices, *notices))

        return (await self._change(ended)).outage(cause)

    async def tried(self, cause: Cause) -> None:
        """Note that a wish is sent to find out whether a cause still holds."""
        now = self._clock()

        def tried(before: Situation) -> Situation:
            outages = tuple(replace(one, tried_at=now) if one.cause is cause else one for one in before.outages)
            return replace(before, outages=outages)

        await self._change(tried)

    async def told(self, notice: Notice) -> None:
        """Note that a message has been sent, or never can be."""

        def told(before: Situation) -> Situation:
            return replace(before, notices=tuple(one for one in before.notices if one != notice))

        await self._change(told)

    async def _change(self, how: Callable[[Situation], Situation]) -> Situation:
        """Note what has changed; return what was known before."""
        before = Situation()

        def next_of(value: str | None) -> str | None:
            nonlocal before
            before = before if value is None else _decoded(value)
            after = how(before)
            return None if after == before else _encoded(after)

        await self._remembered.change(NAME, next_of)
        return before


def _encoded(situation: Situation) -> str:
    return json.dumps(
        {
            "outages": [
                _Outage(cause=one.cause, since=one.since.isoformat(), tried_at=one.tried_at.isoformat())
                for one in situation.outages
            ],
            "notices": [
                _Notice(
                    cause=one.cause, since=one.since.isoformat(), receiver=one.receiver.id,
                    ended_at=one.ended_at.isoformat() if one.ended_at else None, is_channel=one.receiver.is_channel,
                )
                for one in situation.notices
            ],
        }
    )  # fmt: skip


def _decoded(value: str) -> Situation:
    kept = json.loads(value)
    outages = [_outage_of(one) for one in kept["outages"]]
    order = list(Cause)
    return Situation(
        outages=tuple(sorted(outages, key=lambda one: order.index(one.cause))),
        notices=tuple(_notice_of(one) for one in kept["notices"]),
    )


def _outage_of(kept: _Outage) -> Outage:
    since, tried_at = datetime.fromisoformat(kept["since"]), datetime.fromisoformat(kept["tried_at"])
    return Outage(cause=Cause(kept["cause"]), since=since, tried_at=tried_at)


def _notice_of(kept: _Notice) -> Notice:
    ended_at = datetime.fromisoformat(kept["ended_at"]) if kept["ended_at"] else None
    return Notice(
        receiver=Receiver(id=kept["receiver"], is_channel=kept["is_channel"]),
        cause=Cause(kept["cause"]),
        since=datetime.fromisoformat(kept["since"]),
        ended_at=ended_at,
    )
