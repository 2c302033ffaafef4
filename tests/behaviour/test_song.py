"""A member asks for a song."""

from bot.domain.tasks import State
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


async def test_a_finished_card_shows_the_picture_of_its_song_and_keeps_it(world: World) -> None:
    task = await world.song("Slow harbour blues", title="Low Tide")

    card = world.card(task)
    audio, picture = card.attachments
    assert card.embeds[0].image.url == f"attachment://{picture.filename}"
    assert (await picture.read()).startswith(b"\x89PNG")
    assert (audio.description, picture.description) == ("Low Tide, 0:14", "Waveform of Low Tide")

    await world.restart("UPDATE music_tasks SET revision = revision + 1, title = 'High Tide'")
    await world.turn()

    edited = world.card(await world.task())
    assert "High Tide" in text_of(edited)
    assert edited.embeds[0].image.url == f"attachment://{picture.filename}"
    assert [file.id for file in edited.attachments] == [audio.id, picture.id]
