"""Alembic's entry: runs inside the transaction that `bot/store/migrate.py` has begun, and touches no logging."""

from alembic import context

from bot.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
