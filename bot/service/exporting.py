"""A person's export: one JSON document, written piece by piece. `docs/privacy.md` describes its keys, which stay."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from bot.domain.audit import AuditLine
from bot.domain.blocks import Block
from bot.domain.drafts import Draft
from bot.domain.members import Preferences
from bot.domain.privacy import KeptTask
from bot.store.exports import ExportStore

FORMAT = "encore-export"
VERSION = 1
BATCH = 100
"""Maximum number of tasks held at a time."""


async def export_of(user_id: int, kept: ExportStore, now: datetime) -> AsyncIterator[str]:
    """The document in pieces that give it when put together. Ids of Discord are strings, moments are ISO 8601."""
    preferences = await kept.preferences(user_id)
    head = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": now,
        "user_id": str(user_id),
        "preferences": _preferences(preferences) if preferences else None,
        "drafts": [_draft(one) for one in await kept.drafts(user_id)],
        "blocks": [_block(one) for one in await kept.blocks(user_id)],
    }
    yield f"{_json(head)[:-1]},\n"
    yield '"audit": ['
    after, gap = 0, "\n"
    while lines := await kept.audit(user_id, after=after, limit=BATCH):
        yield gap + ",\n".join(_json(_deed(one, user_id)) for one in lines)
        after, gap = lines[-1].id, ",\n"
    yield '],\n"tasks": ['
    after, gap = 0, "\n"
    while tasks := await kept.tasks(user_id, after=after, limit=BATCH):
        yield gap + ",\n".join(_json(_task(one)) for one in tasks)
        after, gap = tasks[-1].task.id, ",\n"
    yield "]}\n"


def _preferences(chosen: Preferences) -> dict[str, object]:
    values = asdict(chosen)
    del values["user_id"]
    return values


def _draft(draft: Draft) -> dict[str, object]:
    return {
        "asked_at": draft.created_at,
        **_where(draft.guild_id, draft.channel_id),
        "wish": {"kind": draft.wish.kind, **asdict(draft.wish)},
    }


def _block(block: Block) -> dict[str, object]:
    return {"server_id": str(block.guild_id), "reason": block.reason, "until": block.until}


def _deed(line: AuditLine, user_id: int) -> dict[str, object]:
    """Who else was concerned is not this person's to know."""
    return {
        "at": line.at,
        "act": line.act,
        "server_id": str(line.guild_id),
        "done_by_you": line.actor_id == user_id,
        "done_to_you": line.subject_id == user_id,
        "task_id": line.task_id,
        "reason": line.reason,
        "before": dict(line.before),
        "after": dict(line.after),
    }


def _task(kept: KeptTask) -> dict[str, object]:
    task = kept.task
    return {
        "id": task.id,
        "kind": task.kind,
        "state": task.state,
        "asked_at": task.created_at,
        "state_since": task.state_at,
        "submitted_at": task.submitted_at,
        "deleted_at": task.deleted_at,
        **_where(task.guild_id, task.channel_id),
        "messages": [_message(channel_id, message_id) for channel_id, message_id in kept.messages],
        "locale": task.locale,
        "prompt": task.prompt,
        "title": task.title,
        "tags": task.tags,
        "negative_tags": task.negative_tags,
        "instrumental": task.instrumental,
        "model": task.model,
        "version": task.version,
        "continues_task_id": task.parent_id,
        "continues_take": task.parent_take,
        "clip_id": task.clip_id,
        "continue_at_s": task.continue_at_s,
        "others_may_continue": task.others_may_continue,
        "price_min_usd": task.price_min_usd,
        "price_max_usd": task.price_max_usd,
        "cost_usd": kept.cost_usd,
        "billing_transaction_id": task.billing_transaction_id,
        "attempts": [asdict(one) for one in kept.attempts],
        "history": [asdict(one) for one in kept.moves],
        "result": asdict(task.result) if task.result else None,
        "files": [asdict(one) for one in task.media],
        "edited_lyrics": task.edited_lyrics,
        "earlier_lyrics": [asdict(one) for one in kept.versions],
        "error_code": task.error_code,
        "error_detail": task.error_detail,
    }


def _where(guild_id: int | None, channel_id: int) -> dict[str, object]:
    return {"server_id": None if guild_id is None else str(guild_id), "channel_id": str(channel_id)}


def _message(channel_id: int, message_id: int) -> dict[str, str]:
    return {"channel_id": str(channel_id), "message_id": str(message_id)}


def _json(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            raise TypeError(f"not a value of an export: {type(value).__name__}")
