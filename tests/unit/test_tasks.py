"""The state machine: every pair of states, and what follows from the table."""

import itertools

import pytest

from bot.domain.tasks import ANNOUNCED, MOVES, SETTLED, TERMINAL, InvalidMoveError, Kind, State, check_move

PATHS = """
received -> queued abandoned
queued -> submitting failed cancelled
submitting -> running queued failed uncertain
running -> completed failed expired
expired -> completed failed
uncertain -> running queued cancelled
"""
ALLOWED = {
    (State(before), State(after))
    for before, _, afters in (line.partition(" -> ") for line in PATHS.split("\n") if line)
    for after in afters.split()
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_a_task_moves_along_the_drawn_paths_and_no_others(before: State, after: State):
    if (before, after) in ALLOWED:
        check_move(before, after)
    else:
        with pytest.raises(InvalidMoveError, match=f"{before} can't become {after}"):
            check_move(before, after)


def test_nothing_leaves_a_terminal_state_and_everything_else_goes_on():
    assert set(MOVES) == set(State)
    assert {before for before, _ in ALLOWED} == set(State) - TERMINAL
    assert sorted(TERMINAL) == sorted([State.COMPLETED, State.FAILED, State.CANCELLED, State.ABANDONED])


def test_every_state_but_the_first_can_be_reached():
    assert {after for _, after in ALLOWED} == set(State) - {State.RECEIVED}


@pytest.mark.parametrize("state", State)
def test_a_task_can_always_come_to_an_end(state: State):
    reached, ahead = set(), [state]
    while ahead:
        reached.add(one := ahead.pop())
        ahead += MOVES[one] - reached
    assert reached & TERMINAL


def test_a_card_is_settled_when_only_a_person_can_change_it():
    assert TERMINAL | {State.UNCERTAIN} == SETTLED


def test_members_are_told_of_outcomes_and_not_of_what_they_did_themselves():
    assert SETTLED - {State.CANCELLED, State.ABANDONED} == ANNOUNCED


@pytest.mark.parametrize(("kind", "audio"), [(Kind.SONG, True), (Kind.CONTINUATION, True), (Kind.LYRICS, False)])
def test_only_lyrics_make_no_audio(kind: Kind, *, audio: bool):
    assert kind.makes_audio is audio
