"""What was typed for a rule, by an admin in a form or by the operator at the command line: its value, or why not."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.domain.filters import PatternError, compiled, fold, is_searchable
from bot.domain.members import id_of
from bot.domain.rules import (
    DAYS_MOST,
    LIMIT_MOST,
    PATTERN_CHARS,
    PATTERNS_MOST,
    USD_MOST,
    WORD_CHARS,
    WORDS_MOST,
    RuleChanges,
    Rules,
    RuleValue,
)
from bot.domain.versions import is_version
from bot.domain.wishes import one_line

LIMITS = (
    "running_per_member", "waiting_per_member", "daily_per_member",
    "running_per_server", "waiting_per_server", "daily_per_server", "monthly_songs",
)  # fmt: skip
"""Rules that are whole numbers of tasks."""
NUMBERS = (*LIMITS, "monthly_usd", "keep_days")
WHOLE = re.compile(r"\d{1,9}|\d{1,3}(?:[ .,']\d{3}){1,2}", re.ASCII)
"""Thousands may be set apart."""
MONEY = re.compile(r"\$?\s*(?P<amount>\d{1,9}(?:[.,]\d{1,2})?)\s*\$?", re.ASCII)
CHANNEL = re.compile(r"\d{15,19}", re.ASCII)


class RuleProblem(StrEnum):
    """Why something that was typed is no value. The words are in `bot/ui/texts.py`."""

    NOT_WHOLE = "not_whole"
    NOT_MONEY = "not_money"
    NOT_A_CHANNEL = "not_a_channel"
    UNKNOWN = "unknown"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    NOTHING_TO_FIND = "nothing_to_find"
    BAD_PATTERN = "bad_pattern"
    FITS_EVERYTHING = "fits_everything"
    NOT_A_VERSION = "not_a_version"


class RuleError(ValueError):
    """What was typed for a rule is no value of it."""

    def __init__(self, rule: str, problem: RuleProblem, entry: str = "", **facts: object) -> None:
        super().__init__(f"{rule}: {problem}")
        self.rule = rule
        self.problem = problem
        self.entry = entry
        """The part of it that is wrong."""
        self.facts: Mapping[str, object] = facts
        """What its words need beside that, by name: bounds, what is known, what RE2 says of a pattern."""


def read_rules(typed: Mapping[str, str]) -> RuleChanges:
    """What was typed for some rules, by their names in `Rules`.

    Raises:
        RuleError: one of them is none.
    """
    values: dict[str, Any] = {rule: read_rule(rule, text) for rule, text in typed.items()}
    return RuleChanges(**values)


def usual_rules(rules: Iterable[str]) -> RuleChanges:
    """These rules as they are where nobody has changed them."""
    usual: dict[str, Any] = {rule: getattr(Rules(), rule) for rule in rules}
    return RuleChanges(**usual)


def read_rule(rule: str, typed: str) -> RuleValue:
    """The value of a rule that can be typed, by its name in `Rules`; nothing typed is the usual one.

    Control characters and lone surrogates, which nobody sees and no database can be trusted with, are left out.

    Raises:
        RuleError: it is none.
    """
    text = "\n".join(map(_visible, typed.splitlines())).strip()
    if rule in NUMBERS:
        text = unicodedata.normalize("NFKC", text).strip()
    usual: RuleValue = getattr(Rules(), rule)
    return READERS[rule](rule, text) if text else usual


def _visible(line: str) -> str:
    return "".join(char for char in line.replace("\t", " ") if unicodedata.category(char) not in {"Cc", "Cs"})


def _limit(rule: str, text: str) -> int:
    # with none at once, what is taken would wait for ever: to take nothing is what a pause does
    return _whole(rule, text, 1 if rule.startswith("running") else 0, LIMIT_MOST)


def _days(rule: str, text: str) -> int:
    return _whole(rule, text, 1, DAYS_MOST)


def _whole(rule: str, text: str, least: int, most: int) -> int:
    number = int(re.sub(r"[ .,']", "", text)) if WHOLE.fullmatch(text) else None
    if number is None or not least <= number <= most:
        raise RuleError(rule, RuleProblem.NOT_WHOLE, text, least=least, most=most)
    return number


def _money(rule: str, text: str) -> Decimal:
    found = MONEY.fullmatch(text)
    amount = Decimal(found["amount"].replace(",", ".")) if found else None
    if amount is None or amount > USD_MOST:
        raise RuleError(rule, RuleProblem.NOT_MONEY, text, most=USD_MOST)
    return amount


def _channel(rule: str, text: str) -> int:
    if not CHANNEL.fullmatch(text) or (channel_id := id_of(text)) is None:
        raise RuleError(rule, RuleProblem.NOT_A_CHANNEL, text)
    return channel_id


def _version(rule: str, text: str) -> str:
    if not is_version(text):
        raise RuleError(rule, RuleProblem.NOT_A_VERSION, text)
    return text


def _words(rule: str, text: str) -> tuple[str, ...]:
    words = _entries(rule, map(one_line, re.split(r"[\n,]", text)), WORDS_MOST)
    for word in words:
        if max(len(word), len(fold(word))) > WORD_CHARS:
            raise RuleError(rule, RuleProblem.TOO_LONG, word, most=WORD_CHARS)
        if not is_searchable(word):
            raise RuleError(rule, RuleProblem.NOTHING_TO_FIND, word)
    return words


def _patterns(rule: str, text: str) -> tuple[str, ...]:
    patterns = _entries(rule, map(str.strip, text.splitlines()), PATTERNS_MOST)
    for pattern in patterns:
        if len(pattern) > PATTERN_CHARS:
            raise RuleError(rule, RuleProblem.TOO_LONG, pattern, most=PATTERN_CHARS)
        _check_pattern(rule, pattern)
    return patterns


def _entries(rule: str, typed: Iterable[str], most: int) -> tuple[str, ...]:
    """What is not empty, in the order in which it was typed, each once."""
    entries = tuple(dict.fromkeys(filter(None, typed)))
    if len(entries) > most:
        raise RuleError(rule, RuleProblem.TOO_MANY, str(len(entries)), most=most)
    return entries


def _check_pattern(rule: str, pattern: str) -> None:
    try:
        fits_nothing_typed = compiled(pattern).search("") is not None
    except PatternError as error:
        raise RuleError(rule, RuleProblem.BAD_PATTERN, pattern, told=str(error)) from error
    if fits_nothing_typed:
        raise RuleError(rule, RuleProblem.FITS_EVERYTHING, pattern)


READERS: Mapping[str, Callable[[str, str], RuleValue]] = {
    **dict.fromkeys(LIMITS, _limit),
    "monthly_usd": _money,
    "keep_days": _days,
    "warning_channel_id": _channel,
    "version": _version,
    "words": _words,
    "patterns": _patterns,
}
"""By rule: what reads it."""
