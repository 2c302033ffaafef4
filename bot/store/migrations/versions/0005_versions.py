"""Which version each attempt was sent with, whether its member chose it, and what has been found out about versions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "music_tasks",
        sa.Column("version_chosen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("music_tasks", sa.Column("version_offered", sa.String(length=40), nullable=True))
    op.add_column("attempts", sa.Column("version", sa.String(length=40), nullable=True))
    op.create_table(
        "remembered",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_remembered")),
    )
