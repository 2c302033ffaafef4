"""What is told to whole servers, without a database: rows as dicts."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.audit import Deed
from bot.domain.notices import Board, BudgetWarning, OpenTask
from bot.domain.rules import Server
from tests.fakes.board_channel import GUILD


class NoticeRows:
    """The store of notices."""

    def __init__(self, clock: Callable[[], datetime], *boards: Board) -> None:
        self.clock = clock
        self.looked_at: list[int] = []
        self.boards = {board.channel_id: board for board in boards}
        self.tasks: list[OpenTask] = []
        self.server = Server(guild_id=GUILD)
        self.warnings: list[BudgetWarning] = []
        self.withdrawn: list[BudgetWarning] = []
        self.deeds: list[Deed] = []
        self.broken = 0

    async def put_up(self, board: Board, deed: Deed) -> None:
        known = self.boards.get(board.channel_id, board)
        fresh = replace(known, locale=board.locale, posted_at=None, sending_at=None)
        self.boards[board.channel_id] = fresh
        self.deeds.append(deed)

    async def take_down(self, guild_id: int, channel_id: int, message_id: int | None, deed: Deed) -> Board | None:
        known = self.boards.get(channel_id)
        if known is None or (known.guild_id, known.message_id) != (guild_id, message_id):
            return None
        self.deeds.append(deed)
        return self.boards.pop(channel_id)

    async def look_at_budget(self, guild_id: int) -> None:
        self.looked_at.append(guild_id)

    async def forget_server(self, guild_id: int) -> None:
        self.boards = {key: board for key, board in self.boards.items() if board.guild_id != guild_id}

    async def board(self, channel_id: int) -> Board | None:
        return self.boards.get(channel_id)

    async def boards_due(self, drawn_before: datetime) -> list[Board]:
        return [
            board
            for board in self.boards.values()
            if board.posted_at is None
            or board.sending_at is not None
            or board.leftover_id is not None
            or (board.drawn_at is not None and board.drawn_at <= drawn_before)
        ]

    async def open_tasks(self, guild_ids: Collection[int]) -> dict[int, tuple[Server, list[OpenTask]]]:
        return dict.fromkeys(guild_ids, (self.server, self.tasks))

    async def begin_sending(self, board: Board) -> Board | None:
        return self._change(board, holds=self._same(board), sending_at=self.clock())

    async def sent(self, board: Board, message_id: int, looks: str) -> Board | None:
        known = self.boards.get(board.channel_id)
        return self._change(
            board, holds=known is not None and known.sending_at == board.sending_at,
            message_id=message_id, leftover_id=board.message_id, looks=looks,
            posted_at=board.sending_at, sending_at=None, drawn_at=self.clock(),
        )  # fmt: skip

    async def drawn(self, board: Board, looks: str) -> None:
        self._change(board, holds=self._same(board), drawn_at=self.clock(), looks=looks)

    async def cleared(self, board: Board) -> None:
        self._change(board, holds=self.boards[board.channel_id].leftover_id == board.leftover_id, leftover_id=None)

    async def forget(self, board: Board) -> None:
        if self._same(board):
            del self.boards[board.channel_id]

    async def warnings_due(self) -> list[BudgetWarning]:
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is gone")
        return [*self.warnings]

    async def warned(self, warning: BudgetWarning) -> None:
        self.warnings.remove(warning)

    async def withdraw(self, warning: BudgetWarning) -> None:
        self.warnings.remove(warning)
        self.withdrawn.append(warning)

    def _same(self, board: Board) -> bool:
        known = self.boards.get(board.channel_id)
        return known is not None and all(
            getattr(known, name) == getattr(board, name) for name in ("message_id", "posted_at", "sending_at")
        )

    def _change(self, board: Board, *, holds: bool, **values: Any) -> Board | None:
        if not holds:
            return None
        self.boards[board.channel_id] = replace(self.boards[board.channel_id], **values)
        return self.boards[board.channel_id]
