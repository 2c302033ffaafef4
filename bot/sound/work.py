"""One job on one file: copied or encoded, heard, tagged, and looked at again before anybody gets it."""

import dataclasses
from pathlib import Path

from bot.sound.encoding import encode
from bot.sound.jobs import Job, Report
from bot.sound.kinds import AudioKind, sniff
from bot.sound.reading import NoSoundError, copy_and_hear
from bot.sound.tagging import UNREADABLE, Old, fit_cover, is_signed, told_length_s, write_tags

_CLOSE_S = 0.5
"""The delays of encoders make lengths differ by less."""


def work(job: Job) -> Report | None:
    """Do it; None if there is no sound in the file.

    Raises:
        OSError: the files can't be read or written.
    """
    sniffed = sniff(job.source)
    if sniffed is None:
        return None
    old = Old(path=job.source, kind=sniffed.kind)
    try:
        if job.encoding is not None:
            duration_s = encode(job.source, sniffed, job.into, job.encoding)
            return _finished(job, Report(kind=job.encoding.kind, duration_s=duration_s), old)
        sound = copy_and_hear(job.source, sniffed, job.into)
    except NoSoundError:
        return None
    report = Report(
        kind=sniffed.kind, duration_s=sound.duration_s, promised_s=sound.promised_s, loudness=sound.loudness
    )
    is_signed_and_sound = is_signed(job.source, sniffed.kind) and _plays(job.source, sniffed.kind, sound.duration_s)
    if sound.copied_as is None or is_signed_and_sound:
        return report
    fresh = dataclasses.replace(report, kind=sound.copied_as)
    return _finished(job, fresh, old, samples=sound.samples) or report


def _finished(job: Job, report: Report, old: Old, *, samples: int | None = None) -> Report | None:
    """Tag the fresh file; None if it does not play as long as its sound is: then the source is better."""
    try:
        write_tags(job.into, report.kind, job.tags, old=old, samples=samples)
        if job.limit_bytes is not None:
            fit_cover(job.into, report.kind, limit_bytes=job.limit_bytes)
    except UNREADABLE:
        return None
    return dataclasses.replace(report, is_written=True) if _plays(job.into, report.kind, report.duration_s) else None


def _plays(path: Path, kind: AudioKind, duration_s: float) -> bool:
    """Whether players show the length that is really there."""
    told_s = told_length_s(path, kind)
    return told_s is not None and abs(told_s - duration_s) < _CLOSE_S
