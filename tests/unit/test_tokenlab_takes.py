"""Which takes an answer tells of: each once, with all its addresses, and the clip by which it is continued."""

from typing import Any

import pytest

from bot.tokenlab.models import Look, ProviderStatus, clip_of_take, parse_look

U1, U2, U3 = (f"https://media.example/{number}.mp3?sig=a%2Fb" for number in (1, 2, 3))
MIRROR, STREAM = "https://mirror.example/1.mp3", "https://stream.example/1"


def look(**body: object) -> Look:
    return parse_look({"status": "completed", "id": "t1", **body}, provider_task_id="t1", request_id=None)


def takes(**body: object) -> list[tuple[str | None, tuple[str, ...]]]:
    return [(track.audio_id, track.urls) for track in look(**body).result.tracks]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            {"audio_id": "a", "audio_url": MIRROR, "data": [{"id": "a", "url": U1}, {"id": "b", "audio_url": U2}]},
            [("a", (MIRROR, U1)), ("b", (U2,))],
        ),
        (
            {"data": [{"audio_id": "b", "url": U2}, {"id": "a", "audio_url": U1}, {"id": "a", "audio_url": MIRROR}]},
            [("b", (U2,)), ("a", (U1, MIRROR))],
        ),
        ({"audio_url": U1, "data": [{"id": "a", "audio_url": U1}, {"id": "b", "audio_url": U2}]},
         [("a", (U1,)), ("b", (U2,))]),
        ({"audio_url": MIRROR, "data": [{"id": "a", "audio_url": U1, "source_audio_url": MIRROR}]},
         [("a", (MIRROR, U1))]),
        ({"audio_url": MIRROR, "data": [{"id": "a", "audio_url": U1}, {"id": "b", "audio_url": U2}]},
         [("a", (U1, MIRROR)), ("b", (U2,))]),
        ({"audio_url": MIRROR, "data": [{"id": "b", "audio_url": U2}]}, [(None, (MIRROR,)), ("b", (U2,))]),
        ({"data": {"id": "a", "audio_url": U1}}, [("a", (U1,))]),
        ({"data": [{"id": "a", "audio_url": "", "audioUrl": U1}, {"audioUrl": U2, "audio_url": None, "id": "b"}]},
         [("a", (U1,)), ("b", (U2,))]),
    ],
)  # fmt: skip
def test_a_take_that_is_told_twice_is_one_with_a_spare_address(body: Any, found: Any) -> None:
    assert takes(**body) == found


def test_finished_files_are_told_from_the_stream() -> None:
    told = {"id": "a", "stream_audio_url": STREAM, "source_audio_url": MIRROR, "audio_url": U1}

    assert takes(data=[told, {"id": "a", "audio_url": U2}]) == [("a", (U1, U2, MIRROR))]
    assert look(data=[told]).result.tracks[0].stream_url == STREAM


def test_names_in_humps_are_understood() -> None:
    (track,) = look(
        data=[{"audioId": "a", "audioUrl": U1, "sourceAudioUrl": MIRROR, "streamAudioUrl": STREAM, "imageUrl": U2,
               "videoUrl": U3, "duration": 183.4}]
    ).result.tracks  # fmt: skip

    assert (track.audio_id, track.urls, track.stream_url) == ("a", (U1, MIRROR), STREAM)
    assert (track.image_url, track.video_url, track.duration_s) == (U2, U3, 183.4)
    assert look(audioId="a", audioUrl=U1).clip_candidates == {"audio_id": ["a"], "task_id": ["t1"]}


@pytest.mark.parametrize(
    ("told", "duration_s"),
    [(183.4, 183.4), ("183.4", 183.4), (0, None), (-3, None), ("NaN", None), (183_400, None), ("3:03", None)],
)
def test_a_length_is_believed_if_it_can_be_one_in_seconds(told: object, duration_s: float | None) -> None:
    (track,) = look(data=[{"id": "a", "audio_url": U1, "duration": told}]).result.tracks

    assert track.duration_s == duration_s


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ([{"id": "a", "audio_url": U1}, {"id": "b", "audio_url": U1}], 1),
        ([{"id": "a", "audio_url": U1, "source_audio_url": MIRROR},
          {"id": "b", "audio_url": U2, "source_audio_url": MIRROR}], 2),
        ([{"id": "a", "stream_audio_url": STREAM}, {"id": "b", "stream_audio_url": STREAM}], 2),
        ([{"id": "t1", "audio_url": U1}, {"id": "t1", "audio_url": U2}], 2),
        ([{"audio_url": U1}, {"audio_url": U2}], 2),
    ],
)  # fmt: skip
def test_the_same_file_is_one_take_but_two_clips_are_never_one_for_less(data: Any, count: int) -> None:
    assert len(takes(data=data)) == count


def test_takes_keep_the_order_in_which_they_are_told_first() -> None:
    told = takes(audio_id="b", audio_url=U2, data=[{"id": "a", "url": U1}, {"id": "b", "url": U2}])

    assert [name for name, _ in told] == ["b", "a"]


@pytest.mark.parametrize(
    ("data", "only"),
    [
        ([{"id": "a", "stream_audio_url": STREAM}], True),
        ([{"id": "a", "streamAudioUrl": STREAM}, {"id": "b", "audio_url": U2}], False),
        ([{"id": "a", "audio_url": U1, "stream_audio_url": STREAM}], False),
        ([], False),
    ],
)
def test_a_stream_alone_is_no_finished_file(data: Any, *, only: bool) -> None:
    seen = look(data=data)

    assert (seen.status, seen.is_only_streamed) == (ProviderStatus.COMPLETED, only)


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        ({"data": [{"id": "a", "audio_url": U1}, {"id": "b", "audio_url": ""}]}, True),
        ({"data": [{"id": "a", "audio_url": U1}, {"id": "b", "stream_audio_url": STREAM}]}, True),
        ({"data": [{"id": "a", "audioUrl": U1}, {"audioUrl": None}]}, True),
        ({"data": [{"id": "a", "audio_url": U1}, {"id": "a", "audio_url": ""}]}, False),
        ({"audio_id": "a", "audio_url": U1, "data": [{"id": "a", "title": "T"}]}, False),
        ({"data": [{"id": "a", "audio_url": U1}, {"text": "la"}]}, False),
        ({"data": [{"id": "a", "audio_url": U1}, {"id": "b", "url": U2}]}, False),
        ({"audio_url": U1}, False),
        ({"audio_url": U1, "data": [{"id": "a", "title": "T"}]}, False),
        ({"audio_url": U1, "data": [{"id": "a"}, {"id": "b"}]}, True),
        ({"audio_url": U1, "data": [{"id": "t1", "title": "T"}]}, False),
        ({}, False),
    ],
)
def test_a_take_without_a_file_is_missed(body: Any, *, lacks: bool) -> None:
    assert look(**body).lacks_files is lacks


# --- clips -----------------------------------------------------------------------------------------------------------

DATA = [{"id": "a", "audio_url": U1}, {"id": "b", "audio_url": U2}]


@pytest.mark.parametrize(
    ("body", "order", "clips"),
    [
        ({"audio_id": "a", "audio_url": U1, "data": DATA}, ("audio_id", "data"), ["a", "b"]),
        ({"audio_id": "b", "data": DATA}, ("audio_id", "data"), ["a", "b"]),
        ({"audio_id": "b", "audio_url": U2, "data": DATA}, ("data", "audio_id"), ["b", "a"]),
        ({"audio_id": "x", "data": DATA}, ("audio_id", "data"), ["a", "b"]),
        ({"audio_id": "x", "audio_url": U1, "data": DATA}, ("audio_id", "data"), ["x", "b"]),
        ({"audio_url": U1, "data": [DATA[1], DATA[0]]}, ("audio_id", "data"), ["a", "b"]),
        ({"data": [{"audio_url": U1}, DATA[1]]}, ("audio_id", "data", "task_id"), ["t1", "b"]),
        ({"data": [{"audio_url": U1}, DATA[1]]}, ("audio_id", "data"), [None, "b"]),
        ({"data": [DATA[0], {"audio_url": U2}]}, ("audio_id", "data", "task_id"), ["a", None]),
        ({"data": DATA}, ("task_id", "data"), ["t1", "b"]),
        ({"audio_id": "x", "data": DATA[:1]}, ("audio_id", "data"), ["x"]),
        ({"audio_url": U1}, ("audio_id", "data", "task_id"), ["t1"]),
    ],
)  # fmt: skip
def test_each_take_is_continued_by_its_own_clip(body: Any, order: Any, clips: Any) -> None:
    seen = look(**body)
    tracks = seen.result.tracks

    assert [clip_of_take(tracks, take, seen.clip_candidates, order) for take in range(1, len(tracks) + 1)] == clips
