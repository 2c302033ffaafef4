"""The operator's purse: what all servers use in a month."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index(
        "ix_music_tasks_month",
        "music_tasks",
        ["created_at", "state", "price_max_usd", "cost_usd", "unclear_attempts", "error_code"],
    )
