"""The audit as moderators read it: what was done, by whom and to whom, and what it changed, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import discord
from discord.utils import format_dt

from bot.domain.audit import Act, AuditLine
from bot.domain.rules import Intake
from bot.domain.tasks import State
from bot.service import AuditPage
from bot.ui import texts
from bot.ui.buttons import menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.escape import inline, whole_lines
from bot.ui.limits import EMBED_CHARS
from bot.ui.lists import Sheet
from bot.ui.words import N_, Words

CHANGES_CHARS = 240
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
    "channels": N_("channels"),
    "roles": N_("roles"),
    "running_per_member": N_("at once per member"),
    "waiting_per_member": N_("in line per member"),
    "daily_per_member": N_("a day per member"),
    "running_per_server": N_("at once in all"),
    "waiting_per_server": N_("in line in all"),
    "daily_per_server": N_("a day in all"),
    "monthly_songs": N_("songs a month"),
    "monthly_usd": N_("US dollars a month"),
    "warning_channel_id": N_("channel for warnings"),
    "model": N_("model"),
    "version": N_("version"),
    "others_may_continue": N_("others may continue"),
    "words": N_("words kept out"),
    "patterns": N_("patterns kept out"),
    "keep_days": N_("days kept"),
    "locale": N_("language"),
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


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> str:
    """What changed, from what to what; as much of it as fits, whole changes only."""
    told = ""
    for name in {**before, **after}:
        was, becomes = (_value(name, values.get(name, MISSING), words) for values in (before, after))
        change = f"{words(NAME[name]) if name in NAME else inline(name, VALUE_CHARS)}: {was} → {becomes}"
        if len(told) + len(change) > CHANGES_CHARS:
            return f"{told} …".strip()
        told = f"{told}; {change}" if told else change
    return told


def _value(name: str, value: Any, words: Words) -> str:  # noqa: ANN401 -- whatever JSON can keep
    if name == "until":
        return _until(value, words)
    match value:
        case None | []:
            return words("none")
        case bool():
            return words("yes") if value else words("no")
        case list():
            shown = ", ".join(_single(name, one, words) for one in value[:5])
            return f"{shown}, …" if len(value) > 5 else shown  # noqa: PLR2004 -- as above
        case _:
            return words("none") if value is MISSING else _single(name, value, words)


def _single(name: str, value: Any, words: Words) -> str:  # noqa: ANN401 -- as above
    match name:
        case "state":
            return words(texts.STATE[State(value)])
        case "intake":
            return words(INTAKE[Intake(value)])
        case "channels" | "channel_id" | "warning_channel_id":
            return f"<#{value}>"
        case "roles":
            return f"<@&{value}>"
        case _:
            return inline(str(value), VALUE_CHARS)


def _until(value: Any, words: Words) -> str:  # noqa: ANN401 -- as above
    if value is MISSING:
        return words("no")
    return words("for good") if value is None else words("until {when}", when=format_dt(datetime.fromisoformat(value)))
