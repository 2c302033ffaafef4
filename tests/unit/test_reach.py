"""What all calls to Discord about a task share."""

from bot.domain.tasks import State
from bot.ui.reach import nonce
from tests.fakes.rows import make_task


def test_a_nonce_fits_and_names_task_state_attempt_and_delivery() -> None:
    names = {nonce(purpose, make_task(n, state=state, attempt=a, deliveries=d)) for purpose in "pr" for n in (1, 2)
             for state in (State.COMPLETED, State.FAILED, State.UNCERTAIN) for a in (1, 2) for d in (0, 1)}  # fmt: skip

    assert len(nonce("r", make_task(10**12, state=State.COMPLETED, attempt=99, deliveries=999))) <= 25
    assert len(names) == 48


def test_a_first_delivery_has_the_name_that_earlier_versions_gave_it() -> None:
    assert nonce("p", make_task(5, state=State.COMPLETED, attempt=1)) == "pc1-5"
