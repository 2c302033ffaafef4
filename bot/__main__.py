"""The command line: `python -m bot` runs the bot.

Each command imports what it needs when it runs: that is heavy, and not needed to say that a setting is wrong.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from bot import __version__
from bot.clock import system_clock
from bot.domain.members import id_of

if TYPE_CHECKING:
    from bot.operating import Operator
    from bot.settings import DatabaseSettings, Settings
    from bot.store.database import Database

T = TypeVar("T")
log = logging.getLogger(__name__)

EXIT_SETTINGS = EXIT_INPUT = 2


@click.group(invoke_without_command=True)
@click.version_option(__version__, prog_name="encore")
@click.pass_context
def main(context: click.Context) -> None:
    """Encore, a Discord bot that turns wishes into songs. Without a command, it runs."""
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
def run() -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    settings = _run_settings()
    from bot.app import serve
    from bot.explaining import ending_of

    with _leaving_at_once():
        try:
            asyncio.run(serve(settings))
        except Exception as error:
            if (ending := ending_of(error)) is None:
                log.critical("the program ends", exc_info=True)
                sys.exit(1)
            log.critical(ending.line)
            sys.exit(ending.code)


@main.command()
def migrate() -> None:
    """Bring the database up to date and say what was done."""
    from bot.store.migrate import migrate as bring_up_to_date

    before, after = _in_database(bring_up_to_date)
    click.echo(f"database is at {after}" if before == after else f"database migrated from {before} to {after}")


@main.command()
@click.argument("user_id", nargs=-1)
def export(user_id: tuple[str, ...]) -> None:
    """Write all that is kept of a member to the standard output; the bot may run meanwhile."""
    member = _member(user_id)

    async def write(database: "Database") -> None:
        from bot.service.exporting import export_of
        from bot.store.exports import ExportStore
        from bot.store.migrate import check_current

        await check_current(database)
        async for piece in export_of(member, ExportStore(database), system_clock()):
            click.echo(piece.encode(), nl=False)

    _in_database(write)


@main.command()
@click.argument("user_id", nargs=-1)
def erase(user_id: tuple[str, ...]) -> None:
    """Have all that is kept of a member erased; the bot works it off while it runs."""
    member = _member(user_id)

    async def begin(database: "Database") -> None:
        from bot.store.erasures import ErasureStore
        from bot.store.migrate import check_current

        await check_current(database)
        await ErasureStore(database, system_clock).begin(member, "en-US")

    _in_database(begin)
    click.echo(f"{member} is to be erased; the bot works it off while it runs")


@main.group(invoke_without_command=True)
@click.pass_context
def rules(context: click.Context) -> None:
    """Show the rules of direct messages; their words and patterns hold everywhere."""
    if context.invoked_subcommand is None:
        _operate(lambda operator: operator.rules())


everywhere = click.option(
    "--everywhere",
    is_flag=True,
    help="The budget over all servers and direct messages together: monthly_usd, monthly_songs.",
)


@rules.command("show")
@everywhere
def show_rules(*, everywhere: bool) -> None:
    """Show them."""
    _operate(lambda operator: operator.rules(overall=everywhere))


@rules.command("set")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1, required=True)
@everywhere
def set_rules(pairs: tuple[str, ...], *, everywhere: bool) -> None:
    """Change some of them; NAME may be there once for each word or pattern."""
    _operate(lambda operator: operator.set_rules(pairs, overall=everywhere))


@rules.command("unset")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@everywhere
def unset_rules(names: tuple[str, ...], *, everywhere: bool) -> None:
    """Go back to what is usual."""
    _operate(lambda operator: operator.unset_rules(names, overall=everywhere))


@main.command()
@click.argument("user_id")
@click.option("--until", default="", help="2h, 3d, 2026-08-01 or 2026-08-01 18:00 (UTC); for good if left out.")
@click.option("--reason", help="For the audit; the member is not told.")
def block(user_id: str, until: str, reason: str | None) -> None:
    """Keep a member out of every server."""
    _operate(lambda operator: operator.block(user_id, until, reason))


@main.command()
@click.argument("user_id")
def unblock(user_id: str) -> None:
    """Let a member in again."""
    _operate(lambda operator: operator.unblock(user_id))


@main.command()
def blocks() -> None:
    """Show the users blocked everywhere."""
    _operate(lambda operator: operator.blocks())


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Try everything in the browser, without any account."""
    try:
        from sandbox.demo import main as run_demo
    except ModuleNotFoundError as error:
        _end(f"the demo needs more packages ({error.name} is missing): use `make demo`", 1)
    run_demo(list(arguments))


def _operate(doing: "Callable[[Operator], Awaitable[list[str]]]") -> None:
    """Do something at the database, beside a running bot or without one, and say what came of it."""

    async def work(database: "Database") -> list[str]:
        from bot.operating import BadInputError, Operator
        from bot.store.migrate import check_current
        from bot.store.servers import ServerStore

        await check_current(database)
        try:
            return await doing(Operator(ServerStore(database, system_clock), system_clock))
        except BadInputError as error:
            _end(str(error), EXIT_INPUT)

    click.echo("\n".join(_in_database(work)))


@contextmanager
def _leaving_at_once() -> Iterator[None]:
    """End the process with the block: a thread that waits for a silent name server must not hold it up."""
    code: object = 0
    try:
        yield
    except SystemExit as end:
        code = end.code
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def _member(user_id: tuple[str, ...]) -> int:
    """The id of a member as it was typed; anything else ends the program with one line."""
    if len(user_id) != 1 or (member := id_of(user_id[0])) is None:
        _end("USER_ID: must be one member's id, as Discord's “Copy User ID” gives it", EXIT_INPUT)
    return member


def _in_database(work: "Callable[[Database], Awaitable[T]]") -> T:
    """Return the result of work that needs only the database."""
    from bot.explaining import ending_of, naming_database
    from bot.store.database import Database

    async def go() -> T:
        pooled = settings.database_direct_url is not None
        with naming_database("DATABASE_URL"):
            database = Database(settings.database_url.get_secret_value(), pooled=pooled)
            try:
                return await work(database)
            finally:
                await database.close()

    settings = _database_settings()
    try:
        return asyncio.run(go())
    except Exception as error:
        if (ending := ending_of(error)) is None:
            raise
        _end(ending.line, ending.code)


def _database_settings() -> "DatabaseSettings":
    """Read the settings that a command needs; print errors and likely typos, one line each."""
    from bot.settings import DatabaseSettings, SettingsError, read_settings, told_typos

    try:
        settings = read_settings(DatabaseSettings)
    except SettingsError as error:
        _end("\n".join((*told_typos(), *error.lines)), EXIT_SETTINGS)
    for line in told_typos():
        click.echo(line, err=True)
    return settings


def _run_settings() -> "Settings":
    """Read the settings of the bot and set up its log, which tells all errors at once."""
    from bot.logs import set_up_logs
    from bot.settings import LogSettings, SettingsError, load_settings, read_settings, told_typos

    try:
        logs = read_settings(LogSettings)
    except SettingsError:
        logs = LogSettings.model_construct(log_level="INFO", log_format=None)
    set_up_logs(logs.log_level, logs.log_format)
    for line in told_typos():
        log.warning(line)
    try:
        return load_settings()
    except SettingsError as error:
        for line in error.lines:
            log.critical(line)
        sys.exit(EXIT_SETTINGS)


def _end(line: str, code: int) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main(prog_name="python -m bot")
