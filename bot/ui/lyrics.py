"""Lyrics as people read and change them: by sections, in pages, in the inputs of a form; never cut."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.ui.escape import packed, quoted_lines, safe_text
from bot.ui.forms import mark_of
from bot.ui.limits import BUTTONS_MAX, FIELDS_MAX, INPUT_CHARS

PAGE_CHARS = 3000
"""Maximum length of a page as it is shown; a longer section is split between lines."""
LINE_CHARS = 1400
"""Maximum length of a line that fits a page whatever is in it: escaping at most doubles it."""
PARTS_MAX = BUTTONS_MAX - 1
"""Maximum number of parts with a button each; one button is for the earlier versions."""
PART_CHARS = 3500
"""Maximum length of what is changed at a time in a text without sections."""
FULL_CHARS = 2000
"""Behind an input that holds more than this there is an empty one to go on in."""
HEADING = re.compile(r"\s*\[\s*(?P<name>[^\[\]\s][^\[\]\n]{0,59})\]\s*")
PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of lyrics, as the line `[Chorus]` begins it; what stands before the first such line has no name."""

    name: str | None = None
    text: str

    def as_written(self) -> str:
        """The section as it stands in the whole text."""
        return f"[{self.name}]\n{self.text}".rstrip("\n") if self.name else self.text


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


def joined(parts: Sequence[Section]) -> str:
    """The whole text of the parts."""
    return "\n\n".join(text for part in parts if (text := part.as_written()))


# --- to read -----------------------------------------------------------------------------------------------------


def shown(lyrics: str) -> str:
    """Lyrics as they stand on a card: headings set apart, the words behind a bar, just as they were written."""
    return "\n\n".join("\n".join(_lines(part)) for part in sections(lyrics))


def _lines(part: Section) -> list[str]:
    """The lines of a section as they are shown; one that might be longer than a page becomes several."""
    heading = [f"**{safe_text(part.name)}**"] if part.name else []
    return heading + quoted_lines(part.text, LINE_CHARS)


def pages(lyrics: str) -> list[str]:
    """Lyrics in pieces that fit a message; whole sections together where they fit, and nothing is left out."""
    blocks = (block for part in sections(lyrics) for block in packed(_lines(part), "\n", PAGE_CHARS))
    return [page.strip("\n") for page in packed(blocks, "\n\n", PAGE_CHARS)]


# --- to change ---------------------------------------------------------------------------------------------------


def parts(lyrics: str) -> list[Section]:
    """Lyrics in parts that a form takes each, none left out.

    These are the sections; where there are too many of them, or but one that is long, as many whole paragraphs as go
    together.
    """
    found = sections(lyrics)
    if len(found) <= PARTS_MAX and (len(found) > 1 or len(lyrics) <= INPUT_CHARS):
        return found
    return [Section(text=text) for text in packed(PARAGRAPHS.split(joined(found)), "\n\n", PART_CHARS)]


def with_part(parts_: Sequence[Section], number: int, text: str) -> str:
    """The whole text with one of its parts replaced; without it, if nothing is left of it."""
    return joined([*parts_[:number], Section(text=text), *parts_[number + 1 :]])


def mark(part: Section) -> int:
    """See `mark_of`."""
    return mark_of(part.as_written())


def inputs(part: Section) -> dict[str, str]:
    """What the inputs of a form hold of a part, by their names; there is always room to go on."""
    return {f"text{number}": text for number, (text, _) in enumerate(_cut(part.as_written()))}


def refilled(part: Section, values: Mapping[str, str]) -> str:
    """The part as it was filled in, what stood between the inputs put back."""
    cut = _cut(part.as_written())
    return "".join(f"{values.get(f'text{number}', '')}{gap}" for number, (_, gap) in enumerate(cut)).strip("\n")


def _cut(text: str) -> list[tuple[str, str]]:
    """A text in pieces of at most an input, each with what stands between it and the next.

    It is cut between lines, else between words, as far as it still fits the inputs of one form.
    """
    found: list[tuple[str, str]] = []
    for left in range(FIELDS_MAX - 1, 0, -1):
        if len(text) <= INPUT_CHARS:
            break
        least = max(1, len(text) - left * INPUT_CHARS)
        at = next(at for gap in ("\n", " ", "") if (at := text.rfind(gap, least, INPUT_CHARS + len(gap))) > 0)
        head, rest = text[:at].rstrip(), text[at:].lstrip()
        found.append((head, text[len(head) : len(text) - len(rest)]))
        text = rest
    found.append((text, "\n"))
    if len(text) > FULL_CHARS and len(found) < FIELDS_MAX:
        found.append(("", ""))
    return found
