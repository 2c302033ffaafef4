"""What the engine needs of the provider, of Discord and of the disk, as protocols: there the direction turns."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.media import Brought
from bot.domain.members import Telling
from bot.domain.notices import Board, BudgetWarning, Standing
from bot.domain.outage import Notice
from bot.domain.privacy import Erasure
from bot.domain.scene import Scene
from bot.domain.tasks import MusicTask
from bot.domain.usage import BillPage
from bot.tokenlab.errors import TokenLabError
from bot.tokenlab.model_info import ModelInfo
from bot.tokenlab.models import Created, CreateRequest, Look


class Provider(Protocol):
    """The TokenLab client, as far as the engine uses it."""

    async def create(self, request: CreateRequest) -> Created:
        """Start a task; costs money, never retried inside."""

    async def look(self, provider_task_id: str, poll_url: str | None) -> Look:
        """Ask for a task's status."""

    async def model(self, model_id: str) -> ModelInfo:
        """One model, from its own page."""


class Models(Protocol):
    """The models that TokenLab offers: `bot/tokenlab/catalogue.py`."""

    @property
    def is_loaded(self) -> bool:
        """Whether there is a list at all."""

    @property
    def trouble(self) -> TokenLabError | None:
        """Why the list could not be read the last time; None if it could, or nobody has asked yet."""

    def find(self, id_or_alias: str, /) -> ModelInfo | None:
        """The model of that name, if it is in the list."""

    async def refresh(self) -> bool:
        """Read the list; False if that failed, or may not be asked now."""


Where = tuple[int, int]
"""A message: the ids of its channel and of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a card reached Discord, or why it never will."""

    lost: str | None = None
    """Why the card itself can't be edited any more; `/songs` has the result all the same."""
    files_shown: bool = False
    files_owed: bool = False
    """Whether it stands without its files only because they did not get through: they are to be tried again."""
    replacement: Where | None = None
    """A new message that took the card's place."""
    told: bool = False
    """Whether no ping is needed: the requester was told by this very message, or wants silence."""


BeforeSending = Callable[[str, int], Awaitable[None]]
"""Told what a new message is named and where it goes, before it is sent."""


class CantLookError(Exception):
    """Whether a message is there can't be found out."""


class ShowLaterError(Exception):
    """Discord could not be reached now; the row remembers, try again after `retry_after_s`."""

    def __init__(self, retry_after_s: float | None = None, *, may_be_sent: bool = True) -> None:
        super().__init__("later")
        self.retry_after_s = retry_after_s
        self.may_be_sent = may_be_sent
        """False if the request surely never left."""


class Display(Protocol):
    """What shows tasks to people: `bot/ui/messenger.py`."""

    def looks(self, task: MusicTask, scene: Scene) -> str:
        """A fingerprint of the card as it would be drawn now."""

    async def show(self, task: MusicTask, scene: Scene, telling: Telling, begin: BeforeSending) -> Shown:
        """Edit the card, or walk down the delivery ladder; a new message tells its member only as they want it.

        A message that an earlier try has begun, and perhaps sent, is looked for before anything else.

        Raises:
            ShowLaterError: a passing failure.
        """

    async def attach(self, task: MusicTask, scene: Scene) -> bool:
        """Edit a card that stands without its files, with them; return False if it goes without them for good.

        Raises:
            ShowLaterError: they did not get through this time either.
        """

    async def refresh(self, task: MusicTask, scene: Scene) -> None:
        """Edit the card once, if that works: what it shows beside its own row has changed."""

    async def remove(self, channel_id: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone or out of reach is no trouble.

        Raises:
            ShowLaterError: a passing failure.
        """


class Pings(Protocol):
    """What tells requesters: `bot/ui/pings.py`."""

    async def ping(self, task: MusicTask, telling: Telling) -> Where | None:
        """Send the ready ping, in the channel or directly as its member wants it.

        Return where it is, or None if there is no way to send it.

        Raises:
            ShowLaterError: a passing failure; nothing was sent.
        """

    async def find_ping(self, task: MusicTask) -> Where | None:
        """Look for a ready ping of this task that may have been sent; None proves that it was not.

        Raises:
            CantLookError: nobody knows.
            ShowLaterError: a passing failure.
        """


class Goodbyes(Protocol):
    """What tells members that they are erased: `bot/ui/goodbyes.py`."""

    async def tell(self, erasure: Erasure) -> None:
        """Tell a member directly that everything is erased, if there is a way.

        Raises:
            ShowLaterError: a passing failure.
        """


class Memberships(Protocol):
    """The servers that the bot is in: `bot/ui/leaving.py`."""

    def present(self) -> frozenset[int] | None:
        """All of them, by id; None before Discord has said which they are."""

    async def leave(self, guild_id: int) -> None:
        """Leave a server, with a line that says why where one can be posted; one that is gone already is no trouble.

        Raises:
            ShowLaterError: a passing failure.
        """


class Search(Protocol):
    """What looks for lost cards: `bot/ui/searching.py`."""

    async def find_card(self, task: MusicTask) -> int | None:
        """Ask Discord whether the card of a RECEIVED task is there; return its message id.

        Raises:
            ShowLaterError: a passing failure; nothing is known.
        """

    async def remove(self, channel_id: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone or out of reach is no trouble.

        Raises:
            ShowLaterError: a passing failure.
        """


class Media(Protocol):
    """What downloads audio: `bot/ui/media/collect.py`."""

    def fetch_task(self, task: MusicTask, due: Collection[int]) -> AsyncGenerator[Brought, None]:
        """Download and tag those of the takes of a completed song that are not there; tells now and then what is."""


class MediaFolder(Protocol):
    """What owns `MEDIA_DIR`: `bot/ui/media/store.py`."""

    async def sweep(self, in_use: Collection[str]) -> int:
        """Remove files that nobody needs any more; return how many."""

    async def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are gone already are no trouble.

        Raises:
            OSError: the folder can't be written.
        """

    async def problem(self) -> str | None:
        """Why no file could be kept now, for the log; None if one can."""


class OperatorDesk(Protocol):
    """What tells the operator: `bot/ui/operators.py`."""

    async def tell(self, notice: Notice) -> None:
        """Send a message, if there is a way; sent twice within a few minutes, it is one.

        Raises:
            ShowLaterError: a passing failure.
        """


class Records(Protocol):
    """The provider's records: `bot/tokenlab/records.py`."""

    async def key_id(self, may_ask: Callable[[], bool]) -> str | None:
        """The id of the key that we work with; None if that can't be told. Asks before each request but the first."""

    async def page(self, key_id: str, since: datetime, number: int) -> BillPage:
        """A page of what that key has been charged, the first one being number 1."""


class Gone(Exception):  # noqa: N818 -- an answer of Discord, not a fault of the program
    """A message was deleted, or its channel can't be reached; says why, for the log."""

    def __init__(self, reason: str, *, is_final: bool = True) -> None:
        super().__init__(reason)
        self.is_final = is_final
        """Whether that is for good: a channel that is closed to us may open again."""


class NoticeDisplay(Protocol):
    """What shows notices to whole servers: `bot/ui/notices.py`. Each raises `ShowLaterError` for a passing failure."""

    def looks(self, board: Board, standing: Standing) -> str:
        """A fingerprint of the board as it would be drawn now."""

    async def post(self, board: Board, standing: Standing) -> int:
        """Send the board as a fresh message, whose id comes back.

        Sent twice within `SEND_AGAIN` with the same `sending_at`, it is one message.

        Raises:
            Gone: it can't be shown there.
        """

    async def edit(self, board: Board, standing: Standing) -> bool:
        """Redraw the message that stands; return False where only a fresh message shows it.

        Raises:
            Gone: it was deleted, or can't be reached.
        """

    async def find(self, board: Board) -> int | None:
        """Look for the message that was being sent when the program ended."""

    async def remove(self, channel_id: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone or out of reach is no trouble."""

    async def warn(self, warning: BudgetWarning, channel_id: int) -> None:
        """Tell a server that most of its budget is used.

        Raises:
            Gone: not there, as its channel is gone or closed to us.
        """
