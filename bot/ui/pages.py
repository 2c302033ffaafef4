"""Lists that are turned over, filtered and searched: what one shows is in the custom ids of its controls."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.domain.listing import STATES, Stage, Wanted
from bot.domain.tasks import Kind
from bot.domain.wishes import one_line
from bot.ui.card import Press
from bot.ui.escape import cut

if TYPE_CHECKING:
    from bot.ui.client import MusicBot

STAGES = (None, *Stage)
KINDS = (None, *Kind)
"""Custom ids name a choice by its place: new ones come last."""
SEARCH_CHARS = 40
SEARCH_UNITS = 60
"""So much of a custom id's 100 characters is left for the words, should Discord count UTF-16 units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What a list shows."""

    page: int = 0
    stage: Stage | None = None
    """None for all, as in `kind`."""
    kind: Kind | None = None
    text: str = ""
    """What was searched, as `searched` gives it."""

    @property
    def wanted(self) -> Wanted:
        """Which tasks that are."""
        everything = Wanted(text=self.text)
        return Wanted(
            states=STATES[self.stage] if self.stage else everything.states,
            kinds=frozenset({self.kind}) if self.kind else everything.kinds,
            text=self.text,
        )

    def encode(self) -> str:
        """The state as a part of a custom id."""
        return f"{self.page}:{STAGES.index(self.stage)}:{KINDS.index(self.kind)}:{self.text}"

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """What `encode` gave; places that no choice has mean all."""
        page, stage, kind, text = encoded.split(":", 3)
        return cls(page=int(page), stage=stage_at(stage), kind=kind_at(kind), text=searched(text))


def stage_at(place: str | int) -> Stage | None:
    """The choice at that place."""
    return dict(enumerate(STAGES)).get(int(place))


def kind_at(place: str | int) -> Kind | None:
    """The choice at that place."""
    return dict(enumerate(KINDS)).get(int(place))


def searched(text: str) -> str:
    """Words to search for, as far as a custom id can keep them."""
    return one_line(cut(one_line(text)[:SEARCH_CHARS], SEARCH_UNITS))  # once more, for what a cut lays bare


class ListControl(
    discord.ui.DynamicItem[discord.ui.Item[Any]],
    template=r"encore:list:(?P<press>[a-z_]{1,12}):(?P<state>\d{1,5}:\d:\d:.*)",
):
    """A button or a menu of a list; hands over what the list showed and what was picked."""

    def __init__(self, press: str, state: ListState, item: discord.ui.Item[Any]) -> None:
        super().__init__(item)
        self.press = press
        self.state = state

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Called by discord.py for whatever carries a custom id that fits the template."""
        return cls(match["press"], ListState.decode(match["state"]), item)

    async def callback(self, interaction: "discord.Interaction[MusicBot]") -> None:  # type: ignore[override]  # the client is always ours
        """Hand it over; a menu gives the one thing that was picked."""
        picked = self.item.values[:1] if isinstance(self.item, discord.ui.Select) else ()
        await interaction.client.pressed(interaction, self.press, self.state, *picked)


def list_button(press: Press, state: ListState, label: str, *, is_disabled: bool = False) -> ListControl:
    """A button that shows this state, or asks about it."""
    button: discord.ui.Button[Any] = discord.ui.Button(
        label=label, custom_id=_custom_id(press, state), disabled=is_disabled
    )
    return ListControl(press, state, button)


def list_menu(
    press: Press, state: ListState, options: Sequence[discord.SelectOption], *, placeholder: str | None = None
) -> ListControl:
    """A menu from which one thing is picked."""
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_custom_id(press, state), options=[*options], placeholder=placeholder
    )
    return ListControl(press, state, menu)


def _custom_id(press: Press, state: ListState) -> str:
    return f"encore:list:{press}:{state.encode()}"
