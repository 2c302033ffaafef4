"""The stand-in as published: its model catalog, and its requests and answers against the published description."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox.faults import CREATE_FAULTS, STATUS_FAULTS, Fault
from sandbox.tokenlab import StandIn
from tests.fakes.contracts import assert_clean, required_contract
from tests.fakes.standin_api import CREATE, LYRICS, SONG, Api, Clock, MakeApi


@pytest.mark.parametrize(("names_mv", "param"), [(True, "mv"), (False, None)])
async def test_a_version_can_be_retired(make_api: MakeApi, names_mv: bool, param: str | None) -> None:  # noqa: FBT001 -- a column of the table
    api = await make_api(retired=["chirp-v4-5"], retired_names_mv=names_mv)
    status, body = await api.ask("POST", CREATE, body={**SONG, "mv": "chirp-v4.5"})
    assert (status, body["error"].get("param"), "validation_errors" in body) == (400, param, names_mv)
    assert "chirp-v4.5" in body["error"]["message"]
    assert (await api.ask("POST", CREATE, body={**SONG, "mv": "chirp-v6"}))[0] == 200


# Models


async def test_lyrics_model_can_be_switched_off(make_api: MakeApi) -> None:
    api = await make_api(lyrics_model=False)
    _, listing = await api.ask("GET", "/v1/models?category=music")
    assert [item["id"] for item in listing["data"]] == ["suno-music", "suno-preview"]
    status, body = await api.ask("POST", CREATE, body={**LYRICS, "model": "suno-music"})
    assert (status, body["error"]["supported_operations"]) == (400, ["music"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("category=music&recommended_for=music", 3),
        ("view=compact", 3),
        ("view=compact&recommended_for=music", 3),
        ("category=chat", 0),
        ("provider=openai", 0),
        ("provider=suno&tag=lyrics", 1),
    ],
)
async def test_model_list_is_filtered(api: Api, query: str, count: int) -> None:
    _, listing = await api.ask("GET", f"/v1/models?{query}", key=None)
    assert len(listing["data"]) == count


@pytest.mark.parametrize(
    "query", ["category=jokes", "recommended_for=chat", "view=wide", "category=chat&recommended_for=music"]
)
async def test_bad_model_queries_are_refused(api: Api, query: str) -> None:
    assert (await api.ask("GET", f"/v1/models?{query}"))[0] == 400


@pytest.mark.parametrize("name", ["suno-music", "suno_music", "suno-lyrics"])
async def test_model_publishes_its_operations(api: Api, name: str) -> None:
    status, body = await api.ask("GET", f"/v1/models/{name}")
    assert status == 200
    operation = "lyrics" if "lyrics" in name else "music"
    assert body["tokenlab"]["supported_operations"] == [operation]
    assert body["tokenlab"]["request_format_details"]["public_operations"] == [operation]


@pytest.mark.parametrize(
    ("name", "takes_negative_tags"), [("suno-music", True), ("suno-lyrics", False), ("suno-preview", False)]
)
async def test_model_publishes_the_parameters_that_it_takes(api: Api, name: str, *, takes_negative_tags: bool) -> None:
    _, body = await api.ask("GET", f"/v1/models/{name}")
    contract = body["tokenlab"]["request_format_details"]
    assert ("negative_tags" in contract["supported_parameters"]) is takes_negative_tags
    assert contract["operation_constraints"][0]["supported_parameters"] == contract["supported_parameters"]


@pytest.mark.parametrize(
    ("name", "summary", "compact"),
    [
        ("suno-music", {"min_price": "0.10", "max_price": "0.25"}, {"min_price": "0.10", "max_price": "0.25"}),
        ("suno-lyrics", {"min_price": "0.02", "max_price": "0.02"}, {"per_request": "0.02"}),
        ("suno-preview", None, {}),
    ],
)
async def test_prices_are_published_on_every_route(api: Api, name: str, summary: Any, compact: Any) -> None:
    wanted = summary and {"currency": "USD", **summary}
    is_complex = name == "suno-music"
    _, page = await api.ask("GET", f"/v1/models/{name}")
    _, pricing = await api.ask("GET", f"/v1/models/{name}/pricing")
    _, listing = await api.ask("GET", "/v1/models?view=compact")
    assert page["tokenlab"]["pricing_summary"] == pricing["pricing_summary"] == wanted
    item = next(item for item in listing["data"] if item["id"] == name)
    assert item["pricing"] == {
        "unit": "per_request",
        "currency": "USD",
        "has_complex_pricing": is_complex,
        **compact,
    }  # fmt: skip - one object


@pytest.mark.parametrize(("query", "models"), [("", 3), ("?provider=suno&tag=lyrics", 1), ("?provider=openai", 0)])
async def test_all_prices_stand_on_one_page(api: Api, query: str, models: int) -> None:
    status, body = await api.ask("GET", f"/v1/pricing{query}", key=None)
    assert (status, body["object"], body["currency"], len(body["data"])) == (200, "pricing", "USD", models)
    prices = {entry["model"]: entry["lock_price_per_request"] for entry in body["data"]}
    assert prices.items() <= {"suno-music": "0.10", "suno-lyrics": "0.02", "suno-preview": None}.items()


async def test_models_and_prices_are_also_files(api: Api) -> None:
    for name in ("models", "pricing"):
        _, file = await api.ask("GET", f"/{name}.json", key=None)
        assert file == (await api.ask("GET", f"/v1/{name}", key=None))[1]
    status, overview = await api.ask("GET", "/llms.txt", key=None)
    assert (status, overview.startswith("# TokenLab")) == (200, True)
    assert "suno-music" in overview


async def test_unknown_models_are_404(api: Api) -> None:
    for path in ("/v1/models/udio", "/v1/models/udio/pricing"):
        status, body = await api.ask("GET", path)
        assert (status, body["error"]["code"]) == (404, "model_not_found")


# The published description

PATHS = (
    "/v1/models",
    "/v1/models?category=music&recommended_for=music",
    "/v1/models?view=compact&recommended_for=music",
    "/v1/models?category=jokes",
    "/v1/models/suno-music",
    "/v1/models/suno_lyrics",
    "/v1/models/suno-preview",
    "/v1/models/udio",
    "/v1/models/suno-music/pricing",
    "/v1/models/suno-preview/pricing",
    "/v1/pricing",
    "/v1/pricing?provider=suno&tag=music",
    "/v1/tasks/ldtask_unknown",
)


def violations_of(standin: StandIn) -> list[str]:
    contract = required_contract("tokenlab-openapi.json")
    found = []
    for seen in standin.requests:
        found += contract.check_request(seen.method, seen.path, query=seen.query, json_body=seen.body)
        assert seen.status is not None
        found += contract.check_response(seen.method, seen.path, seen.status, seen.answer)
    return found


async def test_songs_lyrics_and_models_are_as_published(make_api: MakeApi, clock: Clock) -> None:
    required_contract("tokenlab-openapi.json")
    api = await make_api(magic_words=True, progress=True, takes=2)
    ids = [(await api.create(prompt=prompt))["id"] for prompt in ("harbour", "one take", "fail", "empty")]
    ids.append((await api.ask("POST", CREATE, body=LYRICS))[1]["id"])
    await api.ask("POST", CREATE, body={**SONG, "model": "suno-preview", "negative_tags": "brass"})
    for _ in range(5):
        for task_id in ids:
            await api.look(task_id)
        clock.tick(5)
    for path in PATHS:
        await api.ask("GET", path)
    await api.ask("GET", f"/v1/music/generations/{ids[0]}")
    await api.ask("DELETE", f"/v1/tasks/{ids[0]}")
    assert len(api.standin.requests) == 46
    assert_clean(violation for violation in violations_of(api.standin) if "category: (root): 'jokes'" not in violation)


def refusals(faults: Mapping[str, Callable[[], Fault]]) -> list[str]:
    """The refusals whose shape is the published one."""
    problems = {name: fault().problem for name, fault in faults.items()}
    return sorted(name for name, problem in problems.items() if problem is not None and problem.told is None)


CREATE_REFUSALS = refusals(CREATE_FAULTS)
STATUS_REFUSALS = refusals(STATUS_FAULTS)


@pytest.mark.parametrize("fault", CREATE_REFUSALS)
async def test_refused_creates_are_as_published(api: Api, fault: str) -> None:
    api.standin.faults.on_create(fault)
    await api.ask("POST", CREATE, body=SONG)
    assert_clean(violations_of(api.standin))


@pytest.mark.parametrize("fault", STATUS_REFUSALS)
async def test_refused_looks_are_as_published(api: Api, fault: str) -> None:
    created = await api.create()
    api.standin.faults.on_status(fault)
    await api.ask("GET", created["poll_url"])
    assert_clean(violations_of(api.standin))


async def test_the_description_notices_what_is_wrong(api: Api) -> None:
    created = await api.create()
    api.standin.faults.on_status("unknown_status")
    await api.ask("GET", created["poll_url"])
    assert "'tuning_up' is not one of" in "".join(violations_of(api.standin))
