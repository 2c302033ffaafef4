"""What the pretended Discord refuses: its error codes and the limits of messages and commands. Pure functions."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.discord_world import Json, walk, words_of

ERRORS: Mapping[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50109: (400, "The request body contains invalid JSON."),
    50083: (400, "Thread is archived"),
    50240: (400, "You cannot remove this app's Entry Point command in a bulk update operation."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160002: (403, "Cannot reply without permission to read message history"),
    160005: (403, "Thread is locked"),
}

LOCALES = frozenset({
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR",
    "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
})  # fmt: skip
COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")
COMPONENTS_V2 = 1 << 15
LINK_STYLE = 5
SELECTS = frozenset({3, 5, 6, 7, 8})
MAX_COMMANDS = 100
Trouble = tuple[str, str]


class ApiError(Exception):
    """A refusal as Discord words it. `errors` names the wrong places of a body (code 50035)."""

    def __init__(self, code: int, *, errors: Iterable[Trouble] = (), status: int | None = None) -> None:
        known_status, message = ERRORS.get(code, (400, "Error"))
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = status or known_status
        self.body: Json = {"message": message, "code": code}
        if errors := list(errors):
            self.body["errors"] = _nested(errors)


def _nested(errors: Iterable[Trouble]) -> Json:
    tree: Json = {}
    for path, message in errors:
        node = tree
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": "INVALID_FORM_BODY", "message": message})
    return tree


def check_message(body: Mapping[str, Any]) -> None:
    """Refuse a message body that breaks a limit.

    Raises:
        ApiError: 50035 with every wrong place.
    """
    troubles = [*_text_troubles(body), *_embed_troubles(body.get("embeds") or []), *_mention_troubles(body)]
    flags = body.get("flags") or 0
    if flags & COMPONENTS_V2:
        troubles += [(key, "cannot be used with components v2") for key in ("content", "embeds") if body.get(key)]
    else:
        troubles += _component_troubles(body.get("components") or [])
    if troubles:
        raise ApiError(50035, errors=troubles)


def _too_long(path: str, value: object, limit: int) -> Iterator[Trouble]:
    if value is not None and len(str(value)) > limit:
        yield path, f"Must be {limit} or fewer in length."


def _text_troubles(body: Mapping[str, Any]) -> Iterator[Trouble]:
    yield from _too_long("content", body.get("content"), 2000)
    yield from _too_long("nonce", body.get("nonce"), 25)


def _mention_troubles(body: Mapping[str, Any]) -> Iterator[Trouble]:
    allowed = body.get("allowed_mentions") or {}
    for kind in ("users", "roles"):
        if kind in allowed.get("parse", []) and allowed.get(kind):
            yield f"allowed_mentions.{kind}", "parse and a list of ids are mutually exclusive."
        if len(allowed.get(kind) or []) > 100:
            yield f"allowed_mentions.{kind}", "Must be 100 or fewer in length."


def _embed_troubles(embeds: list[Json]) -> Iterator[Trouble]:
    if len(embeds) > 10:
        yield "embeds", "Must be 10 or fewer in length."
    for index, embed in enumerate(embeds):
        at = f"embeds.{index}"
        yield from _too_long(f"{at}.title", embed.get("title"), 256)
        yield from _too_long(f"{at}.description", embed.get("description"), 4096)
        yield from _too_long(f"{at}.footer.text", embed.get("footer", {}).get("text"), 2048)
        yield from _too_long(f"{at}.author.name", embed.get("author", {}).get("name"), 256)
        yield from _field_troubles(at, embed.get("fields", []))
    if sum(len(words) for words in words_of(embeds)) > 6000:
        yield "embeds", "Embed size exceeds maximum size of 6000"


def _field_troubles(at: str, fields: list[Json]) -> Iterator[Trouble]:
    if len(fields) > 25:
        yield f"{at}.fields", "Must be 25 or fewer in length."
    for number, entry in enumerate(fields):
        for key, limit in (("name", 256), ("value", 1024)):
            yield from _too_long(f"{at}.fields.{number}.{key}", entry.get(key), limit)
            if not str(entry.get(key) or "").strip():
                yield f"{at}.fields.{number}.{key}", "This field is required"


def _component_troubles(rows: list[Json]) -> Iterator[Trouble]:
    if len(rows) > 5:
        yield "components", "Must be 5 or fewer in length."
    for index, row in enumerate(rows):
        children = row.get("components", [])
        wide = any(child["type"] in SELECTS for child in children)
        if row["type"] != 1 or not 1 <= len(children) <= (1 if wide else 5):
            yield f"components.{index}", "A row holds one menu or up to five buttons."
        for number, child in enumerate(children):
            yield from _control_troubles(f"components.{index}.components.{number}", child)
    yield from _duplicate_ids(rows)


def _duplicate_ids(components: list[Json]) -> Iterator[Trouble]:
    ids = Counter(c["custom_id"] for c in walk(components) if c.get("custom_id"))
    for custom_id, times in ids.items():
        if times > 1:
            yield "components", f"Component custom id cannot be duplicated: {custom_id}"


def _control_troubles(at: str, control: Json) -> Iterator[Trouble]:
    yield from _too_long(f"{at}.custom_id", control.get("custom_id"), 100)
    yield from _too_long(f"{at}.label", control.get("label"), 80)
    yield from _too_long(f"{at}.url", control.get("url"), 512)
    if control["type"] in SELECTS:
        yield from _select_troubles(at, control)
        return
    if not control.get("label") and not control.get("emoji"):
        yield at, "A button needs a label or an emoji."
    is_link = control.get("style") == LINK_STYLE
    if is_link != bool(control.get("url")) or is_link == bool(control.get("custom_id")):
        yield at, "A custom id and url cannot both be specified; one is required."
    if is_link and not re.match(r"(https?|discord)://", str(control.get("url"))):
        yield f"{at}.url", "Scheme must be one of ('http', 'https', 'discord')."


def _select_troubles(at: str, menu: Json) -> Iterator[Trouble]:
    yield from _too_long(f"{at}.placeholder", menu.get("placeholder"), 150)
    options = menu.get("options", [])
    if menu["type"] == 3 and not 1 <= len(options) <= 25:
        yield f"{at}.options", "Must be between 1 and 25 in length."
    for number, option in enumerate(options):
        for key in ("label", "value", "description"):
            yield from _too_long(f"{at}.options.{number}.{key}", option.get(key), 100)


def check_modal(modal: Mapping[str, Any]) -> None:
    """Refuse a modal that breaks a limit (50035)."""
    troubles = [*_too_long("title", modal.get("title"), 45), *_too_long("custom_id", modal.get("custom_id"), 100)]
    if not 1 <= len(modal.get("components", [])) <= 5:
        troubles.append(("components", "Must be between 1 and 5 in length."))
    troubles += _duplicate_ids(modal.get("components", []))
    for component in walk(modal.get("components", [])):
        troubles += _too_long("label", component.get("label"), 45)
        troubles += _too_long("value", component.get("value"), 4000)
        troubles += _too_long("placeholder", component.get("placeholder"), 100 if component["type"] == 4 else 150)
    if troubles:
        raise ApiError(50035, errors=troubles)


def check_choices(choices: list[Json]) -> None:
    """Refuse autocomplete choices that break a limit (50035)."""
    troubles = [("choices", "Must be 25 or fewer in length.")] if len(choices) > 25 else []
    for number, choice in enumerate(choices):
        for key in ("name", "value"):
            troubles += _too_long(f"choices.{number}.{key}", choice.get(key), 100)
            if not str(choice.get(key, "")):
                troubles.append((f"choices.{number}.{key}", "This field is required"))
    if troubles:
        raise ApiError(50035, errors=troubles)


def check_commands(commands: list[Json]) -> None:
    """Refuse a set of commands that breaks a rule the published schemas do not carry (50035)."""
    troubles = [("", f"Maximum of {MAX_COMMANDS} commands")] if len(commands) > MAX_COMMANDS else []
    names = Counter((command.get("type", 1), command["name"]) for command in commands)
    troubles += [("name", f"Application command names must be unique: {n}") for (_, n), k in names.items() if k > 1]
    for number, command in enumerate(commands):
        if command.get("type", 1) == 1:
            troubles += _slash_troubles(str(number), command)
            troubles += _localized_troubles(str(number), command)
        troubles += _locale_troubles(str(number), command)
    if troubles:
        raise ApiError(50035, errors=troubles)


def _slash_troubles(at: str, node: Json) -> Iterator[Trouble]:
    if not COMMAND_NAME.fullmatch(node["name"]) or node["name"] != node["name"].lower():
        yield f"{at}.name", "Command name is invalid"
    if not 1 <= len(node.get("description", "")) <= 100:
        yield f"{at}.description", "Must be between 1 and 100 in length."
    options = node.get("options", [])
    if len(options) > 25:
        yield f"{at}.options", "Must be 25 or fewer in length."
    needed = [bool(option.get("required")) for option in options if option["type"] > 2]
    if needed != sorted(needed, reverse=True):
        yield f"{at}.options", "Required options must be placed before non-required options"
    for number, option in enumerate(options):
        yield from _slash_troubles(f"{at}.options.{number}", option)
        if len(option.get("choices", [])) > 25:
            yield f"{at}.options.{number}.choices", "Must be 25 or fewer in length."


def _localized_troubles(at: str, node: Json) -> Iterator[Trouble]:
    """In other languages the same rules hold."""
    for locale, name in (node.get("name_localizations") or {}).items():
        if not COMMAND_NAME.fullmatch(name) or name != name.lower():
            yield f"{at}.name_localizations.{locale}", "Command name is invalid"
    for locale, description in (node.get("description_localizations") or {}).items():
        if not 1 <= len(description) <= 100:
            yield f"{at}.description_localizations.{locale}", "Must be between 1 and 100 in length."
    for number, option in enumerate(node.get("options", [])):
        yield from _localized_troubles(f"{at}.options.{number}", option)


def _locale_troubles(at: str, node: Json) -> Iterator[Trouble]:
    for key in ("name_localizations", "description_localizations"):
        for locale in node.get(key) or {}:
            if locale not in LOCALES:
                yield f"{at}.{key}.{locale}", "Invalid locale"
    for number, option in enumerate(node.get("options", [])):
        yield from _locale_troubles(f"{at}.options.{number}", option)
