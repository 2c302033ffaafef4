"""The media folder keeps what is in use, and never more than it may."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ui.media import MediaStore
from bot.ui.media.store import appearing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "media"


@pytest.fixture
def store(folder):
    return MediaStore(folder, keep_days=30, total_bytes=1000, clock=lambda: NOW)


def put(folder: Path, name: str, *, age: timedelta = timedelta(0), size_bytes: int = 10) -> None:
    path = folder / name
    path.write_bytes(b"x" * size_bytes)
    at_s = (NOW - age).timestamp()
    os.utime(path, (at_s, at_s))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_file_that_can_not_be_removed_holds_up_no_other(store, folder):
    (folder / "1-1.mp3").mkdir()
    put(folder, "2-1.mp3")
    with pytest.raises(OSError, match="1-1"):
        await store.remove(["1-1.mp3", "2-1.mp3"])
    assert names(folder) == ["1-1.mp3"]


def test_the_folder_is_made_for_its_owner_only(store, folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    MediaStore(folder, keep_days=1, total_bytes=1, clock=lambda: NOW)


def test_names_lead_into_the_folder(store, folder):
    assert store.path("7-1.mp3") == folder / "7-1.mp3"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../7-1.mp3", "/etc/passwd", "a/7-1.mp3", ".7-1.mp3", "7-1.mp3\n", "7-1", "song.mp3"]
)
def test_no_other_name_is_a_path(store, name):
    with pytest.raises(ValueError, match="not a media file name"):
        store.path(name)


async def test_files_are_removed_and_missing_ones_do_no_harm(store, folder):
    put(folder, "7-1.mp3")
    put(folder, "7-2.mp3")
    await store.remove(["7-1.mp3", "9-1.mp3"])
    assert names(folder) == ["7-2.mp3"]


async def test_nothing_is_removed_for_a_name_from_outside(store, folder):
    put(folder, "7-1.mp3")
    with pytest.raises(ValueError, match="not a media file name"):
        await store.remove(["7-1.mp3", "../media"])
    assert names(folder) == ["7-1.mp3"]


async def test_what_was_made_here_is_written_whole(store, folder):
    await store.write("7-1.png", b"picture")
    assert (folder / "7-1.png").read_bytes() == b"picture"
    assert names(folder) == ["7-1.png"]


async def test_orphans_go_after_an_hour(store, folder):
    put(folder, "1-1.mp3", age=HOUR * 2)
    put(folder, "2-1.mp3", age=HOUR * 2)
    put(folder, "3-1.mp3", age=HOUR / 2)
    put(folder, ".4-1.raw.0a1b2c3d.part", age=HOUR * 2)
    put(folder, ".5-1.raw.0a1b2c3d.part", age=HOUR / 2)
    assert await store.sweep({"2-1.mp3"}) == 2
    assert names(folder) == [".5-1.raw.0a1b2c3d.part", "2-1.mp3", "3-1.mp3"]


async def test_nothing_is_kept_for_ever(store, folder):
    put(folder, "1-1.mp3", age=timedelta(days=31))
    put(folder, "2-1.mp3", age=timedelta(days=29))
    assert await store.sweep({"1-1.mp3", "2-1.mp3"}) == 1
    assert names(folder) == ["2-1.mp3"]


async def test_the_oldest_go_first_when_there_is_too_much(store, folder):
    put(folder, "1-1.mp3", age=HOUR * 5, size_bytes=1)
    put(folder, "2-1.mp3", age=HOUR * 4, size_bytes=600)
    put(folder, "3-1.mp3", age=HOUR * 3, size_bytes=400)
    put(folder, "4-1.mp3", age=HOUR * 2, size_bytes=600)
    assert await store.sweep({"1-1.mp3", "2-1.mp3", "3-1.mp3", "4-1.mp3"}) == 2
    assert names(folder) == ["3-1.mp3", "4-1.mp3"]


async def test_other_files_in_the_folder_are_left_alone(store, folder):
    put(folder, "holiday.mp3", age=timedelta(days=400), size_bytes=5000)
    (folder / "album").mkdir()
    assert await store.sweep(set()) == 0
    assert names(folder) == ["album", "holiday.mp3"]


async def test_a_file_that_vanishes_meanwhile_is_no_trouble(store, folder):
    (folder / "1-1.mp3").symlink_to(folder / "nowhere")
    assert await store.sweep(set()) == 0


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    into = tmp_path / "7-1.mp3"
    with appearing(into) as (file, part):
        file.write(b"song")
        assert not into.exists()
        assert part.parent == tmp_path
    assert into.read_bytes() == b"song"


def test_a_file_in_trouble_vanishes_and_the_old_one_stays(tmp_path):
    into = tmp_path / "7-1.mp3"
    into.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), appearing(into):
        1 / 0  # noqa: B018 - only to fail
    assert names(tmp_path) == ["7-1.mp3"]
    assert into.read_bytes() == b"old"


# --- whether a file could be kept ------------------------------------------------------------------------------------


def store_with(folder: Path, free_bytes: int = 1) -> MediaStore:
    return MediaStore(folder, keep_days=30, total_bytes=1000, clock=lambda: NOW, free_bytes=free_bytes)


async def test_a_folder_that_takes_files_is_no_problem_and_nothing_is_left_in_it(tmp_path: Path):
    assert await store_with(tmp_path / "media").problem() is None
    assert list((tmp_path / "media").iterdir()) == []


async def test_a_folder_that_has_gone_is_made_again(tmp_path: Path):
    store = store_with(tmp_path / "media")
    (tmp_path / "media").rmdir()
    assert await store.problem() is None
    assert (tmp_path / "media").is_dir()


@pytest.mark.parametrize("folder", ["/proc/no-such-folder", "/dev/null/media", "/proc/self"])
async def test_a_folder_that_cannot_be_made_or_written_is_a_problem_even_for_root(folder: str):
    store = store_with(Path(folder), free_bytes=0)
    assert await store.problem()
    assert await store.sweep(()) == 0


async def test_too_little_room_is_a_problem_that_names_the_setting(tmp_path: Path):
    problem = await store_with(tmp_path, free_bytes=2**60).problem()
    assert problem is not None
    assert "MEDIA_MAX_MB" in problem
