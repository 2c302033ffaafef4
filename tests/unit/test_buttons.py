"""Whatever carries a custom id of ours hands over what the id says and what was picked, years later, too."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.ui.buttons import Control, item_of, menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.pages import ListState


async def handed_over(item: discord.ui.Item[Any], *values: str) -> tuple[Any, ...]:
    """What the client is told when this is pressed, or these values are picked in it."""
    told: list[tuple[Any, ...]] = []

    async def pressed(_interaction: object, press: str, *facts: Any) -> None:
        told.append((press, *facts))

    match = Control.__discord_ui_compiled_template__.fullmatch(item.custom_id)  # type: ignore[attr-defined]  # ours have one
    assert match is not None
    interaction: Any = SimpleNamespace(client=SimpleNamespace(pressed=pressed), data={"values": [*values]})
    control = await Control.from_custom_id(interaction, item, match)
    await control.callback(interaction)
    return told[0]


def button(custom_id: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(custom_id=custom_id)


def menu(custom_id: str, **more: Any) -> discord.ui.Select[Any]:
    return discord.ui.Select(custom_id=custom_id, options=[discord.SelectOption(label=one) for one in "abc"], **more)


@pytest.mark.parametrize(
    ("custom_id", "told"),
    [
        ("encore:cancel:12", ("cancel", 12)),
        ("encore:retry_surely:12:3", ("retry_surely", 12, 3)),
        ("encore:prefer_styles:18446744073709551615", ("prefer_styles", 2**64 - 1)),
        ("encore:list:songs:3:3:2:a:b", ("songs", ListState.decode("3:3:2:a:b"))),
        ("encore:list:find:0:0:0:", ("find", ListState())),
    ],
)
async def test_buttons_hand_over_what_their_custom_id_says(custom_id: str, told: tuple[Any, ...]) -> None:
    assert await handed_over(button(custom_id)) == told


@pytest.mark.parametrize(
    ("custom_id", "told"),
    [
        ("encore:menu:prefer_model:7", ("prefer_model", 7, "a")),
        ("encore:list:open_song:0:0:0:12", ("open_song", ListState(text="12"), "a")),
    ],
)
async def test_menus_hand_over_the_one_thing_that_was_picked(custom_id: str, told: tuple[Any, ...]) -> None:
    assert await handed_over(menu(custom_id), "a") == told


@pytest.mark.parametrize("picked", [["a"], ["c", "a"], []])
async def test_menus_that_take_several_hand_over_a_list(picked: list[str]) -> None:
    several = menu("encore:menu:prefer_model:7", min_values=0, max_values=3)

    assert await handed_over(several, *picked) == ("prefer_model", 7, picked)


async def test_where_nothing_need_be_picked_nothing_is_handed_over() -> None:
    assert await handed_over(menu("encore:menu:prefer_model:7", min_values=0)) == ("prefer_model", 7)


@pytest.mark.parametrize("kind", [discord.ui.RoleSelect, discord.ui.ChannelSelect, discord.ui.UserSelect])
async def test_of_what_discord_lists_the_ids_are_handed_over(kind: Any) -> None:
    one, several = (kind(custom_id="encore:menu:prefer_model:7", max_values=number) for number in (1, 25))

    assert await handed_over(one, "18446744073709551615") == ("prefer_model", 7, 2**64 - 1)
    assert await handed_over(several, "30", "4") == ("prefer_model", 7, [30, 4])


@pytest.mark.parametrize("custom_id", ["encore:cancel", "encore:cancel:x", "encore:cancel:1:2:3", "other:cancel:1"])
def test_other_custom_ids_are_none_of_ours(custom_id: str) -> None:
    assert Control.__discord_ui_compiled_template__.fullmatch(custom_id) is None


def test_buttons_menus_and_links_stand_below_a_message_in_order() -> None:
    chosen = menu_of(Press.PREFER_MODEL, 7, [discord.SelectOption(label=one) for one in "ab"], "b")
    cancel = Button(label="Cancel", press=Press.CANCEL, subject=12, number=3)
    rows = view_of([chosen, cancel, Button(label="Listen", url="https://a.example")]).to_components()

    children = [child for row in rows for child in row["components"]]
    assert [child.get("custom_id") or child["url"] for child in children] == [
        "encore:menu:prefer_model:7",
        "encore:cancel:12:3",
        "https://a.example",
    ]
    assert [option.get("default", False) for option in children[0]["options"]] == [False, True]
    assert isinstance(item_of(cancel), Control)
