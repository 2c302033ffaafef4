"""Finds the texts in the code that are translated; Babel calls it for `make texts`, as `pyproject.toml` says."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import IO, Any

from bot.ui.words import COMMAND_NAME, OPTION_NAME

Found = tuple[int, str, tuple[str, ...], list[str]]
"""The line, a function of gettext, what it would be called with, comments (none)."""


def texts_in(
    file: IO[bytes],
    keywords: Mapping[str, Any],  # noqa: ARG001 -- Babel's protocol
    comment_tags: Collection[str],  # noqa: ARG001 -- Babel's protocol
    options: Mapping[str, Any],  # noqa: ARG001 -- Babel's protocol
) -> Iterator[Found]:
    """Every text that passes through `Words` or is marked with `N_`, and every name of a command or an option.

    Read from the syntax tree, for Babel's own way misses what stands within f-strings before Python 3.12.
    """
    for call in calls_in(ast.parse(file.read())):
        yield from ((call.lineno, function, texts, []) for function, texts in _found(call))


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """Every call, from the outside in."""
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from calls_in(child)


def called_name(call: ast.Call) -> str:
    """The last name of what is called: `words` in `self.words(...)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _found(call: ast.Call) -> Iterator[tuple[str, tuple[str, ...]]]:
    match called_name(call):
        case "N_" | "words":
            yield from (("gettext", (text,)) for text in _literals(call.args[:1]))
        case "several":
            yield "ngettext", _literals(call.args[:2])
        case "command" | "Group":
            names = _literals([keyword.value for keyword in call.keywords if keyword.arg == "name"])
            yield from (("pgettext", (COMMAND_NAME, name)) for name in names)
        case "describe":
            yield from (("pgettext", (OPTION_NAME, keyword.arg)) for keyword in call.keywords if keyword.arg)
        case _:
            pass


def _literals(nodes: Sequence[ast.expr]) -> tuple[str, ...]:
    return tuple(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
