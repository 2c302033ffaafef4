"""Outages, in which no wishes are taken: their causes, retry delays and notices to the operator. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.due import is_over
from bot.domain.tasks import ErrorCode

TRY_EVERY = timedelta(minutes=5)
"""How often one waiting wish finds out whether there is credit again."""
PATIENCE = timedelta(days=1)
"""How long a wish that was refused waits for the end of an outage."""


class Cause(StrEnum):
    """Why no wish can be made; the first that holds is the one that members read."""

    KEY = "key"
    """TokenLab refuses the key."""
    CREDIT = "credit"
    """Balance or quota is used up."""
    MODEL = "model"
    """The model that songs are made with, unless another is named, is gone."""
    REACH = "reach"
    """TokenLab does not answer."""
    STORAGE = "storage"
    """`MEDIA_DIR` can't be written, or is full."""


GIVEN_UP_AS: Mapping[Cause, ErrorCode] = {
    Cause.KEY: ErrorCode.NO_ACCESS,
    Cause.CREDIT: ErrorCode.NO_CREDIT,
    Cause.MODEL: ErrorCode.MODEL_UNAVAILABLE,
    Cause.REACH: ErrorCode.PROVIDER_BUSY,
}
"""Why a wish fails that was refused and has waited for a day; for storage none is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One cause that holds, and since when."""

    cause: Cause
    since: datetime
    tried_at: datetime
    """When a wish last met it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where the operator wants to hear of outages: a channel, or a person's direct messages."""

    id: int
    is_channel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to the operator that is still to be sent: about the beginning of an outage, or about its end."""

    receiver: Receiver
    cause: Cause
    since: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All outages of this moment, in the order of their causes, and the messages about them that are to be sent."""

    outages: tuple[Outage, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What holds now."""
        return tuple(one.cause for one in self.outages)

    @property
    def cause(self) -> Cause | None:
        """The first that holds: the one that members read."""
        return next(iter(self.causes), None)

    def outage(self, cause: Cause) -> Outage | None:
        """The outage of this cause, if it holds."""
        return next((one for one in self.outages if one.cause is cause), None)

    def may_try(self, now: datetime) -> bool:
        """Whether one waiting wish may be sent to find out if there is credit again; nothing free tells that."""
        return self.causes == (Cause.CREDIT,) and is_over(self.outages[0].tried_at, now, TRY_EVERY)

    def outlasting(self, now: datetime) -> Outage | None:
        """The first outage that has lasted longer than a refused wish waits."""
        lasting = (one for one in self.outages if one.cause in GIVEN_UP_AS and now - one.since >= PATIENCE)
        return next(lasting, None)
