"""Our own waiting line: who is next, and who stands where."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.tasks import TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A music task that waits in our line."""

    id: TaskId
    user_id: int
    guild_id: int | None
    created_at: datetime
    not_before: datetime | None = None

    @property
    def server(self) -> int:
        """The server whose turn it uses; a direct message is a server of its own."""
        return self.guild_id if self.guild_id is not None else -self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a music task stands: told on its card."""

    ahead: int
    """How many go first."""
    people_ahead: int
    """How many other members those belong to."""
    own_ahead: int = 0
    """How many of its member's own come before it: those at the provider, and those that go first in the line."""


def in_turn(waiting: Sequence[Waiting], running: Mapping[int, int]) -> list[Waiting]:
    """Order the line: round robin over servers, then over each server's members, oldest first.

    `running` counts what each member has at the provider already; it uses up their first turns.
    """
    members: dict[int, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda w: (w.created_at, w.id)):
        members[one.user_id].append(one)
    by_server: dict[int, list[tuple[int, Waiting]]] = defaultdict(list)
    for user_id, own in members.items():
        for turn, one in enumerate(own, start=running.get(user_id, 0)):
            by_server[one.server].append((turn, one))
    ranked: list[tuple[int, Waiting]] = []
    for theirs in by_server.values():
        theirs.sort(key=lambda pair: (pair[0], pair[1].created_at, pair[1].id))
        ranked += [(round_, one) for round_, (_, one) in enumerate(theirs)]
    ranked.sort(key=lambda pair: (pair[0], pair[1].created_at, pair[1].id))
    return [one for _, one in ranked]


def places(order: Sequence[Waiting], running: Mapping[int, int]) -> dict[TaskId, Place]:
    """Where each one stands in a line that `in_turn` has ordered with the same `running`."""
    found: dict[TaskId, Place] = {}
    own = Counter(running)
    people: set[int] = set()
    for ahead, one in enumerate(order):
        others = people - {one.user_id}
        found[one.id] = Place(ahead=ahead, people_ahead=len(others), own_ahead=own[one.user_id])
        own[one.user_id] += 1
        people.add(one.user_id)
    return found
