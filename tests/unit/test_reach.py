"""What all calls to Discord about a task share."""

import asyncio

import pytest

from bot.domain.tasks import State
from bot.engine.ports import ShowLaterError
from bot.ui.reach import CALL_S, Reach, attempt, nonce
from tests.fakes.rows import make_task


async def test_a_call_that_hangs_ends_and_may_have_got_through() -> None:
    with pytest.raises(ShowLaterError) as ended:
        await attempt(asyncio.Event().wait(), 0.001)
    assert ended.value.may_be_sent


@pytest.mark.parametrize("call", [attempt, Reach.by_token])
def test_no_call_takes_longer_than_a_minute_unless_told(call: object) -> None:
    assert (CALL_S, call.__defaults__) == (60, (CALL_S,))  # type: ignore[attr-defined]  # of a function


def test_a_nonce_fits_and_names_task_state_attempt_and_delivery() -> None:
    names = {nonce(purpose, make_task(n, state=state, attempt=a, deliveries=d)) for purpose in "pr" for n in (1, 2)
             for state in (State.COMPLETED, State.FAILED, State.UNCERTAIN) for a in (1, 2) for d in (0, 1)}  # fmt: skip

    assert len(nonce("r", make_task(10**12, state=State.COMPLETED, attempt=99, deliveries=999))) <= 25
    assert len(names) == 48


def test_a_first_delivery_has_the_name_that_earlier_versions_gave_it() -> None:
    assert nonce("p", make_task(5, state=State.COMPLETED, attempt=1)) == "pc1-5"
