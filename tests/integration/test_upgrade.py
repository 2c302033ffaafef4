"""A database of revision 0003 is migrated whole: all that it held is there, and is read as before."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Connection, MetaData, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.listing import Wanted
from bot.domain.members import Preferences, Telling
from bot.domain.notices import Board
from bot.domain.privacy import Erasure
from bot.domain.rules import EVERYWHERE, Intake, Rules, Server
from bot.domain.takes import MediaFile
from bot.domain.tasks import AttemptOutcome, ErrorCode, Kind, MusicTask, PingStatus, State, TaskId
from bot.domain.wishes import ContinuationWish, SongWish
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.erasures import ErasureStore
from bot.store.exports import ExportStore
from bot.store.lyrics import LyricsStore
from bot.store.members import MemberStore
from bot.store.migrate import alembic_config, migrate
from bot.store.notices import NoticeStore
from bot.store.schema import metadata
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from tests.fakes.old_bot import REVISION, TASKS, Old, OldDraft, around, moment_of, write_database
from tests.fakes.postgres import Postgres
from tests.integration.conftest import HandClock, wish
from tests.integration.test_migrations import same_type, shape, words

PRICED = {"price_min_usd": Decimal("0.10"), "price_max_usd": Decimal("0.25")}
AROUND = around()
KILLED_AT = moment_of(AROUND)
STUDIO, ELSEWHERE = AROUND["guilds"]["Studio"], AROUND["guilds"]["Elsewhere"]
SONGS, LOUNGE, DEN = (AROUND["channels"][name] for name in ("songs", "lounge", "den"))
ALICE, BOB, MO, EVE, ADA = (AROUND["users"][name] for name in ("Alice", "Bob", "Mo", "Eve", "Ada"))
SOMEBODY = 424242
NUMBERED = ("music_tasks", "drafts", "audit")

Rows = dict[str, list[tuple[Any, ...]]]


class Fixture:
    """The old tables as that revision made them, and all rows in them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "old.db"
        write_database(self.path)
        engine = create_engine(f"sqlite:///{self.path}")
        self.tables = MetaData()
        with engine.connect() as connection:
            self.tables.reflect(connection)
            self.tables.remove(self.tables.tables["alembic_version"])
            for table in self.tables.sorted_tables:
                for column in table.columns:
                    generic = column.type.as_generic()
                    column.type = JSON(none_as_null=True) if isinstance(generic, JSON) else generic
            self.rows = self.read(connection)
            highest = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
            self.highest: dict[str, int] = {row.name: row.seq for row in highest}
        engine.dispose()

    def read(self, connection: Connection) -> Rows:
        """Every value of the old columns."""
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in self.tables.sorted_tables
        }

    def copy_into(self, connection: Connection) -> None:
        """Fill a PostgreSQL that is at the same revision, as a bot that always ran there would have."""
        command.upgrade(alembic_config(connection), REVISION)
        for table in self.tables.sorted_tables:
            names = [column.name for column in table.columns]
            found = [dict(zip(names, row, strict=True)) for row in self.rows[table.name]]
            connection.execute(insert(table), found)
        for name in NUMBERED:
            bump = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :highest)")
            connection.execute(bump, {"name": name, "highest": self.highest[name]})


@pytest.fixture(scope="module")
def fixture(tmp_path_factory: pytest.TempPathFactory) -> Fixture:
    return Fixture(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def copies() -> dict[str, str]:
    """The old databases on PostgreSQL that can be copied: as they were, and migrated."""
    return {}


@pytest.fixture
async def old_url(
    server: Postgres | None, fixture: Fixture, tmp_path: Path, copies: dict[str, str]
) -> AsyncIterator[str]:
    """The address of a database that the old bot has left behind."""
    if server is None:
        shutil.copy(fixture.path, tmp_path / "encore.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'encore.db'}"
        return
    if "old" not in copies:
        copies["old"] = await server.create()
        opened = Database(server.url(copies["old"]))
        async with opened.write() as connection:
            await connection.run_sync(fixture.copy_into)
        await opened.close()
    name = await server.create(like=copies["old"])
    yield server.url(name)
    await server.drop(name)


@pytest.fixture
async def url(old_url: str) -> str:
    """Whoever asks for a store in this module gets one on the old database, migrated."""
    opened = Database(old_url)
    before, _ = await migrate(opened)
    assert before == REVISION
    await opened.close()
    return old_url


@pytest.fixture
def clock() -> HandClock:
    """It goes on where the old bot has ended."""
    made = HandClock()
    made.now = KILLED_AT
    return made


def at(clock_time: str) -> datetime:
    """A moment of the fixture's last day."""
    return datetime.fromisoformat(f"2026-02-05T{clock_time}+00:00")


async def got(store: TaskStore, number: TaskId) -> MusicTask:
    task = await store.get(number)
    assert task is not None
    return task


def some(task: Any, names: Any) -> dict[str, Any]:
    """Some of a value's fields, by name."""
    return {name: getattr(task, name) for name in names}


# --- nothing is lost -------------------------------------------------------------------------------------------------


async def test_every_value_of_every_old_column_is_what_it_was(database: Database, fixture: Fixture):
    async with database.read() as connection:
        now = await connection.run_sync(fixture.read)
    assert all(fixture.rows.values()), "no old table without rows"
    assert now == fixture.rows


async def test_the_tables_are_those_that_the_program_describes(database: Database):
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": same_type})
        return list(compare_metadata(context, metadata))

    async with database.write() as connection:
        assert await connection.run_sync(differences) == []


async def test_its_constraints_indexes_and_triggers_are_those_of_a_new_database(
    database: Database, server: Postgres | None, tmp_path: Path
):
    name = await server.create() if server else ""
    new = Database(server.url(name) if server else f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    await migrate(new)
    assert words(await shape(database)) == words(await shape(new))
    await new.close()
    if server:
        await server.drop(name)


async def test_migrating_once_more_changes_nothing(database: Database, fixture: Fixture):
    before, after = await migrate(database)
    assert before == after
    async with database.read() as connection:
        assert await connection.run_sync(fixture.read) == fixture.rows


# --- it is read as before --------------------------------------------------------------------------------------------


async def test_every_task_is_read(store: TaskStore, fixture: Fixture):
    names = [column.name for column in fixture.tables.tables["music_tasks"].columns]
    tasks = [await got(store, number) for number in TASKS]
    plain = (
        "origin_key",
        "user_id",
        "guild_id",
        "prompt",
        "title",
        "error_detail",
        "unclear_attempts",
        "edited_lyrics",
    )
    for name in plain:
        column = names.index(name)
        assert [getattr(task, name) for task in tasks] == [row[column] for row in fixture.rows["music_tasks"]], name
    assert {task.id: task.state for task in tasks if task.state is not State.COMPLETED} == {
        Old.ERASED_CANCELLED: State.CANCELLED,
        Old.FAILED: State.FAILED,
        Old.CANCELLED: State.CANCELLED,
        Old.ABANDONED: State.ABANDONED,
        Old.DROPPED: State.CANCELLED,
        Old.HELD: State.QUEUED,
        Old.EXPIRED: State.EXPIRED,
        Old.UNCERTAIN: State.UNCERTAIN,
        Old.UNCERTAIN_TWICE: State.UNCERTAIN,
        Old.ASKED_TO_WAIT: State.QUEUED,
        Old.RUNNING: State.RUNNING,
        Old.ADAS_RUNNING: State.RUNNING,
        Old.ADAS_CANCELLED: State.CANCELLED,
        Old.QUEUED: State.QUEUED,
        Old.SUBMITTING: State.SUBMITTING,
        Old.SHOWN_UNNOTED: State.RECEIVED,
        Old.NEVER_SHOWN: State.RECEIVED,
    }


async def test_tasks_are_found_by_their_member_their_words_their_message_and_their_origin(store: TaskStore):
    assert await store.ids_of_member(ALICE, Wanted(text="slow harbour")) == [Old.AGAIN, Old.FINISHED]
    assert await store.ids_of_member(ALICE, Wanted(text="audio comes")) == [Old.AUDIO_WANTED]
    assert len(await store.ids_of_member(ALICE, Wanted())) == 15
    for channel_id, message_id in await store.messages_of(Old.CARD_DELETED):
        assert channel_id in {SONGS, AROUND["channels"]["dm of Alice"]}
        assert await store.by_message(message_id) == await got(store, Old.CARD_DELETED)
    assert await store.by_origin(f"a:{Old.UNCERTAIN_TWICE}:1") == await got(store, Old.DELETING)


async def test_a_finished_song_is_read_whole(store: TaskStore):
    song = await got(store, Old.FINISHED)
    expected = {
        "kind": Kind.SONG,
        "created_at": at("11:03:52"),
        "channel_id": SONGS,
        "locale": "en-US",
        "tags": "blues, brushed drums",
        "negative_tags": "brass",
        "instrumental": False,
        "model": "suno-music",
        "version": "chirp-v4",
        "version_chosen": False,
        "version_offered": None,
        "price_min_usd": Decimal("0.10"),
        "price_max_usd": Decimal("0.25"),
        "message_id": 1468925086793728001,
        "files_shown": True,
        "pinged_for": State.COMPLETED,
        "ping_status": PingStatus.DONE,
        "attempt": 1,
        "provider_task_id": "ldtask_5e1fcdebdb9a4b6d53521c65b37666ba",
        "clip_candidates": {
            "audio_id": ["clip_5e1fcdebdb9a4b6d_1"],
            "task_id": ["ldtask_5e1fcdebdb9a4b6d53521c65b37666ba"],
        },
        "media": (
            MediaFile(name="4-1.mp3", shown_as="Low Tide.mp3", size_bytes=241345, duration_s=14.864, picture="4-1.png"),
        ),
        "media_wanted": False,
        "others_may_continue": True,
    }
    assert some(song, expected) == expected
    assert song.result is not None
    assert song.result.title == "Low Tide"
    assert [track.audio_id for track in song.result.tracks] == ["clip_5e1fcdebdb9a4b6d_1"]
    assert song.lyrics is not None
    assert song.lyrics.startswith("[Verse 1]\n")
    assert len((await got(store, Old.TWO_TAKES)).media) == 2
    assert not (await got(store, Old.AGAIN)).others_may_continue


async def test_what_was_under_way_is_read_as_it_was_left(store: TaskStore):
    lagging, running = await got(store, Old.LAGGING), await got(store, Old.RUNNING)
    assert (lagging.revision, lagging.shown_revision, lagging.show_failures, lagging.files_shown) == (6, 4, 1, False)
    assert (running.progress, running.next_look_at, running.deadline_at) == (40, at("11:41:55"), at("12:01:34"))
    waits = await got(store, Old.ASKED_TO_WAIT)
    assert (waits.refusals, waits.attempt, waits.not_before) == (1, 1, at("11:56:12"))
    twice = await got(store, Old.UNCERTAIN_TWICE)
    assert (twice.attempt, twice.unclear_attempts, twice.pinged_for) == (2, 2, State.UNCERTAIN)
    told = await got(store, Old.TOLD_UNNOTED)
    assert (told.ping_status, told.ping_at, told.is_found_late) == (PingStatus.SENDING, at("11:32:17"), True)
    wanted = await got(store, Old.AUDIO_WANTED)
    assert (wanted.media_wanted, wanted.media_failures, wanted.media) == (True, 2, ())
    failed = await got(store, Old.FAILED)
    assert (failed.error_code, failed.error_detail) == (ErrorCode.WISH_REFUSED, "Content policy violation")
    assert (await got(store, Old.DIRECT)).guild_id is None
    assert (await got(store, Old.CARD_DELETED)).card_lost == "card_deleted"
    assert (await got(store, Old.HELD)).locale == "de"


async def test_families_are_read(store: TaskStore):
    child, sung = await got(store, Old.CONTINUATION), await got(store, Old.SUNG)
    assert (child.kind, child.parent_id, child.clip_id) == (Kind.CONTINUATION, Old.FINISHED, "clip_5e1fcdebdb9a4b6d_1")
    assert child.continue_at_s == 5
    assert sung.parent_id == Old.LYRICS
    assert [one.id for one in await store.children_of(Old.FINISHED)] == [Old.CONTINUATION]


async def test_what_was_emptied_stays_empty(store: TaskStore):
    for number in (Old.AGED_OUT, Old.ERASED, Old.DELETED, Old.DELETING, Old.ADAS_EMPTIED, Old.ADAS_CANCELLED):
        task = await got(store, number)
        assert (task.prompt, task.title, task.result, task.media) == ("", None, None, ())
        assert task.deleted_at is not None
        assert task.aged_out is (number is Old.AGED_OUT)


async def test_lyrics_keep_their_earlier_texts(store: TaskStore, lyrics: LyricsStore):
    task = await got(store, Old.LYRICS)
    assert task.lyrics == "[Verse 1]\nSun on the tin\n\n[Chorus]\nOh lantern\n\n[Verse 2]\nSun on the sea"
    assert await lyrics.numbers(task.id) == [1, 2, 3]
    first, last = await lyrics.version(task.id, 1), await lyrics.version(task.id, 3)
    assert first is not None
    assert (first.text, first.replaced_at) == (task.result and task.result.lyrics, at("11:04:46"))
    assert last is not None
    assert last.text == "[Verse 1]\nSun on the tin\n\n[Chorus]\nOh lantern\n\n[Verse 2]\nRain on the sea"


async def test_drafts_are_read_and_can_still_be_started(drafts: DraftStore):
    by_reply = await drafts.get(OldDraft.BY_REPLY)
    assert by_reply is not None
    expected = {
        "origin_key": "r:1468934641418240002",
        "created_at": at("11:41:50"),
        "user_id": ALICE,
        "guild_id": STUDIO,
        "channel_id": SONGS,
        "wish": ContinuationWish(parent_id=Old.FINISHED, prompt="a softer ending", at_s=10),
        "message_id": 1468934641418240003,
    }
    assert some(by_reply, expected) == expected
    by_again = await drafts.get(OldDraft.BY_AGAIN)
    assert by_again is not None
    assert isinstance(by_again.wish, SongWish)
    assert (by_again.wish.title, by_again.wish.lyrics_id) == ("Lantern", Old.LYRICS)
    assert by_again.message_id is None
    assert await drafts.get(OldDraft.OVER) is None
    over: list[Draft] = await drafts.over(at("10:41:52"), 9)
    assert [one.id for one in over] == [OldDraft.OVER]
    new = wish("draft", origin_key=by_again.origin_key, user_id=ALICE, guild_id=STUDIO, **PRICED)
    started = await drafts.start(by_again, new)
    assert started is not None
    assert started.id == len(TASKS) + 1


async def test_boards_are_read(notices: NoticeStore):
    young, old = await notices.board(SONGS), await notices.board(LOUNGE)
    place = {"guild_id": STUDIO, "locale": "en-US", "sending_at": None}
    expected = [
        {**place, "channel_id": SONGS, "message_id": 1468932783341568004, "leftover_id": None},
        {**place, "channel_id": LOUNGE, "message_id": 1468931852206080004, "leftover_id": 1468926374445056006},
    ]
    assert [some(one, expected[0]) for one in (young, old)] == expected
    assert isinstance(young, Board)
    assert (young.posted_at, young.drawn_at) == (at("11:34:27"), at("11:41:17"))
    assert isinstance(old, Board)
    assert old.posted_at == at("10:30:45")
    (warning,) = await notices.warnings_due()
    assert (warning.server.guild_id, warning.month) == (STUDIO, datetime(2026, 2, 1, tzinfo=UTC))
    assert warning.used.month_songs == 24


async def test_preferences_are_read(database: Database):
    members = MemberStore(database)
    expected = [
        Preferences(user_id=BOB, telling=Telling.DM, tags="synthwave"),
        Preferences(user_id=MO, telling=Telling.SILENT, model="suno-music", version="chirp-v5", instrumental=True),
        Preferences(user_id=ALICE),
    ]
    assert [await members.get(one.user_id) for one in expected] == expected


async def test_rules_and_intakes_are_read(servers: ServerStore):
    rules = Rules(
        running_per_member=4, waiting_per_member=20, monthly_songs=28, monthly_usd=Decimal(25),
        warning_channel_id=LOUNGE, words=("rude",), keep_days=30,
    )  # fmt: skip
    expected = [
        Server(guild_id=STUDIO, rules=rules),
        Server(
            guild_id=ELSEWHERE,
            rules=Rules(running_per_server=2, patterns=("spam+",), locale="de"),
            intake=Intake.PAUSED,
            intake_note="Back on Monday",
        ),
        Server(guild_id=EVERYWHERE, rules=Rules(daily_per_member=50, words=("forbidden",))),
    ]
    assert [await servers.get(one.guild_id) for one in expected] == expected


async def test_blocks_hold(servers: ServerStore):
    eve = Block(guild_id=STUDIO, user_id=EVE, reason="Too loud")
    assert await servers.block_on(STUDIO, EVE, KILLED_AT) == eve
    assert await servers.blocks_of(STUDIO, KILLED_AT, 9) == [eve]
    assert await servers.block_on(ELSEWHERE, SOMEBODY, KILLED_AT) == Block(guild_id=EVERYWHERE, user_id=SOMEBODY)
    assert await servers.block_on(STUDIO, BOB, KILLED_AT) is None
    over = Block(guild_id=STUDIO, user_id=BOB, until=at("11:41:51"), reason="A moment of rest")
    assert await servers.block_on(STUDIO, BOB, at("11:41:50")) == over


async def test_an_erasure_goes_on(database: Database, clock: HandClock):
    erasures = ErasureStore(database, clock)
    (running,) = await erasures.running()
    assert running == Erasure(user_id=ADA, asked_at=at("11:41:50"), locale="en-US")
    assert await erasures.left(running) == 3


async def test_the_audit_is_read_with_its_people(audit: AuditStore):
    told = await audit.page(STUDIO, skip=0, limit=99)
    assert [(line.act, line.actor_id, line.subject_id, line.task_id) for line in told] == [
        (Act.RULES, MO, None, None),
        (Act.BLOCK, MO, BOB, None),
        (Act.BOARD, MO, None, None),
        (Act.RETRY, MO, BOB, Old.UNCERTAIN_TWICE),
        (Act.BOARD, MO, None, None),
        (Act.BOARD, MO, None, None),
        (Act.DROP, MO, BOB, Old.DROPPED),
        (Act.CANCEL, MO, BOB, Old.CANCELLED),
        (Act.REDELIVER, MO, BOB, Old.TWO_TAKES),
        (Act.RULES, MO, None, None),
        (Act.BLOCK, MO, EVE, None),
        (Act.CANCEL, MO, None, Old.ERASED_CANCELLED),
    ]
    assert told[-1].subject_ref == "2af899a3e1f16bdc45cc8e26863d5f3b", "of somebody erased the reference is left"
    assert told[0].after == {"monthly_songs": 28, "monthly_usd": "25.00"}
    assert told[1].reason == "A moment of rest"
    assert (told[3].at, told[3].before, told[3].after) == (
        at("11:30:47"), {"state": "uncertain"}, {"state": "queued"},
    )  # fmt: skip
    assert await audit.count(STUDIO) + await audit.count(ELSEWHERE) + await audit.count(EVERYWHERE) == 18


async def test_an_export_of_an_old_member_is_whole(database: Database):
    export = ExportStore(database)
    kept = await export.tasks(BOB, after=0, limit=99)
    assert [one.task.id for one in kept] == [
        Old.TWO_TAKES, Old.FAILED, Old.CANCELLED, Old.DROPPED, Old.HELD, Old.UNCERTAIN_TWICE, Old.DELETING,
        Old.ASKED_TO_WAIT, Old.SUBMITTING, Old.SHOWN_UNNOTED, Old.NEVER_SHOWN,
    ]  # fmt: skip
    song, twice = kept[0], kept[5]
    assert song.cost_usd == Decimal("0.135")
    assert len(song.messages) == 3
    assert [(one.number, one.outcome, one.request_id) for one in twice.attempts] == [
        (1, AttemptOutcome.ACCEPTED, "req_late"),
        (2, AttemptOutcome.UNKNOWN, None),
    ]
    assert [(one.number, one.outcome, one.ended_at) for one in kept[8].attempts] == [
        (1, AttemptOutcome.UNDER_WAY, None)
    ]
    assert len(await export.audit(BOB, after=0, limit=99)) == 9
    assert [one.id for one in await export.drafts(BOB)] == [OldDraft.OVER]


# --- it goes on ------------------------------------------------------------------------------------------------------


async def test_new_rows_come_behind_the_old_ones(store: TaskStore, servers: ServerStore, audit: AuditStore):
    task, is_new = await store.add(wish("new", user_id=ALICE, guild_id=STUDIO, **PRICED))
    assert (task.id, is_new) == (len(TASKS) + 1, True)
    known, is_new = await store.add(wish("again", origin_key="i:1468925086793728000", **PRICED))
    assert (known.id, is_new) == (Old.FINISHED, False)
    before = await audit.page(STUDIO, skip=0, limit=1)
    deed = Deed(act=Act.UNBLOCK, guild_id=STUDIO, actor_id=MO, subject_id=EVE)
    assert await servers.unblock(STUDIO, EVE, deed)
    (line,) = await audit.page(STUDIO, skip=0, limit=1)
    assert (line.id, line.actor_ref) == (19, before[0].actor_ref), "whoever was known keeps their reference"


@pytest.mark.parametrize("statement", ["UPDATE audit SET reason = 'none'", "DELETE FROM audit"])
async def test_the_audit_is_still_append_only(database: Database, statement: str):
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as connection:
            await connection.execute(text(statement))
