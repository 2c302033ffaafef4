"""The audit as moderators read it: what was done, by whom and to whom, and what it changed, in words."""

from collections.abc import Mapping
from datetime import datetime

import discord
from discord.utils import format_dt

from bot.domain.audit import Act, AuditLine
from bot.domain.rules import Intake, Rules
from bot.domain.tasks import State
from bot.service import AuditPage
from bot.ui import texts
from bot.ui.buttons import menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.escape import inline, whole_lines
from bot.ui.limits import EMBED_CHARS
from bot.ui.lists import Sheet
from bot.ui.rules import value_words
from bot.ui.words import N_, Words

CHANGES_CHARS, CHANGES_MOST = 200, 300
REASON_CHARS = 120
VALUE_CHARS = 100
"""So that all lines of a page fit."""
REF_CHARS = 4

ACTS = (None, *Act)
"""Custom ids name them by their place: new ones come last."""
ACT: Mapping[Act | None, str] = {
    None: N_("Whatever was done"),
    Act.CANCEL: N_("cancelled"),
    Act.RETRY: N_("sent once more"),
    Act.DROP: N_("dropped"),
    Act.REDELIVER: N_("delivered again"),
    Act.BLOCK: N_("blocked"),
    Act.UNBLOCK: N_("unblocked"),
    Act.INTAKE: N_("paused, drained or resumed"),
    Act.RULES: N_("rules changed"),
    Act.BOARD: N_("live board"),
}
INTAKE: Mapping[Intake, str] = {
    Intake.OPEN: N_("wishes are taken"),
    Intake.PAUSED: N_("paused"),
    Intake.DRAINING: N_("draining"),
}
NAME: Mapping[str, str] = {
    "state": N_("state"),
    "until": N_("blocked"),
    "intake": N_("intake"),
    "channel_id": N_("channel"),
}
MISSING = object()


def act_at(place: int) -> Act | None:
    """The choice at that place; all where there is none."""
    return dict(enumerate(ACTS)).get(place)


def audit_sheet(page: AuditPage, act: Act | None, words: Words) -> Sheet:
    """A page of the audit, with what turns it or narrows it."""
    lines = [_line(line, words) for line in page.lines] or [words("Nothing has been done yet.")]
    embed = discord.Embed(title=words("Audit"), description=whole_lines(lines, EMBED_CHARS))
    embed.set_footer(text=words("Page {number} of {pages}", number=page.number + 1, pages=page.pages))
    place = ACTS.index(act)
    options = [discord.SelectOption(label=words(ACT[one]), value=str(number)) for number, one in enumerate(ACTS)]
    newer = Button(
        label=words("Newer"), press=Press.AUDIT, subject=place, number=max(0, page.number - 1),
        is_disabled=page.number == 0,
    )  # fmt: skip
    older = Button(
        label=words("Older"), press=Press.AUDIT, subject=place, number=page.number + 1,
        is_disabled=page.number + 1 == page.pages,
    )  # fmt: skip
    menu = menu_of(Press.AUDIT_ACT, 0, options, str(place))
    return embed, view_of([menu, *([newer, older] if page.pages > 1 else [])])


def _line(line: AuditLine, words: Words) -> str:
    about = [f"`#{line.task_id}`"] if line.task_id is not None else []
    if line.subject_ref is not None:
        about.append(_person(line.subject_id, line.subject_ref, words))
    actor = _person(line.actor_id, line.actor_ref, words)
    said = [" · ".join([format_dt(line.at, "f"), actor, f"**{words(ACT[line.act])}**", *about])]
    if changes := _changes(line.before, line.after, words):
        said.append(changes)
    if line.reason:
        said.append(f"“{inline(line.reason, REASON_CHARS)}”")
    return " · ".join(said)


def _person(user_id: int | None, ref: str | None, words: Words) -> str:
    if user_id is not None:
        return f"<@{user_id}>"
    return words("somebody erased (ref {ref}…)", ref=ref[:REF_CHARS]) if ref else words("the operator")


def _changes(before: Mapping[str, object], after: Mapping[str, object], words: Words) -> str:
    """What changed, from what to what; of a change that is too long only what it is about."""
    told: list[str] = []
    for name in {**before, **after}:
        was, becomes = (_value(name, values.get(name, MISSING), words) for values in (before, after))
        called = {**NAME, **texts.RULE}.get(name)
        about = words(called) if called else inline(name, VALUE_CHARS)
        change = f"{about}: {was} → {becomes}"
        told.append(change if len("; ".join([*told, change])) <= CHANGES_CHARS else f"{about}: …")
    return "; ".join(told)[:CHANGES_MOST]


def _value(name: str, value: object, words: Words) -> str:
    if value is MISSING and name != "until":
        return words("none")
    match name:
        case "until":
            said = _until(value, words)
        case "state":
            said = words(texts.STATE[State(str(value))])
        case "intake":
            said = words(INTAKE[Intake(str(value))])
        case "channel_id":
            said = f"<#{value}>"
        case "words" | "patterns" if isinstance(value, list):
            said = inline(", ".join(value), VALUE_CHARS) or words("none")
        case _ if name in texts.RULE:
            said = value_words(name, Rules.decode({name: value}), words)
        case _:
            said = inline(str(value), VALUE_CHARS)
    return said


def _until(value: object, words: Words) -> str:
    if value is MISSING:
        return words("no")
    if not isinstance(value, str):
        return words("for good")
    return words("until {when}", when=format_dt(datetime.fromisoformat(value)))
