"""Buttons and menus that work for ever: their state is their custom id, so they live through restarts."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import discord
from discord.ui.select import BaseSelect
from discord.ui.view import BaseView

from bot.ui.card import Button, Press
from bot.ui.pages import SHAPES, State

if TYPE_CHECKING:
    from bot.ui.client import MusicBot

PressHandler = Callable[..., Awaitable[None]]
"""Answers a press: takes the interaction, the facts of the custom id (what it is about and the number of a button, or
what a list shows), and what was picked in a menu (see `Control`)."""


class Control(
    discord.ui.DynamicItem[discord.ui.Item[BaseView]],
    template=(
        r"encore:(?:(?P<shape>menu|list|queue):)?(?P<press>[a-z_]+):"
        r"(?P<facts>\d{1,20}(?::\d{1,9})?|\d{1,5}:\d:\d:.*)"
    ),
):
    """A button or menu of ours; hands over what its custom id says, and what was picked.

    For a menu in which one thing can be picked that is it, or nothing; for one that takes several it is a list.
    Where Discord itself lists members, roles or channels, what is picked are their ids.
    """

    def __init__(self, press: str, facts: Sequence[int | State], item: discord.ui.Item[BaseView]) -> None:
        super().__init__(item)
        self.press = press
        self.facts = facts

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: discord.ui.Item[BaseView], match: re.Match[str], /
    ) -> Self:
        """Called by discord.py for whatever carries a custom id that fits the template."""
        facts: list[int | State]
        if (shape := SHAPES.get(match["shape"] or "")) is not None:
            facts = [shape.decode(match["facts"])]
        else:
            facts = [int(number) for number in match["facts"].split(":")]
        return cls(match["press"], facts, item)

    async def callback(self, interaction: "discord.Interaction[MusicBot]") -> None:  # type: ignore[override]  # the client is always ours
        """Hand it over."""
        picked = _picked(self.item, interaction) if isinstance(self.item, BaseSelect) else []
        await interaction.client.pressed(interaction, self.press, *self.facts, *picked)


def _picked(menu: BaseSelect[BaseView], interaction: discord.Interaction) -> Sequence[object]:
    """What was picked, as the arguments of a handler."""
    # the values of discord.py's own are members, roles and channels, in any order
    data: Mapping[str, object] = interaction.data or {}
    values = data.get("values")
    told: Sequence[str] = values if isinstance(values, Sequence) else ()
    picked = [*told] if isinstance(menu, discord.ui.Select) else [int(value) for value in told]
    return [picked] if menu.max_values > 1 else picked[:1]


def item_of(button: Button) -> discord.ui.Item[BaseView]:
    """A button as discord.py sends it."""
    if button.press is None:
        return discord.ui.Button(label=button.label, url=button.url)
    facts = [button.subject] if button.number is None else [button.subject, button.number]
    custom_id = ":".join(["encore", button.press, *map(str, facts)])
    return Control(
        button.press,
        facts,
        discord.ui.Button(label=button.label, style=button.style, custom_id=custom_id, disabled=button.is_disabled),
    )


def menu_of(
    press: Press, subject: int, options: Sequence[discord.SelectOption], chosen: str = "", *, placeholder: str = ""
) -> Control:
    """A menu as discord.py sends it; it shows which of the options is chosen now, or else the placeholder."""
    for option in options:
        option.default = option.value == chosen
    item: discord.ui.Select[BaseView] = discord.ui.Select(
        custom_id=f"encore:menu:{press}:{subject}", options=[*options], placeholder=placeholder or None
    )
    return Control(press, [subject], item)


def list_button(press: Press, state: State, label: str, *, is_disabled: bool = False) -> Control:
    """A button that shows this state of a list, or asks about it."""
    button: discord.ui.Button[BaseView] = discord.ui.Button(
        label=label, custom_id=_list_id(press, state), disabled=is_disabled
    )
    return Control(press, [state], button)


def list_menu(
    press: Press, state: State, options: Sequence[discord.SelectOption], *, placeholder: str | None = None
) -> Control:
    """A menu of a list, from which one thing is picked."""
    menu: discord.ui.Select[BaseView] = discord.ui.Select(
        custom_id=_list_id(press, state), options=[*options], placeholder=placeholder
    )
    return Control(press, [state], menu)


def member_menu(press: Press, *, placeholder: str) -> Control:
    """A menu in which Discord offers its members, and one of them is picked."""
    menu: discord.ui.UserSelect[BaseView] = discord.ui.UserSelect(
        custom_id=f"encore:menu:{press}:0", placeholder=placeholder
    )
    return Control(press, [0], menu)


def list_member_menu(press: Press, state: State, chosen: int | None, *, placeholder: str) -> Control:
    """A menu of a list in which Discord offers its members; picking nobody is a choice, too."""
    menu: discord.ui.UserSelect[BaseView] = discord.ui.UserSelect(
        custom_id=_list_id(press, state),
        placeholder=placeholder,
        min_values=0,
        default_values=[discord.Object(chosen, type=discord.User)] if chosen is not None else [],
    )
    return Control(press, [state], menu)


def _list_id(press: Press, state: State) -> str:
    return f"encore:{state.shape}:{press}:{state.encode()}"


def view_of(parts: Iterable[Button | discord.ui.Item[BaseView]]) -> discord.ui.View:
    """Buttons and menus below a message; discord.py need not remember them, they are all dynamic."""
    view = discord.ui.View(timeout=None)
    for part in parts:
        view.add_item(item_of(part) if isinstance(part, Button) else part)
    return view


def custom_ids_in(message: discord.Message) -> set[str]:
    """The custom ids of all that can be pressed or picked below a message."""
    children = (child for row in message.components for child in getattr(row, "children", ()))
    return {custom_id for child in children if (custom_id := getattr(child, "custom_id", None))}


def presses_in(message: discord.Message) -> set[tuple[Press, int]]:
    """Which of our buttons a message carries."""
    found: set[tuple[Press, int]] = set()
    for custom_id in custom_ids_in(message):
        match = re.fullmatch(r"encore:([a-z_]+):(\d{1,18})", custom_id)
        if match and match[1] in set(Press):
            found.add((Press(match[1]), int(match[2])))
    return found
