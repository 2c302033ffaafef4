"""Dependencies point inward: what each part may import, read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("bot", "cogs", "sandbox", "tests")


class Layer(NamedTuple):
    """A part of the program: what it may know of ours, and what it may not know of others'."""

    ours: tuple[str, ...]
    strangers: frozenset[str]


def layer(*ours: str, without: str) -> Layer:
    return Layer(ours, frozenset(without.split()))


STORES = tuple(
    f"bot.store.{name}"
    for name in (
        "audit.AuditStore", "drafts.DraftStore", "erasures.ErasureStore", "exports.ExportStore", "lyrics.LyricsStore",
        "members.MemberStore", "notices.NoticeStore", "outages.OutageStore", "queue.QueueStore", "servers.ServerStore",
        "singing.SingingStore", "tasks.TaskStore", "usage.UsageStore", "versions.VersionStore",
    )
)  # fmt: skip
"""Use cases and workers take the stores that they need by their classes, and nothing else of `bot/store`."""

LAYERS = {
    "bot/domain": layer("bot.domain", without="discord aiohttp sqlalchemy"),
    "bot/sound": layer("bot.sound", without="discord aiohttp sqlalchemy pydantic"),
    "bot/tokenlab": layer("bot.tokenlab", "bot.domain", "bot.clock", without="discord sqlalchemy"),
    "bot/store": layer("bot.store", "bot.domain", "bot.clock", without="discord aiohttp"),
    "bot/engine": layer(
        "bot.engine",
        "bot.domain",
        "bot.clock",
        *STORES,
        "bot.tokenlab.errors",
        "bot.tokenlab.model_info",
        "bot.tokenlab.models",
        without="discord sqlalchemy aiohttp",
    ),
    "bot/service": layer(
        "bot.service",
        "bot.domain",
        "bot.clock",
        *STORES,
        "bot.store.stores.Stores",
        "bot.tokenlab.catalogue",
        "bot.tokenlab.model_info",
        "bot.tokenlab.models",
        without="discord aiohttp sqlalchemy",
    ),
    "bot/ui": layer(
        "bot.ui",
        "bot.domain",
        "bot.clock",
        "bot.service",
        "bot.sound",
        "bot.engine.ports",
        without="sqlalchemy av mutagen",
    ),
    "cogs": layer(
        "cogs",
        "bot.domain",
        "bot.service",
        "bot.ui",
        "bot.clock",
        "bot.tokenlab.model_info",
        without="aiohttp sqlalchemy",
    ),
}


def files(part: str) -> list[Path]:
    found = sorted((ROOT / part).rglob("*.py")) if (ROOT / part).is_dir() else [ROOT / part]
    assert found, f"{part} is gone: is the table right?"
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), path)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, wherever in the file, except for the type checker only."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from (name for other in node.orelse for name in imports(ast.Module([other], [])))
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=module, level=level):
                assert level == 0, "relative imports are not used here"
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case _:
                yield from imports(node)


def is_within(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def test_imports_are_found_wherever_they_hide():
    code = """
import a, b.c
from d import e as f
def late():
    try:
        from g.h import i
    except ImportError:
        import j
if TYPE_CHECKING:
    from k import l
else:
    import m
"""
    assert set(imports(ast.parse(code))) == {"a", "b.c", "d.e", "g.h.i", "j", "m"}


@pytest.mark.parametrize("part", LAYERS)
def test_a_part_imports_only_what_lies_further_in(part: str):
    allowed, strangers = LAYERS[part]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(part)
        for name in imports(parsed(path))
        if name.split(".")[0] in strangers or (is_within(name, OURS) and not is_within(name, allowed))
    ]
    assert not wrong


def test_the_program_does_not_need_the_sandbox_or_the_tests():
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in [*files("bot"), *files("cogs")]
        for name in imports(parsed(path))
        if name.split(".")[0] in {"sandbox", "tests", "simcord", "tokenlab", "httpx"}
    }
    assert wrong == {("bot/__main__.py", "sandbox.demo.main")}


CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "utils.utcnow",
}


def test_only_the_clock_asks_what_time_it_is():
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno} calls {ast.unparse(node)}"
        for path in [*files("bot"), *files("cogs")]
        if path != ROOT / "bot" / "clock.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and is_clock(ast.unparse(node))
    ]
    assert not asking


def is_clock(name: str) -> bool:
    return any(name == clock or name.endswith(f".{clock}") for clock in CLOCKS)


def test_only_the_clock_imports_the_time_by_another_name():
    renamed = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in [*files("bot"), *files("cogs")]
        for name in imports(parsed(path))
        if name in {"time.time", "time.time_ns", "discord.utils.utcnow"}
    ]
    assert not renamed


@pytest.mark.parametrize("part", ["bot", "cogs", "sandbox"])
def test_a_module_opens_by_saying_what_it_is_for(part: str):
    assert not [str(path.relative_to(ROOT)) for path in files(part) if not ast.get_docstring(parsed(path))]
