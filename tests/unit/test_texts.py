"""Every state, failure and refusal has words, and numbers read well."""

from datetime import timedelta
from enum import StrEnum
from string import Formatter
from typing import Any

import pytest

from bot.domain.members import Telling
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import ErrorCode, Kind, State
from bot.domain.wishes import WishError, WishProblem
from bot.ui import texts
from bot.ui.words import ENGLISH


@pytest.mark.parametrize(
    ("words", "closed_list"),
    [
        (texts.KIND, Kind),
        (texts.STATE, State),
        (texts.FAILURE, ErrorCode),
        (texts.PROBLEM, WishProblem),
        (texts.REFUSAL, Reason),
        (texts.TELLING, Telling),
        (texts.TELLING_LABEL, Telling),
    ],
)
def test_every_member_of_a_closed_list_has_words(words: Any, closed_list: type[StrEnum]) -> None:
    assert set(words) == set(closed_list)
    assert all(words.values())


@pytest.mark.parametrize("problem", WishProblem)
def test_every_problem_of_a_wish_becomes_a_whole_sentence(problem: WishProblem) -> None:
    sentence = texts.refusal(WishError(problem, limit=99), ENGLISH)

    assert sentence.endswith((".", "Discord."))
    assert not [field for _, field, _, _ in Formatter().parse(sentence) if field]


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_becomes_a_whole_sentence(reason: Reason) -> None:
    sentence = texts.refusal(Refused(reason, "see this channel"), ENGLISH)

    assert sentence.endswith(".")
    has_details = reason in {Reason.MISSING_PERMISSION, Reason.TOO_LONG_TO_SING}
    assert ("see this channel" in sentence) is has_details


def test_a_surprise_claims_nothing_about_what_was_started() -> None:
    assert "can't tell whether" in texts.UNEXPECTED
    assert "Nothing" not in texts.UNEXPECTED


def test_a_limit_is_named() -> None:
    assert "at most 5000 characters" in texts.refusal(WishError(WishProblem.PROMPT_TOO_LONG, limit=5000), ENGLISH)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_failure_says_whether_it_was_charged(code: ErrorCode) -> None:
    assert ("charged" in texts.FAILURE[code]) is not (code in texts.FREE_FAILURES)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (5, "0:05"), (65, "1:05"), (65.5, "1:05.5"), (3600, "60:00"), (59.99, "0:59.9")]
)
def test_a_position_reads_as_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert texts.clock_time(seconds) == shown


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=5), "0 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=60), "1 h ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(hours=48), "2 days ago"),
    ],
)
def test_an_age_reads_as_its_largest_unit(age: timedelta, shown: str) -> None:
    assert texts.ago(age, ENGLISH) == shown
