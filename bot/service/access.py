"""Who asks, and which tasks are theirs to see."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.listing import ListedTask
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import MusicTask, TaskId
from bot.store.tasks import TaskStore

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
    unplaced_id: int | None = None
    """The channel of which Discord has not told what it belongs to, so that `places` lacks that."""


async def known(tasks: TaskStore, task_id: TaskId) -> MusicTask:
    """The task of that id.

    Raises:
        Refused: there is none, its owner has deleted it, or its server keeps nothing for so long.
    """
    if (task := await tasks.get(task_id)) is None:
        raise Refused(Reason.NOT_FOUND)
    check_kept(task)
    return task


async def own(tasks: TaskStore, task_id: TaskId, user_id: int) -> MusicTask:
    """A member's own task.

    Raises:
        Refused: there is none, or it is another member's.
    """
    task = await known(tasks, task_id)
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
    """The server that this member moderates.

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
