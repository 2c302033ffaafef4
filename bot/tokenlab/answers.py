"""One HTTP answer of the API, read once, and the error that it means. The only room that knows status codes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from bot.tokenlab.errors import (
    DETAIL_MAX_CHARS,
    AccessRefusedError,
    BadAnswerError,
    ClipRefusedError,
    ModelUnavailableError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderRefusedError,
    RefusedError,
    TaskGoneError,
    TaskNotOwnedError,
    ThrottledError,
    TokenLabError,
    TryLaterError,
    WishRefusedError,
)
from bot.tokenlab.reading import Json, first, identifier, items, mapping, seconds, text, word

RETRY_AFTER_MAX_S = 3600.0

SUCCESSES = range(200, 300)
REDIRECTS = range(300, 400)
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)

_REFUSALS: Mapping[int, type[RefusedError]] = {
    HTTPStatus.BAD_REQUEST: WishRefusedError,
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.PAYMENT_REQUIRED: NoCreditError,
    HTTPStatus.FORBIDDEN: AccessRefusedError,
    HTTPStatus.NOT_FOUND: WishRefusedError,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: WishRefusedError,
}
"""Statuses of a create that prove that nothing was created (fact sheet of the API: errors of Create Music)."""

_MODEL_WORDS = frozenset(
    {
        "model_not_found",
        "model_not_allowed",
        "no_contract_compatible_route",
        "request_shape_channel_mismatch",
        "upstream_contract_mismatch",
        "platform_normalization_error",
    }
)
"""Codes and types about the model and its request contract (TokenLab docs, Handle API errors; OpenAPI)."""

_BUSY_WORDS = frozenset({"all_channels_failed", "delivery_tier_unavailable"})
"""The 503s after which nothing was created (TokenLab docs, Handle API errors)."""

_GONE_WORD = "async_task_not_found"
_NOT_OWNED_WORDS = frozenset({"task_not_owned", "async_task_mapping_invalid"})
_MODEL_FIELDS = frozenset({"model", "mv"})
_CLIP_FIELDS = frozenset({"continue_clip_id", "audio_url"})
"""Both ways to name the audio that is to be continued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers and body of one answer. `body` is None where it isn't a JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Json | None
    raw_text: str = ""
    """Beginning of a body that isn't a JSON object, for support."""

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], raw: bytes) -> "Answer":
        """Parse a body, whatever it is. `headers` must ignore case."""
        decoded = raw.decode("utf-8-sig", errors="replace")
        try:
            body = json.loads(decoded)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict):
            return cls(status=status, headers=headers, body=body)
        return cls(status=status, headers=headers, body=None, raw_text=decoded[:DETAIL_MAX_CHARS])

    @property
    def is_success(self) -> bool:
        """Whether the API says that it did what was asked."""
        return self.status in SUCCESSES

    @property
    def is_dead_end(self) -> bool:
        """Whether this address leads nowhere (a redirect, or a 404 that isn't about the task)."""
        astray = self.status == HTTPStatus.NOT_FOUND and _GONE_WORD not in self.words
        return self.status in REDIRECTS or astray

    @property
    def error(self) -> Json:
        """The error object, empty if there is none."""
        return mapping((self.body or {}).get("error"))

    @property
    def words(self) -> frozenset[str]:
        """Code and type of the error, lower-case: only these and the status decide, never the message."""
        found = (word(self.error.get("code")), word(self.error.get("type")))
        return frozenset(name.lower() for name in found if name)

    @property
    def fields(self) -> frozenset[str]:
        """Names of the request's fields that the error is about, without the path before them."""
        blamed = [self.error.get("param")]
        blamed += [item.get("field") for item in items((self.body or {}).get("validation_errors"))]
        found = (word(name) for name in blamed)
        return frozenset(name.rpartition(".")[2].lower() for name in found if name)

    @property
    def detail(self) -> str | None:
        """The provider's own text about the error."""
        body = self.body or {}
        given = (self.error.get("message"), body.get("error"), body.get("message"), self.raw_text)
        return first(text(value, DETAIL_MAX_CHARS) for value in given)

    @property
    def request_id(self) -> str | None:
        """The provider's id of this request: headers first, then the body (the order of TokenLab's own clients)."""
        headers = (self.headers.get("x-request-id"), self.headers.get("x-request-id-tokenlab"))
        given = (*headers, self.error.get("request_id"), (self.body or {}).get("request_id"))
        return first(identifier(value) for value in given)

    def retry_after_s(self, now: datetime) -> float | None:
        """Seconds to wait, at most an hour: `Retry-After` (number or date), then the body (docs, Rate limits)."""
        header = self.headers.get("retry-after")
        body = (self.error.get("retry_after"), (self.body or {}).get("retry_after"))
        given = (seconds(header), _seconds_until(header, now), *(seconds(value) for value in body))
        found = next((value_s for value_s in given if value_s is not None), None)
        return None if found is None else min(found, RETRY_AFTER_MAX_S)

    def create_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful create means. In doubt a task may exist."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._later(ThrottledError, now)
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE and self.words & _BUSY_WORDS:
            hopeless = self.error.get("retryable") is False
            return self._as(ProviderRefusedError) if hopeless else self._later(TryLaterError, now)
        return self._as(self._refusal() or OutcomeUnknownError)

    def _refusal(self) -> type[RefusedError] | None:
        """Which definite no this is; None if it isn't one."""
        if self.status in CLIENT_ERRORS and self.words & _MODEL_WORDS:
            return ModelUnavailableError
        refusal = _REFUSALS.get(self.status)
        if refusal is WishRefusedError and self.fields & _CLIP_FIELDS:
            return ClipRefusedError
        if refusal is WishRefusedError and self.fields & _MODEL_FIELDS:
            return ModelUnavailableError
        return refusal

    def look_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful look means. Only the API's own word ends a task, never a proxy's page."""
        if _GONE_WORD in self.words or (self.status == HTTPStatus.NOT_FOUND and self.error):
            return self._as(TaskGoneError)
        if self.words & _NOT_OWNED_WORDS:
            return self._as(TaskNotOwnedError)
        return self.read_error(now)

    def model_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful read of a model means."""
        return self._as(ModelUnavailableError) if self.words & _MODEL_WORDS else self.read_error(now)

    def read_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful read of anything means."""
        if self.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return self._as(AccessRefusedError)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._later(ThrottledError, now)
        return self._later(TryLaterError if self.status in SERVER_ERRORS else BadAnswerError, now)

    def _later(self, kind: type[TryLaterError], now: datetime) -> TryLaterError:
        wait_s = self.retry_after_s(now)
        return kind(self._label(), retry_after_s=wait_s, request_id=self.request_id, detail=self.detail)

    def _as(self, kind: type[TokenLabError]) -> TokenLabError:
        return kind(self._label(), request_id=self.request_id, detail=self.detail)

    def _label(self) -> str:
        """A fixed phrase with facts that are safe to log."""
        return " ".join([f"TokenLab answered {self.status}", *sorted(self.words)])


def _seconds_until(http_date: str | None, now: datetime) -> float | None:
    """Seconds from `now` to an HTTP date; None for no date and for one that has passed."""
    try:
        moment = parsedate_to_datetime(http_date or "")
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return seconds((moment - now).total_seconds())
