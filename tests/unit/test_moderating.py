"""The use cases of moderators: who may, in which server, what is kept of it, and what is stuck."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.audit import Act, AuditLine, Deed
from bot.domain.blocks import Block
from bot.domain.queue import Lane, Narrowed
from bot.domain.refusals import Reason
from bot.domain.rules import EVERYWHERE, Intake
from bot.domain.tasks import Kind, State, TaskId
from bot.domain.transitions import Emptied
from bot.store.schema import blocks
from tests.fakes.engine_fakes import SONG
from tests.fakes.office import Office, afterwards, asker, keep_deeds, refused
from tests.fakes.rows import START, make_task

pytestmark = pytest.mark.usefixtures("databases")
MO = 99
MODERATOR = asker(MO, is_moderator=True)
ONE = TaskId(1)


def waits(_kind: Kind, _model: str) -> timedelta:
    return timedelta(minutes=5)


EACH: dict[str, Callable[[Office, Any], Any]] = {
    "task": lambda office, who: office.service.moderating.task(ONE, who),
    "cancel": lambda office, who: office.service.moderating.cancel(ONE, who, attempt=0),
    "retry": lambda office, who: office.service.moderating.retry(ONE, who, attempt=0),
    "drop": lambda office, who: office.service.moderating.drop(ONE, who, attempt=0),
    "redeliver": lambda office, who: office.service.moderating.redeliver(ONE, who, revision=1),
    "doors": lambda office, who: office.service.moderating.doors(who, 0),
    "is_blocked": lambda office, who: office.service.moderating.is_blocked(7, who),
    "block": lambda office, who: office.service.moderating.block(7, who, until="", reason=""),
    "unblock": lambda office, who: office.service.moderating.unblock(7, who),
    "set_intake": lambda office, who: office.service.moderating.set_intake(Intake.PAUSED, who, note=""),
    "page": lambda office, who: office.service.queue.page(who, Narrowed(), 0, stuck_after=waits),
    "audit": lambda office, who: office.service.queue.audit(who, None, 0),
}


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("who", [asker(), asker(is_moderator=True, guild_id=None)])
async def test_nobody_but_a_moderator_in_a_server_may(name: str, who: Any) -> None:
    office = Office(make_task())
    assert await refused(EACH[name](office, who)) is Reason.MODERATOR_ONLY
    assert (office.rows[1].state, office.rows.deeds) == (State.QUEUED, [])


@pytest.mark.parametrize("name", ["task", "cancel", "retry", "drop", "redeliver"])
@pytest.mark.parametrize("where", [{"guild_id": 71}, {"guild_id": None}, {"deleted_at": START}])
async def test_a_task_of_elsewhere_is_not_found(name: str, where: dict[str, Any]) -> None:
    office = Office(make_task(state=State.UNCERTAIN, **where))
    assert await refused(EACH[name](office, MODERATOR)) is Reason.NOT_FOUND
    assert (office.rows[1].state, office.rows.deeds) == (State.UNCERTAIN, [])


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        (Act.CANCEL, State.QUEUED, State.CANCELLED),
        (Act.RETRY, State.UNCERTAIN, State.QUEUED),
        (Act.DROP, State.UNCERTAIN, State.CANCELLED),
    ],
)
async def test_a_decision_about_somebody_elses_task_is_kept(act: Act, before: State, after: State) -> None:
    office = Office(make_task(state=before))
    await EACH[act](office, MODERATOR)
    (deed,) = office.rows.deeds
    assert (office.rows[1].state, deed.act, deed.guild_id, deed.actor_id) == (after, act, 70, MO)
    assert (deed.subject_id, deed.task_id) == (office.rows[1].user_id, 1)
    assert (deed.before, deed.after) == ({"state": before}, {"state": after})


async def test_a_decision_about_their_own_is_no_deed() -> None:
    office = Office(make_task(user_id=MO))
    await office.service.moderating.cancel(ONE, MODERATOR, attempt=0)
    assert office.rows.deeds == []


@pytest.mark.parametrize(("act", "state"), [(Act.CANCEL, State.QUEUED), (Act.DROP, State.UNCERTAIN)])
async def test_a_decision_is_about_the_attempt_that_was_asked_about(act: Act, state: State) -> None:
    office = Office(make_task(state=state, attempt=2, unclear_attempts=1))
    decide = getattr(office.service.moderating, act)
    assert await refused(decide(ONE, MODERATOR, attempt=1)) is Reason.TOO_LATE
    assert office.rows[1].state is state
    await decide(ONE, MODERATOR, attempt=2)
    assert office.rows[1].state is State.CANCELLED


async def test_nobody_blocks_themselves_and_no_moment_that_is_over_is_an_end() -> None:
    office = Office(make_task())
    block = office.service.moderating.block
    assert await refused(block(MO, MODERATOR, until="", reason="")) is Reason.NOT_YOURSELF
    assert await refused(block(7, MODERATOR, until="2020-01-01", reason="")) is Reason.UNTIL_OVER
    assert await refused(block(7, MODERATOR, until="some day", reason="")) is Reason.BAD_UNTIL
    assert office.rows.deeds == []


async def test_a_finished_task_is_delivered_again_once_for_each_confirmation() -> None:
    lost: dict[str, Any] = {"card_lost": "no_channel", "pinged_for": State.COMPLETED, "revision": 4}
    office = Office(make_task(state=State.COMPLETED, result=SONG, shown_revision=4, **lost))
    again = office.service.moderating.redeliver
    assert await refused(again(ONE, MODERATOR, revision=3)) is Reason.TOO_LATE
    await again(ONE, MODERATOR, revision=4)
    assert await refused(again(ONE, MODERATOR, revision=4)) is Reason.TOO_LATE
    assert (office.rows[1].revision, office.rows[1].card_lost, office.rows[1].pinged_for) == (5, None, None)
    assert [deed.act for deed in office.rows.deeds] == [Act.REDELIVER]
    assert office.rung == ["changed"]


async def test_what_is_deleted_meanwhile_is_not_delivered() -> None:
    office = Office(make_task(state=State.COMPLETED, result=SONG))
    afterwards(office.rows, "get", lambda: office.rows.apply(office.rows[1], Emptied()))
    doing = office.service.moderating.redeliver(ONE, MODERATOR, revision=office.rows[1].revision)
    assert await refused(doing) is Reason.TOO_LATE
    assert office.rows[1].deleted_at is not None
    assert office.rows.deeds == []


async def test_only_what_is_finished_is_delivered_again() -> None:
    office = Office(make_task(state=State.FAILED))
    doing = office.service.moderating.redeliver(ONE, MODERATOR, revision=office.rows[1].revision)
    assert await refused(doing) is Reason.NOT_FINISHED


# --- members and the server ------------------------------------------------------------------------------------------


async def test_a_block_is_kept_with_its_reason_on_one_line() -> None:
    office = Office()
    moderating = office.service.moderating
    block = await moderating.block(7, MODERATOR, until="2h", reason="  Too\n loud ")
    assert block == Block(guild_id=70, user_id=7, until=START + timedelta(hours=2), reason="Too loud")
    assert await moderating.is_blocked(7, MODERATOR)
    (deed,) = office.rows.deeds
    assert (deed.act, deed.actor_id, deed.subject_id, deed.reason) == (Act.BLOCK, MO, 7, "Too loud")
    await moderating.unblock(7, MODERATOR)
    assert not await moderating.is_blocked(7, MODERATOR)
    assert await refused(moderating.unblock(7, MODERATOR)) is Reason.NOT_BLOCKED


async def test_a_block_until_nobody_knows_when_is_none() -> None:
    office = Office()
    assert await refused(office.service.moderating.block(7, MODERATOR, until="soon", reason="")) is Reason.BAD_UNTIL
    assert (office.rows.all(blocks), office.rows.deeds) == ([], [])


async def test_the_operators_blocks_are_not_a_servers_to_lift() -> None:
    office = Office()
    office.rows.put_block(Block(guild_id=EVERYWHERE, user_id=7))
    assert not await office.service.moderating.is_blocked(7, MODERATOR)
    assert await refused(office.service.moderating.unblock(7, MODERATOR)) is Reason.NOT_BLOCKED
    assert (await office.service.moderating.doors(MODERATOR, 0)).blocks == []


async def test_blocks_have_pages() -> None:
    office = Office()
    for number in range(1, 17):
        office.rows.put_block(Block(guild_id=70, user_id=number))
    first, second = [await office.service.moderating.doors(MODERATOR, number) for number in (0, 1)]
    assert (len(first.blocks), first.has_more) == (15, True)
    assert (len(second.blocks), second.has_more) == (1, False)


async def test_a_note_holds_as_long_as_the_pause() -> None:
    office = Office()
    set_intake = office.service.moderating.set_intake
    assert await set_intake(Intake.PAUSED, MODERATOR, note=" Lunch ") == "Lunch"
    assert (await office.servers.get(70)).intake_note == "Lunch"
    assert await refused(set_intake(Intake.PAUSED, MODERATOR, note="Lunch")) is Reason.NOTHING_CHANGED
    assert await set_intake(Intake.OPEN, MODERATOR, note="Thanks") == "Thanks"
    assert (await office.servers.get(70)).intake_note is None
    assert [deed.reason for deed in office.rows.deeds] == ["Lunch", "Thanks"]
    assert office.rung == ["queued", "changed"] * 2


# --- the queue -------------------------------------------------------------------------------------------------------


async def page(office: Office, number: int = 0, **narrowed: Any) -> Any:
    return await office.service.queue.page(MODERATOR, Narrowed(**narrowed), number, stuck_after=waits)


async def test_what_takes_longer_than_nearly_all_is_stuck() -> None:
    running = {"state": State.RUNNING, "submitted_at": START}
    office = Office(
        make_task(1, **running), make_task(2, **{**running, "state": State.EXPIRED}),
        make_task(3, **{**running, "submitted_at": START + timedelta(seconds=1)}),
        make_task(4, **running, kind=Kind.LYRICS), make_task(5, **running, guild_id=71),
    )  # fmt: skip
    office.clock.tick(300)
    assert (await page(office)).stuck == set()
    office.clock.tick(1)
    found = await page(office, lane=Lane.STUCK)
    assert found.stuck == {1, 2, 4}
    assert [task.id for task in found.rows] == [1, 2, 4]
    assert [task.id for task in (await page(office, lane=Lane.STUCK, kind=Kind.LYRICS)).rows] == [4]
    assert (await page(office, lane=Lane.STUCK, user_id=1)).rows == []


async def test_pages_hold_eight_in_the_order_of_the_store() -> None:
    office = Office(*(make_task(number) for number in range(1, 18)))
    pages = [await page(office, number) for number in range(3)]
    assert [[task.id for task in one.rows] for one in pages] == [[*range(1, 9)], [*range(9, 17)], [17]]
    assert [one.has_more for one in pages] == [True, True, False]
    assert pages[0].tally.open == {State.QUEUED: 17}


async def test_the_audit_has_pages_too() -> None:
    office = Office()
    elsewhere = Deed(act=Act.CANCEL, guild_id=71, actor_id=MO)
    await keep_deeds(office.rows, *[replace(elsewhere, guild_id=70)] * 9, elsewhere)
    audit = office.service.queue.audit
    first, last = [await audit(MODERATOR, None, number) for number in (0, 99)]
    assert ([one.id for one in first.lines], first.number, first.pages) == ([*range(9, 1, -1)], 0, 2)
    assert ([one.id for one in last.lines], last.number, last.pages) == ([1], 1, 2)
    assert (await audit(MODERATOR, Act.BLOCK, 0)).lines == []


def line(number: int, **changes: Any) -> AuditLine:
    values: dict[str, Any] = {
        "id": number, "at": START, "act": Act.CANCEL, "guild_id": 70, "actor_id": MO, "actor_ref": "aa",
        "subject_id": None, "subject_ref": None, "task_id": None, "reason": None, "before": {}, "after": {},
    }  # fmt: skip
    return AuditLine(**{**values, **changes})
