"""What the bot of revision 0003 has left behind: its database, and what stood in Discord and at TokenLab just then."""

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.domain.tasks import TaskId

FOLDER = Path(__file__).parent.parent / "fixtures"
DATABASE = FOLDER / "encore_0003.sql"
"""Its first lines tell who has asked for what."""
AROUND = FOLDER / "encore_0003.json"
REVISION = "0003"
MEDIA_BASE = "https://media.example.net"
"""Stands where the address of the media host was."""


class Old:
    """The ids of the tasks by what each is there for; the fixture's own first lines tell more."""

    AGED_OUT = TaskId(1)
    ERASED = TaskId(2)
    ERASED_CANCELLED = TaskId(3)
    FINISHED = TaskId(4)
    AGAIN = TaskId(5)
    CONTINUATION = TaskId(6)
    LYRICS = TaskId(7)
    SUNG = TaskId(8)
    TWO_TAKES = TaskId(9)
    FAILED = TaskId(10)
    CANCELLED = TaskId(11)
    ABANDONED = TaskId(12)
    DROPPED = TaskId(13)
    CARD_DELETED = TaskId(14)
    DIRECT = TaskId(15)
    DELETED = TaskId(16)
    HELD = TaskId(17)
    EXPIRED = TaskId(18)
    UNCERTAIN = TaskId(19)
    UNCERTAIN_TWICE = TaskId(20)
    DELETING = TaskId(21)
    ADAS_EMPTIED = TaskId(22)
    AUDIO_WANTED = TaskId(23)
    TOLD_UNNOTED = TaskId(24)
    ASKED_TO_WAIT = TaskId(25)
    LAGGING = TaskId(26)
    RUNNING = TaskId(27)
    ADAS_RUNNING = TaskId(28)
    UNTOLD = TaskId(29)
    ADAS_CANCELLED = TaskId(30)
    QUEUED = TaskId(31)
    SUBMITTING = TaskId(32)
    SHOWN_UNNOTED = TaskId(33)
    NEVER_SHOWN = TaskId(34)


TASKS = tuple(TaskId(number) for number in range(1, Old.NEVER_SHOWN + 1))
"""All of them."""


class OldDraft:
    """The ids of the drafts."""

    BY_REPLY = 3
    BY_AGAIN = 4
    OVER = 5


def around(swaps: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What stood around the database: `now`, the ids of `guilds`, `channels` and `users`, `messages`, `creates`."""
    return dict(json.loads(_swapped(AROUND.read_text(encoding="utf-8"), swaps or {})))


def write_database(path: Path, swaps: Mapping[str, str] | None = None) -> None:
    """Make the SQLite file anew, with other words or ids in place of some."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_swapped(DATABASE.read_text(encoding="utf-8"), swaps or {}))


def moment_of(old: Mapping[str, Any]) -> datetime:
    """When the old process was killed."""
    return datetime.fromisoformat(old["now"])


def _swapped(text: str, swaps: Mapping[str, str]) -> str:
    """All at once, for what is new here may be old there."""
    if not swaps:
        return text
    found = re.compile("|".join(rf"\b{re.escape(old)}\b" for old in swaps))
    return found.sub(lambda match: swaps[match[0]], text)
