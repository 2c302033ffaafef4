"""Tells whole servers what concerns them: keeps their live boards up to date, and warns them of their budget once."""

import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain.due import is_over
from bot.domain.limits import is_warned
from bot.domain.line import in_turn
from bot.domain.notices import Board, BudgetWarning, Standing, standing_of
from bot.domain.rules import OVERALL
from bot.engine.ports import Gone, NoticeDisplay, ShowLaterError
from bot.engine.worker import NotNowError, Worker
from bot.store.notices import NoticeStore
from bot.store.outages import OutageStore
from bot.store.tasks import TaskStore

log = logging.getLogger(__name__)

EDIT_EVERY = timedelta(seconds=15)
LONGEST_LIFE = timedelta(minutes=50)
"""Discord limits edits of messages older than an hour: a board that has changed becomes a new message before."""
SHUT_PATIENCE = timedelta(hours=1)
"""A channel that is closed to us for so long is not ours any more."""
SEND_AGAIN = timedelta(minutes=2)
"""Discord deduplicates messages with the same nonce for this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBoard:
    """A board that has something to be done, and what it has to show."""

    board: Board
    standing: Standing
    looks: str


class Crier(Worker[DueBoard | BudgetWarning]):
    """Posts, edits and replaces boards, each at most every `EDIT_EVERY` and only when it looks different."""

    name = "crier"
    idle_s = 5.0
    key_name = "place_id"

    def __init__(
        self,
        notices: NoticeStore,
        tasks: TaskStore,
        outages: OutageStore,
        display: NoticeDisplay,
        clock: Clock,
        allowed: AbstractSet[int] = frozenset(),
    ) -> None:
        super().__init__()
        self._notices = notices
        self._tasks = tasks
        self._outages = outages
        self._display = display
        self._clock = clock
        self._allowed = allowed
        self._shut_since: dict[int, datetime] = {}
        """Channels of boards that are closed to us, and since when."""
        self._undrawable: set[int] = set()
        """Channels of boards that can't be drawn: told once."""

    def key(self, item: DueBoard | BudgetWarning) -> int:
        """The channel of a board; the server of a warning, negated, so that it never is a channel's."""
        return item.board.channel_id if isinstance(item, DueBoard) else -item.server.guild_id

    async def find(self, _room: int, /) -> Sequence[DueBoard | BudgetWarning]:
        """Warnings to be told, then boards that lack their message or look different by now."""
        warnings = await self._notices.warnings_due()
        boards = await self._notices.boards_due(self._clock() - EDIT_EVERY)
        standings = await self._standings({board.guild_id for board in boards})
        due: list[DueBoard | BudgetWarning] = [*warnings]
        for board in boards:
            standing = standings[board.guild_id]
            try:
                looks = self._display.looks(board, standing)
            except Exception:  # one that can't be drawn holds up no other
                if board.channel_id not in self._undrawable:
                    log.exception("board can't be drawn", extra={"channel_id": board.channel_id})
                self._undrawable.add(board.channel_id)
                continue
            self._undrawable.discard(board.channel_id)
            if _lacks_message(board) or board.leftover_id is not None or board.looks != looks:
                due.append(DueBoard(board=board, standing=standing, looks=looks))
        return due

    async def handle(self, item: DueBoard | BudgetWarning) -> None:
        """Bring one board up to date, or tell one warning."""
        try:
            if isinstance(item, BudgetWarning):
                await self._warn(item)
            else:
                await self._keep(item)
        except ShowLaterError as error:
            raise NotNowError from error

    async def _standings(self, guild_ids: set[int]) -> Mapping[int, Standing]:
        if not guild_ids:
            return {}
        line = in_turn(await self._tasks.waiting(), await self._tasks.running_by_member())
        turns = [one.id for one in line]
        homes = await self._notices.open_tasks(guild_ids)
        cause = (await self._outages.situation()).cause
        return {
            guild_id: standing_of(server.as_it_stands(self._allowed, cause), tasks, turns)
            for guild_id, (server, tasks) in homes.items()
        }

    # --- boards ----------------------------------------------------------------------------------------------------

    async def _keep(self, due: DueBoard) -> None:
        board = due.board
        if await self._notices.board(board.channel_id) != board:
            return  # changed since `find` looked
        try:
            if board.leftover_id is not None:
                await self._clear(board, board.leftover_id)
            if not _lacks_message(board) and (board.looks == due.looks or await self._edit(due)):
                self._shut_since.pop(board.channel_id, None)
                return
            if (begun := await self._begin(board)) is None:
                return
            board = begun
            message_id = await self._display.post(board, due.standing)
        except Gone as gone:
            shut_since = self._shut_since.setdefault(board.channel_id, self._clock())
            if not gone.is_final and not is_over(shut_since, self._clock(), SHUT_PATIENCE):
                raise NotNowError from gone
            self._shut_since.pop(board.channel_id)
            await self._give_up(board, gone)
            return
        self._shut_since.pop(board.channel_id, None)
        sent = await self._notices.sent(board, message_id, due.looks)
        if sent is None:  # asked for again or taken down while it was sent
            await self._display.remove(board.channel_id, message_id)
        elif sent.leftover_id is not None:
            await self._clear(sent, sent.leftover_id)

    async def _edit(self, due: DueBoard) -> bool:
        """Redraw the board; return False where only a fresh message goes on showing it.

        A message that is too old to be edited further gets this last edit: only so is it known that nobody deleted it.
        """
        is_shown = await self._display.edit(due.board, due.standing)
        if is_shown:
            await self._notices.drawn(due.board, due.looks)
        return is_shown and due.board.posted_at is not None and self._clock() - due.board.posted_at < LONGEST_LIFE

    async def _begin(self, board: Board) -> Board | None:
        """Remember the message before it is sent: after a crash it is repeated while that is safe, later replaced."""
        if board.sending_at is not None:
            if self._clock() - board.sending_at < SEND_AGAIN:
                return board
            if (orphan := await self._display.find(board)) is not None:
                await self._display.remove(board.channel_id, orphan)
        return await self._notices.begin_sending(board)

    async def _clear(self, board: Board, leftover_id: int) -> None:
        await self._display.remove(board.channel_id, leftover_id)
        await self._notices.cleared(board)

    async def _give_up(self, board: Board, gone: Gone) -> None:
        """It was deleted, or the bot may not show it here any more: forget it until it is asked for again."""
        await self._notices.forget(board)
        log.info("board is gone", extra={"channel_id": board.channel_id, "reason": str(gone)})
        if board.message_id is not None:
            await self._display.remove(board.channel_id, board.message_id)

    # --- warnings --------------------------------------------------------------------------------------------------

    async def _warn(self, warning: BudgetWarning) -> None:
        """Told first and cleared afterwards: a crash in between repeats it, which Discord takes for the same one."""
        rules, facts = warning.server.rules, {"guild_id": warning.server.guild_id}
        if not is_warned(rules, warning.used):
            await self._notices.withdraw(warning)
            log.info("budget warning is not true any more", extra=facts)
            return
        if warning.server.guild_id == OVERALL:
            log.warning("most of the budget over everything is used", extra=_overall_facts(warning))
        elif rules.warning_channel_id is None:
            log.info("most of a server's budget is used", extra=facts)
        else:
            try:
                await self._display.warn(warning, rules.warning_channel_id)
            except Gone as gone:
                log.warning("budget warning can't be told", extra=facts | {"reason": str(gone)})
            else:
                log.info("server was warned of its budget", extra=facts)
        await self._notices.warned(warning)


def _overall_facts(warning: BudgetWarning) -> Mapping[str, str]:
    """What is used of the budget over everything, for the operator's log."""
    rules, used, facts = warning.server.rules, warning.used, {}
    if rules.monthly_songs is not None:
        facts["monthly_songs"] = f"{used.month_songs} of {rules.monthly_songs}"
    if rules.monthly_usd is not None:
        facts["monthly_usd"] = f"{used.month_usd:.2f} of {rules.monthly_usd:.2f}"
    return facts


def _lacks_message(board: Board) -> bool:
    return board.posted_at is None or board.sending_at is not None
