"""The card: what a music task looks like. Pure: a row and its surroundings in, a card out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import discord
from discord.utils import format_dt

from bot.domain.line import Place
from bot.domain.pacing import Forecast
from bot.domain.scene import Scene
from bot.domain.tasks import ErrorCode, Kind, MusicTask, State
from bot.domain.versions import VERSION_MAX_CHARS, same
from bot.domain.wording import is_sung
from bot.service import title_of
from bot.ui import lyrics, texts
from bot.ui.card import Button, Card, Press, jump_url
from bot.ui.escape import inline, link_name, quote, safe_text
from bot.ui.limits import EMBED_CHARS, EMBED_TITLE_CHARS
from bot.ui.links import ORIGINAL, link_to, links_shown
from bot.ui.prices import cost_words
from bot.ui.reasons import reason, telling_detail
from bot.ui.takes import WITHIN, carries, lengths, remarks
from bot.ui.words import N_, Words, words_for

PROMPT_SHOWN_CHARS = 300
LYRICS_PART_CHARS = 1200
TITLE_CHARS = 200
TAGS_SHOWN_CHARS = 200
RELATIVE_CHARS = 60
CHILDREN_SHOWN = 3
IMAGE_URL_CHARS = 2000
LINKS_CHARS = 2000
"""What addresses that are too long for buttons may take up."""
PICTURE = "waveform.png"
"""The attachment that a finished song's card shows as its image."""
COVER = "cover.jpg"
"""The attachment that it shows as its thumbnail."""
BAR_STEPS = 8
PROGRESS_STEP = 25


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


LYRICS_COLOUR = discord.Colour(0xE3C9A0)
"""Paper: finished words are told from a finished song at a glance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All that the body of a card depends on."""

    task: MusicTask
    scene: Scene
    forecast: Forecast | None
    attached: Collection[int] | None
    """The takes that go along or are there already; None for all, and for whatever else goes along."""
    words: Words


Body = tuple[str, tuple[Button, ...]]


def render(
    task: MusicTask,
    scene: Scene,
    forecast: Forecast | None,
    *,
    attached: Collection[int] | None = None,
    pictures: Collection[str] = (),
) -> Card:
    """Draw a task as it stands, in its own language.

    Args:
        task: the row.
        scene: where it stands in the line, and its family.
        forecast: when it should be finished, if that can be said.
        attached: the takes that go along (or are there already), so that no link is needed; None for all of them.
        pictures: which of `PICTURE` and `COVER` go along (or are there already); Discord is left to fetch another
            cover by itself.
    """
    words = words_for(task.locale)
    drawing = Drawing(task=task, scene=scene, forecast=forecast, attached=attached, words=words)
    if task.state is State.COMPLETED and task.kind is Kind.LYRICS:
        return _lyrics_card(drawing)
    body, buttons = _BODIES[task.state](drawing)
    embed = _frame(task, words, f"{_wish_lines(drawing)}\n\n{body}" if body else _wish_lines(drawing))
    if task.state is State.COMPLETED and task.result and task.result.tracks:
        _dress(embed, task)
    if PICTURE in pictures:
        embed.set_image(url=f"attachment://{PICTURE}")
    if COVER in pictures:
        embed.set_thumbnail(url=f"attachment://{COVER}")
    return Card(embed=embed, buttons=(*buttons, *_prompt_button(task, words)))


def plain(task: MusicTask) -> Card:
    """The plainest card there is, for when Discord refuses the real one: only our own words."""
    words = words_for(task.locale)
    embed = discord.Embed(
        title=words(texts.KIND[task.kind]), description=f"#{task.id}: {words(texts.STATE[task.state])}"
    )
    return Card(embed=embed)


def shows_task(message: discord.Message, task: MusicTask) -> bool:
    """Whether a message of ours is a card of this task, in whatever state."""
    return any(
        (embed.footer.text or "").endswith(f"#{task.id}") or (embed.description or "").startswith(f"#{task.id}: ")
        for embed in message.embeds
    )


def _frame(task: MusicTask, words: Words, description: str) -> discord.Embed:
    embed = discord.Embed(
        title=f"{words(texts.KIND[task.kind])} · {inline(title_of(task), TITLE_CHARS)}"[:EMBED_TITLE_CHARS],
        description=description[:EMBED_CHARS],
        colour=COLOURS[task.state],
    )
    made_with = " · ".join(part for part in (task.model, task.version, f"#{task.id}") if part)
    embed.set_footer(text=made_with)
    return embed


def _wish_lines(drawing: Drawing) -> str:
    task, words = drawing.task, drawing.words
    lines = [words("For {member}", member=f"<@{task.user_id}>"), quote(task.prompt, PROMPT_SHOWN_CHARS)]
    facts = [inline(task.tags, TAGS_SHOWN_CHARS)] if task.tags else []
    if task.negative_tags:
        facts.append(words("without {styles}", styles=inline(task.negative_tags, TAGS_SHOWN_CHARS)))
    if task.parent_id is not None:
        origin = N_("continues {song}") if task.kind is Kind.CONTINUATION else N_("words from {song}")
        song = _relative(task, drawing.scene.family.parent) or f"#{task.parent_id}"
        take = f", {words(WITHIN, number=task.parent_take)}" if task.parent_take else ""
        facts.append(words(origin, song=f"{song}{take}"))
    if (change := _version_change(drawing)) is not None:
        facts.append(change)
    if is_sung(task):
        facts.append(words("sung as written"))
    if task.instrumental:
        facts.append(words("instrumental"))
    if task.continue_at_s is not None:
        facts.append(words("from {time}", time=texts.clock_time(task.continue_at_s)))
    return "\n".join([*lines, *([f"*{' · '.join(facts)}*"] if facts else [])])


def _version_change(drawing: Drawing) -> str | None:
    """A continuation is made with its parent's version, unless that is refused."""
    task, parent = drawing.task, drawing.scene.family.parent
    if task.kind is not Kind.CONTINUATION or parent is None or not task.version or not parent.version:
        return None
    if same(task.version, parent.version):
        return None
    return drawing.words(
        texts.VERSION_CHANGED,
        new=inline(task.version, VERSION_MAX_CHARS),
        old=inline(parent.version, VERSION_MAX_CHARS),
    )


def _relative(task: MusicTask, other: MusicTask | None) -> str | None:
    """A member of the family by name, with the way to it, but only within the same channel."""
    if other is None or other.channel_id != task.channel_id or (where := jump_url(other)) is None:
        return None
    return f"[{link_name(title_of(other), RELATIVE_CHARS)}]({where})"


def _prompt_button(task: MusicTask, words: Words) -> tuple[Button, ...]:
    if len(task.prompt) <= PROMPT_SHOWN_CHARS and len(safe_text(task.prompt)) <= PROMPT_SHOWN_CHARS:
        return ()
    return (Button(label=words("Whole prompt"), press=Press.WHOLE_PROMPT, subject=task.id),)


# --- while it waits ----------------------------------------------------------------------------------------------


def _queued(drawing: Drawing) -> Body:
    task, words = drawing.task, drawing.words
    cancel = Button(label=words("Cancel"), press=Press.CANCEL, subject=task.id, style=discord.ButtonStyle.danger)
    cost = words(texts.CANCEL_UNCLEAR if task.unclear_attempts else texts.CANCEL_FREE)
    if (price := cost_words(task.price, words, texts.COSTS_ONCE_SENT)) and not task.unclear_attempts:
        cost = f"{price} {cost}"
    place, tried_at = drawing.scene.place, _tried_at(drawing)
    if drawing.scene.stopped_by is not None:
        return f"{words(texts.in_line_stopped(drawing.scene.stopped_by))} {cost}", (cancel,)
    if place and place.is_held and not (task.refusals and task.not_before):
        return f"{words(texts.IN_LINE_HELD)} {cost}", (cancel,)
    if tried_at is not None:
        return f"{words(texts.IN_LINE_BUSY, when=format_dt(tried_at, 'R'))} {cost}", (cancel,)
    where = ", ".join([_place_words(place, words), *_finish_words(drawing)])
    return f"{words(texts.IN_LINE, place=where)} {cost}", (cancel,)


def _tried_at(drawing: Drawing) -> datetime | None:
    """When the provider, who has refused this wish or all requests, is asked again."""
    own_at = drawing.task.not_before if drawing.task.refusals else None
    return max(filter(None, (own_at, drawing.scene.shut_until)), default=None)


def _place_words(place: Place | None, words: Words) -> str:
    """As in "number 2 of yours, 3 people before you"."""
    if place is None or place.ahead == 0:
        return words("next") if place is None or place.own_ahead < place.at_once else words(texts.NEXT_OF_YOURS)
    own = words("number {number} of yours", number=place.own_ahead + 1) if place.own_ahead else ""
    if not place.people_ahead:
        return words("{own}, nobody else before you", own=own)
    people = words.several("{number} person before you", "{number} people before you", place.people_ahead)
    return ", ".join(part for part in (own, people) if part)


def _finish_words(drawing: Drawing) -> list[str]:
    """When it should be finished, if that can be said."""
    forecast = drawing.forecast
    if forecast is None:
        return []
    when = format_dt(forecast.finish_at, "R") if forecast.finish_at else ""
    return [drawing.words(texts.FINISH[forecast.phase], when=when)]


def _submitting(drawing: Drawing) -> Body:
    return f"**{drawing.words(texts.SUBMITTING)}**", ()


def _running(drawing: Drawing) -> Body:
    task, words = drawing.task, drawing.words
    begun_at = task.submitted_at or task.state_at
    begun = words("Begun {when}", when=format_dt(begun_at, "R"))
    lines = [f"**{words(texts.RUNNING)}**", f"{', '.join([begun, *_finish_words(drawing)])}."]
    if task.progress is not None and (stepped := task.progress // PROGRESS_STEP * PROGRESS_STEP):
        filled = stepped * BAR_STEPS // 100
        lines.append(f"`{'█' * filled}{'░' * (BAR_STEPS - filled)}` {stepped} %")
    return "\n".join(lines), ()


# --- what came of it ---------------------------------------------------------------------------------------------


def _completed(drawing: Drawing) -> Body:
    task, words = drawing.task, drawing.words
    if task.result is None or not task.result.tracks:
        return words(texts.FINISHED), ()
    long, short = links_shown(_links(drawing), room_chars=LINKS_CHARS)
    lines = [_finished_words(drawing), *remarks(task, drawing.attached, words), *long, *_children_line(drawing)]
    return "\n".join(lines), (*_song_buttons(task, words), *short)


def _finished_words(drawing: Drawing) -> str:
    """How long it is; where there are several takes, how long each of them."""
    task, words = drawing.task, drawing.words
    if len(task.takes) > 1:
        length = lengths(task, words) or words.several("{number} take.", "{number} takes.", len(task.takes))
    else:
        plays_s = task.takes[0].plays_s if task.media else None
        length = words("{time} long.", time=texts.clock_time(int(plays_s))) if plays_s else ""
    return " ".join(filter(None, [words(texts.FINISHED), length, *_late_words(drawing)]))


def _late_words(drawing: Drawing) -> list[str]:
    return [drawing.words(texts.FOUND_LATE)] if drawing.task.is_found_late else []


def _children_line(drawing: Drawing) -> list[str]:
    """The newest of what was made from it, as far as it stands in the same channel."""
    children = drawing.scene.family.children[-CHILDREN_SHOWN:]
    named = [name for child in children if (name := _relative(drawing.task, child))]
    made = N_("Continued in {songs}") if drawing.task.kind.makes_audio else N_("Made into {songs}")
    return [drawing.words(made, songs=", ".join(named))] if named else []


def _song_buttons(task: MusicTask, words: Words) -> tuple[Button, ...]:
    go_on = Button(label=words("Continue"), press=Press.CONTINUE, subject=task.id, style=discord.ButtonStyle.primary)
    read = Button(label=words("Lyrics"), press=Press.READ_LYRICS, subject=task.id)
    return (go_on, *([read] if task.lyrics else []), *_repeat_buttons(task, words), _more(task, words))


def _repeat_buttons(task: MusicTask, words: Words) -> tuple[Button, ...]:
    again = Button(label=words("Again"), press=Press.AGAIN, subject=task.id)
    return again, Button(label=words("Edit & again"), press=Press.EDIT_AGAIN, subject=task.id)


def _more(task: MusicTask, words: Words) -> Button:
    return Button(label=words("More"), press=Press.MORE, subject=task.id)


def _links(drawing: Drawing) -> list[tuple[str, str]]:
    """Where to hear the takes that are not attached, and the originals of those that were made to fit."""
    task, words, links = drawing.task, drawing.words, []
    for take in task.takes:
        if not carries(drawing.attached, take):
            links.append(link_to(task, take.number, take.track.audio_url, words))
        elif take.file and take.file.encoded_kbps:
            links.append(link_to(task, take.number, take.track.audio_url, words, ORIGINAL))
    videos = [take.track.video_url for take in task.takes if take.track.video_url]
    return links + [(words("Video"), url) for url in videos[:1]]


def _dress(embed: discord.Embed, task: MusicTask) -> None:
    """The cover by its link, where the provider made one that Discord can fetch."""
    image_url = task.result.tracks[0].image_url if task.result else None
    if image_url and image_url.startswith("https://") and len(image_url) <= IMAGE_URL_CHARS:
        embed.set_thumbnail(url=image_url)


def _failed(drawing: Drawing) -> Body:
    task, words = drawing.task, drawing.words
    parts = [words(texts.FAILED), *reason(task, words)]
    if task.unclear_attempts:
        parts.append(words(texts.EARLIER_TRY))
    elif task.error_code in texts.FREE_FAILURES:
        parts.append(words(texts.NOT_CHARGED))
    told = telling_detail(task)
    lines = [" ".join(parts)]
    if told:
        lines.append(words("TokenLab says: {words}", words=inline(told, PROMPT_SHOWN_CHARS)))
    lines.append(words(texts.AGAIN_COSTS))
    return "\n".join(lines), (*_repeat_buttons(task, words), _more(task, words))


def _uncertain(drawing: Drawing) -> Body:
    task, words = drawing.task, drawing.words
    retry = Button(label=words("Try again"), press=Press.RETRY, subject=task.id, style=discord.ButtonStyle.primary)
    drop = Button(label=words("Drop"), press=Press.DROP, subject=task.id)
    return words(texts.UNCERTAIN), (retry, drop)


def _expired(drawing: Drawing) -> Body:
    is_empty = drawing.task.error_code is ErrorCode.NO_RESULT
    return drawing.words(texts.EXPIRED_EMPTY if is_empty else texts.EXPIRED), ()


def _cancelled(drawing: Drawing) -> Body:
    return f"**{drawing.words(texts.DROPPED if drawing.task.unclear_attempts else texts.CANCELLED)}**", ()


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


# --- lyrics ------------------------------------------------------------------------------------------------------


def _lyrics_card(drawing: Drawing) -> Card:
    """Lyrics are readable text, never cut: short in the card, long as a file beside their beginning."""
    task, words = drawing.task, drawing.words
    text = task.lyrics or ""
    whose = words("For {member}: {wish}", member=f"<@{task.user_id}>", wish=inline(task.prompt, PROMPT_SHOWN_CHARS))
    facts = [*_late_words(drawing), *([words(texts.EDITED)] if task.edited_lyrics else [])]
    if task.has_other_lyrics and not task.edited_lyrics:
        facts.append(words(texts.LYRICS_OTHERS))
    head = [whose, *(f"*{fact}*" for fact in facts)]
    is_long = len(lyrics.shown(text)) > lyrics.PAGE_CHARS
    body = _beginning(drawing, text) if is_long else lyrics.shown(text)
    made = [f"\n{line}" for line in _children_line(drawing)]
    embed = _frame(task, words, "\n".join([*head, "", body, *made]))
    embed.colour = LYRICS_COLOUR
    return Card(
        embed=embed,
        buttons=(*_lyrics_buttons(task, words, is_long=is_long), *_prompt_button(task, words)),
        lyrics_file=text if is_long else None,
    )


def _beginning(drawing: Drawing, text: str) -> str:
    """The first lines of long lyrics, and where the others are."""
    begin = lyrics.shown(text)[:LYRICS_PART_CHARS].rsplit("\n", 1)[0].rstrip("\\")
    where = drawing.words(texts.LYRICS_FILE if drawing.attached is None else texts.LYRICS_KEPT)
    return f"{begin}\n\n*{where}*"


def _lyrics_buttons(task: MusicTask, words: Words, *, is_long: bool) -> tuple[Button, ...]:
    song = Button(
        label=words("Make it a song"), press=Press.MAKE_SONG, subject=task.id, style=discord.ButtonStyle.primary
    )
    read = Button(label=words("Read"), press=Press.READ_LYRICS, subject=task.id)
    edit = Button(label=words("Edit"), press=Press.EDIT_LYRICS, subject=task.id)
    again = Button(label=words("Again"), press=Press.AGAIN, subject=task.id)
    return (song, *([read] if is_long else []), edit, again, _more(task, words))
