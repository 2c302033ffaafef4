"""The operator's command line: beside a running bot, on both databases, and what it says to wrong input."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.domain.audit import REASON_CHARS, Act
from bot.domain.blocks import Block
from bot.domain.limits import Limit, LimitReachedError
from bot.domain.rules import EVERYWHERE, OVERALL, Rules
from bot.operating import RULES, BadInputError, Operator
from bot.store.audit import AuditStore
from bot.store.lock import only_one
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import STUDIO, HandClock, wish

EVE = 333_333_333_333_333_333


@pytest.fixture
def operator(servers: ServerStore, clock: HandClock) -> Operator:
    return Operator(servers, clock)


# --- rules -----------------------------------------------------------------------------------------------------------


async def test_rules_are_shown_as_lines_that_set_takes(operator: Operator, servers: ServerStore):
    lines = await operator.rules()
    assert [line.partition(" = ")[0].removesuffix(" =") for line in lines] == list(RULES)
    assert {"running_per_member = 3", "daily_per_member = none", "words ="} <= set(lines)

    pairs = ["daily_per_member=5", "monthly_usd=12,50", "words=rude, bad phrase", "words=other", "patterns=a{1,2}",
             "patterns=colou?r", "locale=de", "version=chirp-v5", "model=suno-music", "keep_days=30"]  # fmt: skip
    told = await operator.set_rules(pairs)
    assert told == [
        "daily_per_member = 5", "monthly_usd = 12.50", "words = rude, bad phrase, other", "patterns = a{1,2}",
        "patterns = colou?r", "locale = de", "version = chirp-v5", "model = suno-music", "keep_days = 30",
    ]  # fmt: skip
    kept = (await servers.get(EVERYWHERE)).rules
    assert kept == Rules(
        daily_per_member=5, monthly_usd=Decimal("12.50"), words=("rude", "bad phrase", "other"),
        patterns=("a{1,2}", "colou?r"), locale="de", version="chirp-v5", model="suno-music", keep_days=30,
    )  # fmt: skip
    await operator.set_rules([line.replace(" = ", "=").replace(" =", "=") for line in await operator.rules()])
    assert (await servers.get(EVERYWHERE)).rules == kept


async def test_a_version_that_nobody_knows_is_set_with_a_warning(operator: Operator, servers: ServerStore):
    told = await operator.set_rules(["version=chirp-v9"])
    assert told == ["version = chirp-v9", "chirp-v9: no version that I know; TokenLab may refuse it"]
    assert (await servers.get(EVERYWHERE)).rules.version == "chirp-v9"
    assert await operator.set_rules(["version=chirp-v4.5"]) == ["version = chirp-v4.5"]


async def test_rules_go_back_to_what_is_usual(operator: Operator, servers: ServerStore, audit: AuditStore):
    await operator.set_rules(["running_per_member=9", "daily_per_member=5", "words=rude"])
    assert await operator.set_rules(["daily_per_member=none"]) == ["daily_per_member = none"]
    assert await operator.unset_rules(["running_per_member", "words"]) == ["running_per_member = 3", "words ="]
    assert (await servers.get(EVERYWHERE)).rules == Rules()
    newest, *_, first = await audit.page(EVERYWHERE, skip=0, limit=9)
    assert (first.act, first.actor_id, first.after["words"]) == (Act.RULES, None, ["rude"])
    assert newest.after == {"running_per_member": 3, "words": []}


async def test_none_is_no_word_and_no_pattern(operator: Operator, servers: ServerStore):
    await operator.set_rules(["words=rude", "patterns=ru+de", "model=suno-music"])
    assert await operator.set_rules(["words=None", "patterns= none", "model=none"]) == [
        "words =", "patterns =", "model = none",
    ]  # fmt: skip
    assert (await servers.get(EVERYWHERE)).rules == Rules()
    assert await operator.set_rules(["words=none", "words=rude"]) == ["words = rude"]


@pytest.mark.parametrize(
    ("pairs", "line"),
    [
        (["daily_per_member"], "daily_per_member: write NAME=VALUE"),
        (["daily=5"], "daily: no such rule; there are running_per_member, "),
        (["channels=5"], "channels: no such rule"),
        (["daily_per_member=x"], "daily_per_member: x is no whole number from 0 to 1000000."),
        (["daily_per_member=1", "daily_per_member=2"], "daily_per_member: is there twice"),
        (["version=v9"], "version: v9 is no version: "),
        (["locale=xx"], "locale: xx is none of these: en, de, es, ja."),
        (["model=a b"], "model: a b is none of these: "),
        (["patterns=(?=a)"], "patterns: (?=a) is no pattern that I can search for"),
        (["daily_per_member=1", "keep_days=0"], "keep_days: 0 is no whole number from 1 to 3650."),
    ],
)
async def test_wrong_rules_change_nothing(operator: Operator, servers: ServerStore, pairs: Sequence[str], line: str):
    with pytest.raises(BadInputError) as refused:
        await operator.set_rules(pairs)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)
    assert (await servers.get(EVERYWHERE)).rules == Rules()


async def test_a_budget_over_everything_is_set_shown_and_unset_apart_from_the_rules_of_direct_messages(
    operator: Operator, servers: ServerStore, store: TaskStore, audit: AuditStore
):
    assert await operator.rules(overall=True) == ["monthly_songs = none", "monthly_usd = none"]
    assert await operator.set_rules(["monthly_usd=0.50"], overall=True) == ["monthly_usd = 0.50"]
    assert await operator.rules(overall=True) == ["monthly_songs = none", "monthly_usd = 0.50"]
    assert (await servers.get(EVERYWHERE)).rules == Rules()
    await store.add(wish("in a server", price_max_usd=Decimal("0.25")))
    with pytest.raises(LimitReachedError, match=Limit.OVERALL):
        await store.add(wish("directly", guild_id=None, price_max_usd=Decimal("0.30")))
    assert await operator.unset_rules(["monthly_usd"], overall=True) == ["monthly_usd = none"]
    await store.add(wish("directly", guild_id=None, price_max_usd=Decimal("0.30")))
    newest, first = await audit.page(OVERALL, skip=0, limit=9)
    assert (first.act, first.actor_id, first.before, first.after) == (
        Act.RULES, None, {"monthly_usd": None}, {"monthly_usd": "0.50"},
    )  # fmt: skip
    assert newest.after == {"monthly_usd": None}
    assert await audit.count(EVERYWHERE) == 0


@pytest.mark.parametrize(
    ("pairs", "line"),
    [
        (["daily_per_member=5"], "daily_per_member: no such rule with --everywhere; there are monthly_songs, monthly_"),
        (["words=rude"], "words: no such rule with --everywhere"),
        (["monthly_usd=-1"], "monthly_usd: -1 is no amount of dollars from 0 to 1000000"),
        (["monthly_usd=5", "monthly_usd=6"], "monthly_usd: is there twice"),
        (["monthly_usd"], "monthly_usd: write NAME=VALUE"),
    ],
)
async def test_what_is_no_budget_is_not_set_over_everything(
    operator: Operator, servers: ServerStore, pairs: Sequence[str], line: str
):
    with pytest.raises(BadInputError) as refused:
        await operator.set_rules(pairs, overall=True)
    assert str(refused.value).startswith(line)
    with pytest.raises(BadInputError, match="with --everywhere"):
        await operator.unset_rules(["words"], overall=True)
    assert (await servers.get(OVERALL)).rules == Rules()


# --- blocks ----------------------------------------------------------------------------------------------------------


async def test_whoever_is_blocked_is_kept_out_everywhere_until_that_ends(
    operator: Operator, servers: ServerStore, audit: AuditStore, clock: HandClock
):
    assert await operator.blocks() == ["nobody is blocked"]
    assert await operator.block(str(EVE), "2h", "Spam") == [f"{EVE} until 2026-01-01 14:00 UTC: Spam"]
    until = clock.now + timedelta(hours=2)
    assert await servers.block_on(STUDIO, EVE, clock.now) == Block(
        guild_id=EVERYWHERE, user_id=EVE, until=until, reason="Spam"
    )
    assert await operator.block(str(EVE), "", "Spam\nand  more\x1b") == [f"{EVE} for good: Spam and more"]
    assert await operator.block(str(EVE), "", "\n") == [f"{EVE} for good"]
    assert await operator.blocks() == [f"{EVE} for good"]
    assert await operator.unblock(str(EVE)) == [f"{EVE} may ask again"]
    assert await operator.unblock(str(EVE)) == [f"{EVE} was not blocked"]
    lines = await audit.page(EVERYWHERE, skip=0, limit=9)
    assert [(one.act, one.actor_id, one.subject_id, one.reason) for one in lines] == [
        (Act.UNBLOCK, None, EVE, None), (Act.BLOCK, None, EVE, None),
        (Act.BLOCK, None, EVE, "Spam and more"), (Act.BLOCK, None, EVE, "Spam"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("user_id", "until", "reason", "line"),
    [
        ("alice", "", None, "alice: no id of a Discord user"),
        ("1" * 20, "", None, "1" * 20 + ": no id"),
        ("9" * 19, "", None, "9" * 19 + ": no id"),
        (str(EVE), "yesterday", None, "--until yesterday: write 2h"),
        (str(EVE), "2025-01-01", None, "--until 2025-01-01: write 2h"),
        (str(EVE), "", "x" * (REASON_CHARS + 1), "--reason: at most 300 characters"),
    ],
)
async def test_wrong_blocks_block_nobody(operator: Operator, user_id: str, until: str, reason: str | None, line: str):
    with pytest.raises(BadInputError) as refused:
        await operator.block(user_id, until, reason)
    assert str(refused.value).startswith(line)
    assert await operator.blocks() == ["nobody is blocked"]


# --- the process -----------------------------------------------------------------------------------------------------


async def command(url: str, folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    """`python -m bot` as a process of its own: exit code, what it printed, what it complained about."""
    environment = {**os.environ, "DISCORD_TOKEN": "t", "TOKENLAB_API_KEY": "k", "DATABASE_URL": url}
    environment["PYTHONPATH"] = str(Path.cwd())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, env=environment, cwd=folder, stdout=-1, stderr=-1
    )
    said, complained = await process.communicate()
    return process.returncode, said.decode(), complained.decode()


async def test_beside_a_running_bot_the_next_wish_meets_what_was_set(
    url: str, store: TaskStore, servers: ServerStore, clock: HandClock, tmp_path: Path
):
    async with only_one(url):
        await store.add(wish("first", guild_id=None))
        done = await command(url, tmp_path, "rules", "set", "daily_per_member=1")
        assert done == (0, "daily_per_member = 1\n", "")
        with pytest.raises(LimitReachedError, match=Limit.DAY_MEMBER):
            await store.add(wish("second", guild_id=None))
        await store.add(wish("in a server"))

        for arguments, line in (
            (("set", "--everywhere", "monthly_usd=50"), "monthly_usd = 50\n"),
            (("show", "--everywhere"), "monthly_songs = none\nmonthly_usd = 50\n"),
            (("unset", "monthly_usd", "--everywhere"), "monthly_usd = none\n"),
        ):
            assert await command(url, tmp_path, "rules", *arguments) == (0, line, "")
        assert await command(url, tmp_path, "rules", "show") == await command(url, tmp_path, "rules")
        assert await command(url, tmp_path, "block", str(EVE), "--reason", "Spam") == (0, f"{EVE} for good: Spam\n", "")
        assert await servers.block_on(STUDIO, EVE, clock.now) is not None
        assert await command(url, tmp_path, "unblock", str(EVE)) == (0, f"{EVE} may ask again\n", "")
        assert await servers.block_on(STUDIO, EVE, clock.now) is None


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "set", "daily_per_member=1"], ["block", str(EVE)]])
async def test_a_database_that_is_not_up_to_date_is_left_alone_with_one_line(
    empty_url: str, tmp_path: Path, arguments: Sequence[str]
):
    code, said, complained = await command(empty_url, tmp_path, *arguments)
    assert (code, said) == (1, "")
    assert complained == f"DATABASE_URL: the database is not up to date: run `{sys.executable} -m bot migrate`\n"


def invoke(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> Result:
    """The same without a process, on a SQLite file."""
    monkeypatch.chdir(folder)
    values = {"DISCORD_TOKEN": "t", "TOKENLAB_API_KEY": "k"}
    values["DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / 'encore.db'}"
    return CliRunner().invoke(main, arguments, env=values)


@pytest.mark.parametrize(
    "arguments",
    [
        ["rules", "set", "daily_per_member=x"], ["rules", "set", "x"], ["rules", "unset", "x"], ["block", "x"],
        ["block", str(EVE), "--until", "x"], ["unblock", "x"],
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: Sequence[str]
):
    assert invoke(monkeypatch, tmp_path, "migrate").exit_code == 0
    ended = invoke(monkeypatch, tmp_path, *arguments)
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "unset", "words"], ["blocks"], ["unblock", str(EVE)]])
def test_what_is_asked_is_answered_with_exit_code_0(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: Sequence[str]
):
    assert invoke(monkeypatch, tmp_path, "migrate").exit_code == 0
    ended = invoke(monkeypatch, tmp_path, *arguments)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout


def test_a_newer_database_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert invoke(monkeypatch, tmp_path, "migrate").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "encore.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = invoke(monkeypatch, tmp_path, "rules", "set", "daily_per_member=1")
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "9999" in ended.stderr
