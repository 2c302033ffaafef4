"""When to look again: never sooner than the interval, never later than a minute, slowly once expired."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pacing import expected_finish_at, gives_up, next_look_at
from bot.domain.tasks import Kind, State

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INTERVALS = st.floats(0.1, 60)
FAILURES = st.integers(0, 10_000)
RETRY_AFTERS = st.none() | st.floats(0, 1e6)
ANY_MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- zone beside
GRAIN = timedelta(microseconds=1)


def gap_s(**changes: Any) -> float:
    values: dict[str, Any] = {"now": NOW, "state": State.RUNNING, "interval_s": 5.0, **changes}
    return (next_look_at(**values) - NOW).total_seconds()


@given(now=ANY_MOMENT, interval_s=INTERVALS, failures=FAILURES, retry_after_s=RETRY_AFTERS)
def test_a_running_task_is_looked_at_after_the_interval_and_within_a_minute(
    now: datetime, interval_s: float, failures: int, retry_after_s: float | None
):
    at = next_look_at(
        now=now, state=State.RUNNING, interval_s=interval_s, failures=failures, retry_after_s=retry_after_s
    )
    assert timedelta(seconds=interval_s) - GRAIN <= at - now <= timedelta(seconds=60)


@given(interval_s=INTERVALS, failures=FAILURES)
def test_the_more_looks_fail_the_longer_the_pause(interval_s: float, failures: int):
    assert gap_s(interval_s=interval_s, failures=failures) <= gap_s(interval_s=interval_s, failures=failures + 1)


@pytest.mark.parametrize(("failures", "pause_s"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (99, 60)])
def test_the_pause_doubles_up_to_a_minute(failures: int, pause_s: float):
    assert gap_s(failures=failures) == pause_s


@pytest.mark.parametrize(("retry_after_s", "pause_s"), [(None, 5), (0.0, 5), (4.0, 5), (30.0, 30), (3600.0, 60)])
def test_the_provider_may_ask_for_a_longer_pause(retry_after_s: float | None, pause_s: float):
    assert gap_s(retry_after_s=retry_after_s) == pause_s


@given(interval_s=INTERVALS, failures=FAILURES, retry_after_s=RETRY_AFTERS)
def test_an_expired_task_is_looked_at_every_five_minutes(interval_s: float, failures: int, retry_after_s: float | None):
    assert gap_s(state=State.EXPIRED, interval_s=interval_s, failures=failures, retry_after_s=retry_after_s) == 300


@pytest.mark.parametrize(("after", "given_up"), [(-1, False), (0, False), (86_399, False), (86_400, True)])
def test_an_expired_task_is_given_up_a_day_after_its_deadline(after: int, *, given_up: bool):
    assert gives_up(now=NOW + timedelta(seconds=after), deadline_at=NOW) is given_up


@pytest.mark.parametrize(("kind", "usual_s"), [(Kind.SONG, 90), (Kind.CONTINUATION, 90), (Kind.LYRICS, 15)])
def test_the_expected_finish_depends_on_the_kind(kind: Kind, usual_s: float):
    at = expected_finish_at(kind, NOW, expected_song_s=90, expected_lyrics_s=15)
    assert at == NOW + timedelta(seconds=usual_s)
