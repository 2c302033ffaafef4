"""When to look at a running task, and when it should be finished. The only place that decides either."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.line import Place
from bot.domain.tasks import Kind, MusicTask, State

LONGEST_GAP_S = 60.0
"""Longest pause between two looks while a task is younger than its deadline."""
EXPIRED_GAP_S = 300.0
"""Pause between two looks at an expired task."""
EXPIRED_FOR = timedelta(hours=24)
"""An expired task is given up this long after its deadline."""
LONGEST_DELAY_S = 3600.0
"""Longest pause that the provider may ask for, with a 429, before one task is looked at again."""
EMPTY_GAPS_S = (10.0, 20.0, 30.0)
"""Pauses before the next looks at a task that is said to be finished and has no result: that often comes later."""
GONE_LOOKS = 3
GONE_AFTER_S = 120.0
"""Minimum number of looks in a row, and time between first and last, before an unknown task counts as lost."""
TROUBLED_LOOKS = 3
"""After this many looks in a row with an error beside an unknown status, the task counts as failed."""
BILLING_GAP_S = 60.0
"""Pause before another look at a completed task whose billing id has not come yet."""
ENOUGH = 20
"""Number of durations from which on the operator's guess no longer counts."""
GUESSED_SPREAD = 2.0
"""The guess: nine of ten tasks take at most this many times the usual."""
GUESSED_TAIL = 3.5
"""The guess: 99 of 100 take at most this many times the usual, which fits the same distribution."""
HALF_DONE = 50
"""Progress in percent from which a task counts as past its first half."""


def next_look_at(
    *,
    now: datetime,
    state: State,
    interval_s: float,
    failures: int = 0,
    retry_after_s: float | None = None,
    is_throttled: bool = False,
) -> datetime:
    """When to look again: after the interval, later the more looks have failed in a row.

    What the provider asks for holds up to a minute, where the key has asked too often up to an hour.
    """
    asked_s = min(retry_after_s or 0.0, LONGEST_DELAY_S if is_throttled else LONGEST_GAP_S)
    gap_s = max(min(interval_s * 2 ** min(failures, 10), LONGEST_GAP_S), interval_s)
    return now + timedelta(seconds=max(EXPIRED_GAP_S if state is State.EXPIRED else gap_s, asked_s))


def empty_look_at(*, now: datetime, looks: int) -> datetime | None:
    """Return when to look again after `looks` looks in a row without a result; None once there were enough."""
    return now + timedelta(seconds=EMPTY_GAPS_S[looks - 1]) if looks <= len(EMPTY_GAPS_S) else None


def is_gone(*, after_s: float, looks: int) -> bool:
    """Return whether a task counts as lost that the provider has not known for `after_s`, in `looks` looks."""
    return looks >= GONE_LOOKS and after_s >= GONE_AFTER_S


def gives_up(*, now: datetime, deadline_at: datetime) -> bool:
    """Whether an expired task that is still not finished is given up."""
    return now >= deadline_at + EXPIRED_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """How long tasks of one model and kind take, from the provider's yes to the look that saw them finished."""

    median_s: float
    most_s: float
    """Nine of ten take at most this."""
    nearly_all_s: float
    """99 of 100 take at most this: whatever takes longer is stuck."""


def usual_of(durations_s: Sequence[float], *, guess_s: float) -> Usual:
    """What is usual, from the durations of finished tasks and, until there are `ENOUGH`, a guess.

    The guess is a log-normal distribution with the median `guess_s`. Each percentile is the geometric mean of the
    guess's and the history's, which is the plain mean on the scale where such durations are normal; the history weighs
    as much as the share of `ENOUGH` that there is. So a percentile always lies between guess and history, grows with
    every duration, moves a little with each new one, and is the history's alone in the end.

    Args:
        durations_s: positive, in any order.
        guess_s: how long the operator thinks that such a task usually takes.
    """
    ordered = sorted(durations_s)
    return Usual(
        median_s=_percentile(ordered, 50, guess_s),
        most_s=_percentile(ordered, 90, guess_s * GUESSED_SPREAD),
        nearly_all_s=_percentile(ordered, 99, guess_s * GUESSED_TAIL),
    )


def _percentile(ordered: Sequence[float], percent: int, guess_s: float) -> float:
    if not ordered:
        return guess_s
    known_s = ordered[math.ceil(len(ordered) * percent / 100) - 1]
    share = min(len(ordered) / ENOUGH, 1.0)
    return math.exp(math.log(guess_s) * (1 - share) + math.log(known_s) * share)


class Phase(Enum):
    """How far a task is, by what is usual. The card has words for each, so a change of phase is worth an edit."""

    WAITING = "waiting"
    FIRST_HALF = "first half"
    SECOND_HALF = "second half"
    OVERTIME = "overtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When a task should be finished, as far as anybody can tell."""

    phase: Phase
    finish_at: datetime | None
    """The usual moment; in the second half the one by which nine of ten are finished; after that None."""


Forecaster = Callable[[MusicTask, Place | None], Forecast | None]
"""Returns the forecast for a task at this place in the line, at this moment."""
StuckAfter = Callable[[Kind, str], timedelta]
"""Returns how long tasks of a kind and model are at the provider before they count as stuck."""


def forecast(task: MusicTask, place: Place | None, usual: Usual, *, now: datetime) -> Forecast | None:
    """When a task should be finished: never a moment in the past, and None if nothing sensible can be said."""
    match task.state:
        case State.RECEIVED | State.QUEUED if place is not None and not place.is_held and not task.refusals:
            return _of_waiting(place, usual, now)
        case State.RUNNING:
            return _of_running(task, usual, now)
        case _:
            return None


def _of_waiting(place: Place, usual: Usual, now: datetime) -> Forecast:
    """Rough: nobody waits long for others, but a member's own wait until those at the provider are through."""
    rounds = place.own_ahead // place.at_once + 1
    return Forecast(phase=Phase.WAITING, finish_at=now + rounds * timedelta(seconds=usual.median_s))


def _of_running(task: MusicTask, usual: Usual, now: datetime) -> Forecast:
    begun_at = task.submitted_at or task.state_at
    usually_at = begun_at + timedelta(seconds=usual.median_s)
    mostly_at = begun_at + timedelta(seconds=usual.most_s)
    if now >= mostly_at:
        return Forecast(phase=Phase.OVERTIME, finish_at=None)
    if now >= usually_at or (task.progress or 0) >= HALF_DONE:
        return Forecast(phase=Phase.SECOND_HALF, finish_at=mostly_at)
    return Forecast(phase=Phase.FIRST_HALF, finish_at=usually_at)
