"""What only PostgreSQL needs: commits that are safe on disk, also where a pooler hands out the connections."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from bot.store.database import Database
from bot.store.migrate import migrate
from tests.fakes.postgres import Postgres

DURABILITY = text("SHOW synchronous_commit")


@pytest.fixture
async def careless_url(postgres: Postgres) -> AsyncIterator[str]:
    """The address of a database whose commits are not waited for unless asked."""
    name = await postgres.create()
    connection = await postgres.connect()
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()
    yield postgres.url(name)
    await postgres.drop(name)


@pytest.mark.parametrize("pooled", [False, True])
async def test_what_is_committed_is_safe_on_disk(careless_url: str, *, pooled: bool):
    database = Database(careless_url, pooled=pooled)
    async with database.write() as connection:
        assert (await connection.execute(DURABILITY)).scalar_one() == "on"
    await database.close()


async def test_through_a_pooler_nothing_is_expected_of_a_connection_nor_left_on_it(careless_url: str):
    database = Database(careless_url, pooled=True)
    await migrate(database)
    async with database.read() as connection:
        assert (await connection.execute(DURABILITY)).scalar_one() == "off"  # no startup parameter: poolers refuse it
        counting = text("SELECT count(*) FROM music_tasks WHERE id > :id")
        assert [(await connection.execute(counting, {"id": n})).scalar_one() for n in range(3)] == [0, 0, 0]
        left = text("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql")
        assert (await connection.execute(left)).scalar_one() == 0
    await database.close()


async def test_through_a_pooler_several_can_work_at_once(careless_url: str):
    database = Database(careless_url, pooled=True)

    async def ask(number: int) -> int:
        async with database.write() as connection:
            return int((await connection.execute(text("SELECT CAST(:n AS int)"), {"n": number})).scalar_one())

    assert await asyncio.gather(*(ask(number) for number in range(30))) == list(range(30))
    await database.close()
