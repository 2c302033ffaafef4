"""The process: reads one job from its input, does it within its limits, and writes one report."""

import dataclasses
import json
import sys
from pathlib import Path

from bot.sound.jobs import Encoding, Job, Limits, SongTags
from bot.sound.kinds import AudioKind
from bot.sound.limits import confine


def main() -> None:
    """Do one job; a report of `null` says that there is no sound. Whatever goes wrong ends the process without one."""
    job = _job(sys.stdin.read())
    confine(job.limits)
    from bot.sound.work import work  # what decodes is loaded within the limits

    report = work(job)
    json.dump(report and dataclasses.asdict(report), sys.stdout, allow_nan=False)


def _job(text: str) -> Job:
    values = json.loads(text)
    tags, encoding = values.pop("tags"), values.pop("encoding")
    return Job(
        source=Path(values["source"]),
        into=Path(values["into"]),
        tags=SongTags(**{**tags, "cover": tags["cover"] and Path(tags["cover"])}),
        limits=Limits(**values["limits"]),
        encoding=Encoding(kind=AudioKind(encoding["kind"]), kbps=encoding["kbps"]) if encoding else None,
        limit_bytes=values["limit_bytes"],
    )


if __name__ == "__main__":
    main()
