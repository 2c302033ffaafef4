#!/usr/bin/env bash
# One would guess: EXPLAIN QUERY PLAN tells the plan that the query would have now, so a test that drops an index and
# explains again sees the scan.
# What happens: on one connection, the same EXPLAIN text comes from the statement cache of Python's sqlite3 and still
# tells of the index that was dropped. SQLite prepares a SELECT anew after a change of the schema, but not an EXPLAIN.
# One more blank in the text, or another connection, tells the truth; the query itself is planned anew in any case.
# Seen with aiosqlite 0.22.1, CPython 3.11 and SQLite 3.40.1. Encore's tests of plans open a connection of their own.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check aiosqlite==0.22.1
"$work/venv/bin/python" - <<'P'
import asyncio
import platform
import sqlite3
import sys
from importlib.metadata import version

import aiosqlite

EXPLAIN = "EXPLAIN QUERY PLAN SELECT title FROM songs WHERE member = 7"


async def plan(connection: aiosqlite.Connection, statement: str) -> str:
    async with connection.execute(statement) as cursor:
        return "; ".join(str(row[3]) for row in await cursor.fetchall())


async def main() -> None:
    async with aiosqlite.connect(":memory:") as connection:
        await connection.execute("CREATE TABLE songs (member INTEGER, title TEXT)")
        await connection.execute("CREATE INDEX by_member ON songs (member)")
        before = await plan(connection, EXPLAIN)
        await connection.execute("DROP INDEX by_member")
        after, spelt_anew = await plan(connection, EXPLAIN), await plan(connection, EXPLAIN + " ")
    print("aiosqlite", version("aiosqlite"), "CPython", platform.python_version(), "SQLite", sqlite3.sqlite_version)
    print("with the index:   ", before)
    print("dropped, same text:", after)
    print("dropped, one blank:", spelt_anew)
    if "by_member" not in before or after != before or "SCAN" not in spelt_anew:
        sys.exit("it behaves otherwise now")


asyncio.run(main())
P
