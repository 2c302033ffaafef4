"""Everything that bears a person's id is gathered, nothing of anybody else, on both databases."""

from decimal import Decimal

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.members import PreferenceChanges, Telling
from bot.domain.privacy import TaskMove
from bot.domain.rules import EVERYWHERE
from bot.domain.tasks import AttemptOutcome, Kind, Role, State
from bot.domain.transitions import Claimed, Part
from bot.domain.wishes import LyricsWish
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.exports import ExportStore
from bot.store.lyrics import LyricsStore
from bot.store.members import MemberStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.rows import write_columns
from tests.fakes.sample_changes import accepted
from tests.integration.conftest import ALICE, BOB, SONGS, STUDIO, HandClock, Make, again


@pytest.fixture
def exports(database: Database) -> ExportStore:
    return ExportStore(database)


async def test_of_somebody_unknown_there_is_nothing(exports: ExportStore):
    assert await exports.preferences(ALICE) is None
    assert (await exports.drafts(ALICE), await exports.blocks(ALICE)) == ([], [])
    assert await exports.tasks(ALICE, after=0, limit=5) == []
    assert await exports.audit(ALICE, after=0, limit=5) == []


async def test_tasks_come_in_batches_with_all_that_belongs_to_them(
    exports: ExportStore, store: TaskStore, lyrics: LyricsStore, database: Database, make: Make, clock: HandClock
):
    plain = await make(State.FAILED, user_id=ALICE)
    await make(State.FAILED, user_id=BOB)
    task = await make(State.QUEUED, user_id=ALICE)
    await store.apply(await store.apply(task, Claimed()), accepted(request_id="r", provider_task_id="p"))
    made = {"kind": Kind.LYRICS, "edited_lyrics": "one", "cost_usd": Decimal("0.2")}
    await write_columns(database, task.id, state=State.COMPLETED, **made)
    for words in ("two", "three"):
        await lyrics.edit(task.id, words)
    for number in (6001, 6000):
        await store.remember_message(task, message_id=number, channel_id=SONGS, role=Role.CARD)

    (first,) = await exports.tasks(ALICE, after=0, limit=1)
    (second,) = await exports.tasks(ALICE, after=first.task.id, limit=5)

    assert (first.task, first.attempts, first.versions, first.messages) == (await again(store, plain), (), (), ())
    assert second.task == await again(store, task)
    assert [(one.number, one.text) for one in second.versions] == [(1, "one"), (2, "two")]
    assert (first.cost_usd, second.cost_usd) == (None, Decimal("0.2"))
    assert second.messages == ((SONGS, 6000), (SONGS, 6001))
    (attempt,) = second.attempts
    assert (attempt.number, attempt.outcome) == (1, AttemptOutcome.ACCEPTED)
    assert (attempt.request_id, attempt.provider_task_id) == ("r", "p")
    assert second.moves == tuple(
        TaskMove(from_state=before, to_state=after, at=clock(), part=part, attempt=number)
        for before, after, part, number in (
            (None, State.RECEIVED, Part.MEMBER, 0),
            (State.QUEUED, State.SUBMITTING, Part.SUBMITTER, 1),
            (State.SUBMITTING, State.RUNNING, Part.SUBMITTER, 1),
        )
    )


async def test_choices_drafts_and_blocks_are_ones_own(
    exports: ExportStore, database: Database, drafts: DraftStore, servers: ServerStore, clock: HandClock
):
    members = MemberStore(database)
    for user_id in (ALICE, BOB):
        await members.change(user_id, PreferenceChanges(telling=Telling.DM))
        draft = Draft(
            id=0, origin_key=f"r:{user_id}", created_at=clock(), user_id=user_id, guild_id=STUDIO, channel_id=SONGS,
            wish=LyricsWish(prompt=f"of {user_id}"),
        )  # fmt: skip
        await drafts.add(draft)
        for guild_id in (STUDIO, EVERYWHERE):
            block = Block(guild_id=guild_id, user_id=user_id, until=clock(), reason=f"of {user_id}")
            await servers.block(block, Deed(act=Act.BLOCK, guild_id=guild_id, actor_id=None, subject_id=user_id))

    assert await exports.preferences(ALICE) == await members.get(ALICE)
    assert [one.wish.prompt for one in await exports.drafts(ALICE)] == [f"of {ALICE}"]
    found = await exports.blocks(ALICE)
    assert [(one.guild_id, one.reason, one.until) for one in found] == [
        (guild_id, f"of {ALICE}", clock()) for guild_id in (EVERYWHERE, STUDIO)
    ]


async def test_lines_of_the_audit_about_and_by_the_person_are_found(exports: ExportStore, servers: ServerStore):
    people = [(BOB, ALICE), (ALICE, BOB), (BOB, 333), (None, ALICE)]
    for guild_id, (actor, subject) in enumerate(people, 1):
        deed = Deed(act=Act.BLOCK, guild_id=guild_id, actor_id=actor, subject_id=subject)
        await servers.block(Block(guild_id=guild_id, user_id=subject or 0), deed)

    first = await exports.audit(ALICE, after=0, limit=2)
    rest = await exports.audit(ALICE, after=first[-1].id, limit=2)

    assert [(one.actor_id, one.subject_id) for one in [*first, *rest]] == [people[0], people[1], people[3]]
