"""What all calls to Discord about a task share."""

from bot.domain.tasks import State
from bot.ui.reach import nonce
from tests.fakes.rows import make_task


def test_a_nonce_fits_and_names_task_state_and_attempt() -> None:
    task = make_task(10**12, state=State.COMPLETED, attempt=3)
    names = {nonce(purpose, make_task(n, state=state, attempt=a)) for purpose in "pr" for n in (1, 2)
             for state in (State.COMPLETED, State.FAILED, State.UNCERTAIN) for a in (1, 2)}  # fmt: skip

    assert len(f"{nonce('r', task)}-999") <= 25
    assert len(names) == 24
