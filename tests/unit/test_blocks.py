"""Until when somebody is blocked: what moderators write, and what nobody can tell."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.blocks import LONGEST, Block, UntilError, UntilOverError, parse_until
from tests.fakes.rows import START

NOW = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2h", 2 * HOUR),
        (" 2 H ", 2 * HOUR),
        ("90m", 1.5 * HOUR),
        ("90 min", 1.5 * HOUR),
        ("3 d", 3 * DAY),
        ("1w", 7 * DAY),
        ("1w 2d", 9 * DAY),
        ("1d12h30m", 1.5 * DAY + timedelta(minutes=30)),
        ("\uff12\uff48", 2 * HOUR),
        ("3650d", LONGEST),
        ("3 days", 3 * DAY),
        ("1 day", DAY),
        ("2 Weeks 1 day", 15 * DAY),
        ("1 hour", HOUR),
        ("30 mins", HOUR / 2),
        ("1 month", 30 * DAY),
    ],
)
def test_a_span_begins_now(text: str, span: timedelta):
    assert parse_until(text, NOW) == NOW + span


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("2026-02-01", datetime(2026, 2, 1, tzinfo=UTC)),
        (" 2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 29, tzinfo=UTC)),
        ("2026-08-01  18:05", datetime(2026, 8, 1, 18, 5, tzinfo=UTC)),
        ("2026-08-01T18:05", datetime(2026, 8, 1, 18, 5, tzinfo=UTC)),
        ("2026-08-01 18:05 UTC", datetime(2026, 8, 1, 18, 5, tzinfo=UTC)),
    ],
)
def test_a_date_is_a_moment_of_that_day_in_utc(text: str, until: datetime):
    assert parse_until(text, NOW) == until


@pytest.mark.parametrize("text", ["", "  ", "\n", "\u3000"])
def test_nothing_is_for_good(text: str):
    assert parse_until(text, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "soon", "2", "h", "2 hours or so",
        "3 dayss", "1 d ago", "2hd", "-2h", "0h", "2.5h", "1y", "2h!", "3651d", "99999w", "9" * 30 + "h",
        "2026-01-31", "2026-01-01", "2026-02-30", "2026-13-01", "9999-12-31", "26-12-01", "2026-12-01 25:00",
        "\u0662\u0660\u0662\u0666-12-01", "1h " * 20,
    ],
)  # fmt: skip
def test_what_nobody_can_tell_or_is_over_is_refused(text: str):
    with pytest.raises(UntilError):
        parse_until(text, NOW)


@pytest.mark.parametrize("text", ["0h", "2026-01-31", "2026-01-31 12:30", "2020-01-01 00:00 utc"])
def test_what_is_over_is_told_apart_from_what_nobody_understands(text: str):
    with pytest.raises(UntilOverError):
        parse_until(text, NOW)


@given(text=st.text(max_size=60) | st.text(alphabet="0123456789 hdwmin-", max_size=60))
def test_whatever_is_written_is_to_come_within_ten_years_or_for_good_or_refused(text: str):
    try:
        until = parse_until(text, NOW)
    except UntilError:
        return
    assert until is None or NOW < until <= NOW + LONGEST


@pytest.mark.parametrize(("until", "holds"), [(None, True), (START, False), (START + HOUR, True)])
def test_a_block_holds_until_its_end(until: datetime | None, *, holds: bool):
    assert Block(guild_id=1, user_id=2, until=until).holds(START) is holds
