"""What is typed for a rule: its value, or why it is none."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import named
from bot.domain.rules import DAYS_MOST, LIMIT_MOST, USD_MOST, Rules
from bot.domain.ruling import LIMITS, READERS, RuleError, RuleProblem, read_rule, read_rules
from bot.ui import texts
from bot.ui.words import words_for

ENGLISH = words_for("en-US")


@pytest.mark.parametrize(
    ("rule", "typed", "value"),
    [
        ("daily_per_member", " 5 ", 5), ("daily_per_member", "0", 0), ("monthly_songs", "1000000", LIMIT_MOST),
        ("monthly_usd", "12.50", Decimal("12.50")), ("monthly_usd", "12,5", Decimal("12.5")),
        ("monthly_usd", "$ 7", Decimal(7)), ("monthly_usd", "1000000", USD_MOST),
        ("keep_days", "1", 1), ("keep_days", "3650", DAYS_MOST),
        ("warning_channel_id", "123456789012345678", 123456789012345678),
        ("words", "Rude,  bad   phrase\n\nRude\r\nother", ("Rude", "bad phrase", "other")),
        ("patterns", "a{1,2}\n  b, c \na{1,2}", ("a{1,2}", "b, c")),
        ("patterns", "ru\0de\ud800\n\x1b\nbad\tword\r\na\u200db", ("rude", "bad word", "a\u200db")),
        ("words", "ru\0de,\ud800", ("rude",)), ("daily_per_member", "\x005\udfff", 5), ("keep_days", "\0", None),
    ],
)  # fmt: skip
def test_what_can_be_typed(rule: str, typed: str, value: Any) -> None:
    assert read_rule(rule, typed) == value


@pytest.mark.parametrize("rule", READERS)
@pytest.mark.parametrize("typed", ["", "  \n "])
def test_nothing_typed_is_what_is_usual(rule: str, typed: str) -> None:
    assert read_rule(rule, typed) == getattr(Rules(), rule)


@pytest.mark.parametrize(
    ("rule", "typed", "problem"),
    [
        *(("daily_per_member", typed, RuleProblem.NOT_WHOLE) for typed in ("-1", "1.5", "1000001", "٣", "1e3", "1 0")),
        *(("monthly_usd", typed, RuleProblem.NOT_MONEY) for typed in ("-1", "1.234", "1,000.5", "1000001", "NaN")),
        *(("keep_days", typed, RuleProblem.NOT_WHOLE) for typed in ("0", "3651", "for ever")),
        *(("warning_channel_id", typed, RuleProblem.NOT_A_CHANNEL) for typed in ("#songs", "12", "1" * 20, "9" * 19)),
        ("words", "rude\n" + "x" * 51, RuleProblem.TOO_LONG),
        ("words", "\ufdfa" * 10, RuleProblem.TOO_LONG),
        ("words", "rude, ?!", RuleProblem.NOTHING_TO_FIND),
        ("words", "\n".join(map(str, range(201))), RuleProblem.TOO_MANY),
        ("patterns", "x" * 201, RuleProblem.TOO_LONG),
        ("patterns", "\n".join(map(str, range(26))), RuleProblem.TOO_MANY),
        ("patterns", "ok\n(a", RuleProblem.BAD_PATTERN),
        ("patterns", "a*", RuleProblem.FITS_EVERYTHING),
    ],
)  # fmt: skip
def test_what_can_not_be_typed_is_told_in_one_sentence_with_the_entry(
    rule: str, typed: str, problem: RuleProblem
) -> None:
    with pytest.raises(RuleError) as refused:
        read_rule(rule, typed)
    error = refused.value
    assert (error.rule, error.problem) == (rule, problem)
    sentence = texts.rule_problem(error, ENGLISH)
    assert error.entry in sentence
    assert "{" not in sentence
    assert sentence.endswith(".")
    assert texts.refusal(error, ENGLISH).startswith(f"**{texts.RULE[rule]}:** ")


@pytest.mark.parametrize("rule", LIMITS)
@given(number=st.integers(0, LIMIT_MOST))
def test_every_whole_number_within_the_bounds_is_one(rule: str, number: int) -> None:
    if number == 0 and rule.startswith("running"):
        with pytest.raises(RuleError):
            read_rule(rule, "0")
    else:
        assert read_rule(rule, str(number)) == number


@pytest.mark.parametrize(
    ("rule", "typed", "value"),
    [
        ("daily_per_member", "\uff11\uff10", 10),
        ("monthly_songs", "1 000", 1000),
        ("monthly_songs", "1.000", 1000),
        ("monthly_songs", "1,000,000", 1_000_000),
        ("monthly_usd", "5 $", Decimal(5)),
        ("monthly_usd", "\uff04\uff15", Decimal(5)),
    ],
)
def test_numbers_are_read_as_people_type_them(rule: str, typed: str, value: object) -> None:
    assert read_rule(rule, typed) == value


@given(st.decimals(0, USD_MOST, places=2))
def test_every_amount_with_two_decimals_is_one(amount: Decimal) -> None:
    assert read_rule("monthly_usd", str(amount)) == amount


ANYTHING = st.text(st.characters(exclude_categories=()))


@given(st.sampled_from(sorted(READERS)), ANYTHING | st.from_regex(r"[a-z]{2}[\x00-\x1f\ud800][a-z]{2}"))
def test_whatever_is_typed_is_a_value_that_can_be_kept_or_a_rule_error(rule: str, typed: str) -> None:
    try:
        value = read_rule(rule, typed)
    except RuleError:
        return
    rules = replace(Rules(), **named(read_rules({rule: typed})))
    assert getattr(rules, rule) == value
    kept = rules.encode()
    assert Rules.decode(kept) == rules
    assert "\\u0000" not in json.dumps(kept)
    json.dumps(kept, ensure_ascii=False).encode()
