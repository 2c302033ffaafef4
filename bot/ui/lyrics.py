"""Lyrics as people read them: by sections, in pages, never cut."""

import re
from dataclasses import dataclass

from bot.ui.escape import safe_text

PAGE_CHARS = 3000
"""So much of escaped text on one page; a longer section is split between lines."""
NAME_CHARS = 60
HEADING = re.compile(r"\s*\[(?P<name>[^\[\]\n]{1,60})\]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of lyrics, as the line `[Chorus]` begins it; what stands before the first such line has no name."""

    name: str | None
    text: str

    def as_written(self) -> str:
        """The section as it stands in the whole text."""
        return f"[{self.name}]\n{self.text}" if self.name else self.text


def sections(lyrics: str) -> list[Section]:
    """The parts of lyrics, in order."""
    found: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in lyrics.splitlines():
        if heading := HEADING.fullmatch(line):
            found.append((heading["name"].strip(), []))
        else:
            found[-1][1].append(line.rstrip())
    parts = [Section(name=name, text="\n".join(lines).strip("\n")) for name, lines in found]
    return [part for part in parts if part.name or part.text]


def joined(parts: list[Section]) -> str:
    """The whole text of the parts."""
    return "\n\n".join(part.as_written() for part in parts)


def shown(lyrics: str) -> str:
    """Lyrics as they stand on a card: headings set apart, everything else as it was written."""
    return "\n\n".join(_shown(part) for part in sections(lyrics))


def _shown(part: Section) -> str:
    heading = f"**{safe_text(part.name)}**\n" if part.name else ""
    return f"{heading}{safe_text(part.text)}".strip()


def pages(lyrics: str) -> list[str]:
    """Lyrics in pieces that fit a message; whole sections together where they fit, and nothing is left out."""
    found = [""]
    for piece in (line for part in sections(lyrics) for line in _pieces(part)):
        if found[-1] and len(found[-1]) + len(piece) + 2 > PAGE_CHARS:
            found.append("")
        found[-1] = f"{found[-1]}\n\n{piece}".strip("\n")
    return found


def _pieces(part: Section) -> list[str]:
    """A section as text of at most a page each, split between lines, in one line only where that is longer."""
    whole = _shown(part)
    if len(whole) <= PAGE_CHARS:
        return [whole]
    found = [""]
    for line in whole.split("\n"):
        for piece in _short(line):
            if len(found[-1]) + len(piece) + 1 > PAGE_CHARS:
                found.append("")
            found[-1] = f"{found[-1]}\n{piece}" if found[-1] else piece
    return found


def _short(line: str) -> list[str]:
    """A line in pieces of at most a page, none of which ends between a backslash and what it escapes."""
    found: list[str] = []
    while len(line) > PAGE_CHARS:
        end = PAGE_CHARS
        backslashes = len(line[:end]) - len(line[:end].rstrip("\\"))
        end -= backslashes % 2
        found.append(line[:end])
        line = line[end:]
    return [*found, line]
