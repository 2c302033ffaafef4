"""Buttons and menus that work for ever: their state is their custom id, so they live through restarts."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.ui.card import Button, Card, Press

if TYPE_CHECKING:
    from bot.ui.client import MusicBot

PressHandler = Callable[..., Awaitable[None]]
"""Answers a press: takes the interaction, the id of what it is about (see `Button`), and what else there is: the number
of a button that has one, the value that was picked in a menu."""


class PressButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"encore:(?P<press>[a-z_]+):(?P<numbers>\d{1,20}(?::\d{1,9})?)",
):
    """Any button of ours; hands the press to whoever registered for it on the client."""

    def __init__(self, press: str, numbers: Sequence[int], item: discord.ui.Button[Any]) -> None:
        super().__init__(item)
        self.press = press
        self.numbers = numbers

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Called by discord.py for each press of a button whose custom id fits the template."""
        if not isinstance(item, discord.ui.Button):
            raise TypeError("only buttons carry our custom ids")
        return cls(match["press"], [int(number) for number in match["numbers"].split(":")], item)

    async def callback(self, interaction: "discord.Interaction[MusicBot]") -> None:  # type: ignore[override]  # the client is always ours
        """Hand the press over."""
        await interaction.client.pressed(interaction, self.press, *self.numbers)


class PressMenu(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"encore:menu:(?P<press>[a-z_]+):(?P<subject>\d{1,20})",
):
    """Any menu of ours in which one thing can be picked; hands over what it was."""

    def __init__(self, press: str, subject: int, item: discord.ui.Select[Any]) -> None:
        super().__init__(item)
        self.press = press
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Called by discord.py for each choice in a menu whose custom id fits the template."""
        if not isinstance(item, discord.ui.Select):
            raise TypeError("only menus carry these custom ids")
        return cls(match["press"], int(match["subject"]), item)

    async def callback(self, interaction: "discord.Interaction[MusicBot]") -> None:  # type: ignore[override]  # the client is always ours
        """Hand the choice over."""
        await interaction.client.pressed(interaction, self.press, self.subject, self.item.values[0])


def menu_of(press: Press, subject: int, options: Sequence[discord.SelectOption], chosen: str) -> PressMenu:
    """A menu as discord.py sends it; it shows which of the options is chosen now."""
    for option in options:
        option.default = option.value == chosen
    item: discord.ui.Select[Any] = discord.ui.Select(custom_id=f"encore:menu:{press}:{subject}", options=[*options])
    return PressMenu(press, subject, item)


def item_of(button: Button) -> discord.ui.Item[Any]:
    """A button as discord.py sends it."""
    if button.press is None:
        return discord.ui.Button(label=button.label, url=button.url)
    numbers = [button.subject] if button.number is None else [button.subject, button.number]
    custom_id = ":".join(["encore", button.press, *map(str, numbers)])
    return PressButton(
        button.press,
        numbers,
        discord.ui.Button(label=button.label, style=button.style, custom_id=custom_id, disabled=button.is_disabled),
    )


def view_of(card: Card) -> discord.ui.View:
    """The buttons of a card; discord.py need not remember them, they are all dynamic."""
    view = discord.ui.View(timeout=None)
    for button in card.buttons:
        view.add_item(item_of(button))
    return view


def presses_in(message: discord.Message) -> set[tuple[Press, int]]:
    """Which of our buttons a message carries."""
    found: set[tuple[Press, int]] = set()
    for row in message.components:
        for child in getattr(row, "children", ()):
            match = re.fullmatch(r"encore:([a-z_]+):(\d{1,18})", getattr(child, "custom_id", None) or "")
            if match and match[1] in set(Press):
                found.add((Press(match[1]), int(match[2])))
    return found
