"""What servers decide: rules, intake, blocks, boards; the audit of it; erasures; what a task has cost."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = "state IN ('received', 'queued', 'submitting', 'running', 'expired', 'uncertain')"
ENDED = (
    "state NOT IN ('received', 'queued', 'submitting', 'running', 'expired', 'uncertain', 'abandoned')"
    " AND deleted_at IS NULL"
)

KEPT = (
    "deleted_at IS NULL AND state IN ('completed', 'failed', 'cancelled', 'abandoned')"
    " AND (state = 'abandoned' OR revision = shown_revision AND media_wanted IS FALSE"
    " AND (state = 'cancelled' OR ping_status = 'done' AND pinged_for = state))"
)


def upgrade() -> None:
    op.add_column("music_tasks", sa.Column("cost_usd", sa.BigInteger(), nullable=True))
    op.add_column("music_tasks", sa.Column("aged_out", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("drafts", sa.Column("message_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_music_tasks_kept",
        "music_tasks",
        ["deleted_at", "guild_id", "created_at"],
        sqlite_where=sa.text(KEPT),
        postgresql_where=sa.text(KEPT),
    )
    op.create_index(
        "ix_music_tasks_open",
        "music_tasks",
        ["guild_id", "user_id", "state", "kind"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        "ix_music_tasks_ended",
        "music_tasks",
        ["guild_id", "state", "state_at", "kind", "user_id", "error_code"],
        sqlite_where=sa.text(ENDED),
        postgresql_where=sa.text(ENDED),
    )
    op.create_index(
        "ix_music_tasks_used",
        "music_tasks",
        ["guild_id", "created_at", "state", "user_id", "price_max_usd", "cost_usd", "unclear_attempts", "error_code"],
    )
    op.create_table(
        "servers",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("intake", sa.String(length=16), nullable=False),
        sa.Column("intake_note", sa.Text(), nullable=True),
        sa.Column("warned_for", sa.BigInteger(), nullable=True),
        sa.Column("warning_due", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("intake IN ('open', 'paused', 'draining')", name=op.f("ck_servers_intake")),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_servers")),
    )
    op.create_table(
        "blocks",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name=op.f("pk_blocks")),
    )
    op.create_table(
        "boards",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("leftover_id", sa.BigInteger(), nullable=True),
        sa.Column("sending_at", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.BigInteger(), nullable=True),
        sa.Column("drawn_at", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_boards")),
    )
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "people",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_people")),
        sa.UniqueConstraint("ref", name=op.f("uq_people_ref")),
    )
    op.create_table(
        "audit",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_ref", sa.String(length=32), nullable=True),
        sa.Column("subject_ref", sa.String(length=32), nullable=True),
        sa.Column("task_id", ROW_ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_guild_id_id", "audit", ["guild_id", "id"])
    _let_nobody_change_the_audit()


def _let_nobody_change_the_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        replaced = "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
        for change, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", replaced)):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit {when}"
                "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
    )
