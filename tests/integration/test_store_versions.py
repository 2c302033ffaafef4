"""What is found out about versions is kept on both databases, for one list of them; each attempt has its version."""

import pytest

from bot.domain.tasks import State
from bot.domain.transitions import Claimed, GuessReplaced, Part, PutBack, Retried, Unclear, VersionRefused
from bot.domain.versions import Found
from bot.store.database import Database
from bot.store.tasks import TaskStore
from bot.store.versions import VersionStore
from tests.integration.conftest import HandClock, Make

ORDER = ("chirp-v6", "chirp-v5")
FOUND = Found(taken="chirp-v5", refused=frozenset({"chirp-v6", "chirp-v4"}))


@pytest.fixture
def versions(database: Database) -> VersionStore:
    return VersionStore(database)


async def test_what_was_found_out_is_kept_for_its_list(versions: VersionStore):
    assert await versions.found(ORDER) == Found()
    await versions.keep(ORDER, Found(refused=frozenset({"chirp-v6"})))
    await versions.keep(ORDER, FOUND)

    assert await versions.found(ORDER) == FOUND
    assert await versions.found(ORDER[::-1]) == Found()
    assert await versions.found(("chirp-v7", *ORDER)) == Found()


async def test_each_attempt_remembers_its_version_and_refusals_are_told_apart(
    store: TaskStore, versions: VersionStore, make: Make, clock: HandClock
):
    task = await store.apply(await make(State.QUEUED), GuessReplaced(version="chirp-v6"))
    task = await store.apply(task, Claimed())
    task = await store.apply(task, VersionRefused(version="chirp-v5", request_id="r"))
    assert (task.state, task.version, task.attempt, task.request_id) == (State.QUEUED, "chirp-v5", 1, "r")
    assert await versions.refused_for(task.id) == ["chirp-v6"]

    task = await store.apply(task, Claimed())
    task = await store.apply(task, PutBack(refusals=1, not_before=clock(), request_id=None))
    assert sorted(await versions.refused_for(task.id)) == ["chirp-v5", "chirp-v6"]
    task = await store.apply(task, Claimed())
    task = await store.apply(task, Unclear(by=Part.SUBMITTER))
    await store.apply(task, Retried(by=Part.MEMBER))
    assert len(await versions.refused_for(task.id)) == 2
    other = await make(State.QUEUED)
    assert await versions.refused_for(other.id) == []
