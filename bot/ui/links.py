"""Addresses as buttons, or as lines where they are too long for one."""

from collections.abc import Sequence

from bot.ui.card import Button
from bot.ui.limits import LINK_BUTTON_CHARS
from bot.ui.words import N_, Words

LISTEN = N_("Listen")
ORIGINAL = N_("Original")

LINK_CHARS = 1800
"""Longer addresses don't fit beside the rest of a card."""


def listening(urls: Sequence[str], words: Words, label: str = LISTEN) -> list[tuple[str, str]]:
    """Addresses of the takes of a song, each with its label."""
    said = words(label)
    return [(f"{said} {number}" if len(urls) > 1 else said, url) for number, url in enumerate(urls, 1)]


def links_shown(links: Sequence[tuple[str, str]]) -> tuple[list[str], tuple[Button, ...]]:
    """Labels and addresses as lines where the address is too long for a button, and as buttons, at most four."""
    lines = [f"[{label}]({url})" for label, url in links if LINK_BUTTON_CHARS < len(url) <= LINK_CHARS]
    buttons = [Button(label=label, url=url) for label, url in links if len(url) <= LINK_BUTTON_CHARS]
    return lines, tuple(buttons[:4])
