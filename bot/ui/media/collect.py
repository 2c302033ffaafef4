"""Brings home all takes of a finished music task: fetched, tagged and named, ready to be attached."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

from bot.domain.media import SHORT_TRIES, Brought, MediaError, MediaProblem, is_cut_short, may_still_grow
from bot.domain.tasks import MediaFile, MusicTask, TaskId, Track
from bot.service import title_of
from bot.sound.jobs import SongTags
from bot.ui.media.cover import CoverCollector, Covers
from bot.ui.media.fetch import MediaFetcher
from bot.ui.media.naming import safe_filename
from bot.ui.media.store import MediaStore
from bot.ui.media.waveform import draw_waveform
from bot.ui.media.workshop import Prepared, Workshop

log = logging.getLogger(__name__)

Take = asyncio.Task[MediaFile | MediaError]
TOGETHER_S = 20.0
"""So long the first take that is there waits for the others."""


class MediaCollector:
    """Downloads what a task's result points to into the store."""

    def __init__(self, fetcher: MediaFetcher, store: MediaStore, *, artist: str = "Encore") -> None:
        self._fetcher = fetcher
        self._store = store
        self._artist = artist
        self._workshop = Workshop()
        self._covers = CoverCollector(fetcher, store)
        self._short: Counter[tuple[TaskId, int]] = Counter()
        """How often each take that is not there yet was too short; counted from zero after a restart."""

    async def fetch_task(self, task: MusicTask) -> AsyncGenerator[Brought, None]:
        """Fetch the takes that are not there, each by itself: none that fails or drips takes another one along.

        Tells what is there once all have ended, and before that whenever some have and others take their time.
        """
        tracks = task.result.tracks if task.result else ()
        files = {take: file for take in range(1, len(tracks) + 1) if (file := _known(task, take))}
        covers = Covers(self._covers, task)
        under_way = {
            asyncio.create_task(self._try_take(task, track, take, covers), name=f"media {task.id}-{take}"): take
            for take, track in enumerate(tracks, start=1)
            if take not in files or not self._is_there(task, files[take])
        }
        failed: list[MediaError] = []
        pending = set(under_way)
        try:
            while True:
                done, pending = await _some_of(pending)
                outcomes = {under_way[one]: one.result() for one in done}
                fetched = {take: one for take, one in outcomes.items() if isinstance(one, MediaFile)}
                failed += [one for one in outcomes.values() if isinstance(one, MediaError)]
                files |= fetched  # one that is gone from the disk is still known, for the card may carry it
                yield Brought(
                    files=tuple(files[take] for take in sorted(files)),
                    is_new=bool(fetched),
                    is_all=not pending,
                    missing=next((one for one in failed if one.is_temporary), failed[0] if failed else None),
                )
                if not pending:
                    return
        finally:
            for one in pending:
                one.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            await covers.close()

    def _is_there(self, task: MusicTask, file: MediaFile) -> bool:
        """Whether there is nothing to fetch; one that ends early may be whole by the time its song is wanted again."""
        is_all_there_is = file.whole_s is None or task.media_failures >= SHORT_TRIES
        return is_all_there_is and self._store.path(file.name).is_file()

    async def _try_take(self, task: MusicTask, track: Track, take: int, covers: Covers) -> MediaFile | MediaError:
        raw = self._store.path(f"{task.id}-{take}.raw")
        covers.begin(take)
        try:
            await self._fetcher.fetch(track.audio_url, raw)
            return await self._prepared(task, track, take, raw, await covers.of(take))
        except MediaError as error:
            return error
        except Exception:
            log.exception("take can't be fetched", extra={"task_id": task.id, "take": take})
            return MediaError(MediaProblem.UNREACHABLE, is_temporary=True)
        finally:
            await self._store.remove([raw.name])

    async def _prepared(self, task: MusicTask, track: Track, take: int, raw: Path, cover: str | None) -> MediaFile:
        title = task.title or (task.result.title if task.result else None) or "Song"
        tags = self._tags(title, task.result.lyrics if task.result else None, take)
        tags = replace(tags, cover=self._store.path(cover) if cover else None)
        prepared = await self._workshop.prepare(raw, tags, limit_bytes=task.attachment_limit_bytes)
        whole_s = _missed_length(prepared, track)
        if whole_s is not None and self._may_grow(task, take):
            raise MediaError(MediaProblem.CUT_SHORT, is_temporary=True)
        self._short.pop((task.id, take), None)
        file = MediaFile(
            name=f"{task.id}-{take}.{prepared.kind}",
            shown_as=safe_filename(title, prepared.kind, take=take),
            size_bytes=prepared.size_bytes,
            duration_s=prepared.duration_s,
            cover=cover,
            whole_s=whole_s,
            encoded_kbps=prepared.encoded_kbps,
        )
        await asyncio.to_thread(raw.replace, self._store.path(file.name))
        return file if take > 1 else replace(file, picture=await self._picture(task, prepared))

    def _may_grow(self, task: MusicTask, take: int) -> bool:
        """Count a take that is too short; whether another try may help."""
        before = self._short[task.id, take] if task.media_failures else 0
        self._short[task.id, take] = before + 1
        return may_still_grow(short_tries=before, failures=task.media_failures)

    async def _picture(self, task: MusicTask, prepared: Prepared) -> str | None:
        """The name of the stored waveform; None if there is none, which never holds up the song."""
        png = await draw_waveform(prepared.loudness, title=title_of(task), duration_s=prepared.duration_s)
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


def _missed_length(prepared: Prepared, track: Track) -> float | None:
    """How long a take that is too short should be, in seconds; None if it is whole, or its length is not known."""
    duration_s, promised_s, told_s = prepared.duration_s, prepared.promised_s, track.duration_s
    if duration_s is None or not is_cut_short(duration_s, promised_s=promised_s, told_s=told_s):
        return None
    return max(promised_s or 0, told_s or 0)


async def _some_of(takes: set[Take]) -> tuple[set[Take], set[Take]]:
    """Wait until one has ended, and a little for the others: both come with one edit of the card then."""
    if not takes:
        return set(), set()
    done, pending = await asyncio.wait(takes, return_when=asyncio.FIRST_COMPLETED)
    if not pending:
        return done, pending
    more, pending = await asyncio.wait(pending, timeout=TOGETHER_S)
    return done | more, pending


def _known(task: MusicTask, take: int) -> MediaFile | None:
    """The file of a take that was fetched before."""
    return next((file for file in task.media if file.name.startswith(f"{task.id}-{take}.")), None)
