"""How a task stands on the bill: every state, with and without what makes it unclear."""

from decimal import Decimal
from typing import Any

import pytest

from bot.domain.charges import Charge, charge_of, times_charged
from bot.domain.tasks import RELEASED, ErrorCode, State

SETTLED, RESERVED, UNCLEAR, FREE = Charge.SETTLED, Charge.RESERVED, Charge.UNCLEAR, Charge.FREE


@pytest.mark.parametrize(
    ("state", "plain", "after_an_unclear_attempt"),
    [
        (State.RECEIVED, RESERVED, RESERVED),
        (State.QUEUED, RESERVED, RESERVED),
        (State.SUBMITTING, RESERVED, RESERVED),
        (State.RUNNING, RESERVED, RESERVED),
        (State.COMPLETED, SETTLED, SETTLED),
        (State.UNCERTAIN, UNCLEAR, UNCLEAR),
        (State.EXPIRED, UNCLEAR, UNCLEAR),
        (State.FAILED, FREE, UNCLEAR),
        (State.CANCELLED, FREE, UNCLEAR),
        (State.ABANDONED, FREE, FREE),
    ],
)
def test_each_state_stands_on_the_bill_in_one_way(
    state: State, plain: Charge, after_an_unclear_attempt: Charge
) -> None:
    assert charge_of(state) is plain
    assert charge_of(state, unclear_attempts=2) is after_an_unclear_attempt


@pytest.mark.parametrize("code", ErrorCode)
def test_only_a_failure_after_the_provider_had_done_its_work_may_be_charged(code: ErrorCode) -> None:
    may = code in {ErrorCode.NO_RESULT, ErrorCode.RESULT_GONE, ErrorCode.NO_ANSWER}
    assert charge_of(State.FAILED, error_code=code) is (UNCLEAR if may else FREE)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("more", [{}, {"error_code": ErrorCode.NO_RESULT}, {"unclear_attempts": 1}])
def test_what_is_on_record_is_settled_whatever_we_thought_of_it(state: State, more: dict[str, Any]) -> None:
    assert charge_of(state, cost_usd=Decimal("0.01"), **more) is SETTLED


@pytest.mark.parametrize("state", State)
def test_a_record_of_nothing_makes_nothing_dearer(state: State) -> None:
    assert charge_of(state, cost_usd=Decimal(0)) is charge_of(state)


@pytest.mark.parametrize("code", [None, ErrorCode.NO_RESULT, ErrorCode.WISH_REFUSED])
@pytest.mark.parametrize("state", State)
def test_what_may_be_charged_may_be_so_at_least_once(state: State, code: ErrorCode | None) -> None:
    code = code if state is State.FAILED else None
    for unclear in (0, 1, 2):
        times = times_charged(state, error_code=code, unclear_attempts=unclear)
        assert (times == 0) is (charge_of(state, error_code=code, unclear_attempts=unclear) is FREE)


def test_each_attempt_that_was_perhaps_accepted_may_be_charged_beside_the_one_that_was() -> None:
    assert times_charged(State.COMPLETED) == 1
    assert times_charged(State.COMPLETED, unclear_attempts=2) == 3
    assert times_charged(State.QUEUED, unclear_attempts=1) == 2
    assert times_charged(State.UNCERTAIN, unclear_attempts=2) == 2
    assert times_charged(State.CANCELLED, unclear_attempts=1) == 1
    assert times_charged(State.FAILED, error_code=ErrorCode.WISH_REFUSED, unclear_attempts=1) == 1


@pytest.mark.parametrize("state", State)
def test_what_is_free_counts_against_no_limit(state: State) -> None:
    assert (charge_of(state) is FREE) is (state in RELEASED)
