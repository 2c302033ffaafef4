"""What members choose for good, on both databases."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.members import PreferenceChanges, Preferences, Telling
from bot.store.database import Database
from bot.store.members import MemberStore
from tests.integration.conftest import ALICE, BOB

ALL: dict[str, Any] = {
    "telling": Telling.DM,
    "model": "suno-music",
    "version": "chirp-v4",
    "tags": "blues, ö, 曲",
    "instrumental": True,
}


@pytest.fixture
def members(database: Database) -> MemberStore:
    return MemberStore(database)


async def test_who_has_chosen_nothing_has_what_everybody_begins_with(members: MemberStore):
    assert await members.get(ALICE) == Preferences(user_id=ALICE)


async def test_what_was_chosen_is_kept_as_it_was_written(members: MemberStore):
    chosen = await members.change(ALICE, PreferenceChanges(**ALL))

    assert chosen == await members.get(ALICE) == Preferences(user_id=ALICE, **ALL)


@pytest.mark.parametrize(("name", "value"), ALL.items())
async def test_what_is_not_named_stays(members: MemberStore, name: str, value: object):
    await members.change(ALICE, PreferenceChanges(**ALL))

    beginning = getattr(Preferences(user_id=ALICE), name)
    changed = await members.change(ALICE, PreferenceChanges(**{name: beginning}))

    assert getattr(changed, name) == beginning != value
    assert await members.get(ALICE) == changed == Preferences(user_id=ALICE, **{**ALL, name: beginning})


async def test_choices_made_at_once_do_not_undo_each_other(members: MemberStore):
    await asyncio.gather(*(members.change(ALICE, PreferenceChanges(**{name: value})) for name, value in ALL.items()))

    assert await members.get(ALICE) == Preferences(user_id=ALICE, **ALL)


async def test_each_member_has_choices_of_their_own(members: MemberStore):
    await members.change(ALICE, PreferenceChanges(telling=Telling.SILENT))
    await members.change(BOB, PreferenceChanges(tags="harp"))

    assert await members.get(ALICE) == Preferences(user_id=ALICE, telling=Telling.SILENT)
    assert await members.get(BOB) == Preferences(user_id=BOB, tags="harp")


async def test_ids_of_new_accounts_fit(members: MemberStore):
    newest = 2**63 - 1

    assert (await members.change(newest, PreferenceChanges(instrumental=True))).user_id == newest


async def test_an_unknown_way_of_telling_is_refused(members: MemberStore):
    with pytest.raises(IntegrityError):
        await members.change(ALICE, PreferenceChanges(telling="pigeon"))  # type: ignore[arg-type]  # as no program would

    assert await members.get(ALICE) == Preferences(user_id=ALICE)
