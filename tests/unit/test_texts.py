"""Every state, failure and refusal has words, and numbers read well."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.members import Telling
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import Rules
from bot.domain.ruling import RuleError, RuleProblem
from bot.domain.tasks import ErrorCode, Kind, State
from bot.domain.wishes import AT_MAX_S, WishError, WishProblem, parse_at
from bot.ui import texts
from bot.ui.words import words_for

ENGLISH = words_for("en-US")


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
        (texts.WISH_PART, WishPart),
        (texts.RULE_PROBLEM, RuleProblem),
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


SOON = datetime(2026, 1, 1, tzinfo=UTC)
DETAILS: dict[Reason, tuple[str | float | datetime, str]] = {
    Reason.MISSING_PERMISSION: ("see this channel", "see this channel"),
    Reason.TOO_LONG_TO_SING: ("17", "17"),
    Reason.NO_SUCH_TAKE: ("17", "17"),
    Reason.NO_CLIP_OF_TAKE: ("17", "17"),
    Reason.PAUSED: ("Back at eight", "Back at eight"),
    Reason.BLOCKED: (SOON, "<t:1767225600:R>"),
    Reason.BEYOND_END: (83.9, "only 1:23 long"),
    Reason.NEEDS_START: (0.75, "`from 0:00.8`"),
    Reason.WRONG_CHANNEL: (5, "<#5>"),
    Reason.WRONG_ROLE: (5, "<@&5>"),
    Reason.FORBIDDEN_WORD: (WishPart.TITLE, "the title"),
    Reason.FORBIDDEN_BY_OPERATOR: (WishPart.TAGS, "the styles"),
    **dict.fromkeys(
        (Reason.DAY_USED, Reason.SERVER_DAY_USED, Reason.BUDGET_USED, Reason.OVERALL_BUDGET_USED),
        (SOON, "<t:1767225600:R>"),
    ),
}


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_becomes_a_whole_sentence(reason: Reason) -> None:
    detail, shown = DETAILS.get(reason, ("see this channel", ""))
    sentence = texts.refusal(Refused(reason, detail), ENGLISH)

    assert sentence.endswith((".", shown) if shown else ".")
    assert shown in sentence
    assert shown == detail or str(detail) not in sentence.replace(shown, "")


def test_every_rule_is_called_something() -> None:
    assert set(texts.RULE) == {one.name for one in fields(Rules)}


def test_what_was_typed_for_a_rule_can_not_mention_anybody_or_format_anything() -> None:
    error = RuleError("patterns", RuleProblem.BAD_PATTERN, "@everyone **(**", told="missing ): **")

    assert "@everyone" not in texts.refusal(error, ENGLISH)
    assert texts.refusal(error, ENGLISH).count("**") == 2, "those of the rule's own name"


def test_what_a_moderator_says_can_not_mention_anybody() -> None:
    assert "@everyone" not in texts.refusal(Refused(Reason.PAUSED, "@everyone come"), ENGLISH)


@pytest.mark.parametrize("reason", [Reason.BLOCKED, Reason.PAUSED])
def test_what_there_is_no_more_to_say_about_ends_there(reason: Reason) -> None:
    assert texts.refusal(Refused(reason), ENGLISH) == texts.REFUSAL[reason]


def test_a_surprise_claims_nothing_about_what_was_started() -> None:
    assert "can't tell how far" in texts.UNEXPECTED
    assert "Nothing" not in texts.UNEXPECTED


def test_a_limit_is_named() -> None:
    assert "at most 5000 characters" in texts.refusal(WishError(WishProblem.PROMPT_TOO_LONG, limit=5000), ENGLISH)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_failure_says_whether_it_was_charged(code: ErrorCode) -> None:
    assert ("charged" in texts.FAILURE[code]) is not (code in texts.FREE_FAILURES)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (5, "0:05"),
        (65, "1:05"),
        (65.5, "1:05.5"),
        (65.05, "1:05.05"),
        (65.005, "1:05.005"),
        (59.9996, "1:00"),
        (3600, "60:00"),
        (86_399.999, "1439:59.999"),
    ],
)
def test_a_position_reads_as_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert texts.clock_time(seconds) == shown


@given(ms=st.integers(0, AT_MAX_S * 1000))
def test_a_position_that_is_shown_is_read_back_as_it_was(ms: int) -> None:
    assert parse_at(texts.clock_time(ms / 1000)) == pytest.approx(ms / 1000, abs=1e-9)


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
