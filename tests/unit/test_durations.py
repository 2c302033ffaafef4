"""Until when: times from now on, and dates."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.durations import parse_until

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("", None), ("for good", None), (" Forever ", None),
        ("30m", NOW + timedelta(minutes=30)), ("2h", NOW + timedelta(hours=2)), ("3 D", NOW + timedelta(days=3)),
        ("1w", NOW + timedelta(weeks=1)),
        ("1d 12h", NOW + timedelta(hours=36)), ("1d12h5m", NOW + timedelta(minutes=2165)),
        ("2026-08-01", datetime(2026, 8, 1, tzinfo=UTC)),
        ("2026-08-01  18:05", datetime(2026, 8, 1, 18, 5, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_times_and_dates(text: str, until: datetime | None) -> None:
    assert parse_until(text, NOW) == until


@pytest.mark.parametrize(
    "text", ["0m", "2", "h", "2x", "-2h", "tomorrow", "2026-01-01", "2025-08-01", "2026-13-01", "99999w", "2037-01-01"]
)
def test_what_is_none_over_or_too_far_away_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"over already|neither"):
        parse_until(text, NOW)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_moment_to_come_or_refused(text: str) -> None:
    try:
        until = parse_until(text, NOW)
    except ValueError:
        return
    assert until is None or until > NOW
