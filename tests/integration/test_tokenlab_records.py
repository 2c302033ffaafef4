"""The client of the provider's records, against the stand-in and against servers that do as a test says."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.domain.usage import BillPage
from bot.tokenlab.errors import (
    AccessRefusedError,
    BadAnswerError,
    NotSentError,
    ThrottledError,
    TokenLabError,
    TryLaterError,
)
from bot.tokenlab.records import KeyInfo, RecordsClient, own_key
from sandbox.tokenlab import StandIn
from tests.fakes.contracts import assert_clean, required_contract
from tests.fakes.standin_api import Clock, MakeApi, standins
from tests.integration.test_tokenlab_client import Api

TOKEN, KEY = "mt-test-0001", "sk-test-0001"
SINCE = datetime(2026, 7, 1, 6, 30, 0, 123000, tzinfo=UTC)
KEYS = "/v1/management/api-keys"
USAGE = f"{KEYS}/key_1/usage"


def always() -> bool:
    """There is always leave to ask."""
    return True


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    subject = Api()
    async with subject.server:
        yield subject


@pytest.fixture
async def elsewhere() -> AsyncIterator[Api]:
    subject = Api()
    async with subject.server:
        yield subject


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make_api(clock: Clock) -> AsyncIterator[MakeApi]:
    async with standins(clock) as make:
        yield make


def client_of(session: aiohttp.ClientSession, base: str, **changes: Any) -> RecordsClient:
    values = {"token": SecretStr(TOKEN), "api_key": SecretStr(KEY), "timeout_s": 2, **changes}
    return RecordsClient(session, base_url=base, **values)


def client_for(session: aiohttp.ClientSession, standin: StandIn, **changes: Any) -> RecordsClient:
    values = {"token": SecretStr(standin.management_token), "api_key": SecretStr(standin.key), **changes}
    return client_of(session, standin.api_base, **values)


def usage(*rows: Any, **pagination: Any) -> dict[str, Any]:
    return {"items": [*rows], "pagination": pagination}


# --- against the stand-in ---------------------------------------------------------------------------------------------


async def test_what_a_song_has_cost_is_found_by_its_request_and_later_by_its_transaction(
    make_api: MakeApi, session: aiohttp.ClientSession, clock: Clock
) -> None:
    api = await make_api(keys=("sk-other-0001", "sk-demo-encore"))
    client = client_for(session, api.standin, api_key=SecretStr("sk-demo-encore"))
    api.standin.key = "sk-demo-encore"
    key_id = await client.key_id(always)
    assert key_id is not None
    song = await api.finished()
    request_id = api.standin.creates[0].request_id
    since = datetime.fromtimestamp(clock() - 3600, UTC)
    assert await client.page(key_id, since, 1) == BillPage(costs={request_id: Decimal("0.135")}, is_last=True)
    clock.tick(5)
    billing_id = (await api.look(song["id"]))["billing_transaction_id"]
    page = await client.page(key_id, since, 1)
    assert page.costs == {request_id: Decimal("0.135"), billing_id: Decimal("0.135")}
    later = datetime.fromtimestamp(clock() + 1, UTC)
    assert await client.page(key_id, later, 1) == BillPage(costs={}, is_last=True)


async def test_a_long_bill_comes_in_pages(make_api: MakeApi, session: aiohttp.ClientSession, clock: Clock) -> None:
    api = await make_api(song_s=0)
    for _ in range(101):
        await api.create()
    client = client_for(session, api.standin)
    key_id = await client.key_id(always) or ""
    since = datetime.fromtimestamp(clock() - 3600, UTC)
    first, second = [await client.page(key_id, since, number) for number in (1, 2)]
    assert (first.is_last, second.is_last) == (False, True)
    assert {create.request_id for create in api.standin.creates} <= {*first.costs, *second.costs}


@pytest.mark.parametrize("token", ["mt-wrong", "sk-demo-encore"])
async def test_no_other_secret_opens_the_records(make_api: MakeApi, session: aiohttp.ClientSession, token: str) -> None:
    api = await make_api()
    client = client_for(session, api.standin, token=SecretStr(token))
    with pytest.raises(AccessRefusedError):
        await client.key_id(always)
    with pytest.raises(AccessRefusedError):
        await client.page("key_1", SINCE, 1)


# --- which key is ours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (["sk-test-0"], 0),
        (["sk-test-0", "sk-other"], 0),
        (["sk-other", "sk-test-00..."], 1),
        (["sk-other…0001", "sk-test…0001"], 1),
        (["sk-****9999", "sk-****0001"], 1),
        (["sk-test-0001", "sk-test"], None),
        (["sk-...", "sk-..."], None),
        (["", ""], None),
        (["sk-a", "sk-b"], None),
        (["•••"], 0),
        (["abc"], None),
        (["sk-live..."], None),
        (["sk-live...", "sk-..."], 1),
        (["sk-...9999"], None),
        (["sk-..."], 0),
        ([""], 0),
        ([], None),
    ],
)
def test_our_key_is_the_one_that_looks_like_it_else_the_only_one(shown: list[str], found: int | None) -> None:
    keys = [KeyInfo(id=f"key_{place}", prefix=prefix) for place, prefix in enumerate(shown)]
    assert own_key(keys, KEY) == (None if found is None else f"key_{found}")


async def test_only_active_keys_count(api: Api, session: aiohttp.ClientSession) -> None:
    told = [("a", "revoked"), ("b", "Active"), ("c", "inactive"), ("d", "suspended")]
    api.say(
        KEYS, body={"data": [{"id": key_id, "key_prefix": "sk-test...", "status": status} for key_id, status in told]}
    )
    assert await client_of(session, api.base).key_id(always) == "b"
    api.say(KEYS, body={"data": [{"id": "a", "key_prefix": "sk-test...", "status": "revoked"}]})
    assert await client_of(session, api.base).key_id(always) is None


async def test_our_key_is_found_on_the_last_page(make_api: MakeApi, session: aiohttp.ClientSession) -> None:
    api = await make_api()
    api.standin._api._records.revoked = 250
    leave = iter([True] * 5)
    client = client_for(session, api.standin)
    assert await client.key_id(lambda: next(leave)) == next(iter(api.standin._api._records._keys))
    assert not list(leave), "leave is asked before each page but the first"
    with pytest.raises(NotSentError):
        await client.key_id(lambda: False)


async def test_a_list_that_gives_the_same_page_for_ever_ends(api: Api, session: aiohttp.ClientSession) -> None:
    api.say(KEYS, body={"data": [{"id": "a", "key_prefix": "sk-test"}], "pagination": {"totalPages": 10**6}})
    assert await client_of(session, api.base).key_id(always) == "a"
    assert len(api.seen) == 2


async def test_keys_of_unusable_shape_are_passed_over(api: Api, session: aiohttp.ClientSession) -> None:
    listed = [{"id": 7}, {}, "x", {"id": "..", "key_prefix": "sk-test"}, {"id": "key_9", "key_prefix": None}]
    api.say(KEYS, body={"data": listed})
    assert await client_of(session, api.base).key_id(always) == "key_9"


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (usage({"request_id": "r", "cost_decimal": "0.135"}), BillPage(costs={"r": Decimal("0.135")}, is_last=True)),
        (usage({"request_id": "r", "cost": 0.135}), BillPage(costs={}, is_last=True)),
        (usage({"request_id": None, "cost_decimal": "1"}), BillPage(costs={}, is_last=True)),
        (usage({"billing_transaction_id": "b", "request_id": "r", "cost_decimal": "0"}, totalPages=9),
         BillPage(costs={"b": Decimal(0), "r": Decimal(0)}, is_last=False)),
        (usage({"request_id": "r", "cost_decimal": "-1"}, "x", totalPages=1), BillPage(costs={}, is_last=True)),
        (usage(totalPages=9), BillPage(costs={}, is_last=True)),
        ({"items": [{"request_id": f"r{n}", "cost_decimal": "1"} for n in range(100)]},
         BillPage(costs={f"r{n}": Decimal(1) for n in range(100)}, is_last=False)),
    ],
)  # fmt: skip
async def test_a_page_is_read_as_far_as_it_makes_sense(
    api: Api, session: aiohttp.ClientSession, body: Any, page: BillPage
) -> None:
    api.say(USAGE, body=body)
    assert await client_of(session, api.base).page("key_1", SINCE, 1) == page


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": {"message": "no", "type": "invalid_api_key"}}, AccessRefusedError),
        (403, {"error": {"message": "no", "type": "invalid_request_error"}}, AccessRefusedError),
        (404, {"error": {"message": "API key not found", "type": "invalid_request_error"}}, BadAnswerError),
        (429, {"error": {"message": "slow", "type": "rate_limit_exceeded"}}, ThrottledError),
        (500, {}, TryLaterError),
        (200, {"items": None, "data": None}, BadAnswerError),
        (200, [], BadAnswerError),
        (302, {}, BadAnswerError),
    ],
)
async def test_every_refusal_becomes_the_error_of_whoever_can_help(
    api: Api, session: aiohttp.ClientSession, status: int, body: Any, error: type[TokenLabError]
) -> None:
    for path in (KEYS, USAGE):
        api.say(path, status, body)
    client = client_of(session, api.base)
    for asking in (client.key_id(always), client.page("key_1", SINCE, 1)):
        with pytest.raises(TokenLabError) as caught:
            await asking
        assert type(caught.value) is error


async def test_without_a_connection_it_is_tried_later(session: aiohttp.ClientSession) -> None:
    with pytest.raises(NotSentError):
        await client_of(session, "http://127.0.0.1:1").key_id(always)


# --- where the secrets go ---------------------------------------------------------------------------------------------


async def test_the_token_goes_to_the_records_alone_and_the_key_nowhere(
    api: Api, elsewhere: Api, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for path in (KEYS, USAGE):
        api.say(path, 307, {}, Location=f"{elsewhere.base}{path}")
    client = client_of(session, api.base)
    for asking in (client.key_id(always), client.page("key_1", SINCE, 1)):
        with pytest.raises(BadAnswerError) as caught:
            await asking
        assert TOKEN not in repr(caught.value)
    assert [headers["authorization"] for _, _, headers, _ in api.seen] == [f"Bearer {TOKEN}"] * 2
    assert elsewhere.seen == []
    assert not [one for one in api.seen if KEY in str(one)]
    assert not [record for record in caplog.records if TOKEN in record.getMessage() or KEY in record.getMessage()]


async def test_requests_are_as_published(api: Api, session: aiohttp.ClientSession) -> None:
    api.say(KEYS, body={"data": []})
    api.say("/v1/management/api-keys/a/../b/usage", body=usage())
    client = client_of(session, api.base)
    await client.key_id(always)
    await client.page("a/../b", SINCE, 2)
    assert api.paths == [
        KEYS,
        f"{KEYS}/a%2F..%2Fb/usage?scene=music&startDate=2026-07-01T06:30:00%2B00:00&limit=100&page=2",
    ]
    contract = required_contract("tokenlab-openapi.json")
    query = {"scene": "music", "startDate": "2026-07-01T06:30:00+00:00", "limit": "100", "page": "2"}
    assert_clean([*contract.check_request("GET", KEYS), *contract.check_request("GET", USAGE, query=query)])
