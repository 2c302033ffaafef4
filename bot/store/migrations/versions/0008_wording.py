"""Whose a title is, and whether prompts were sung word for word when something was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("title_is_ours", "sings_prompt"):
        op.add_column("music_tasks", sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("UPDATE music_tasks SET title_is_ours = true WHERE kind = 'continuation'")
