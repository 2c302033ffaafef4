"""`python -m bot export` and `erase`: they work beside a running bot, on both databases."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from bot.domain.privacy import Erasure
from bot.domain.tasks import State
from bot.store.database import Database
from bot.store.erasures import ErasureStore
from tests.integration.conftest import ALICE, BOB, HandClock, Make


class Terminal:
    """Runs our commands on one database, in an empty folder."""

    def __init__(self, url: str, folder: Path) -> None:
        given = {"DISCORD_TOKEN": "t", "TOKENLAB_API_KEY": "k", "DATABASE_URL": url, "PYTHONPATH": str(Path.cwd())}
        self._environment = {**os.environ, **given}
        self._folder = folder

    async def run(self, *arguments: str) -> tuple[int | None, str, str]:
        """Exit code, standard output, standard error."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments, env=self._environment, cwd=self._folder, stdout=-1, stderr=-1
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
def terminal(url: str, tmp_path: Path) -> Terminal:
    return Terminal(url, tmp_path)


async def test_an_export_is_written_while_somebody_else_writes(terminal: Terminal, database: Database, make: Make):
    await make(State.FAILED, user_id=ALICE, prompt="«rain»")
    await make(State.FAILED, user_id=BOB)
    async with database.write():
        code, out, err = await terminal.run("export", str(ALICE))
    assert (code, err) == (0, "")
    assert [one["prompt"] for one in json.loads(out)["tasks"]] == ["«rain»"]


async def test_an_erasure_is_written_for_the_running_bot(terminal: Terminal, database: Database, clock: HandClock):
    assert await terminal.run("erase", str(ALICE)) == (
        0, f"{ALICE} is to be erased; the bot works it off while it runs\n", "",
    )  # fmt: skip
    (found,) = await ErasureStore(database, clock).running()
    assert found == Erasure(user_id=ALICE, asked_at=found.asked_at, locale="en-US")


@pytest.mark.parametrize("command", ["export", "erase"])
async def test_a_database_without_our_tables_is_left_alone(empty_url: str, tmp_path: Path, command: str):
    code, out, err = await Terminal(empty_url, tmp_path).run(command, str(ALICE))
    assert (code, out) == (1, "")
    assert err == f"DATABASE_URL: the database is not up to date: run `{sys.executable} -m bot migrate`\n"
