"""The rules of a server in words, by topics: what holds now, and the forms in which some of it is typed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

import discord

from bot.domain.rules import Rules
from bot.ui import texts
from bot.ui.escape import inline
from bot.ui.forms import Field, mark_of
from bot.ui.limits import EMBED_FIELD_CHARS, OPTION_CHARS
from bot.ui.words import N_, NAMES, Words

MENTIONS_SHOWN = 20
CHUNK_CHARS = 3000
"""A long list is spread over several fields of a form, each with room for more."""


class Topic(StrEnum):
    """What a page of `/settings` is about; custom ids name it by its place."""

    START = "start"
    PLACES = "places"
    LIMITS = "limits"
    BUDGET = "budget"
    SONGS = "songs"
    FILTER = "filter"
    KEEPING = "keeping"
    LANGUAGE = "language"


class RuleForm(StrEnum):
    """What is typed rather than picked; custom ids name it by its place."""

    MEMBER = "member"
    SERVER = "server"
    BUDGET = "budget"
    WORDS = "words"
    PATTERNS = "patterns"
    TRIAL = "trial"
    KEEPING = "keeping"
    VERSION = "version"


TOPICS, FORMS = tuple(Topic), tuple(RuleForm)

TITLE: Mapping[Topic, str] = {
    Topic.START: N_("Settings of this server"),
    Topic.PLACES: N_("Channels and roles"),
    Topic.LIMITS: N_("Limits"),
    Topic.BUDGET: N_("Budget"),
    Topic.SONGS: N_("Songs"),
    Topic.FILTER: N_("Word filter"),
    Topic.KEEPING: N_("How long things are kept"),
    Topic.LANGUAGE: N_("Language"),
}
ABOUT: Mapping[Topic, str] = {
    Topic.START: N_("This holds now. Pick a topic to change something; whatever is changed here is kept in the audit."),
    Topic.PLACES: N_(
        "Where wishes are taken, threads and the channels of a category included, and whose. Nothing picked: "
        "everywhere, and everybody's."
    ),
    Topic.LIMITS: N_(
        "How much one member may have, and all together. What is failed or cancelled does not count. Days begin at "
        "midnight UTC."
    ),
    Topic.BUDGET: N_(
        "How much may be asked for in one month of UTC. Once most of it is used, it is told in the channel picked here."
    ),
    Topic.SONGS: N_(
        "What makes a song where its member leaves it open, and whether members may continue others' songs."
    ),
    Topic.FILTER: N_(
        "A wish with one of these is not taken. Words are found whole, whatever their case, accents and look-alikes; "
        "patterns are regular expressions of RE2."
    ),
    Topic.KEEPING: N_("After so many days the prompts, lyrics and results of this server are erased."),
    Topic.LANGUAGE: N_("The language of cards. Private answers speak the language of whoever reads them."),
}
RULES_OF: Mapping[Topic, tuple[str, ...]] = {
    Topic.PLACES: ("channels", "roles"),
    Topic.LIMITS: (
        "running_per_member", "waiting_per_member", "daily_per_member",
        "running_per_server", "waiting_per_server", "daily_per_server",
    ),
    Topic.BUDGET: ("monthly_songs", "monthly_usd", "warning_channel_id"),
    Topic.SONGS: ("model", "version", "others_may_continue"),
    Topic.FILTER: ("words", "patterns"),
    Topic.KEEPING: ("keep_days",),
    Topic.LANGUAGE: ("locale",),
}  # fmt: skip
FORM_OF: Mapping[RuleForm, tuple[Topic, str, tuple[str, ...]]] = {
    RuleForm.MEMBER: (Topic.LIMITS, N_("For each member"), RULES_OF[Topic.LIMITS][:3]),
    RuleForm.SERVER: (Topic.LIMITS, N_("For all together"), RULES_OF[Topic.LIMITS][3:]),
    RuleForm.BUDGET: (Topic.BUDGET, N_("Change the budget"), ("monthly_songs", "monthly_usd")),
    RuleForm.WORDS: (Topic.FILTER, N_("Words"), ("words",)),
    RuleForm.PATTERNS: (Topic.FILTER, N_("Patterns"), ("patterns",)),
    RuleForm.TRIAL: (Topic.FILTER, N_("Try a text"), ()),
    RuleForm.KEEPING: (Topic.KEEPING, N_("Change"), ("keep_days",)),
    RuleForm.VERSION: (Topic.SONGS, N_("Another version"), ("version",)),
}
"""By form: the page that it belongs to, what it is called, and which rules are typed in it."""
LIMIT: Mapping[str, str] = {
    "running": N_("Being made at once"),
    "waiting": N_("Waiting in line"),
    "daily": N_("In one day"),
}
"""A limit where it stands beside the others of its form."""
HINT: Mapping[str, str] = {
    "words": N_("One on each line"),
    "patterns": N_("One on each line, as in: colou?rs?"),
    "keep_days": N_("for good"),
    "version": N_("A word like chirp-v5"),
}

EVERYWHERE = N_("everywhere")
EVERYBODY = N_("everybody's wishes")
NO_LIMIT = N_("no limit")
NOWHERE = N_("nowhere")
OTHERS: Mapping[bool, str] = {
    True: N_("Members may continue each other's songs"),
    False: N_("Only whoever asked for a song may continue it"),
}
DISCORDS = N_("the one of this server in Discord")
LOWER = N_("{rule}: that is less than is in use now ({number}). What is there goes on; nothing is added until it fits.")
GONE = N_("No longer there, but it still counts: {gone}.")
FORGET_GONE = N_("Forget what is gone")
NOT_WRITABLE = N_("I may not write in {channel}, so the warning would reach nobody there.")
KEEP_SURELY = N_("Yes, keep {number} days")
TAKEN = N_("Taken: nothing that is kept out is in this text.")
REFUSED_BY = N_("Refused: {entry} is in this text.")
REFUSED_EVERYWHERE = N_("Refused: this text holds something that whoever runs this bot keeps out everywhere.")


def value_words(rule: str, rules: Rules, words: Words) -> str:
    """What is set for a rule."""
    value = getattr(rules, rule)
    match rule:
        case "channels":
            said = _mentions("#", value) or words(EVERYWHERE)
        case "roles":
            said = _mentions("@&", value) or words(EVERYBODY)
        case "warning_channel_id":
            said = f"<#{value}>" if value else words(NOWHERE)
        case "model" | "version":
            said = inline(value, OPTION_CHARS) if value else words(texts.BOTS_CHOICE)
        case "others_may_continue":
            said = words(OTHERS[value])
        case "words":
            said = words.several("{number} word", "{number} words", len(value))
        case "patterns":
            said = words.several("{number} pattern", "{number} patterns", len(value))
        case "keep_days":
            said = words.several("{number} day", "{number} days", value) if value else words("for good")
        case "locale":
            said = NAMES[value] if value in NAMES else words(DISCORDS)
        case _:
            said = amount_words(value, words)
    return said


def amount_words(value: int | Decimal | None, words: Words) -> str:
    """A limit, or how much of it is in use."""
    if value is None:
        return words(NO_LIMIT)
    return f"${value:.2f}" if isinstance(value, Decimal) else str(value)


def gone_words(gone: Mapping[str, Collection[int]], words: Words) -> str:
    """Which channels and roles of the rules there are no more; nothing if all are there."""
    kinds = {"channels": "#", "roles": "@&", "warning_channel_id": "#"}
    said = " ".join(_mentions(kinds[rule], ids) for rule, ids in gone.items() if ids)
    return words(GONE, gone=said) if said else ""


def _mentions(kind: str, ids: Iterable[int]) -> str:
    shown = [f"<{kind}{one}>" for one in sorted(ids)]
    return " ".join([*shown[:MENTIONS_SHOWN], *(["…"] if len(shown) > MENTIONS_SHOWN else [])])


def sheet_of(topic: Topic, rules: Rules, words: Words, *, note: str = "") -> discord.Embed:
    """A page without its controls: what it is about, what holds now, and at the top what there is to note."""
    embed = discord.Embed(title=words(TITLE[topic]), description=f"{note}\n\n{words(ABOUT[topic])}".strip())
    for name, value in _summary(rules, words) if topic is Topic.START else _values(topic, rules, words):
        embed.add_field(name=name, value=value, inline=False)
    return embed


def _summary(rules: Rules, words: Words) -> Iterator[tuple[str, str]]:
    """What holds now, by topics."""
    for topic, names in RULES_OF.items():
        if topic is Topic.LIMITS:
            lines = [f"{called}: {limits}" for called, limits in _limits(rules, words, " · ")]
        else:
            lines = [f"{words(texts.RULE[name])}: **{value_words(name, rules, words)}**" for name in names]
        yield words(TITLE[topic]), "\n".join(lines)


def _values(topic: Topic, rules: Rules, words: Words) -> Iterator[tuple[str, str]]:
    """What holds now of one topic."""
    if topic is Topic.LIMITS:
        yield from _limits(rules, words, "\n")
        return
    for name in RULES_OF[topic]:
        entries = getattr(rules, name) if topic is Topic.FILTER else ()
        value = inline(" · ".join(entries), EMBED_FIELD_CHARS) if entries else value_words(name, rules, words)
        yield words(texts.RULE[name]), value


def _limits(rules: Rules, words: Words, between: str) -> Iterator[tuple[str, str]]:
    """The limits of each member, and those of all together."""
    for form in (RuleForm.MEMBER, RuleForm.SERVER):
        _, called, names = FORM_OF[form]
        shown = [f"{_short(name, words)}: **{value_words(name, rules, words)}**" for name in names]
        yield words(called), between.join(shown)


def _short(rule: str, words: Words) -> str:
    """What a rule is called in its form."""
    return words(LIMIT.get(rule.partition("_per_")[0], texts.RULE[rule]))


def erased_words(count: int, words: Words) -> str:
    """What is lost if things are kept for a shorter time; it is asked about first."""
    return words.several(
        "**Nothing is changed yet.** {number} wish of this server is older than that: its prompt, lyrics and result "
        "would be erased within hours, and nothing brings them back.",
        "**Nothing is changed yet.** {number} wishes of this server are older than that: their prompts, lyrics and "
        "results would be erased within hours, and nothing brings them back.",
        count,
    )


# --- forms -----------------------------------------------------------------------------------------------------------


def fields_of(form: RuleForm, rules: Rules, words: Words) -> list[Field]:
    """What a form asks for, filled in with what holds now."""
    _, called, names = FORM_OF[form]
    if form is RuleForm.TRIAL:
        return [Field(name="text", label=words("Text"), is_long=True, is_required=True)]
    if form in {RuleForm.WORDS, RuleForm.PATTERNS}:
        (name,) = names
        chunks = _chunks(getattr(rules, name)) or [""]
        return [
            Field(
                name=f"{name}_{number}", label=words(called), value=chunk, placeholder=words(HINT[name]), is_long=True
            )
            for number, chunk in enumerate(chunks)
        ]
    return [_number(name, rules, words) for name in names]


def mark(form: RuleForm, rules: Rules, words: Words) -> int:
    """See `mark_of`: of two admins who fill in the same form, the second is told that it has changed."""
    return mark_of("\n".join(field.value for field in fields_of(form, rules, words)))


def _number(name: str, rules: Rules, words: Words) -> Field:
    value, usual = getattr(rules, name), getattr(Rules(), name)
    hint = words("usually {number}", number=usual) if usual is not None else words(HINT.get(name, NO_LIMIT))
    typed = "" if value is None else str(value)
    return Field(
        name=name, label=_short(name, words), value=typed, placeholder=hint, max_chars=40 if name == "version" else 20
    )


def _chunks(entries: Sequence[str]) -> list[str]:
    chunks: list[str] = []
    for entry in entries:
        if chunks and len(chunks[-1]) + len(entry) < CHUNK_CHARS:
            chunks[-1] += f"\n{entry}"
        else:
            chunks.append(entry)
    return chunks


def typed_for(form: RuleForm, values: Mapping[str, str]) -> dict[str, str]:
    """What was typed, by rule."""
    if form in {RuleForm.WORDS, RuleForm.PATTERNS}:
        return {FORM_OF[form][2][0]: "\n".join(values.values())}
    return {name: values.get(name, "") for name in FORM_OF[form][2]}


def typed_in(typed: Mapping[str, str], words: Words) -> str:
    """The same as a text, to be given back."""
    if len(typed) == 1:
        return "".join(typed.values())
    return "\n".join(f"{words(texts.RULE[name])}: {text}" for name, text in typed.items())
