"""A real PostgreSQL that lives as long as a test run: in a folder of its own, reached through a socket in there."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

NEEDED = ("initdb", "postgres", "pg_isready")
START_S = 30
STOP_S = 15
USER = "encore"
FAST = {"fsync": "off", "full_page_writes": "off", "listen_addresses": "", "max_connections": "80"}


class NoPostgresError(Exception):
    """This machine can't run a PostgreSQL of ours; the text says why."""


class Postgres:
    """A running server. No TCP port, so that any number of test runs can go on side by side."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, name: str) -> str:
        """The address of a database, as `DATABASE_URL` has it."""
        return f"postgresql+asyncpg://{USER}@/{name}?host={self.folder}"

    async def connect(self, name: str = "postgres") -> Any:
        """A plain connection, for looking behind the program's back."""
        return await asyncpg.connect(host=str(self.folder), user=USER, database=name)

    async def create(self, *, like: str | None = None) -> str:
        """Make a database, empty or a copy of one that nobody is connected to; gives its name."""
        self._made += 1
        name = f"encore_{self._made}"
        await self._tell(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
        return name

    async def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        await self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    async def clear(self, name: str, tables: Sequence[str]) -> None:
        """Remove all rows, from the first table to the last: faster than a new database."""
        emptied = [f"DELETE FROM {table}" for table in tables]  # noqa: S608 -- our own names
        await self._tell("; ".join(["SET session_replication_role = replica", *emptied]), name)  # no triggers

    async def _tell(self, statement: str, name: str = "postgres") -> None:
        connection = await self.connect(name)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, and stop it at the end.

    Raises:
        NoPostgresError: there are no binaries, or nobody to run them.
    """
    binaries = _binaries()
    identity = _identity()
    folder = Path(tempfile.mkdtemp(prefix="encore-pg-", dir="/tmp"))  # a socket's path must be short
    folder.chmod(0o755)
    if identity:
        shutil.chown(folder, identity["user"], identity["group"])
    options: dict[str, Any] = {"cwd": folder, "env": {"LC_ALL": "C", "TZ": "UTC"}, **identity}
    try:
        data = folder / "data"
        start: list[Any] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            USER,
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            *_locale(binaries / "initdb"),
        ]
        subprocess.run(start, check=True, capture_output=True, **options)
        with _server([binaries / "postgres", "-D", data, "-k", folder], binaries / "pg_isready", folder, options):
            yield Postgres(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(command: list[Any], ready: Path, folder: Path, options: dict[str, Any]) -> Iterator[None]:
    settings = [part for name, value in FAST.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *settings], stdout=log, stderr=log, **options)
        try:
            until = time.monotonic() + START_S
            while subprocess.run([ready, "-q", "-h", folder], check=False).returncode:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
                time.sleep(0.02)
            yield
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends sessions, then itself
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _binaries() -> Path:
    """The folder of the server's programs: the one on PATH, else the newest that the system has."""
    found = shutil.which("postgres")
    systems = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in [*([Path(found).resolve().parent] if found else []), *systems]:
        if all((folder / name).exists() for name in NEEDED):
            return folder
    raise NoPostgresError("no PostgreSQL server on this machine")


def _locale(initdb: Path) -> list[str]:
    """As many servers have it: strings are compared as people sort them, not byte by byte. PostgreSQL 14 can't."""
    options = subprocess.run([initdb, "--help"], check=True, capture_output=True, text=True).stdout
    return ["--locale=C", *(["--locale-provider=icu", "--icu-locale=en-US"] if "--icu-locale" in options else [])]


def _version(folder: Path) -> int:
    number = re.match(r"\d+", folder.parent.name)
    return int(number[0]) if number else 0


def _identity() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the system's own `postgres` user."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgresError("PostgreSQL does not run as root, and there is no user `postgres`") from None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
