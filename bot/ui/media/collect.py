"""Brings home all takes of a finished music task: fetched, tagged and named, ready to be attached."""

import asyncio
import logging
from dataclasses import replace

from bot.domain.media import MediaError
from bot.domain.tasks import MediaFile, MusicTask, Result, Track
from bot.service import title_of
from bot.ui.media.fetch import MediaFetcher
from bot.ui.media.store import MediaStore
from bot.ui.media.tags import SongTags, prepare, safe_filename
from bot.ui.media.waveform import draw_waveform

log = logging.getLogger(__name__)


class MediaCollector:
    """Downloads what a task's result points to into the store."""

    def __init__(self, fetcher: MediaFetcher, store: MediaStore, *, artist: str = "Encore") -> None:
        self._fetcher = fetcher
        self._store = store
        self._artist = artist

    async def fetch_task(self, task: MusicTask) -> tuple[MediaFile, ...]:
        """The files of all takes that could be had, the first take among them; none if the task made no audio.

        Raises:
            MediaError: the first take could not be fetched; nothing is left behind then.
        """
        tracks = task.result.tracks if task.result else ()
        async with asyncio.TaskGroup() as group:
            takes = [
                group.create_task(self._try_take(task, track, take), name=f"media {task.id}-{take}")
                for take, track in enumerate(tracks, start=1)
            ]
        outcomes = [take.result() for take in takes]
        files = tuple(outcome for outcome in outcomes if isinstance(outcome, MediaFile))
        if outcomes and isinstance(outcomes[0], MediaError):
            await self._store.remove(file.name for file in files)
            raise outcomes[0]
        return files

    async def _try_take(self, task: MusicTask, track: Track, take: int) -> MediaFile | MediaError:
        raw = self._store.path(f"{task.id}-{take}.raw")
        try:
            fetched = await self._fetcher.fetch(track.audio_url, raw)
        except MediaError as error:
            return error
        result = task.result or Result()
        title = task.title or result.title or "Song"
        name = f"{task.id}-{take}.{fetched.kind}"
        prepared = await prepare(raw, self._store.path(name), self._tags(title, result.lyrics, take))
        file = MediaFile(
            name=name,
            shown_as=safe_filename(title, fetched.kind, take=take),
            size_bytes=prepared.size_bytes,
            duration_s=prepared.duration_s,
        )
        return file if take > 1 else replace(file, picture=await self._picture(task, file))

    async def _picture(self, task: MusicTask, file: MediaFile) -> str | None:
        """The name of the stored waveform; None if there is none, which never holds up the song."""
        png = await draw_waveform(self._store.path(file.name), title=title_of(task), duration_s=file.duration_s)
        if png is None:
            return None
        name = f"{task.id}-1.png"
        try:
            await self._store.write(name, png)
        except OSError as error:
            log.warning("picture not stored", extra={"file": name, "error": type(error).__name__})
            return None
        return name

    def _tags(self, title: str, lyrics: str | None, take: int) -> SongTags:
        return SongTags(
            title=title if take == 1 else f"{title} (take {take})",
            artist=self._artist,
            lyrics=lyrics,
            comment=f"Made with {self._artist}",
        )
