"""A clock that is set back, or was ahead for a while, stops nothing for longer than a pause lasts."""

from datetime import timedelta

import pytest

from bot.domain.due import LONGEST, Pause, is_due, is_over
from bot.domain.line import Waiting, sendable
from bot.domain.tasks import TaskId
from tests.fakes.rows import START

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("pause", Pause)
def test_a_moment_is_due_once_it_has_come_or_where_we_never_put_one(pause: Pause) -> None:
    assert is_due(None, START, pause)
    assert is_due(START, START, pause)
    assert not is_due(START + SECOND, START, pause)
    assert not is_due(START + LONGEST[pause], START, pause)
    assert is_due(START + LONGEST[pause] + SECOND, START, pause)


def test_a_patience_is_over_after_its_time_and_where_it_never_began() -> None:
    assert is_over(None, START, SECOND)
    assert not is_over(START, START, SECOND)
    assert is_over(START, START + SECOND, SECOND)
    assert is_over(START + SECOND, START, 5 * SECOND)


def test_what_waits_for_the_provider_is_sent_after_the_clock_was_set_back() -> None:
    def waiting(number: int, ahead: timedelta) -> Waiting:
        return Waiting(id=TaskId(number), user_id=number, guild_id=70, created_at=START, not_before=START + ahead)

    line = [waiting(1, SECOND), waiting(2, timedelta(hours=3)), waiting(3, -SECOND)]
    assert [one.id for one in sendable(line, {}, now=START)] == [2, 3]
