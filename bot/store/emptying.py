"""What is left of a row of `music_tasks` once its texts are gone: what a bill needs."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.tasks import PingStatus
from bot.store.schema import T, lyrics_versions, music_tasks

TEXTS = (
    "title", "tags", "negative_tags", "clip_id", "clip_candidates", "result", "media", "edited_lyrics", "error_detail",
)  # fmt: skip


async def empty_rows(
    connection: AsyncConnection,
    ids: Collection[int],
    *conditions: ColumnElement[bool],
    now: datetime,
    **more: Any,  # noqa: ANN401 -- column values
) -> int:
    """Empty these tasks, their earlier lyrics included; only settled ones may be named. Gives how many were not yet."""
    values: dict[str, Any] = {
        **dict.fromkeys(TEXTS),
        "prompt": "",
        "search_text": "",
        "media_wanted": False,
        "deleted_at": now,
        "card_lost": None,
        "show_after": None,
        "pinged_for": T.state,
        "ping_status": PingStatus.DONE,
    }
    statement = update(music_tasks).where(T.id.in_(ids), T.deleted_at.is_(None), *conditions)
    count = (await connection.execute(statement.values(**{**values, **more}))).rowcount
    if count:  # now the rows are ours: whoever changes lyrics at this moment has left a version, or finds them deleted
        await connection.execute(delete(lyrics_versions).where(lyrics_versions.c.task_id.in_(ids)))
    return count
