"""Requests as the documentation has them, and answers of any shape read without an exception."""

import json
import math
from decimal import Decimal

import pytest
from annotated_types import MaxLen
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import String

from bot.domain.price import FREE, Price
from bot.domain.takes import Track
from bot.domain.tasks import ErrorCode, Kind
from bot.settings import Settings
from bot.store.schema import music_tasks
from bot.tokenlab.model_info import ModelInfo, parse_model_info, parse_model_page, parse_models
from bot.tokenlab.models import (
    CREATE_PATH,
    LYRICS_MAX_CHARS,
    MODEL_MAX_CHARS,
    STATUS_MAX_CHARS,
    VERSIONS,
    CreateRequest,
    Look,
    ProviderStatus,
    choose_clip,
    parse_created,
    parse_look,
)
from bot.tokenlab.reading import WORD_MAX_CHARS

MP3 = "https://media.example.net/m/low-tide.mp3"
MP3_2 = "https://media.example.net/m/low-tide-2.mp3"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "id",
    "task_id",
    "poll_url",
    "status",
    "progress",
    "model",
    "audio_url",
    "audio_id",
    "video_url",
    "image_url",
    "title",
    "lyrics",
    "data",
    "error",
    "billing_transaction_id",
    "tokenlab",
    "pricing",
    "pricing_summary",
    "pricing_unit",
    "commercial",
    "lifecycle",
    "aliases",
    "supported_operations",
    "request_format_details",
    "operation_constraints",
    "service_limits",
    "category",
]  # fmt: skip - a list of words
PRICING = st.dictionaries(st.sampled_from(["unit", "per_request", "min_price", "max_price"]), JSON, max_size=4)
RECORD = st.dictionaries(st.sampled_from(FIELDS), JSON | PRICING, max_size=10)
ODD_RECORD = RECORD | st.builds(lambda inner, outer: {**outer, "data": inner}, st.lists(RECORD, max_size=3), RECORD)


def look(**body: object) -> Look:
    return parse_look(body, provider_task_id="t1", request_id="req_1")


# requests


def test_a_song_says_what_the_documentation_asks_for():
    request = CreateRequest(
        kind=Kind.SONG,
        model="suno-music",
        version="chirp-v4",
        prompt="blues",
        title="Low Tide",
        tags="a, b",
        negative_tags="c, d",
        instrumental=True,
    )  # fmt: skip - one request
    assert request.body() == {
        "model": "suno-music",
        "mv": "chirp-v4",
        "action": "MUSIC",
        "prompt": "blues",
        "title": "Low Tide",
        "tags": "a, b",
        "negative_tags": "c, d",
        "make_instrumental": True,
    }  # fmt: skip - one body


def test_fields_without_a_value_are_left_out():
    request = CreateRequest(
        kind=Kind.SONG, model="m", version="chirp-v4", prompt="p", title="", tags=None, negative_tags=""
    )
    assert request.body() == {"model": "m", "mv": "chirp-v4", "action": "MUSIC", "prompt": "p"}


def test_lyrics_carry_nothing_that_belongs_to_music():
    request = CreateRequest(
        kind=Kind.LYRICS,
        model="m",
        version="chirp-v4",
        prompt="p",
        title="t",
        tags="a",
        negative_tags="b",
        instrumental=True,
        clip_id="c",
        continue_at_s=3,
        extend_audio_url=MP3,
    )  # fmt: skip - one request
    assert request.body() == {"model": "m", "action": "LYRICS", "prompt": "p"}


@pytest.mark.parametrize(
    ("given_at_s", "sent"),
    [(None, {}), (0, {"continue_at": 0}), (65.5, {"continue_at": 65.5}), (-1, {}), (math.nan, {}), (math.inf, {})],
)
def test_a_continuation_names_the_clip_and_a_sensible_time(given_at_s, sent):
    request = CreateRequest(
        kind=Kind.CONTINUATION, model="m", version="chirp-v4", prompt="p", clip_id="clip", continue_at_s=given_at_s
    )
    base = {"model": "m", "mv": "chirp-v4", "action": "MUSIC", "prompt": "p", "continue_clip_id": "clip"}
    assert request.body() == base | sent


def test_a_time_without_a_clip_is_not_sent():
    request = CreateRequest(kind=Kind.SONG, model="m", version="v", prompt="p", continue_at_s=4)
    assert "continue_at" not in request.body()


@pytest.mark.parametrize(("given_at_s", "sent"), [(12.0, {"continue_at": 12.0}), (0, {}), (None, {})])
def test_an_upload_extend_gives_the_address_instead_of_the_clip(given_at_s, sent):
    request = CreateRequest(
        kind=Kind.CONTINUATION,
        model="m",
        version="v",
        prompt="p",
        clip_id="clip",
        continue_at_s=given_at_s,
        extend_audio_url=MP3,
    )  # fmt: skip - one request
    base = {"model": "m", "mv": "v", "action": "MUSIC", "prompt": "p"}
    assert request.body() == base | {"audio_operation": "upload-extend", "audio_url": MP3} | sent


# status and progress


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("pending", ProviderStatus.PENDING),
        ("Processing", ProviderStatus.PROCESSING),
        ("COMPLETED", ProviderStatus.COMPLETED),
        ("succeeded", ProviderStatus.COMPLETED),
        ("failed", ProviderStatus.FAILED),
        ("cancelled", ProviderStatus.FAILED),
        ("canceled", ProviderStatus.FAILED),
        ("expired", ProviderStatus.FAILED),
        ("complete", ProviderStatus.COMPLETED),
        ("SUCCESS", ProviderStatus.COMPLETED),
        ("Finished", ProviderStatus.COMPLETED),
        ("done", ProviderStatus.COMPLETED),
        ("error", ProviderStatus.FAILED),
        ("Failure", ProviderStatus.FAILED),
        ("REJECTED", ProviderStatus.FAILED),
        ("timeout", ProviderStatus.FAILED),
        ("CREATE_TASK_FAILED", ProviderStatus.FAILED),
        ("generate-audio-failed", ProviderStatus.FAILED),
        ("Sensitive Word Error", ProviderStatus.FAILED),
        ("TEXT_SUCCESS", ProviderStatus.PROCESSING),
        ("first_success", ProviderStatus.PROCESSING),
        ("CALLBACK_EXCEPTION", ProviderStatus.PROCESSING),
        ("incomplete", ProviderStatus.UNKNOWN),
        ("unsuccess", ProviderStatus.UNKNOWN),
        ("almost done", ProviderStatus.UNKNOWN),
        ("no_error", ProviderStatus.UNKNOWN),
        ("tuning_up", ProviderStatus.UNKNOWN),
        ("unknown", ProviderStatus.UNKNOWN),
    ],
)
def test_each_word_of_the_provider_has_a_meaning(raw, status):
    seen = look(status=raw)
    assert (seen.status, seen.raw_status) == (status, raw)


@pytest.mark.parametrize(
    ("raw", "progress"),
    [
        (0, 0),
        (100, 100),
        (42, 42),
        (41.5, 41),
        (99.99, 99),
        (100.0, 100),
        (-1, None),
        (-0.5, None),
        (100.5, None),
        (101, None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        ("42", None),
        (True, None),
        ([1], None),
    ],
)
def test_only_real_progress_counts(raw, progress):
    assert look(status="processing", progress=raw).progress == progress


# results


def test_a_finished_song_is_read_whole():
    seen = look(
        status="completed",
        model="suno-music",
        audio_url=MP3,
        audio_id="aud_71c0",
        title=" Low Tide ",
        lyrics="[Verse]\nRopes",
        video_url="https://v.example/a.mp4",
        image_url="https://i.example/a.jpg",
        billing_transaction_id="billtxn_55e1",
    )  # fmt: skip - one answer
    track = Track(
        audio_url=MP3,
        audio_id="aud_71c0",
        video_url="https://v.example/a.mp4",
        image_url="https://i.example/a.jpg",
        title="Low Tide",
    )  # fmt: skip - one track
    assert seen.result.tracks == (track,)
    assert (seen.result.title, seen.result.lyrics) == ("Low Tide", "[Verse]\nRopes")
    assert (seen.billing_transaction_id, seen.request_id) == ("billtxn_55e1", "req_1")
    assert seen.clip_candidates == {"audio_id": ["aud_71c0"], "task_id": ["t1"]}


@pytest.mark.parametrize(
    ("told", "duration_s"),
    [(183.4, 183.4), ("183.4", 183.4), (120, 120.0), (0, None), (-1, None), ("long", None), (True, None), (None, None)],
)
def test_a_track_has_the_length_that_is_told_if_that_makes_sense(told, duration_s):
    seen = look(status="completed", audio_url=MP3, duration=told, data=[{"audio_url": MP3_2, "duration": told}])
    assert [track.duration_s for track in seen.result.tracks] == [duration_s] * 2


def test_the_top_level_track_comes_first_and_the_same_audio_only_once():
    seen = look(
        status="completed",
        audio_url=MP3,
        data=[{"url": MP3_2, "id": "b", "title": "Take 2"}, {"audio_url": MP3, "audio_id": "a", "image_url": MP3}],
    )
    assert seen.result.tracks == (
        Track(audio_url=MP3, audio_id="a", image_url=MP3),
        Track(audio_url=MP3_2, audio_id="b", title="Take 2"),
    )
    assert seen.clip_candidates == {"data": ["b", "a"], "task_id": ["t1"]}


@pytest.mark.parametrize("name", ["image_url", "imageUrl"])
def test_each_take_has_its_own_cover_however_that_is_spelt(name):
    outputs = [{"url": MP3, "id": "a", name: "https://i.example/a.jpg"}, {"url": MP3_2, "id": "b", name: "/b.jpg"}]
    tracks = look(status="completed", data=outputs).result.tracks
    assert [track.image_url for track in tracks] == ["https://i.example/a.jpg", None]


def test_the_tasks_own_id_is_never_taken_for_the_id_of_its_audio():
    assert look(status="completed", id="t1", audio_url=MP3).result.tracks[0].audio_id is None


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "",
        "ftp://media.example/a.mp3",
        "javascript:alert(1)",
        "//media.example/a.mp3",
        "/a.mp3",
        "https:///a.mp3",
        "https://user:pw@media.example/a.mp3",
        "https://media.example/\na.mp3",
        "https://[::1/",
        "https:\\\\media.example",
        "https://media.example/" + "a" * 4096,
        "https://media.example:x/",
    ],
)  # fmt: skip - a list of odd values
def test_an_address_that_is_no_web_address_is_no_track(odd):
    assert look(status="completed", audio_url=odd, data=[{"audio_url": odd, "url": odd}]).result.tracks == ()


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://m.example/a%2Bb.mp3?sig=x%2Fy%3D", "https://m.example/a%2Bb.mp3?sig=x%2Fy%3D"),
        (" http://127.0.0.1:8802/my song.mp3", "http://127.0.0.1:8802/my%20song.mp3"),
    ],
)
def test_a_signed_address_keeps_its_spelling(given_url, kept):
    assert look(status="completed", audio_url=given_url).result.tracks[0].audio_url == kept


def test_long_texts_are_cut_and_unstorable_letters_dropped():
    seen = look(status="completed", title="a\x00b\ud800" + "c" * 500, lyrics="x" * (LYRICS_MAX_CHARS + 1))
    assert seen.result.title is not None
    assert len(seen.result.title) == 300
    assert seen.result.title.startswith("abc")
    assert len(seen.result.lyrics or "") == LYRICS_MAX_CHARS


def test_a_flood_of_outputs_is_cut():
    data = [{"url": f"https://m.example/{n}.mp3", "id": str(n)} for n in range(50)]
    seen = look(status="completed", data=data)
    assert len(seen.result.tracks) == 20
    assert len(seen.clip_candidates["data"]) == 20


# failures


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ("Content policy violation", "Content policy violation"),
        ({"code": "upstream_error", "message": "no"}, "no"),
        ({"type": "t", "message": 7}, None),
        ({}, None),
        (None, None),
        ([7], None),
        ("y " * 450, ("y " * 250).strip()),
        ("two\nlines", "two\nlines"),
        (["two", "lines"], "two\nlines"),
        ("GENERATE_AUDIO_FAILED", "GENERATE_AUDIO_FAILED"),
        ({"code": "GENERATE_AUDIO_FAILED"}, "GENERATE_AUDIO_FAILED"),
        ({"code": "a", "message": "outer", "error": {"message": "inner"}}, "inner"),
        ({"error": {"error": {"message": "deep down"}}}, "deep down"),
        ({"error": "a plain text"}, "a plain text"),
        ({"fail_reason": "why"}, "why"),
        ({"errorMessage": "why"}, "why"),
    ],
)
def test_a_failure_is_told_in_many_shapes(error, detail):
    assert look(status="failed", error=error).error_detail == detail


@pytest.mark.parametrize("name", ["fail_reason", "failReason", "error_message", "errorMessage", "message", "msg"])
def test_a_reason_may_stand_beside_the_other_fields(name):
    seen = look(status="failed", **{"error": {"code": "x_1"}, name: "why it failed"})
    assert seen.error_detail == "why it failed"


def test_praise_is_no_reason():
    assert look(status="failed", message="success", fail_reason="why").error_detail == "why"
    assert look(status="failed", msg="OK", error="upstream_error").error_detail == "upstream_error"


def test_errors_without_an_end_are_read_so_deep_and_no_deeper():
    error: dict[str, object] = {}
    error["error"] = error
    assert look(status="failed", error=error).error_detail is None


@pytest.mark.parametrize(
    ("body", "has_error"),
    [
        ({}, False),
        ({"error": ""}, False),
        ({"error": {}}, False),
        ({"error": None, "message": "still at it"}, False),
        ({"error": {"code": None, "message": ""}}, False),
        ({"error": {"code": 0, "message": "success"}}, False),
        ({"error": {"code": "200", "error": {"message": "OK"}}}, False),
        ({"error": "null"}, False),
        ({"fail_reason": "None"}, False),
        ({"error": "x"}, True),
        ({"error": True}, True),
        ({"error": ["ok", "x"]}, True),
        ({"error": {"code": 3}}, True),
        ({"error": {"error": {"type": "x"}}}, True),
        ({"fail_reason": "x"}, True),
        ({"errorMessage": "x"}, True),
    ],
)
def test_an_error_beside_any_status_is_seen(body, has_error):
    assert look(status="tuning_up", **body).has_error is has_error


@pytest.mark.parametrize(
    ("body", "is_about_content"),
    [
        ({"error": "Content policy violation"}, True),
        ({"error": {"code": "SENSITIVE_WORD_ERROR"}}, True),
        ({"error": {"error": {"type": "contentPolicyViolation"}}}, True),
        ({"fail_reason": "The tags hold an\nartist name"}, True),
        ({"error_message": "blocked by moderation"}, True),
        ({"message": "Copyrighted lyrics"}, True),
        ({"status": "SENSITIVE_WORD_ERROR"}, True),
        ({"error": "delivery policy mismatch"}, False),
        ({"error": {"code": "bad_content_type"}}, False),
        ({"error": "immoderation"}, False),
        ({"error": "upstream_error"}, False),
        ({}, False),
    ],
)
def test_a_failure_about_the_content_is_told_apart(body, is_about_content):
    assert look(**{"status": "failed", **body}).is_about_content is is_about_content


# lyrics


@pytest.mark.parametrize(
    ("body", "lyrics", "title", "others"),
    [
        ({"lyrics": "la"}, "la", None, ()),
        ({"text": "la"}, "la", None, ()),
        ({"lyrics": "la", "text": "lo"}, "la", None, ("lo",)),
        ({"data": [{"text": "la", "title": "T"}]}, "la", "T", ()),
        ({"data": {"text": "la"}}, "la", None, ()),
        ({"data": [{"text": "la", "title": "T"}, {"text": "lo"}, {"lyrics": "li"}]}, "la", "T", ("lo", "li")),
        ({"lyrics": ["la", "lo", "la", 7, ""]}, "la", None, ("lo",)),
        ({"text": ["la", {"text": "lo"}]}, "la", None, ("lo",)),
        ({"lyrics": [{"text": "la", "title": "T"}, {"lyrics": "lo"}], "title": "U"}, "la", "U", ("lo",)),
        ({"lyrics": {"text": "la"}}, "la", None, ()),
        ({"lyrics": "[Instrumental]"}, None, None, ()),
        ({"lyrics": " [instrumental]\n", "data": [{"text": "la"}]}, "la", None, ()),
        ({"lyrics": "[Instrumental]\nla"}, "[Instrumental]\nla", None, ()),
        ({"lyrics": [f"v{n}" for n in range(30)]}, "v0", None, tuple(f"v{n}" for n in range(1, 10))),
        ({"lyrics": 7, "data": [7], "text": None}, None, None, ()),
    ],
)
def test_lyrics_are_found_wherever_they_are_told(body, lyrics, title, others):
    result = look(status="completed", **body).result
    assert (result.lyrics, result.title, result.other_lyrics) == (lyrics, title, others)


# clip ids


@pytest.mark.parametrize(
    ("order", "chosen"),
    [
        (("audio_id", "data", "task_id"), "a"),
        (("data", "audio_id"), "d1"),
        (("task_id",), "t"),
        (("nothing", "task_id"), "t"),
        (("nothing",), None),
        ((), None),
    ],
)
def test_the_clip_is_chosen_in_the_configured_order(order, chosen):
    assert choose_clip({"audio_id": ["a"], "data": ["d1", "d2"], "task_id": ["t"]}, order) == chosen


def test_a_source_without_an_id_is_passed_over():
    assert choose_clip({"audio_id": [], "data": [""], "task_id": ["t"]}) == "t"


# creates


@pytest.mark.parametrize(
    ("body", "header", "found"),
    [
        ({"id": "a", "task_id": "b"}, "c", "a"),
        ({"task_id": "b"}, "c", "b"),
        ({"id": 7}, "c", "c"),
        ({"id": "", "task_id": "x\n"}, None, "x"),
        ({"id": "x\ny", "task_id": "a" * 501}, None, None),
        ({"id": ".."}, None, None),
        ({}, None, None),
    ],
)
def test_the_task_is_named_by_id_task_id_or_header(body, header, found):
    created = parse_created(body, header_task_id=header, request_id=None)
    assert (created and created.provider_task_id) == found


def test_a_create_may_already_be_finished():
    body = {"id": "t1", "status": "completed", "audio_url": MP3, "model": "m", "poll_url": "/v1/tasks/t1"}
    created = parse_created(body, header_task_id=None, request_id="req_1")
    assert created is not None
    assert (created.status, created.model, created.poll_url) == (ProviderStatus.COMPLETED, "m", "/v1/tasks/t1")
    assert created.look.result.tracks == (Track(audio_url=MP3),)


# the catalogue's items

FULL = {
    "id": "suno-music",
    "owned_by": "suno",
    "tokenlab": {
        "aliases": ["suno_music", 5, "suno_music"],
        "category": "Music",
        "pricing": {"currency": "USD", "min_price": "0.10", "max_price": "0.25"},
        "pricing_unit": "per_request",
        "lifecycle": {"stage": "Active"},
        "request_format_summary": {"public_operations": ["Music"], "request_endpoint": "/v1/music/generations"},
    },
}
COMPACT = {
    "id": "suno-lyrics",
    "category": "music",
    "pricing": {"unit": "request", "per_request": 0.02},
    "supported_operations": ["LYRICS"],
    "request_endpoint": "/v1/music/generations",
}


def test_full_and_compact_items_are_read():
    suno, lyrics = parse_models({"data": [FULL, {"no": "id"}, "odd", COMPACT]})
    assert suno == ModelInfo(
        id="suno-music",
        aliases=("suno_music",),
        category="music",
        operations=("music",),
        request_endpoint="/v1/music/generations",
        stage="active",
        price=Price(min_usd=Decimal("0.10"), max_usd=Decimal("0.25")),
    )  # fmt: skip - one model
    assert lyrics.price == Price(min_usd=Decimal("0.02"), max_usd=Decimal("0.02"))
    assert (suno.makes_music, suno.writes_lyrics) == (True, False)
    assert (lyrics.makes_music, lyrics.writes_lyrics) == (False, True)


@pytest.mark.parametrize(
    ("item", "makes_music"),
    [
        ({}, True),
        ({"category": "video"}, False),
        ({"request_endpoint": "/v1/videos"}, False),
        ({"lifecycle": {"stage": "retired"}}, False),
        ({"supported_operations": ["music", "lyrics"]}, True),
    ],
)
def test_what_is_not_published_counts_as_fitting(item, makes_music):
    info = parse_model_info({"id": "x", **item})
    assert info is not None
    assert info.makes_music is makes_music


def test_a_models_own_page_tells_its_operations():
    details = {
        "operation_constraints": [{"operation": "Lyrics"}, {"operation": "music"}],
    }
    page = parse_model_page({"id": "x", "tokenlab": {"request_format_details": details}})
    assert page is not None
    assert page.operations == ("lyrics", "music")


def test_a_page_that_publishes_no_operation_is_known_to_publish_none():
    page = parse_model_page({"id": "x", "tokenlab": {"request_format_details": None}})
    assert page is not None
    assert page.operations == ()


@pytest.mark.parametrize(
    ("contract", "parameters"),
    [
        ({"supported_parameters": ["Prompt", "negative_tags", 5, ""]}, {"prompt", "negative_tags"}),
        ({"operation_constraints": [{"supported_parameters": ["negative_tags"]}, {}]}, {"negative_tags"}),
        (
            {"supported_parameters": ["mv"], "operation_constraints": [{"supported_parameters": ["negative_tags"]}]},
            {"mv", "negative_tags"},
        ),
        ({"supported_parameters": [], "public_operations": ["music"]}, None),
        ({"supported_parameters": "negative_tags"}, None),
        (None, None),
    ],
)
def test_parameters_are_those_of_the_contract_and_of_its_operations(contract, parameters):
    item = {"id": "x", "tokenlab": {"request_format_details": contract}}
    info, page = parse_model_info(item), parse_model_page(item)
    assert info is not None
    assert page is not None
    assert info.parameters == parameters
    assert page.parameters == (parameters or frozenset())


@pytest.mark.parametrize(
    ("parameters", "taken"),
    [(None, False), (frozenset(), False), (frozenset({"tags"}), False), (frozenset({"tags", "negative_tags"}), True)],
)
def test_negative_tags_are_taken_only_where_published(parameters, taken):
    assert ModelInfo(id="x", parameters=parameters).takes_negative_tags is taken


def price_of(item: dict[str, object]) -> Price | None:
    info = parse_model_info({"id": "x", **item})
    assert info is not None
    return info.price


def usd(low: str, high: str | None = None) -> Price:
    return Price(min_usd=Decimal(low), max_usd=Decimal(high or low))


RANGE = {"min_price": "0.10", "max_price": "0.25"}
PER_REQUEST = {"pricing_unit": "per_request"}


@pytest.mark.parametrize(
    ("item", "price"),
    [
        # a full item and a model's own page
        ({"tokenlab": PER_REQUEST | {"pricing": {"currency": "USD", "per_request": "0.10"}}}, usd("0.10")),
        ({"tokenlab": PER_REQUEST | {"pricing": {"per_request": "0.10"}, "pricing_summary": None}}, usd("0.10")),
        (
            {"tokenlab": PER_REQUEST | {"pricing": {"per_request": "0.10"}, "pricing_summary": RANGE}},
            usd("0.10", "0.25"),
        ),
        (
            {"tokenlab": PER_REQUEST | {"pricing": RANGE, "pricing_summary": {"currency": "USD"}}},
            usd("0.10", "0.25"),
        ),
        ({"tokenlab": {"pricing": {"per_request": "0.10"}}}, usd("0.10")),
        # a compact item
        ({"pricing": {"unit": "per_request", "currency": "USD", **RANGE}}, usd("0.10", "0.25")),
        ({"pricing": {"unit": "PER_REQUEST", "currency": "usd", "per_request": "0.02"}}, usd("0.02")),
        ({"pricing": {"unit": "per_request", "has_complex_pricing": True, **RANGE}}, usd("0.10", "0.25")),
        # numbers instead of text, and a range that begins with nothing
        ({"pricing": {"per_request": 0.02}}, usd("0.02")),
        ({"pricing": {"per_request": 1}}, usd("1")),
        ({"pricing": {"unit": "per_request", "min_price": "0", "max_price": "0.25"}}, usd("0", "0.25")),
    ],
)
def test_a_price_is_found_wherever_it_is_published(item, price):
    assert price_of(item) == price


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"tokenlab": PER_REQUEST | {"pricing": {"currency": "USD"}}},
        {"tokenlab": {"pricing_unit": "per_second", "pricing": {"per_request": "0.10"}}},
        {"pricing": {"unit": "per_1m_tokens", **RANGE}},
        {"pricing": RANGE},
        {"pricing": {"unit": "per_request", "currency": "EUR", **RANGE}},
        {"pricing": {"unit": "per_request", "min_price": "0.25", "max_price": "0.10"}},
        {"pricing": {"unit": "per_request", "min_price": "-0.10", "max_price": "0.25"}},
        {"pricing": {"unit": "per_request", "min_price": "0.10"}},
        {"tokenlab": PER_REQUEST | {"has_complex_pricing": True, "pricing": {"per_request": "0.10"}}},
        {"pricing": {"has_complex_pricing": True, "per_request": "0.10"}},
        {"pricing": "0.10"},
    ],
)
def test_what_is_no_price_of_one_request_in_dollars_is_none(item):
    assert price_of(item) is None


@pytest.mark.parametrize(
    "nonsense",
    [
        *("", "free", "NaN", "Infinity", "1e3", "1e-99999999", "-1", "$0.10", "0,10", "٣", "9" * 30),
        *(True, None, math.nan, math.inf, -0.1, 10**30, ["0.10"], {"usd": "0.10"}),
        *("0", 0, "0.00"),
    ],
)
def test_nonsense_is_no_price(nonsense):
    assert price_of({"pricing": {"per_request": nonsense}}) is None
    assert price_of({"pricing": {"unit": "per_request", "min_price": "0", "max_price": nonsense}}) is None


@pytest.mark.parametrize("pricing", [{}, {"per_request": "0.10"}, {"per_request": "0"}])
def test_a_model_that_users_are_not_charged_for_is_free(pricing):
    commercial = {"user_charge_policy": "Free", "free_reason": "promotion", "free_until": None}
    price = price_of({"tokenlab": {"pricing": pricing, "commercial": commercial}})
    assert price == FREE
    assert price.is_free


def test_a_paid_model_is_not_free():
    price = price_of({"pricing": {"per_request": "0.10"}, "tokenlab": {"commercial": {"user_charge_policy": "paid"}}})
    assert price is not None
    assert not price.is_free


# any shape at all


@given(ODD_RECORD)
def test_no_answer_makes_the_reader_fall_over(body):
    seen = parse_look(body, provider_task_id="t1", request_id=None)
    created = parse_created(body, header_task_id=None, request_id=None)
    for model in (*parse_models(body), parse_model_page(body)):
        assert model is None or model.price is None or 0 <= model.price.min_usd <= model.price.max_usd
    assert seen.status in ProviderStatus
    assert json.loads(json.dumps(seen.clip_candidates)) == seen.clip_candidates
    assert created is None or created.provider_task_id.strip()
    for track in seen.result.tracks:
        assert track.audio_url.lower().startswith(("http://", "https://"))


# what the tables can hold


def test_a_long_status_is_clipped_and_a_model_with_a_long_id_is_dropped():
    assert look(status="s" * 90).raw_status == "s" * STATUS_MAX_CHARS
    listed = parse_models({"data": [{"id": "m" * MODEL_MAX_CHARS}, {"id": "m" * (MODEL_MAX_CHARS + 1)}]})
    assert [model.id for model in listed] == ["m" * MODEL_MAX_CHARS]


def test_no_column_is_narrower_than_what_is_read_into_it():
    widths = {
        column.name: column.type.length or math.inf for column in music_tasks.columns if isinstance(column.type, String)
    }
    setting = next(
        rule.max_length for rule in Settings.model_fields["tokenlab_model"].metadata if isinstance(rule, MaxLen)
    )
    assert widths["provider_status"] >= max(STATUS_MAX_CHARS, *map(len, ProviderStatus))
    assert widths["model"] >= max(MODEL_MAX_CHARS, WORD_MAX_CHARS, setting)
    assert widths["version"] >= max(map(len, VERSIONS))
    assert widths["endpoint"] >= len(CREATE_PATH)
    assert widths["error_code"] >= max(map(len, ErrorCode))
    unlimited = ("provider_task_id", "poll_url", "request_id", "billing_transaction_id", "clip_id", "error_detail")
    assert [widths[name] for name in unlimited] == [math.inf] * len(unlimited)


def test_a_model_names_versions_wherever_it_says_so():
    deep: object = "chirp-v9"
    for _ in range(2000):
        deep = [deep]
    item: dict[str, object] = {
        "id": "suno-music",
        "notes": ["Takes chirp-v6, chirp-v6-mini and 'chirp-v4.5'.", "not xchirp-v1 nor chirp-", "a chirp-like voice"],
        "enum": ["chirp-crow"],
        "tokenlab": {"request_format_details": {"recommended_request": {"mv": "chirp-v5"}}, "aliases": ["suno_music"]},
        "chirp-v3": deep,
    }
    info = parse_model_info(item)
    assert info is not None
    assert info.versions == ("chirp-v6", "chirp-v6-mini", "chirp-v4.5", "chirp-crow", "chirp-v5")
