"""A server's intake and its blocks: how moderators see and change them, and what members are told."""

from collections.abc import Iterator, Mapping

import discord
from discord.utils import format_dt

from bot.domain.audit import REASON_CHARS
from bot.domain.blocks import UNTIL_CHARS, Block
from bot.domain.rules import Intake, Server
from bot.service import Doors
from bot.ui import texts
from bot.ui.buttons import member_menu, menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.escape import cut, inline, whole_lines
from bot.ui.forms import Field, Form, form_of, mark_of
from bot.ui.limits import EMBED_CHARS, OPTION_CHARS
from bot.ui.lists import Sheet
from bot.ui.words import N_, Words

REASON_SHOWN_CHARS = 100

INTAKES = tuple(Intake)
"""Custom ids name them by their place: new ones come last."""
CHANGE: Mapping[Intake, str] = {
    Intake.OPEN: N_("Take wishes again"),
    Intake.PAUSED: N_("Pause"),
    Intake.DRAINING: N_("Drain"),
}
PUBLIC: Mapping[Intake, str] = {
    Intake.OPEN: N_("**This server takes wishes again.**"),
    Intake.PAUSED: N_("**This server takes no new wishes at the moment.** What waits in line is held."),
    Intake.DRAINING: N_("**This server takes no new wishes at the moment.** What was asked for is still made."),
}
NOT_POSTED = N_("It is so, but I could not post that here.")
FOR_GOOD = N_("for good")
BLOCKED = N_("{member} may not ask here any more: {until}.")
UNBLOCK_QUESTION = N_("Let {member} ask here again?")
UNBLOCKED = N_("{member} may ask here again.")
TOLD_BLOCKED = N_("The moderators of **{server}** have blocked you from asking there: {until}.")
TOLD_UNBLOCKED = N_("The moderators of **{server}** let you ask there again.")


def intake_lines(server: Server, words: Words) -> Iterator[str]:
    """Whether a server takes wishes, what its moderators say about that, and what stops everybody."""
    if not server.is_listed:
        yield words(texts.NOT_LISTED)
    elif server.intake is not Intake.OPEN:
        yield words(texts.INTAKE[server.intake])
        if server.intake_note:
            yield words(texts.MODERATORS_SAY, detail=inline(server.intake_note, texts.NOTE_CHARS))
    if server.stopped_by is not None:
        yield words(texts.stopped(server.stopped_by))
    elif server.takes_wishes:
        yield words(texts.INTAKE[Intake.OPEN])


def public_words(intake: Intake, note: str | None, words: Words) -> str:
    """What everybody is told when that changes."""
    said = words(texts.MODERATORS_SAY, detail=inline(note, texts.NOTE_CHARS)) if note else ""
    return f"{words(PUBLIC[intake])} {said}".strip()


def until_words(block: Block, words: Words) -> str:
    """How long a block holds."""
    return words("until {when}", when=format_dt(block.until, "f")) if block.until else words(FOR_GOOD)


def told_blocked(block: Block, server: str, words: Words) -> str:
    """What a member is told who has just been blocked."""
    told = words(TOLD_BLOCKED, server=server, until=until_words(block, words))
    said = words(texts.MODERATORS_SAY, detail=inline(block.reason, texts.NOTE_CHARS)) if block.reason else ""
    return f"{told} {said}".strip()


def doors_sheet(doors: Doors, words: Words) -> Sheet:
    """Whether wishes are taken and who is blocked, with what changes either."""
    lines = [*intake_lines(doors.server, words), "", f"**{words('Blocked members')}**"]
    rows = [_line(number, block, words) for number, block in enumerate(doors.blocks, 1)]
    embed = discord.Embed(
        title=words("Pause & blocks"), description=whole_lines([*lines, *(rows or [words("none")])], EMBED_CHARS)
    )
    embed.set_footer(text=words("Page {number}", number=doors.number + 1))
    options, placeholder = _options(doors, words), words("Unblock somebody")
    menu = [menu_of(Press.MOD_LET_IN, doors.number, options, placeholder=placeholder)] if options else []
    picking = member_menu(Press.MOD_PICK, placeholder=words("Block somebody"))
    return embed, view_of([*menu, picking, *_buttons(doors, words)])


def _line(number: int, block: Block, words: Words) -> str:
    reason = f" · {inline(block.reason, REASON_SHOWN_CHARS)}" if block.reason else ""
    return f"`{number}` <@{block.user_id}> · {until_words(block, words)}{reason}"


def _options(doors: Doors, words: Words) -> list[discord.SelectOption]:
    """Menus can't mention anybody: each is named by the number of its line."""
    return [
        discord.SelectOption(
            label=words("Unblock number {number}", number=number),
            description=cut(block.reason or str(block.user_id), OPTION_CHARS),
            value=str(block.user_id),
        )
        for number, block in enumerate(doors.blocks, 1)
    ]


def _buttons(doors: Doors, words: Words) -> Iterator[Button]:
    for place, intake in enumerate(INTAKES):
        if intake is not Intake.OPEN or doors.server.intake is not Intake.OPEN:
            yield Button(label=words(CHANGE[intake]), press=Press.MOD_INTAKE, subject=place)
    if doors.number:
        yield Button(label=words("Back"), press=Press.MOD_DOORS, number=doors.number - 1)
    if doors.has_more:
        yield Button(label=words("Next"), press=Press.MOD_DOORS, number=doors.number + 1)


def block_form(user_id: int, words: Words, *, is_picked: bool = False) -> discord.ui.Modal:
    """The form that asks why and until when a member is blocked: that of a task, or one picked from the menu."""
    reason = Field(name="reason", label=words("Why? The member is told."), max_chars=REASON_CHARS, is_long=True)
    until = Field(
        name="until", label=words("Until when? Empty is for good."), placeholder="2h, 3 days, 2026-12-01 18:00 (UTC)",
        max_chars=UNTIL_CHARS,
    )  # fmt: skip
    form, numbers = (Form.MOD_PICK, (0, user_id)) if is_picked else (Form.MOD_BLOCK, (user_id,))
    return form_of(form, *numbers, title=words("Block the member"), fields=[reason, until])


def intake_form(place: int, server: Server, words: Words) -> discord.ui.Modal:
    """Asks what everybody is told about a pause, a drain, or its end."""
    note = (server.intake_note or "") if server.intake is INTAKES[place] else ""
    label = words("What everybody is told, here")
    field = Field(name="note", label=label, value=note, max_chars=REASON_CHARS, is_long=True)
    title = words(CHANGE[INTAKES[place]])
    return form_of(Form.MOD_INTAKE, place, intake_mark(server), title=title, fields=[field])


def intake_mark(server: Server) -> int:
    """See `mark_of`: what holds when the form is opened, so that nobody overrules what they have not seen."""
    return mark_of(f"{server.intake}:{server.intake_note or ''}")
