"""Single facts that outlive a restart."""

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
