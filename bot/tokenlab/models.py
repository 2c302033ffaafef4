"""The questions and answers of the TokenLab API as frozen values. Pure: parses and builds, requests nothing."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.takes import Track
from bot.domain.tasks import Kind, Result
from bot.tokenlab.reading import (
    Json,
    first,
    identifier,
    items,
    mapping,
    percent,
    snake_case,
    text,
    word,
)
from bot.tokenlab.takes import TAKES_MAX, TITLE_MAX_CHARS, clip_id_of, is_only_streamed, lacks_files, tracks_of
from bot.tokenlab.troubles import is_about_content, trouble_in

LYRICS_MAX_CHARS = 100_000
OTHER_LYRICS_MAX = 9
STATUS_MAX_CHARS = 40
MODEL_MAX_CHARS = 100
"""No longer than the columns of the tables that hold them."""

CREATE_PATH = "/v1/music/generations"

VERSIONS = (
    "chirp-v6",
    "chirp-v6-wild",
    "chirp-v6-mini",
    "chirp-v5-5",
    "chirp-v5",
    "chirp-v4-5all",
    "chirp-v4-5plus",
    "chirp-v4-5",
    "chirp-v4",
    "chirp-v3-5",
)
"""What `mv` has been so far, newest first (TokenLab docs, Create Music; v6 is Suno's). There are others: any may come
and go, and a dot may stand for the second hyphen."""

CLIP_ID_ORDER = ("audio_id", "data", "task_id")
"""Where a clip id is looked for by default: the documented field, the outputs, then the guide's "task identity"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """One order for music, lyrics or a continuation."""

    kind: Kind
    model: str
    prompt: str
    version: str | None = None
    """Sent as `mv`: required for music, left out for lyrics."""
    title: str | None = None
    tags: str | None = None
    negative_tags: str | None = None
    """Styles to avoid; only for models that publish the parameter (`ModelInfo.takes_negative_tags`)."""
    instrumental: bool = False
    clip_id: str | None = None
    continue_at_s: float | None = None
    extend_audio_url: str | None = None
    """Address of the finished track: the request becomes an `upload-extend` and `clip_id` is not sent."""

    def body(self) -> dict[str, object]:
        """The JSON body (TokenLab docs, Create Music). Fields without a value are left out, never null."""
        action = "MUSIC" if self.kind.makes_audio else "LYRICS"
        wanted: dict[str, object] = {"model": self.model, "prompt": self.prompt, "action": action}
        if self.kind.makes_audio:
            wanted |= {"mv": self.version, "title": self.title, "tags": self.tags, "negative_tags": self.negative_tags}
            wanted |= {"make_instrumental": self.instrumental or None, **self._continuation()}
        return {name: value for name, value in wanted.items() if value is not None and value != ""}

    def _continuation(self) -> dict[str, object]:
        if self.extend_audio_url is not None:
            at_s = self.continue_at_s if _is_time(self.continue_at_s) and self.continue_at_s else None
            return {"audio_url": self.extend_audio_url, "audio_operation": "upload-extend", "continue_at": at_s}
        at_s = self.continue_at_s if self.clip_id and _is_time(self.continue_at_s) else None
        return {"continue_clip_id": self.clip_id, "continue_at": at_s}


def _is_time(value_s: float | None) -> bool:
    return value_s is not None and math.isfinite(value_s) and value_s >= 0


class ProviderStatus(StrEnum):
    """How far the provider says a task is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A word that the documentation doesn't have: not terminal, our own deadline decides."""

    @classmethod
    def parse(cls, raw: str) -> "ProviderStatus":
        """The status that a whole word means, whatever its case."""
        return _STATUS_WORDS.get(_JOINTS.sub("_", raw.lower()), cls.UNKNOWN)


_JOINTS = re.compile(r"[\s-]+")
_WORDS = re.compile(r"\w+")
_STATUS_WORDS = {
    "pending": ProviderStatus.PENDING,
    **dict.fromkeys(("processing", "text_success", "first_success", "callback_exception"), ProviderStatus.PROCESSING),
    **dict.fromkeys(("completed", "succeeded", "complete", "success", "finished", "done"), ProviderStatus.COMPLETED),
    **dict.fromkeys(
        (
            "failed",
            "cancelled",
            "canceled",
            "expired",
            "error",
            "failure",
            "rejected",
            "timeout",
            "create_task_failed",
            "generate_audio_failed",
            "sensitive_word_error",
        ),
        ProviderStatus.FAILED,
    ),
}
"""The documentation's words, those of the provider's own helpers, and those of this family of APIs.

`callback_exception` says only that a callback of the provider's failed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One reading of a task's state."""

    status: ProviderStatus
    raw_status: str
    """The provider's own word; empty where a create's answer had none."""
    progress: int | None = None
    """0 to 100 if the provider gave a real number; never a reason to call the task finished."""
    result: Result = field(default_factory=Result)
    is_only_streamed: bool = False
    """Whether there is audio, but no take has a finished file yet."""
    lacks_files: bool = False
    """Whether a take that is told of has no finished file yet."""
    clip_candidates: Mapping[str, list[str]] = field(default_factory=dict)
    """Every id that may name the clip, by source: `audio_id`, `data`, `task_id`. Stored as JSON."""
    error_detail: str | None = None
    """The provider's words about a failed task, at most 500 characters; shown clipped and escaped, for some codes."""
    has_error: bool = False
    """Whether it names an error, whatever its status is."""
    is_about_content: bool = False
    """Whether the error says that the content is not allowed."""
    billing_transaction_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """An accepted order."""

    provider_task_id: str
    poll_url: str | None
    """As the provider gave it: checked at each use."""
    status: ProviderStatus
    model: str | None
    request_id: str | None
    look: Look
    """The same answer read as a look: a create may already be terminal."""


def parse_look(
    body: Json, *, provider_task_id: str, request_id: str | None, header_billing_id: str | None = None
) -> Look:
    """Read a task record (TokenLab docs, Get Task Status); the billing id may stand in a header alone."""
    raw_status = text(body.get("status"), STATUS_MAX_CHARS) or ""
    status = ProviderStatus.parse(raw_status)
    trouble = trouble_in(body)
    return Look(
        status=status,
        raw_status=raw_status,
        progress=percent(body.get("progress")),
        result=_result(body),
        is_only_streamed=is_only_streamed(body, _outputs(body)),
        lacks_files=lacks_files(body, _outputs(body)),
        clip_candidates=_clip_candidates(body, provider_task_id),
        error_detail=trouble.detail if trouble.is_there or status is ProviderStatus.FAILED else None,
        has_error=trouble.is_there,
        is_about_content=trouble.is_about_content or any(map(is_about_content, (raw_status, trouble.detail))),
        billing_transaction_id=first(map(identifier, (body.get("billing_transaction_id"), header_billing_id))),
        request_id=request_id,
    )


def parse_created(
    body: Json, *, header_task_id: str | None, request_id: str | None, header_billing_id: str | None = None
) -> Created | None:
    """Read the answer to a create; None where it has no usable id in `id`, `task_id` or the `X-Task-ID` header."""
    given = (body.get("id"), body.get("task_id"), header_task_id)
    provider_task_id = first(identifier(value) for value in given)
    if provider_task_id is None:
        return None
    look = parse_look(
        body, provider_task_id=provider_task_id, request_id=request_id, header_billing_id=header_billing_id
    )
    return Created(
        provider_task_id=provider_task_id,
        poll_url=identifier(body.get("poll_url")),
        status=look.status,
        model=word(body.get("model")),
        request_id=request_id,
        look=look,
    )


def choose_clip(candidates: Mapping[str, Sequence[str]], order: Sequence[str] = CLIP_ID_ORDER) -> str | None:
    """The id to send as `continue_clip_id`: the first of the first source in `order` that has one."""
    return first(clip_id for source in order for clip_id in candidates.get(source, []))


def clip_of_take(
    tracks: Sequence[Track], take: int, candidates: Mapping[str, Sequence[str]], order: Sequence[str] = CLIP_ID_ORDER
) -> str | None:
    """The id by which one take of a song can be continued: its own; what names no take is that of the first."""
    if len(tracks) <= 1:
        return choose_clip(candidates, order)
    own, others = tracks[take - 1].audio_id, {track.audio_id for track in tracks[1:]}
    if take > 1:
        return own
    fitting = {
        source: [one for one in found if source == "task_id" or (one == own if own else one not in others)]
        for source, found in candidates.items()
    }
    return choose_clip(fitting, order) or own


def _result(body: Json) -> Result:
    texts = list(_texts(body))
    title = first(text(one.get("title"), TITLE_MAX_CHARS) for one in (body, *(holder for holder, _ in texts)))
    lyrics = tuple(dict.fromkeys(words for _, words in texts))
    others = lyrics[1 : 1 + OTHER_LYRICS_MAX]
    return Result(title=title, lyrics=first(lyrics), tracks=tracks_of(body, _outputs(body)), other_lyrics=others)


def _texts(body: Json) -> Iterator[tuple[Json, str]]:
    """Lyrics wherever they are told, each with what tells its title: beside the others first, then each output's."""
    for told in (body.get("lyrics"), body.get("text")):
        for one in told if isinstance(told, list) else (told,):
            holder = mapping(one)
            if (words := _sung(one)) or (words := _sung_in(holder)):
                yield holder, words
    for output in _outputs(body):
        if words := _sung_in(output):
            yield output, words


def _sung_in(holder: Json) -> str | None:
    return _sung(holder.get("lyrics")) or _sung(holder.get("text"))


def _sung(value: object) -> str | None:
    """Words to sing; a lone `[Instrumental]` is none."""
    found = text(value, LYRICS_MAX_CHARS)
    return None if found and set(_WORDS.findall(found.lower())) == {"instrumental"} else found


def _outputs(body: Json) -> list[Json]:
    data = body.get("data")
    return [data] if isinstance(data, Mapping) else items(data)


def _clip_candidates(body: Json, provider_task_id: str) -> dict[str, list[str]]:
    found: dict[str, list[str | None]] = {
        "audio_id": [identifier(snake_case(body).get("audio_id"))],
        "data": [clip_id_of(item) for item in _outputs(body)[:TAKES_MAX]],
        "task_id": [provider_task_id],
    }
    cleaned = {source: list(dict.fromkeys(i for i in ids if i)) for source, ids in found.items()}
    return {source: ids for source, ids in cleaned.items() if ids}
