"""The client of the provider's records: which keys there are, and what each request of ours has cost.

It has a secret of its own, the management token, which goes to the API's own origin only; redirects are never followed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.clock import Clock, system_clock
from bot.domain.usage import BillPage
from bot.tokenlab.answers import Answer
from bot.tokenlab.errors import NotSentError
from bot.tokenlab.reading import Json, amount, identifier, items, mapping, whole, word
from bot.tokenlab.sending import limits, read
from bot.tokenlab.urls import keys_url, usage_url

PAGE_ROWS = 100
"""The most that one answer holds (OpenAPI, Get API key usage)."""
KEYS_PAGE_ROWS = 50
"""What a page of the list of keys holds where nothing else is asked for."""
PAGES_MAX = 1_000_000
KEY_PAGES_MAX = 50
"""More keys than any organization has: a list that never ends is given up."""
_MASK = re.compile(r"[.…*•]+")
"""What stands for the letters of a key that are not shown, as in `sk-live...`."""
ACTIVE = "active"
_TOLD_BY_ALL = len("sk-")
"""All keys begin alike (TokenLab docs, Authentication)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """One API key of the organization."""

    id: str
    prefix: str
    """As much of the key as is shown."""
    is_active: bool = True


class RecordsClient:
    """Reads what the organization's keys have used. The session belongs to the caller."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: URL | str,
        token: SecretStr,
        api_key: SecretStr,
        clock: Clock = system_clock,
        timeout_s: float = 20,
    ) -> None:
        """Ask nothing yet.

        Args:
            session: sends the requests.
            base_url: the API's origin.
            token: the management token.
            api_key: the key whose use is looked for; compared with what the records show of each, and sent nowhere.
            clock: for moments to wait until.
            timeout_s: how long an answer may take.
        """
        self._session = session
        self._base = URL(base_url).origin()
        self._token = token
        self._api_key = api_key
        self._clock = clock
        self._timeout = limits(timeout_s)

    async def key_id(self, may_ask: Callable[[], bool]) -> str | None:
        """The id of the key that we work with; None if the records don't tell which it is.

        Args:
            may_ask: is asked before each page of the list but the first.

        Raises:
            TryLaterError: The list could not be read to its end.
            AccessRefusedError: The token was refused.
        """
        keys: dict[str, KeyInfo] = {}
        for number in range(1, KEY_PAGES_MAX + 1):
            if number > 1 and not may_ask():
                raise NotSentError("the request budget is spent")
            url = keys_url(self._base)  # the first page as it has been published for long, with nothing to ask for
            body = self._good(await self._read(url if number == 1 else url.with_query(page=str(number))), "data")
            rows = items(body["data"])
            known, keys = len(keys), keys | _keys_in(rows)
            if _is_last(body, rows, number, KEYS_PAGE_ROWS) or len(keys) == known:  # the same page again and again
                break
        return own_key([key for key in keys.values() if key.is_active], self._api_key.get_secret_value())

    async def page(self, key_id: str, since: datetime, number: int) -> BillPage:
        """A page of what a key has been charged for music since a moment; the first one is number 1.

        Raises:
            TryLaterError: The page could not be read.
            AccessRefusedError: The token was refused.
        """
        query = {
            "scene": "music",
            "startDate": since.isoformat(timespec="seconds"),
            "limit": str(PAGE_ROWS),
            "page": str(number),
        }
        body = self._good(await self._read(usage_url(self._base, key_id).with_query(query)), "items")
        rows = items(body["items"])
        costs = dict(pair for row in rows for pair in _costs(row))
        return BillPage(costs=costs, is_last=_is_last(body, rows, number, PAGE_ROWS))

    async def _read(self, url: URL) -> Answer:
        return await read(self._session, url, self._token, self._timeout)

    def _good(self, answer: Answer, name: str) -> Json:
        """The body of an answer that has such a list.

        Raises:
            TryLaterError, AccessRefusedError: it has none.
        """
        if not answer.is_success or answer.body is None or not isinstance(answer.body.get(name), list):
            raise answer.read_error(self._clock())
        return answer.body


def own_key(keys: Sequence[KeyInfo], api_key: str) -> str | None:
    """The id of the one key that looks like this one; where none does, of the only one that may be it."""
    possible = [key for key in keys if _may_be(key.prefix, api_key)]
    found = [key for key in possible if len(_MASK.sub("", key.prefix)) > _TOLD_BY_ALL] or possible
    return found[0].id if len(found) == 1 else None


def _may_be(shown: str, api_key: str) -> bool:
    """Whether no letter that is shown contradicts the key."""
    head, *tail = _MASK.split(shown, maxsplit=1)
    return api_key.startswith(head) and api_key.endswith("".join(tail))


def _keys_in(rows: Sequence[Json]) -> dict[str, KeyInfo]:
    """The keys of a page by their ids; one without a status counts as active."""
    found = [
        KeyInfo(
            id=key_id,
            prefix=word(row.get("key_prefix")) or "",
            is_active=(word(row.get("status")) or ACTIVE).lower() == ACTIVE,
        )
        for row in rows
        if (key_id := identifier(row.get("id")))
    ]
    return {key.id: key for key in found}


def _is_last(body: Json, rows: Sequence[Json], number: int, page_rows: int) -> bool:
    """Whether no page comes after this one; where the answer does not count them, one that is not full is the last."""
    pages = whole(mapping(body.get("pagination")).get("totalPages"), 0, PAGES_MAX)
    return not rows or number >= pages if pages is not None else len(rows) < page_rows


def _costs(row: Json) -> list[tuple[str, Decimal]]:
    cost = amount(row.get("cost_decimal"))
    names = (identifier(row.get(name)) for name in ("billing_transaction_id", "request_id"))
    return [] if cost is None else [(name, cost) for name in names if name is not None]
