"""The catalogues say what the code says, in every language, and keep to Discord's limits."""

import ast
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any, cast

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.domain.orders import is_order
from bot.domain.refusals import Reason
from bot.domain.replies import Moment, parse_reply
from bot.service import Service
from bot.store.database import Database
from bot.store.stores import Stores
from bot.ui import texts
from bot.ui.client import MusicBot
from bot.ui.words import COMMAND_NAME, FOLDER, LANGUAGES, OPTION_NAME, words_for
from sandbox.texts import called_name, calls_in, texts_in
from tests.unit.test_layers import ROOT, files, parsed

LOCALES = {"de": "de", "es-ES": "es", "es-419": "es", "ja": "ja"}
"""Discord's locales that we speak beside English, and their catalogues."""
Json = dict[str, Any]
Entry = tuple[str | None, tuple[str, ...]]
"""What is translated: its context, and all forms of the text."""


def entries_in_code() -> set[Entry]:
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    found = (one for part in ("bot", "cogs") for one in extract_from_dir(ROOT / part, method_map=methods))
    return {(context, forms(message)) for _, _, message, _, context in found}


def catalogue(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def entry_of(message: Message) -> Entry:
    return message.context, forms(message.id)


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """A text, or all forms of one that counts."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def is_translated(message: Message) -> bool:
    return any(forms(message.string))


def translated(language: str) -> Iterator[tuple[str, str]]:
    """Each English text beside its translation, as far as there is one; of plurals each form beside each."""
    for message in filter(is_translated, messages(language)):
        yield from ((english, told) for english in forms(message.id) for told in forms(message.string))


def name_in(language: str, place: str, name: str) -> str:
    message = catalogue(language).get(name, place)
    assert message is not None, name
    return str(message.string)


# --- what is in the code is in the catalogues ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_the_texts_of_the_code_and_no_others(language: str) -> None:
    """If this fails: `make texts`."""
    held, in_code = {entry_of(message) for message in messages(language)}, entries_in_code()

    assert (in_code - held, held - in_code) == (set(), set())
    assert not catalogue(language).obsolete
    assert not [message.id for message in messages(language) if message.fuzzy]


def test_there_is_a_catalogue_for_each_language() -> None:
    assert {path.stem for path in FOLDER.glob("*.po")} == set(LANGUAGES) == set(LOCALES.values())


def test_texts_are_found_wherever_they_stand() -> None:
    code = b"""
A = {1: N_("marked")}
@app_commands.command(name="sing", description=N_("said of it"))
@app_commands.describe(loud=N_("how loud"))
async def sing(self, loud):
    f"{self.words('inside')} {words('with {fact}', fact=words('nested'))}"
    words("one" if loud else "other")
    words.several("{number} bird", "{number} birds", loud)
    words(A[1]), swords("not this"), "nor this"
    Group(name="choir", description="plain")
"""
    assert [(function, found) for _, function, found, _ in texts_in(BytesIO(code), {}, (), {})] == [
        ("gettext", ("marked",)),
        ("gettext", ("inside",)),
        ("gettext", ("with {fact}",)),
        ("gettext", ("nested",)),
        ("ngettext", ("{number} bird", "{number} birds")),
        ("pgettext", ("command name", "choir")),
        ("pgettext", ("command name", "sing")),
        ("gettext", ("said of it",)),
        ("pgettext", ("option name", "loud")),
        ("gettext", ("how loud",)),
    ]


def test_only_texts_that_a_catalogue_can_hold_are_translated() -> None:
    """A text put together in the code, or chosen there unmarked, would be looked up in vain."""
    wrong = [
        f"{path.relative_to(ROOT)}:{call.lineno} {ast.unparse(call)}"
        for path in [*files("bot"), *files("cogs")]
        for call in calls_in(parsed(path))
        if called_name(call) in {"words", "N_", "several"}
        for part in (ast.walk(call.args[0]) if call.args else ())
        if isinstance(part, (ast.JoinedStr, ast.BinOp)) or is_unmarked_choice(part)
    ]
    assert not wrong


def is_unmarked_choice(node: ast.AST) -> bool:
    return isinstance(node, ast.IfExp) and any(isinstance(one, ast.Constant) for one in (node.body, node.orelse))


# --- translations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated(language: str) -> None:
    assert not [entry_of(message) for message in messages(language) if not is_translated(message)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_counts_has_each_form_of_its_language(language: str) -> None:
    wanted = catalogue(language).num_plurals
    counting = [message for message in messages(language) if message.pluralizable and is_translated(message)]

    assert not [message.id for message in counting if len(list(filter(None, forms(message.string)))) != wanted]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_the_same_facts(language: str) -> None:
    assert not [pair for pair in translated(language) if facts(pair[0]) != facts(pair[1])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_as_code_is_typed_as_it_is_in_every_language(language: str) -> None:
    assert not [pair for pair in translated(language) if typed(pair[0]) != typed(pair[1])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_one_text_as_the_english_one_is(language: str) -> None:
    shapes = [(shape(english), shape(told), told) for english, told in translated(language)]

    assert not [told for one, other, told in shapes if one != other]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_buttons_as_they_are_called_in_its_language(language: str) -> None:
    known = {message.id: message.string for message in messages(language) if message.context is None}
    pairs = [
        ({known[name] for name in bold(english) if known.get(name)}, told) for english, told in translated(language)
    ]

    assert not [told for named, told in pairs if not named <= bold(told)]


def facts(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def typed(text: str) -> set[str]:
    """What stands between backticks; commands have names of their own, and replies are taught in the own language."""
    return {span for span in re.findall(r"`([^`]+)`", text) if not span.startswith("/") and "{" not in span}


def bold(text: str) -> set[str]:
    return set(re.findall(r"\*\*([^*]+)\*\*", text))


def shape(text: str) -> tuple[int, int, int, bool]:
    """Lines, bold words, code, and whether anything hangs over."""
    return text.count("\n"), text.count("**"), text.count("`"), text != text.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_commands_as_they_are_called_in_its_language(language: str) -> None:
    names = {message.id: message.string for message in messages(language) if message.context == COMMAND_NAME}
    pairs = [(commands_in(english), commands_in(told), told) for english, told in translated(language)]

    assert not [told for english, named, told in pairs if [names.get(name) for name in english] != named]


def test_english_sentences_name_commands_that_there_are(commands: list[Json]) -> None:
    mentioned = {name for _, text in entries_in_code() for form in text for name in commands_in(form)}

    assert mentioned >= {"song", "songs"}
    assert mentioned <= {command["name"] for command in commands}


def commands_in(text: str) -> list[str]:
    return re.findall(r"(?<![\w/<:])/([^\W\d_][\w-]*)", text)


# --- names and limits ------------------------------------------------------------------------------------------------


@pytest.fixture
async def commands(tmp_path: Path) -> list[Json]:
    """The commands as Discord is told of them."""
    unused = cast("Any", None)  # nobody asks it anything
    stores = Stores.over(Database(f"sqlite+aiosqlite:///{tmp_path / 'unused.db'}"), unused)
    service = Service(stores, catalogue=unused, clock=unused, defaults=unused)
    bot = MusicBot(
        service,
        clock=lambda: datetime.now(UTC),
        forecast=lambda *_: None,
        stuck_after=lambda *_: timedelta(),
        media_dir=Path(),
    )
    await bot.setup_hook()
    translator = bot.tree.translator
    assert translator is not None
    return [await command.get_translated_payload(bot.tree, translator) for command in bot.tree.get_commands()]


def nodes(tree: list[Json]) -> Iterator[Json]:
    """Commands, their groups and options, and the choices of those."""
    for node in tree:
        yield node
        yield from nodes(node.get("options", []))
        yield from nodes(node.get("choices", []))


def in_locale(node: Json, key: str, locale: str) -> str:
    return str(node.get(f"{key}_localizations", {}).get(locale, node[key]))


def test_every_name_of_a_command_or_an_option_is_an_entry(commands: list[Json]) -> None:
    slash = [command for command in commands if command["type"] == 1]
    options = [node for node in nodes(slash) if node not in slash and "description" in node]
    groups = [node for node in options if node["type"] <= 2]
    names = {(COMMAND_NAME, node["name"]) for node in (*slash, *groups)}
    names |= {(OPTION_NAME, node["name"]) for node in options if node["type"] > 2}

    assert names == {(context, name) for context, (name, *_) in entries_in_code() if context}


def test_discord_is_told_what_commands_and_options_are_called_in_each_language(commands: list[Json]) -> None:
    song = next(command for command in commands if command["name"] == "song")
    told = {option["name"]: option.get("name_localizations") for option in song["options"]}

    assert song["name_localizations"] == {"de": "lied", "es-ES": "cancion", "es-419": "cancion", "ja": "曲"}
    assert song["description_localizations"]["de"] == "Macht einen Song aus deinen Worten"
    assert told["title"] == {"de": "titel", "es-ES": "título", "es-419": "título", "ja": "タイトル"}
    assert told["instrumental"] == {"ja": "インスト"}, "what is called as in English is left out"


def test_a_menu_is_called_by_a_text_and_not_by_a_name(commands: list[Json]) -> None:
    menu, moderate = [command for command in commands if command["type"] == 3]

    assert menu["name_localizations"]["de"] == "Diesen Song fortsetzen"
    assert (moderate["name"], moderate["default_member_permissions"]) == ("Moderate", 1 << 13)


def test_discord_is_told_of_no_other_languages(commands: list[Json]) -> None:
    told = {
        locale
        for node in nodes(commands)
        for key in ("name", "description")
        for locale in node.get(f"{key}_localizations") or {}
    }
    assert told == set(LOCALES)


@pytest.mark.parametrize("locale", ["en-US", *LOCALES])
def test_names_and_descriptions_keep_to_the_rules_of_discord(locale: str, commands: list[Json]) -> None:
    for node in nodes(commands):
        name = in_locale(node, "name", locale)
        if "value" in node:
            assert 1 <= len(name) <= 100
        elif "description" in node:
            assert is_a_name(name), name
            assert 1 <= len(in_locale(node, "description", locale)) <= 100, name
        else:
            assert 1 <= len(name) <= 32, name


@pytest.mark.parametrize("locale", ["en-US", *LOCALES])
def test_no_two_names_beside_each_other_are_the_same(locale: str, commands: list[Json]) -> None:
    siblings = [[c for c in commands if c["type"] == kind] for kind in (1, 2, 3)]
    siblings += [node.get("options", []) for node in nodes(commands)]

    for group in siblings:
        names = [in_locale(node, "name", locale) for node in group]
        assert len(names) == len(set(names)), names


def test_a_command_is_not_too_large_in_any_language(commands: list[Json]) -> None:
    """Discord counts the longest translation of each text."""
    for command in commands:
        assert sum(longest(node, key) for node in nodes([command]) for key in ("name", "description", "value")) <= 8000


def longest(node: Json, key: str) -> int:
    return max(len(str(text)) for text in (node.get(key, ""), *(node.get(f"{key}_localizations") or {}).values()))


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        *((name, True) for name in ("song", "cancion", "曲一覧", "インスト", "a-b_c'd", "गीत", "เพลง", "x" * 32)),
        *((name, False) for name in ("", "Song", "two words", "曲・歌", "a.b", "ÄB", "x" * 33, "lied!")),
    ],
)
def test_the_rule_for_names_is_the_one_of_discord(name: str, fits: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert is_a_name(name) is fits


def is_a_name(name: str) -> bool:
    r"""Discord: `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`, in lower case where there is such a thing."""
    return 1 <= len(name) <= 32 and name == name.lower() and all(map(_stands_in_names, name))


def _stands_in_names(char: str) -> bool:
    is_deva_or_thai = "\u0900" <= char <= "\u097f" or "\u0e00" <= char <= "\u0e7f"
    return char in "-_'" or unicodedata.category(char)[0] in "LN" or is_deva_or_thai


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        *(("de", "lied"), ("es-ES", "cancion"), ("es-419", "cancion"), ("ja", "曲")),
        *((locale, "song") for locale in ("en-US", "en-GB", "fr", "pt-BR", "da", "", "und")),
    ],
)
def test_a_locale_finds_its_language_and_others_find_english(locale: str, name: str) -> None:
    assert words_for(locale).name(COMMAND_NAME, "song") == name


@pytest.mark.parametrize("locale", ["en-US", *LOCALES])
def test_what_is_not_translated_stays_english(locale: str) -> None:
    words = words_for(locale)

    assert words("Never said {how}.", how="so") == "Never said so."
    assert words.several("{number} bird", "{number} birds", 2) == "2 birds"
    assert words.name(OPTION_NAME, "unheard-of") == "unheard-of"


def test_a_name_and_a_text_of_the_same_word_are_different_entries() -> None:
    assert name_in("de", OPTION_NAME, "instrumental") == "instrumental"
    assert catalogue("de").get("instrumental") is not catalogue("de").get("instrumental", OPTION_NAME)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
@pytest.mark.parametrize("text", [texts.SONG_READY, texts.REFUSAL[Reason.NEEDS_START]])
def test_the_replies_that_texts_teach_are_understood(language: str, text: str) -> None:
    said = words_for(language)(text, song="Harbour", time="0:30", detail="0:30")
    example = re.findall(r"`([^`]+)`", said)[-1]

    wish = parse_reply(example)

    assert (wish.is_clear, wish.moments) == (True, (Moment(seconds=30.0),))
    assert "from" not in said or language == "en"
    assert is_order(wish, is_own=False)
