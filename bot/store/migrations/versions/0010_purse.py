"""The operator's purse: what all servers use in a month; which servers are not new; when one is left."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index(
        "ix_music_tasks_month",
        "music_tasks",
        ["created_at", "state", "price_max_usd", "cost_usd", "unclear_attempts", "error_code"],
    )
    op.add_column("servers", sa.Column("leave_at", sa.BigInteger(), nullable=True))
    _let_old_ones_keep_what_they_have()


def _let_old_ones_keep_what_they_have() -> None:
    """A server that has asked for something is not new: with a row of its own it gets no limits of the new."""
    connection = op.get_bind()
    asked = connection.scalars(sa.text("SELECT DISTINCT guild_id FROM music_tasks WHERE guild_id IS NOT NULL"))
    old = set(asked) - set(connection.scalars(sa.text("SELECT guild_id FROM servers")))
    servers = sa.table("servers", sa.column("guild_id"), sa.column("rules", sa.JSON), sa.column("intake"))
    op.bulk_insert(servers, [{"guild_id": guild_id, "rules": {}, "intake": "open"} for guild_id in sorted(old)])
