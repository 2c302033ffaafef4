"""A music task as one line of a list."""

from datetime import datetime

from discord.utils import format_dt

from bot.domain.tasks import MusicTask
from bot.service import title_of
from bot.ui import texts
from bot.ui.card import jump_url
from bot.ui.escape import link_name
from bot.ui.words import Words

NAME_CHARS = 60


def row_line(task: MusicTask, words: Words, *, now: datetime, with_member: bool) -> str:
    """Number, name (linked while there is a card), what it is, how far, whose if wanted, since when."""
    where = jump_url(task)
    name = link_name(title_of(task), NAME_CHARS)
    linked = f"[{name}]({where})" if where and task.card_lost is None else name
    who = f" · <@{task.user_id}>" if with_member else ""
    since = format_dt(task.created_at if task.created_at <= now else now, "R")
    what = f"{words(texts.KIND[task.kind])} · **{words(texts.STATE[task.state])}**"
    return f"`#{task.id}` {linked} · {what}{who} · {since}"
