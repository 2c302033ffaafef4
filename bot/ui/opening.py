"""A task that its owner opens again: its card, with audio from disk, from a Discord attachment or from the provider."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import discord

from bot.domain.pacing import Forecast
from bot.domain.scene import Scene
from bot.domain.tasks import TERMINAL, MusicTask, State
from bot.ui import texts
from bot.ui.attachments import attachable, audio_files, carried, picture_files
from bot.ui.card import Button, Card, Press, jump_url
from bot.ui.cards import COVER, render
from bot.ui.links import link_to, links_shown
from bot.ui.takes import told_by_take
from bot.ui.verdicts import verdict_of
from bot.ui.words import Words

log = logging.getLogger(__name__)

SAID_LINKS_CHARS = 1850
"""What addresses that are too long for buttons may take up beside the words of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Music:
    """The takes of a song: as files that go along, or as links, with the words that say whose they are."""

    files: Sequence[Callable[[], discord.File]] = ()
    links: Sequence[tuple[int, str, str]] = ()
    """Takes that do not go along, each with its address and the words that say whose it is."""
    cover: str | None = None
    """The address of the cover: of a file that goes along, or of what a message of ours shows."""
    is_missing: bool = False
    """Whether neither we nor a message of ours has all of it."""


async def music_of(
    task: MusicTask, messages: Sequence[tuple[int, int]], client: discord.Client, media_dir: Path, *, limit_bytes: int
) -> Music:
    """Our own files, else those that a message of ours carries, else the provider's links.

    Args:
        task: the song; anything else has no music.
        messages: channel and id of the messages that may carry it, the likeliest first.
        client: reads them.
        media_dir: where our own files lie.
        limit_bytes: how large a file may be attached.
    """
    if task.state is not State.COMPLETED or not task.takes:
        return Music()
    here = attachable(task, media_dir, limit_bytes=limit_bytes)
    linked = [take for take in task.takes if take.number not in {one.take for one in here}]
    message = await _carrying(task, messages, client) if linked and task.files_shown else None
    urls = _audio_in(message) if message else []
    shown = carried(task)
    elsewhere = {one.take: url for one, url in zip(shown, urls, strict=True)} if len(shown) == len(urls) else {}
    links = []
    for take in linked:
        is_ours = take.number in elsewhere
        is_here = take.file is not None and (media_dir / take.file.name).is_file()
        source = texts.FROM_MESSAGE if is_ours else texts.FROM_PROVIDER if is_here else texts.FETCHED_ANEW
        links.append((take.number, elsewhere.get(take.number, take.track.audio_url), source))
    cover = picture_files(task, here, media_dir, limit_bytes=limit_bytes).get(COVER)
    return Music(
        files=[*audio_files(task, here, media_dir), *([cover] if cover else [])],
        links=links,
        cover=f"attachment://{COVER}" if cover else _cover_in(message) if message else None,
        is_missing=any(source is texts.FETCHED_ANEW for *_, source in links) or any(one.whole_s for one in task.media),
    )


async def _carrying(
    task: MusicTask, messages: Sequence[tuple[int, int]], client: discord.Client
) -> discord.Message | None:
    """The first message that carries the audio, fresh from Discord: its addresses work for about a day."""
    for channel_id, message_id in messages:
        try:
            message = await client.get_partial_messageable(channel_id).fetch_message(message_id)
        except Exception as error:
            if (verdict := verdict_of(error)) is None:
                raise
            log.info("message can't be read", extra={"task_id": task.id, "verdict": verdict.name})
            continue
        if _audio_in(message):
            return message
    return None


def _audio_in(message: discord.Message) -> list[str]:
    return [one.url for one in message.attachments if (one.content_type or "").startswith("audio/")]


def _cover_in(message: discord.Message) -> str | None:
    shown = (embed.thumbnail.url for embed in message.embeds)
    return next((url for url in shown if url and url.startswith("https://")), None)


def opened_card(
    task: MusicTask, scene: Scene, forecast: Forecast | None, music: Music, words: Words, *, may_attach: bool
) -> tuple[str, Card]:
    """The words beside it, and the card with its buttons and all that only its owner is offered."""
    # where a song comes from is told beside the card
    card = render(task, scene, forecast, attached=None if may_attach or task.kind.makes_audio else ())
    if music.cover is not None:
        card.embed.set_thumbnail(url=music.cover)
    lines, links = links_shown(
        [link_to(task, number, url, words) for number, url, _ in music.links], room_chars=SAID_LINKS_CHARS
    )
    sources = [(number, words(source)) for number, _, source in music.links]
    said = "\n".join([*told_by_take(sources, len(task.takes), words), *lines])
    return said, replace(card, buttons=(*card.buttons, *links, *_owner_buttons(task, scene, words)))


def _owner_buttons(task: MusicTask, scene: Scene, words: Words) -> list[Button]:
    buttons = []
    if task.card_lost is None and (where := jump_url(task)):
        buttons.append(Button(label=words("Go to the card"), url=where))
    if task.parent_id is not None or scene.family.children:
        buttons.append(Button(label=words("Family"), press=Press.FAMILY, subject=task.id))
    if task.state in TERMINAL:
        delete = Button(label=words("Delete"), press=Press.DELETE, subject=task.id, style=discord.ButtonStyle.danger)
        buttons.append(delete)
    return buttons
