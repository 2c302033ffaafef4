"""The management routes of the stand-in: balance, keys, and what each key has been charged.

They are only for the management token.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from typing import Any

from sandbox.answers import Answers
from sandbox.catalog import CREATED, Catalog, zulu
from sandbox.ledger import Ledger, Task
from sandbox.problems import Body, ProblemError

PREFIX_CHARS = 7
RECHARGED_USD = Decimal(50)
LIMIT_DEFAULT, LIMIT_MAX = 50, 100
NAME_MAX_CHARS = 100
SCENES = frozenset(("chat", "image", "audio", "video", "embedding", "rerank", "translation", "music", "3d", "realtime"))
DAY = timedelta(days=1)
VENDOR, SCENE, UNIT = "Suno", "music", "request"
TOKENS = (
    "prompt_tokens", "completion_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens",
    "cache_write_tokens_5m", "cache_write_tokens_1h",
)  # fmt: skip


def owner_of(key: str) -> str:
    """A key's name, which does not give the key away."""
    return sha256(key.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One request that was charged."""

    task: Task
    cost_usd: Decimal
    billing_id: str | None
    """None until it is settled."""

    @property
    def at(self) -> datetime:
        """When the request was made."""
        return datetime.fromtimestamp(self.task.created_at_s, UTC)

    def row(self) -> Body:
        """As the usage route shows it."""
        return {
            "request_id": self.task.request_id,
            "billing_transaction_id": self.billing_id,
            "model": self.task.model,
            "logical_model": self.task.model,
            "model_vendor": VENDOR,
            "scene": SCENE,
            "usage_unit": UNIT,
            "usage_quantity": 1,
            "usage_quantity_decimal": "1",
            **dict.fromkeys(TOKENS, 0),
            **_cost([self]),
            "requested_policy": "auto",
            "resolved_tier": "verified",
            "charged_price_basis": "per_request",
            "created_at": zulu(self.at),
        }


class Records:
    """What the keys have used, newest first. A failed task is not charged; a finished one is settled a little later."""

    def __init__(
        self, *, ledger: Ledger, catalog: Catalog, answers: Answers, keys: tuple[str, ...], revoked: int
    ) -> None:
        self._ledger = ledger
        self._catalog = catalog
        self._answers = answers
        self._keys = {f"key_{owner_of(key)}": key for key in keys}
        self.revoked = revoked
        """Number of revoked keys in the list; may be changed while it runs."""

    def balance(self) -> Body:
        """The answer of the balance route."""
        used = [charge for key_id in self._keys for charge in self._charges(key_id)]
        left = RECHARGED_USD - sum((charge.cost_usd for charge in used), Decimal(0))
        return {
            "object": "organization_balance",
            "organization_id": "org_demo",
            **_amount("balance", left),
            **_amount("total_recharge", RECHARGED_USD),
            **_cost(used, "total_used"),
        }

    def keys(self, query: Mapping[str, str]) -> Body:
        """The answer of the list of keys: first those that were revoked, then the ones that are accepted."""
        page, limit = _page(query)
        data = [*map(self._revoked, range(self.revoked)), *(self._key(key_id) for key_id in self._keys)]
        pages = {"page": page, "limit": limit, "total": len(data), "totalPages": -(-len(data) // limit)}
        return {"object": "list", "data": data[(page - 1) * limit : page * limit], "pagination": pages}

    def usage(self, key_id: str, query: Mapping[str, str]) -> Body:
        """The answer of the usage route for that query."""
        if key_id not in self._keys:
            raise ProblemError("not_found", "API key not found")
        page, limit = _page(query)
        fits = _filter(query)
        wanted = [charge for charge in self._charges(key_id) if fits(charge)]
        wanted.sort(key=lambda charge: charge.at, reverse=True)
        return {
            "api_key": self._key(key_id),
            "items": [charge.row() for charge in wanted[(page - 1) * limit : page * limit]],
            "pagination": {"page": page, "limit": limit, "total": len(wanted), "totalPages": -(-len(wanted) // limit)},
            "summary": _summary(wanted),
            "breakdowns": _breakdowns(wanted),
        }

    def _charges(self, key_id: str) -> Iterator[Charge]:
        owner = owner_of(self._keys[key_id])
        for task in self._ledger:
            model = self._catalog.find(task.model)
            if task.owner == owner and model is not None and self._ledger.phase(task) == "completed":
                yield Charge(task=task, cost_usd=Decimal(model.cost), billing_id=self._answers.billing_id(task))

    def _key(self, key_id: str) -> Body:
        used = list(self._charges(key_id))
        last_at = max((zulu(charge.at) for charge in used), default=None)
        return {
            "id": key_id,
            "name": "Encore",
            "key_prefix": f"{self._keys[key_id][:PREFIX_CHARS]}...",
            "status": "active",
            "limit_amount": None,
            "limit_amount_decimal": None,
            **_cost(used, "used_amount"),
            "models": [],
            "expires_at": None,
            "last_used_at": last_at,
            "created_at": zulu(datetime.fromtimestamp(CREATED, UTC)),
        }

    def _revoked(self, number: int) -> Body:
        """A key that works no longer and looks like one that does."""
        key_id = next(iter(self._keys))
        return {**self._key(key_id), "id": f"key_revoked_{number}", "status": "revoked"}


def _filter(query: Mapping[str, str]) -> Callable[[Charge], bool]:
    """Which charges a query wants; raises `ProblemError` for one that makes no sense."""
    if query.get("scene", SCENE) not in SCENES:
        raise _wrong("scene", f"not one of {', '.join(sorted(SCENES))}")
    for name in ("model", "modelVendor"):
        if len(query.get(name, "")) > NAME_MAX_CHARS:
            raise _wrong(name, f"at most {NAME_MAX_CHARS} characters")
    since, until = _moment(query, "startDate"), _moment(query, "endDate", ends=True)

    def fits(charge: Charge) -> bool:
        own = {"model": charge.task.model, "modelVendor": VENDOR, "scene": SCENE}
        is_theirs = all(query.get(name, value).lower() == value.lower() for name, value in own.items())
        return is_theirs and (since is None or charge.at >= since) and (until is None or charge.at <= until)

    return fits


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    """Which page is asked for, and how many lines it has."""
    page, limit = _number(query, "page", 1), _number(query, "limit", LIMIT_DEFAULT)
    if limit > LIMIT_MAX:
        raise _wrong("limit", f"at most {LIMIT_MAX}")
    return page, limit


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name, str(default))
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise _wrong(name, "must be a whole number from 1")
    return int(given)


def _moment(query: Mapping[str, str], name: str, *, ends: bool = False) -> datetime | None:
    """A moment with its time zone, or the beginning of a day; as an end, the whole of that day."""
    if (given := query.get(name)) is None:
        return None
    try:
        day = datetime.combine(date.fromisoformat(given), datetime.min.time(), UTC)
    except ValueError:
        pass
    else:
        return day + DAY - timedelta(milliseconds=1) if ends else day
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise _wrong(name, "is no date") from None
    if moment.tzinfo is None:
        raise _wrong(name, "needs a time zone")
    return moment


def _wrong(name: str, message: str) -> ProblemError:
    return ProblemError("bad_request", f"{name}: {message}", param=name)


# --- sums ------------------------------------------------------------------------------------------------------------


def _cost(charges: Sequence[Charge], name: str = "cost") -> Body:
    return _amount(name, sum((charge.cost_usd for charge in charges), Decimal(0)))


def _amount(name: str, usd: Decimal) -> Body:
    return {name: float(usd), f"{name}_decimal": str(usd)}


def _summary(charges: Sequence[Charge]) -> Body:
    return {
        "total_requests": len(charges),
        **_cost(charges, "total_cost"),
        **dict.fromkeys(("total_prompt_tokens", "total_completion_tokens", "total_tokens"), 0),
        "usage_unit_breakdown": [{"usage_unit": UNIT, "usage_quantity": len(charges)}] if charges else [],
    }


def _breakdowns(charges: Sequence[Charge]) -> Body:
    by_model = [
        {
            "model": name,
            "logical_model": name,
            "model_vendor": VENDOR,
            "requests": len(some),
            **_cost(some),
            "usage_quantity": len(some),
            "usage_quantity_decimal": str(len(some)),
        }
        for name, some in _grouped(charges, lambda charge: charge.task.model)
    ]
    everything = {"requests": len(charges), **_cost(charges)}
    return {
        "by_model_vendor": [{"model_vendor": VENDOR, **everything}] if charges else [],
        "by_scene": [{"scene": SCENE, **everything}] if charges else [],
        "daily_cost": [
            {"date": f"{day}T00:00:00.000Z", **_cost(some)}
            for day, some in _grouped(charges, lambda charge: str(charge.at.date()))
        ],
        "by_model": by_model,
        "by_logical_model": by_model,
    }


def _grouped(charges: Iterable[Charge], name_of: Callable[[Charge], str]) -> list[tuple[str, list[Any]]]:
    return [(name, list(some)) for name, some in groupby(sorted(charges, key=name_of), key=name_of)]
