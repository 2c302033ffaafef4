"""What whole servers are shown: the live board, pure, and how it and the budget warning reach their channels."""

from collections.abc import Awaitable, Iterable, Iterator

import discord
from discord.utils import format_dt

from bot.domain.limits import Used
from bot.domain.notices import Board, BudgetWarning, OpenTask, Standing
from bot.domain.rules import Rules
from bot.engine.ports import Gone
from bot.ui import texts
from bot.ui.buttons import presses_in, view_of
from bot.ui.card import Button, Card, Press, jump_url
from bot.ui.doors import intake_lines
from bot.ui.escape import whole_lines
from bot.ui.forms import mark_of
from bot.ui.limits import EMBED_CHARS
from bot.ui.prices import dollars
from bot.ui.reach import Lost, Reach, attempt
from bot.ui.verdicts import Verdict
from bot.ui.words import Words, words_for

COLOUR = discord.Colour.blurple()
GONE_CODES = frozenset({10003, 10004})
"""No such channel, no such server: what is only closed to us may open again."""
NEEDS_FRESH = frozenset({Verdict.TOO_MANY_EDITS, Verdict.ARCHIVED})
"""The message stands, but only a new one shows what has changed."""

# --- drawing ---------------------------------------------------------------------------------------------------------


def board_card(standing: Standing, words: Words) -> Card:
    """How a server stands: for everybody in the channel, so without a word that a member wrote."""
    embed = discord.Embed(
        title=words("Live board"), description=whole_lines([*_lines(standing, words)], EMBED_CHARS), colour=COLOUR
    )
    embed.set_footer(text=words("It keeps itself up to date."))
    return Card(
        embed=embed,
        buttons=(
            Button(label=words("Queue"), press=Press.BOARD_QUEUE),
            Button(label=words("Take down"), press=Press.BOARD_DOWN),
        ),
    )


def _lines(standing: Standing, words: Words) -> Iterator[str]:
    yield from intake_lines(standing.server, words)
    yield ""
    yield " · ".join(f"{words(texts.STATE[state])} **{number}**" for state, number in standing.counts.items()) or words(
        texts.EMPTY_QUEUE
    )
    if standing.oldest_at is not None:
        yield words("The oldest in line was asked for {when}.", when=format_dt(standing.oldest_at, "R"))
    yield from _named(words("**Next in line**"), standing.waiting, words)
    yield from _named(words("**Being made**"), standing.being_made, words)
    yield from _named(words("**Unclear**: somebody has to decide"), standing.unclear, words)


def _named(heading: str, tasks: Iterable[OpenTask], words: Words) -> Iterator[str]:
    rows = [_row(task, words) for task in tasks]
    if rows:
        yield from ("", heading, *rows)


def _row(task: OpenTask, words: Words) -> str:
    where = jump_url(task) if task.card_lost is None else None
    number = f"[#{task.id}]({where})" if where else f"#{task.id}"
    return f"{number} {words(texts.KIND[task.kind])} · <@{task.user_id}> · {format_dt(task.created_at, 'R')}"


def warning_words(rules: Rules, used: Used, words: Words) -> str:
    """What of a month's budget is used, of songs and of money, as far as it is limited."""
    parts = []
    if (most := rules.monthly_songs) is not None:
        parts.append(words.several("{used} of {number} song", "{used} of {number} songs", most, used=used.month_songs))
    if rules.monthly_usd is not None:
        parts.append(words("{used} of {most}", used=dollars(used.month_usd), most=dollars(rules.monthly_usd)))
    return words("Most of this month's budget is used: {used}.", used=", ".join(parts))


# --- sending ---------------------------------------------------------------------------------------------------------


class Noticeboard:
    """Shows notices in Discord. Implements `bot.engine.ports.NoticeDisplay`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def looks(self, board: Board, standing: Standing) -> str:
        """See `NoticeDisplay.looks`."""
        return _card(board, standing).fingerprint()

    async def post(self, board: Board, standing: Standing) -> int:
        """See `NoticeDisplay.post`."""
        card = _card(board, standing)
        channel = self._channel(board.channel_id)
        return await _sent(channel.send(embed=card.embed, view=view_of(card.buttons), nonce=_nonce(board)))

    async def edit(self, board: Board, standing: Standing) -> bool:
        """See `NoticeDisplay.edit`."""
        message = self._channel(board.channel_id).get_partial_message(board.message_id or 0)
        card = _card(board, standing)
        try:
            await attempt(message.edit(embed=card.embed, view=view_of(card.buttons)))
        except Lost as lost:
            if lost.verdict in NEEDS_FRESH:
                return False
            raise _gone(lost) from lost
        return True

    async def find(self, board: Board) -> int | None:
        """See `NoticeDisplay.find`."""
        if board.sending_at is None:
            return None

        def fits(message: discord.Message) -> bool:
            return (Press.BOARD_DOWN, 0) in presses_in(message) and message.id != board.message_id

        try:
            found = await self._reach.find_own(self._channel(board.channel_id), board.sending_at, fits)
        except Lost:
            return None
        return found.id if found is not None else None

    async def remove(self, channel_id: int, message_id: int) -> None:
        """See `NoticeDisplay.remove`."""
        await self._reach.remove(channel_id, message_id)

    async def warn(self, warning: BudgetWarning, channel_id: int) -> None:
        """See `NoticeDisplay.warn`."""
        server = warning.server
        guild = self._reach.client.get_guild(server.guild_id)
        words = words_for(server.rules.locale or (str(guild.preferred_locale) if guild else "en-US"))
        content = warning_words(server.rules, warning.used, words)
        await _sent(self._channel(channel_id).send(content=content, nonce=_warning_nonce(warning)))

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self._reach.client.get_partial_messageable(channel_id)


async def _sent(sending: Awaitable[discord.Message]) -> int:
    try:
        return (await attempt(sending)).id
    except Lost as lost:
        raise _gone(lost) from lost


def _gone(lost: Lost) -> Gone:
    is_final = lost.verdict is Verdict.CARD_DELETED or lost.code in GONE_CODES
    return Gone(lost.verdict.name.lower(), is_final=is_final)


def _card(board: Board, standing: Standing) -> Card:
    return board_card(standing, words_for(standing.server.rules.locale or board.locale))


def _warning_nonce(warning: BudgetWarning) -> str:
    """Names the warning of a month and of a budget: another budget is another warning."""
    rules = warning.server.rules
    budget = mark_of(f"{rules.monthly_songs} {rules.monthly_usd}") % 0x10000
    return f"w{warning.server.guild_id:x}{warning.month:%y%m}{budget:04x}"


def _nonce(board: Board) -> str:
    """Names a message, so that sending it twice within a few minutes makes one; at most 25 characters."""
    began_ms = int(board.sending_at.timestamp() * 1000) if board.sending_at else 0
    return f"b{began_ms:x}-{board.channel_id % 10**10}"
