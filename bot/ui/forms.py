"""Forms: what a member fills in. As with buttons, the custom id says what it is for: a restart does no harm."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import discord

from bot.ui.limits import FIELD_NOTE_CHARS, FORM_TITLE_CHARS, INPUT_CHARS, PLACEHOLDER_CHARS

REMEMBERED_S = 900.0
"""How long discord.py keeps an open form; one that is sent later, or after a restart, counts as well."""
FORM_PREFIX = "encore:form:"
CUSTOM_ID = re.compile(rf"{FORM_PREFIX}(?P<form>[a-z_]+)(?P<numbers>(?::\d{{1,20}})*)")


class Form(StrEnum):
    """What a form is for; part of its custom id, so it never changes."""

    CONTINUE = "continue"
    EDIT_DRAFT = "edit_draft"
    EDIT_AGAIN = "edit_again"
    EDIT_LYRICS = "edit_lyrics"
    MAKE_SONG = "make_song"
    TAGS = "tags"
    VERSION = "version"
    FIND = "find"
    RULES = "rules_form"
    MOD_BLOCK = "mod_block"
    MOD_PICK = "mod_pick"
    """The same, for a member who was picked from a menu."""
    MOD_INTAKE = "mod_intake"


Values = Mapping[str, str]
"""What was filled in, by the names of the fields."""
FormHandler = Callable[..., Awaitable[None]]
"""Answers a form: takes the interaction, the values, and the numbers of the custom id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A text to fill in."""

    name: str
    label: str
    note: str = ""
    """What stands below the label."""
    value: str = ""
    placeholder: str = ""
    max_chars: int = INPUT_CHARS
    is_long: bool = False
    is_required: bool = False

    def item(self) -> discord.ui.Label[discord.ui.Modal]:
        """The field as discord.py sends it."""
        text: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id=self.name,
            style=discord.TextStyle.paragraph if self.is_long else discord.TextStyle.short,
            default=self.value[: self.max_chars] or None,
            placeholder=self.placeholder[:PLACEHOLDER_CHARS] or None,
            required=self.is_required,
            max_length=self.max_chars,
        )
        note = self.note[:FIELD_NOTE_CHARS] or None
        return discord.ui.Label(text=self.label[:FORM_TITLE_CHARS], description=note, component=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few to choose."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    """Value and words of each."""
    value: str

    def item(self) -> discord.ui.Label[discord.ui.Modal]:
        """The choice as discord.py sends it."""
        options = [
            discord.SelectOption(label=label, value=value, default=value == self.value) for value, label in self.options
        ]
        menu: discord.ui.Select[discord.ui.Modal] = discord.ui.Select(custom_id=self.name, options=options)
        return discord.ui.Label(text=self.label[:FORM_TITLE_CHARS], component=menu)


def form_of(form: Form, *numbers: int, title: str, fields: Sequence[Field | Choice]) -> discord.ui.Modal:
    """A form as discord.py sends it; the handler registered on the client gets what is filled in."""
    custom_id = FORM_PREFIX + ":".join([form, *map(str, numbers)])
    modal = discord.ui.Modal(title=title[:FORM_TITLE_CHARS], custom_id=custom_id, timeout=REMEMBERED_S)
    for field in fields:
        modal.add_item(field.item())
    return modal


def mark_of(text: str) -> int:
    """A number that tells this text from any other: a form carries it to know whether what it shows still holds."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])


def filled_form(data: Mapping[str, object]) -> tuple[str, Values, list[int]] | None:
    """Which form of ours was filled in, with what, about which rows; None for a form that is not ours."""
    if (found := CUSTOM_ID.fullmatch(str(data.get("custom_id")))) is None:
        return None
    numbers = [int(number) for number in found["numbers"].split(":")[1:]]
    return found["form"], dict(_values(data.get("components"))), numbers


def _values(components: object) -> Iterator[tuple[str, str]]:
    """What is in these parts of a form, which may hold others."""
    for one in components if isinstance(components, list) else ():
        match one:
            case {"components": [_, *_] as inner}:
                yield from _values(inner)
            case {"component": inner}:
                yield from _values([inner])
            case {"custom_id": str(name), "values": [str(value), *_]} | {"custom_id": str(name), "value": str(value)}:
                yield name, value
            case {"custom_id": str(name)}:
                yield name, ""
            case _:
                pass
