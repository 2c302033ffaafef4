"""What is told to a whole server: its live boards, and that most of its budget is used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.limits import Used
from bot.domain.rules import Server
from bot.domain.tasks import Kind, State, TaskId

BOARD_ROWS = 5
"""Maximum number named on a board, each of waiting, running and unclear tasks."""
BEING_MADE = frozenset({State.SUBMITTING, State.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A message that shows how a server stands and is kept up to date; each channel has at most one."""

    channel_id: int
    guild_id: int
    locale: str
    message_id: int | None = None
    """The message that stands; None before the first is sent."""
    leftover_id: int | None = None
    """An earlier message that is still to be removed."""
    sending_at: datetime | None = None
    """When a fresh message was begun to be sent; None if none is on its way."""
    posted_at: datetime | None = None
    """When the message that stands was sent; None where a fresh one was asked for."""
    drawn_at: datetime | None = None
    looks: str | None = None
    """The fingerprint of what was drawn last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A music task that has not come to its end, without anything that its member wrote."""

    id: TaskId
    kind: Kind
    state: State
    created_at: datetime
    user_id: int
    guild_id: int | None
    channel_id: int
    message_id: int | None
    card_lost: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a server stands: all that a board shows."""

    server: Server
    counts: Mapping[State, int]
    """Only of states that tasks are in, and only of those that are not an end."""
    oldest_at: datetime | None
    """When the one that waits longest was asked for."""
    waiting: Sequence[OpenTask]
    """The first of the line, as it will be sent."""
    being_made: Sequence[OpenTask]
    """The oldest of what is at the provider."""
    unclear: Sequence[OpenTask]
    """The oldest of what needs a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWarning:
    """Most of a server's budget for a month is used, and nobody has been told yet."""

    server: Server
    month: datetime
    """The beginning of that month, in UTC."""
    used: Used
    """What of the budget is used now."""


def standing_of(server: Server, tasks: Sequence[OpenTask], line: Sequence[TaskId]) -> Standing:
    """How a server stands, by its open tasks and the line of all servers in turn."""
    turns = {task_id: turn for turn, task_id in enumerate(line)}
    counts = Counter(task.state for task in tasks)
    waiting = [task for task in tasks if task.state is State.QUEUED]
    being_made = [task for task in tasks if task.state in BEING_MADE]
    unclear = [task for task in tasks if task.state is State.UNCERTAIN]
    return Standing(
        server=server,
        counts={state: counts[state] for state in State if counts[state]},
        oldest_at=min((task.created_at for task in waiting), default=None),
        waiting=sorted(waiting, key=lambda task: (turns.get(task.id, len(turns)), task.id))[:BOARD_ROWS],
        being_made=sorted(being_made, key=lambda task: task.id)[:BOARD_ROWS],
        unclear=sorted(unclear, key=lambda task: task.id)[:BOARD_ROWS],
    )
