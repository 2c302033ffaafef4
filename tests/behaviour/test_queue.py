"""`/queue`: what moderators see of their own server, page by page, and what was done about it."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.tasks import MusicTask, State
from tests.behaviour.conftest import World, control, labels, private, text_of


async def queue(world: World, actor: Any = None) -> Any:
    """The private answer to `/queue`."""
    answer = await (actor or world.mo).slash(world.channel, "queue")
    assert answer.response.ephemeral
    return answer.response


async def narrowed(world: World, shown: Any, press: str, *values: Any) -> Any:
    """The same answer after something was picked in one of its menus."""
    answer = await world.mo.select(shown, list(values), custom_id=control(shown, press))
    return answer.response


async def test_the_queue_shows_this_servers_tasks_and_nobody_elses(world: World) -> None:
    await world.asked("Alpha")
    await world.asked("Beta", by=world.bob)
    await world.turn()
    elsewhere = world.env.create_guild(name="Elsewhere")
    eve = elsewhere.add_member(world.env.create_user("Eve"))
    await eve.slash(elsewhere.create_text_channel("songs"), "song", prompt="Eve's own")

    shown = text_of(await queue(world))

    assert "Alpha" in shown
    assert f"<@{world.bob.id}>" in shown
    assert "being made **2**" in shown
    assert "Eve" not in shown


async def test_an_empty_queue_says_so(world: World) -> None:
    shown = await queue(world)

    assert "Nothing is under way" in text_of(shown)
    assert labels(shown.message) == ["Refresh", "Pause & blocks", "Audit", "Live board"]


async def test_members_are_not_offered_the_queue_nor_its_menu(world: World) -> None:
    card = world.card(await world.asked())

    assert "queue" not in world.alice.available_commands(world.channel)
    with pytest.raises(Exception, match="queue"):
        await world.alice.slash(world.channel, "queue")
    with pytest.raises(Exception, match="Moderate"):
        await world.alice.context_menu(world.channel, "Moderate", card)


async def test_the_queue_is_not_there_in_direct_messages(world: World) -> None:
    assert "queue" not in world.alice.user.available_commands()


async def test_what_came_to_an_end_is_counted_for_a_day_with_the_kinds_of_errors(world: World) -> None:
    await world.song("Alpha")
    world.standin.faults.on_create("invalid_api_key")
    await world.asked("Beta", by=world.bob)
    await world.until(State.FAILED, 2, step_s=2)

    shown = text_of(await queue(world))
    assert "finished **1** · failed **1**" in shown
    assert "no access to TokenLab **1**" in shown
    await world.env.advance_time(25 * 3600)
    assert "finished" not in text_of(await queue(world))


async def test_the_oldest_in_line_and_what_is_stuck_stand_out(world: World) -> None:
    first = await world.asked("Alpha")
    await world.turn()
    world.standin.hold(world.standin.creates[0].id)
    await world.advance(60)
    assert "stuck" not in text_of(await queue(world))

    await world.advance(600)
    await world.asked("Beta", by=world.bob)
    shown = await queue(world)

    assert "being made **1** · stuck **1**" in text_of(shown)
    assert f"The oldest in line was asked for <t:{int(world.clock().timestamp())}:R>" in text_of(shown)
    stuck = text_of(await narrowed(world, shown, "queue_lane", "3"))
    assert f"`#{first.id}`" in stuck
    assert "**stuck**" in stuck
    assert "Beta" not in stuck


async def test_the_queue_is_narrowed_by_state_kind_and_member_and_widened_again(world: World) -> None:
    await world.asked("Alpha")
    await world.asked("Beta", by=world.bob)
    await world.bob.slash(world.channel, "lyrics", prompt="Gamma")
    shown = await narrowed(world, await queue(world), "queue_member", world.bob)
    assert ["Alpha" in text_of(shown), "Beta" in text_of(shown), "Gamma" in text_of(shown)] == [False, True, True]

    shown = await narrowed(world, shown, "queue_kind", "2")
    assert ["Beta" in text_of(shown), "Gamma" in text_of(shown)] == [False, True]
    shown = await narrowed(world, shown, "queue_lane", "5")
    assert "Nothing fits" in text_of(shown)
    shown = await narrowed(world, shown, "queue_lane", "0")
    shown = await narrowed(world, shown, "queue_kind", "0")
    shown = await narrowed(world, shown, "queue_member")
    assert ["Alpha" in text_of(shown), "Beta" in text_of(shown), "Gamma" in text_of(shown)] == [True, True, True]


async def test_pages_are_turned_and_live_through_a_restart(world: World) -> None:
    for number in range(9):
        await world.asked(f"Song number {number}", by=world.alice if number % 2 else world.bob)
    shown = await queue(world)
    assert "Song number 7" in text_of(shown)
    assert "Song number 8" not in text_of(shown)
    await world.restart()

    shown = (await world.mo.click(shown, label="Next")).response
    assert "Song number 8" in text_of(shown)
    assert "Page 2" in text_of(shown)
    shown = (await world.mo.click(shown, label="Back")).response
    assert "Song number 0" in text_of(shown)
    assert "Refresh" in labels(shown.message)


async def test_another_server_has_a_queue_of_its_own_even_behind_the_same_button(world: World) -> None:
    await world.asked("Alpha")
    elsewhere = world.env.create_guild(name="Elsewhere", owner=world.mo.user)
    boss = elsewhere.add_member(world.mo.user)

    answer = await boss.slash(elsewhere.create_text_channel("songs"), "queue")

    assert "Nothing is under way" in private(answer)


# --- the audit -------------------------------------------------------------------------------------------------------


async def audit(world: World) -> Any:
    """The answer to the audit's button."""
    return (await world.mo.click(await queue(world), label="Audit")).response


async def cancelled_by_mo(world: World, task: MusicTask) -> None:
    asked = await world.mo.click(world.card(task), label="Cancel")
    await world.mo.click(asked.response, label="Yes, cancel it")


async def test_the_audit_tells_who_did_what_to_whom_and_what_it_changed(world: World) -> None:
    assert "Nothing has been done yet" in text_of(await audit(world))
    task = await world.asked()
    await cancelled_by_mo(world, task)

    shown = text_of(await audit(world))

    assert f"<@{world.mo.id}> · **cancelled** · `#{task.id}` · <@{world.alice.id}>" in shown
    assert "state: in line → cancelled" in shown


async def test_what_a_member_does_to_their_own_is_nobodys_business(world: World) -> None:
    await world.alice.click(world.card(await world.asked()), label="Cancel")

    assert "Nothing has been done yet" in text_of(await audit(world))


async def test_somebody_who_was_erased_is_a_short_reference(world: World) -> None:
    await cancelled_by_mo(world, await world.asked())
    await world.restart(f"DELETE FROM people WHERE user_id = {world.alice.id}")  # noqa: S608 -- an id of our own

    shown = text_of(await audit(world))

    assert f"<@{world.alice.id}>" not in shown
    assert "somebody erased (ref " in shown


async def test_the_audit_has_pages_and_is_narrowed_by_what_was_done(world: World) -> None:
    for number in range(9):
        await cancelled_by_mo(world, await world.asked(f"Song number {number}"))
        await world.env.advance_time(timedelta(minutes=1).total_seconds())
    shown = await audit(world)
    assert "Page 1 of 2" in text_of(shown)
    assert "`#9`" in text_of(shown)

    shown = (await world.mo.click(shown, label="Older")).response
    assert text_of(shown).count("**cancelled**") == 1
    shown = (await world.mo.select(shown, ["5"], custom_id="encore:menu:audit_act:0")).response
    assert "Nothing has been done yet" in text_of(shown)
    shown = (await world.mo.select(shown, ["1"], custom_id="encore:menu:audit_act:0")).response
    assert "Page 1 of 2" in text_of(shown)
