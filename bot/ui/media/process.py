"""Runs the process that looks into what strangers made (`bot/sound`): one for each job, a few at a time, no secrets."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.sound.jobs import CoverJob, Job

COMMAND = (sys.executable, "-m", "bot.sound")
AT_ONCE = 2
_ROOT = Path(__file__).parents[3]
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
"""The process is not told any secret."""
_GRACE_S = 10.0
_REPORT_MAX_BYTES = 64 * 1024

Reported = TypeVar("Reported")


class NoReportError(Exception):
    """The process ended, or was ended, without a report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SoundProcess:
    """Has jobs done in a process of their own; those of one instance wait only for each other."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._free = asyncio.Semaphore(AT_ONCE)

    async def report(self, job: Job | CoverJob, reader: TypeAdapter[Reported]) -> Reported:
        """Let the process do one job.

        Raises:
            NoReportError: it crashed, took too much, or spoke nonsense.
        """
        async with self._free:
            try:
                async with asyncio.timeout(job.limits.wall_s + _GRACE_S):
                    return reader.validate_json(await self._spoken(json.dumps(asdict(job), default=str)))
            except (TimeoutError, OSError, ValidationError) as error:
                raise NoReportError(type(error).__name__) from error

    async def _spoken(self, job: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=_ROOT,
            env={
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                **{name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            },
            start_new_session=True,  # Ctrl-C is for us: we end it
        )
        try:
            return await _exchange(process, job.encode())
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            while process.stdout and await process.stdout.read(_REPORT_MAX_BYTES):  # else its pipe stays open
                pass
            await process.wait()


async def _exchange(process: asyncio.subprocess.Process, job: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:  # never: both were asked for
        raise NoReportError("no pipes")
    with suppress(BrokenPipeError, ConnectionResetError):  # how it ended says more
        process.stdin.write(job)
        await process.stdin.drain()
    process.stdin.close()
    spoken = b""
    while piece := await process.stdout.read(_REPORT_MAX_BYTES):
        spoken += piece
        if len(spoken) > _REPORT_MAX_BYTES:
            raise NoReportError("too much said")
    if (code := await process.wait()) != 0:
        raise NoReportError(f"ended with {code}")
    return spoken
