"""When the addresses of a song's audio were read anew; audio that is still wanted holds nothing back from ageing."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEPT = sa.text(
    "deleted_at IS NULL AND state IN ('completed', 'failed', 'cancelled', 'abandoned')"
    " AND (state = 'abandoned' OR revision = shown_revision"
    " AND (state = 'cancelled' OR ping_status = 'done' AND pinged_for = state))"
)
TRIES_AT_FIRST = 11


def upgrade() -> None:
    op.add_column("music_tasks", sa.Column("addresses_at", sa.BigInteger(), nullable=True))
    op.drop_index("ix_music_tasks_kept", table_name="music_tasks")
    op.create_index(
        "ix_music_tasks_kept",
        "music_tasks",
        ["deleted_at", "guild_id", "created_at"],
        sqlite_where=KEPT,
        postgresql_where=KEPT,
    )
    # tries were counted for a day and then given up: what is left of them is looked at for fresh addresses first
    op.execute(
        sa.text(
            "UPDATE music_tasks SET media_failures = :most WHERE media_wanted AND media_failures > :most"
        ).bindparams(most=TRIES_AT_FIRST)
    )
