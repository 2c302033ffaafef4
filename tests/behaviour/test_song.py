"""A member asks for a song."""

from bot.domain.tasks import State
from tests.behaviour.conftest import World, labels, text_of


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
    assert [a.filename for a in card.attachments] == ["Low Tide.mp3"]
    assert len(world.standin.creates) == 1
