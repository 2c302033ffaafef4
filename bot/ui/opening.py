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
from bot.ui.attachments import audio_files, picture_files
from bot.ui.card import Button, Card, Press, jump_url
from bot.ui.cards import COVER, render
from bot.ui.links import links_shown, listening
from bot.ui.verdicts import verdict_of
from bot.ui.words import Words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Music:
    """The takes of a song: as files that go along, or as links, with the words that say whose they are."""

    files: Sequence[Callable[[], discord.File]] = ()
    urls: Sequence[str] = ()
    source: str | None = None
    cover: str | None = None
    """The address of the cover: of a file that goes along, or of what a message of ours shows."""
    is_missing: bool = False
    """Whether neither we nor a message of ours has it, or only a part of it."""


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
    if task.state is not State.COMPLETED or task.result is None or not task.result.tracks:
        return Music()
    ends_early = any(one.whole_s for one in task.media)
    if files := audio_files(task, media_dir, limit_bytes=limit_bytes):
        cover = picture_files(task, media_dir, limit_bytes=limit_bytes).get(COVER)
        if cover is not None:
            return Music(files=[*files, cover], cover=f"attachment://{COVER}", is_missing=ends_early)
        return Music(files=files, is_missing=ends_early)
    if task.files_shown and (message := await _carrying(task, messages, client)) is not None:
        return Music(
            urls=_audio_in(message), cover=_cover_in(message), source=texts.FROM_MESSAGE, is_missing=ends_early
        )
    is_missing = not task.media or not all((media_dir / one.name).is_file() for one in task.media)
    source = texts.FETCHED_ANEW if is_missing else texts.FROM_PROVIDER
    return Music(urls=[track.audio_url for track in task.result.tracks], source=source, is_missing=is_missing)


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
    card = render(task, scene, forecast, attaches_files=may_attach or task.kind.makes_audio)
    if music.cover is not None:
        card.embed.set_thumbnail(url=music.cover)
    lines, links = links_shown(listening(music.urls, words))
    said = "\n".join([*([words(music.source)] if music.source else []), *lines[:1]])
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
