"""Log lines: a fixed phrase plus facts, for machines and for people, without what others log of us."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Literal

import pytest

from bot.logs import set_up_logs

log = logging.getLogger("bot.tests")
LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
OTHERS = ["discord", "discord.http", "discord.webhook", "aiosqlite", "asyncio", "alembic", "sqlalchemy"]


class Terminal(StringIO):
    """Standard error that people look at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., StringIO]]:
    """Sets up the logs as the program does, and takes that back afterwards."""
    root, before = logging.getLogger(), {name: logging.getLogger(name).level for name in OTHERS}
    level, handlers = root.level, root.handlers[:]

    def set_up(at: str = "INFO", style: Literal["text", "json"] | None = None, *, terminal: bool = False) -> StringIO:
        out = Terminal() if terminal else StringIO()
        monkeypatch.setattr("sys.stderr", out)
        root.handlers.clear()  # pytest's own would be closed
        set_up_logs(at, style)
        return out

    yield set_up
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in before.items():
        logging.getLogger(name).setLevel(old)


def fail() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("no luck", extra={"task_id": 8})


def test_a_line_for_machines_is_one_object_with_phrase_and_facts(written: Callable[..., StringIO]):
    out = written(style="json")
    log.info("task moved", extra={"task_id": 7, "to": "running", "what": "«雨»\nnext", "odd": {1}})
    log.warning("%s left", 3)
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    at = datetime.fromisoformat(first.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert first == {
        "level": "info",
        "logger": "bot.tests",
        "event": "task moved",
        "task_id": 7,
        "to": "running",
        "what": "«雨»\nnext",
        "odd": "{1}",
    }
    assert (second["level"], second["event"]) == ("warning", "3 left")


def test_a_failure_for_machines_is_still_one_line(written: Callable[..., StringIO]):
    out = written(style="json")
    fail()
    (line,) = out.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["task_id"], told["level"]) == ("no luck", 8, "error")
    assert told["error"].startswith("Traceback")
    assert told["error"].endswith("ZeroDivisionError: division by zero")


def test_a_line_for_people_is_time_level_phrase_and_facts(written: Callable[..., StringIO]):
    out = written(style="text")
    log.info("task moved", extra={"task_id": 7, "to": "running"})
    log.info("started")
    first, second = out.getvalue().splitlines()
    assert first[9:] == "INFO    task moved  task_id=7 to=running"
    assert second[9:] == "INFO    started"
    datetime.strptime(first[:8], "%H:%M:%S")  # noqa: DTZ007 -- only its form


def test_a_failure_for_people_ends_with_its_trace(written: Callable[..., StringIO]):
    out = written(style="text")
    fail()
    first, second, *_, last = out.getvalue().splitlines()
    assert first[9:] == "ERROR   no luck  task_id=8"
    assert (second, last) == ("Traceback (most recent call last):", "ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("style", "terminal", "is_json"),
    [(None, True, False), (None, False, True), ("json", True, True), ("text", False, False)],
)
def test_a_terminal_gets_text_and_a_machine_json_unless_told_otherwise(
    written: Callable[..., StringIO], *, style: Literal["text", "json"] | None, terminal: bool, is_json: bool
):
    out = written(style=style, terminal=terminal)
    log.info("started")
    assert out.getvalue().startswith("{") is is_json


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_below_the_level_is_told_by_anybody(written: Callable[..., StringIO], level: str):
    out = written(level)
    for name in ["bot.tests", *OTHERS]:
        for lower in LEVELS[: LEVELS.index(level)]:
            logging.getLogger(name).log(logging.getLevelName(lower), "too quiet")
    assert out.getvalue() == ""
    log.log(logging.getLevelName(level), "loud enough")
    assert "loud enough" in out.getvalue()


@pytest.mark.parametrize("name", ["discord.http", "discord.webhook", "discord.webhook.async_"])
def test_addresses_with_tokens_are_not_told(written: Callable[..., StringIO], name: str):
    out = written("DEBUG")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "POST https://discord.com/api/webhooks/1/a-token")
    assert "a-token" not in out.getvalue()
    logging.getLogger(name).error("broken")
    assert "broken" in out.getvalue()


@pytest.mark.parametrize(
    ("name", "told_from"),
    [
        ("discord.gateway", logging.INFO),
        ("discord.client", logging.INFO),
        ("aiosqlite", logging.INFO),
        ("asyncio", logging.INFO),
        ("alembic.runtime.migration", logging.WARNING),
        ("sqlalchemy.engine.Engine", logging.WARNING),
    ],
)
def test_what_others_tell_in_detail_is_left_out(written: Callable[..., StringIO], name: str, told_from: int):
    out = written("DEBUG")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "level %s", level)
    told = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert told == [f"level {level}" for level in (10, 20, 30) if level >= told_from]
