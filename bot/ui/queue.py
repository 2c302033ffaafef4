"""A server's queue as its moderators see it: what there is, page by page, and what can be done to one task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import discord
from discord.utils import format_dt

from bot.domain.audit import Act
from bot.domain.listing import ListedTask
from bot.domain.queue import Lane
from bot.domain.tasks import ErrorCode, MusicTask, State
from bot.service import QueuePage
from bot.ui import texts
from bot.ui.buttons import Control, list_button, list_member_menu, view_of
from bot.ui.card import Button, Press, jump_url
from bot.ui.doors import intake_lines
from bot.ui.escape import quote, whole_lines
from bot.ui.limits import EMBED_CHARS, EMBED_FIELD_CHARS
from bot.ui.lists import Sheet, choice_menu, row_line, task_menu
from bot.ui.pages import KINDS, LANES, QueueState
from bot.ui.words import N_, Words

PROMPT_CHARS = 600

LANE: Mapping[Lane, str] = {
    Lane.OPEN: N_("Everything under way"),
    Lane.WAITING: N_("In line"),
    Lane.MAKING: N_("Being made"),
    Lane.STUCK: N_("Stuck"),
    Lane.OVERDUE: N_("Overdue"),
    Lane.UNCLEAR: N_("Unclear"),
    Lane.FINISHED: N_("Finished"),
    Lane.FAILED: N_("Failed"),
    Lane.CANCELLED: N_("Cancelled"),
}
ERROR: Mapping[ErrorCode, str] = {
    ErrorCode.WISH_REFUSED: N_("wish refused"),
    ErrorCode.CONTENT_REFUSED: N_("content not allowed"),
    ErrorCode.CLIP_REFUSED: N_("song to continue unknown"),
    ErrorCode.MODEL_UNAVAILABLE: N_("model not to be had"),
    ErrorCode.VERSION_UNAVAILABLE: N_("version not available"),
    ErrorCode.NO_ACCESS: N_("no access to TokenLab"),
    ErrorCode.NO_CREDIT: N_("no credit"),
    ErrorCode.PROVIDER_BUSY: N_("TokenLab busy"),
    ErrorCode.PROVIDER_FAILED: N_("could not be made"),
    ErrorCode.NO_RESULT: N_("nothing usable came"),
    ErrorCode.RESULT_GONE: N_("result lost"),
    ErrorCode.NO_ANSWER: N_("no result for a day"),
}
PRESS: Mapping[Act, Press] = {
    Act.CANCEL: Press.MOD_CANCEL,
    Act.RETRY: Press.MOD_RETRY,
    Act.DROP: Press.MOD_DROP,
    Act.REDELIVER: Press.MOD_REDELIVER,
}
"""What a moderator can do to a task."""
LABEL: Mapping[Act, str] = {
    Act.CANCEL: N_("Cancel"),
    Act.RETRY: N_("Try again"),
    Act.DROP: N_("Drop"),
    Act.REDELIVER: N_("Deliver again"),
}
QUESTION: Mapping[Act, str] = {
    Act.CANCEL: N_("Cancel **{song}**? It has not been sent yet."),
    Act.RETRY: N_("Send **{song}** again? The first try may have been accepted, so this **may cost a second time**."),
    Act.DROP: N_("Drop **{song}**? If TokenLab did take it, it may have been charged."),
    Act.REDELIVER: N_(
        "Deliver **{song}** once more? Nothing is made or charged; its member is told again, unless they want silence."
    ),
}
CANCEL_UNCLEAR = N_("Cancel **{song}**? It waits in line once more, but an earlier try may have been charged.")
SURELY: Mapping[Act, str] = {
    Act.CANCEL: N_("Yes, cancel it"),
    Act.RETRY: N_("Yes, send it again"),
    Act.DROP: N_("Yes, drop it"),
    Act.REDELIVER: N_("Yes, deliver it"),
}
DONE: Mapping[Act, str] = {
    Act.CANCEL: N_("Cancelled; the card shows it."),
    Act.RETRY: texts.RETRIED,
    Act.DROP: texts.DROP_DONE,
    Act.REDELIVER: N_("It is on its way: on its card, else as a new message, else directly."),
}
TOLD: Mapping[Act, str] = {
    Act.CANCEL: N_("The moderators of **{server}** have cancelled your **{song}**, which waited in line."),
    Act.RETRY: N_(
        "The moderators of **{server}** have sent your **{song}** once more, after the first try was unclear."
    ),
    Act.DROP: N_("The moderators of **{server}** have dropped your **{song}**, which had become unclear."),
}
"""What its member hears of it directly; one that is delivered again tells that itself."""
NONE_FIT = N_("Nothing fits.")
STUCK = N_("stuck")
CARD_LOST = N_("Its card can't be reached: **Deliver again** tries every way once more.")


# --- the list --------------------------------------------------------------------------------------------------------


def queue_sheet(page: QueuePage, state: QueueState, words: Words, *, now: datetime) -> Sheet:
    """A page of a server's tasks under what there is in all, with everything that narrows it, turns it, opens one."""
    lines = [_line(task, page, words, now=now) for task in page.rows]
    nothing = texts.EMPTY_QUEUE if state == QueueState() else NONE_FIT
    embed = discord.Embed(
        title=words("Queue of this server"), description=whole_lines(lines or [words(nothing)], EMBED_CHARS)
    )
    for name, facts in ((words("Now"), _open_facts(page, words)), (words("Last 24 hours"), _ended_facts(page, words))):
        if facts:
            embed.add_field(name=name, value=whole_lines(facts, EMBED_FIELD_CHARS), inline=False)
    embed.set_footer(text=words("Page {number}", number=page.number + 1))
    opening = [task_menu(Press.QUEUE_TASK, state, page.rows, words, now=now)] if page.rows else []
    return embed, view_of([*opening, *_filters(state, words), *_buttons(page, state, words)])


def _line(task: ListedTask, page: QueuePage, words: Words, *, now: datetime) -> str:
    line = row_line(task, words, now=now, with_member=True)
    return f"{line} · **{words(STUCK)}**" if task.id in page.stuck else line


def _open_facts(page: QueuePage, words: Words) -> list[str]:
    """How much is where, what needs a look, and whether wishes are taken at all."""
    tally = page.tally
    counts = [(words(texts.STATE[state]), tally.open[state]) for state in State if state in tally.open]
    facts = [_counted([*counts, *([(words(STUCK), len(page.stuck))] if page.stuck else [])])]
    if tally.oldest_waiting_at is not None:
        facts.append(words("The oldest in line was asked for {when}.", when=format_dt(tally.oldest_waiting_at, "R")))
    if not page.server.takes_wishes:
        facts += intake_lines(page.server, words)
    return [fact for fact in facts if fact]


def _ended_facts(page: QueuePage, words: Words) -> list[str]:
    tally = page.tally
    counts = [(words(texts.STATE[state]), tally.ended[state]) for state in State if state in tally.ended]
    often = sorted(tally.failures.items(), key=lambda pair: -pair[1])
    failures = _counted([(words(ERROR[code]) if code else words("unknown"), count) for code, count in often])
    return [fact for fact in (_counted(counts), failures) if fact]


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    return " · ".join(f"{name} **{count}**" for name, count in counts)


def _filters(state: QueueState, words: Words) -> list[Control]:
    narrowed = state.narrowed
    lanes, kinds = [words(LANE[lane]) for lane in LANES], [words(texts.KINDS[kind]) for kind in KINDS]
    return [
        choice_menu(Press.QUEUE_LANE, state, LANES.index(narrowed.lane), lanes),
        choice_menu(Press.QUEUE_KIND, state, KINDS.index(narrowed.kind), kinds),
        list_member_menu(Press.QUEUE_MEMBER, state, narrowed.user_id, placeholder=words("Anybody's")),
    ]


def _buttons(page: QueuePage, state: QueueState, words: Words) -> Iterator[Control | Button]:
    """The last row; Discord takes five in it, and there are no more."""
    before, after = (replace(state, page=max(0, page.number + step)) for step in (-1, 1))
    if page.number:
        yield list_button(Press.QUEUE, before, words("Back"))
    else:
        yield list_button(Press.QUEUE, state, words("Refresh"))
    if page.has_more:
        yield list_button(Press.QUEUE, after, words("Next"))
    yield Button(label=words("Pause & blocks"), press=Press.MOD_DOORS)
    yield Button(label=words("Audit"), press=Press.AUDIT)
    yield Button(label=words("Live board"), press=Press.BOARD)


# --- one task --------------------------------------------------------------------------------------------------------


def task_panel(task: MusicTask, words: Words, *, now: datetime, is_blocked: bool) -> Sheet:
    """One task with what a moderator can do about it."""
    lines = [row_line(task, words, now=now, with_member=True), quote(task.prompt, PROMPT_CHARS)]
    if task.error_code is not None:
        lines.append(words(texts.FAILURE[task.error_code]))
    if task.card_lost is not None:
        lines.append(words(CARD_LOST))
    embed = discord.Embed(title=words("What shall be done?"), description="\n".join(lines))
    return embed, view_of(_acts(task, words, is_blocked=is_blocked))


def possible_acts(task: MusicTask) -> Sequence[Act]:
    """What a moderator can do to a task as it stands."""
    match task.state:
        case State.QUEUED:
            return (Act.CANCEL,)
        case State.UNCERTAIN:
            return (Act.RETRY, Act.DROP)
        case State.COMPLETED:
            return (Act.REDELIVER,)
        case _:
            return ()


def question_about(act: Act, task: MusicTask, song: str, words: Words) -> str:
    """What is asked before an act."""
    is_unclear = act is Act.CANCEL and task.unclear_attempts > 0
    return words(CANCEL_UNCLEAR if is_unclear else QUESTION[act], song=song)


def back_button(task: MusicTask, words: Words) -> Button:
    """From that question to what can be done."""
    return Button(label=words("Back"), press=Press.MOD_TASK, subject=task.id)


def surely_button(act: Act, task: MusicTask, words: Words) -> Button:
    """The second press that an act needs; it counts for the task as it stands now."""
    number = task.revision if act is Act.REDELIVER else task.attempt
    return Button(
        label=words(SURELY[act]), press=PRESS[act], subject=task.id, number=number, style=discord.ButtonStyle.danger
    )


def _acts(task: MusicTask, words: Words, *, is_blocked: bool) -> Iterator[Button]:
    for act in possible_acts(task):
        yield Button(label=words(LABEL[act]), press=PRESS[act], subject=task.id)
    if is_blocked:
        yield Button(label=words("Unblock the member"), press=Press.MOD_UNBLOCK, subject=task.user_id)
    else:
        yield Button(label=words("Block the member"), press=Press.MOD_BLOCK, subject=task.user_id)
    if (where := jump_url(task)) and task.card_lost is None:
        yield Button(label=words("Go to the card"), url=where)
