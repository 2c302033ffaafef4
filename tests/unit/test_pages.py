"""What a list shows survives in the custom ids of its controls, whatever members search for."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.listing import LISTED, STATES, Stage, folded
from bot.domain.queue import Lane, Narrowed
from bot.domain.tasks import Kind
from bot.domain.tasks import State as TaskState
from bot.ui.audit import ACTS, act_at
from bot.ui.buttons import Control, list_button
from bot.ui.card import Press
from bot.ui.doors import INTAKES
from bot.ui.pages import (
    KINDS,
    LANES,
    STAGES,
    ListState,
    QueueState,
    State,
    kind_at,
    lane_at,
    searched,
    stage_at,
)

TYPED = st.text(max_size=300) | st.text(alphabet="\u200d\u0301\U0001f469\u094d\u0915 %_\\:/e", max_size=100)
STATES_OF_LISTS = st.builds(
    ListState,
    page=st.integers(0, 99_999),
    stage=st.sampled_from(STAGES),
    kind=st.sampled_from(KINDS),
    text=TYPED.map(searched),
)


STATES_OF_QUEUES = st.builds(
    QueueState,
    page=st.integers(0, 99_999),
    narrowed=st.builds(
        Narrowed,
        lane=st.sampled_from(LANES),
        kind=st.sampled_from(KINDS),
        user_id=st.none() | st.integers(1, 2**63 - 1),
    ),
)


@given(state=STATES_OF_LISTS | STATES_OF_QUEUES)
def test_a_state_is_read_as_it_was_written(state: State) -> None:
    assert type(state).decode(state.encode()) == state


@given(state=STATES_OF_LISTS | STATES_OF_QUEUES, press=st.sampled_from(Press))
async def test_every_state_fits_a_custom_id_that_finds_its_way_back(state: State, press: Press) -> None:
    control = list_button(press, state, "x")

    assert len(control.custom_id.encode("utf-16-le")) <= 2 * 100
    found = Control.__discord_ui_compiled_template__.fullmatch(control.custom_id)
    assert found is not None
    again = await Control.from_custom_id(None, control.item, found)  # type: ignore[arg-type]  # not looked at
    assert (again.press, again.facts) == (press, [state])


@given(text=TYPED)
def test_searched_words_are_one_short_line_and_stay_as_they_are(text: str) -> None:
    words = searched(text)

    assert len(words) <= 40
    assert not re.search(r"[\x00-\x1f\x7f]", words)
    assert searched(words) == words


@given(text=st.text(alphabet="\u00fc\u00e4 \u591c\u6d77abC%_\\", min_size=1, max_size=40))
def test_short_words_are_searched_as_they_were_typed(text: str) -> None:
    assert searched(text) == " ".join(text.split())


def test_half_an_emoji_is_never_searched() -> None:
    assert searched("\U0001f3b5" * 40) == "\U0001f3b5" * 30


def test_the_places_of_choices_never_change() -> None:
    """They stand in messages that are years old."""
    assert STAGES == (None, "under_way", "finished", "troubled", "cancelled")
    assert KINDS == (None, "song", "lyrics", "continuation")
    assert LANES == (
        "open", "waiting", "making", "stuck", "overdue", "unclear", "finished", "failed", "cancelled"
    )  # fmt: skip
    assert INTAKES == ("open", "paused", "draining")
    assert ACTS == (
        None, "cancel", "retry", "drop", "redeliver", "block", "unblock", "intake", "rules", "board"
    )  # fmt: skip
    assert ListState(page=3, stage=Stage.TROUBLED, kind=Kind.LYRICS, text="a:b").encode() == "3:3:2:a:b"


@pytest.mark.parametrize("place", ["5", "9"])
def test_a_place_that_no_choice_has_means_all(place: str) -> None:
    assert (stage_at(place), kind_at(place)) == (None, None)
    assert (lane_at("9"), act_at(99)) == (Lane.OPEN, None)
    assert QueueState.decode("0:9:9:x") == QueueState()


def test_what_is_wanted_follows_the_state() -> None:
    everything = ListState().wanted
    assert (everything.states, everything.kinds, everything.text) == (LISTED, set(Kind), "")
    narrow = replace(ListState(), stage=Stage.FINISHED, kind=Kind.SONG, text="x").wanted
    assert (narrow.states, narrow.kinds, narrow.text) == ({TaskState.COMPLETED}, {Kind.SONG}, "x")


# --- what is in a list, and how words are compared -------------------------------------------------------------------


def test_every_state_but_never_shown_has_one_place_in_the_list() -> None:
    assert sorted(state for states in STATES.values() for state in states) == sorted(
        set(TaskState) - {TaskState.ABANDONED}
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRA\u00dfE", "strasse"),
        ("u\u0308ber", "\u00dcBER"),
        ("\uff76\uff80", "\u30ab\u30bf"),
        ("\uff21\uff22", "ab"),
        ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"),
        ("a \n\t b", "A B"),
    ],
)
def test_words_are_compared_without_case_width_and_spacing(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(text=st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
