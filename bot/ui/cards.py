"""The card: what a music task looks like. Pure: a row in, a card out."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import discord
from discord.utils import escape_markdown, escape_mentions, format_dt

from bot.domain.line import Place
from bot.domain.pacing import expected_finish_at
from bot.domain.secrets import find_secret
from bot.domain.tasks import ErrorCode, Kind, MusicTask, State
from bot.service import title_of
from bot.ui import texts

PROMPT_SHOWN_CHARS = 300
LYRICS_SHOWN_CHARS = 3500
LYRICS_PART_CHARS = 1200
TITLE_CHARS = 200
EMBED_CHARS = 4096
"""Discord: the description of an embed."""
TAGS_SHOWN_CHARS = 200
LINK_BUTTON_CHARS = 512
"""Discord: link buttons take addresses of up to 512 characters."""
LINK_CHARS = 2500
"""Longer addresses don't fit beside the rest of a card."""
IMAGE_URL_CHARS = 2000
BAR_STEPS = 8
PROGRESS_STEP = 25
NO_BRACKETS = str.maketrans("[]", "()")
"""For names inside a link: a bracket would end it and lead elsewhere."""
OPEN_BRACKET = re.compile(r"(?P<backslashes>\\*)\[")
MARKUP = re.compile(r"<[a-z!/?]", re.I)
TELLING_CODES = frozenset({ErrorCode.WISH_REFUSED, ErrorCode.CLIP_REFUSED, ErrorCode.PROVIDER_FAILED})
"""Failures that the provider's own words help with; those of all others are for the operator, in the row."""


class Press(StrEnum):
    """What a button does; part of its custom id, so it never changes."""

    CANCEL = "cancel"
    RETRY = "retry"
    RETRY_SURELY = "retry_surely"
    DROP = "drop"
    CONTINUE = "continue"
    WHOLE_PROMPT = "prompt"
    START_DRAFT = "start"
    DROP_DRAFT = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of a card: either a press that the bot answers, or a link."""

    label: str
    press: Press | None = None
    subject: int = 0
    """The id of the music task, or of the draft."""
    attempt: int | None = None
    """Where a press counts for one attempt only: which one."""
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything a message shows, but the bytes of its files."""

    embed: discord.Embed
    buttons: tuple[Button, ...] = ()
    lyrics_file: str | None = None
    """Text that goes beside the card as a `.txt`."""

    def fingerprint(self) -> str:
        """Equal for cards that look equal."""
        drawn = [self.embed.to_dict(), [(b.label, b.press, b.url) for b in self.buttons], self.lyrics_file]
        return hashlib.sha256(json.dumps(drawn, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRules:
    """What the operator set about times."""

    expected_song_s: float
    expected_lyrics_s: float


COLOURS: Mapping[State, discord.Colour] = {
    State.RECEIVED: discord.Colour(0x5865F2),
    State.QUEUED: discord.Colour(0x5865F2),
    State.SUBMITTING: discord.Colour(0x9B59B6),
    State.RUNNING: discord.Colour(0x9B59B6),
    State.COMPLETED: discord.Colour(0x2ECC71),
    State.FAILED: discord.Colour(0xE74C3C),
    State.UNCERTAIN: discord.Colour(0xF1C40F),
    State.EXPIRED: discord.Colour(0xE67E22),
    State.CANCELLED: discord.Colour(0x95A5A6),
    State.ABANDONED: discord.Colour(0x95A5A6),
}


def render(task: MusicTask, place: Place | None, rules: CardRules, *, attaches_files: bool = True) -> Card:
    """Draw a task as it stands.

    Args:
        task: the row.
        place: where it stands in the line, if it waits there.
        rules: what the operator set about times.
        attaches_files: whether its audio goes along (or is there already), so that no link is needed.
    """
    if task.state is State.COMPLETED and task.kind is Kind.LYRICS:
        return _lyrics_card(task, attaches_files=attaches_files)
    body, buttons = _BODIES[task.state](Drawing(task=task, place=place, rules=rules, has_files=attaches_files))
    embed = _frame(task, f"{_wish_lines(task)}\n\n{body}" if body else _wish_lines(task))
    if task.state is State.COMPLETED and task.result and task.result.tracks:
        _dress(embed, task)
    return Card(embed=embed, buttons=(*buttons, *_prompt_button(task)))


def plain(task: MusicTask) -> Card:
    """The plainest card there is, for when Discord refuses the real one: only our own words."""
    embed = discord.Embed(title=texts.KIND[task.kind], description=f"#{task.id}: {texts.STATE[task.state]}")
    return Card(embed=embed)


def safe_text(text: str) -> str:
    """Text of a member or of the provider, as it was written: no formatting, no ping, no link under other words."""
    # piece by piece, for discord.py escapes what looks like a link only at its beginning
    escaped = "[".join(escape_markdown(piece) for piece in text.split("["))
    return escape_mentions(OPEN_BRACKET.sub(_escaped_bracket, escaped))


def _escaped_bracket(found: re.Match[str]) -> str:
    """The bracket behind an odd number of backslashes; an even number escapes only itself."""
    backslashes = found["backslashes"]
    return f"{backslashes}[" if len(backslashes) % 2 else f"{backslashes}\\["


def quote(text: str, limit: int) -> str:
    """Text of a member as a block quote that can't ping, break out, or pass the limit (counted after escaping)."""
    escaped = safe_text(text)
    if len(escaped) > limit:
        escaped = escaped[: limit - 1].rstrip("\\ \n") + "…"
    return "\n".join(f"> {line}" for line in escaped.splitlines())


def inline(text: str, limit: int) -> str:
    """Text of a member within one of our sentences."""
    return quote(" ".join(text.split()), limit).removeprefix("> ")


def _frame(task: MusicTask, description: str) -> discord.Embed:
    embed = discord.Embed(
        title=f"{texts.KIND[task.kind]} · {inline(title_of(task), TITLE_CHARS)}"[:256],
        description=description[:EMBED_CHARS],
        colour=COLOURS[task.state],
    )
    made_with = " · ".join(part for part in (task.model, task.version, f"#{task.id}") if part)
    embed.set_footer(text=made_with)
    return embed


def _wish_lines(task: MusicTask) -> str:
    lines = [f"For <@{task.user_id}>", quote(task.prompt, PROMPT_SHOWN_CHARS)]
    facts = [inline(task.tags, TAGS_SHOWN_CHARS)] if task.tags else []
    if task.parent_id is not None:
        facts.append(f"continues #{task.parent_id}")
    if task.instrumental:
        facts.append("instrumental")
    if task.continue_at_s is not None:
        facts.append(f"from {texts.clock_time(task.continue_at_s)}")
    return "\n".join([*lines, *([f"*{' · '.join(facts)}*"] if facts else [])])


def _prompt_button(task: MusicTask) -> tuple[Button, ...]:
    if len(safe_text(task.prompt)) <= PROMPT_SHOWN_CHARS:
        return ()
    return (Button(label="Whole prompt", press=Press.WHOLE_PROMPT, subject=task.id),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All that the body of a card depends on."""

    task: MusicTask
    place: Place | None
    rules: CardRules
    has_files: bool


Body = tuple[str, tuple[Button, ...]]


def _queued(drawing: Drawing) -> Body:
    task = drawing.task
    cancel = Button(label="Cancel", press=Press.CANCEL, subject=task.id, style=discord.ButtonStyle.danger)
    cost = texts.CANCEL_UNCLEAR if task.unclear_attempts else texts.CANCEL_FREE
    if task.refusals and task.not_before is not None:
        when = format_dt(task.not_before, "R")
        return f"**In line.** TokenLab is busy; I ask again {when}. {cost}", (cancel,)
    return f"**In line:** {_place_words(drawing.place)}. {cost}", (cancel,)


def _place_words(place: Place | None) -> str:
    if place is None or place.ahead == 0:
        return "next"
    people = {0: "all before it are yours", 1: "1 person before you"}.get(
        place.people_ahead, f"{place.people_ahead} people before you"
    )
    return f"{texts.ordinal(place.ahead + 1)}, {people}"


def _submitting(_drawing: Drawing) -> Body:
    return f"**{texts.SUBMITTING}**", ()


def _running(drawing: Drawing) -> Body:
    task = drawing.task
    begun_at = task.submitted_at or task.state_at
    finish_at = expected_finish_at(
        task.kind,
        begun_at,
        expected_song_s=drawing.rules.expected_song_s,
        expected_lyrics_s=drawing.rules.expected_lyrics_s,
    )
    lines = [f"**{texts.RUNNING}**", f"Begun {format_dt(begun_at, 'R')}, usually finished {format_dt(finish_at, 'R')}."]
    if task.progress is not None and (stepped := task.progress // PROGRESS_STEP * PROGRESS_STEP):
        filled = stepped * BAR_STEPS // 100
        lines.append(f"`{'█' * filled}{'░' * (BAR_STEPS - filled)}` {stepped} %")
    return "\n".join(lines), ()


def _completed(drawing: Drawing) -> Body:
    task = drawing.task
    result = task.result
    if result is None or not result.tracks:
        return "**Finished.**", ()
    duration_s = task.media[0].duration_s if task.media else None
    length = f" {texts.clock_time(int(duration_s))} long." if duration_s else ""
    takes = f" {len(result.tracks)} takes." if len(result.tracks) > 1 else ""
    lines = [f"**Finished.**{length}{takes}"]
    if not drawing.has_files:
        lines.append(texts.LINK_ONLY if task.media else texts.LINK_GONE)
    links = _links(task, audio=not drawing.has_files)
    lines += [f"[{label}]({url})" for label, url in links if LINK_BUTTON_CHARS < len(url) <= LINK_CHARS][:1]
    short = tuple(Button(label=label, url=url) for label, url in links if len(url) <= LINK_BUTTON_CHARS)
    again = Button(label="Continue", press=Press.CONTINUE, subject=task.id, style=discord.ButtonStyle.primary)
    return "\n".join(lines), (again, *short[:4])


def _links(task: MusicTask, *, audio: bool) -> list[tuple[str, str]]:
    tracks = task.result.tracks if task.result else ()
    many = len(tracks) > 1
    links = [(f"Listen {n}" if many else "Listen", track.audio_url) for n, track in enumerate(tracks, 1) if audio]
    return links + [("Video", track.video_url) for track in tracks[:1] if track.video_url]


def _dress(embed: discord.Embed, task: MusicTask) -> None:
    """The cover, where the provider made one that Discord can fetch."""
    image_url = task.result.tracks[0].image_url if task.result else None
    if image_url and image_url.startswith("https://") and len(image_url) <= IMAGE_URL_CHARS:
        embed.set_thumbnail(url=image_url)


def _failed(drawing: Drawing) -> Body:
    task = drawing.task
    words = texts.FAILURE[task.error_code] if task.error_code else "It failed."
    if task.unclear_attempts:
        words = f"{words} {texts.EARLIER_TRY}"
    elif task.error_code in texts.FREE_FAILURES:
        words = f"{words} {texts.NOT_CHARGED}"
    told = _telling_detail(task)
    detail = f"\nTokenLab says: {inline(told, PROMPT_SHOWN_CHARS)}" if told else ""
    return f"**Failed.** {words}{detail}", ()


def _telling_detail(task: MusicTask) -> str | None:
    """The provider's words, where they help a member and hold neither a secret nor a whole page."""
    detail = (task.error_detail or "").strip()
    if task.error_code not in TELLING_CODES or "\n" in detail or MARKUP.search(detail) or find_secret(detail):
        return None
    return detail


def _uncertain(drawing: Drawing) -> Body:
    retry = Button(label="Try again", press=Press.RETRY, subject=drawing.task.id, style=discord.ButtonStyle.primary)
    drop = Button(label="Drop", press=Press.DROP, subject=drawing.task.id)
    return f"**Unclear.** {texts.UNCERTAIN}", (retry, drop)


def _expired(_drawing: Drawing) -> Body:
    return f"**Overdue.** {texts.EXPIRED}", ()


def _cancelled(drawing: Drawing) -> Body:
    return f"**{texts.DROPPED if drawing.task.unclear_attempts else texts.CANCELLED}**", ()


_BODIES: Mapping[State, Callable[[Drawing], Body]] = {
    State.RECEIVED: _queued,
    State.QUEUED: _queued,
    State.SUBMITTING: _submitting,
    State.RUNNING: _running,
    State.COMPLETED: _completed,
    State.FAILED: _failed,
    State.UNCERTAIN: _uncertain,
    State.EXPIRED: _expired,
    State.CANCELLED: _cancelled,
    State.ABANDONED: _cancelled,
}


def overflows(lyrics: str) -> bool:
    """Whether lyrics are too long to stand on a card."""
    return len(safe_text(lyrics)) > LYRICS_SHOWN_CHARS


def _lyrics_card(task: MusicTask, *, attaches_files: bool) -> Card:
    """Lyrics are readable text, never cut: short in the card, long as a file beside their beginning."""
    lyrics = (task.result.lyrics if task.result else None) or ""
    shown = safe_text(lyrics)
    head = f"For <@{task.user_id}>: {inline(task.prompt, PROMPT_SHOWN_CHARS)}"
    if not overflows(lyrics):
        return Card(embed=_frame(task, f"{head}\n\n{shown}"), buttons=_prompt_button(task))
    begin = shown[:LYRICS_PART_CHARS].rsplit("\n", 1)[0].rstrip("\\")
    return Card(
        embed=_frame(task, f"{head}\n\n{begin}\n\n*{texts.LYRICS_FILE if attaches_files else texts.LYRICS_KEPT}*"),
        buttons=_prompt_button(task),
        lyrics_file=lyrics,
    )


def draft_card(*, draft_id: int, parent: MusicTask, prompt: str | None, at_s: float | None) -> Card:
    """What was understood of a reply, before it costs anything."""
    lines = [f"Continue **{inline(title_of(parent), TITLE_CHARS)}**?"]
    lines.append(f"From: {texts.clock_time(at_s)}" if at_s is not None else "From: the end")
    lines.append(quote(prompt, PROMPT_SHOWN_CHARS) if prompt else "With the same words as before.")
    return Card(
        embed=discord.Embed(title="Did I understand you?", description="\n".join(lines), colour=COLOURS[State.QUEUED]),
        buttons=(
            Button(label="Start", press=Press.START_DRAFT, subject=draft_id, style=discord.ButtonStyle.success),
            Button(label="Cancel", press=Press.DROP_DRAFT, subject=draft_id),
        ),
    )


def jump_url(task: MusicTask) -> str | None:
    """A link to the card."""
    if task.message_id is None:
        return None
    return f"https://discord.com/channels/{task.guild_id or '@me'}/{task.channel_id}/{task.message_id}"


def whole_lines(lines: Sequence[str], limit: int) -> str:
    """As many of the lines as fit, from the first on; a line that is cut would be a broken link."""
    text = ""
    for line in lines:
        if len(text) + len(line) >= limit:
            break
        text += f"{line}\n"
    return text.rstrip()


def row_line(task: MusicTask, *, now: datetime, with_member: bool) -> str:
    """A task as one line of a list."""
    where = jump_url(task)
    name = inline(title_of(task).translate(NO_BRACKETS), 60)
    linked = f"[{name}]({where})" if where and task.card_lost is None else name
    who = f" · <@{task.user_id}>" if with_member else ""
    since = format_dt(task.created_at if task.created_at <= now else now, "R")
    what = f"{texts.KIND[task.kind].lower()} · **{texts.STATE[task.state]}**"
    return f"`#{task.id}` {linked} · {what}{who} · {since}"
