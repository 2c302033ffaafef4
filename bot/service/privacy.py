"""What is kept of a person, and for how long: told, handed out, erased. Everybody only their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.clock import Clock
from bot.domain.privacy import Erasure
from bot.domain.refusals import Reason, Refused
from bot.domain.rules import EVERYWHERE
from bot.service.exporting import export_of
from bot.service.models import Defaults
from bot.service.signals import Signals
from bot.store.erasures import ErasureStore
from bot.store.exports import ExportStore
from bot.store.servers import ServerStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long things are kept where a member asks, and how far their own erasure is."""

    keep_days: int | None
    """Texts and results; None is for as long as the server wants."""
    media_keep_days: float
    erasure: Erasure | None = None
    left: int = 0
    """How many tasks are not erased yet."""


class Privacy:
    """Tells members what is kept of them, exports it, and erases it."""

    def __init__(
        self,
        *,
        servers: ServerStore,
        erasures: ErasureStore,
        exports: ExportStore,
        signals: Signals,
        clock: Clock,
        defaults: Defaults,
    ) -> None:
        self._servers = servers
        self._erasures = erasures
        self._exports = exports
        self._signals = signals
        self._clock = clock
        self._defaults = defaults
        self._exporting: set[int] = set()

    async def keeping(self, user_id: int, guild_id: int | None) -> Keeping:
        """What holds for a member here."""
        rules = (await self._servers.get(guild_id or EVERYWHERE)).rules
        erasure = await self._erasures.get(user_id)
        return Keeping(
            keep_days=rules.keep_days,
            media_keep_days=self._defaults.media_keep_days,
            erasure=erasure,
            left=await self._erasures.left(erasure) if erasure else 0,
        )

    @contextmanager
    def export(self, user_id: int) -> Iterator[AsyncIterator[str]]:
        """The export of a person, piece by piece; one at a time, as it is work.

        Raises:
            Refused: one is being made already.
        """
        if user_id in self._exporting:
            raise Refused(Reason.EXPORTING)
        self._exporting.add(user_id)
        try:
            yield export_of(user_id, self._exports, self._clock())
        finally:
            self._exporting.discard(user_id)

    async def erase(self, user_id: int, locale: str) -> None:
        """Erase everything that a person has asked for up to now; the engine works it off and tells them."""
        await self._erasures.begin(user_id, locale)
        self._signals.erasing()
