"""The settings: their names, their defaults, and what an operator reads when one is wrong."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args
from unittest.mock import Mock

import aiohttp
import asyncpg
import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot import __version__
from bot.__main__ import _member
from bot.explaining import Ending, ending_of
from bot.settings import Settings, SettingsError, likely_typos, load_settings, told_typos

ROOT = Path(__file__).parents[2]
REQUIRED = {"DISCORD_TOKEN": "a-discord-token", "TOKENLAB_API_KEY": "sk-a-key"}
DEFAULTS: dict[str, str | None] = {
    "DISCORD_API_BASE": "https://discord.com/api/v10",
    "DISCORD_GATEWAY_URL": None,
    "MESSAGE_CONTENT_INTENT": "false",
    "ALLOWED_SERVERS": None,
    "OPERATOR_CHANNEL": None,
    "OPERATOR_IDS": None,
    "TOKENLAB_API_BASE": "https://api.tokenlab.sh",
    "TOKENLAB_MODEL": "suno-music",
    "TOKENLAB_LYRICS_MODEL": None,
    "TOKENLAB_VERSION": "chirp-v4",
    "TOKENLAB_VERSIONS": (
        "chirp-v6,chirp-v6-wild,chirp-v6-mini,chirp-v5-5,chirp-v5,chirp-v4-5all,chirp-v4-5plus,chirp-v4-5,chirp-v4,"
        "chirp-v3-5"
    ),
    "TOKENLAB_REQUESTS_PER_MINUTE": "1000",
    "TOKENLAB_CREATE_TIMEOUT_S": "60",
    "TOKENLAB_CLIP_ID_ORDER": "audio_id,data,task_id",
    "TOKENLAB_UPLOAD_EXTEND": "false",
    "TOKENLAB_SINGS_PROMPT": "auto",
    "TOKENLAB_MANAGEMENT_TOKEN": None,
    "DATABASE_URL": "sqlite+aiosqlite:///data/encore.db",
    "DATABASE_DIRECT_URL": None,
    "FIRST_MONTHLY_USD": "50",
    "NEW_SERVER_DAILY_PER_MEMBER": "10",
    "NEW_SERVER_DAILY_PER_SERVER": "100",
    "POLL_INTERVAL_S": "5",
    "EXPECTED_SONG_S": "150",
    "EXPECTED_LYRICS_S": "15",
    "TASK_DEADLINE_S": "1200",
    "MEDIA_DIR": "data/media",
    "MEDIA_KEEP_DAYS": "30",
    "MEDIA_MAX_MB": "100",
    "MEDIA_TOTAL_MB": "2000",
    "MEDIA_ALLOW_PRIVATE": "false",
    "MEDIA_ALLOW_RANGES": None,
    "HTTP_HOST": "127.0.0.1",
    "HTTP_PORT": "0",
    "ENCORE_ROLE": "all",
    "SHARD_IDS": None,
    "SHARD_COUNT": None,
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": None,
}
SECRETS = ("DISCORD_TOKEN", "TOKENLAB_API_KEY", "TOKENLAB_MANAGEMENT_TOKEN", "DATABASE_URL", "DATABASE_DIRECT_URL")


@pytest.fixture(autouse=True)
def nothing_but_what_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no variable of ours but the two."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith(("DATABASE_", *_prefixes())):
            monkeypatch.delenv(name)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


def _prefixes() -> tuple[str, ...]:
    return tuple({f"{name.upper().split('_')[0]}_" for name in Settings.model_fields})


def as_written(value: object) -> str | None:
    """A value as `.env` has it."""
    match value:
        case None | ():
            return None
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(str(part) for part in value)
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


# --- names and defaults ----------------------------------------------------------------------------------------------


def test_the_settings_are_those_that_operators_know_with_their_defaults():
    loaded = load_settings()
    found = {name.upper(): as_written(getattr(loaded, name)) for name in Settings.model_fields}
    assert found == DEFAULTS | REQUIRED


def test_the_example_shows_every_setting_with_its_default_and_no_other():
    lines = re.findall(r"^(#?)([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    shown = {name: value for comment, name, value in lines if comment}
    assert shown == {name: value or "" for name, value in DEFAULTS.items()}
    assert {name: value for comment, name, value in lines if not comment} == dict.fromkeys(REQUIRED, "")
    assert len(lines) == len(DEFAULTS) + len(REQUIRED)


def test_the_example_can_be_used_once_its_two_values_are_filled_in(monkeypatch: pytest.MonkeyPatch):
    text = (ROOT / ".env.example").read_text()
    for name, value in REQUIRED.items():
        monkeypatch.delenv(name)
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    before = Settings(_env_file=None, discord_token="a-discord-token", tokenlab_api_key="sk-a-key")
    Path(".env").write_text(text)
    assert load_settings() == before
    Path(".env").write_text(re.sub(r"^#(?=[A-Z_]+=)", "", text, flags=re.MULTILINE))
    assert load_settings() == before
    assert likely_typos() == []


def test_any_version_is_taken_and_lists_keep_their_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKENLAB_VERSION", "chirp-v99-turbo")
    monkeypatch.setenv("TOKENLAB_VERSIONS", " chirp-v99 , chirp-v4.5,chirp-crow")
    loaded = load_settings()
    assert loaded.tokenlab_version == "chirp-v99-turbo"
    assert loaded.tokenlab_versions == ("chirp-v99", "chirp-v4.5", "chirp-crow")


def test_the_table_in_the_readme_names_every_setting():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("no README.md yet")
    first_columns = re.findall(r"^\|([^|]*`[A-Z_]+`[^|]*)\|", readme.read_text(), flags=re.MULTILINE)
    named = {name for column in first_columns for name in re.findall(r"`([A-Z_]+)`", column)}
    if not named:
        pytest.skip("README.md has no table of settings")
    assert named == set(DEFAULTS) | set(REQUIRED)


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().poll_interval_s = 1  # type: ignore[misc]  # what is tested


# --- where they come from --------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch):
    Path(".env").write_text("POLL_INTERVAL_S=7\nHTTP_PORT=8001\n")
    monkeypatch.setenv("HTTP_PORT", "8002")
    loaded = load_settings()
    assert (loaded.poll_interval_s, loaded.http_port) == (7, 8002)


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_empty_value_is_not_set(name: str, monkeypatch: pytest.MonkeyPatch):
    usual = load_settings()
    monkeypatch.setenv(name, "")
    assert load_settings() == usual


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_required_and_missing_is_named(name: str, value: str | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name}: is not set; copy it from .+"):
        load_settings()


def test_other_names_in_the_file_are_left_alone():
    Path(".env").write_text("POSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=y\n")
    load_settings()
    assert likely_typos() == []


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("TOKENLAB_CLIP_ID_ORDER", "task_id, data ,", ("task_id", "data")),
        ("SHARD_IDS", "0, 2", (0, 2)),
        ("ALLOWED_SERVERS", " 900000000000000001, 900000000000000002,", (900000000000000001, 900000000000000002)),
        ("FIRST_MONTHLY_USD", "12.50", Decimal("12.50")),
        ("FIRST_MONTHLY_USD", " None ", None),
        ("NEW_SERVER_DAILY_PER_MEMBER", "none", None),
        ("NEW_SERVER_DAILY_PER_SERVER", "0", 0),
        ("OPERATOR_CHANNEL", " 123456789012345678 ", 123456789012345678),
        ("OPERATOR_IDS", "123456789012345678, 5,", (123456789012345678, 5)),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("MEDIA_DIR", "/var/songs", Path("/var/songs")),
        ("TOKENLAB_API_BASE", "http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("DISCORD_API_BASE", "http://proxy:3000/api/v10/", "http://proxy:3000/api/v10"),
        ("DISCORD_GATEWAY_URL", "ws://127.0.0.1:9000", "ws://127.0.0.1:9000"),
        ("POLL_INTERVAL_S", "0.1", 0.1),
        ("TOKENLAB_API_KEY", " sk-abc\n", SecretStr("sk-abc")),
        ("DISCORD_TOKEN", "a.b.c\r\n", SecretStr("a.b.c")),
        ("TOKENLAB_MANAGEMENT_TOKEN", "\tmt-1 ", SecretStr("mt-1")),
        (
            "MEDIA_ALLOW_RANGES",
            "198.18.0.0/15, 2001:db8::/32,",
            (ip_network("198.18.0.0/15"), ip_network("2001:db8::/32")),
        ),
    ],
)
def test_values_are_read_as_they_are_meant(name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHARD_COUNT", "3")
    monkeypatch.setenv(name, text)
    assert getattr(load_settings(), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "hunter2 hunter2"),
        ("TOKENLAB_API_KEY", "hunter2\nhunter2"),
        ("TOKENLAB_API_KEY", "hunter2\x7f"),
        ("TOKENLAB_API_KEY", "hunter2\u2026"),
        ("TOKENLAB_API_KEY", " \n"),
        ("TOKENLAB_MANAGEMENT_TOKEN", "hunter2\thunter2"),
        ("DISCORD_API_BASE", "discord.com"),
        ("DISCORD_API_BASE", "https://[broken"),
        ("DISCORD_API_BASE", "https://user:pass@discord.com"),
        ("DISCORD_GATEWAY_URL", "https://gateway.example.com"),
        ("DISCORD_GATEWAY_URL", "wss://host:port"),
        ("MESSAGE_CONTENT_INTENT", "perhaps"),
        ("TOKENLAB_API_BASE", "https://api.tokenlab.sh/v1"),
        ("TOKENLAB_API_BASE", "https://api.tokenlab.sh:sk-key"),
        ("TOKENLAB_API_BASE", "ftp://api.tokenlab.sh"),
        ("TOKENLAB_VERSION", "v99"),
        ("TOKENLAB_VERSION", "chirp-" + "v" * 35),
        ("TOKENLAB_VERSION", "chirp-v5 chirp-v4"),
        ("TOKENLAB_VERSIONS", ","),
        ("TOKENLAB_VERSIONS", "chirp-v5,v99"),
        ("TOKENLAB_VERSIONS", "chirp-v4.5,chirp-v4-5"),
        ("TOKENLAB_REQUESTS_PER_MINUTE", "0"),
        ("TOKENLAB_REQUESTS_PER_MINUTE", "many"),
        ("TOKENLAB_CREATE_TIMEOUT_S", "nan"),
        ("TOKENLAB_CLIP_ID_ORDER", "audio_id,colour"),
        ("TOKENLAB_CLIP_ID_ORDER", ","),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("DATABASE_URL", "postgresql://user:hunter2@host/db"),
        ("DATABASE_URL", "postgresql+asyncpg://user:hunter2"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "sqlite+aiosqlite://"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "postgresql+asyncpg://user:hunter2@host/db?sslmode=require"),
        ("DATABASE_DIRECT_URL", "postgresql+asyncpg://user:hunter2@host/db?ssl=verify-full&sslrootcert=ca.pem"),
        ("DATABASE_DIRECT_URL", "sqlite:///data.db"),
        ("POLL_INTERVAL_S", "0.09"),
        ("POLL_INTERVAL_S", "61"),
        ("EXPECTED_SONG_S", "0"),
        ("TASK_DEADLINE_S", "-1"),
        ("MEDIA_KEEP_DAYS", "a week"),
        ("MEDIA_ALLOW_RANGES", "hunter2"),
        ("MEDIA_ALLOW_RANGES", "198.18.0.1/15"),
        ("MEDIA_ALLOW_RANGES", "198.18.0.0/15,10.0.0.0/8"),
        ("MEDIA_ALLOW_RANGES", "192.168.1.7"),
        ("MEDIA_ALLOW_RANGES", "169.254.169.254/32"),
        ("MEDIA_ALLOW_RANGES", "100.100.100.200"),
        ("MEDIA_ALLOW_RANGES", "fd00:ec2::254"),
        ("MEDIA_ALLOW_RANGES", "0.0.0.0/0"),
        ("MEDIA_ALLOW_RANGES", "::/0"),
        ("HTTP_PORT", "65536"),
        ("ENCORE_ROLE", "conductor"),
        ("ALLOWED_SERVERS", "my server"),
        ("ALLOWED_SERVERS", "900000000000000001,x"),
        ("ALLOWED_SERVERS", "99999999999999999999"),
        ("ALLOWED_SERVERS", ","),
        ("FIRST_MONTHLY_USD", "fifty"),
        ("FIRST_MONTHLY_USD", "-0.01"),
        ("FIRST_MONTHLY_USD", "1.005"),
        ("FIRST_MONTHLY_USD", "nan"),
        ("FIRST_MONTHLY_USD", "1000001"),
        ("NEW_SERVER_DAILY_PER_MEMBER", "-1"),
        ("NEW_SERVER_DAILY_PER_MEMBER", "1.5"),
        ("NEW_SERVER_DAILY_PER_SERVER", "many"),
        ("OPERATOR_CHANNEL", "#operators"),
        ("OPERATOR_CHANNEL", "-5"),
        ("OPERATOR_IDS", "5,Mo"),
        ("OPERATOR_IDS", "0"),
        ("SHARD_IDS", "one"),
        ("SHARD_IDS", "0"),
        ("SHARD_COUNT", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable_and_not_the_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    line = str(caught.value)
    assert re.fullmatch(rf"{name}: .+", line)
    assert "hunter2" not in line
    assert len(value) < 3 or value not in line.removeprefix(name)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("value", ["10.0.0.0/8", "fake"])
def test_the_program_does_not_start_with_ranges_that_are_none_or_private(value: str):
    ended = command(MEDIA_ALLOW_RANGES=value)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [one.startswith("MEDIA_ALLOW_RANGES: must ") for one in said(ended)] == [True]


@pytest.mark.parametrize("mode", ["sslmode=require", "ssl=verify-full&sslrootcert=ca.pem"])
def test_who_writes_tls_options_for_libpq_is_told_the_right_one(mode: str):
    ended = command("migrate", DATABASE_URL=f"postgresql+asyncpg://user:hunter2@host/db?{mode}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"DATABASE_URL: .*use \?ssl=require.*\n", ended.stderr)


def test_shards_need_a_count_greater_than_each(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHARD_IDS", "0,3")
    monkeypatch.setenv("SHARD_COUNT", "3")
    with pytest.raises(SettingsError, match=r"^SHARD_IDS: "):
        load_settings()
    monkeypatch.setenv("SHARD_COUNT", "4")
    assert load_settings().shard_ids == (0, 3)


@given(
    name=st.sampled_from(sorted(DEFAULTS)),
    secret=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=9),
    frame=st.sampled_from(
        ["{}", "https://{}", "https://host:{}", "postgresql+asyncpg://user:{}", "sqlite+aiosqlite://{}"]
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_message_ever_holds_a_value(name: str, secret: str, frame: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, frame.format(secret))
        try:
            load_settings()
        except SettingsError as error:
            line = str(error)
            assert line.startswith(f"{name}: ")
            assert len(line.splitlines()) == 1
            assert secret not in line


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_are_never_told(monkeypatch: pytest.MonkeyPatch):
    values: dict[str, Any] = {name: f"hunter2-{name.lower()}" for name in SECRETS}
    values |= dict.fromkeys(("DATABASE_URL", "DATABASE_DIRECT_URL"), "postgresql+asyncpg://user:hunter2@host/db")
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings()
    told = [repr(loaded), str(loaded), f"{loaded}", loaded.model_dump_json(), str(loaded.model_dump())]
    assert not any("hunter2" in text for text in told)
    assert loaded.tokenlab_api_key.get_secret_value() == values["TOKENLAB_API_KEY"]


def test_every_setting_that_sounds_secret_is_kept_so():
    secret = {
        name.upper()
        for name, field in Settings.model_fields.items()
        if SecretStr in {field.annotation, *get_args(field.annotation)} or "SecretStr" in str(field.annotation)
    }
    assert secret == set(SECRETS)


# --- files and typos -------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_text_is_one_line():
    Path(".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"^\.env: can't be read \(UnicodeDecodeError\)$"):
        load_settings()


def test_names_that_begin_like_ours_and_mean_nothing_are_likely_typos():
    Path(".env").write_text(
        "DISCORD_TOKKEN=x\nDATABASE_URI=z\nTOKENLAB_API_KEY=k\ntokenlab_key=y\nLOG_LEVEL=INFO\nMESSAGE_CONTENT=1\n"
    )
    assert likely_typos() == ["DATABASE_URI", "DISCORD_TOKKEN", "MESSAGE_CONTENT", "tokenlab_key"]


def test_in_the_environment_only_what_is_spelt_almost_like_ours_is_a_likely_typo(monkeypatch: pytest.MonkeyPatch):
    others = ("HTTP_PROXY", "LOG_DIR", "MEDIA_ROOT", "DATABASE_HOST", "TASK_OWNER", "MESSAGE_BUS", "PATH")
    ours = ("DISCORD_TOKN", "TOKENLAB_KEY", "DATABASE_URI", "DISCORD_BOT_TOKEN", "OPERATOR_ID")
    for name in (*others, *ours):
        monkeypatch.setenv(name, "hunter2")
    assert likely_typos() == sorted(ours)
    assert "DATABASE_URI: not a setting of Encore; a typo of DATABASE_URL?" in told_typos()
    assert "hunter2" not in "".join(told_typos())


def test_without_a_file_there_are_no_typos():
    assert likely_typos() == []
    assert likely_typos(["HTTP_PROT", "HTTP_PORT", "PATH"]) == ["HTTP_PROT"]


# --- the command line ------------------------------------------------------------------------------------------------


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m bot` in the empty folder, with these variables besides the required ones."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def said(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said, as the log has it in JSON or as plain lines."""
    lines = ended.stderr.splitlines()
    return [json.loads(line)["event"] if line.startswith("{") else line for line in lines]


@pytest.mark.parametrize("arguments", [(), ("run",), ("migrate",)])
def test_wrong_settings_end_the_program_with_one_line(arguments: tuple[str, ...]):
    ended = command(*arguments, DATABASE_URL="postgresql+asyncpg://user:hunter2")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said(ended) == ["DATABASE_URL: must be a database address"]


def test_all_that_is_missing_or_wrong_is_told_at_once_with_what_to_do():
    ended = command(DISCORD_TOKEN="", TOKENLAB_API_KEY="", HTTP_PORT="many", LOG_FORMAT="json", DISCORD_TOKN="x")
    assert ended.returncode == 2
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "critical", "critical", "critical"]
    typo, *wrong = (line["event"] for line in lines)
    assert typo == "DISCORD_TOKN: not a setting of Encore; a typo of DISCORD_TOKEN?"
    assert [one.partition(":")[0] for one in wrong] == ["DISCORD_TOKEN", "TOKENLAB_API_KEY", "HTTP_PORT"]
    assert ["copy it from" in one for one in wrong] == [True, True, False]


@pytest.mark.parametrize("style", ["text", "json", "xml"])
def test_what_ends_the_start_is_told_in_the_form_of_the_log(style: str):
    ended = command(DISCORD_TOKEN="", LOG_FORMAT=style)
    if style == "text":
        assert re.match(r"\d\d:\d\d:\d\d CRITICAL DISCORD_TOKEN: is not set; ", ended.stderr)
    else:  # no terminal
        events = [json.loads(line)["event"] for line in ended.stderr.splitlines()]
        assert any(event.startswith("DISCORD_TOKEN: ") for event in events)


@pytest.mark.parametrize("arguments", [("migrate",), ("rules",), ("blocks",), ("unblock", "5"), ("export", "5")])
def test_what_needs_only_the_database_asks_for_nothing_else(arguments: tuple[str, ...]):
    nothing = {"DISCORD_TOKEN": "", "TOKENLAB_API_KEY": "", "HTTP_PORT": "many"}
    command("migrate", **nothing)
    ended = command(*arguments, **nothing)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


def test_migrate_says_what_it_did_and_is_done_once():
    first, second = command("migrate"), command("migrate")
    assert re.fullmatch(r"database migrated from None to (\w+)\n", first.stdout)
    assert second.stdout == f"database is at {first.stdout.split()[-1]}\n"
    assert [(one.returncode, one.stderr) for one in (first, second)] == [(0, "")] * 2


@pytest.mark.parametrize("arguments", [(), ("migrate",)])
def test_a_newer_database_is_left_alone_with_one_line(arguments: tuple[str, ...]):
    command("migrate")
    with closing(sqlite3.connect("data/encore.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = command(*arguments)
    assert ended.returncode == 1
    assert [line for line in said(ended) if line.startswith("DATABASE_URL: ") and "9999" in line]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [(), ("migrate",)])
@pytest.mark.parametrize(
    ("url", "code", "why"),
    [
        ("sqlite+aiosqlite:////dev/null/encore.db", 2, "the file or its folder can't be written"),
        ("sqlite+aiosqlite:////proc/encore.db", 2, "the file or its folder can't be written"),
        ("sqlite+aiosqlite:///folder", 2, "the file or its folder can't be written"),
        ("postgresql+asyncpg://user:hunter2@127.0.0.1:1/encore", 1, "nothing listens at that host and port"),
        ("postgresql+asyncpg://user:hunter2@no-such-host.invalid/encore", 1, "its host can't be found"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_that_names_the_setting(
    arguments: tuple[str, ...], url: str, code: int, why: str
):
    Path("folder").mkdir()
    ended = command(*arguments, DATABASE_URL=url)
    assert ended.returncode == code
    (line,) = said(ended)
    assert line.startswith(f"DATABASE_URL: {why}")
    assert "hunter2" not in ended.stderr


def test_the_connection_for_the_lock_is_named_where_it_is_the_one_that_fails():
    ended = command(DATABASE_DIRECT_URL="postgresql+asyncpg://user:hunter2@127.0.0.1:1/encore")
    assert [line.partition(": ")[0] for line in said(ended)] == ["DATABASE_DIRECT_URL"]


def test_only_its_owner_may_read_the_database():
    command("migrate")
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in Path("data").glob("encore.db*")} == {
        "encore.db": "0o600"
    }


def refused(status: int, kind: type[discord.HTTPException] = discord.HTTPException) -> discord.HTTPException:
    return kind(Mock(status=status, reason="no"), {"code": 50001, "message": "two\nlines"})


def closed(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(Mock(close_code=code), shard_id=0, code=code)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (discord.LoginFailure("no"), 2, "DISCORD_TOKEN: Discord does not accept it; .+"),
        (closed(4004), 2, "DISCORD_TOKEN: Discord does not accept it; .+"),
        (closed(4014), 2, "MESSAGE_CONTENT_INTENT: is true, but .+"),
        (closed(4011), 1, "Discord closed the connection: code 4011"),
        (refused(403, discord.Forbidden), 1, "Discord refused: status 403, code 50001"),
        (refused(503, discord.DiscordServerError), 1, "Discord refused: status 503, code 50001"),
        (discord.RateLimited(12.3), 1, "Discord refused: too many requests, try again in 12 s"),
        (discord.GatewayNotFound(), 1, "Discord's gateway could not be found"),  # type: ignore[no-untyped-call]  # discord.py's
        (aiohttp.ClientPayloadError("two\nlines"), 1, "can't go on: ClientPayloadError: two"),
        (asyncpg.InterfaceError("no"), 1, "can't go on: InterfaceError: no"),
        (TimeoutError(), 1, "can't go on: TimeoutError: no answer in time"),
        (ExceptionGroup("several", [ExceptionGroup("deeper", [closed(4004)])]), 2, "DISCORD_TOKEN: .+"),
    ],
)
def test_a_known_trouble_is_one_line(error: Exception, code: int, line: str):
    ending = ending_of(error)
    assert isinstance(ending, Ending)
    assert ending.code == code
    assert re.fullmatch(line, ending.line)


def test_an_unknown_trouble_is_not_explained():
    assert ending_of(ZeroDivisionError("ours")) is None


def test_the_command_line_loads_nothing_heavy_before_it_is_needed():
    look = "import sys, bot.__main__; print({'discord', 'sqlalchemy', 'pydantic', 'aiohttp'} & {*sys.modules})"
    seen = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert seen.stdout == "set()\n"


def test_a_likely_typo_is_told_and_nothing_else_changes():
    Path(".env").write_text("HTTP_PROT=8080\n")
    ended = command("migrate")
    assert (ended.returncode, ended.stderr) == (0, "HTTP_PROT: not a setting of Encore; a typo of HTTP_PORT?\n")


def test_version_and_help_need_no_settings():
    version, usage = command("--version", DISCORD_TOKEN=""), command("--help", DISCORD_TOKEN="")
    assert (version.returncode, version.stdout, version.stderr) == (0, f"encore, version {__version__}\n", "")
    assert usage.returncode == 0
    assert all(
        re.search(rf"^  {name} ", usage.stdout, re.MULTILINE) for name in ("run", "migrate", "export", "erase", "demo")
    )


@pytest.mark.parametrize("wrong", ["--loud", "sing"])
def test_what_the_command_line_does_not_know_is_refused_in_few_lines(wrong: str):
    ended = command(wrong)
    assert ended.returncode == 2
    assert wrong in ended.stderr
    assert len(ended.stderr.splitlines()) < 6
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("who", [(), ("Alice",), ("0",), ("-5",), ("007",), ("1", "2"), (str(2**63),), ("9" * 40,)])
def test_who_is_no_member_ends_the_program_with_one_line(who: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        _member(who)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "USER_ID: must be one member's id, as Discord's “Copy User ID” gives it\n"


@pytest.mark.parametrize("arguments", [("export",), ("erase", "Alice")])
def test_no_member_no_database(arguments: tuple[str, ...]):
    ended = command(*arguments)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert not Path("data").exists()
