"""The stand-in's records: who may read them, what is charged and when, and answers as they are published."""

from typing import Any

import pytest

from tests.fakes.contracts import assert_clean
from tests.fakes.standin_api import CREATE, LYRICS, Api, Clock, MakeApi
from tests.integration.standin.test_standin_models import violations_of

KEYS = "/v1/management/api-keys"


async def ask(api: Api, path: str = KEYS) -> Any:
    status, body = await api.ask("GET", path, key=api.standin.management_token)
    assert status == 200, body
    return body


async def usage(api: Api, query: str = "") -> Any:
    (key,) = (await ask(api))["data"]
    return await ask(api, f"{KEYS}/{key['id']}/usage?{query}")


async def test_a_key_is_shown_by_its_beginning_only(api: Api) -> None:
    (key,) = (await ask(api))["data"]
    assert key["key_prefix"] == "sk-demo..."
    assert api.standin.key.startswith(key["key_prefix"].removesuffix("..."))
    assert api.standin.key not in str(key)


async def test_the_list_of_keys_is_paged_and_holds_revoked_ones(make_api: MakeApi) -> None:
    api = await make_api(revoked_keys=120)
    pages = [await ask(api, f"{KEYS}?{query}") for query in ("", "page=2", "page=3", "limit=100&page=2")]
    assert [len(page["data"]) for page in pages] == [50, 50, 21, 21]
    assert pages[0]["pagination"] == {"page": 1, "limit": 50, "total": 121, "totalPages": 3}
    assert [key["status"] for key in pages[2]["data"]] == 20 * ["revoked"] + ["active"]
    for query in ("limit=101", "page=0"):
        assert (await api.ask("GET", f"{KEYS}?{query}", key=api.standin.management_token))[0] == 400


async def test_the_balance_is_what_is_left_after_all_charges(api: Api) -> None:
    await api.finished()
    body = await ask(api, "/v1/management/balance")
    amounts = [body[f"{name}_decimal"] for name in ("total_recharge", "total_used", "balance")]
    assert amounts == ["50", "0.135", "49.865"]


async def test_rows_tell_how_they_were_charged_and_when_to_the_millisecond(api: Api) -> None:
    await api.finished()
    (row,) = (await usage(api))["items"]
    told = [row[name] for name in ("model_vendor", "requested_policy", "resolved_tier", "charged_price_basis")]
    assert told == ["Suno", "auto", "verified", "per_request"]
    assert row["created_at"] == "2026-07-25T17:20:00.000Z"


async def test_what_is_finished_is_charged_and_settled_a_little_later(api: Api, clock: Clock) -> None:
    song = await api.finished()
    await api.create()
    failed = await api.create()
    api.standin.fail(failed["id"])
    (row,) = (await usage(api))["items"]
    assert (row["request_id"], row["cost_decimal"]) == (api.standin.creates[0].request_id, "0.135")
    assert row["billing_transaction_id"] is None
    clock.tick(5)
    (row,) = (await usage(api))["items"]
    assert row["billing_transaction_id"] == (await api.look(song["id"]))["billing_transaction_id"]


async def test_sums_are_exact(api: Api) -> None:
    for _ in range(3):
        await api.finished()
    _, created = await api.ask("POST", CREATE, body=LYRICS)
    api.standin.finish(created["id"])
    body = await usage(api)
    assert body["summary"]["total_cost_decimal"] == "0.425"
    assert body["api_key"]["used_amount_decimal"] == "0.425"
    assert {one["model"]: one["cost_decimal"] for one in body["breakdowns"]["by_model"]} == {
        "suno-lyrics": "0.02",
        "suno-music": "0.405",
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("scene=music&modelVendor=suno&model=suno-music", 2),
        ("scene=video", 0),
        ("model=other", 0),
        ("startDate=2026-07-25", 2),
        ("startDate=2026-07-26", 0),
        ("endDate=2026-07-24", 0),
        ("endDate=2026-07-25", 2),
        ("startDate=2026-07-25T17:20:00Z", 2),
        ("startDate=2026-07-25T19:20:01%2B02:00", 0),
        ("limit=1", 1),
        ("limit=1&page=2", 1),
        ("page=2", 0),
    ],
)
async def test_rows_are_filtered_and_paged(api: Api, query: str, count: int) -> None:
    await api.finished()
    await api.finished()
    body = await usage(api, query)
    assert len(body["items"]) == count
    if "page" in query or "limit" in query:
        assert body["pagination"]["total"] == 2


@pytest.mark.parametrize(
    "query",
    ["page=0", "limit=0", "limit=101", "limit=x", "scene=jokes", "startDate=soon", "endDate=2026-07-25T00:00:00"],
)
async def test_bad_queries_are_refused_by_field(api: Api, query: str) -> None:
    (key,) = (await ask(api))["data"]
    status, body = await api.ask("GET", f"{KEYS}/{key['id']}/usage?{query}", key=api.standin.management_token)
    assert (status, body["error"]["param"]) == (400, query.partition("=")[0])


@pytest.mark.parametrize("key", ["", None, "mt-wrong"])
async def test_only_the_management_token_opens_them_and_it_opens_nothing_else(api: Api, key: str | None) -> None:
    for path in (KEYS, f"{KEYS}/key_1/usage", "/v1/management/balance"):
        assert (await api.ask("GET", path, key=key))[0] == 401
    created = await api.create()
    status, _ = await api.ask("GET", f"/v1/tasks/{created['id']}", key=api.standin.management_token)
    assert status == 401
    assert api.standin.requests[-1].key == "management"


async def test_answers_are_as_published(api: Api, clock: Clock) -> None:
    await api.finished()
    await ask(api)
    await usage(api, "startDate=2026-07-01&limit=100&page=1&scene=music")
    clock.tick(10)
    await usage(api)
    await usage(api, "scene=video")
    await api.ask("GET", f"{KEYS}/key_9/usage", key=api.standin.management_token)
    (key,) = (await ask(api))["data"]
    await api.ask("GET", f"{KEYS}/{key['id']}/usage?endDate=never", key=api.standin.management_token)
    await api.ask("GET", KEYS)
    await ask(api, "/v1/management/balance")
    await api.ask("GET", "/v1/management/balance")
    assert_clean(violations_of(api.standin))
