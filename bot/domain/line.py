"""Our own waiting line: who is next, and who stands where."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.due import Pause, is_due
from bot.domain.limits import may_run
from bot.domain.rules import EVERYWHERE, Rules
from bot.domain.tasks import TaskId

FREE = 0
"""The lane of all that is not held; each paused server has one of its own."""
Running = Mapping[tuple[int, int], int]
"""How many tasks are at the provider, by server (see `Waiting.server`) and member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A music task that waits in our line."""

    id: TaskId
    user_id: int
    guild_id: int | None
    created_at: datetime
    not_before: datetime | None = None
    rules: Rules = Rules()
    """Those of its server."""
    is_held: bool = False
    """Whether its server's moderators have paused the line."""
    is_guess: bool = False
    """Whether its version is a guess, which may be refused."""

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
    at_once: int = Rules().running_per_member
    """How many of its member's own may be at the provider at once."""
    is_held: bool = False


def in_turn(waiting: Sequence[Waiting], running: Running) -> list[Waiting]:
    """Order the line: round robin over servers, then over each server's members, oldest first.

    What a member has at the provider already uses up their first turns in that server.
    """
    members: dict[tuple[int, int], list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda w: (w.created_at, w.id)):
        members[one.server, one.user_id].append(one)
    by_server: dict[int, list[tuple[int, Waiting]]] = defaultdict(list)
    for (server, user_id), own in members.items():
        by_server[server] += enumerate(own, start=running.get((server, user_id), 0))
    ranked: list[tuple[int, Waiting]] = []
    for theirs in by_server.values():
        theirs.sort(key=lambda pair: (pair[0], pair[1].created_at, pair[1].id))
        ranked += [(round_, one) for round_, (_, one) in enumerate(theirs)]
    ranked.sort(key=lambda pair: (pair[0], pair[1].created_at, pair[1].id))
    return [one for _, one in ranked]


def sendable(order: Sequence[Waiting], running: Running, *, now: datetime) -> list[Waiting]:
    """Those of a line that may be sent to the provider now, within the limits of their servers."""
    found: list[Waiting] = []
    members = Counter(running)
    servers: Counter[int] = Counter()
    for (server, _), count in running.items():
        servers[max(server, EVERYWHERE)] += count  # all direct messages are one for this
    for one in order:
        home = max(one.server, EVERYWHERE)
        if one.is_held or not is_due(one.not_before, now, Pause.SUBMIT):
            continue
        if may_run(one.rules, member=members[one.server, one.user_id], server=servers[home]):
            members[one.server, one.user_id] += 1
            servers[home] += 1
            found.append(one)
    return found


def places(order: Sequence[Waiting], running: Running) -> dict[TaskId, Place]:
    """Where each one stands in a line that `in_turn` has ordered with the same `running`.

    What a paused server holds stands in nobody's way but its own.
    """
    found: dict[TaskId, Place] = {}
    own = Counter(running)
    ahead: Counter[int] = Counter()
    people: dict[int, set[int]] = defaultdict(set)
    for one in order:
        lane = one.server if one.is_held else FREE
        others = people[lane] - {one.user_id}
        seat = one.server, one.user_id
        found[one.id] = Place(
            ahead=ahead[lane],
            people_ahead=len(others),
            own_ahead=own[seat],
            at_once=one.rules.running_per_member,
            is_held=one.is_held,
        )
        own[seat] += 1
        ahead[lane] += 1
        people[lane].add(one.user_id)
    return found
