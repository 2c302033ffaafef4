"""The client of the provider's records: which keys there are, and what each request of ours has cost.

It has a secret of its own, the management token, which goes to the API's own origin only; redirects are never followed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.clock import Clock, system_clock
from bot.domain.usage import BillPage
from bot.tokenlab.answers import Answer
from bot.tokenlab.reading import Json, amount, identifier, items, mapping, whole, word
from bot.tokenlab.sending import limits, read
from bot.tokenlab.urls import keys_url, usage_url

PAGE_ROWS = 100
"""The most that one answer holds (OpenAPI, Get API key usage)."""
PAGES_MAX = 1_000_000
_MASK = re.compile(r"[.…*•]+")
"""What stands for the letters of a key that are not shown; how a `key_prefix` looks is not published."""
_TOLD_BY_ALL = len("sk-")
"""All keys begin alike (TokenLab docs, Authentication)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """One API key of the organization."""

    id: str
    prefix: str
    """As much of the key as is shown."""


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

    async def key_id(self) -> str | None:
        """The id of the key that we work with; None if the records don't tell which it is.

        Raises:
            TryLaterError: The list could not be read.
            AccessRefusedError: The token was refused.
        """
        body = self._good(await self._read(keys_url(self._base)), "data")
        keys = [KeyInfo(id=key_id, prefix=word(item.get("key_prefix")) or "") for item in items(body["data"])
                if (key_id := identifier(item.get("id")))]  # fmt: skip
        return own_key(keys, self._api_key.get_secret_value())

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
        pages = whole(mapping(body.get("pagination")).get("totalPages"), 0, PAGES_MAX)
        is_last = not rows or number >= pages if pages is not None else len(rows) < PAGE_ROWS
        return BillPage(costs=dict(pair for row in rows for pair in _costs(row)), is_last=is_last)

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
    """The id of the one key that looks like this one; where none does, of the only one there is."""
    alike = [key for key in keys if _looks_like(key.prefix, api_key)]
    found = alike or keys
    return found[0].id if len(found) == 1 else None


def _looks_like(shown: str, api_key: str) -> bool:
    head, *tail = _MASK.split(shown, maxsplit=1)
    told = [head, *tail]
    return len("".join(told)) > _TOLD_BY_ALL and api_key.startswith(head) and api_key.endswith("".join(tail))


def _costs(row: Json) -> list[tuple[str, Decimal]]:
    cost = amount(row.get("cost_decimal"))
    names = (identifier(row.get(name)) for name in ("billing_transaction_id", "request_id"))
    return [] if cost is None else [(name, cost) for name in names if name is not None]
