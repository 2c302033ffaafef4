"""A wish that still waits for a confirmation: a reply in free text, or the same wish twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.wishes import Wish

DRAFT_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A wish that becomes a music task when its member presses Start, and is forgotten after `DRAFT_LIFE`."""

    id: int
    origin_key: str
    """Where the wish came from; the task will bear it, so ten presses make one task."""
    created_at: datetime
    user_id: int
    guild_id: int | None
    channel_id: int
    wish: Wish
    message_id: int | None = None
    """The message that asks in public, with the words of the wish; None where the question is private."""
