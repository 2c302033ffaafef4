"""Text of members and of the provider, made safe to stand among our words: no ping, no formatting, no hidden link."""

import re
from collections.abc import Iterable, Sequence

from discord.utils import escape_markdown, escape_mentions

NO_BRACKETS = str.maketrans("[]", "()")
"""For names inside a link: a bracket would end it and lead elsewhere."""
OPEN_BRACKET = re.compile(r"(?<!\\)(?P<backslashes>\\*)\[")
"""Begins at no backslash but the first of a row: else a long row takes quadratic time."""


def safe_text(text: str) -> str:
    """Text of a member or of the provider, as it was written: no formatting, no ping, no link under other words."""
    # piece by piece, for discord.py escapes what looks like a link only at its beginning
    escaped = "[".join(escape_markdown(piece) for piece in text.split("["))
    return escape_mentions(OPEN_BRACKET.sub(_escaped_bracket, escaped))


def _escaped_bracket(found: re.Match[str]) -> str:
    """The bracket behind an odd number of backslashes; an even number escapes only itself."""
    backslashes = found["backslashes"]
    return f"{backslashes}[" if len(backslashes) % 2 else f"{backslashes}\\["


def quote(text: str, limit: int) -> str:
    """Text of a member as a block quote that can't ping, break out, or pass the limit (counted after escaping)."""
    escaped = safe_text(text[: limit + 1])  # it never becomes shorter, and what is cut off anyway need not be escaped
    if len(escaped) > limit:
        escaped = escaped[: limit - 1].rstrip("\\ \n") + "…"
    return "\n".join(f"> {line}" for line in escaped.splitlines())


def quoted_lines(text: str, line_chars: int) -> list[str]:
    """A whole text of a member as lines of block quotes; one that is longer (before escaping) becomes several."""
    pieces = (line[at : at + line_chars] for line in text.splitlines() for at in range(0, len(line) or 1, line_chars))
    return [f"> {safe_text(piece)}" if piece else "" for piece in pieces]


def packed(pieces: Iterable[str], gap: str, limit: int) -> list[str]:
    """The pieces in order, as many together as fit; one that is longer stands alone."""
    found: list[str] = []
    for piece in pieces:
        if found and len(found[-1]) + len(gap) + len(piece) <= limit:
            found[-1] += gap + piece
        else:
            found.append(piece)
    return found


def inline(text: str, limit: int) -> str:
    """Text of a member within one of our sentences."""
    return quote(" ".join(text.split()), limit).removeprefix("> ")


def link_name(text: str, limit: int) -> str:
    """Text of a member as the words of a link."""
    return inline(text.translate(NO_BRACKETS), limit)


def cut(text: str, units: int) -> str:
    """Cut a text to a maximum number of UTF-16 units, as a client may count."""
    return text.encode("utf-16-le", "ignore")[: units * 2].decode("utf-16-le", "ignore")


def whole_lines(lines: Sequence[str], limit: int) -> str:
    """As many of the lines as fit, from the first on; a line that is cut would be a broken link."""
    text = ""
    for line in lines:
        if len(text) + len(line) >= limit:
            break
        text += f"{line}\n"
    return text.rstrip()
