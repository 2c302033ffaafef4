"""When to look at a running task, and when it should be finished. The only place that decides either."""

from datetime import datetime, timedelta

from bot.domain.tasks import Kind, State

LONGEST_GAP_S = 60.0
"""Longest pause between two looks while a task is younger than its deadline."""
EXPIRED_GAP_S = 300.0
"""Pause between two looks at an expired task."""
EXPIRED_FOR = timedelta(hours=24)
"""An expired task is given up this long after its deadline."""
BILLING_GAP_S = 60.0
"""Pause before another look at a completed task whose billing id has not come yet."""


def next_look_at(
    *, now: datetime, state: State, interval_s: float, failures: int = 0, retry_after_s: float | None = None
) -> datetime:
    """When to look again: after the interval, later the more looks have failed in a row."""
    if state is State.EXPIRED:
        return now + timedelta(seconds=EXPIRED_GAP_S)
    gap_s = min(interval_s * 2 ** min(failures, 10), LONGEST_GAP_S)
    return now + timedelta(seconds=max(gap_s, interval_s, min(retry_after_s or 0.0, LONGEST_GAP_S)))


def gives_up(*, now: datetime, deadline_at: datetime) -> bool:
    """Whether an expired task that is still not finished is given up."""
    return now >= deadline_at + EXPIRED_FOR


def expected_finish_at(
    kind: Kind, submitted_at: datetime, *, expected_song_s: float, expected_lyrics_s: float
) -> datetime:
    """When a task that was submitted then is usually finished."""
    return submitted_at + timedelta(seconds=expected_song_s if kind.makes_audio else expected_lyrics_s)
