"""An account book as a file: one line for each task, no word that anybody wrote."""

import csv
import gzip
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from io import StringIO

from bot.domain.usage import Entry

ROWS_MAX = 200_000
"""More is not read: it would not fit anyway."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run what begins like this."""
COLUMNS = (
    "id", "created_at", "user_id", "kind", "state", "charge", "request_id", "provider_task_id", "model", "endpoint",
    "billing_transaction_id", "price_min_usd", "price_max_usd", "cost_usd",
)  # fmt: skip
NAMES = {"user_id": "member_id"}


def csv_of(entries: Iterable[Entry]) -> bytes:
    """The entries as CSV in UTF-8, with a line of names above them."""
    sink = StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow([NAMES.get(name, name) for name in COLUMNS])
    writer.writerows([_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries)
    return sink.getvalue().encode()


def fitted(content: bytes, name: str, *, limit_bytes: int) -> tuple[str, bytes] | None:
    """Name and content of a file that may be attached: as it is, else packed; None if that is too large, too."""
    if len(content) <= limit_bytes:
        return name, content
    packed = gzip.compress(content, mtime=0)
    return (f"{name}.gz", packed) if len(packed) <= limit_bytes else None


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            written = str(value)
            return f"'{written}" if written.startswith(FORMULA) else written
