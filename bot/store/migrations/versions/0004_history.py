"""The history of each task; what the courier owes as a column with an index; whose family has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWED = """CASE
WHEN revision > shown_revision AND deleted_at IS NOT NULL THEN 'removal'
WHEN revision > shown_revision AND state NOT IN ('received', 'abandoned') THEN 'card'
WHEN state IN ('completed', 'failed', 'uncertain')
 AND (ping_status IS NULL OR ping_status <> 'done' OR pinged_for IS NULL OR pinged_for <> state) THEN 'ping'
WHEN family_changed_at IS NOT NULL AND state = 'completed' AND deleted_at IS NULL AND card_lost IS NULL
 THEN 'family'
END"""


def upgrade() -> None:
    op.create_table(
        "task_moves",
        sa.Column("task_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["music_tasks.id"], name=op.f("fk_task_moves_task_id")),
        sa.PrimaryKeyConstraint("task_id", "revision", name=op.f("pk_task_moves")),
    )
    op.add_column("music_tasks", sa.Column("family_changed_at", sa.BigInteger(), nullable=True))
    is_stored = op.get_bind().dialect.name == "postgresql" or None  # SQLite adds no stored column to a table
    owed = sa.Computed(OWED, persisted=is_stored)
    op.add_column("music_tasks", sa.Column("owed", sa.String(length=8), owed, nullable=True))
    op.create_index(
        "ix_music_tasks_owed",
        "music_tasks",
        ["owed", "state_at"],
        sqlite_where=sa.text("owed IS NOT NULL"),
        postgresql_where=sa.text("owed IS NOT NULL"),
    )
    op.drop_index("ix_music_tasks_unshown", table_name="music_tasks")
    op.drop_index("ix_music_tasks_unpinged", table_name="music_tasks")
