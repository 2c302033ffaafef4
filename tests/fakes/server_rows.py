"""What a server decides, its queue and its audit, without a database: for tests of the use cases."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.audit import Act, AuditLine, Deed
from bot.domain.blocks import Block
from bot.domain.queue import LANES, AtWork, Lane, Narrowed, Tally
from bot.domain.rules import EVERYWHERE, Intake, Server
from bot.domain.tasks import State, TaskId
from tests.fakes.engine_rows import Rows


class ServerRows:
    """The store of servers: what a test puts in."""

    def __init__(self) -> None:
        self.servers: dict[int, Server] = {}
        self.blocks: list[Block] = []
        self.deeds: list[Deed] = []

    async def get(self, guild_id: int) -> Server:
        return self.servers.get(guild_id) or Server(guild_id=guild_id)

    async def change_rules(self, guild_id: int, changes: dict[str, Any], deed: Deed) -> Server:
        before = await self.get(guild_id)
        self.servers[guild_id] = replace(before, rules=replace(before.rules, **changes))
        self.deeds.append(deed)
        return self.servers[guild_id]

    async def block_on(self, guild_id: int, user_id: int, now: datetime) -> Block | None:
        found = [one for one in self.blocks if one.guild_id in {guild_id, EVERYWHERE} and one.user_id == user_id]
        return next((one for one in found if one.holds(now)), None)

    async def knows(self, guild_id: int, user_id: int) -> bool:
        return True

    async def blocks_of(self, guild_id: int, now: datetime, limit: int, *, skip: int = 0) -> list[Block]:
        return [one for one in self.blocks if one.guild_id == guild_id and one.holds(now)][skip : skip + limit]

    async def block(self, block: Block, deed: Deed) -> None:
        self.blocks.append(block)
        self.deeds.append(deed)

    async def unblock(self, guild_id: int, user_id: int, deed: Deed) -> bool:
        left = [one for one in self.blocks if (one.guild_id, one.user_id) != (guild_id, user_id)]
        self.blocks, is_known = left, len(left) < len(self.blocks)
        self.deeds += [deed] if is_known else []
        return is_known

    async def set_intake(self, guild_id: int, intake: Intake, note: str | None, deed: Deed) -> bool:
        before = await self.get(guild_id)
        self.servers[guild_id] = replace(before, intake=intake, intake_note=note)
        self.deeds += [deed] if before != self.servers[guild_id] else []
        return before != self.servers[guild_id]


class QueueRows:
    """What moderators ask about the rows of their server."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def tally(self, guild_id: int, since: datetime) -> Tally:
        here = [task for task in self._rows.tasks.values() if task.guild_id == guild_id]
        opened = [task for task in here if task.state in LANES[Lane.OPEN]]
        waiting = [task.created_at for task in opened if task.state in LANES[Lane.WAITING]]
        ended = [task for task in here if task not in opened and task.state_at >= since]
        return Tally(
            open=Counter(task.state for task in opened),
            ended=Counter(task.state for task in ended),
            failures=Counter(task.error_code for task in ended if task.state is State.FAILED),
            oldest_waiting_at=min(waiting, default=None),
        )

    async def at_work(self, guild_id: int) -> list[AtWork]:
        return [
            AtWork(id=t.id, kind=t.kind, model=t.model, user_id=t.user_id, submitted_at=t.submitted_at)
            for t in self._rows.tasks.values()
            if t.guild_id == guild_id and t.state in LANES[Lane.STUCK] and t.submitted_at
        ]

    async def ids(self, guild_id: int, narrowed: Narrowed, *, skip: int, limit: int) -> list[TaskId]:
        found = [
            task.id
            for task in self._rows.tasks.values()
            if task.guild_id == guild_id and task.state in LANES[narrowed.lane] and narrowed.fits(task)
        ]
        return found[skip : skip + limit]


class AuditLines:
    """The audit: what a test puts in."""

    def __init__(self, *lines: AuditLine) -> None:
        self.lines = lines

    async def page(self, guild_id: int, *, acts: Sequence[Act] = (), skip: int, limit: int) -> list[AuditLine]:
        found = [line for line in self.lines if line.guild_id == guild_id and (not acts or line.act in acts)]
        return found[skip : skip + limit]

    async def count(self, guild_id: int, *, acts: Sequence[Act] = ()) -> int:
        return len(await self.page(guild_id, acts=acts, skip=0, limit=999))
