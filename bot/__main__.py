"""The command line: `python -m bot` runs the bot."""

import asyncio
import logging
import sys
from typing import NoReturn

import click
import discord
from sqlalchemy.exc import SQLAlchemyError

from bot import __version__
from bot.settings import Settings, SettingsError, likely_typos, load_settings

EXIT_SETTINGS = 2


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
    settings = _settings()
    from bot.app import serve  # noqa: PLC0415 -- heavy, and not needed to say that a setting is wrong
    from bot.logs import set_up_logs  # noqa: PLC0415 -- as above

    set_up_logs(settings.log_level, settings.log_format)
    try:
        asyncio.run(serve(settings))
    except Exception as error:  # noqa: BLE001 -- the end of the program: known troubles become one line
        _explain(error)


@main.command()
def migrate() -> None:
    """Bring the database up to date and say what was done."""
    from bot.store.database import Database  # noqa: PLC0415 -- heavy, as above
    from bot.store.migrate import migrate as bring_up_to_date  # noqa: PLC0415 -- as above

    async def go() -> tuple[str | None, str | None]:
        database = Database(settings.database_url.get_secret_value())
        try:
            return await bring_up_to_date(database)
        finally:
            await database.close()

    settings = _settings()
    try:
        before, after = asyncio.run(go())
    except Exception as error:  # noqa: BLE001 -- the end of the program: known troubles become one line
        _explain(error)
    click.echo(f"database is at {after}" if before == after else f"database migrated from {before} to {after}")


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Try everything in the browser, without any account."""
    try:
        from sandbox.demo import main as run_demo  # noqa: PLC0415 -- needs more than the bot itself
    except ModuleNotFoundError as error:
        _end(f"the demo needs more packages ({error.name} is missing): use `make demo`", 1)
    run_demo(list(arguments))


def _settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        _end(str(error), EXIT_SETTINGS)
    for name in likely_typos():
        click.echo(f"{name}: not a setting of Encore; a typo?", err=True)
    return settings


def _explain(error: BaseException) -> NoReturn:
    """One line for a trouble that the operator can mend; a trace for one that only we can."""
    import asyncpg  # noqa: PLC0415 -- heavy, as above

    from bot.store.lock import AlreadyRunningError  # noqa: PLC0415 -- heavy, as above
    from bot.store.migrate import NewerDatabaseError  # noqa: PLC0415 -- as above

    cause = error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    match cause:
        case discord.LoginFailure():
            _end("DISCORD_TOKEN: Discord does not accept it", EXIT_SETTINGS)
        case discord.PrivilegedIntentsRequired():
            _end(
                "MESSAGE_CONTENT_INTENT: is true, but the switch is off in Discord's developer portal "
                "(Bot, Privileged Gateway Intents)",
                EXIT_SETTINGS,
            )
        case AlreadyRunningError() | NewerDatabaseError():
            _end(f"DATABASE_URL: {cause}", 1)
        case OSError() | SQLAlchemyError() | asyncpg.PostgresError():
            _end(f"can't go on: {type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}", 1)
        case _:
            logging.getLogger(__name__).critical("the program ends", exc_info=error)
            sys.exit(1)


def _end(line: str, code: int) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main(prog_name="python -m bot")
