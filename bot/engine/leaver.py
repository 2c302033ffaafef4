"""Leaves servers that are not in the operator's list: at once where the bot was just added, else after a day."""

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta

from bot.clock import Clock
from bot.engine.ports import Memberships, ShowLaterError
from bot.engine.worker import NotNowError, Worker
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

NOTICE = timedelta(days=1)
"""How long a server that the bot was in already is kept; once more as long while something is still owed there."""


class Leaver(Worker[int]):
    """Keeps in the rows when a server is left, so that a restart forgets no notice and gives no second one."""

    name = "leaver"
    idle_s = 60.0
    key_name = "guild_id"

    def __init__(
        self, servers: ServerStore, tasks: TaskStore, memberships: Memberships, clock: Clock, allowed: AbstractSet[int]
    ) -> None:
        super().__init__()
        self._servers = servers
        self._tasks = tasks
        self._memberships = memberships
        self._clock = clock
        self._allowed = allowed
        self._turned_away: set[int] = set()
        """Servers that the bot was just added to and must not stay in."""
        self._left: set[int] = set()
        """Servers that Discord has not yet said to be gone."""
        self._logged: set[int] = set()
        self._is_void = False

    def turn_away(self, guild_id: int) -> None:
        """Leave a server at once."""
        self._left.discard(guild_id)
        self._turned_away.add(guild_id)
        self.wake()

    def key(self, item: int) -> int:
        """The server."""
        return item

    async def find(self, _room: int, /) -> Sequence[int]:
        """Servers to be left now; none before Discord has said which there are."""
        if (present := self._memberships.present()) is None:
            return []
        self._turned_away &= present
        self._left &= present
        due = await self._due(self._strangers(present))
        return sorted((due | self._turned_away) - self._left)

    async def handle(self, item: int) -> None:
        """Leave one server."""
        try:
            await self._memberships.leave(item)
        except ShowLaterError as error:
            raise NotNowError from error
        self._left.add(item)
        log.info("server left", extra={"guild_id": item})

    def _strangers(self, present: AbstractSet[int]) -> AbstractSet[int]:
        """Servers that are not in the list; none where that would be all: a typo must not empty the bot."""
        is_void = bool(self._allowed and present and not self._allowed & present)
        if is_void and not self._is_void:
            log.warning("ALLOWED_SERVERS names no server that the bot is in: none is left, and none is served")
        self._is_void = is_void
        return present - self._allowed if self._allowed and not is_void else frozenset()

    async def _due(self, strangers: AbstractSet[int]) -> set[int]:
        """Strangers whose notice is over, and who are owed nothing or have been for as long again."""
        now, noted = self._clock(), await self._servers.departures()
        if staying := noted.keys() - strangers:
            await self._servers.cancel_departures(staying)
            self._logged -= staying
        if fresh := strangers - noted.keys() - self._turned_away:
            await self._servers.note_departures(fresh, now + NOTICE)
            noted |= dict.fromkeys(fresh, now + NOTICE)
        due = set()
        for guild_id in strangers & noted.keys():
            leave_at = noted[guild_id]
            if guild_id not in self._logged:
                self._logged.add(guild_id)
                facts = {"guild_id": guild_id, "leave_at": leave_at.isoformat(timespec="seconds")}
                log.warning("server is not in ALLOWED_SERVERS: it is left", extra=facts)
            is_over = leave_at <= now
            if is_over and (leave_at + NOTICE <= now or not await self._tasks.is_owed(guild_id)):
                due.add(guild_id)
        return due
