"""Lists as Discord gets them: within its limits whatever members write, and leading nowhere else."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.listing import ListedTask, Stage
from bot.domain.tasks import Kind, State, TaskId
from bot.service import Branch, Page
from bot.ui import texts
from bot.ui.lists import Sheet, open_menu, songs_sheet, tree_sheet
from bot.ui.pages import KINDS, STAGES, ListState, searched
from bot.ui.words import LANGUAGES, Words, words_for
from tests.fakes.rows import START, make_listed, make_task
from tests.unit.test_cards import HOSTILE, LIVE_LINK, MASKED_LINKS

ENGLISH = words_for("en-US")
NOW = START + timedelta(minutes=5)
SNOWFLAKE = 10**18


def row(number: int = 1, **changes: Any) -> ListedTask:
    return make_listed(make_task(number, **changes))


def page(rows: Sequence[ListedTask], *, number: int = 0, pages: int = 1) -> Page:
    return Page(rows=rows, number=number, pages=pages, total=len(rows) * pages)


def sheet(rows: Sequence[ListedTask], state: ListState | None = None, words: Words = ENGLISH, **turned: Any) -> Sheet:
    return songs_sheet(page(rows, **turned), state or ListState(), words, now=NOW)


def components(view: discord.ui.View) -> Iterator[dict[str, Any]]:
    for one in view.to_components():
        yield from one["components"]


def labels(view: discord.ui.View) -> list[str]:
    return [one["label"] for one in components(view) if "label" in one]


def assert_discord_takes(shown: Sheet) -> None:
    embed, view = shown
    assert 0 < len(embed.title or "") <= 256
    assert 0 < len(embed.description or "") <= 4096
    assert len(embed.footer.text or "") <= 2048
    assert len(embed) <= 6000
    assert len(view.to_components()) <= 5
    ids = [one["custom_id"] for one in components(view)]
    assert len(ids) == len(set(ids))
    assert all(units(one) <= 100 for one in ids)
    for menu in (one for one in components(view) if one["type"] == 3):
        assert 1 <= len(menu["options"]) <= 25
        values = [option["value"] for option in menu["options"]]
        assert len(values) == len(set(values))
        for option in menu["options"]:
            assert 0 < units(option["label"].strip()) <= 100
            assert units(option.get("description") or "") <= 100


def units(text: str) -> int:
    """How long a client may find it."""
    return len(text.encode("utf-16-le")) // 2


@settings(max_examples=50)
@given(title=st.none() | HOSTILE, made_title=st.none() | HOSTILE, prompt=HOSTILE, text=HOSTILE)
async def test_no_text_makes_discord_refuse_a_list(
    title: str | None, made_title: str | None, prompt: str, text: str
) -> None:
    rows = [
        ListedTask(
            id=TaskId(SNOWFLAKE + number), kind=Kind.CONTINUATION, state=State.UNCERTAIN, created_at=START, user_id=7,
            guild_id=SNOWFLAKE, channel_id=SNOWFLAKE, message_id=SNOWFLAKE, card_lost=None if number % 2 else "no_dm",
            parent_id=None, deleted_at=None, title=title and title[:100], made_title=made_title, prompt=prompt[:200],
        )
        for number in range(8)
    ]  # fmt: skip
    shown = sheet(rows, ListState(page=99_998, text=searched(text)), number=99_998, pages=99_999)

    assert_discord_takes(shown)
    assert len((shown[0].description or "").split("\n")) == 8
    assert "@everyone" not in (shown[0].description or "")
    tree = [Branch(depth=depth, task=one) for depth, one in enumerate(rows * 3)]
    assert_discord_takes(tree_sheet(tree[:24], rows[0].id, 8, ENGLISH, now=NOW))


@pytest.mark.parametrize("language", ["en-US", *LANGUAGES])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", Kind)
async def test_every_state_and_kind_fits_in_every_language(language: str, state: State, kind: Kind) -> None:
    rows = [row(number, state=state, kind=kind, title="x" * 100, card_lost="no_channel") for number in range(1, 9)]

    assert_discord_takes(sheet(rows, words=words_for(language), pages=3, number=1))


@pytest.mark.parametrize("text", MASKED_LINKS)
async def test_no_title_becomes_a_masked_link(text: str) -> None:
    one = row(title=text)

    shown = [sheet([one])[0], tree_sheet([Branch(depth=0, task=one)], one.id, 7, ENGLISH, now=NOW)[0]]

    assert [embed for embed in shown if LIVE_LINK.search(embed.description or "")] == []


@pytest.mark.parametrize(
    ("turned", "buttons"),
    [
        ({}, {"Search": False}),
        ({"pages": 2}, {"Newer": True, "Older": False, "Search": False}),
        ({"pages": 3, "number": 1}, {"Newer": False, "Older": False, "Search": False}),
        ({"pages": 2, "number": 1}, {"Newer": False, "Older": True, "Search": False}),
    ],
)
async def test_pages_are_turned_only_where_there_are_others(turned: dict[str, Any], buttons: dict[str, bool]) -> None:
    _, view = sheet([row()], **turned)

    assert {one["label"]: one["disabled"] for one in components(view) if one["type"] == 2} == buttons


async def test_menus_show_what_is_chosen() -> None:
    _, view = sheet([row()], ListState(stage=Stage.TROUBLED, kind=Kind.LYRICS))

    menus = [one for one in components(view) if one["type"] == 3]
    chosen = [[option["label"] for option in menu["options"] if option.get("default")] for menu in menus]
    assert chosen == [[], ["Failed or unclear"], ["Lyrics"]]


async def test_where_nothing_fits_there_is_nothing_to_open() -> None:
    embed, view = sheet([], ListState(text="x"))

    assert embed.description == "Nothing of yours fits."
    assert "Open one of these" not in [one.get("placeholder") for one in components(view)]
    assert labels(view) == ["Search", "End search"]


async def test_a_song_to_open_is_told_by_number_name_kind_state_and_age() -> None:
    menu = open_menu([row(3, title="Low\nTide")], ENGLISH, now=NOW).item.to_component_dict()

    (option,) = menu["options"]
    assert (option["label"], option["description"]) == ("#3 Low Tide", "Song · in line · 5 min ago")


async def test_a_result_that_could_not_be_shown_says_where_it_is() -> None:
    embed, _ = sheet([row(card_lost="no_channel")])

    assert "open it here" in (embed.description or "")


def test_every_choice_has_words() -> None:
    assert set(texts.STAGE) == set(STAGES)
    assert set(texts.KINDS) == set(KINDS)


# --- families --------------------------------------------------------------------------------------------------------


async def test_a_tree_is_indented_and_its_own_other_songs_can_be_opened() -> None:
    root, shown, theirs = row(1), row(2, parent_id=1), row(3, parent_id=2, user_id=8)
    branches = [Branch(depth=depth, task=one) for depth, one in [(0, root), (1, shown), (2, theirs), (2, None)]]

    embed, view = tree_sheet(branches, shown.id, 7, ENGLISH, now=NOW)

    lines = (embed.description or "").splitlines()
    assert lines[0].startswith("[Slow harbour blues](https://discord.com/channels/70/700/7001) · Song · ")
    assert lines[1].startswith("\N{EM SPACE}↳ **[Slow harbour blues](")
    assert lines[2].endswith(" · <@8>")
    assert lines[3] == "\N{EM SPACE}\N{EM SPACE}↳ *a song that is not shown here*"
    (menu,) = components(view)
    assert [option["value"] for option in menu["options"]] == ["1"]


async def test_a_song_without_kin_of_its_owner_has_nothing_else_to_open() -> None:
    _, view = tree_sheet([Branch(depth=0, task=row(1))], TaskId(1), 7, ENGLISH, now=NOW)

    assert view.to_components() == []
