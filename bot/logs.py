"""Log lines: a fixed phrase plus facts, as text for people or as JSON for machines. Secrets and prompts stay out."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

_DETAIL = re.compile(r"DETAIL:.*?(?=\n\n(?:The above|During)|\n\[SQL|\Z)", re.DOTALL)


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}


class _Formatter(logging.Formatter):
    def trace(self, record: logging.LogRecord) -> str:
        """PostgreSQL adds to an error the row that it is about: what a member wrote has no place here."""
        return _DETAIL.sub("DETAIL: left out", self.formatException(record.exc_info)) if record.exc_info else ""


class JsonFormatter(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_facts(record),
        }
        if trace := self.trace(record):
            line["error"] = trace
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(_Formatter):
    """Time, level, phrase, then the facts as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        line = f"{at} {record.levelname:<7} {record.getMessage()}{'  ' + facts if facts else ''}"
        return f"{line}\n{trace}" if (trace := self.trace(record)) else line


def set_up_logs(level: str, style: Literal["text", "json"] | None) -> None:
    """Send all log lines to standard error: as text on a terminal, else as JSON, unless `style` says which."""
    handler = logging.StreamHandler(sys.stderr)
    chosen = style or ("text" if sys.stderr.isatty() else "json")
    handler.setFormatter(TextFormatter() if chosen == "text" else JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # discord.py tells every request at DEBUG, with tokens in its addresses; SQLAlchemy every statement at INFO
    _quiet(("discord", "aiosqlite", "asyncio"), max(logging.getLevelName(level), logging.INFO))
    _quiet(("alembic", "sqlalchemy"), max(logging.getLevelName(level), logging.WARNING))
    # the warnings of these hold whole addresses
    _quiet(("discord.http", "discord.webhook"), max(logging.getLevelName(level), logging.ERROR))


def _quiet(names: Iterable[str], level: int) -> None:
    for name in names:
        logging.getLogger(name).setLevel(level)
