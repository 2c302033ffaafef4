"""An export: one JSON document whose keys stay, written in pieces, large or small packed as it has to be."""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.lyrics import LyricsVersion
from bot.domain.privacy import Attempt, KeptTask, TaskMove
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import AttemptOutcome, Result, Role, State
from bot.domain.transitions import Part
from bot.service import exporting
from bot.service.exporting import export_of
from bot.store.exports import ExportStore
from bot.store.schema import attempts, lyrics_versions, task_moves
from bot.store.usage import UsageStore
from bot.ui.packing import NAME, Package
from tests.fakes.office import keep_deeds
from tests.fakes.rows import ASKED_BY, START, HandClock, Rows, make_task

BIG = 2**60
"""An id of Discord that no floating-point number holds."""
TASK_KEYS = {
    "id", "kind", "state", "asked_at", "state_since", "submitted_at", "deleted_at", "server_id", "channel_id",
    "messages", "locale", "history", "prompt", "title", "tags", "negative_tags", "instrumental", "model", "version",
    "continues_task_id", "continues_take",
    "clip_id", "continue_at_s", "others_may_continue", "price_min_usd", "price_max_usd",
    "billing_transaction_id", "attempts", "result", "files", "edited_lyrics", "earlier_lyrics", "error_code",
    "error_detail", "cost_usd",
}  # fmt: skip
"""`docs/privacy.md` promises them."""
FULL = KeptTask(
    task=make_task(
        state=State.COMPLETED, guild_id=BIG, channel_id=BIG + 1, price_min_usd=Decimal("0.1"), title="«雨»",
        result=Result(title="Rain", lyrics="a\nb", tracks=(Track(audio_url="https://a/1.mp3"),)), edited_lyrics="c",
        media=(MediaFile(name="1-1.mp3", shown_as="Rain.mp3", size_bytes=5),), interaction_token="hush",
    ),
    attempts=(
        Attempt(
            number=1, started_at=START, ended_at=None, outcome=AttemptOutcome.ACCEPTED, request_id="req",
            provider_task_id="ld",
        ),
    ),
    moves=(
        TaskMove(from_state=None, to_state=State.RECEIVED, at=START, part=Part.MEMBER, attempt=0),
        TaskMove(from_state=State.RECEIVED, to_state=State.QUEUED, at=START, part=Part.JANITOR, attempt=0),
    ),
    versions=(LyricsVersion(number=1, replaced_at=START, text="before"),),
    messages=((BIG + 1, BIG + 2),),
    cost_usd=Decimal("0.25"),
)  # fmt: skip


class Kept(ExportStore):
    """The real store over what a test puts in; remembers how many tasks it handed out at a time."""

    def __init__(self) -> None:
        clock = HandClock()
        self.rows = Rows(clock)
        super().__init__(self.rows.database)
        self.usage = UsageStore(self.rows.database, clock)
        self.held: list[int] = []

    async def put(self, kept: KeptTask) -> None:
        task_id = kept.task.id
        self.rows.put(kept.task)
        for attempt in kept.attempts:
            self.rows.write(attempts, task_id=task_id, **asdict(attempt))
        for revision, move in enumerate(kept.moves, 1):
            self.rows.write(task_moves, task_id=task_id, revision=revision, **asdict(move))
        for version in kept.versions:
            self.rows.write(lyrics_versions, task_id=task_id, **asdict(version))
        for channel_id, message_id in kept.messages:
            self.rows.put_message(task_id, message_id, Role.CARD, channel_id=channel_id)
        if kept.cost_usd is not None:
            await self.usage.record({task_id: kept.cost_usd})

    async def tasks(self, user_id: int, *, after: int, limit: int) -> list[KeptTask]:
        found = await super().tasks(user_id, after=after, limit=limit)
        self.held.append(len(found))
        return found


async def document(kept: Kept, user_id: int = ASKED_BY) -> dict[str, Any]:
    pieces = [piece async for piece in export_of(user_id, kept, datetime(2026, 5, 1, tzinfo=UTC))]
    return dict(json.loads("".join(pieces)))


@pytest.mark.usefixtures("databases")
async def test_of_somebody_unknown_there_is_an_empty_document() -> None:
    assert await document(Kept()) == {
        "format": "encore-export",
        "version": 1,
        "exported_at": "2026-05-01T00:00:00+00:00",
        "user_id": str(ASKED_BY),
        "preferences": None,
        "drafts": [],
        "blocks": [],
        "audit": [],
        "tasks": [],
    }


@pytest.mark.usefixtures("databases")
async def test_a_task_has_the_keys_that_are_promised_and_no_secret() -> None:
    kept = Kept()
    await kept.put(FULL)

    (task,) = (await document(kept))["tasks"]

    assert set(task) == TASK_KEYS
    assert (task["server_id"], task["channel_id"]) == (str(BIG), str(BIG + 1))
    assert task["messages"] == [{"channel_id": str(BIG + 1), "message_id": str(BIG + 2)}]
    assert (task["title"], task["price_min_usd"], task["cost_usd"], task["edited_lyrics"]) == (
        "«雨»",
        "0.1",
        "0.25",
        "c",
    )
    assert task["result"]["tracks"][0]["audio_url"] == "https://a/1.mp3"
    assert task["attempts"][0]["request_id"] == "req"
    assert [(one["from_state"], one["to_state"], one["part"]) for one in task["history"]] == [
        (None, "received", "member"),
        ("received", "queued", "janitor"),
    ]
    assert task["earlier_lyrics"] == [{"number": 1, "replaced_at": START.isoformat(), "text": "before"}]
    assert "hush" not in json.dumps(task)


@pytest.mark.usefixtures("databases")
async def test_a_direct_message_has_no_server() -> None:
    kept = Kept()
    kept.rows.put(replace(FULL.task, guild_id=None))
    (task,) = (await document(kept))["tasks"]
    assert task["server_id"] is None


@pytest.mark.usefixtures("databases")
async def test_who_else_was_concerned_is_not_told() -> None:
    kept = Kept()
    deed = Deed(act=Act.BLOCK, guild_id=70, actor_id=424242, subject_id=ASKED_BY, reason="spam", after={"until": None})
    elsewhere = replace(deed, subject_id=999, reason="flood")
    await keep_deeds(kept.rows, deed, elsewhere, replace(deed, actor_id=ASKED_BY, subject_id=424242))

    lines = (await document(kept))["audit"]

    assert [(one["done_by_you"], one["done_to_you"]) for one in lines] == [(False, True), (True, False)]
    assert lines[0]["reason"] == "spam"
    assert "424242" not in json.dumps(lines)


@pytest.mark.usefixtures("databases")
async def test_a_long_history_is_never_held_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 10)
    kept = Kept()
    kept.rows.put(*(make_task(number) for number in range(1, 26)))
    await keep_deeds(kept.rows, *[Deed(act=Act.CANCEL, guild_id=70, actor_id=None, subject_id=ASKED_BY)] * 21)

    made = await document(kept)

    assert [one["id"] for one in made["tasks"]] == list(range(1, 26))
    assert len(made["audit"]) == 21
    assert kept.held == [10, 10, 5, 0]


async def test_what_no_document_can_hold_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="object"):
        exporting._plain(object())


# --- packing ---------------------------------------------------------------------------------------------------------


async def pieces_of(text: str) -> AsyncIterator[str]:
    for number in range(0, len(text), 7):
        yield text[number : number + 7]


WORDS = json.dumps(["so much to say"] * 200)


async def packed(package: Package, limit_bytes: int) -> tuple[str, bytes] | None:
    await package.write(pieces_of(WORDS))
    file = await package.file(limit_bytes)
    if file is None:
        return None
    found = file.filename, file.fp.read()
    file.close()  # as discord.py does once it is sent
    return found


async def test_what_fits_stays_as_it_is() -> None:
    with Package() as package:
        assert await packed(package, len(WORDS)) == (NAME, WORDS.encode())


async def test_what_does_not_is_compressed() -> None:
    with Package() as package:
        found = await packed(package, len(WORDS) - 1)
        assert found is not None
        assert found[0] == f"{NAME}.gz"
        assert gzip.decompress(found[1]) == WORDS.encode()


async def test_else_it_comes_in_parts_that_make_a_whole() -> None:
    with Package() as package:
        assert await packed(package, 10) is None
        parts = [(one.filename, one.fp.read()) async for one in package.parts(30)]
        assert [name for name, _ in parts] == [f"{NAME}.gz.{number:03}" for number in range(1, len(parts) + 1)]
        assert len(parts) > 1
        with gzip.open(BytesIO(b"".join(part for _, part in parts))) as whole:
            assert whole.read() == WORDS.encode()
        assert [one.filename async for one in package.parts(10_000)] == [f"{NAME}.gz"]
