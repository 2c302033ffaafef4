"""Which take a song continues; each take is tried for by itself: what was counted for a song goes to those it lacks."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TASKS = sa.table(
    "music_tasks",
    *map(sa.column, ("id", "media_wanted", "media_failures", "media_after")),
    *(sa.column(name, sa.JSON()) for name in ("result", "media", "media_tries")),
)


def upgrade() -> None:
    op.add_column("music_tasks", sa.Column("parent_take", sa.Integer(), nullable=True))
    op.add_column("music_tasks", sa.Column("media_tries", sa.JSON(none_as_null=True), nullable=True))
    tried = sa.select(TASKS).where(sa.text("media_wanted"), TASKS.c.media_failures > 0)
    connection = op.get_bind()
    for row in connection.execute(tried).all():
        tries = [
            {
                "take": take, "failures": row.media_failures, "short_tries": 0, "after": row.media_after,
                "asked_at": None, "is_over": False,
            }
            for take in _missing(row.id, row.result or {}, row.media or [])
        ]  # fmt: skip
        connection.execute(sa.update(TASKS).where(TASKS.c.id == row.id).values(media_tries=tries))


def _missing(task_id: int, result: Mapping[str, list[object]], media: list[Mapping[str, str]]) -> list[int]:
    """The takes that have no whole file; a file is named by its take."""
    whole = {one["name"].partition(".")[0] for one in media if not one.get("whole_s")}
    return [take for take in range(1, len(result.get("tracks", ())) + 1) if f"{task_id}-{take}" not in whole]
