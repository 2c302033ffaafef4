"""A server's queue and its audit for its moderators, who never see those of another server."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.clock import Clock
from bot.domain.audit import Act, AuditLine
from bot.domain.listing import ListedTask
from bot.domain.pacing import StuckAfter
from bot.domain.queue import COUNTED_FOR, Lane, Narrowed, Tally
from bot.domain.rules import Server
from bot.domain.tasks import TaskId
from bot.service.access import Asker, moderated
from bot.store.audit import AuditStore
from bot.store.outages import OutageStore
from bot.store.queue import QueueStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore

PAGE_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of a server's tasks, and what there is in all."""

    server: Server
    tally: Tally
    stuck: Collection[TaskId]
    """All of the server's that are."""
    rows: Sequence[ListedTask]
    number: int
    """Counts from 0."""
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """A page of a server's audit."""

    lines: Sequence[AuditLine]
    number: int
    """Counts from 0."""
    pages: int
    """At least one."""


class Queue:
    """Looks, for moderators."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        servers: ServerStore,
        outages: OutageStore,
        queue: QueueStore,
        audit: AuditStore,
        clock: Clock,
        allowed: AbstractSet[int] = frozenset(),
    ) -> None:
        self._tasks = tasks
        self._servers = servers
        self._outages = outages
        self._queue = queue
        self._audit = audit
        self._clock = clock
        self._allowed = allowed

    async def page(self, asker: Asker, narrowed: Narrowed, number: int, *, stuck_after: StuckAfter) -> QueuePage:
        """A page of the tasks of a moderator's server; an earlier one where it has emptied.

        Raises:
            Refused: not a moderator's, or not in a server.
        """
        guild_id = moderated(asker)
        now, rows = self._clock(), self._queue
        at_work = await rows.at_work(guild_id)
        stuck = [one for one in at_work if now - one.submitted_at > stuck_after(one.kind, one.model)]
        ids: Sequence[TaskId] = []
        for page in dict.fromkeys((number, max(0, number - 1), 0)):  # one that has emptied meanwhile shows nothing
            skip = page * PAGE_ROWS
            if narrowed.lane is Lane.STUCK:
                ids = [one.id for one in stuck if narrowed.fits(one)][skip : skip + PAGE_ROWS + 1]
            else:
                ids = await rows.ids(guild_id, narrowed, skip=skip, limit=PAGE_ROWS + 1)
            if ids:
                break
        here = ids[:PAGE_ROWS]
        cause = (await self._outages.situation()).cause
        return QueuePage(
            server=(await self._servers.get(guild_id)).as_it_stands(self._allowed, cause),
            tally=await rows.tally(guild_id, now - COUNTED_FOR),
            stuck=frozenset(one.id for one in stuck),
            rows=sorted(await self._tasks.listed(here), key=lambda task: here.index(task.id)),
            number=page,
            has_more=len(ids) > PAGE_ROWS,
        )

    async def audit(self, asker: Asker, act: Act | None, number: int) -> AuditPage:
        """A page of what was done in a moderator's server, newest first; the last page if the number is beyond it.

        Raises:
            Refused: not a moderator's, or not in a server.
        """
        guild_id, acts = moderated(asker), [act] if act is not None else []
        pages = max(1, -(-await self._audit.count(guild_id, acts=acts) // PAGE_ROWS))
        number = min(number, pages - 1)
        lines = await self._audit.page(guild_id, acts=acts, skip=number * PAGE_ROWS, limit=PAGE_ROWS)
        return AuditPage(lines=lines, number=number, pages=pages)
