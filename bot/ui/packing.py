"""An export as files: as it is where it fits, else compressed, else compressed and in parts."""

import asyncio
import gzip
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from io import BufferedRandom, BytesIO
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

import discord

NAME = "encore-export.json"


class Package:
    """What was written lies in temporary files on disk, not in memory; to be used as a context."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._plain = self._file()
        self._packed: BufferedRandom | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stack.close()

    async def write(self, pieces: AsyncIterator[str]) -> None:
        """Take everything in, a piece at a time; others have their turn in between."""
        async for piece in pieces:
            await asyncio.to_thread(self._plain.write, piece.encode())

    async def file(self, limit_bytes: int) -> discord.File | None:
        """The whole as one attachment; None if it does not fit, compressed or not."""
        if _size(self._plain) <= limit_bytes:
            return _attached(self._plain, NAME)
        packed = await self._compressed()
        return _attached(packed, f"{NAME}.gz") if _size(packed) <= limit_bytes else None

    async def parts(self, part_bytes: int) -> AsyncIterator[discord.File]:
        """Attachments that are the compressed file when they are put together, one at a time."""
        packed = await self._compressed()
        count = -(-_size(packed) // part_bytes)
        for number in range(count):
            packed.seek(number * part_bytes)
            name = f"{NAME}.gz" if count == 1 else f"{NAME}.gz.{number + 1:03}"
            yield discord.File(BytesIO(packed.read(part_bytes)), filename=name)

    async def _compressed(self) -> BufferedRandom:
        if self._packed is None:
            self._packed = self._file()
            await asyncio.to_thread(_compress, self._plain, self._packed)
        return self._packed

    def _file(self) -> BufferedRandom:
        return self._stack.enter_context(TemporaryFile())


def _attached(file: BufferedRandom, name: str) -> discord.File:
    file.seek(0)  # an attachment is what follows
    return discord.File(file, filename=name)


def _size(file: BufferedRandom) -> int:
    return file.seek(0, 2)


def _compress(plain: BufferedRandom, into: BufferedRandom) -> None:
    plain.seek(0)
    with gzip.GzipFile(fileobj=into, mode="wb", filename=NAME) as packed:
        shutil.copyfileobj(plain, packed)
