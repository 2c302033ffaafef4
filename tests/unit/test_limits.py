"""Limits of one member: the last that fits, and the first that does not."""

import pytest

from bot.domain.limits import RUNNING_PER_MEMBER, WAITING_PER_MEMBER, UnderWay, may_ask, may_run


@pytest.mark.parametrize(("waiting", "fits"), [(0, True), (9, True), (10, False), (11, False)])
@pytest.mark.parametrize("running", [0, RUNNING_PER_MEMBER])
def test_ten_wishes_of_a_member_may_wait(waiting: int, running: int, *, fits: bool):
    assert WAITING_PER_MEMBER == 10
    assert may_ask(UnderWay(waiting=waiting, running=running)) is fits


@pytest.mark.parametrize(("running", "fits"), [(0, True), (2, True), (3, False), (4, False)])
def test_three_tasks_of_a_member_may_be_at_the_provider(running: int, *, fits: bool):
    assert RUNNING_PER_MEMBER == 3
    assert may_run(running) is fits
