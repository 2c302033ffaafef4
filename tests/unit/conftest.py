"""Databases for the tests of engine and service: the real stores on a file of each test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.rows import databases_in


@pytest.fixture
async def databases(tmp_path: Path) -> AsyncIterator[None]:
    """What `tests/fakes/rows.py` opens lies in the test's own folder and is closed at its end."""
    async with databases_in(tmp_path):
        yield
