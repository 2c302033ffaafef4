"""The pages and forms of `/settings` fit Discord with everything set that can be, in every language."""

from decimal import Decimal

import pytest

from bot.domain.rules import (
    DAYS_MOST,
    LIMIT_MOST,
    PATTERN_CHARS,
    PATTERNS_MOST,
    PLACES_MOST,
    USD_MOST,
    WORD_CHARS,
    WORDS_MOST,
    Rules,
)
from bot.domain.ruling import LIMITS, read_rule
from bot.ui import rules as pages
from bot.ui.rules import FORM_OF, FORMS, RULES_OF, TOPICS, RuleForm, Topic, fields_of, sheet_of, typed_for
from bot.ui.words import LANGUAGES, Words, words_for

IDS = frozenset(range(10**18, 10**18 + PLACES_MOST))
FULL = Rules(
    channels=IDS, roles=IDS, monthly_usd=USD_MOST, warning_channel_id=10**18, model="m" * 100,
    version="chirp-" + "v" * 34,
    others_may_continue=False, keep_days=DAYS_MOST, locale="ja",
    words=tuple(f"{number:03}".ljust(WORD_CHARS, "*") for number in range(WORDS_MOST)),
    patterns=tuple(f"{number:03}".ljust(PATTERN_CHARS, "*") for number in range(PATTERNS_MOST)),
    **dict.fromkeys(LIMITS, LIMIT_MOST),
)  # fmt: skip


@pytest.fixture(params=["en", *LANGUAGES])
def words(request: pytest.FixtureRequest) -> Words:
    return words_for(request.param)


def test_each_rule_has_its_page() -> None:
    named = [name for names in RULES_OF.values() for name in names]
    assert sorted(named) == sorted(Rules().plain(Rules.__dataclass_fields__))
    assert set(TOPICS) == set(pages.TITLE) == set(pages.ABOUT) == {Topic.START, *RULES_OF}
    assert set(FORMS) == set(FORM_OF)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("rules", [Rules(), FULL])
def test_a_page_fits(topic: Topic, rules: Rules, words: Words) -> None:
    embed = sheet_of(topic, rules, words, note="x" * 1000)
    assert len(embed) <= 6000
    assert len(embed.description or "") <= 4096
    assert all(0 < len(field.value or "") <= 1024 and len(field.name or "") <= 256 for field in embed.fields)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rules", [Rules(), FULL])
def test_a_form_fits_and_gives_back_what_it_was_opened_with(form: RuleForm, rules: Rules, words: Words) -> None:
    fields = fields_of(form, rules, words)
    _, called, names = FORM_OF[form]
    assert len(words(called)) <= 45
    assert 1 <= len(fields) <= 5
    assert all(len(field.label) <= 45 and len(field.placeholder) <= 100 for field in fields)
    assert all(len(field.value) <= field.max_chars for field in fields)
    if form not in {RuleForm.TRIAL, RuleForm.PATTERNS}:  # the longest patterns here are none that RE2 takes
        typed = typed_for(form, {field.name: field.value for field in fields})
        assert {name: read_rule(name, text) for name, text in typed.items()} == {
            name: getattr(rules, name) for name in names
        }


def test_what_a_rule_says_where_nothing_is_set(words: Words) -> None:
    assert pages.value_words("monthly_usd", Rules(monthly_usd=Decimal("12.5")), words) == "$12.50"
    assert pages.value_words("daily_per_member", Rules(), words) == words(pages.NO_LIMIT)
    assert pages.value_words("locale", Rules(), words) == words(pages.DISCORDS)
