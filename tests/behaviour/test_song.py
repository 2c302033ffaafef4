"""A member asks for a song."""

from dataclasses import replace

import pytest

from bot.domain.tasks import State
from bot.ui.media.cover import TRY_AGAIN_S
from tests.behaviour.conftest import World, files_of, labels, text_of


async def test_a_wish_becomes_a_song_on_its_own_card(world: World) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt="Slow harbour blues", title="Low Tide")

    assert answer.response is not None
    assert not answer.response.ephemeral
    assert "Low Tide" in text_of(answer.response)
    assert labels(answer.response.message) == ["Cancel"]
    assert (await world.task()).state is State.QUEUED

    await world.turn()
    assert (await world.task()).state is State.RUNNING
    assert len(world.standin.creates) == 1

    task = await world.until(State.COMPLETED)
    card = world.card(task)
    assert "Finished" in text_of(card)
    assert files_of(card) == ["Low Tide.mp3"]
    assert len(world.standin.creates) == 1


async def test_a_finished_card_shows_its_song_and_its_cover_and_keeps_both(world: World) -> None:
    task = await world.song("Slow harbour blues", title="Low Tide")

    card = world.card(task)
    audio, waveform, cover = card.attachments
    shown = card.embeds[0]
    assert (shown.image.url, shown.thumbnail.url) == ("attachment://waveform.png", "attachment://cover.jpg")
    assert (await waveform.read()).startswith(b"\x89PNG")
    assert (await cover.read()).startswith(b"\xff\xd8\xff")
    descriptions = [file.description for file in card.attachments]
    assert descriptions == ["Low Tide, 0:14", "Waveform of Low Tide", "Cover of Low Tide"]
    assert await cover.read() in await audio.read()

    await world.restart("UPDATE music_tasks SET revision = revision + 1, title = 'High Tide'")
    await world.turn()

    edited = world.card(await world.task())
    assert "High Tide" in text_of(edited)
    assert (edited.embeds[0].image.url, edited.embeds[0].thumbnail.url) == (shown.image.url, shown.thumbnail.url)
    assert [file.id for file in edited.attachments] == [audio.id, waveform.id, cover.id]


@pytest.mark.parametrize("fault", ["not_found", "html", "empty", "too_large", "redirect_private"])
async def test_a_song_whose_cover_can_not_be_had_comes_without(world: World, fault: str) -> None:
    world.standin.faults.on_cover(fault, times=None)

    task = await world.song(title="Low Tide")

    card = world.card(task)
    assert files_of(card) == ["Low Tide.mp3"]
    assert (card.embeds[0].image.url, card.embeds[0].thumbnail.url) == ("attachment://waveform.png", None)
    assert (task.media[0].cover, len(world.pings()), len(world.standin.creates)) == (None, 1, 1)


async def test_a_cover_that_could_not_be_had_comes_when_its_song_is_fetched_again(world: World) -> None:
    world.standin.faults.on_cover("not_found", times=1 + len(TRY_AGAIN_S))
    task = await world.song(title="Low Tide")
    assert task.media[0].cover is None

    for path in (world.folder / "media").iterdir():
        path.unlink()
    await world.write(task.id, media_wanted=True)
    await world.turn()
    await world.turn()

    card = world.card(await world.task())
    assert card.embeds[0].thumbnail.url == "attachment://cover.jpg"
    assert len(world.pings()) == 1


async def test_a_card_from_before_keeps_the_cover_that_discord_fetches(world: World) -> None:
    task = await world.song(title="Low Tide")
    assert task.result is not None
    linked = replace(task.result.tracks[0], image_url="https://media.example/1.png")
    media = [replace(task.media[0], cover=None)]
    await world.write(task.id, result=replace(task.result, tracks=(linked,)), media=tuple(media))
    edits = len(world.requests("PATCH"))

    await world.restart()
    await world.turn()
    assert len(world.requests("PATCH")) == edits

    await world.restart("UPDATE music_tasks SET revision = revision + 1, title = 'High Tide'")
    await world.turn()
    assert world.card(await world.task()).embeds[0].thumbnail.url == "https://media.example/1.png"
