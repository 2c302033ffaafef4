"""Files that a card still lacks; messages that may have been sent; how often something was delivered again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("music_tasks", sa.Column("attach_after", sa.BigInteger(), nullable=True))
    op.add_column("music_tasks", sa.Column("attach_failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("music_tasks", sa.Column("posting", sa.String(length=25), nullable=True))
    op.add_column("music_tasks", sa.Column("posting_in", sa.BigInteger(), nullable=True))
    op.add_column("music_tasks", sa.Column("posting_at", sa.BigInteger(), nullable=True))
    op.add_column("music_tasks", sa.Column("deliveries", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_music_tasks_attach_after",
        "music_tasks",
        ["attach_after"],
        sqlite_where=sa.text("attach_after IS NOT NULL"),
        postgresql_where=sa.text("attach_after IS NOT NULL"),
    )
