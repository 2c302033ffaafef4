"""The provider's own client for Python, `tokenlab-ai`, against the stand-in: models, prices, music, tasks and bills.

It has no method for music, tasks or records: those go through its `request`.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tokenlab import TokenLabClient

from tests.fakes.standin_api import CREATE, SONG, Api, Clock, MakeApi

KEYS = "/v1/management/api-keys"


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api(takes=2, progress=True)


async def call(api: Api, ask: Callable[[TokenLabClient], Any], *, key: str | None = None) -> Any:
    """Ask with that key, by default the inference key. The client blocks, so it gets a thread of its own."""

    def blocking() -> Any:
        with TokenLabClient(api_key=key or api.standin.key, api_base=api.standin.api_base, timeout=10) as client:
            return ask(client)

    return await asyncio.to_thread(blocking)


async def test_it_lists_models_and_finds_what_one_takes_and_costs(api: Api) -> None:
    listing = await call(api, lambda client: client.list_models(category="music"))
    assert [model["id"] for model in listing["data"]] == ["suno-music", "suno-lyrics", "suno-preview"]
    model = await call(api, lambda client: client.get_model("suno-music"))
    assert "mv" in model["tokenlab"]["request_format_details"]["supported_parameters"]
    price = await call(api, lambda client: client.get_model_pricing("suno-music"))
    assert price["pricing_summary"]["max_price"] == "0.25"
    prices = await call(api, lambda client: client.list_pricing(provider="suno"))
    assert {entry["model"] for entry in prices["data"]} == {model["id"] for model in listing["data"]}
    assert await call(api, lambda client: client.get_pricing_json()) == prices
    assert len((await call(api, lambda client: client.get_models_json()))["data"]) == 3
    assert {seen.key for seen in api.standin.requests} == {"valid"}


async def test_it_makes_a_song_and_looks_at_it_until_both_takes_are_there(api: Api, clock: Clock) -> None:
    created = await call(api, lambda client: client.request("POST", CREATE, json=SONG))
    assert (created["status"], len(api.standin.creates)) == ("pending", 1)
    seen = []
    for _ in range(4):
        seen.append(await call(api, lambda client: client.request("GET", created["poll_url"])))
        clock.tick(5)
    assert [look["status"] for look in seen] == ["pending", "processing", "processing", "completed"]
    assert seen[1]["progress"] == 33.3
    assert len({take["audio_url"] for take in seen[3]["data"]}) == 2
    assert api.standin.leaks == []


async def test_it_reads_keys_usage_and_balance_with_the_management_token(api: Api, clock: Clock) -> None:
    song = await api.finished()
    clock.tick(10)
    token = api.standin.management_token

    async def read(path: str, **params: str) -> Any:
        return await call(api, lambda client: client.request("GET", path, params=params), key=token)

    (key,) = (await read(KEYS, page="1", limit="50"))["data"]
    (row,) = (await read(f"{KEYS}/{key['id']}/usage", scene="music"))["items"]
    assert row["request_id"] == api.standin.creates[0].request_id
    assert row["billing_transaction_id"] == (await api.look(song["id"]))["billing_transaction_id"]
    assert (await read("/v1/management/balance"))["total_used_decimal"] == row["cost_decimal"] == "0.135"


async def test_a_refusal_comes_with_its_status_and_is_never_sent_again(api: Api) -> None:
    api.standin.faults.on_create("rate_limited")
    with pytest.raises(RuntimeError, match="rate_limit_exceeded") as refused:
        await call(api, lambda client: client.request("POST", CREATE, json=SONG))
    cause = refused.value.__cause__
    assert isinstance(cause, httpx.HTTPStatusError)
    assert (cause.response.status_code, cause.response.headers["Retry-After"]) == (429, "5")
    assert len(api.standin.requests) == 1
