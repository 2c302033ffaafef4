"""The process: reads one job from its input, does it within its limits, and writes one report."""

import dataclasses
import json
import sys
from pathlib import Path

from bot.sound.jobs import CoverJob, Encoding, Job, Limits, SongTags
from bot.sound.kinds import AudioKind
from bot.sound.limits import confine


def main() -> None:
    """Do one job and report. Whatever goes wrong ends the process without a report."""
    job = _job(sys.stdin.read())
    confine(job.limits)
    json.dump(_done(job), sys.stdout, allow_nan=False)


def _done(job: Job | CoverJob) -> object:
    """What decodes is loaded within the limits. The report on a song is `null` where there is no sound."""
    if isinstance(job, CoverJob):
        from bot.sound.cover import make_cover

        return make_cover(job.source, job.into)
    from bot.sound.work import work

    report = work(job)
    return report and dataclasses.asdict(report)


def _job(text: str) -> Job | CoverJob:
    values = json.loads(text)
    paths = {name: Path(values[name]) for name in ("source", "into")}
    limits = Limits(**values["limits"])
    if "tags" not in values:
        return CoverJob(**paths, limits=limits)
    tags, encoding = values["tags"], values["encoding"]
    return Job(
        **paths,
        tags=SongTags(**{**tags, "cover": tags["cover"] and Path(tags["cover"])}),
        limits=limits,
        encoding=Encoding(kind=AudioKind(encoding["kind"]), kbps=encoding["kbps"]) if encoding else None,
        limit_bytes=values["limit_bytes"],
    )


if __name__ == "__main__":
    main()
