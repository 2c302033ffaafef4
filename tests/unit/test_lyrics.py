"""Lyrics by sections, in pages, and in the inputs of a form: nothing is lost, everything fits and can be reached."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.wishes import LYRICS_MAX_CHARS, normalise
from bot.ui.limits import FIELDS_MAX, INPUT_CHARS
from bot.ui.lyrics import (
    PAGE_CHARS,
    PARTS_MAX,
    Section,
    inputs,
    joined,
    mark,
    pages,
    parts,
    refilled,
    sections,
    shown,
    with_part,
)

SONG = "[Verse 1]\nRain on the tin\nrain on the sea\n\n[Chorus]\nOh"
LONG_LINES = "\n".join("x" * 2100 for _ in range(9))

WORDS = st.text(alphabet="ab é歌*_\\[]()>#-@.:/", max_size=30)
LINES = st.one_of(
    WORDS,
    st.sampled_from(
        ["[Verse 1]", "[Chorus]", "", "", "[ ]", "[]", "# x", "> y", "https://example.org/a_b", "@everyone"]
    ),
    st.integers(1, 5000).map(lambda length: "word " * (length // 5) + "x"),
    st.integers(1, 9000).map(lambda length: "\\" * length),
)
LYRICS = (
    st.lists(LINES, min_size=1, max_size=80)
    .map(lambda lines: normalise("\n".join(lines))[:LYRICS_MAX_CHARS].strip())
    .filter(bool)
)
FULL = st.builds(lambda text: (text + "\n\n") * (LYRICS_MAX_CHARS // (len(text) + 2) + 1), LYRICS).map(
    lambda text: text[:LYRICS_MAX_CHARS].strip()
)


def squeezed(text: str) -> str:
    """A text without white space: what must never be lost."""
    return "".join(text.split())


def lines_of(text: str) -> list[str]:
    """Without blank lines, and without blanks at the edges of lines and of headings."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [f"[{line[1:-1].strip()}]" if line[0] == "[" and line[-1] == "]" else line for line in lines]


# --- sections --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SONG, [("Verse 1", "Rain on the tin\nrain on the sea"), ("Chorus", "Oh")]),
        ("Hum\n[Verse]\nRain", [(None, "Hum"), ("Verse", "Rain")]),
        ("no\nheading", [(None, "no\nheading")]),
        ("[Intro]\n[Verse]\nRain", [("Intro", ""), ("Verse", "Rain")]),
        ("  [ Verse 1: Ann ] \nRain", [("Verse 1: Ann", "Rain")]),
        ("[x] and on", [(None, "[x] and on")]),
        ("[ ]\n[]\n[[a]]", [(None, "[ ]\n[]\n[[a]]")]),
        (f"[{'x' * 61}]", [(None, f"[{'x' * 61}]")]),
        ("a\n\n\nb\n\n[C]\n\nd\n\n", [(None, "a\n\n\nb"), ("C", "d")]),
    ],
)
def test_a_line_in_brackets_begins_a_section(text: str, found: list[tuple[str | None, str]]) -> None:
    assert [(part.name, part.text) for part in sections(text)] == found


@given(text=LYRICS)
@example("[Intro]\n[Verse]\nRain")
@example("[: ]")
def test_sections_joined_again_are_the_same_text_up_to_blank_lines(text: str) -> None:
    assert lines_of(joined(sections(text))) == lines_of(text)


def test_a_section_without_words_leaves_no_gap() -> None:
    assert joined(sections("[Intro]\n[Verse]\nRain")) == "[Intro]\n\n[Verse]\nRain"


# --- to read ---------------------------------------------------------------------------------------------------------


def test_headings_are_set_apart_and_the_words_stand_behind_a_bar() -> None:
    text = "[Verse *1*]\nRain # and\n# thunder\n\nmore"

    assert shown(text) == "**Verse \\*1\\***\n> Rain # and\n> \\# thunder\n\n> more"


@given(text=st.one_of(LYRICS, FULL))
def test_no_line_is_lost_over_the_pages_and_each_page_fits(text: str) -> None:
    found = pages(text)

    assert all(0 < len(page) <= PAGE_CHARS for page in found)
    assert squeezed(_bare("\n".join(found))) == squeezed(re.sub(r"[\\*\[\]]", "", text))


def _bare(text: str) -> str:
    """Without what showing adds: the bars, the marks of headings, and what escapes."""
    return re.sub(r"^> |[\\*\[\]\u200b]", "", text, flags=re.M)


@given(text=LYRICS)
def test_what_fits_is_one_page_as_the_card_shows_it(text: str) -> None:
    assert (pages(text) == [shown(text)]) is (len(shown(text)) <= PAGE_CHARS)


@given(text=st.one_of(LYRICS, FULL))
def test_no_page_ends_between_a_backslash_and_what_it_escapes(text: str) -> None:
    for line in "\n".join(pages(text)).splitlines():
        assert (len(line) - len(line.rstrip("\\"))) % 2 == 0


def test_a_section_that_fits_is_not_torn() -> None:
    verse = "\n".join(["line"] * 200)

    assert [page.splitlines()[0] for page in pages("\n\n".join(f"[V{n}]\n{verse}" for n in range(5)))] == [
        "**V0**", "**V2**", "**V4**"
    ]  # fmt: skip


# --- to change -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (SONG, 2),
        ("no heading", 1),
        ("x" * INPUT_CHARS, 1),
        ("\n\n".join(["x" * 1000] * 9), 3),
        ("\n\n".join(f"[V{n}]\nx" for n in range(PARTS_MAX)), PARTS_MAX),
        ("\n\n".join(f"[V{n}]\nx" for n in range(PARTS_MAX + 1)), 1),
        ("\n\n".join(f"[V{n}]\n{'x' * 690}" for n in range(PARTS_MAX + 1)), 5),
        ("[Only]\n" + "\n\n".join(["x" * 1000] * 9), 3),
        ("[Long]\n" + "x" * 9000 + "\n[Short]\ny", 2),
        ("x" * LYRICS_MAX_CHARS, 1),
    ],
)
def test_lyrics_are_changed_by_sections_or_by_whole_paragraphs_that_go_together(text: str, count: int) -> None:
    assert len(parts(text)) == count


@given(text=st.one_of(LYRICS, FULL))
@example(LONG_LINES)
@example("x" * LYRICS_MAX_CHARS)
def test_every_bit_of_a_text_stands_in_an_input_of_one_of_its_parts(text: str) -> None:
    found = parts(text)
    filled = [list(inputs(part).values()) for part in found]

    assert 1 <= len(found) <= PARTS_MAX
    assert all(len(texts) <= FIELDS_MAX for texts in filled)
    assert all(len(one) <= INPUT_CHARS for texts in filled for one in texts)
    assert squeezed("".join("".join(texts) for texts in filled)) == squeezed(joined(sections(text)))


@given(text=st.one_of(LYRICS, FULL))
@example(LONG_LINES)
def test_inputs_that_nobody_touched_are_the_same_text(text: str) -> None:
    found = parts(text)

    assert [refilled(part, inputs(part)) for part in found] == [part.as_written() for part in found]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("x" * 2000, [2000]),
        ("x" * 2001, [2001, 0]),
        ("x" * 4000, [4000, 0]),
        ("x" * 4001, [4000, 1]),
        (f"{'x' * 3000}\n{'y' * 3000}", [3000, 3000, 0]),
        (f"{'x' * 3000} {'y' * 3000}", [3000, 3000, 0]),
        (LONG_LINES, [4000, 4000, 4000, 4000, 2908]),
        ("x" * 20_000, [4000] * 5),
    ],
)
def test_a_part_is_cut_between_lines_as_far_as_it_fits_and_there_is_room_to_go_on(
    text: str, lengths: list[int]
) -> None:
    assert [len(one) for one in inputs(Section(text=text)).values()] == lengths


def test_what_is_written_behind_a_full_input_comes_behind_it() -> None:
    part = Section(name="Verse", text="\n".join(["a line of words"] * 150))

    assert refilled(part, inputs(part) | {"text1": "and more"}) == f"{part.as_written()}\nand more"


def test_a_part_is_worded_anew_and_the_others_stay() -> None:
    assert with_part(parts(SONG), 0, "[Verse 1]\nSun") == "[Verse 1]\nSun\n\n[Chorus]\nOh"


def test_a_part_of_which_nothing_is_left_goes() -> None:
    assert with_part(parts(SONG), 1, "") == "[Verse 1]\nRain on the tin\nrain on the sea"


def test_the_mark_tells_texts_apart_and_fits_a_custom_id() -> None:
    marks = [mark(Section(text=f"line {number}")) for number in range(1000)]

    assert len(set(marks)) == 1000
    assert all(len(str(one)) <= 18 for one in marks)
    assert mark(Section(name="V", text="a")) == mark(Section(text="[V]\na"))
