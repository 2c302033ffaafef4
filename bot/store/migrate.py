"""Brings the tables up to date: whole or not at all, on both databases."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.database import Database

FOLDER = Path(__file__).parent / "migrations"


class NewerDatabaseError(Exception):
    """The database was written by a newer version of the program."""


class OlderDatabaseError(Exception):
    """The database was written by an older version of the program, or holds no tables yet."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration: no ini file, the running connection handed over."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> tuple[str | None, str | None]:
    """Run the missing migrations; return the revision before and after.

    Raises:
        NewerDatabaseError: the database knows a revision that this program does not.
    """
    async with database.write() as connection:
        return await connection.run_sync(_upgrade)


async def check_current(database: Database) -> None:
    """Make sure that the tables are those of this version; changes nothing.

    Raises:
        NewerDatabaseError, OlderDatabaseError: they are not.
    """
    async with database.read() as connection:
        revision = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    _check_known(revision)
    if revision != ScriptDirectory.from_config(alembic_config()).get_current_head():
        raise OlderDatabaseError(f"the database is not up to date: run `{sys.executable} -m bot migrate`")


def _upgrade(connection: Connection) -> tuple[str | None, str | None]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7264901)")
    before = MigrationContext.configure(connection).get_current_revision()
    _check_known(before)
    command.upgrade(alembic_config(connection), "head")
    # a file, or a server, that can only be read begins a transaction all the same
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
    return before, MigrationContext.configure(connection).get_current_revision()


def _check_known(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerDatabaseError(f"the database is at revision {revision}, which this version does not know")
