"""What of a wish is sent as prompt, title and styles, and which lyrics show how prompts are taken."""

from typing import Any

import pytest

from bot.domain.tasks import Kind, TaskId
from bot.domain.wording import DESCRIPTION_MAX_CHARS, Sent, evidence, is_sung, sent_for
from tests.fakes.rows import make_task

TITLED: dict[str, Any] = {"title": "Low Tide", "tags": "blues"}
NAMED: dict[str, Any] = {**TITLED, "title_is_ours": True}
FROM_LYRICS: dict[str, Any] = {"parent_id": TaskId(7)}
SUNG: dict[str, Any] = {"sings_prompt": True}
WORDS = "Ropes on the pier, the gulls are gone, low tide"
OTHER = "Quiet engines hum below while someone counts every star above her"
WHOLE = Sent(prompt=WORDS, title="Low Tide", tags="blues")
NAMELESS = Sent(prompt=WORDS, tags="blues")
DESCRIBED = Sent(prompt=f"{WORDS}\nIn these styles: blues.", is_description=True)


@pytest.mark.parametrize(
    ("wish", "sent"),
    [
        (TITLED, WHOLE),
        (NAMED, NAMELESS),
        ({"tags": "blues"}, NAMELESS),
        ({}, Sent(prompt=WORDS)),
        ({**TITLED, **FROM_LYRICS}, WHOLE),
        ({**NAMED, **FROM_LYRICS}, NAMELESS),
        ({**NAMED, **FROM_LYRICS, "kind": Kind.CONTINUATION}, NAMELESS),
        ({**TITLED, **SUNG}, WHOLE),
        ({**NAMED, **SUNG}, DESCRIBED),
        ({"tags": "blues", **SUNG}, DESCRIBED),
        (SUNG, Sent(prompt=WORDS, is_description=True)),
        ({"title": "Low Tide", **SUNG}, Sent(prompt=WORDS, title="Low Tide")),
        ({**TITLED, **FROM_LYRICS, **SUNG}, WHOLE),
        ({**NAMED, **FROM_LYRICS, **SUNG}, WHOLE),
        ({"tags": "blues", **FROM_LYRICS, **SUNG}, NAMELESS),
    ],
)
def test_what_is_sent_depends_on_whose_words_and_whose_title_they_are(wish: dict[str, Any], sent: Sent):
    assert sent_for(make_task(prompt=WORDS, **wish)) == sent


@pytest.mark.parametrize(("more", "is_too_long"), [(0, False), (1, True)])
def test_a_description_is_too_long_with_its_styles(more: int, is_too_long: bool):  # noqa: FBT001 -- a column of the table
    room = DESCRIPTION_MAX_CHARS - len("\nIn these styles: blues.")
    sent = sent_for(make_task(prompt="x" * (room + more), tags="blues", **SUNG))
    assert (len(sent.prompt), sent.is_too_long) == (DESCRIPTION_MAX_CHARS + more, is_too_long)


def test_words_that_are_sung_in_full_are_no_description():
    assert not sent_for(make_task(prompt="x" * 5000, **TITLED, **SUNG)).is_too_long


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({**TITLED, **SUNG}, True),
        ({**NAMED, **FROM_LYRICS, **SUNG}, True),
        (TITLED, False),
        ({**NAMED, **SUNG}, False),
        ({"title": "Low Tide", **SUNG}, False),
        ({**TITLED, **SUNG, "instrumental": True}, False),
    ],
)
def test_words_are_sung_where_title_and_styles_are_sent(wish: dict[str, Any], expected: bool):  # noqa: FBT001 -- a column of the table
    assert is_sung(make_task(**wish)) is expected


@pytest.mark.parametrize(
    ("lyrics", "expected"),
    [
        (WORDS, True),
        (f"[Verse 1: soft]\n{WORDS.upper()}!", True),
        (WORDS.replace(", ", ",\n\n"), True),
        (OTHER, False),
        (" ".join(reversed(WORDS.split())), False),
        (f"{WORDS}, and more", None),
        (WORDS.replace("gulls are gone", "ships are out"), None),
        ("Low tide", None),
        ("", None),
        (None, None),
    ],
)
def test_lyrics_show_how_prompts_are_taken_or_nothing(lyrics: str | None, expected: bool | None):  # noqa: FBT001 -- a column of the table
    assert evidence(make_task(prompt=WORDS, **TITLED), lyrics) is expected


@pytest.mark.parametrize(
    "wish",
    [
        {"title": "Low Tide"},
        {"tags": "blues"},
        NAMED,
        {**TITLED, "instrumental": True},
        {**TITLED, **FROM_LYRICS},
        {**TITLED, **FROM_LYRICS, "kind": Kind.CONTINUATION},
        {**TITLED, "prompt": "Seven words are not enough of them"},
    ],
)
@pytest.mark.parametrize("is_same", [True, False])
def test_what_was_not_put_to_the_test_shows_nothing(wish: dict[str, Any], is_same: bool):  # noqa: FBT001 -- a column of the table
    task = make_task(**{"prompt": WORDS, **wish})
    assert evidence(task, task.prompt if is_same else OTHER) is None
