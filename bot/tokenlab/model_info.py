"""What the provider publishes of its models, as frozen values. Pure: parses, requests nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.domain.price import FREE, Price
from bot.domain.versions import is_version
from bot.tokenlab.models import CREATE_PATH, MODEL_MAX_CHARS
from bot.tokenlab.reading import Json, amount, identifier, items, mapping, names, word

_VERSION_WORD = re.compile(r"(?<![\w.-])chirp-v[\w.-]*\w", re.ASCII)
VERSIONS_NAMED_MAX = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model of the catalogue."""

    id: str
    aliases: tuple[str, ...] = ()
    category: str | None = None
    operations: tuple[str, ...] | None = None
    """What it can do, lower-case; None while not known."""
    request_endpoint: str | None = None
    stage: str | None = None
    """`active`, `preview`, `deprecated` or `retired`, where published."""
    price: Price | None = None
    """What one request costs; None where that isn't published, or the model isn't paid by the request."""
    parameters: frozenset[str] | None = None
    """What a request may carry, lower-case, over all operations; None while not known."""
    versions: tuple[str, ...] = ()
    """What it names that can be sent as `mv`, wherever it says so."""

    @property
    def writes_lyrics(self) -> bool:
        """Whether it publishes a `lyrics` operation."""
        return "lyrics" in (self.operations or ())

    @property
    def takes_negative_tags(self) -> bool:
        """Whether it publishes that it takes styles to avoid."""
        return "negative_tags" in (self.parameters or ())

    @property
    def makes_music(self) -> bool:
        """Whether it takes music requests; what isn't published counts as fitting."""
        lyrics_only = self.operations is not None and set(self.operations) == {"lyrics"}
        fits = self.category in {None, "music"} and self.request_endpoint in {None, CREATE_PATH}
        return fits and self.stage != "retired" and not lyrics_only


def parse_models(body: Json) -> list[ModelInfo]:
    """Read a list of models, full or compact; items without a usable id are dropped."""
    return [info for item in items(body.get("data")) if (info := parse_model_info(item))]


def parse_model_info(item: Json) -> ModelInfo | None:
    """Read one model, from the list or from its own page; None without an id, or with one too long to be stored."""
    model_id = identifier(item.get("id"))
    if model_id is None or len(model_id) > MODEL_MAX_CHARS:
        return None
    own = {**item, **mapping(item.get("tokenlab"))}
    contract = _contract(own)
    return ModelInfo(
        id=model_id,
        aliases=names(own.get("aliases")),
        category=_lower(own.get("category")),
        operations=_operations(own, contract),
        request_endpoint=word(contract.get("request_endpoint")) or word(own.get("request_endpoint")),
        stage=_lower(mapping(own.get("lifecycle")).get("stage")),
        price=_price(own),
        parameters=_parameters(contract),
        versions=tuple(dict.fromkeys(_versions_in(item)))[:VERSIONS_NAMED_MAX],
    )


def parse_model_page(body: Json) -> ModelInfo | None:
    """Read a model's own page (TokenLab docs, Get a Model): what it doesn't tell, isn't there. None without an id."""
    info = parse_model_info(body)
    return info and replace(info, operations=info.operations or (), parameters=info.parameters or frozenset())


def _contract(own: Json) -> Json:
    """The published request contract: the first of its four names that holds anything."""
    spelt = ("request_format_details", "public_contract", "request_format_summary", "public_contract_summary")
    return next((found for name in spelt if (found := mapping(own.get(name)))), {})


def _versions_in(value: object, depth: int = 8) -> Iterator[str]:
    """No field is documented that lists them, so each text is looked through; one that stands alone needs no `v`."""
    match value:
        case str() if is_version(value.strip()):
            yield value.strip()
        case str():
            yield from (one for one in _VERSION_WORD.findall(value) if is_version(one))
        case Mapping() if depth:
            for inner in value.values():
                yield from _versions_in(inner, depth - 1)
        case list() if depth:
            for inner in value:
                yield from _versions_in(inner, depth - 1)
        case _:
            pass


def _parameters(contract: Json) -> frozenset[str] | None:
    holders = (contract, *items(contract.get("operation_constraints")))
    return frozenset(name.lower() for holder in holders for name in names(holder.get("supported_parameters"))) or None


_PER_REQUEST = {"per_request", "request"}


def _price(own: Json) -> Price | None:
    """The price of a full item, a compact item or a model's own page, each of which publishes it in its own place."""
    if _lower(mapping(own.get("commercial")).get("user_charge_policy")) == "free":
        return FREE
    spelt = ("pricing_summary", "pricing")
    return next((price for name in spelt if (price := _price_in(mapping(own.get(name)), own))), None)


def _price_in(pricing: Json, own: Json) -> Price | None:
    """A range, else one price, unless there are several and it would be only one of them.

    A price of zero is a placeholder: what is free is published as free.
    """
    unit = _lower(pricing.get("unit")) or _lower(own.get("pricing_unit"))
    if unit not in {None, *_PER_REQUEST} or _lower(pricing.get("currency")) not in {None, "usd"}:
        return None
    low, high = amount(pricing.get("min_price")), amount(pricing.get("max_price"))
    if unit is None or low is None or high is None:
        several = pricing.get("has_complex_pricing", own.get("has_complex_pricing")) is True
        low = high = None if several else amount(pricing.get("per_request"))
    return Price(min_usd=low, max_usd=high) if low is not None and high and low <= high else None


def _lower(value: object) -> str | None:
    found = word(value)
    return found and found.lower()


def _operations(own: Json, contract: Json) -> tuple[str, ...] | None:
    constraints = [item.get("operation") for item in items(contract.get("operation_constraints"))]
    lists: list[object] = [own.get("supported_operations"), contract.get("public_operations"), constraints]
    found = dict.fromkeys(name.lower() for operations in lists for name in names(operations))
    return tuple(found) or None
