"""Fetches the covers of a song beside its audio. Ornaments: whatever is wrong with one, the song goes on without it."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from bot.domain.media import MediaError
from bot.domain.tasks import MusicTask
from bot.sound.jobs import CoverJob, Limits
from bot.ui.media.fetch import MediaFetcher, Patience
from bot.ui.media.process import NoReportError, SoundProcess
from bot.ui.media.store import MediaStore, part_of

log = logging.getLogger(__name__)

WAIT_S = 4.0
"""How long a song that is there waits for its cover: a small file from the same host, asked for at the same time."""
TRY_AGAIN_S = (0.5, 1.0, 2.0)
"""Delays between tries: links of a song just finished may be refused at first. All fit into `WAIT_S`."""
DOWNLOAD_MAX_BYTES = 8 * 1024**2
_PATIENCE = Patience(silence_s=15.0, slow_after_s=15.0, total_s=60.0)
_LIMITS = Limits(cpu_s=10, wall_s=20, memory_bytes=512 * 1024**2, written_bytes=1024**2)
_IS_WRITTEN: TypeAdapter[bool] = TypeAdapter(bool)


class CoverCollector:
    """Downloads pictures into the store, each made small in a process of its own."""

    def __init__(self, fetcher: MediaFetcher, store: MediaStore) -> None:
        self._fetcher = fetcher.stricter(max_bytes=DOWNLOAD_MAX_BYTES, patience=_PATIENCE)
        self._store = store
        self._process = SoundProcess()

    async def collect(self, url: str, name: str) -> str | None:
        """Return the name of the stored cover, which may be there already; None if there is none."""
        try:
            if not self._store.path(name).is_file():
                await self._fetch_patiently(url, self._store.path(name))
        except Exception as error:  # noqa: BLE001 -- an ornament: whatever is wrong with it must not hold up the song
            _tell(name, error.reason if isinstance(error, MediaError | NoReportError) else type(error).__name__)
            return None
        return name

    async def _fetch_patiently(self, url: str, into: Path) -> None:
        for delay_s in (*TRY_AGAIN_S, None):
            try:
                await self._fetch(url, into)
            except MediaError as error:
                if delay_s is None or not error.is_temporary:
                    raise
                await asyncio.sleep(delay_s)
            else:
                return

    async def _fetch(self, url: str, into: Path) -> None:
        raw, made = into.with_suffix(".image"), part_of(into)
        try:
            await self._fetcher.fetch_any(url, raw)
            job = CoverJob(source=raw.absolute(), into=made.absolute(), limits=_LIMITS)
            if not await self._process.report(job, _IS_WRITTEN):
                raise NoReportError("not a picture")
            made.replace(into)
        finally:
            made.unlink(missing_ok=True)
            raw.unlink(missing_ok=True)


class Covers:
    """The covers of one song while its takes are fetched; to be closed."""

    def __init__(self, collector: CoverCollector, task: MusicTask) -> None:
        self._collector = collector
        self._task_id = task.id
        self._urls = [track.image_url for track in task.result.tracks] if task.result else []
        self._jobs: dict[str, asyncio.Task[str | None]] = {}
        """By the address; each is named after its file."""

    def begin(self, take: int) -> None:
        """Begin to fetch what `of` may return for a take."""
        for url in self._urls_for(take):
            if url not in self._jobs:
                name = f"{self._task_id}-{self._urls.index(url) + 1}.jpg"
                self._jobs[url] = asyncio.create_task(self._collector.collect(url, name), name=name)

    async def of(self, take: int) -> str | None:
        """Return the name of a take's own cover, else of the first take's; None if neither is there in time."""
        jobs = [self._jobs[url] for url in self._urls_for(take)]
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                for job in jobs:
                    if await asyncio.shield(job):
                        break
        return next((name for job in jobs if job.done() and (name := job.result())), None)

    def _urls_for(self, take: int) -> Iterator[str]:
        return (url for url in dict.fromkeys((self._urls[take - 1], self._urls[0])) if url)

    async def close(self) -> None:
        """Give up what is still on its way."""
        for job in self._jobs.values():
            if job.cancel():
                _tell(job.get_name(), "not in time")
        await asyncio.gather(*self._jobs.values(), return_exceptions=True)


def _tell(name: str, reason: str) -> None:
    log.info("song has no cover", extra={"file": name, "reason": str(reason)})
