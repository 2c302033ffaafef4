"""What becomes of wishes whose server is gone."""

from bot.domain.tasks import State
from tests.behaviour.conftest import World, files_of


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
