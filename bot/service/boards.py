"""Live boards: who puts one up and takes it down. The engine draws them."""

import logging

from bot.domain.audit import Act, Deed
from bot.domain.notices import Board
from bot.domain.refusals import Reason, Refused
from bot.service.access import Asker, moderated
from bot.service.signals import Signals
from bot.store.notices import NoticeStore
from bot.store.servers import ServerStore

log = logging.getLogger(__name__)


class Boards:
    """By moderators, in channels of their server; a channel has at most one."""

    def __init__(self, *, servers: ServerStore, notices: NoticeStore, signals: Signals) -> None:
        self._servers = servers
        self._notices = notices
        self._signals = signals

    async def put_up(self, asker: Asker) -> None:
        """Show this channel how the server stands, in a fresh message that keeps itself up to date.

        Raises:
            Refused: not by a moderator, or the bot may not post here.
        """
        guild_id = moderated(asker)
        if asker.missing_permissions:
            raise Refused(Reason.MISSING_PERMISSION, *asker.missing_permissions)
        locale = (await self._servers.get(guild_id)).rules.locale or asker.locale
        board = Board(channel_id=asker.channel_id, guild_id=guild_id, locale=locale)
        after = {"channel_id": asker.channel_id}
        deed = Deed(act=Act.BOARD, guild_id=guild_id, actor_id=asker.user_id, after=after)
        await self._notices.put_up(board, deed)
        log.info("board was asked for", extra=after)
        self._signals.changed()

    async def take_down(self, message_id: int | None, asker: Asker) -> set[int]:
        """Keep this channel's board up to date no longer; with a message only if it is the board's.

        Returns:
            The messages that show it, for the caller to remove.

        Raises:
            Refused: not by a moderator.
        """
        guild_id = moderated(asker)
        before = {"channel_id": asker.channel_id}
        deed = Deed(act=Act.BOARD, guild_id=guild_id, actor_id=asker.user_id, before=before)
        if (board := await self._notices.take_down(guild_id, asker.channel_id, message_id, deed)) is None:
            return set()
        log.info("board was taken down", extra=before)
        return {one for one in (board.message_id, board.leftover_id) if one is not None}

    async def server_removed(self, guild_id: int) -> None:
        """The bot is no longer in a server: its boards can't be reached."""
        await self._notices.forget_server(guild_id)
