"""The family of a song as a tree: what it was made from, back to the first one, and what was made from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import chain

from bot.domain.listing import ListedTask
from bot.domain.tasks import TaskId
from bot.service.access import Asker
from bot.store.tasks import TaskStore

GENERATIONS = 12
"""Maximum number of generations that a tree shows above and below."""
DESCENDANTS = 12
CHILDREN_BATCH = 100
"""Maximum number of songs that are read at once, of which this person may see some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One member of a family, and its place in the tree."""

    depth: int
    """Generations from the first one that the tree shows."""
    task: ListedTask | None
    """None for an ancestor that is deleted, or not for this person's eyes."""


@dataclass(slots=True, kw_only=True)
class _Eyes:
    """What one person may see: their own, and what others have posted in the same server beside it."""

    asker: Asker
    channels: set[int] = field(default_factory=set)

    def meet(self, tasks: Collection[ListedTask]) -> None:
        """Where a member's own song was posted, they know the channel."""
        self.channels |= {task.channel_id for task in tasks if task.user_id == self.asker.user_id}

    def may_see(self, task: ListedTask) -> bool:
        if task.deleted_at is not None:
            return False
        is_here = task.guild_id is not None and task.guild_id == self.asker.guild_id
        known = task.channel_id in self.channels or task.channel_id == self.asker.channel_id
        return task.user_id == self.asker.user_id or (is_here and known)


async def tree_of(task_id: TaskId, asker: Asker, tasks: TaskStore) -> list[Branch]:
    """The family of a task, each one after what it was made from.

    Others' songs are shown only in the server where they were posted, in channels that this person knows;
    what was made from a song that is not shown is not shown either.
    """
    line = await _line_to(task_id, tasks)
    eyes = _Eyes(asker=asker)
    eyes.meet(line)
    below = await _below(task_id, eyes, tasks)
    up = [Branch(depth=depth, task=one if eyes.may_see(one) else None) for depth, one in enumerate(line)]
    return [*up, *_branches(task_id, len(line), below)]


async def _line_to(task_id: TaskId, tasks: TaskStore) -> Sequence[ListedTask]:
    """A task and its ancestors, the first one first."""
    line: list[ListedTask] = []
    wanted: TaskId | None = task_id
    while wanted is not None and len(line) <= GENERATIONS:
        line[:0] = await tasks.listed([wanted])
        wanted = line[0].parent_id
    return line


async def _below(task_id: TaskId, eyes: _Eyes, tasks: TaskStore) -> dict[TaskId, list[ListedTask]]:
    """What was made from each, as far as it is shown."""
    found: dict[TaskId, list[ListedTask]] = {}
    level = [task_id]
    for _ in range(GENERATIONS):
        room = DESCENDANTS - sum(map(len, found.values()))
        if not level or not room:
            break
        seen = await _children(level, room, eyes, tasks)
        for child in seen:
            assert child.parent_id is not None  # noqa: S101 -- it was found by that
            found.setdefault(child.parent_id, []).append(child)
        level = [child.id for child in seen]
    return found


async def _children(level: Collection[TaskId], room: int, eyes: _Eyes, tasks: TaskStore) -> list[ListedTask]:
    """The first that are shown: many that are not, don't hide them."""
    seen: list[ListedTask] = []
    after = 0
    while len(seen) < room and (children := await tasks.listed_children(level, CHILDREN_BATCH, after=after)):
        eyes.meet(children)
        seen += [child for child in children if eyes.may_see(child)]
        after = children[-1].id
    return seen[:room]


def _branches(task_id: TaskId, depth: int, below: dict[TaskId, list[ListedTask]]) -> list[Branch]:
    return list(
        chain.from_iterable(
            [Branch(depth=depth, task=child), *_branches(child.id, depth + 1, below)]
            for child in below.get(task_id, ())
        )
    )
