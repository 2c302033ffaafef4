"""The file of what was used: one is made at a time, and none waits for another one's way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

from bot.domain.usage import Entry
from cogs.usage import UsageCog
from tests.fakes.engine_fakes import until
from tests.fakes.rows import START
from tests.unit.test_client import ALL, FakeInteraction


class Bot:
    """As much of the bot as the cog asks."""

    def __init__(self) -> None:
        self.service = SimpleNamespace(accounting=self)
        self.handlers: dict[Any, Any] = {}

    def on_press(self, handlers: dict[Any, Any]) -> None:
        self.handlers |= handlers

    def clock(self) -> Any:
        return START

    async def entries(self, *_: object) -> AsyncIterator[Sequence[Entry]]:
        yield []


class Reader(FakeInteraction):
    """Somebody who asks for the file; it is on its way until `gate` is open."""

    def __init__(self, bot: Bot, gate: asyncio.Event) -> None:
        super().__init__(may=f"{ALL} attach_files", done=True)
        self.client, self.gate, self.files = bot, gate, 0
        self.guild, self.filesize_limit = None, 10_000
        self.response.defer = self._defer
        self.followup.send = self._send

    async def _defer(self, **_: object) -> None: ...

    async def _send(self, _: str, **more: Any) -> None:
        await self.gate.wait()
        self.files += len(more["files"])


async def test_a_file_that_hangs_on_its_way_holds_up_no_other() -> None:
    bot, gate, is_open = Bot(), asyncio.Event(), asyncio.Event()
    is_open.set()
    cog: Any = UsageCog(bot)  # type: ignore[arg-type]  # as much as is asked
    hers, his = Reader(bot, gate), Reader(bot, is_open)
    async with asyncio.TaskGroup() as group:
        group.create_task(cog._save(hers, 0, 0))
        group.create_task(cog._save(his, 0, 0))
        await until(lambda: his.files == 1)
        assert hers.files == 0
        gate.set()
    assert hers.files == 1
