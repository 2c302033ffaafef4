"""Music tasks as lists: one line each, a member's own in pages, a family as a tree."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import discord
from discord.utils import format_dt

from bot.domain.listing import ListedTask
from bot.domain.tasks import MusicTask, TaskId
from bot.service import Branch, Page, title_of
from bot.ui import texts
from bot.ui.buttons import Control, list_button, list_menu, view_of
from bot.ui.card import Press, jump_url
from bot.ui.escape import cut, link_name, whole_lines
from bot.ui.limits import EMBED_CHARS, OPTION_CHARS, OPTIONS_MAX
from bot.ui.pages import KINDS, STAGES, ListState, State
from bot.ui.words import Words

NAME_CHARS = 60
RELATIVE_CHARS = 40
INDENT = "\N{EM SPACE}"
"""Discord leaves out ordinary spaces at the beginning of a line."""

Sheet = tuple[discord.Embed, discord.ui.View]


def row_line(task: MusicTask | ListedTask, words: Words, *, now: datetime, with_member: bool) -> str:
    """Number, name (linked while there is a card), what it is, how far, whose if wanted, since when."""
    who = f" · <@{task.user_id}>" if with_member else ""
    since = format_dt(task.created_at if task.created_at <= now else now, "R")
    what = f"{words(texts.KIND[task.kind])} · **{words(texts.STATE[task.state])}**"
    return f"`#{task.id}` {_linked(task, NAME_CHARS)} · {what}{who} · {since}"


def _linked(task: MusicTask | ListedTask, limit: int) -> str:
    name, where = link_name(title_of(task), limit), jump_url(task)
    return f"[{name}]({where})" if where and task.card_lost is None else name


# --- a member's own ------------------------------------------------------------------------------------------------


def songs_sheet(page: Page, state: ListState, words: Words, *, now: datetime) -> Sheet:
    """A page of a member's own tasks, with everything that opens one, turns the page or narrows the list."""
    lines = [_own_line(task, words, now=now) for task in page.rows] or [words(texts.NONE_FIT)]
    embed = discord.Embed(title=words("Your songs"), description=whole_lines(lines, EMBED_CHARS))
    embed.set_footer(text=_footer(page, state, words))
    menus = [
        choice_menu(Press.SONGS_STAGE, state, STAGES.index(state.stage), [words(texts.STAGE[one]) for one in STAGES]),
        choice_menu(Press.SONGS_KIND, state, KINDS.index(state.kind), [words(texts.KINDS[one]) for one in KINDS]),
    ]
    opening = [open_menu(page.rows, words, now=now)] if page.rows else []
    return embed, view_of([*opening, *menus, *_turning(page, state, words)])


def _own_line(task: ListedTask, words: Words, *, now: datetime) -> str:
    line = row_line(task, words, now=now, with_member=False)
    return f"{line} · {words(texts.KEPT_HERE)}" if task.card_lost else line


def _footer(page: Page, state: ListState, words: Words) -> str:
    parts = [words("{number} in all", number=page.total)]
    if page.pages > 1:
        parts.insert(0, words("Page {number} of {pages}", number=page.number + 1, pages=page.pages))
    if state.text:
        parts.append(words("with “{text}”", text=state.text))
    return " · ".join(parts)


def choice_menu(press: Press, state: State, chosen: int, labels: Sequence[str]) -> Control:
    """A menu of a list whose options are named by their places; it shows which one is chosen now."""
    options = [
        discord.SelectOption(label=label, value=str(place), default=place == chosen)
        for place, label in enumerate(labels)
    ]
    return list_menu(press, state, options)


def _turning(page: Page, state: ListState, words: Words) -> Iterator[Control]:
    if page.pages > 1:
        newer, older = (replace(state, page=max(0, page.number + step)) for step in (-1, 1))
        yield list_button(Press.SONGS, newer, words("Newer"), is_disabled=page.number == 0)
        yield list_button(Press.SONGS, older, words("Older"), is_disabled=older.page == page.pages)
    yield list_button(Press.FIND_SONGS, state, words("Search"))
    if state.text:
        yield list_button(Press.SONGS, replace(state, page=0, text=""), words("End search"))


def open_menu(tasks: Sequence[ListedTask], words: Words, *, now: datetime) -> Control:
    """A menu that opens one of a member's own."""
    return task_menu(Press.OPEN_SONG, ListState(), tasks, words, now=now)


def task_menu(press: Press, state: State, tasks: Sequence[ListedTask], words: Words, *, now: datetime) -> Control:
    """A menu of a list that opens one of these."""
    options = [
        discord.SelectOption(
            label=cut(f"#{task.id} {' '.join(title_of(task).split())}", OPTION_CHARS),
            description=cut(_described(task, words, now=now), OPTION_CHARS),
            value=str(task.id),
        )
        for task in tasks[:OPTIONS_MAX]
    ]
    return list_menu(press, state, options, placeholder=words("Open one of these"))


def _described(task: ListedTask, words: Words, *, now: datetime) -> str:
    age = texts.ago(now - min(now, task.created_at), words)
    return f"{words(texts.KIND[task.kind])} · {words(texts.STATE[task.state])} · {age}"


# --- families --------------------------------------------------------------------------------------------------------


def tree_sheet(branches: Sequence[Branch], shown: TaskId, asker_id: int, words: Words, *, now: datetime) -> Sheet:
    """A family as an indented list, the song that is shown now in bold; the member's own can be opened."""
    embed = discord.Embed(
        title=words("Family"),
        description=whole_lines([_branch_line(one, shown, asker_id, words) for one in branches], EMBED_CHARS),
    )
    own = [one.task for one in branches if one.task and one.task.user_id == asker_id and one.task.id != shown]
    return embed, view_of([open_menu(own, words, now=now)] if own else [])


def _branch_line(branch: Branch, shown: TaskId, asker_id: int, words: Words) -> str:
    indent = f"{INDENT * branch.depth}↳ " if branch.depth else ""
    task = branch.task
    if task is None:
        return f"{indent}*{words(texts.NOT_SHOWN_HERE)}*"
    name = _linked(task, RELATIVE_CHARS)
    who = f" · <@{task.user_id}>" if task.user_id != asker_id else ""
    what = f"{words(texts.KIND[task.kind])} · {words(texts.STATE[task.state])}"
    return f"{indent}{f'**{name}**' if task.id == shown else name} · {what}{who}"
