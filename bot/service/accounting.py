"""What was used, and what it cost: a member's own, and a server's for its moderators."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.clock import Clock
from bot.domain.limits import Used
from bot.domain.rules import EVERYWHERE, Rules
from bot.domain.usage import Entry, Period, Scope, Usage, Whose, span_of
from bot.service.access import Asker, moderated
from bot.store.servers import ServerStore
from bot.store.usage import UsageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a member or a server has used, beside what may be used here."""

    scope: Scope
    period: Period
    usage: Usage
    rules: Rules
    """Those of the place where it is asked."""
    used: Used
    """What counts against these rules now."""


class Accounting:
    """Sums and rows for those who may see them. Each call checks who asks."""

    def __init__(self, *, servers: ServerStore, usage: UsageStore, clock: Clock) -> None:
        self._servers = servers
        self._usage = usage
        self._clock = clock

    async def report(self, asker: Asker, scope: Scope, period: Period) -> Report:
        """What was used in a period.

        Raises:
            Refused: a server's usage is for its moderators.
        """
        whose, now = _whose(asker, scope), self._clock()
        rules = (await self._servers.get(asker.guild_id or EVERYWHERE)).rules
        return Report(
            scope=scope,
            period=period,
            usage=await self._usage.usage(whose, span_of(period, now)),
            rules=rules,
            used=await self._usage.used(asker.guild_id, asker.user_id, rules, now),
        )

    def entries(self, asker: Asker, scope: Scope, period: Period) -> AsyncIterator[list[Entry]]:
        """Every task of a period, oldest first, some at a time.

        Raises:
            Refused: a server's usage is for its moderators.
        """
        return self._usage.entries(_whose(asker, scope), span_of(period, self._clock()))


def _whose(asker: Asker, scope: Scope) -> Whose:
    if scope is Scope.OWN:
        return Whose(user_id=asker.user_id)
    return Whose(guild_id=moderated(asker))
