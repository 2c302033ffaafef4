"""Where a downloaded file becomes one that members can use: heard, freshly written, named for what it is, made to fit.

What looks into the file is a process of its own (`bot/sound`): a file that brings it down loses its tags and its
picture, and is delivered as it came.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from bot.domain.media import MediaError, MediaProblem
from bot.sound.jobs import Encoding, Job, Limits, Report, SongTags
from bot.sound.kinds import AudioKind, audio_kind
from bot.ui.media.process import COMMAND, NoReportError, SoundProcess
from bot.ui.media.store import part_of

log = logging.getLogger(__name__)

_LIMITS = Limits()

_RATES = (
    *(Encoding(kind=AudioKind.MP3, kbps=kbps) for kbps in (320, 256, 192, 160, 128)),
    *(Encoding(kind=AudioKind.OGG, kbps=kbps) for kbps in (96, 64, 48, 32, 24, 16)),
)
"""How a song may be encoded, the best first; below 128 kbit/s Opus sounds far better than MP3."""
_FILLED = 0.97
"""What of a limit the sound may take: rates are kept on average only, and containers take their part."""
_FIT_TRIES = 2

_REPORT: TypeAdapter[Report | None] = TypeAdapter(Report | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file ready to be shown."""

    kind: AudioKind
    size_bytes: int
    duration_s: float | None = None
    promised_s: float | None = None
    """How long it should play by its own header."""
    loudness: Sequence[float] = ()
    encoded_kbps: int | None = None
    """At which rate it was encoded to fit; None if it is as it came."""


class Workshop:
    """Handles downloaded files, a few at a time."""

    def __init__(self, *, limits: Limits = _LIMITS, command: Sequence[str] = COMMAND) -> None:
        self._limits = limits
        self._process = SoundProcess(command)

    async def prepare(self, path: Path, tags: SongTags, *, limit_bytes: int) -> Prepared:
        """Replace a downloaded file by a fresh one with the tags written: its sound as it is, unless that is too large.

        Raises:
            MediaError: there is no sound in it.
            OSError: the folder can't be written.
        """
        prepared = await self._copied(path, tags, limit_bytes)
        if prepared.size_bytes <= limit_bytes or not prepared.duration_s:
            return prepared
        return await self._fitted(path, tags, prepared, limit_bytes)

    async def _copied(self, path: Path, tags: SongTags, limit_bytes: int) -> Prepared:
        part = part_of(path)
        try:
            report = await self._report(self._job(path, part, tags, limit_bytes))
            if report is None:
                raise MediaError(MediaProblem.NOT_AUDIO, is_temporary=True)
            if report.is_written:
                part.replace(path)
            return Prepared(
                kind=report.kind,
                size_bytes=await _size_of(path),
                duration_s=round(report.duration_s, 3),
                promised_s=report.promised_s,
                loudness=report.loudness,
            )
        except NoReportError:
            kind = await asyncio.to_thread(audio_kind, path)
            if kind is None:
                raise MediaError(MediaProblem.NOT_AUDIO, is_temporary=True) from None
            return Prepared(kind=kind, size_bytes=await _size_of(path))
        finally:
            part.unlink(missing_ok=True)

    async def _fitted(self, path: Path, tags: SongTags, whole: Prepared, limit_bytes: int) -> Prepared:
        """The song encoded at the best rate that fits; as it was if none does, or if that fails."""
        kbps_max = limit_bytes * _FILLED * 8 / 1000 / (whole.duration_s or 1)
        fitting = [encoding for encoding in _RATES if encoding.kbps <= kbps_max]
        for encoding in fitting[:_FIT_TRIES]:
            part = part_of(path)
            try:
                report = await self._report(self._job(path, part, tags, limit_bytes, encoding))
                if report is None or not report.is_written:
                    break
                if (size_bytes := await _size_of(part)) <= limit_bytes:
                    part.replace(path)
                    return replace(whole, kind=encoding.kind, size_bytes=size_bytes, encoded_kbps=encoding.kbps)
            except NoReportError:
                break
            finally:
                part.unlink(missing_ok=True)
        return whole

    def _job(self, path: Path, into: Path, tags: SongTags, limit_bytes: int, encoding: Encoding | None = None) -> Job:
        cover = tags.cover and tags.cover.absolute()  # the process works in another folder
        return Job(
            source=path.absolute(),
            into=into.absolute(),
            tags=replace(tags, cover=cover),
            limits=self._limits,
            encoding=encoding,
            limit_bytes=limit_bytes,
        )

    async def _report(self, job: Job) -> Report | None:
        """Let the process do one job.

        Raises:
            NoReportError: see `SoundProcess.report`.
        """
        try:
            return await self._process.report(job, _REPORT)
        except NoReportError as error:
            log.warning("song could not be looked into", extra={"file": job.source.name, "error": error.reason})
            raise


async def _size_of(path: Path) -> int:
    return (await asyncio.to_thread(path.stat)).st_size
