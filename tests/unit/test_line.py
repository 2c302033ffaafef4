"""Our waiting line: fair between servers, fair between members, oldest first for each."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.line import Place, Running, Waiting, in_turn, places, sendable
from bot.domain.rules import Rules
from bot.domain.tasks import TaskId

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def waiting(number: int, user: int, guild: int | None = 1, *, at: int | None = None) -> Waiting:
    created_at = NOW + timedelta(seconds=number if at is None else at)
    return Waiting(id=TaskId(number), user_id=user, guild_id=guild, created_at=created_at)


PEOPLE = st.tuples(st.integers(1, 5), st.none() | st.integers(1, 3), st.integers(0, 30))
LINES = st.lists(PEOPLE, max_size=25).map(
    lambda people: [waiting(number, user, guild, at=at) for number, (user, guild, at) in enumerate(people)]
)
RUNNING = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 5)), st.integers(0, 3))


def order(line: list[Waiting], running: Running | None = None) -> list[int]:
    return [one.id for one in in_turn(line, running or {})]


def turns(line: list[Waiting], running: Running) -> dict[int, int]:
    """Which of its member's turns each task uses, counting what runs already."""
    used = Counter(running)
    found: dict[int, int] = {}
    for one in sorted(line, key=lambda w: (w.created_at, w.id)):
        found[one.id] = used[one.server, one.user_id]
        used[one.server, one.user_id] += 1
    return found


@given(line=LINES, running=RUNNING)
def test_everybody_keeps_exactly_one_place(line: list[Waiting], running: Running):
    assert sorted(order(line, running)) == sorted(one.id for one in line)


@given(line=LINES, running=RUNNING, data=st.data())
def test_the_order_does_not_depend_on_who_is_named_first(line: list[Waiting], running: Running, data: st.DataObject):
    assert order(data.draw(st.permutations(line)), running) == order(line, running)


@given(line=LINES, running=RUNNING)
def test_a_member_s_tasks_of_one_server_go_oldest_first(line: list[Waiting], running: Running):
    theirs = sorted(in_turn(line, running), key=lambda w: (w.user_id, w.server))
    for _, group in groupby(theirs, key=lambda w: (w.user_id, w.server)):
        ages = [(one.created_at, one.id) for one in group]
        assert ages == sorted(ages)


@given(line=LINES, running=RUNNING)
def test_nobody_waits_behind_more_than_one_task_per_turn_of_another_member(line: list[Waiting], running: Running):
    turn = turns(line, running)
    ahead: Counter[tuple[int, int]] = Counter()
    for one in in_turn(line, running):
        for (user, server), count in ahead.items():
            if server == one.server and user != one.user_id:
                assert count <= max(0, turn[one.id] + 1 - running.get((server, user), 0))
        ahead[one.user_id, one.server] += 1


@given(line=LINES, running=RUNNING)
def test_no_server_waits_behind_more_than_one_task_per_round_of_another(line: list[Waiting], running: Running):
    ahead: Counter[int] = Counter()
    for one in in_turn(line, running):
        assert all(count <= ahead[one.server] + 1 for count in ahead.values())
        ahead[one.server] += 1


@given(line=LINES, running=RUNNING)
def test_places_count_the_tasks_the_other_people_and_the_own_tasks_ahead(line: list[Waiting], running: Running):
    ordered = in_turn(line, running)
    told = places(ordered, running)
    for number, one in enumerate(ordered):
        users = [before.user_id for before in ordered[:number]]
        own = running.get((one.server, one.user_id), 0) + sum(
            (before.server, before.user_id) == (one.server, one.user_id) for before in ordered[:number]
        )
        assert told[one.id] == Place(ahead=number, people_ahead=len({*users} - {one.user_id}), own_ahead=own)


def test_a_newcomer_goes_before_the_second_task_of_whoever_came_first():
    assert order([waiting(1, 1), waiting(2, 1), waiting(3, 1), waiting(4, 2)]) == [1, 4, 2, 3]


def test_who_has_tasks_running_goes_after_who_has_none():
    assert order([waiting(1, 1), waiting(2, 2)], {(1, 1): 1}) == [2, 1]


def test_a_small_server_is_not_behind_all_of_a_large_one():
    large = [waiting(number, number) for number in range(1, 6)]
    assert order([*large, waiting(9, 99, 2)]) == [1, 9, 2, 3, 4, 5]


def test_each_direct_message_is_a_server_of_its_own():
    assert order([waiting(1, 1), waiting(2, 2), waiting(3, 3, None), waiting(4, 4, None)]) == [1, 3, 4, 2]


def test_of_two_that_came_at_the_same_moment_the_first_row_goes_first():
    assert order([waiting(2, 1, at=0), waiting(1, 2, at=0)]) == [1, 2]


def test_an_empty_line_is_empty():
    assert (in_turn([], {(1, 1): 2}), places([], {(1, 1): 2})) == ([], {})


@given(line=LINES, running=RUNNING, per_server=st.none() | st.integers(0, 6))
def test_what_may_be_sent_keeps_the_order_and_every_limit(
    line: list[Waiting], running: Running, per_server: int | None
):
    rules = Rules(running_per_member=2, running_per_server=per_server)
    order = in_turn([replace(one, rules=rules) for one in line], running)
    sent = sendable(order, running, now=NOW)
    assert [one for one in order if one in sent] == sent
    members, servers = Counter(running), Counter[int]()
    for (server, _), count in running.items():
        servers[max(server, 0)] += count
    for one in sent:
        members[one.server, one.user_id] += 1
        servers[max(one.server, 0)] += 1
        assert members[one.server, one.user_id] <= 2
        assert per_server is None or servers[max(one.server, 0)] <= per_server
    for one in set(order) - set(sent):
        is_full = per_server is not None and servers[max(one.server, 0)] >= per_server
        assert is_full or members[one.server, one.user_id] >= 2


def test_who_is_held_or_has_to_wait_is_passed_over():
    held, late, due, free = (
        replace(waiting(1, 1), is_held=True),
        replace(waiting(2, 2), not_before=NOW + timedelta(seconds=1)),
        replace(waiting(3, 3), not_before=NOW),
        waiting(4, 4),
    )
    assert sendable([held, late, due, free], {}, now=NOW) == [due, free]
    assert places([held], {})[held.id].is_held


def test_what_a_paused_server_holds_stands_in_nobodys_way_but_its_own():
    one = replace(waiting(1, 1, 1), is_held=True)
    two = replace(waiting(2, 2, 1), is_held=True)
    free = waiting(3, 3, 2)
    told = places([one, two, free], {})
    assert [(told[each.id].ahead, told[each.id].people_ahead) for each in (one, two, free)] == [(0, 0), (1, 1), (0, 0)]


def test_all_direct_messages_together_are_one_server_to_the_limit():
    rules = Rules(running_per_server=2)
    line = [replace(waiting(number, number, None), rules=rules) for number in (1, 2, 3)]
    assert sendable(line, {(-9, 9): 1}, now=NOW) == line[:1]
