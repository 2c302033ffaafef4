"""Whose the title of a task is: its member's, or ours."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "music_tasks", sa.Column("title_is_ours", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute("UPDATE music_tasks SET title_is_ours = true WHERE kind = 'continuation'")
