"""What is kept of lyrics that were changed by hand."""

from dataclasses import dataclass
from datetime import datetime

VERSIONS_KEPT = 20
"""Maximum number of replaced texts that are kept; the oldest go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LyricsVersion:
    """A text that another one has replaced."""

    number: int
    """The first text is 1."""
    replaced_at: datetime
    text: str
