"""Limits that an empty database and a new server start with; what was there before keeps what it has."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text

from bot.domain.audit import Act, Deed
from bot.domain.rules import EVERYWHERE, OVERALL, Intake, RuleChanges, Rules
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.migrate import alembic_config, migrate
from bot.store.schema import servers as server_rows
from bot.store.servers import ServerStore
from tests.integration.conftest import BOB, STUDIO, HandClock

NEW = Rules(daily_per_member=10, daily_per_server=100)
BUDGET = Rules(monthly_usd=Decimal(50))
LATER = Rules(daily_per_member=3), Rules(monthly_usd=Decimal(7))
OTHER, UNUSED = 950, 951
BEFORE = "0007"
OLD_TASK = """
INSERT INTO music_tasks (origin_key, kind, state, created_at, state_at, user_id, guild_id, channel_id, prompt, model,
 attachment_limit_bytes) VALUES ('i:1', 'song', 'abandoned', 0, 0, 1, 950, 2, 'Rain', 'suno-music', 1)
"""
OLD_RULES = "INSERT INTO servers (guild_id, rules, intake) VALUES (900, '{\"monthly_songs\": 5}', 'open')"
OLD_MEMBER = "INSERT INTO members (user_id, telling, instrumental) VALUES (1, 'dm', false)"


@pytest.fixture
def servers(database: Database, clock: HandClock) -> ServerStore:
    return ServerStore(database, clock, NEW)


def deed(guild_id: int = STUDIO) -> Deed:
    return Deed(act=Act.RULES, guild_id=guild_id, actor_id=BOB)


async def rules_of(servers: ServerStore, *guild_ids: int) -> list[Rules]:
    return [(await servers.get(guild_id)).rules for guild_id in guild_ids]


async def test_a_server_is_new_once_whatever_the_settings_say_later(
    servers: ServerStore, database: Database, clock: HandClock
):
    assert (await servers.meet(STUDIO)).rules == NEW
    later = ServerStore(database, clock, LATER[0])
    assert (await later.meet(STUDIO)).rules == NEW
    assert await rules_of(later, STUDIO, OTHER) == [NEW, LATER[0]], "who was not met yet sees what it would get"
    await servers.change_rules(STUDIO, RuleChanges(daily_per_member=None, daily_per_server=None), deed())
    assert (await later.meet(STUDIO)).rules == Rules(), "admins have the last word"


async def test_many_who_meet_a_server_at_once_and_change_it_at_once_find_the_same(
    servers: ServerStore, database: Database
):
    changes = servers.change_rules(STUDIO, RuleChanges(daily_per_member=20), deed())
    await asyncio.gather(
        *(servers.meet(STUDIO) for _ in range(30)),
        changes,
        servers.set_intake(STUDIO, Intake.DRAINING, None, deed()),
        *(servers.meet(STUDIO) for _ in range(30)),
    )
    async with database.read() as connection:
        (row,) = (await connection.execute(server_rows.select())).all()
    assert (row.rules, row.intake) == ({"daily_per_member": 20, "daily_per_server": 100}, Intake.DRAINING)


async def test_the_first_change_of_a_new_server_leaves_the_other_limit(servers: ServerStore, audit: AuditStore):
    changed = await servers.change_rules(STUDIO, RuleChanges(daily_per_server=500), deed())
    assert changed.rules == Rules(daily_per_member=10, daily_per_server=500)
    (line,) = await audit.page(STUDIO, skip=0, limit=9)
    assert (line.before, line.after) == ({"daily_per_server": 100}, {"daily_per_server": 500})


async def test_an_empty_database_is_given_its_limits_once(servers: ServerStore, database: Database):
    assert await servers.begin(BUDGET, NEW)
    assert await rules_of(servers, OVERALL, EVERYWHERE) == [BUDGET, NEW]
    await servers.begin(LATER[1], LATER[0])
    assert await rules_of(servers, OVERALL, EVERYWHERE) == [BUDGET, NEW]
    await servers.meet(STUDIO)
    assert not await servers.begin(LATER[1], LATER[0])


async def test_what_the_operator_has_set_before_the_first_start_stays(servers: ServerStore):
    await servers.change_rules(OVERALL, RuleChanges(monthly_usd=Decimal(20)), deed(OVERALL))
    assert await servers.begin(BUDGET, NEW)
    assert await rules_of(servers, OVERALL, EVERYWHERE) == [Rules(monthly_usd=Decimal(20)), NEW]
    await servers.change_rules(OVERALL, RuleChanges(monthly_usd=None), deed(OVERALL))
    await servers.begin(BUDGET, NEW)
    assert await rules_of(servers, OVERALL) == [Rules()]


@pytest.mark.parametrize(
    ("rows", "is_old"),
    [((OLD_TASK, OLD_RULES), True), ((OLD_MEMBER,), True), ((), False)],
    ids=["used before", "only preferences", "empty"],
)
async def test_a_database_of_the_version_before_keeps_what_it_has(
    empty_url: str, clock: HandClock, rows: tuple[str, ...], is_old: Any
):
    def as_before(connection: Connection) -> None:
        command.upgrade(alembic_config(connection), BEFORE)
        for row in rows:
            connection.execute(text(row))

    opened = Database(empty_url)
    async with opened.write() as connection:
        await connection.run_sync(as_before)
    await migrate(opened)
    servers = ServerStore(opened, clock, NEW)
    assert await servers.begin(BUDGET, NEW) is not is_old
    assert await rules_of(servers, OVERALL, EVERYWHERE) == ([Rules(), Rules()] if is_old else [BUDGET, NEW])
    used = OLD_TASK in rows
    assert (await servers.meet(OTHER)).rules == (Rules() if used else NEW)
    assert (await servers.meet(STUDIO)).rules == (Rules(monthly_songs=5) if used else NEW)
    assert (await servers.meet(UNUSED)).rules == NEW
    await opened.close()
