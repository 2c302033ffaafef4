"""What the use cases share: who asks, the stores they need, and the questions that more than one of them puts."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from bot.clock import Clock
from bot.domain.audit import Act, AuditLine, Deed
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.limits import Used
from bot.domain.line import Running, Waiting
from bot.domain.listing import ListedTask, Wanted
from bot.domain.lyrics import LyricsVersion
from bot.domain.members import Preferences
from bot.domain.notices import Board
from bot.domain.privacy import Erasure, KeptTask
from bot.domain.queue import AtWork, Narrowed, Tally
from bot.domain.refusals import Reason, Refused
from bot.domain.rules import Intake, Rules, Server
from bot.domain.tasks import MusicTask, NewTask, Role, State, TaskId
from bot.domain.usage import Entry, Span, Usage, Whose
from bot.domain.wishes import Wish
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.models import ModelInfo

NAME_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, where, and through which interaction."""

    user_id: int
    guild_id: int | None
    channel_id: int
    locale: str
    """The language that cards have here."""
    is_moderator: bool
    places: frozenset[int]
    """The channel, and what it belongs to: a thread's channel, a channel's category."""
    roles: frozenset[int]
    """The member's, in this server."""
    missing_permissions: tuple[str, ...]
    """What the bot may not do in this channel although it has to."""
    interaction_id: int
    interaction_token: str
    asked_at: datetime
    attachment_limit_bytes: int
    """0 where the bot may not attach files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the operator set for wishes that leave it open."""

    model: str
    version: str
    clip_id_order: tuple[str, ...]
    upload_extend: bool
    media_keep_days: float
    """How long audio files are kept at most."""


class Tasks(Protocol):
    """The task store, as far as the use cases need it; `bot/store/tasks.py` has the meaning of each."""

    async def add(self, new: NewTask) -> tuple[MusicTask, bool]: ...
    async def move(self, before: MusicTask, to: State, **values: Any) -> MusicTask: ...  # noqa: ANN401 -- column values
    async def try_again(self, before: MusicTask, to: State, **values: Any) -> MusicTask: ...  # noqa: ANN401 -- column values
    async def shown(self, before: MusicTask, message_id: int) -> MusicTask: ...
    async def annotate(self, task_id: TaskId, **values: Any) -> None: ...  # noqa: ANN401 -- column values
    async def delete(self, task: MusicTask) -> bool: ...
    async def get(self, task_id: TaskId) -> MusicTask | None: ...
    async def by_message(self, message_id: int) -> MusicTask | None: ...
    async def started_from(self, origin: str, user_id: int) -> int: ...
    async def waiting(self) -> list[Waiting]: ...
    async def running_by_member(self) -> Running: ...
    async def guilds_in_line(self) -> set[int]: ...
    async def in_line_of(self, guild_id: int) -> list[MusicTask]: ...
    async def ids_of_member(self, user_id: int, wanted: Wanted) -> list[TaskId]: ...
    async def listed(self, ids: Collection[TaskId]) -> list[ListedTask]: ...
    async def listed_children(self, ids: Collection[TaskId], limit: int) -> list[ListedTask]: ...
    async def remember_message(self, task: MusicTask, *, message_id: int, channel_id: int, role: Role) -> None: ...
    async def messages_of(self, task_id: TaskId) -> list[tuple[int, int]]: ...
    async def asked_since(self, user_id: int, since: datetime) -> list[MusicTask]: ...
    async def children_of(self, task_id: TaskId) -> list[MusicTask]: ...
    async def show_again(self, task: MusicTask, deed: Deed) -> bool: ...
    async def in_use(self, guild_id: int) -> dict[str, int | Decimal]: ...


class Servers(Protocol):
    """The store of servers; `EVERYWHERE` stands for direct messages."""

    async def get(self, guild_id: int) -> Server: ...
    async def change_rules(self, guild_id: int, changes: dict[str, Any], deed: Deed) -> Server: ...
    async def set_intake(self, guild_id: int, intake: Intake, note: str | None, deed: Deed) -> bool: ...
    async def block_on(self, guild_id: int, user_id: int, now: datetime) -> Block | None: ...
    async def knows(self, guild_id: int, user_id: int) -> bool: ...
    async def blocks_of(self, guild_id: int, now: datetime, limit: int, *, skip: int = 0) -> Sequence[Block]: ...
    async def block(self, block: Block, deed: Deed) -> None: ...
    async def unblock(self, guild_id: int, user_id: int, deed: Deed) -> bool: ...


class QueueRows(Protocol):
    """What moderators ask about the tasks of their server; `bot/store/queue.py` has the meaning of each."""

    async def tally(self, guild_id: int, since: datetime) -> Tally: ...
    async def at_work(self, guild_id: int) -> Sequence[AtWork]: ...
    async def ids(self, guild_id: int, narrowed: Narrowed, *, skip: int, limit: int) -> Sequence[TaskId]: ...


class Audit(Protocol):
    """The store of what was done, read."""

    async def page(self, guild_id: int, *, acts: Sequence[Act] = (), skip: int, limit: int) -> Sequence[AuditLine]: ...
    async def count(self, guild_id: int, *, acts: Sequence[Act] = ()) -> int: ...


class Erasures(Protocol):
    """The store of what members want erased."""

    async def begin(self, user_id: int, locale: str) -> None: ...
    async def get(self, user_id: int) -> Erasure | None: ...
    async def left(self, erasure: Erasure) -> int: ...
    async def older(self, guild_id: int, before: datetime) -> int: ...


class Exports(Protocol):
    """The store that gathers what is kept of one person; `bot/store/exports.py` has the meaning of each."""

    async def preferences(self, user_id: int) -> Preferences | None: ...
    async def drafts(self, user_id: int) -> list[Draft]: ...
    async def blocks(self, user_id: int) -> list[Block]: ...
    async def audit(self, user_id: int, *, after: int, limit: int) -> list[AuditLine]: ...
    async def tasks(self, user_id: int, *, after: int, limit: int) -> list[KeptTask]: ...


class Drafts(Protocol):
    """The draft store, as far as the use cases need it."""

    async def add(self, draft: Draft) -> Draft: ...
    async def get(self, draft_id: int) -> Draft | None: ...
    async def asked(self, draft_id: int, message_id: int) -> None: ...
    async def change(self, draft_id: int, wish: Wish) -> bool: ...
    async def start(self, draft: Draft, new: NewTask) -> MusicTask | None: ...
    async def drop(self, draft_id: int) -> bool: ...


class Members(Protocol):
    """The store of what members have chosen."""

    async def get(self, user_id: int) -> Preferences: ...
    async def change(self, user_id: int, **choices: Any) -> Preferences: ...  # noqa: ANN401 -- fields of `Preferences`


class Lyrics(Protocol):
    """The store of lyrics that were changed by hand."""

    async def edit(self, task_id: TaskId, lyrics: str, *, instead_of: str | None = None) -> MusicTask: ...
    async def numbers(self, task_id: TaskId) -> Sequence[int]: ...
    async def version(self, task_id: TaskId, number: int) -> LyricsVersion | None: ...


class Accounts(Protocol):
    """The store of what was used and what it cost: `bot/store/usage.py`."""

    async def usage(self, whose: Whose, span: Span) -> Usage: ...
    async def used(self, guild_id: int | None, user_id: int, rules: Rules, now: datetime) -> Used: ...
    def entries(self, whose: Whose, span: Span) -> AsyncIterator[list[Entry]]: ...


class BoardRows(Protocol):
    """The store of boards and budget warnings, as far as people cause them; `bot/store/notices.py` has the meaning."""

    async def put_up(self, board: Board, deed: Deed) -> None: ...
    async def take_down(self, guild_id: int, channel_id: int, message_id: int | None, deed: Deed) -> Board | None: ...
    async def forget_server(self, guild_id: int) -> None: ...
    async def look_at_budget(self, guild_id: int) -> None: ...


@dataclass(kw_only=True)
class Parts:
    """What the use cases work with."""

    tasks: Tasks
    drafts: Drafts
    members: Members
    servers: Servers
    lyrics: Lyrics
    accounts: Accounts
    boards: BoardRows
    erasures: Erasures
    exports: Exports
    queue: QueueRows
    audit: Audit
    catalogue: Catalogue
    clock: Clock
    defaults: Defaults
    is_closing: bool = False
    on_queued: Callable[[], None] = lambda: None
    """Rung when a task joins the line."""
    on_changed: Callable[[], None] = lambda: None
    """Rung when a card or a board has something new to show."""
    on_erasing: Callable[[], None] = lambda: None
    """Rung when a member wants everything erased."""

    def check_open(self) -> None:
        """Refuse whatever costs something once the program is stopping.

        Raises:
            Refused: it is.
        """
        if self.is_closing:
            raise Refused(Reason.CLOSING)

    def music_model(self, name: str) -> ModelInfo:
        """The model of that name, if it makes music.

        Raises:
            Refused: none is known by that name, or it does not.
        """
        found = self.catalogue.find(name)
        if found is None or not found.makes_music:
            raise Refused(Reason.UNKNOWN_MODEL)
        return found

    def usable_model(self, chosen: str | None) -> str | None:
        """The model that was chosen for good; None if none was, or if it is known to make no music any more."""
        if chosen is None or not self.catalogue.is_loaded:
            return chosen  # nothing is known, so nothing is known against it
        found = self.catalogue.find(chosen)
        return found.id if found is not None and found.makes_music else None

    async def known(self, task_id: TaskId) -> MusicTask:
        """The task of that id.

        Raises:
            Refused: there is none, its owner has deleted it, or its server keeps nothing for so long.
        """
        if (task := await self.tasks.get(task_id)) is None:
            raise Refused(Reason.NOT_FOUND)
        check_kept(task)
        return task

    async def own(self, task_id: TaskId, user_id: int) -> MusicTask:
        """A member's own task.

        Raises:
            Refused: there is none, or it is somebody else's.
        """
        task = await self.known(task_id)
        if task.user_id != user_id:
            raise Refused(Reason.NOT_YOURS)
        return task


def check_kept(task: MusicTask) -> None:
    """Refuse a task whose texts are gone.

    Raises:
        Refused: they are.
    """
    if task.deleted_at is not None:
        raise Refused(Reason.NOT_KEPT if task.aged_out else Reason.NOT_FOUND)


def moderated(asker: Asker) -> int:
    """The server that somebody moderates.

    Raises:
        Refused: they are no moderator, or not in a server.
    """
    if not asker.is_moderator or asker.guild_id is None:
        raise Refused(Reason.MODERATOR_ONLY)
    return asker.guild_id


def title_of(task: MusicTask | ListedTask) -> str:
    """What people call a task: its title, the result's, or the first words of the prompt."""
    if name := task.title or task.made_title:
        return name
    words = " ".join(task.prompt.split())
    return words if len(words) <= NAME_CHARS else f"{words[: NAME_CHARS - 1].rstrip()}…"
