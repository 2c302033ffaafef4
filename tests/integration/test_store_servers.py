"""Rules, blocks and the audit: changed together, the audit for good, on both databases."""

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.rules import EVERYWHERE, Intake, RuleChanges, Rules, Server
from bot.domain.tasks import PingStatus, StaleTaskError, State, TaskId
from bot.domain.transitions import Cancelled, Emptied, Part, Redelivered
from bot.logs import JsonFormatter, TextFormatter
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.schema import audit as audit_rows
from bot.store.schema import music_tasks, people
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.integration.conftest import ALICE, BOB, START, STUDIO, HandClock, Make, again, wish

MO = 333
OTHER = 950


def deed(act: Act = Act.RULES, **more: Any) -> Deed:
    return Deed(**{"act": act, "guild_id": STUDIO, "actor_id": MO, **more})


async def test_rules_are_changed_one_by_one_and_the_audit_tells_from_what_to_what(
    servers: ServerStore, audit: AuditStore, clock: HandClock
):
    assert await servers.get(STUDIO) == Server(guild_id=STUDIO)
    await servers.change_rules(STUDIO, RuleChanges(monthly_usd=Decimal("5.50"), locale="de"), deed())
    clock.tick(60)
    after = await servers.change_rules(STUDIO, RuleChanges(locale="ja", channels=frozenset({2, 1})), deed())
    assert after == await servers.get(STUDIO)
    assert after.rules == Rules(monthly_usd=Decimal("5.50"), locale="ja", channels=frozenset({1, 2}))
    await servers.change_rules(STUDIO, RuleChanges(locale="ja"), deed())  # nothing changed, nothing told
    newest, first = await audit.page(STUDIO, skip=0, limit=9)
    assert (newest.before, newest.after) == ({"locale": "de", "channels": []}, {"locale": "ja", "channels": [1, 2]})
    assert (first.before, first.after) == (
        {"monthly_usd": None, "locale": None}, {"monthly_usd": "5.50", "locale": "de"},
    )  # fmt: skip
    assert (newest.at - first.at, newest.actor_id) == (timedelta(seconds=60), MO)
    assert (await servers.get(OTHER)).rules == Rules()


async def test_a_block_holds_until_its_end_and_the_operators_everywhere(servers: ServerStore, audit: AuditStore):
    later = START + timedelta(hours=1)
    await servers.block(Block(guild_id=STUDIO, user_id=ALICE), deed(Act.BLOCK, subject_id=ALICE))
    short = Block(guild_id=STUDIO, user_id=ALICE, until=later, reason="Calm down")
    await servers.block(short, deed(Act.BLOCK, subject_id=ALICE))
    await servers.block(Block(guild_id=EVERYWHERE, user_id=BOB), deed(Act.BLOCK, guild_id=EVERYWHERE, actor_id=None))
    assert await servers.block_on(STUDIO, ALICE, START) == short
    assert await servers.blocks_of(STUDIO, START, 10) == [short]
    assert await servers.blocks_of(STUDIO, START, 10, skip=1) == []
    assert await servers.block_on(STUDIO, ALICE, later) is None
    assert await servers.blocks_of(STUDIO, later, 10) == []
    assert await servers.block_on(OTHER, ALICE, START) is None
    assert await servers.block_on(EVERYWHERE, ALICE, START) is None
    for anywhere in (STUDIO, OTHER, EVERYWHERE):
        found = await servers.block_on(anywhere, BOB, START)
        assert found is not None
        assert found.guild_id == EVERYWHERE
    assert await servers.unblock(STUDIO, ALICE, deed(Act.UNBLOCK, subject_id=ALICE))
    assert not await servers.unblock(STUDIO, ALICE, deed(Act.UNBLOCK, subject_id=ALICE))
    lines = await audit.page(STUDIO, skip=0, limit=9)
    ends = {"until": "2026-01-01T13:00:00+00:00"}
    assert [(line.act, line.before, line.after) for line in lines] == [
        (Act.UNBLOCK, ends, {}), (Act.BLOCK, {"until": None}, ends), (Act.BLOCK, {}, {"until": None}),
    ]  # fmt: skip
    (operators,) = await audit.page(EVERYWHERE, skip=0, limit=9)
    assert (operators.actor_id, operators.actor_ref) == (None, None)


async def test_a_task_is_moved_and_the_deed_written_or_neither(store: TaskStore, audit: AuditStore, make: Make):
    task = await make(State.QUEUED)
    told = deed(Act.CANCEL, subject_id=task.user_id, task_id=task.id, reason="Off topic")
    await store.apply(task, Cancelled(by=Part.MODERATOR), told)
    with pytest.raises(StaleTaskError):
        await store.apply(task, Cancelled(by=Part.MODERATOR), told)
    (line,) = await audit.page(STUDIO, skip=0, limit=9)
    assert (line.act, line.subject_id, line.task_id, line.reason) == (Act.CANCEL, task.user_id, task.id, "Off topic")


async def test_a_finished_task_is_shown_again_as_if_it_never_had_been(store: TaskStore, audit: AuditStore, make: Make):
    told_already = {"pinged_for": State.COMPLETED, "ping_status": PingStatus.DONE, "files_shown": True}
    task = await make(State.COMPLETED, card_lost="no_channel", show_failures=3, **told_already)
    told = deed(Act.REDELIVER, subject_id=task.user_id, task_id=task.id)
    after = await store.apply(task, Redelivered(), told)
    assert after.revision == task.revision + 1
    assert (after.card_lost, after.pinged_for, after.ping_status, after.show_failures) == (None, None, None, 0)
    with pytest.raises(StaleTaskError):  # one confirmation, one delivery
        await store.apply(task, Redelivered(), told)
    whole = await make(State.COMPLETED, **told_already)
    await store.apply(whole, Redelivered(), told)
    assert [(await again(store, one)).files_shown for one in (task, whole)] == [False, True]
    with pytest.raises(StaleTaskError):
        await store.apply(await store.apply(after, Emptied()), Redelivered(), told)
    assert [line.act for line in await audit.page(STUDIO, skip=0, limit=9)] == [Act.REDELIVER] * 2


async def test_pages_of_the_audit_are_newest_first_and_of_one_server(servers: ServerStore, audit: AuditStore):
    for number in range(5):
        await servers.set_intake(STUDIO, Intake.PAUSED, str(number), deed(Act.INTAKE))
    await servers.change_rules(STUDIO, RuleChanges(locale="de"), deed())
    await servers.change_rules(OTHER, RuleChanges(locale="de"), deed(guild_id=OTHER))
    assert [line.act for line in await audit.page(STUDIO, skip=0, limit=2)] == [Act.RULES, Act.INTAKE]
    everything = await audit.page(STUDIO, skip=0, limit=9)
    assert [line.id for line in everything] == sorted((line.id for line in everything), reverse=True)
    assert await audit.page(STUDIO, skip=4, limit=9) == everything[4:]
    assert (everything[-1].before, everything[-1].after) == ({"intake": "open"}, {"intake": "paused"})
    assert len(await audit.page(STUDIO, acts=[Act.INTAKE], skip=0, limit=9)) == 5
    assert (await audit.count(STUDIO), await audit.count(STUDIO, acts=[Act.RULES])) == (6, 1)


async def test_a_person_is_a_random_reference_that_can_be_erased(
    servers: ServerStore, audit: AuditStore, database: Database
):
    await servers.block(Block(guild_id=STUDIO, user_id=ALICE), deed(Act.BLOCK, subject_id=ALICE, task_id=TaskId(1)))
    await servers.unblock(STUDIO, ALICE, deed(Act.UNBLOCK, subject_id=ALICE))
    unblocked, blocked = await audit.page(STUDIO, skip=0, limit=9)
    assert unblocked.subject_ref == blocked.subject_ref != blocked.actor_ref
    async with database.write() as connection:
        kept = (await connection.execute(select(audit_rows))).all()
        ids = [ALICE, MO, str(ALICE), str(MO)]  # as a whole: a random reference may hold such digits
        assert not any(value in ids for row in kept for value in row)
        await connection.execute(delete(people).where(people.c.user_id == ALICE))
    erased, _ = await audit.page(STUDIO, skip=0, limit=9)
    assert (erased.subject_id, erased.subject_ref, erased.actor_id) == (None, blocked.subject_ref, MO)


async def test_a_failed_statement_is_logged_without_the_row_that_it_is_about(store: TaskStore, database: Database):
    task, _ = await store.add(wish("diary", prompt="my diary"))
    dancing = update(music_tasks).where(music_tasks.c.id == task.id).values(state="dancing")
    with pytest.raises(DBAPIError) as failed:
        async with database.write() as connection:
            await connection.execute(dancing)
    trace = (failed.type, failed.value, failed.tb)
    record = logging.LogRecord("bot", logging.ERROR, "", 1, "chore failed", None, trace)
    said = JsonFormatter().format(record) + TextFormatter().format(record)
    assert "chore failed" in said
    assert "IntegrityError" in said
    assert "my diary" not in said


@pytest.mark.parametrize(
    "change", [update(audit_rows).values(reason="nothing"), delete(audit_rows), text("DELETE FROM audit WHERE id = 1")]
)
async def test_the_database_refuses_to_change_the_audit(
    servers: ServerStore, audit: AuditStore, database: Database, change: Any
):
    await servers.change_rules(STUDIO, RuleChanges(locale="de"), deed())
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as connection:
            await connection.execute(change)
    assert len(await audit.page(STUDIO, skip=0, limit=9)) == 1


async def test_the_database_refuses_to_replace_a_line_of_the_audit(
    servers: ServerStore, audit: AuditStore, database: Database
):
    await servers.change_rules(STUDIO, RuleChanges(locale="de"), deed())
    forged = "INTO audit SELECT id, at, 'unblock', 7, NULL, NULL, NULL, 'x', '{}', '{}' FROM audit"
    replacing = {
        "sqlite": text(f"INSERT OR REPLACE {forged}"),
        "postgresql": text(f"INSERT {forged} ON CONFLICT (id) DO UPDATE SET act = 'unblock'"),
    }

    async def replace_it() -> None:
        async with database.write() as connection:
            await connection.execute(replacing[connection.dialect.name])

    with pytest.raises(DBAPIError, match="append-only"):
        await replace_it()
    assert [line.act for line in await audit.page(STUDIO, skip=0, limit=9)] == [Act.RULES]


async def test_the_audit_needs_no_person(database: Database, audit: AuditStore):
    """What the operator does at the command line has no member behind it."""
    async with database.write() as connection:
        values = {"at": START, "act": "rules", "guild_id": EVERYWHERE, "before": {}, "after": {}}
        await connection.execute(insert(audit_rows).values(**values))
    (line,) = await audit.page(EVERYWHERE, skip=0, limit=9)
    assert (line.actor_id, line.subject_id, line.at) == (None, None, START)
