"""An export: one JSON document whose keys stay, written in pieces, large or small packed as it has to be."""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from bot.domain.audit import Act, AuditLine
from bot.domain.lyrics import LyricsVersion
from bot.domain.privacy import Attempt, KeptTask
from bot.domain.tasks import AttemptOutcome, MediaFile, Result, State, Track
from bot.service import exporting
from bot.service.exporting import export_of
from bot.ui.packing import NAME, Package
from tests.fakes.engine_rows import ASKED_BY, START, make_task
from tests.fakes.erasure_rows import ExportRows

BIG = 2**60
"""An id of Discord that no floating-point number holds."""
TASK_KEYS = {
    "id", "kind", "state", "asked_at", "state_since", "submitted_at", "deleted_at", "server_id", "channel_id",
    "messages", "locale", "prompt", "title", "tags", "negative_tags", "instrumental", "model", "version",
    "continues_task_id", "clip_id", "continue_at_s", "others_may_continue", "price_min_usd", "price_max_usd",
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
    versions=(LyricsVersion(number=1, replaced_at=START, text="before"),),
    messages=((BIG + 1, BIG + 2),),
    cost_usd=Decimal("0.25"),
)  # fmt: skip


async def document(kept: ExportRows, user_id: int = ASKED_BY) -> dict[str, Any]:
    pieces = [piece async for piece in export_of(user_id, kept, datetime(2026, 5, 1, tzinfo=UTC))]
    return dict(json.loads("".join(pieces)))


async def test_of_somebody_unknown_there_is_an_empty_document() -> None:
    assert await document(ExportRows()) == {
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


async def test_a_task_has_the_keys_that_are_promised_and_no_secret() -> None:
    (task,) = (await document(ExportRows(FULL)))["tasks"]

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
    assert task["earlier_lyrics"] == [{"number": 1, "replaced_at": START.isoformat(), "text": "before"}]
    assert "hush" not in json.dumps(task)


async def test_a_direct_message_has_no_server() -> None:
    (task,) = (await document(ExportRows(replace(FULL, task=replace(FULL.task, guild_id=None)))))["tasks"]
    assert task["server_id"] is None


async def test_who_else_was_concerned_is_not_told() -> None:
    kept = ExportRows()
    line = AuditLine(
        id=1, at=START, act=Act.BLOCK, guild_id=70, actor_id=424242, actor_ref="aa", subject_id=ASKED_BY,
        subject_ref="bb", task_id=None, reason="spam", before={}, after={"until": None},
    )  # fmt: skip
    kept.lines = [line, replace(line, id=2, actor_id=ASKED_BY, subject_id=424242)]

    lines = (await document(kept))["audit"]

    assert [(one["done_by_you"], one["done_to_you"]) for one in lines] == [(False, True), (True, False)]
    assert lines[0]["reason"] == "spam"
    assert "424242" not in json.dumps(lines)


async def test_a_long_history_is_never_held_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 10)
    kept = ExportRows(*(replace(FULL, task=make_task(number)) for number in range(1, 26)))
    kept.lines = [
        AuditLine(
            id=number, at=START + timedelta(days=1), act=Act.CANCEL, guild_id=70, actor_id=None, actor_ref=None,
            subject_id=ASKED_BY, subject_ref="bb", task_id=None, reason=None, before={}, after={},
        )
        for number in range(1, 22)
    ]  # fmt: skip

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
