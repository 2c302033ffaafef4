"""Addresses as buttons, or as lines where they are too long for one."""

from collections.abc import Sequence
from itertools import accumulate

from bot.domain.tasks import MusicTask
from bot.ui.card import Button
from bot.ui.limits import LINK_BUTTON_CHARS
from bot.ui.takes import label_of
from bot.ui.words import N_, Words

LISTEN = N_("Listen")
ORIGINAL = N_("Original")

LINK_CHARS = 1800
"""Longer addresses don't fit beside the rest of a card."""


def link_to(task: MusicTask, take: int, url: str, words: Words, label: str = LISTEN) -> tuple[str, str]:
    """An address of a take with its label, which names the take where there are several."""
    name = label_of(task, take, words)
    return f"{words(label)}: {name}" if name else words(label), url


def links_shown(links: Sequence[tuple[str, str]], *, room_chars: int) -> tuple[list[str], tuple[Button, ...]]:
    """Labels and addresses as lines where the address is too long for a button, and as buttons, at most four.

    Of the lines as many as there is room for.
    """
    lines = [f"[{label}]({url})" for label, url in links if LINK_BUTTON_CHARS < len(url) <= LINK_CHARS]
    used = accumulate(len(line) + 1 for line in lines)
    buttons = [Button(label=label, url=url) for label, url in links if len(url) <= LINK_BUTTON_CHARS]
    return [line for line, chars in zip(lines, used, strict=True) if chars <= room_chars], tuple(buttons[:4])
