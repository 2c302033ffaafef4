"""Lyrics that are changed by hand and the texts that they replace, on both databases."""

import asyncio

import pytest
from sqlalchemy import func, select

from bot.domain.lyrics import LyricsVersion
from bot.domain.tasks import Kind, MusicTask, Result, StaleTaskError, State
from bot.domain.transitions import Emptied
from bot.store.database import Database
from bot.store.lyrics import LyricsStore
from bot.store.schema import lyrics_versions
from bot.store.tasks import TaskStore
from tests.fakes.sample_changes import completed
from tests.integration.conftest import START, HandClock, Make, again


@pytest.fixture
async def words(make: Make) -> MusicTask:
    """Finished lyrics whose card carries them as a file."""
    made = await make(State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="rain"), files_shown=True)
    assert made.lyrics == "rain"
    return made


async def kept_of(lyrics: LyricsStore, task: MusicTask) -> list[LyricsVersion]:
    found = [await lyrics.version(task.id, number) for number in await lyrics.numbers(task.id)]
    return [version for version in found if version is not None]


async def versions_left(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(lyrics_versions))).scalar_one()


async def test_a_text_that_is_replaced_becomes_a_version_and_the_card_has_news(
    lyrics: LyricsStore, store: TaskStore, words: MusicTask, clock: HandClock
):
    edited = await lyrics.edit(words.id, "sun")
    later = clock.tick(60)
    await lyrics.edit(words.id, "snow")
    assert (edited.lyrics, edited.revision, edited.files_shown) == ("sun", words.revision + 1, False)
    assert (await again(store, words)).lyrics == "snow"
    assert await kept_of(lyrics, words) == [
        LyricsVersion(number=1, replaced_at=START, text="rain"),
        LyricsVersion(number=2, replaced_at=later, text="sun"),
    ]


async def test_the_result_stays_as_it_was_made(lyrics: LyricsStore, words: MusicTask):
    assert (await lyrics.edit(words.id, "sun")).result == words.result


async def test_versions_belong_to_their_task(lyrics: LyricsStore, words: MusicTask, make: Make):
    await lyrics.edit(words.id, "sun")
    assert await kept_of(lyrics, await make()) == []


async def test_twenty_changes_at_once_keep_every_text(lyrics: LyricsStore, store: TaskStore, words: MusicTask):
    texts = {f"text {number}" for number in range(20)}
    await asyncio.gather(*(lyrics.edit(words.id, text) for text in texts))
    now, kept = await again(store, words), await kept_of(lyrics, words)
    assert [version.number for version in kept] == list(range(1, 21))
    assert kept[0].text == "rain"
    assert {now.lyrics, *(version.text for version in kept[1:])} == texts
    assert now.revision == words.revision + 20


async def test_of_many_texts_the_last_twenty_are_kept(lyrics: LyricsStore, words: MusicTask, make: Make):
    other = await make(State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="fog"))
    await lyrics.edit(other.id, "mist")
    for number in range(1, 25):
        await lyrics.edit(words.id, f"text {number}")
    kept = await kept_of(lyrics, words)
    assert [(version.number, version.text) for version in kept] == [(n, f"text {n - 1}") for n in range(5, 25)]
    assert await lyrics.version(words.id, 4) is None
    assert await lyrics.numbers(other.id) == [1]


async def test_of_twenty_changes_of_the_same_text_at_once_one_is_made(
    lyrics: LyricsStore, store: TaskStore, words: MusicTask
):
    changes = (lyrics.edit(words.id, f"text {number}", instead_of="rain") for number in range(20))
    made = await asyncio.gather(*changes, return_exceptions=True)
    (edited,) = [one for one in made if isinstance(one, MusicTask)]
    assert all(isinstance(one, StaleTaskError) for one in made if one is not edited)
    assert await again(store, words) == edited
    assert await lyrics.numbers(words.id) == [1]


async def test_lyrics_that_were_deleted_are_not_changed_any_more(
    lyrics: LyricsStore, store: TaskStore, words: MusicTask, database: Database
):
    await lyrics.edit(words.id, "sun")
    await store.apply(await again(store, words), Emptied())
    with pytest.raises(StaleTaskError):
        await lyrics.edit(words.id, "snow")
    assert (await again(store, words)).lyrics is None
    assert await versions_left(database) == 0


async def test_a_delete_that_came_too_late_leaves_the_versions(lyrics: LyricsStore, store: TaskStore, make: Make):
    running = await make(State.RUNNING, kind=Kind.LYRICS)
    done = await store.apply(running, completed(result=Result(lyrics="rain")))
    await lyrics.edit(done.id, "sun")
    with pytest.raises(StaleTaskError):
        await store.apply(running, Emptied())
    assert await lyrics.numbers(done.id) == [1]


async def test_whoever_deletes_and_whoever_changes_at_once_leave_no_text_behind(
    lyrics: LyricsStore, store: TaskStore, make: Make, database: Database
):
    for number in range(20):
        done = await make(State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="rain"))
        changes = [lyrics.edit(done.id, f"text {number} {n}") for n in range(3)]
        await asyncio.gather(*changes, store.apply(done, Emptied()), return_exceptions=True)
        now = await again(store, done)
        assert now.deleted_at is not None
        assert now.lyrics is None
    assert await versions_left(database) == 0
