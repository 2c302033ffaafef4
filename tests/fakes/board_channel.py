"""Discord as one channel for boards and warnings, which remembers what stands there."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.domain.notices import Board, BudgetWarning, Standing

GUILD, CHANNEL = 70, 700
ASKED = Board(channel_id=CHANNEL, guild_id=GUILD, locale="en-US")


class Channel:
    """Discord as one channel in which messages stand. `refuse` lets the named calls raise, once each."""

    def __init__(self) -> None:
        self.standing: list[int] = []
        self.nonces: dict[datetime | None, int] = {}
        self.edits: list[int] = []
        self.told: list[tuple[BudgetWarning, int]] = []
        self.refuse: dict[str, Exception] = {}
        self.cut_off: Exception | None = None
        """Raised once by a send that Discord has taken."""
        self.meanwhile: Callable[[], Any] = int
        self.is_too_old = False
        self._last = 0

    def _may_refuse(self, name: str) -> None:
        if error := self.refuse.pop(name, None):
            raise error

    def looks(self, board: Board, standing: Standing) -> str:
        return f"{board.locale} {standing.server.intake} {len(standing.waiting)}"

    async def post(self, board: Board, standing: Standing) -> int:
        self._may_refuse("post")
        if board.sending_at not in self.nonces:
            self._last += 1
            self.nonces[board.sending_at] = self._last
            self.standing.append(self._last)
        if self.cut_off:
            error, self.cut_off = self.cut_off, None
            raise error
        self.meanwhile()
        return self.nonces[board.sending_at]

    async def edit(self, board: Board, standing: Standing) -> bool:
        self._may_refuse("edit")
        assert board.message_id in self.standing
        self.edits.append(board.message_id)
        return not self.is_too_old

    async def find(self, board: Board) -> int | None:
        self._may_refuse("find")
        return next((number for number in self.standing if number != board.message_id), None)

    async def remove(self, channel_id: int, message_id: int) -> None:
        self._may_refuse("remove")
        if message_id in self.standing:
            self.standing.remove(message_id)

    async def warn(self, warning: BudgetWarning, channel_id: int) -> None:
        self._may_refuse("warn")
        self.told.append((warning, channel_id))
