"""What members keep: languages, prices, edited lyrics, preferences, words to find; a draft can be any wish."""

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEW_COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("locale", sa.String(length=10), server_default="en-US", nullable=False),
    sa.Column("negative_tags", sa.Text(), nullable=True),
    sa.Column("price_min_usd", sa.BigInteger(), nullable=True),
    sa.Column("price_max_usd", sa.BigInteger(), nullable=True),
    sa.Column("is_found_late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("edited_lyrics", sa.Text(), nullable=True),
    sa.Column("others_may_continue", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    sa.Column("deleted_at", sa.BigInteger(), nullable=True),
    sa.Column("search_text", sa.Text(), server_default="", nullable=False),
)


def upgrade() -> None:
    for column in NEW_COLUMNS:
        op.add_column("music_tasks", column)
    op.create_index(
        "ix_music_tasks_parent_id",
        "music_tasks",
        ["parent_id"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "lyrics_versions",
        sa.Column("task_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["music_tasks.id"], name=op.f("fk_lyrics_versions_task_id")),
        sa.PrimaryKeyConstraint("task_id", "number", name=op.f("pk_lyrics_versions")),
    )
    op.create_table(
        "members",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("telling", sa.String(length=8), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.Column("instrumental", sa.Boolean(), nullable=False),
        sa.CheckConstraint("telling IN ('ping', 'dm', 'silent')", name=op.f("ck_members_telling")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_members")),
    )
    _let_tasks_be_found_by_words()
    _let_drafts_be_any_wish()


def _let_tasks_be_found_by_words() -> None:
    """Title, the result's title and prompt, folded: neither database can do that alike."""
    tasks = sa.table(
        "music_tasks", *map(sa.column, ("id", "title", "prompt", "search_text")), sa.column("result", sa.JSON())
    )
    query = sa.select(tasks.c.id, tasks.c.title, tasks.c.result["title"].as_string(), tasks.c.prompt)
    connection, last = op.get_bind(), 0
    while rows := connection.execute(query.where(tasks.c.id > last).order_by(tasks.c.id).limit(1000)).all():
        found = [{"number": number, "words": _folded("\n".join(filter(None, texts)))} for number, *texts in rows]
        change = tasks.update().where(tasks.c.id == sa.bindparam("number"))
        connection.execute(change.values(search_text=sa.bindparam("words")), found)
        last = rows[-1].id


def _folded(text: str) -> str:
    """As `bot/domain/listing.py` folds it."""
    composed = unicodedata.normalize("NFKC", text)
    return " ".join(unicodedata.normalize("NFKC", composed.casefold()).split())


def _let_drafts_be_any_wish() -> None:
    """A draft was a continuation: parent, prompt and time become one JSON value."""
    op.add_column("drafts", sa.Column("wish", sa.JSON(), nullable=True))
    drafts = sa.table("drafts", *map(sa.column, ("id", "parent_id", "prompt", "at_s")), sa.column("wish", sa.JSON()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(drafts.c.id, drafts.c.parent_id, drafts.c.prompt, drafts.c.at_s)).all():
        wish = {"kind": "continuation", "parent_id": row.parent_id, "prompt": row.prompt, "at_s": row.at_s}
        connection.execute(drafts.update().where(drafts.c.id == row.id).values(wish=wish))
    with op.batch_alter_table("drafts", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("fk_drafts_parent_id", type_="foreignkey")
        batch.drop_column("parent_id")
        batch.drop_column("prompt")
        batch.drop_column("at_s")
        batch.alter_column("wish", existing_type=sa.JSON(), nullable=False)
