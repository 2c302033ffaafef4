"""Which takes an answer tells of: each once, with all its addresses, however often and in whatever spelling."""

from collections.abc import Sequence

from bot.domain.takes import Track
from bot.tokenlab.reading import Json, first, identifier, media_url, seconds, snake_case, text

TAKES_MAX = 20
SPARE_URLS_MAX = 5
_RULE = 2
"""How many takes a song has as a rule."""
TITLE_MAX_CHARS = 300
LENGTH_MAX_S = 6 * 3600
"""What is told to be longer is counted in something else than seconds."""
_FILES = ("audio_url", "url", "source_audio_url")
_STREAMS = ("stream_audio_url", "source_stream_audio_url")
_ADDRESSES = (*_FILES, *_STREAMS)
"""Where the audio of a take is, the best first: a stream is no finished file."""
_OF_THE_TASK = frozenset({"id", "url"})
"""What beside the outputs is of the task, not of its audio."""


def tracks_of(body: Json, outputs: Sequence[Json]) -> tuple[Track, ...]:
    """The takes in the order in which they are first told; what is told of one in several places is put together."""
    takes = [[told] for told in _told_by_task(body)]
    is_nameless = bool(takes) and clip_id_of(takes[0][0]) is None
    for told in _told_by_outputs(body, outputs):
        known = (take for is_same in (_is_same_clip, _is_same_audio) for take in takes if is_same(take, told))
        if (take := next(known, None)) is not None:
            take.append(told)
        else:
            takes.append([told])
    if is_nameless and len(takes) > _RULE and len(takes[0]) == 1:  # a mirror of what is told best below it
        mirror, *takes = takes
        takes[0] += mirror
    return tuple(map(_track, takes[:TAKES_MAX]))


def is_only_streamed(body: Json, outputs: Sequence[Json]) -> bool:
    """Whether there is audio, but no finished file of any take."""
    told = [*_told_by_task(body), *_told_by_outputs(body, outputs)]
    return bool(told) and not _urls(told, _FILES)


def lacks_files(body: Json, outputs: Sequence[Json]) -> bool:
    """Whether a take is told of, by its clip or by an empty address, that has no finished file yet."""
    told = _outputs_of(body, outputs)
    named = [one for one in told if clip_id_of(one) or not one.keys().isdisjoint(_ADDRESSES)]
    own = _told_by_task(body)
    there = [fields for fields in (*own, *told) if _urls([fields], _FILES)]
    missing = [one for one in named if not (_urls([one], _FILES) or _is_same_clip(there, one))]
    # a file that the task has without a name may be that of one of them
    return len(missing) > sum(clip_id_of(fields) is None for fields in own)


def _told_by_task(body: Json) -> list[Json]:
    """What the task itself tells of its audio, if it says where that is."""
    told = {name: value for name, value in snake_case(body).items() if name not in _OF_THE_TASK}
    return [told] if _urls([told]) else []


def _told_by_outputs(body: Json, outputs: Sequence[Json]) -> list[Json]:
    """The outputs that say where audio is."""
    return [fields for fields in _outputs_of(body, outputs) if _urls([fields])]


def _outputs_of(body: Json, outputs: Sequence[Json]) -> list[Json]:
    """The outputs without the ids of their task."""
    task = snake_case(body)
    task_ids = [found for name in ("id", "task_id") if (found := task.get(name))]
    return [{name: value for name, value in snake_case(one).items() if value not in task_ids} for one in outputs]


def _is_same_clip(take: Sequence[Json], told: Json) -> bool:
    return clip_id_of(told) is not None and clip_id_of(told) in map(clip_id_of, take)


def _is_same_audio(take: Sequence[Json], told: Json) -> bool:
    """Whether the file is the same, whatever it is called; two clips may share what is only a spare."""
    if (file := _urls([told], _FILES)[:1]) and file == _urls(take, _FILES)[:1]:
        return True
    is_named = clip_id_of(told) is not None and any(map(clip_id_of, take))
    return not is_named and not set(_urls(take)).isdisjoint(_urls([told]))


def _urls(take: Sequence[Json], names: Sequence[str] = _ADDRESSES) -> list[str]:
    """The addresses of a take, the best first, wherever they are told."""
    told = (media_url(fields.get(name)) for name in names for fields in take)
    return list(dict.fromkeys(url for url in told if url))


def clip_id_of(output: Json) -> str | None:
    """The id of the clip that an output of a task is."""
    fields = snake_case(output)
    return identifier(fields.get("audio_id")) or identifier(fields.get("id"))


def _track(take: Sequence[Json]) -> Track:
    streams = _urls(take, _STREAMS)
    audio_url, *spare_urls = _urls(take, _FILES) or streams
    return Track(
        audio_url=audio_url,
        spare_urls=tuple(spare_urls[:SPARE_URLS_MAX]),
        stream_url=first(url for url in streams if url != audio_url),
        audio_id=first(map(clip_id_of, take)),
        video_url=first(media_url(fields.get("video_url")) for fields in take),
        image_url=first(media_url(fields.get("image_url")) for fields in take),
        title=first(text(fields.get("title"), TITLE_MAX_CHARS) for fields in take),
        duration_s=next((found for fields in take if (found := _length(fields.get("duration")))), None),
    )


def _length(value: object) -> float | None:
    found = seconds(value)
    return found if found and found <= LENGTH_MAX_S else None
