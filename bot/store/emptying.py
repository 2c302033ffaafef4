"""What is left of a row of `music_tasks` once its texts are gone: what a bill needs."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.tasks import PingStatus
from bot.store.schema import T, lyrics_versions, music_tasks, task_moves
from bot.store.statements import lock_in_order

TEXTS = (
    "title", "tags", "negative_tags", "parent_take", "clip_id", "clip_candidates", "result", "media", "media_tries",
    "edited_lyrics", "error_detail",
)  # fmt: skip
EMPTIED: Mapping[str, object] = {
    **dict.fromkeys(TEXTS),
    "prompt": "",
    "search_text": "",
    "media_wanted": False,
    "card_lost": None,
    "show_after": None,
    "attach_after": None,
    "posting": None,
    "posting_in": None,
    "posting_at": None,
    "pinged_for": T.state,
    "ping_status": PingStatus.DONE,
}


async def empty_rows(
    connection: AsyncConnection, ids: Collection[int], *, now: datetime, aged_out: bool = False
) -> int:
    """Empty these tasks, whose cards stay as they are for now; only settled ones may be named.

    Return how many were not emptied yet.
    """
    await lock_in_order(connection, T.id.in_(ids))
    rows = update(music_tasks).where(T.id.in_(ids), T.deleted_at.is_(None))
    emptied = rows.values(**EMPTIED, deleted_at=now, aged_out=aged_out, shown_revision=T.revision)
    count = (await connection.execute(emptied)).rowcount
    if count:
        await forget_beside(connection, ids)
    return count


async def forget_beside(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Remove the earlier lyrics and the history of tasks that were just emptied in this transaction.

    Their rows are ours by then: a change of lyrics at this moment has left a version, or finds them deleted.
    """
    await connection.execute(delete(lyrics_versions).where(lyrics_versions.c.task_id.in_(ids)))
    await connection.execute(delete(task_moves).where(task_moves.c.task_id.in_(ids)))
