"""Single facts that outlive a restart."""

import asyncio

from bot.store.database import Database
from bot.store.remembered import RememberedStore


async def test_the_last_value_of_a_name_is_remembered(database: Database):
    facts = RememberedStore(database)
    assert await facts.get("commands:1") is None
    await facts.put("commands:1", "a")
    await facts.put("commands:2", "b")
    await facts.put("commands:1", "c")
    assert await RememberedStore(database).get("commands:1") == "c"
    assert await facts.get("commands:2") == "b"


async def test_what_follows_from_a_value_is_written_before_any_other_change(database: Database):
    def next_of(value: str | None) -> str:
        return str(int(value or 0) + 1)

    await asyncio.gather(*(RememberedStore(database).change("count", next_of) for _ in range(8)))
    assert await RememberedStore(database).get("count") == "8"
    await RememberedStore(database).change("count", lambda _value: None)
    assert await RememberedStore(database).get("count") == "8"
