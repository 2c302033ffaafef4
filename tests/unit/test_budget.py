"""The request budget: never over the limit, fair between creates and looks, careful after a 429."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.budget import CREATES_PROBE_AFTER_S, PROBE_S, SHUT_MAX_S, WINDOW_S, Budget, Purpose
from bot.tokenlab.errors import AccessRefusedError, NotSentError, ThrottledError

LIMITS = st.one_of(st.integers(1, 40), st.sampled_from([100, 1000, 10_000]))


class HandClock:
    """A monotonic clock that only a test moves. Starts late, as on a machine that has been up for days."""

    def __init__(self, now_s: float = 400_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def tick(self, by_s: float) -> None:
        self.now_s += by_s


def budget(limit: int, *, share: float = 0.9) -> tuple[Budget, HandClock]:
    clock = HandClock()
    return Budget(limit, clock, share), clock


def drain(subject: Budget, purpose: Purpose) -> int:
    taken = 0
    while subject.take(purpose):
        taken += 1
    return taken


def long_enough_s(limit: int) -> float:
    return 1200 if limit < 100 else 240


def simulate(subject: Budget, clock: HandClock, *, for_s: float, step_s: float, wants: dict[Purpose, int]):
    """Ask so many times of each purpose at every step, in the order given; count what was granted."""
    granted = dict.fromkeys(wants, 0)
    for _ in range(round(for_s / step_s)):
        for purpose, times in wants.items():
            granted[purpose] += sum(subject.take(purpose) for _ in range(times))
        clock.tick(step_s)
    return granted


ACTIONS = st.one_of(
    st.tuples(st.just("tick"), st.floats(0, 70, allow_nan=False)),
    st.tuples(st.just("tick"), st.floats(0, 0.5, allow_nan=False)),
    st.tuples(st.just("take"), st.sampled_from(Purpose), st.integers(1, 60)),
    st.tuples(st.just("throttled"), st.one_of(st.none(), st.floats(0, 30))),
    st.tuples(st.just("succeeded"), st.integers(1, 50)),
)


def act(subject: Budget, clock: HandClock, action: tuple[Any, ...], taken_at: list[float]) -> None:
    match action:
        case ("tick", by_s):
            clock.tick(by_s)
        case ("take", purpose, times):
            taken_at.extend(clock() for _ in range(times) if subject.take(purpose))
        case ("throttled", retry_after_s):
            subject.throttled(retry_after_s)
        case ("succeeded", times):
            for _ in range(times):
                subject.succeeded()
        case _:
            raise AssertionError(action)


@given(limit=LIMITS, share=st.sampled_from([0.5, 0.9, 1.0]), actions=st.lists(ACTIONS, max_size=60))
def test_no_window_of_a_minute_holds_more_than_the_limit(limit, share, actions):
    subject, clock = budget(limit, share=share)
    taken_at: list[float] = []
    for action in actions:
        act(subject, clock, action, taken_at)
    first = 0
    for last, at in enumerate(taken_at):
        while taken_at[first] <= at - WINDOW_S:
            first += 1
        assert last - first + 1 <= limit


@given(
    limit=LIMITS, actions=st.lists(ACTIONS, max_size=30), retry_after_s=st.floats(0.1, 3600), part=st.floats(0, 0.999)
)
def test_nothing_is_sent_before_retry_after_has_passed(limit, actions, retry_after_s, part):
    subject, clock = budget(limit)
    for action in actions:
        act(subject, clock, action, [])
    subject.throttled(retry_after_s)
    clock.tick(min(retry_after_s, SHUT_MAX_S) * part)
    assert not any(subject.take(purpose) for purpose in Purpose)


@pytest.mark.parametrize("limit", [1, 2, 6, 20, 60, 1000, 10_000])
def test_most_of_the_limit_is_really_used(limit):
    subject, clock = budget(limit)
    drain(subject, Purpose.CREATE)
    step_s = 0.5
    granted = simulate(
        subject, clock, for_s=long_enough_s(limit), step_s=step_s, wants={Purpose.CREATE: math.ceil(limit / 100)}
    )
    per_minute = granted[Purpose.CREATE] / long_enough_s(limit) * 60
    assert per_minute <= limit * 0.9 + 0.1
    assert per_minute >= limit * (0.44 if limit < 6 else 0.8)


@pytest.mark.parametrize("limit", [6, 20, 100, 1000, 10_000])
def test_looks_keep_a_quarter_of_the_rate_under_a_flood_of_creates(limit):
    subject, clock = budget(limit)
    drain(subject, Purpose.CREATE)
    flood = math.ceil(limit / 50)
    wants = {Purpose.CREATE: flood, Purpose.LOOK: flood}
    granted = simulate(subject, clock, for_s=long_enough_s(limit), step_s=0.25 if limit < 1000 else 1.0, wants=wants)
    total = sum(granted.values())
    assert granted[Purpose.LOOK] >= 0.25 * total * 0.95
    assert granted[Purpose.CREATE] > granted[Purpose.LOOK]


@pytest.mark.parametrize("limit", [6, 20, 100, 1000, 10_000])
def test_creates_go_first_even_where_looks_ask_before_them(limit):
    subject, clock = budget(limit)
    drain(subject, Purpose.LOOK)
    flood = math.ceil(limit / 50)
    wants = {Purpose.LOOK: flood, Purpose.CREATE: flood}
    granted = simulate(subject, clock, for_s=long_enough_s(limit), step_s=0.25 if limit < 1000 else 1.0, wants=wants)
    assert granted[Purpose.CREATE] >= 0.6 * sum(granted.values())


def test_looks_leave_a_reserve_to_creates():
    subject, _ = budget(1000)
    looks = drain(subject, Purpose.LOOK)
    assert looks == 40
    assert not subject.take(Purpose.OTHER)
    assert drain(subject, Purpose.CREATE) == 10


def test_looks_get_everything_while_nobody_orders():
    subject, clock = budget(1000)
    granted = simulate(subject, clock, for_s=600, step_s=1.0, wants={Purpose.LOOK: 30})
    assert granted[Purpose.LOOK] >= 0.95 * 9000


def test_the_rest_takes_only_what_creates_and_looks_leave():
    subject, clock = budget(60)
    granted = simulate(
        subject, clock, for_s=600, step_s=0.5, wants={Purpose.OTHER: 1, Purpose.LOOK: 1, Purpose.CREATE: 1}
    )
    assert granted[Purpose.OTHER] <= 5


def test_looks_that_no_longer_ask_hold_nothing_back():
    subject, clock = budget(1000)
    drain(subject, Purpose.CREATE)
    assert not subject.take(Purpose.LOOK)
    clock.tick(4.9)
    while_asking = drain(subject, Purpose.CREATE)
    clock.tick(60)
    assert drain(subject, Purpose.CREATE) == 50 > while_asking


def test_what_is_given_back_may_be_spent_once_more_but_not_beyond_the_burst_nor_what_a_429_has_taken():
    subject, _ = budget(100)
    burst = drain(subject, Purpose.CREATE)
    subject.give_back()
    assert drain(subject, Purpose.CREATE) == 1

    for _ in range(2 * burst):
        subject.give_back()
    assert drain(subject, Purpose.CREATE) == burst

    subject.throttled(30)
    subject.give_back()
    assert drain(subject, Purpose.CREATE) == 0


def test_a_429_halves_the_rate_once_however_many_answers_bring_it():
    subject, _ = budget(1000)
    full = subject.rate_per_s
    for _ in range(5):
        subject.throttled(3)
    assert subject.rate_per_s == full / 2


def test_after_the_pause_the_bucket_fills_from_empty_at_half_the_rate():
    subject, clock = budget(1000)
    subject.throttled(30)
    clock.tick(30.1)
    assert not subject.take(Purpose.CREATE)
    clock.tick(1.9)
    assert drain(subject, Purpose.CREATE) == 15


def test_the_rate_never_falls_to_nothing():
    subject, clock = budget(1000)
    full = subject.rate_per_s
    for _ in range(20):
        subject.throttled(1)
        clock.tick(2)
    assert subject.rate_per_s == full / 16


@pytest.mark.parametrize("limit", [6, 1000, 10_000])
def test_the_full_rate_is_back_after_some_minutes_of_success(limit):
    subject, clock = budget(limit)
    full = subject.rate_per_s
    subject.throttled(8)
    minutes = 0
    while subject.rate_per_s < full:
        for _ in range(60):
            clock.tick(1)
            for _ in range(drain(subject, Purpose.LOOK)):
                subject.succeeded()
        minutes += 1
        assert minutes <= 4
    subject.succeeded()
    assert subject.rate_per_s == full


@pytest.mark.parametrize("odd", [None, math.nan, -1.0])
def test_a_429_without_a_usable_delay_still_means_a_pause(odd):
    subject, clock = budget(1000)
    subject.throttled(odd)
    clock.tick(9.9)
    assert not subject.take(Purpose.CREATE)
    clock.tick(1)
    assert subject.take(Purpose.CREATE)


ABSURD = [91.0, 3600.0, 1e9, math.inf]


@pytest.mark.parametrize("limit", [6, 60, 1000])
@pytest.mark.parametrize("retry_after_s", ABSURD)
def test_an_absurd_delay_shuts_for_so_long_and_then_one_free_request_goes_ahead(limit, retry_after_s):
    subject, clock = budget(limit)
    subject.take(Purpose.CREATE)
    subject.throttled(retry_after_s)
    clock.tick(SHUT_MAX_S - 1)
    assert not any(drain(subject, purpose) for purpose in Purpose)
    assert not subject.wants_probe
    clock.tick(1 + 180 / limit)  # more than a token at half the rate
    assert subject.wants_probe
    assert [drain(subject, purpose) for purpose in (Purpose.CREATE, Purpose.OTHER, Purpose.LOOK)] == [0, 1, 0]
    assert not subject.wants_probe


def test_a_good_answer_to_the_probe_opens_for_all():
    subject, clock = budget(1000)
    subject.throttled(1e9)
    clock.tick(100)
    assert subject.take(Purpose.OTHER)
    assert not subject.take(Purpose.CREATE)
    subject.succeeded()
    assert drain(subject, Purpose.CREATE) > 1
    assert subject.shut_for_s is None


def test_a_probe_that_is_refused_shuts_again_and_one_without_an_answer_is_followed_by_another():
    subject, clock = budget(1000)
    subject.throttled(1e9)
    clock.tick(100)
    assert subject.take(Purpose.LOOK)
    subject.throttled(1e9)
    clock.tick(SHUT_MAX_S - 1)
    assert not subject.take(Purpose.LOOK)
    clock.tick(10)
    assert subject.take(Purpose.LOOK)
    clock.tick(PROBE_S - 1)
    assert not subject.take(Purpose.LOOK)
    clock.tick(2)
    assert subject.take(Purpose.LOOK)


def test_a_create_is_the_probe_only_where_nothing_free_has_brought_an_answer_for_long():
    subject, clock = budget(1000)
    subject.throttled(1e9)
    clock.tick(SHUT_MAX_S + CREATES_PROBE_AFTER_S - 1)
    assert not subject.take(Purpose.CREATE)
    clock.tick(2)
    assert drain(subject, Purpose.CREATE) == 1
    subject.give_back()
    assert drain(subject, Purpose.CREATE) == 1


def test_an_answer_to_what_was_sent_before_the_refusal_opens_nothing():
    subject, clock = budget(1000)
    subject.throttled(1e9)
    subject.succeeded()
    clock.tick(SHUT_MAX_S + 10)
    assert drain(subject, Purpose.LOOK) == 1


@pytest.mark.parametrize(("retry_after_s", "told"), [(None, False), (5, False), (15, True), (60, True), (1e9, True)])
def test_only_a_pause_that_is_worth_it_is_told(retry_after_s, told):
    subject, clock = budget(1000)
    assert subject.shut_for_s is None
    subject.throttled(retry_after_s)
    expected = min(retry_after_s, SHUT_MAX_S) if told else None
    assert subject.shut_for_s == expected
    clock.tick(SHUT_MAX_S + 5)
    assert subject.shut_for_s == (0 if retry_after_s == 1e9 else None), "until somebody has probed"


def test_a_refusal_of_the_catalogue_alone_shuts_nothing():
    subject, _ = budget(1000)
    subject.heard(ThrottledError("slow", retry_after_s=60))
    assert subject.take(Purpose.CREATE)


@pytest.mark.parametrize(
    ("error", "opens"),
    [(None, True), (AccessRefusedError("no"), True), (NotSentError("out"), False), (ThrottledError("slow"), False)],
)
def test_every_definite_answer_to_the_probe_opens(error, opens):
    subject, clock = budget(1000)
    subject.throttled(1e9)
    clock.tick(100)
    assert subject.take(Purpose.OTHER)
    subject.heard(error)
    assert subject.take(Purpose.LOOK) is opens


def test_a_clock_that_stands_still_grants_only_the_burst():
    subject, _ = budget(1000)
    assert drain(subject, Purpose.CREATE) == 50


@pytest.mark.parametrize(("limit", "share"), [(0, 0.9), (-1, 0.9), (10, 0.0), (10, 1.1)])
def test_a_budget_that_can_grant_nothing_is_refused(limit, share):
    with pytest.raises(ValueError, match="at least 1 request"):
        Budget(limit, share=share)
