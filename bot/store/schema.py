"""The tables, as the newest migration leaves them. Migrations are written by hand; a test compares the two."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.types import TypeDecorator

from bot.domain.members import Telling
from bot.domain.rules import Intake
from bot.domain.tasks import Kind, State

MILLION = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Dollars(TypeDecorator[Decimal]):
    """An amount of money, kept as whole millionths of a US dollar."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else int(value * MILLION)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value) / MILLION


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as whole milliseconds since the epoch."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else (value - EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else EPOCH + timedelta(milliseconds=value)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    names = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({names})", name=column)


RowId = BigInteger().with_variant(Integer(), "sqlite")
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OWED = """CASE
WHEN revision > shown_revision AND deleted_at IS NOT NULL THEN 'removal'
WHEN revision > shown_revision AND state NOT IN ('received', 'abandoned') THEN 'card'
WHEN state IN ('completed', 'failed', 'uncertain')
 AND (ping_status IS NULL OR ping_status <> 'done' OR pinged_for IS NULL OR pinged_for <> state) THEN 'ping'
WHEN family_changed_at IS NOT NULL AND state = 'completed' AND deleted_at IS NULL AND card_lost IS NULL
 THEN 'family'
END"""
"""What the courier owes a task, worked out by the database. A column, as a planner has no statistics for what compares
two of them, and would read everything that was ever made to find nothing."""

music_tasks = Table(
    "music_tasks",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("origin_key", String(80), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("shown_revision", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("state_at", Moment, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("title", Text),
    Column("tags", Text),
    Column("instrumental", Boolean, nullable=False, server_default=text("false")),
    Column("model", String(120), nullable=False),
    Column("version", String(40)),
    Column("parent_id", RowId, ForeignKey("music_tasks.id")),
    Column("clip_id", Text),
    Column("continue_at_s", Float),
    Column("message_id", BigInteger),
    Column("interaction_id", BigInteger),
    Column("interaction_token", Text),
    Column("token_at", Moment),
    Column("attachment_limit_bytes", BigInteger, nullable=False),
    Column("card_lost", String(40)),
    Column("files_shown", Boolean, nullable=False, server_default=text("false")),
    Column("show_after", Moment),
    Column("show_failures", Integer, nullable=False, server_default="0"),
    Column("pinged_for", String(16)),
    Column("ping_status", String(16)),
    Column("ping_at", Moment),
    Column("not_before", Moment),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("unclear_attempts", Integer, nullable=False, server_default="0"),
    Column("provider_task_id", Text),
    Column("poll_url", Text),
    Column("request_id", Text),
    Column("endpoint", String(80)),
    Column("billing_transaction_id", Text),
    Column("provider_status", String(40)),
    Column("progress", Integer),
    Column("submitted_at", Moment),
    Column("deadline_at", Moment),
    Column("looked_at", Moment),
    Column("next_look_at", Moment),
    Column("look_failures", Integer, nullable=False, server_default="0"),
    Column("result", JSON(none_as_null=True)),
    Column("clip_candidates", JSON(none_as_null=True)),
    Column("media", JSON(none_as_null=True)),
    Column("media_wanted", Boolean, nullable=False, server_default=text("false")),
    Column("media_after", Moment),
    Column("media_failures", Integer, nullable=False, server_default="0"),
    Column("error_code", String(40)),
    Column("error_detail", Text),
    Column("locale", String(10), nullable=False, server_default="en-US"),
    Column("negative_tags", Text),
    Column("price_min_usd", Dollars),
    Column("price_max_usd", Dollars),
    Column("is_found_late", Boolean, nullable=False, server_default=text("false")),
    Column("edited_lyrics", Text),
    Column("others_may_continue", Boolean, nullable=False, server_default=text("true")),
    Column("deleted_at", Moment),
    Column("search_text", Text, nullable=False, server_default=""),
    Column("cost_usd", Dollars),
    Column("aged_out", Boolean, nullable=False, server_default=text("false")),
    Column("family_changed_at", Moment),
    Column("addresses_at", Moment),
    Column("attach_after", Moment),
    Column("attach_failures", Integer, nullable=False, server_default="0"),
    Column("posting", String(25)),
    Column("posting_in", BigInteger),
    Column("posting_at", Moment),
    Column("deliveries", Integer, nullable=False, server_default="0"),
    Column("owed", String(8), Computed(OWED, persisted=True)),
    Column("version_chosen", Boolean, nullable=False, server_default=text("false")),
    Column("version_offered", String(40)),
    Column("title_is_ours", Boolean, nullable=False, server_default=text("false")),
    Column("sings_prompt", Boolean, nullable=False, server_default=text("false")),
    Column("parent_take", Integer),
    Column("media_tries", JSON(none_as_null=True)),
    _one_of("state", State),
    _one_of("kind", Kind),
    CheckConstraint("shown_revision <= revision", name="shown"),
    sqlite_autoincrement=True,
)

T = music_tasks.c

Index("ix_music_tasks_state_id", music_tasks.c.state, music_tasks.c.id)
Index("ix_music_tasks_user_id_id", music_tasks.c.user_id, music_tasks.c.id)
Index("ix_music_tasks_guild_id_id", music_tasks.c.guild_id, music_tasks.c.id)
OPEN = text("state IN ('received', 'queued', 'submitting', 'running', 'expired', 'uncertain')")
"""Not yet at an end. A query finds the index only by the very same words."""
Index(
    "ix_music_tasks_open",
    music_tasks.c.guild_id,
    music_tasks.c.user_id,
    music_tasks.c.state,
    music_tasks.c.kind,
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)
ENDED = text(
    "state NOT IN ('received', 'queued', 'submitting', 'running', 'expired', 'uncertain', 'abandoned')"
    " AND deleted_at IS NULL"
)
"""At an end, and not deleted; as with `OPEN`. Said by what it is not: else SQLite searches by this list of states, and
not by the one that a query names, and has to sort."""
Index(
    "ix_music_tasks_ended",
    music_tasks.c.guild_id,
    music_tasks.c.state,
    music_tasks.c.state_at,
    music_tasks.c.kind,
    music_tasks.c.user_id,
    music_tasks.c.error_code,
    sqlite_where=ENDED,
    postgresql_where=ENDED,
)
Index(
    "ix_music_tasks_used",
    music_tasks.c.guild_id,
    music_tasks.c.created_at,
    music_tasks.c.state,
    music_tasks.c.user_id,
    music_tasks.c.price_max_usd,
    music_tasks.c.cost_usd,
    music_tasks.c.unclear_attempts,
    music_tasks.c.error_code,
)
Index(
    "ix_music_tasks_month",
    music_tasks.c.created_at,
    music_tasks.c.state,
    music_tasks.c.price_max_usd,
    music_tasks.c.cost_usd,
    music_tasks.c.unclear_attempts,
    music_tasks.c.error_code,
)
Index(
    "ix_music_tasks_parent_id",
    music_tasks.c.parent_id,
    sqlite_where=music_tasks.c.parent_id.isnot(None),
    postgresql_where=music_tasks.c.parent_id.isnot(None),
)
Index(
    "ix_music_tasks_next_look_at",
    music_tasks.c.next_look_at,
    sqlite_where=music_tasks.c.next_look_at.isnot(None),
    postgresql_where=music_tasks.c.next_look_at.isnot(None),
)
Index(
    "ix_music_tasks_owed",
    music_tasks.c.owed,
    music_tasks.c.state_at,
    sqlite_where=music_tasks.c.owed.isnot(None),
    postgresql_where=music_tasks.c.owed.isnot(None),
)
Index(
    "ix_music_tasks_attach_after",
    music_tasks.c.attach_after,
    sqlite_where=music_tasks.c.attach_after.isnot(None),
    postgresql_where=music_tasks.c.attach_after.isnot(None),
)
Index(
    "ix_music_tasks_media_wanted",
    music_tasks.c.id,
    sqlite_where=text("media_wanted = 1"),
    postgresql_where=text("media_wanted"),
)
Index(
    "ix_music_tasks_media_kept",
    music_tasks.c.id,
    sqlite_where=text("media IS NOT NULL AND files_shown IS 0"),
    postgresql_where=text("media IS NOT NULL AND files_shown IS FALSE"),
)
Index(
    "ix_music_tasks_token",
    music_tasks.c.token_at,
    sqlite_where=music_tasks.c.interaction_token.isnot(None),
    postgresql_where=music_tasks.c.interaction_token.isnot(None),
)

KEPT = text(
    "deleted_at IS NULL AND state IN ('completed', 'failed', 'cancelled', 'abandoned')"
    " AND (state = 'abandoned' OR revision = shown_revision"
    " AND (state = 'cancelled' OR ping_status = 'done' AND pinged_for = state))"
)
"""At an end, shown and told, and its texts are still there. As with `OPEN`, a query finds the index only by these
very words."""
Index(
    "ix_music_tasks_kept",
    music_tasks.c.deleted_at,  # always the same here, but it makes both databases prefer this index
    music_tasks.c.guild_id,
    music_tasks.c.created_at,
    sqlite_where=KEPT,
    postgresql_where=KEPT,
)

attempts = Table(
    "attempts",
    metadata,
    Column("task_id", RowId, ForeignKey("music_tasks.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String(20), nullable=False),
    Column("request_id", Text),
    Column("provider_task_id", Text),
    Column("version", String(40)),
    CheckConstraint("outcome IN ('under_way', 'accepted', 'refused', 'unknown')", name="outcome"),
)

task_moves = Table(
    "task_moves",
    metadata,
    Column("task_id", RowId, ForeignKey("music_tasks.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("from_state", String(16)),
    Column("to_state", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("part", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
)
"""The history of a task: how it came into each of its states. It begins with the row, in no state before."""

task_messages = Table(
    "task_messages",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("task_id", RowId, ForeignKey("music_tasks.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    CheckConstraint("role IN ('card', 'ping', 'replacement')", name="role"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("origin_key", String(80), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False, index=True),
    Column("user_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger, nullable=False),
    Column("wish", JSON, nullable=False),
    Column("message_id", BigInteger),
    sqlite_autoincrement=True,
)

lyrics_versions = Table(
    "lyrics_versions",
    metadata,
    Column("task_id", RowId, ForeignKey("music_tasks.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("replaced_at", Moment, nullable=False),
    Column("text", Text, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("telling", String(8), nullable=False),
    Column("model", String(120)),
    Column("version", String(40)),
    Column("tags", Text),
    Column("instrumental", Boolean, nullable=False),
    _one_of("telling", Telling),
)

servers = Table(
    "servers",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("rules", JSON, nullable=False),
    Column("intake", String(16), nullable=False),
    Column("intake_note", Text),
    Column("warned_for", Moment),
    Column("warning_due", Boolean, nullable=False, server_default=text("false")),
    Column("leave_at", Moment),
    _one_of("intake", Intake),
)

blocks = Table(
    "blocks",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("until", Moment),
    Column("reason", Text),
)

boards = Table(
    "boards",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("locale", String(10), nullable=False),
    Column("message_id", BigInteger),
    Column("leftover_id", BigInteger),
    Column("sending_at", Moment),
    Column("posted_at", Moment),
    Column("drawn_at", Moment),
    Column("looks", String(64)),
)

erasures = Table(
    "erasures",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("asked_at", Moment, nullable=False),
    Column("locale", String(10), nullable=False),
)

remembered = Table(
    "remembered",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the program has to know again after a restart, each thing under a name of its own."""

people = Table(
    "people",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", String(32), nullable=False, unique=True),
)
"""Who a random reference of the audit is; erasing the row makes it nobody's."""

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("act", String(16), nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("actor_ref", String(32)),
    Column("subject_ref", String(32)),
    Column("task_id", RowId),
    Column("reason", Text),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Index("ix_audit_guild_id_id", "guild_id", "id"),
    sqlite_autoincrement=True,
)
"""Append-only: triggers refuse updates and deletes, and what SQLite calls REPLACE, which fires neither."""
for _change, _when in (
    ("UPDATE", ""), ("DELETE", ""), ("INSERT", "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "),
):  # fmt: skip
    event.listen(
        audit,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]  # an annotation is missing there
            f"CREATE TRIGGER audit_no_{_change.lower()} BEFORE {_change} ON audit {_when}"
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        ).execute_if(dialect="sqlite"),
    )
for _statement in (
    "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
):
    _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # as above
    event.listen(audit, "after_create", _ddl.execute_if(dialect="postgresql"))
