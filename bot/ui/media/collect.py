"""Brings home all takes of a finished music task: fetched, tagged and named, ready to be attached."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from pathlib import Path

from bot.domain.media import Brought, MediaError, MediaProblem, is_cut_short, is_stream_tried, may_still_grow, summed_up
from bot.domain.takes import MediaFile, Take, TakeTries, Track
from bot.domain.tasks import MusicTask
from bot.sound.jobs import SongTags
from bot.ui.media.cover import CoverCollector, Covers
from bot.ui.media.fetch import MediaFetcher
from bot.ui.media.naming import safe_filename
from bot.ui.media.store import MediaStore
from bot.ui.media.waveform import draw_waveform
from bot.ui.media.workshop import Prepared, Workshop
from bot.ui.takes import titled, within
from bot.ui.words import words_for

log = logging.getLogger(__name__)

Fetching = asyncio.Task[MediaFile | MediaError]
TOGETHER_S = 20.0
"""How long the first take that is there waits for the others."""


class MediaCollector:
    """Downloads what a task's result points to into the store."""

    def __init__(self, fetcher: MediaFetcher, store: MediaStore, *, artist: str = "Encore") -> None:
        self._fetcher = fetcher
        self._store = store
        self._artist = artist
        self._workshop = Workshop()
        self._covers = CoverCollector(fetcher, store)

    async def fetch_task(self, task: MusicTask, due: Collection[int]) -> AsyncGenerator[Brought, None]:
        """Fetch the takes that are due and not there, each by itself: none that fails or drips holds up another one.

        Tells what is there once all have ended, and before that whenever some have and others take their time.
        """
        takes = task.takes
        files = {take.number: take.file for take in takes if take.file}
        there = {take.number for take in takes if self._is_there(take)}
        covers = Covers(self._covers, task)
        under_way = {
            asyncio.create_task(self._try_take(task, take, covers), name=f"media {task.id}-{take.number}"): take.number
            for take in takes
            if take.number in due and take.number not in there
        }
        pending = set(under_way)
        try:
            while True:
                done, pending = await _some_of(pending)
                outcomes = {under_way[one]: one.result() for one in done}
                fetched = {take: one for take, one in outcomes.items() if isinstance(one, MediaFile)}
                files |= fetched  # one that is gone from the disk is still known, for the card may carry it
                yield Brought(
                    files=tuple(files[take] for take in sorted(files)),
                    fetched=frozenset(fetched),
                    failed={take: one for take, one in outcomes.items() if isinstance(one, MediaError)},
                    there=there,
                    is_all=not pending,
                )
                if not pending:
                    return
        finally:
            for one in pending:
                one.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            await covers.close()

    def _is_there(self, take: Take) -> bool:
        """Whether there is nothing to fetch; one that ends early may be whole by the time its song is wanted again."""
        return take.file is not None and take.file.whole_s is None and self._store.path(take.file.name).is_file()

    async def _try_take(self, task: MusicTask, take: Take, covers: Covers) -> MediaFile | MediaError:
        """Fetch one take from the first of its addresses that gives it, from its stream where nothing else is left."""
        covers.begin(take.number)
        came = await self._try_urls(task, take, take.track.urls, covers)
        stream_url, tries = take.track.stream_url, _tries(task, take.number)
        if isinstance(came, MediaError) and stream_url and is_stream_tried(tries, task, came):
            from_stream = await self._try_urls(task, take, [stream_url], covers)
            return summed_up([came, from_stream]) if isinstance(from_stream, MediaError) else from_stream
        return came

    async def _try_urls(
        self, task: MusicTask, take: Take, urls: Sequence[str], covers: Covers
    ) -> MediaFile | MediaError:
        problems = []
        for url in urls:
            try:
                return await self._fetch(task, take, url, covers)
            except MediaError as error:
                problems.append(error)
            except Exception:
                log.exception("take can't be fetched", extra={"task_id": task.id, "take": take.number})
                problems.append(MediaError(MediaProblem.UNREACHABLE, is_temporary=True))
        return summed_up(problems)

    async def _fetch(self, task: MusicTask, take: Take, url: str, covers: Covers) -> MediaFile:
        raw = self._store.path(f"{task.id}-{take.number}.raw")
        try:
            await self._fetcher.fetch(url, raw)
            return await self._prepared(task, take, raw, await covers.of(take.number))
        finally:
            await self._store.remove([raw.name])

    async def _prepared(self, task: MusicTask, take: Take, raw: Path, cover: str | None) -> MediaFile:
        title = task.title or task.made_title or "Song"
        name = within(task, take.number, words_for(task.locale))
        tags = self._tags(f"{title} ({name})" if name else title, task.result.lyrics if task.result else None, cover)
        prepared = await self._workshop.prepare(raw, tags, limit_bytes=task.attachment_limit_bytes)
        whole_s = _missed_length(prepared, take.track)
        if whole_s is not None and _may_grow(task, take.number):
            raise MediaError(MediaProblem.CUT_SHORT, is_temporary=True)
        file = MediaFile(
            name=f"{task.id}-{take.number}.{prepared.kind}",
            shown_as=safe_filename(title, prepared.kind, take=name),
            size_bytes=prepared.size_bytes,
            duration_s=prepared.duration_s,
            picture=await self._picture(task, take.number, prepared),
            cover=cover,
            whole_s=whole_s,
            encoded_kbps=prepared.encoded_kbps,
            take=take.number,
        )
        await asyncio.to_thread(raw.replace, self._store.path(file.name))
        return file

    async def _picture(self, task: MusicTask, take: int, prepared: Prepared) -> str | None:
        """The name of the stored waveform; None if there is none, which never holds up the song."""
        title = titled(task, take, words_for(task.locale))
        png = await draw_waveform(prepared.loudness, title=title, duration_s=prepared.duration_s)
        if png is None:
            return None
        name = f"{task.id}-{take}.png"
        try:
            await self._store.write(name, png)
        except OSError as error:
            log.warning("picture not stored", extra={"file": name, "error": type(error).__name__})
            return None
        return name

    def _tags(self, title: str, lyrics: str | None, cover: str | None) -> SongTags:
        return SongTags(
            title=title,
            artist=self._artist,
            lyrics=lyrics,
            comment=f"Made with {self._artist}",
            cover=self._store.path(cover) if cover else None,
        )


def _may_grow(task: MusicTask, take: int) -> bool:
    """Whether another try may help a take that is too short."""
    tries = _tries(task, take)
    return may_still_grow(short_tries=tries.short_tries, failures=tries.failures)


def _tries(task: MusicTask, take: int) -> TakeTries:
    return next((one for one in task.media_tries if one.take == take), TakeTries(take=take))


def _missed_length(prepared: Prepared, track: Track) -> float | None:
    """How long a take that is too short should be, in seconds; None if it is whole, or its length is not known."""
    duration_s, promised_s, told_s = prepared.duration_s, prepared.promised_s, track.duration_s
    if duration_s is None or not is_cut_short(duration_s, promised_s=promised_s, told_s=told_s):
        return None
    return max(promised_s or 0, told_s or 0)


async def _some_of(takes: set[Fetching]) -> tuple[set[Fetching], set[Fetching]]:
    """Wait until one has ended, and a little for the others: both come with one edit of the card then."""
    if not takes:
        return set(), set()
    done, pending = await asyncio.wait(takes, return_when=asyncio.FIRST_COMPLETED)
    if not pending:
        return done, pending
    more, pending = await asyncio.wait(pending, timeout=TOGETHER_S)
    return done | more, pending
