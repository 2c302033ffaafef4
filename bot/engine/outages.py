"""Finds out what stops everybody, by calls that cost nothing, and notes when it begins and when it ends."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain.due import is_over
from bot.domain.outage import Cause, Receiver, Situation
from bot.engine.budget import Budget, Purpose
from bot.engine.ports import MediaFolder, Models, Provider
from bot.store.outages import OutageStore
from bot.tokenlab.errors import (
    AccessRefusedError,
    ModelUnavailableError,
    NoCreditError,
    NotSentError,
    ThrottledError,
    TokenLabError,
    TryLaterError,
    VersionRefusedError,
)

log = logging.getLogger(__name__)

PROBE = "probe"
"""A task that TokenLab can't know: asking for it tells whether the key is taken, and costs nothing."""
CONFIRMED_AFTER = timedelta(seconds=10)
"""How long TokenLab has to be out of reach before that stops everybody: moments of it are waited out in the line."""
BEGUN: Mapping[Cause, str] = {
    Cause.KEY: "TOKENLAB_API_KEY is refused by TokenLab: no wishes are taken until it is right",
    Cause.CREDIT: "TokenLab says that the credit is used up: no wishes are taken until it is topped up",
    Cause.MODEL: "TOKENLAB_MODEL is not offered by TokenLab: no wishes are taken until it is, or another one is set",
    Cause.REACH: "TokenLab is out of reach: no wishes are taken until it is back",
    Cause.STORAGE: "MEDIA_DIR can't be used: no wishes are taken until it can",
}


class UndecidedError(Exception):
    """Whether a refusal concerns everybody can't be found out now."""


def _nobody() -> None:
    """Nobody listens yet."""


class Outages:
    """What is known of each cause. A cause holds for everybody, or not at all."""

    def __init__(
        self,
        store: OutageStore,
        provider: Provider,
        models: Models,
        folder: MediaFolder,
        budget: Budget,
        clock: Clock,
        *,
        model: str,
        receivers: tuple[Receiver, ...] = (),
    ) -> None:
        self._store = store
        self._provider = provider
        self._models = models
        self._folder = folder
        self._budget = budget
        self._clock = clock
        self._model = model
        self._receivers = receivers
        self._asking = asyncio.Lock()
        self._suspected: set[Cause] = set()
        self._unreachable_since: datetime | None = None
        self._has_page = False
        """Whether the model is there although the list leaves it out."""
        self.on_change: Callable[[], None] = _nobody
        """Called when an outage begins or ends."""

    async def situation(self) -> Situation:
        """All outages of this moment."""
        return await self._store.situation()

    # --- what the engine meets -----------------------------------------------------------------------------------

    async def met(self, error: TokenLabError, model: str) -> Cause | None:
        """Return what stops everybody, if that is why a create was refused; nothing was created.

        Raises:
            UndecidedError: nobody knows.
        """
        match error:
            case NoCreditError():
                await self._begin(Cause.CREDIT)
                return Cause.CREDIT
            case AccessRefusedError():
                return await self._confirmed(Cause.KEY)
            case ModelUnavailableError() if model == self._model and not isinstance(error, VersionRefusedError):
                return await self._confirmed(Cause.MODEL)
            case NotSentError():
                self.suspect(Cause.REACH)
                return Cause.REACH if Cause.REACH in (await self.situation()).causes else None
            case _:
                return None

    def suspect(self, cause: Cause) -> None:
        """Have it found out whether a cause holds."""
        self._suspected.add(cause)

    async def trying(self) -> None:
        """A wish is sent to find out if there is credit again."""
        await self._store.tried(Cause.CREDIT)

    async def paid(self, sent_at: datetime) -> None:
        """A create that was sent at that moment was accepted: there is credit, unless it ran out meanwhile."""
        now = self._clock()
        for one in (await self.situation()).outages:
            if one.cause is Cause.CREDIT and not sent_at <= one.since <= now:
                await self._end(Cause.CREDIT)

    # --- finding out ---------------------------------------------------------------------------------------------

    def is_doubtful(self, situation: Situation) -> bool:
        """Whether TokenLab should be asked: something is suspected, or holds and may be over."""
        models = self._models
        is_missing = models.is_loaded and not self._has_page and models.find(self._model) is None
        is_troubled = models.trouble is not None and not isinstance(models.trouble, ThrottledError)
        holds = any(one not in {Cause.CREDIT, Cause.STORAGE} for one in situation.causes)
        return bool(self._suspected) or holds or is_missing or is_troubled

    async def ask(self, *suspected: Cause) -> Mapping[Cause, bool]:
        """Ask TokenLab what costs nothing, begin and end outages by what it says, and return what it says."""
        async with self._asking:
            situation = await self.situation()
            if suspected and set(suspected) <= set(situation.causes):
                return dict.fromkeys(suspected, True)  # found out while this waited for its turn
            facts = await self._facts({*suspected, *self._suspected, *situation.causes})
            self._suspected -= facts.keys()
            for cause, holds in facts.items():
                if not holds:
                    await self._end(cause)
                elif cause is not Cause.REACH or self._is_confirmed():
                    await self._begin(cause)
            if not facts.get(Cause.REACH, True):
                self._unreachable_since = None
            return facts

    async def check_storage(self) -> None:
        """Find out whether audio can be kept: before a wish is paid for whose song could not be."""
        problem = await self._folder.problem()
        await (self._end(Cause.STORAGE) if problem is None else self._begin(Cause.STORAGE, reason=problem))

    async def _confirmed(self, cause: Cause) -> Cause | None:
        facts = await self.ask(cause)
        if cause not in facts:
            raise UndecidedError
        return cause if facts[cause] else None

    def _is_confirmed(self) -> bool:
        """Whether it has been out of reach for a while."""
        now = self._clock()
        if self._unreachable_since is None:
            self._unreachable_since = now
        return is_over(self._unreachable_since, now, CONFIRMED_AFTER)

    async def _facts(self, wanted: set[Cause]) -> dict[Cause, bool]:
        """Which causes hold and which don't, as far as TokenLab tells."""
        is_listed = await self._models.refresh()
        match self._models.trouble:
            case AccessRefusedError():
                return {Cause.KEY: True, Cause.REACH: False}
            case ThrottledError():
                return {Cause.REACH: False}
            case None if is_listed:
                looked = await self._looked() if Cause.KEY in wanted else {Cause.KEY: False}
                return {**looked, **await self._model_gone(Cause.MODEL in wanted), Cause.REACH: False}
            case None:  # the request budget did not allow it
                return {}
            case _:
                return await self._looked()

    async def _looked(self) -> dict[Cause, bool]:
        """What a look tells: another route than the list's, and one that no key but a valid one opens."""
        if not self._budget.take(Purpose.OTHER):
            return {}
        try:
            await self._provider.look(PROBE, None)
        except AccessRefusedError:
            return {Cause.KEY: True, Cause.REACH: False}
        except ThrottledError as error:
            self._budget.throttled(error.retry_after_s)
            return {Cause.REACH: False}
        except TryLaterError:
            return {Cause.REACH: True}
        except TokenLabError:  # there is no such task, as it should be
            pass
        return {Cause.KEY: False, Cause.REACH: False}

    async def _model_gone(self, is_wanted: bool) -> dict[Cause, bool]:  # noqa: FBT001 -- the only thing that is asked
        """Whether the model is gone: not in the list, nor to be had by its own page; or retired, once it is refused."""
        listed = self._models.find(self._model)
        if listed is not None:
            return {Cause.MODEL: is_wanted and listed.stage == "retired"}
        if not self._budget.take(Purpose.OTHER):
            return {}
        try:
            await self._provider.model(self._model)
        except ModelUnavailableError:
            return {Cause.MODEL: True}
        except TokenLabError:
            return {}
        self._has_page = True
        return {Cause.MODEL: False}

    # --- beginning and ending ------------------------------------------------------------------------------------

    async def _begin(self, cause: Cause, **facts: object) -> None:
        if await self._store.begin(cause, self._receivers):
            log.error(BEGUN[cause], extra={"cause": cause, **facts})
            self.on_change()

    async def _end(self, cause: Cause) -> None:
        if (ended := await self._store.end(cause, self._receivers)) is not None:
            log.info("what stopped everybody is over", extra={"cause": cause, "since": ended.since.isoformat()})
            self.on_change()
