"""The folder of downloaded audio and its pictures (`MEDIA_DIR`): what lies where, for how long, and how much of it."""

import asyncio
import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from shutil import disk_usage
from typing import BinaryIO

from bot.clock import Clock

MB = 1024 * 1024
PROBE_BYTES = 4096
_ORPHAN_AGE_S = 3600.0
_NAME = re.compile(r"[0-9A-Za-z]+-\d+\.[0-9a-z]+", re.A)
_OURS = re.compile(rf"{_NAME.pattern}|\.{_NAME.pattern}\.[0-9a-f]+\.part", re.A)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    path: Path
    age_s: float
    size_bytes: int


class MediaStore:
    """Owns the files named `<task id>-<take>.<ending>` in its folder. Whatever else lies there is left alone."""

    def __init__(self, folder: Path, *, keep_days: float, total_bytes: int, clock: Clock, free_bytes: int = 0) -> None:
        """Make the folder, if that works; `problem` tells.

        Args:
            folder: where the files are.
            keep_days: how long they are kept.
            total_bytes: how much all of them may take.
            clock: tells how old they are.
            free_bytes: how much has to be free beside them.
        """
        self._folder = folder
        self._free_bytes = free_bytes
        self._keep_s = timedelta(days=keep_days).total_seconds()
        self._total_bytes = total_bytes
        self._clock = clock
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where the file of that name is, or will be.

        Raises:
            ValueError: a name that is not one of this folder's.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a media file name: {name!r}")
        return self._folder / name

    async def write(self, name: str, content: bytes) -> None:
        """Store a file that was made here.

        Raises:
            OSError: it can't be written; nothing is left behind then.
        """
        await asyncio.to_thread(_write, self.path(name), content)

    async def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are gone already are no trouble."""
        await asyncio.to_thread(_remove, [self.path(name) for name in names])

    async def problem(self) -> str | None:
        """Why no file could be kept now; None if one can. Found out by writing one: access bits lie for root."""
        return await asyncio.to_thread(self._problem)

    def _problem(self) -> str | None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if (free_bytes := disk_usage(self._folder).free) < self._free_bytes:
                return f"{free_bytes // MB} MB are free, MEDIA_MAX_MB ({self._free_bytes // MB}) are needed"
            _try_writing(part_of(self._folder / "0-0.probe"))
        except OSError as error:
            return error.strerror or type(error).__name__
        return None

    async def sweep(self, in_use: Collection[str]) -> int:
        """Remove unused and old files and, oldest first, what is too much; return how many files."""
        return await asyncio.to_thread(self._sweep, frozenset(in_use))

    def _sweep(self, in_use: frozenset[str]) -> int:
        entries = sorted(self._entries(), key=lambda entry: entry.age_s, reverse=True)
        doomed = [entry for entry in entries if self._is_over(entry, in_use)]
        kept = [entry for entry in entries if not self._is_over(entry, in_use)]
        surplus_bytes = sum(entry.size_bytes for entry in kept) - self._total_bytes
        for entry in kept:
            if surplus_bytes <= 0:
                break
            surplus_bytes -= entry.size_bytes
            doomed.append(entry)
        _remove(entry.path for entry in doomed)
        return len(doomed)

    def _is_over(self, entry: _Entry, in_use: frozenset[str]) -> bool:
        is_orphan = entry.path.name not in in_use and entry.age_s > _ORPHAN_AGE_S
        return is_orphan or entry.age_s > self._keep_s

    def _entries(self) -> list[_Entry]:
        now_s = self._clock().timestamp()
        if not self._folder.is_dir():  # `problem` tells
            return []
        ours = [path for path in self._folder.iterdir() if _OURS.fullmatch(path.name)]
        return [entry for path in ours if (entry := _entry(path, now_s)) is not None]


def _entry(path: Path, now_s: float) -> _Entry | None:
    try:
        stat = path.stat()
    except FileNotFoundError:  # a download has just ended
        return None
    return _Entry(path=path, age_s=now_s - stat.st_mtime, size_bytes=stat.st_size)


def _write(path: Path, content: bytes) -> None:
    with appearing(path) as (file, _):
        file.write(content)
        file.close()


def _try_writing(path: Path) -> None:
    """Write as much as one block, onto the disk: a full one may take an empty file."""
    try:
        with path.open("xb") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    finally:
        path.unlink(missing_ok=True)


def _remove(paths: Iterable[Path]) -> None:
    """Remove what can be removed, then tell of the first file that can't be."""
    trouble: OSError | None = None
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble


def part_of(into: Path) -> Path:
    """A name beside `into` for a file that is not whole yet; the sweep knows it for one of ours."""
    return into.with_name(f".{into.name}.{token_hex(4)}.part")


@contextmanager
def appearing(into: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file beside `into`, open, and its own path: it becomes `into` after the block, or vanishes on trouble."""
    part = part_of(into)
    try:
        with part.open("xb") as file:
            yield file, part
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
