"""The models that the stand-in offers, in the shapes of the model routes: lists, detail, prices, and an overview."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.problems import Body, ProblemError

CREATED = 1_780_000_000
MUSIC_ENDPOINT = "/v1/music/generations"
STATUS_ENDPOINT = "/v1/tasks/{id}"
PROMPT_MAX_CHARS = 5000

CATEGORIES = frozenset(
    ("chat", "embedding", "translation", "image", "video", "audio", "tts", "stt", "rerank", "3d", "music", "decision")
)
RECOMMENDED_FOR = frozenset(("image", "video", "music", "3d", "tts", "stt", "embedding", "rerank", "translation"))
VIEWS = frozenset(("full", "compact"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the catalog.

    `price` is the least and the most in US dollars a request, None if not published; `cost` is what one really costs.
    """

    id: str
    aliases: tuple[str, ...] = ()
    operation: str
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    price: tuple[str, str] | None
    cost: str
    outputs: tuple[str, ...]
    stage: str = "active"

    @property
    def has_complex_pricing(self) -> bool:
        """Whether the price depends on the request."""
        return self.price is not None and len(set(self.price)) > 1

    def answers_to(self, name: str) -> bool:
        """Whether a request that names this model means it."""
        return name == self.id or name in self.aliases


MUSIC = Model(
    id="suno-music",
    aliases=("suno_music",),
    operation="music",
    parameters=(
        "prompt",
        "action",
        "mv",
        "title",
        "tags",
        "negative_tags",
        "make_instrumental",
        "continue_clip_id",
        "continue_at",
        "audio_url",
        "audio_operation",
    ),
    required=("prompt", "mv"),
    price=("0.10", "0.25"),
    cost="0.135",
    outputs=("audio_url", "audio_id", "image_url", "title", "lyrics"),
)
LYRICS = Model(
    id="suno-lyrics",
    aliases=("suno_lyrics",),
    operation="lyrics",
    parameters=("prompt", "action"),
    required=("prompt",),
    price=("0.02", "0.02"),
    cost="0.02",
    outputs=("title", "lyrics"),
)
PREVIEW = Model(
    id="suno-preview",
    operation="music",
    parameters=tuple(name for name in MUSIC.parameters if name != "negative_tags"),
    required=MUSIC.required,
    price=None,
    cost="0.08",
    outputs=MUSIC.outputs,
    stage="preview",
)
"""Made up: a model that publishes no price and takes no negative tags."""


def zulu(moment: datetime) -> str:
    """Return a moment of UTC as the API writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Catalog:
    """The models on offer. Without the lyrics model nothing here writes lyrics."""

    def __init__(self, *, lyrics_model: bool) -> None:
        self.models: tuple[Model, ...] = (MUSIC, LYRICS, PREVIEW) if lyrics_model else (MUSIC, PREVIEW)

    def find(self, name: str) -> Model | None:
        """The model of that id or alias."""
        return next((model for model in self.models if model.answers_to(name)), None)

    def listing(self, query: Mapping[str, str]) -> Body:
        """The answer of the list route for that query."""
        _check_query(query)
        wanted = [query[name] for name in ("category", "recommended_for") if name in query]
        shown = self._shown(query) if all(word == "music" for word in wanted) else []
        recommended = "recommended_for" in query
        if query.get("view") == "compact":
            items = [_compact(model, rank if recommended else None) for rank, model in enumerate(shown, start=1)]
            return {"object": "list", "view": "compact", "count": len(items), "data": items}
        items = [_full(model, rank if recommended else None) for rank, model in enumerate(shown, start=1)]
        return {"object": "list", "data": items}

    def detail(self, name: str) -> Body:
        """The answer of the model route; raises `ProblemError` for an unknown model."""
        model = self._known(name)
        item = _full(model, None)
        item["tokenlab"] |= {
            "pricing_summary": _pricing_summary(model),
            "supported_operations": [model.operation],
            "accepted_request_formats": [],
            "request_format_details": _request_format(model),
        }
        return item

    def pricing(self, name: str) -> Body:
        """The answer of the pricing route; raises `ProblemError` for an unknown model."""
        model = self._known(name)
        return {
            "model": model.id,
            "pricing_unit": "per_request",
            "has_complex_pricing": model.has_complex_pricing,
            "supported_operations": [model.operation],
            "pricing_summary": _pricing_summary(model),
            "scalar_pricing": _scalar_pricing(model),
        }

    def prices(self, query: Mapping[str, str], now_s: float) -> Body:
        """The answer of the route of all prices for that query."""
        updated_at = zulu(datetime.fromtimestamp(now_s, UTC))
        data = [_price_entry(model) for model in self._shown(query)]
        return {"object": "pricing", "updated_at": updated_at, "currency": "USD", "data": data}

    def overview(self) -> str:
        """The text that language models are shown."""
        lines = [f"- {model.id}: {model.operation}, POST {MUSIC_ENDPOINT}" for model in self.models]
        return "\n".join(["# TokenLab", "", "> A stand-in on loopback.", "", "## Models", "", *lines, ""])

    def _shown(self, query: Mapping[str, str]) -> list[Model]:
        """The models of that provider and with that tag, where the query names them."""
        if query.get("provider", "suno") != "suno":
            return []
        return [model for model in self.models if query.get("tag", model.operation) == model.operation]

    def _known(self, name: str) -> Model:
        model = self.find(name)
        if model is None:
            problem = ProblemError("model_not_found", f"Model '{name}' not found", param="model")
            problem.status = 404
            raise problem
        return model


def _check_query(query: Mapping[str, str]) -> None:
    for name, allowed in (("category", CATEGORIES), ("recommended_for", RECOMMENDED_FOR), ("view", VIEWS)):
        if name in query and query[name] not in allowed:
            raise ProblemError("bad_request", f"{name}: not one of {', '.join(sorted(allowed))}", param=name)
    if query.get("category", query.get("recommended_for")) != query.get("recommended_for", query.get("category")):
        raise ProblemError("bad_request", "category and recommended_for differ", param="category")


def _recommendation(rank: int) -> Body:
    return {"preferred_rank": rank, "success_rate_24h": 0.97, "sample_count_24h": 210, "status": "ready"}


def _full(model: Model, rank: int | None) -> Body:
    extension: dict[str, Any] = {
        "aliases": list(model.aliases),
        "pricing": _scalar_pricing(model),
        "capabilities": [model.operation],
        "max_input_tokens": None,
        "max_output_tokens": None,
        "category": "music",
        "pricing_unit": "per_request",
        "has_complex_pricing": model.has_complex_pricing,
        "lifecycle": _lifecycle(model),
        "commercial": {"user_charge_policy": "paid", "free_reason": None, "free_until": None},
        "badges": [],
        "request_format_summary": {"public_operations": [model.operation], "request_endpoint": MUSIC_ENDPOINT},
    }
    if rank is not None:
        evidence = {"updated_at": "2026-08-01T00:00:00.000Z", "basis": {"source": "recent_activity_24h"}}
        extension["agent_preferences"] = {"music": _recommendation(rank) | evidence}
    return {"id": model.id, "object": "model", "created": CREATED, "owned_by": "suno", "tokenlab": extension}


def _scalar_pricing(model: Model) -> Body:
    """One price; of a model that has several the least."""
    return {"currency": "USD"} if model.price is None else {"currency": "USD", "per_request": model.price[0]}


def _pricing_summary(model: Model) -> Body | None:
    if model.price is None:
        return None
    return {"currency": "USD", "min_price": model.price[0], "max_price": model.price[1]}


def _price_entry(model: Model) -> Body:
    price = model.price
    return {
        "model": model.id,
        "provider": "suno",
        "is_lock_price": price is not None,
        "capabilities": [model.operation],
        "aliases": list(model.aliases),
        "lock_price_per_request": None if price is None else price[0],
        "has_complex_pricing": model.has_complex_pricing,
        "supported_operations": [model.operation],
        "pricing_summary": _pricing_summary(model),
    }


def _lifecycle(model: Model) -> Body:
    dates = ("reason", "replacement_model", "released_at", "deprecated_at", "retired_at", "sunset_at")
    latest = {"latest": False, "latest_source": "none", "latest_window_days": None}
    return {"stage": model.stage, **dict.fromkeys(dates), **latest}


def _compact(model: Model, rank: int | None) -> Body:
    prices = _pricing_summary(model) if model.has_complex_pricing else _scalar_pricing(model)
    item: Body = {
        "id": model.id,
        "provider": "suno",
        "category": "music",
        "capabilities": [model.operation],
        "max_input_tokens": None,
        "max_output_tokens": None,
        "pricing": {"unit": "per_request", "has_complex_pricing": model.has_complex_pricing, **(prices or {})},
        "status": model.stage,
        "latest": False,
        "supported_operations": [model.operation],
        "request_endpoint": MUSIC_ENDPOINT,
    }
    return item if rank is None else item | {"recommendation": _recommendation(rank)}


def _request_format(model: Model) -> Body:
    shape = {
        "supported_parameters": list(model.parameters),
        "required_selectors": list(model.required),
        "optional_selectors": [],
        "request_endpoint": MUSIC_ENDPOINT,
        "status_mode": "async_task",
    }
    return {
        **shape,
        "public_operations": [model.operation],
        "operation_constraints": [{"operation": model.operation, **shape}],
        "service_limits": {"online_rpm": 1000, "concurrency": None, "prompt_max_characters": PROMPT_MAX_CHARS},
        "documented_outputs": list(model.outputs),
        "fallback_status_endpoints": [STATUS_ENDPOINT],
        "notes": [],
    }
