"""What ended the program, as one line that names what the operator has to mend. Holds no secret: no text is quoted."""

import errno
import socket
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
import asyncpg
import discord
from sqlalchemy.exc import SQLAlchemyError

from bot.store.lock import AlreadyRunningError
from bot.store.migrate import NewerDatabaseError, OlderDatabaseError

EXIT_FAILED, EXIT_SETTINGS = 1, 2
UNWRITABLE = "the file or its folder can't be written"
NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.EROFS})
SQLITE: Mapping[str, tuple[str, int]] = {
    "CANTOPEN": (UNWRITABLE, EXIT_SETTINGS),
    "READONLY": (UNWRITABLE, EXIT_SETTINGS),
    "DIRECTORY": (UNWRITABLE, EXIT_SETTINGS),
    "NOTADB": ("the file is no SQLite database", EXIT_FAILED),
    "CORRUPT": ("the file is broken", EXIT_FAILED),
    "FULL": ("the disk is full", EXIT_FAILED),
    "BUSY": ("another process holds the file", EXIT_FAILED),
}
"""What SQLite says by the name of its error."""
TROUBLES: Sequence[tuple[type[BaseException], str, int]] = (
    (asyncpg.InvalidAuthorizationSpecificationError, "the server refuses this user or password", EXIT_SETTINGS),
    (asyncpg.InvalidCatalogNameError, "the server has no database of that name", EXIT_SETTINGS),
    (asyncpg.ReadOnlySQLTransactionError, "that database can only be read", EXIT_SETTINGS),
    (asyncpg.InsufficientPrivilegeError, "this user may not make tables in that database", EXIT_SETTINGS),
    (asyncpg.PostgresError, "the server takes no connection now", EXIT_FAILED),
    (socket.gaierror, "its host can't be found", EXIT_FAILED),
    (ConnectionRefusedError, "nothing listens at that host and port; is the server running?", EXIT_FAILED),
    (TimeoutError, "the server does not answer", EXIT_FAILED),
    (OSError, "the server can't be reached", EXIT_FAILED),
)
"""What opening a database can raise, the most telling first."""
OUR_OWN = (AlreadyRunningError, NewerDatabaseError, OlderDatabaseError)
"""What names itself."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is said last, and the exit code."""

    line: str
    code: int = EXIT_FAILED


class StartError(Exception):
    """What a setting names can't be used; the text is one line that begins with the setting."""

    def __init__(self, line: str, code: int = EXIT_SETTINGS) -> None:
        super().__init__(line)
        self.ending = Ending(line, code)


def ending_of(error: BaseException) -> Ending | None:
    """What to say of an error that the operator can mend; None for one that only we can."""
    cause = error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, StartError):
        return cause.ending
    if isinstance(cause, OUR_OWN):
        return Ending(f"DATABASE_URL: {cause}")
    if isinstance(
        cause, (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, aiohttp.ClientError)
    ):
        return Ending(f"can't go on: {_in_short(cause)}")
    return _discord_ending(cause)


def _discord_ending(cause: BaseException) -> Ending | None:
    match cause:
        case discord.LoginFailure() | discord.ConnectionClosed(code=4004):
            return Ending(
                "DISCORD_TOKEN: Discord does not accept it; copy it again from the developer portal (Bot, Reset Token)",
                EXIT_SETTINGS,
            )
        case discord.PrivilegedIntentsRequired() | discord.ConnectionClosed(code=4014):
            return Ending(
                "MESSAGE_CONTENT_INTENT: is true, but the switch is off in Discord's developer portal "
                "(Bot, Privileged Gateway Intents)",
                EXIT_SETTINGS,
            )
        case _:
            refusal = _refusal_of(cause)
            return Ending(refusal) if refusal else None


def _refusal_of(cause: BaseException) -> str | None:
    """How Discord turned the bot away, whatever is set."""
    match cause:
        case discord.ConnectionClosed():
            return f"Discord closed the connection: code {cause.code}"
        case discord.HTTPException():
            return f"Discord refused: status {cause.status}, code {cause.code}"
        case discord.RateLimited():
            return f"Discord refused: too many requests, try again in {cause.retry_after:.0f} s"
        case discord.GatewayNotFound():
            return "Discord's gateway could not be found"
        case _:
            return None


@contextmanager
def naming_database(setting: str) -> Iterator[None]:
    """Say which setting names a database that can't be used, and why.

    Raises:
        StartError: it can't.
    """
    try:
        yield
    except (*OUR_OWN, BrokenPipeError):  # the reader of an export may leave
        raise
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why, code = _database_trouble(error)
        raise StartError(f"{setting}: {why}", code) from error


@contextmanager
def naming_port(host: str, port: int) -> Iterator[None]:
    """Say that there can be no health checks at an address, and why.

    Raises:
        StartError: there can't.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"HTTP_PORT: {port} is in use already; choose another port, or 0 for none") from error
        if error.errno == errno.EACCES:
            raise StartError(f"HTTP_PORT: {port} may not be used; choose one above 1023") from error
        raise StartError(f"HTTP_HOST: {host} is no address of this machine") from error


def _database_trouble(error: BaseException) -> tuple[str, int]:
    """Why a database can't be used, and the exit code: what may pass by itself is no wrong setting."""
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            return SQLITE.get(getattr(cause, "sqlite_errorname", "").split("_")[-1], ("SQLite refuses it", EXIT_FAILED))
        if isinstance(cause, OSError) and cause.errno in NO_FILE:
            return f"{UNWRITABLE} ({cause.strerror})", EXIT_SETTINGS
        for kind, why, code in TROUBLES:
            if isinstance(cause, kind):
                return why, code
    return type(error).__name__, EXIT_FAILED


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was raised for: drivers and SQLAlchemy wrap what happened, each in its own way."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        following = getattr(seen, "orig", None) or seen.__cause__ or seen.__context__
        seen = following if following is not seen else None


def _in_short(error: BaseException) -> str:
    lines = str(error).splitlines() or ["no answer in time" if isinstance(error, TimeoutError) else ""]
    return f"{type(error).__name__}: {lines[0]}"
