"""What can happen to a task: each transition writes columns that exist, and together they make the table of moves."""

from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from bot.domain.tasks import MOVES, AttemptOutcome, InvalidMoveError, MusicTask, State
from bot.domain.transitions import Change, Move, Part, Retried
from bot.store.schema import T
from tests.fakes.sample_changes import EACH, KINDS

MOVING = [kind for kind in KINDS if issubclass(kind, Move)]
OUTCOMES = {
    "Accepted": AttemptOutcome.ACCEPTED,
    "PutBack": AttemptOutcome.REFUSED,
    "VersionRefused": AttemptOutcome.REFUSED,
    "Refused": AttemptOutcome.REFUSED,
    "Unclear": AttemptOutcome.UNKNOWN,
}


def kinds_of(hint: Any) -> set[Any]:
    """The types that a hint admits; a literal counts by its values."""
    if get_origin(hint) in {Union, UnionType}:
        return set().union(*map(kinds_of, get_args(hint)))
    if get_origin(hint) is Literal:
        return {type(value) for value in get_args(hint)}
    return {NoneType if hint is None else hint}


def edges_of(kind: type[Move]) -> set[tuple[State, State]]:
    """The steps of the table that it makes."""
    return {(before, kind.to) for before in kind.sources}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_change_writes_are_columns_that_take_it(kind: type[Change]):
    columns, written = get_type_hints(MusicTask), get_type_hints(kind)
    for name in {one.name for one in fields(kind)} - {"by"}:
        assert name in T
        assert kinds_of(written[name]) <= kinds_of(columns[name]), name


@pytest.mark.parametrize("kind", KINDS)
def test_who_moved_a_task_is_told_of_moves_alone(kind: type[Change]):
    assert ("by" in {one.name for one in fields(kind)}) is issubclass(kind, Move)
    if issubclass(kind, Move):
        assert get_type_hints(kind)["by"] is Part


def test_each_kind_of_change_has_a_sample():
    assert [type(change) for change in EACH] == KINDS


@pytest.mark.parametrize("kind", MOVING)
def test_a_move_is_guarded_news_and_in_the_table(kind: type[Move]):
    assert (kind.guarded, kind.is_news) == (True, True)
    assert kind.sources
    assert all(after in MOVES[before] for before, after in edges_of(kind))


@pytest.mark.parametrize("change", [one for one in EACH if isinstance(one, Move)], ids=lambda one: type(one).__name__)
def test_a_move_leads_out_of_its_own_sources_alone(change: Move):
    for before in State:
        if before in change.sources:
            change.check(before)
        else:
            with pytest.raises(InvalidMoveError):
                change.check(before)


def test_an_unclear_create_comes_back_into_the_line_only_by_a_confirmed_try_again():
    back = {kind for kind in MOVING if (State.UNCERTAIN, State.QUEUED) in edges_of(kind)}
    assert back == {Retried}


def test_every_step_of_the_table_is_made_by_a_transition():
    assert {edge for kind in MOVING for edge in edges_of(kind)} == {
        (before, after) for before, reached in MOVES.items() for after in reached
    }


@pytest.mark.parametrize("kind", MOVING)
def test_whatever_ends_a_create_says_what_became_of_it(kind: type[Move]):
    assert kind.outcome is OUTCOMES.get(kind.__name__)
    leaves = any(before is State.SUBMITTING for before, _ in edges_of(kind))
    assert leaves is (kind.outcome is not None)
