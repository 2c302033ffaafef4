"""Whether a member may ask here and now: by the rules of the server, and by what the bot itself needs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta

from bot.clock import Clock
from bot.domain.blocks import Block
from bot.domain.filters import filter_of
from bot.domain.limits import Limit, day_of, next_month_of
from bot.domain.outage import Cause
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import EVERYWHERE, OVERALL, Intake, Rules, Server, is_allowed
from bot.service.access import Asker
from bot.store.notices import NoticeStore
from bot.store.outages import OutageStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore

DAY = timedelta(days=1)
BY_LIMIT: Mapping[Limit, Reason] = {
    Limit.WAITING_MEMBER: Reason.LINE_FULL,
    Limit.WAITING_SERVER: Reason.SERVER_LINE_FULL,
    Limit.DAY_MEMBER: Reason.DAY_USED,
    Limit.DAY_SERVER: Reason.SERVER_DAY_USED,
    Limit.MONTH_SONGS: Reason.BUDGET_USED,
    Limit.MONTH_USD: Reason.BUDGET_USED,
    Limit.OVERALL: Reason.OVERALL_BUDGET_USED,
    Limit.UNPRICED: Reason.UNPRICED,
}
PlacesAbove = Callable[[int], Awaitable[frozenset[int]]]
"""Finds out what a channel belongs to."""


async def _nothing_known(_channel_id: int) -> frozenset[int]:
    return frozenset()


class Admission:
    """The door that every wish passes."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        servers: ServerStore,
        notices: NoticeStore,
        outages: OutageStore,
        clock: Clock,
        allowed: AbstractSet[int] = frozenset(),
    ) -> None:
        self._tasks = tasks
        self._servers = servers
        self._notices = notices
        self._outages = outages
        self._clock = clock
        self._allowed = allowed
        """The servers that the operator allows; none named: all."""
        self._is_closed = False
        self.places_above: PlacesAbove = _nothing_known

    def close(self) -> None:
        """Take no more wishes: the program is stopping."""
        self._is_closed = True

    def check_open(self) -> None:
        """Refuse whatever costs something once the program is stopping.

        Raises:
            Refused: it is.
        """
        if self._is_closed:
            raise Refused(Reason.CLOSING)

    async def check_running(self) -> None:
        """Refuse what could not be made for anybody now: it would only wait, or fail for all to see.

        Where the credit is used up and no wish waits that could find out when that is over, one is let in.

        Raises:
            Refused: the program is stopping, or the operator has something to mend.
        """
        self.check_open()
        causes = (await self._outages.situation()).causes
        if causes and (causes != (Cause.CREDIT,) or not all(one.is_held for one in await self._tasks.waiting())):
            raise Refused(Reason.STOPPED, causes[0])

    def check_allowed(self, guild_id: int | None) -> None:
        """Refuse whatever costs something in a server that the operator's list does not name.

        Raises:
            Refused: it does not.
        """
        if not is_allowed(guild_id, self._allowed):
            raise Refused(Reason.SERVER_NOT_ALLOWED)

    async def admit(self, asker: Asker) -> Server:
        """Let a member ask; return the server, whose rules hold for the wish.

        Raises:
            Refused: nothing can be made now, the bot may not work here, or the server or the operator says no.
        """
        self.check_open()
        self.check_allowed(asker.guild_id)
        if asker.missing_permissions:
            raise Refused(Reason.MISSING_PERMISSION, *asker.missing_permissions)
        await self.check_not_blocked(asker.guild_id, asker.user_id)
        await self.check_running()
        server = await self._servers.meet(asker.guild_id or EVERYWHERE)
        if server.intake is not Intake.OPEN:
            raise Refused(Reason.PAUSED, *([server.intake_note] if server.intake_note else []))
        rules = server.rules
        await self._check_channel(asker, rules)
        if asker.guild_id is not None and rules.roles and not rules.roles & asker.roles:
            raise Refused(Reason.WRONG_ROLE, *sorted(rules.roles))
        return server

    async def _check_channel(self, asker: Asker, rules: Rules) -> None:
        """Raise if no wishes are taken in this channel, nor in what it belongs to, as far as that can be known."""
        if asker.guild_id is None or not rules.channels or rules.channels & asker.places:
            return
        if asker.unplaced_id is None or not rules.channels & await self.places_above(asker.unplaced_id):
            raise Refused(Reason.WRONG_CHANNEL, *sorted(rules.channels))

    async def check_not_blocked(self, guild_id: int | None, user_id: int) -> None:
        """Raise if the member is blocked by the server or by the operator.

        Raises:
            Refused: the member is.
        """
        if (block := await self._servers.block_on(guild_id or EVERYWHERE, user_id, self._clock())) is not None:
            raise _blocked(block)

    async def check_words(self, server: Server, texts: Mapping[WishPart, str | None]) -> None:
        """Let no text pass that holds what the operator or the server keeps out, without saying what that is.

        Raises:
            Refused: one does.
        """
        everywhere = server if server.guild_id == EVERYWHERE else await self._servers.get(EVERYWHERE)
        for one, reason in ((everywhere, Reason.FORBIDDEN_BY_OPERATOR), (server, Reason.FORBIDDEN_WORD)):
            for part, text in texts.items():
                if text and await entry_in(one.rules, text) is not None:
                    raise Refused(reason, part)

    async def limit_refused(self, limit: Limit, guild_id: int | None) -> Refused:
        """The answer to a wish that would break a limit; whose budget is used hears of it, if they have not."""
        now, reason = self._clock(), BY_LIMIT[limit]
        match limit:
            case Limit.DAY_MEMBER | Limit.DAY_SERVER:
                return Refused(reason, day_of(now) + DAY)
            case Limit.MONTH_SONGS | Limit.MONTH_USD | Limit.OVERALL:
                await self._notices.look_at_budget(OVERALL if limit is Limit.OVERALL else guild_id or EVERYWHERE)
                return Refused(reason, next_month_of(now))
            case Limit.WAITING_MEMBER | Limit.WAITING_SERVER | Limit.UNPRICED:
                return Refused(reason)


async def entry_in(rules: Rules, text: str) -> str | None:
    """Which word or pattern of these rules is in a text, if any.

    In a thread: a search that takes long, whatever an admin thought of, holds up nobody else.
    """
    if not rules.words and not rules.patterns:
        return None
    return await asyncio.to_thread(lambda: filter_of(rules.words, rules.patterns).find(text))


def _blocked(block: Block) -> Refused:
    if block.guild_id == EVERYWHERE:
        return Refused(Reason.BLOCKED_BY_OPERATOR)
    return Refused(Reason.BLOCKED, *([block.until] if block.until else []))
