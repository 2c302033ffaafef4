"""Between rows and domain objects: the only place that knows both shapes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Row, func

from bot.domain.drafts import Draft
from bot.domain.listing import ListedTask
from bot.domain.members import Preferences, Telling
from bot.domain.takes import MediaFile, TakeTries, Track
from bot.domain.tasks import ErrorCode, Kind, MusicTask, PingStatus, Result, State, TaskId
from bot.domain.wishes import ContinuationWish, LyricsWish, SongWish, Wish
from bot.store.schema import EPOCH, drafts, members, music_tasks

TASK_COLUMNS = [music_tasks.c[field.name] for field in fields(MusicTask)]
LISTED_PROMPT_CHARS = 200
_SHORT = {
    "prompt": func.substr(music_tasks.c.prompt, 1, LISTED_PROMPT_CHARS).label("prompt"),
    "takes": func.coalesce(func.json_array_length(music_tasks.c.result["tracks"]), 0).label("takes"),
    "made_title": music_tasks.c.result["title"].as_string().label("made_title"),
}
LISTED_COLUMNS = [
    _SHORT[field.name] if field.name in _SHORT else music_tasks.c[field.name] for field in fields(ListedTask)
]
DRAFT_COLUMNS = [drafts.c[field.name] for field in fields(Draft)]
MEMBER_COLUMNS = [members.c[field.name] for field in fields(Preferences)]
WISHES: Mapping[str, type[Wish]] = {one.kind: one for one in (SongWish, LyricsWish, ContinuationWish)}


_TAKE = re.compile(r"-(\d+)\.")
_MOMENTS = ("after", "asked_at")

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
"""A row of whichever columns a query has asked for."""


def values_of(row: AnyRow) -> dict[str, Any]:
    """A row by the names of its columns."""
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public accessor, despite its name


def task_of(row: AnyRow) -> MusicTask:
    """A row of `music_tasks` as a domain object."""
    values = values_of(row)
    values["id"] = TaskId(values["id"])
    values["kind"] = Kind(values["kind"])
    values["state"] = State(values["state"])
    values["pinged_for"] = State(values["pinged_for"]) if values["pinged_for"] else None
    values["ping_status"] = PingStatus(values["ping_status"]) if values["ping_status"] else None
    values["error_code"] = ErrorCode(values["error_code"]) if values["error_code"] else None
    values["result"] = _result_of(values["result"])
    values["clip_candidates"] = values["clip_candidates"] or {}
    values["media"] = tuple(_file_of(one) for one in values["media"] or ())
    values["media_tries"] = tuple(_tries_of(one) for one in values["media_tries"] or ())
    return MusicTask(**values)


def file_names(media: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    """Names of all that a column of files leads to in `MEDIA_DIR`; rows written before may lack a field."""
    for one in media or ():
        yield from (name for field in ("name", "picture", "cover") if (name := one.get(field)))


def listed_of(row: AnyRow) -> ListedTask:
    """`LISTED_COLUMNS` of a row of `music_tasks` as a domain object."""
    values = values_of(row)
    return ListedTask(**{**values, "kind": Kind(values["kind"]), "state": State(values["state"])})


def draft_of(row: AnyRow) -> Draft:
    """A row of `drafts` as a domain object."""
    values = values_of(row)
    wish = dict(values.pop("wish"))
    return Draft(**values, wish=WISHES[wish.pop("kind")](**wish))


def wish_column(wish: Wish) -> dict[str, object]:
    """A wish as a draft's row keeps it."""
    return {"kind": wish.kind, **asdict(wish)}


def preferences_of(row: AnyRow) -> Preferences:
    """A row of `members` as a domain object."""
    values = values_of(row)
    return Preferences(**{**values, "telling": Telling(values["telling"])})


def columns_of(values: Mapping[str, object]) -> dict[str, object]:
    """Values of a task's fields as a row keeps them."""
    return {name: _kept(value) for name, value in values.items()}


def _kept(value: object) -> object:
    match value:
        case Result():
            return asdict(value)
        case tuple():  # its files: none is no list, or the index of those that have any would hold it
            return [{name: _plain(one) for name, one in asdict(item).items()} for item in value] or None
        case Mapping():  # what may name its clip
            return {source: list(ids) for source, ids in value.items()}
        case _:
            return value


def _plain(value: object) -> object:
    """What JSON can hold: a moment as in the columns, in milliseconds."""
    return (value - EPOCH) // timedelta(milliseconds=1) if isinstance(value, datetime) else value


def _file_of(value: Mapping[str, Any]) -> MediaFile:
    """A file; in rows of before, its name alone says which take it is."""
    numbered = _TAKE.search(value["name"])
    return MediaFile(**{"take": int(numbered[1]) if numbered else 1, **value})


def _tries_of(value: Mapping[str, Any]) -> TakeTries:
    moments = {name: EPOCH + timedelta(milliseconds=value[name]) for name in _MOMENTS if value[name] is not None}
    return TakeTries(**{**value, **moments})


def _result_of(value: Mapping[str, Any] | None) -> Result | None:
    if value is None:
        return None
    tracks = tuple(Track(**{**track, "spare_urls": tuple(track.get("spare_urls", ()))}) for track in value["tracks"])
    return Result(**{**value, "tracks": tracks, "other_lyrics": tuple(value.get("other_lyrics", ()))})
