"""The first tables: music tasks, attempts, messages, drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "music_tasks",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("origin_key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("shown_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state_at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.Column("instrumental", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("parent_id", ROW_ID, nullable=True),
        sa.Column("clip_id", sa.Text(), nullable=True),
        sa.Column("continue_at_s", sa.Float(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.Column("interaction_token", sa.Text(), nullable=True),
        sa.Column("token_at", sa.BigInteger(), nullable=True),
        sa.Column("attachment_limit_bytes", sa.BigInteger(), nullable=False),
        sa.Column("card_lost", sa.String(length=40), nullable=True),
        sa.Column("files_shown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("show_after", sa.BigInteger(), nullable=True),
        sa.Column("show_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pinged_for", sa.String(length=16), nullable=True),
        sa.Column("ping_status", sa.String(length=16), nullable=True),
        sa.Column("ping_at", sa.BigInteger(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unclear_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_task_id", sa.Text(), nullable=True),
        sa.Column("poll_url", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("endpoint", sa.String(length=80), nullable=True),
        sa.Column("billing_transaction_id", sa.Text(), nullable=True),
        sa.Column("provider_status", sa.String(length=40), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("next_look_at", sa.BigInteger(), nullable=True),
        sa.Column("look_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("clip_candidates", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("media", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("media_wanted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("media_after", sa.BigInteger(), nullable=True),
        sa.Column("media_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('song', 'lyrics', 'continuation')", name=op.f("ck_music_tasks_kind")),
        sa.CheckConstraint(
            "state IN ('received', 'queued', 'submitting', 'running', 'completed', 'failed', 'uncertain', 'expired', 'cancelled', 'abandoned')",
            name=op.f("ck_music_tasks_state"),
        ),
        sa.CheckConstraint("shown_revision <= revision", name=op.f("ck_music_tasks_shown")),
        sa.ForeignKeyConstraint(["parent_id"], ["music_tasks.id"], name=op.f("fk_music_tasks_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_music_tasks")),
        sa.UniqueConstraint("origin_key", name=op.f("uq_music_tasks_origin_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_music_tasks_guild_id_id", "music_tasks", ["guild_id", "id"], unique=False)
    op.create_index(
        "ix_music_tasks_media_kept",
        "music_tasks",
        ["id"],
        unique=False,
        sqlite_where=sa.text("media IS NOT NULL AND files_shown IS 0"),
        postgresql_where=sa.text("media IS NOT NULL AND files_shown IS FALSE"),
    )
    op.create_index(
        "ix_music_tasks_media_wanted",
        "music_tasks",
        ["id"],
        unique=False,
        sqlite_where=sa.text("media_wanted = 1"),
        postgresql_where=sa.text("media_wanted"),
    )
    op.create_index(
        "ix_music_tasks_next_look_at",
        "music_tasks",
        ["next_look_at"],
        unique=False,
        sqlite_where=sa.text("next_look_at IS NOT NULL"),
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_index("ix_music_tasks_state_id", "music_tasks", ["state", "id"], unique=False)
    op.create_index(
        "ix_music_tasks_token",
        "music_tasks",
        ["token_at"],
        unique=False,
        sqlite_where=sa.text("interaction_token IS NOT NULL"),
        postgresql_where=sa.text("interaction_token IS NOT NULL"),
    )
    op.create_index(
        "ix_music_tasks_unpinged",
        "music_tasks",
        ["state"],
        unique=False,
        sqlite_where=sa.text(
            "state IN ('completed', 'failed', 'uncertain') AND (ping_status IS NULL OR ping_status <> 'done' OR pinged_for <> state)"
        ),
        postgresql_where=sa.text(
            "state IN ('completed', 'failed', 'uncertain') AND (ping_status IS NULL OR ping_status <> 'done' OR pinged_for <> state)"
        ),
    )
    op.create_index(
        "ix_music_tasks_unshown",
        "music_tasks",
        ["state"],
        unique=False,
        sqlite_where=sa.text("revision > shown_revision"),
        postgresql_where=sa.text("revision > shown_revision"),
    )
    op.create_index("ix_music_tasks_user_id_id", "music_tasks", ["user_id", "id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("task_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("provider_task_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('under_way', 'accepted', 'refused', 'unknown')", name=op.f("ck_attempts_outcome")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["music_tasks.id"], name=op.f("fk_attempts_task_id")),
        sa.PrimaryKeyConstraint("task_id", "number", name=op.f("pk_attempts")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("origin_key", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", ROW_ID, nullable=False),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("at_s", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["music_tasks.id"], name=op.f("fk_drafts_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("origin_key", name=op.f("uq_drafts_origin_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_drafts_created_at"), "drafts", ["created_at"], unique=False)
    op.create_table(
        "task_messages",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.CheckConstraint("role IN ('card', 'ping', 'replacement')", name=op.f("ck_task_messages_role")),
        sa.ForeignKeyConstraint(["task_id"], ["music_tasks.id"], name=op.f("fk_task_messages_task_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_task_messages")),
    )
    op.create_index(op.f("ix_task_messages_task_id"), "task_messages", ["task_id"], unique=False)
