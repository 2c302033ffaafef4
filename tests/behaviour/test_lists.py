"""`/songs` and `/queue`: who sees what."""

import pytest

from bot.domain.tasks import State
from tests.behaviour.conftest import World, files_of, private


async def test_the_queue_shows_this_servers_tasks_to_moderators(world: World) -> None:
    await world.asked("Alpha")
    await world.asked("Beta", by=world.bob)
    await world.turn()
    elsewhere = world.env.create_guild(name="Elsewhere")
    eve = elsewhere.add_member(world.env.create_user("Eve"))
    await eve.slash(elsewhere.create_text_channel("songs"), "song", prompt="Eve's own")

    shown = private(await world.mo.slash(world.channel, "queue"))

    assert "Alpha" in shown
    assert f"<@{world.bob.id}>" in shown
    assert "being made **2**" in shown
    assert "Eve" not in shown


async def test_an_empty_queue_says_so(world: World) -> None:
    assert "Nothing is under way" in private(await world.mo.slash(world.channel, "queue"))


async def test_members_are_not_offered_the_queue(world: World) -> None:
    assert "queue" not in world.alice.available_commands(world.channel)
    with pytest.raises(Exception, match="queue"):
        await world.alice.slash(world.channel, "queue")


async def test_the_queue_is_not_there_in_direct_messages(world: World) -> None:
    assert set(world.alice.user.available_commands()) == {"song", "lyrics", "continue", "songs", "preferences"}


async def test_a_server_that_is_gone_takes_what_waits_with_it(world: World) -> None:
    await world.asked()
    world.env.backend.remove_guild(world.guild.id)
    await world.env.settle()
    await world.turn()

    assert (await world.task()).state is State.CANCELLED
    assert world.standin.creates == []


async def test_a_server_that_went_while_the_bot_was_down_takes_what_waits_with_it(world: World) -> None:
    await world.asked()
    await world.restart(f"UPDATE music_tasks SET guild_id = {world.guild.id + 1}")  # noqa: S608 -- an id of our own
    await world.turn()

    assert (await world.task()).state is State.CANCELLED
    assert world.standin.creates == []


async def test_what_runs_when_its_server_goes_is_delivered_directly(world: World) -> None:
    task = await world.asked("Harbour")
    await world.turn()
    world.env.backend.remove_guild(world.guild.id)
    await world.env.settle()
    await world.until(State.COMPLETED, step_s=16)

    (told,) = world.dms()
    assert files_of(told) == ["Harbour.mp3"]
    assert (await world.task(task.id)).card_lost
