"""Labels, titles and placeholders fit where they stand, in every language."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

import pytest

from bot.ui import texts
from bot.ui.words import LANGUAGES, words_for
from sandbox.texts import called_name, calls_in
from tests.unit.test_layers import files, parsed

LIMITS: Mapping[tuple[str, str], int] = {
    ("Button", "label"): 80,
    ("ask_to_start", "label"): 80,
    ("form_of", "title"): 45,
    ("Field", "label"): 45,
    ("Field", "placeholder"): 100,
    ("Field", "note"): 100,
    ("list_menu", "placeholder"): 150,
    ("list_member_menu", "placeholder"): 150,
    ("member_menu", "placeholder"): 150,
    ("Choice", "label"): 45,
    ("Choice", "options"): 100,
    ("SelectOption", "label"): 100,
    ("SelectOption", "description"): 100,
    ("open_options", "label"): 100,
    ("Select", "placeholder"): 150,
    ("ChannelSelect", "placeholder"): 150,
    ("RoleSelect", "placeholder"): 150,
    ("Embed", "title"): 256,
    ("add_field", "name"): 256,
}
"""By what is called and with which argument: how many characters Discord takes there."""
NARROW = {"label", "title", "placeholder"}


def texts_in_places() -> Iterator[tuple[tuple[str, str], str]]:
    """Each argument of a call that may be narrow, with each English text that may stand in it."""
    for path in [*files("bot"), *files("cogs")]:
        tree = parsed(path)
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
            known = {**assigned(tree.body), **assigned(ast.walk(function))}
            for call in calls_in(function):
                for keyword in call.keywords:
                    place = called_name(call), keyword.arg or ""
                    if place in LIMITS or (keyword.arg in NARROW and place[0] != "describe"):
                        yield from ((place, text) for text in texts_of(keyword.value, known))


def assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What the names of a module or a function may stand for."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                found.setdefault(name, []).append(value)
            case _:
                pass
    return found


def texts_of(value: ast.expr, known: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    """The English texts that an expression may show: its own, those of constants, those of names it uses."""
    for node in ast.walk(value):
        match node:
            case ast.Call(args=[ast.Constant(value=str(text)), *_]) if called_name(node) in {"words", "N_"}:
                yield text
            case ast.Attribute(value=ast.Name(id="texts"), attr=name):
                constant = getattr(texts, name)
                yield from constant.values() if isinstance(constant, Mapping) else [constant]
            case ast.Name(id=name):
                inner = {other: values for other, values in known.items() if other != name}
                yield from (text for one in known.get(name, ()) for text in texts_of(one, inner))
            case _:
                pass


def test_texts_in_narrow_places_are_found() -> None:
    found = set(texts_in_places())

    assert found >= {
        (("Button", "label"), "Cancel"),
        (("Button", "label"), "Only I may continue it"),
        (("Button", "label"), "Mention me"),
        (("SelectOption", "label"), "Instrumental"),
        (("Field", "placeholder"), "blues, acoustic, slow"),
        (("form_of", "title"), "Continue {song}"),
        (("Choice", "options"), "With vocals"),
        (("Button", "label"), "Deliver again"),
    }


def test_the_limit_of_every_narrow_place_is_known() -> None:
    """If this fails, put what Discord allows there into `LIMITS`."""
    assert not {(place, text) for place, text in texts_in_places() if place not in LIMITS}


@pytest.mark.parametrize("language", [None, *LANGUAGES])
def test_texts_in_narrow_places_fit(language: str | None) -> None:
    words = words_for(language or "en-US")
    shown = {(place, re.sub(r"\{\w+\}", "", words(text))) for place, text in texts_in_places()}

    assert not [(place, text) for place, text in shown if len(text) > LIMITS[place]]
