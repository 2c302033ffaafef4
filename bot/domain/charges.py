"""What a music task means for the bill: nothing, money that is reserved, money that is spent, or nobody knows."""

from decimal import Decimal
from enum import StrEnum

from bot.domain.tasks import ErrorCode, State


class Charge(StrEnum):
    """How a task stands on the bill."""

    SETTLED = "settled"
    """It was made, or the provider's records say that it has cost something."""
    RESERVED = "reserved"
    """Under way: it will cost something if it is made."""
    UNCLEAR = "unclear"
    """It may have been charged, and nothing tells."""
    FREE = "free"
    """Nothing was charged."""


COUNTED = (Charge.SETTLED, Charge.RESERVED, Charge.UNCLEAR)
"""What may cost something, in the order in which it is shown."""

UNDER_WAY = frozenset({State.RECEIVED, State.QUEUED, State.SUBMITTING, State.RUNNING})
UNKNOWN = frozenset({State.UNCERTAIN, State.EXPIRED})
"""States of which nobody knows whether they are charged."""
LAST_ONE_COUNTS = UNDER_WAY | {State.COMPLETED, State.EXPIRED}
"""States in which the last attempt was, or will be, charged beside the unclear ones before it."""
MAY_BE_CHARGED = frozenset({ErrorCode.NO_RESULT, ErrorCode.RESULT_GONE, ErrorCode.NO_ANSWER})
"""Failures after which the provider may have charged all the same."""


def times_charged(state: State, *, error_code: ErrorCode | None = None, unclear_attempts: int = 0) -> int:
    """How often a task may have been charged, or will be if it is made: each attempt that was perhaps accepted counts.

    Args:
        state: where it is.
        error_code: why it failed.
        unclear_attempts: how many of its attempts were perhaps accepted; of an UNCERTAIN one, the last among them.
    """
    if state is State.ABANDONED:
        return 0
    if state is State.UNCERTAIN:
        return max(unclear_attempts, 1)
    is_last_one = state in LAST_ONE_COUNTS or (state is State.FAILED and error_code in MAY_BE_CHARGED)
    return unclear_attempts + is_last_one


def charge_of(
    state: State, *, error_code: ErrorCode | None = None, unclear_attempts: int = 0, cost_usd: Decimal | None = None
) -> Charge:
    """How a task stands on the bill.

    Args:
        state: where it is.
        error_code: why it failed.
        unclear_attempts: how many of its attempts were perhaps accepted, and charged.
        cost_usd: what the provider's records say, if they are known.
    """
    if state is State.COMPLETED or cost_usd:
        return Charge.SETTLED
    if state in UNDER_WAY:
        return Charge.RESERVED
    if state in UNKNOWN:
        return Charge.UNCLEAR
    may_be_charged = state is not State.ABANDONED and (unclear_attempts > 0 or error_code in MAY_BE_CHARGED)
    return Charge.UNCLEAR if may_be_charged else Charge.FREE
