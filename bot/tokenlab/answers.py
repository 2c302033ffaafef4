"""One HTTP answer of the API, read once, and the error that it means. The only room that knows status codes."""

import json
import re
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
    ContentRefusedError,
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
    VersionRefusedError,
    WishRefusedError,
)
from bot.tokenlab.reading import Json, first, identifier, items, mapping, seconds, text, word
from bot.tokenlab.troubles import Trouble, is_about_content, is_about_credit, trouble_in

RETRY_AFTER_MAX_S = 3600.0

SUCCESSES = range(200, 300)
REDIRECTS = range(300, 400)
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)

TOO_OFTEN = 430
MAINTENANCE = 455
CLIENT_GONE = 499
"""Statuses that this family of APIs uses and no standard knows (fact sheet of the API, section 15)."""

_THROTTLES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, TOO_OFTEN})
_UNCLEAR = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, CLIENT_GONE})
"""4xx of a create after which a task may exist; each other one is a definite no."""
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, MAINTENANCE, CLIENT_GONE})
"""4xx of a read that say nothing about what was asked for."""

_REFUSALS: Mapping[int, type[RefusedError]] = {
    HTTPStatus.UNAUTHORIZED: AccessRefusedError,
    HTTPStatus.PAYMENT_REQUIRED: NoCreditError,
    HTTPStatus.FORBIDDEN: AccessRefusedError,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: ContentRefusedError,
}
"""Definite refusals that are not about how the wish is worded."""

_KEY_WORDS = frozenset({"invalid_api_key", "expired_api_key", "unauthorized", "access_denied", "model_not_allowed"})
"""Codes and types about the key (TokenLab docs, Handle API errors)."""
_RATE_WORDS = frozenset({"rate_limit_exceeded", "too_many_requests"})

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
_NOT_ABOUT_VERSIONS = _UNCLEAR | {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MAINTENANCE,
}
"""Perhaps it was no refusal, or it is about the key, the credit, the size, the moment, whatever its code says."""
_MV = re.compile(r"(?<![\w-])mv(?![\w-])", re.I)
_OF_CONTENT = re.compile(
    r"content[\s_-]*(?:policy|polic|moderation|filter|violation|safety|restrict|guideline)"
    r"|sensitive|copyright|moderat|inappropriate|prohibited|offensive|profan|explicit(?!ly)|nsfw|violat|unsafe|banned"
    r"|artist|lyric|trademark",
    re.I,
)
"""Words about what the wish says: then no other version is tried with it."""
_OF_SIZE = re.compile(r"too long|too short|too many|exceed|characters|at most|length|maximum", re.I)


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
        astray = self.status == HTTPStatus.NOT_FOUND and _GONE_WORD not in self.trouble.words
        return self.status in REDIRECTS or astray

    @property
    def error(self) -> Json:
        """The error object, empty if there is none."""
        return mapping((self.body or {}).get("error"))

    @property
    def trouble(self) -> Trouble:
        """The error in whichever of its shapes."""
        return trouble_in(self.body or {})

    @property
    def words(self) -> frozenset[str]:
        """Code and type of the error as documented, lower-case: these and the status decide, rarely the message."""
        found = (word(self.error.get("code")), word(self.error.get("type")))
        return frozenset(name.lower() for name in found if name)

    @property
    def fields(self) -> frozenset[str]:
        """Names of the request's fields that the error is about, without the path before them."""
        blamed = [self.error.get("param")]
        body = self.body or {}
        lists = (body.get("validation_errors"), body.get("errors"), self.error.get("details"))
        blamed += [item.get("field") or item.get("param") for told in lists for item in items(told)]
        located = [item.get("loc") for item in items(body.get("detail"))]
        blamed += [place[-1] for place in located if isinstance(place, list) and place]
        found = (word(name) for name in blamed)
        return frozenset(name.rpartition(".")[2].lower() for name in found if name)

    @property
    def detail(self) -> str | None:
        """The provider's own text about the error."""
        return self.trouble.detail or text(self.raw_text, DETAIL_MAX_CHARS)

    @property
    def request_id(self) -> str | None:
        """The provider's id of this request: headers first, then the body (the order of TokenLab's own clients)."""
        headers = (self.headers.get("x-request-id"), self.headers.get("x-request-id-tokenlab"))
        given = (*headers, self.error.get("request_id"), (self.body or {}).get("request_id"))
        return first(identifier(value) for value in given)

    @property
    def billing_id(self) -> str | None:
        """The transaction that paid for the task, where a header tells it."""
        return self.headers.get("x-billing-transaction-id")

    def retry_after_s(self, now: datetime) -> float | None:
        """Seconds to wait, at most an hour: `Retry-After` (number or date), then the body (docs, Rate limits)."""
        header = self.headers.get("retry-after")
        body = (self.error.get("retry_after"), (self.body or {}).get("retry_after"))
        given = (seconds(header), _seconds_until(header, now), *(seconds(value) for value in body))
        found = next((value_s for value_s in given if value_s is not None), None)
        return None if found is None else min(found, RETRY_AFTER_MAX_S)

    def create_error(self, now: datetime, *, version: str | None = None) -> TokenLabError:
        """What an unsuccessful create means. In doubt a task may exist: outside of 4xx no word proves the contrary.

        Args:
            now: the moment at which it came.
            version: the one that was sent: a definite no to it alone is told apart.
        """
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE and self.words & _BUSY_WORDS:
            hopeless = self.error.get("retryable") is False
            return self._as(ProviderRefusedError) if hopeless else self._later(TryLaterError, now)
        if self.status not in CLIENT_ERRORS:
            return self._as(OutcomeUnknownError)
        refusal: type[TokenLabError] | None = self._worded_refusal()
        if refusal is None:
            if self.status in _THROTTLES:
                return self._later(ThrottledError, now)
            if self.status == MAINTENANCE or self._is_passing_refusal(now):
                return self._later(TryLaterError, now)
            refusal = OutcomeUnknownError if self.status in _UNCLEAR else self._refusal()
        is_about_key = refusal is AccessRefusedError and self.trouble.words & _KEY_WORDS
        is_about_request = refusal in {ModelUnavailableError, WishRefusedError, AccessRefusedError} and not is_about_key
        if is_about_request and version is not None and self._is_about_version(version):
            return self._as(VersionRefusedError)
        return self._as(refusal)

    def _worded_refusal(self) -> type[RefusedError] | None:
        """The definite no that code and type tell, whatever the 4xx; None if they tell none."""
        trouble = self.trouble
        if trouble.is_about_content:
            return ContentRefusedError
        if self.status in _THROTTLES:  # here the message counts, too: in this family it alone tells the two apart
            no_credit = any(is_about_credit(said) for said in (*trouble.names, trouble.detail))
            return NoCreditError if no_credit else None
        said = self.words if self.status in _UNCLEAR else trouble.words
        return ModelUnavailableError if said & _MODEL_WORDS else None

    def _is_passing_refusal(self, now: datetime) -> bool:
        """Whether a 403 is about how often, or about this moment, and not about the key."""
        if self.status != HTTPStatus.FORBIDDEN or self.words & _KEY_WORDS:
            return False
        invites = self.error.get("retryable") is True or self.retry_after_s(now) is not None
        return invites or bool(self.trouble.words & _RATE_WORDS)

    def _refusal(self) -> type[RefusedError]:
        """Which definite no the status is, and the fields that it blames."""
        if (refusal := _REFUSALS.get(self.status)) is not None:
            return refusal
        if self.fields & _CLIP_FIELDS:
            return ClipRefusedError
        if self.fields & _MODEL_FIELDS:
            return ModelUnavailableError
        return ContentRefusedError if is_about_content(self.detail) else WishRefusedError

    def _is_about_version(self, version: str) -> bool:
        """Whether a definite no is one to the version: it names `mv`, or quotes the version, and nothing else is wrong.

        In doubt it is not: the wish fails, and nothing is sent again.
        """
        texts = [text(said, DETAIL_MAX_CHARS) or "" for said in self._said]
        said = "\n".join([*texts, *self.words])
        if self.status in _NOT_ABOUT_VERSIONS or _OF_CONTENT.search(said):
            return False
        if "mv" in self.fields:
            return True
        if self.fields - _MODEL_FIELDS or _OF_SIZE.search(said):
            return False
        return any(_MV.search(one) or _quotes(one, version) for one in texts)

    @property
    def _said(self) -> list[object]:
        """What the error says in words, wherever it says it."""
        body = self.body or {}
        items_of = (*items(body.get("validation_errors")), *items(body.get("detail")))
        more = [item.get(name) for item in items_of for name in ("message", "msg")]
        plain = [body.get(name) for name in ("error", "message", "msg", "detail")]
        return [self.error.get("message"), self.error.get("hint"), *plain, *more, self.raw_text]

    def look_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful look means. Only the API's own word is about the task, never a proxy's page."""
        said = self.trouble.words
        if said & _NOT_OWNED_WORDS:
            return self._as(TaskNotOwnedError)
        is_named = self.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} and self.error
        if _GONE_WORD in said or is_named:
            return self._as(TaskGoneError)
        if self.status == HTTPStatus.FORBIDDEN and not self.words & _KEY_WORDS:
            is_own = self.error and not self._is_passing_refusal(now)
            return self._as(TaskGoneError) if is_own else self._later(BadAnswerError, now)
        return self.read_error(now)

    def model_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful read of a model means."""
        return self._as(ModelUnavailableError) if self.words & _MODEL_WORDS else self.read_error(now)

    def read_error(self, now: datetime) -> TokenLabError:
        """What an unsuccessful read of anything means."""
        if self.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return self._as(AccessRefusedError)
        if self.status in _THROTTLES:
            return self._later(ThrottledError, now)
        is_passing = self.status in SERVER_ERRORS or self.status in _PASSING
        return self._later(TryLaterError if is_passing else BadAnswerError, now)

    def _later(self, kind: type[TryLaterError], now: datetime) -> TryLaterError:
        wait_s = self.retry_after_s(now)
        return kind(self._label(), retry_after_s=wait_s, request_id=self.request_id, detail=self.detail)

    def _as(self, kind: type[TokenLabError]) -> TokenLabError:
        return kind(self._label(), request_id=self.request_id, detail=self.detail)

    def _label(self) -> str:
        """A fixed phrase with facts that are safe to log."""
        return " ".join([f"TokenLab answered {self.status}", *sorted(self.words)])


def _quotes(said: str, version: str) -> bool:
    """Whether a text holds the version as a word, in either spelling: not where it is the beginning of a longer one."""
    spelt = re.sub(r"\\?[._-]", "[._-]", re.escape(version))
    return re.search(rf"(?<![\w.-]){spelt}(?![\w-]|\.\w)", said, re.I) is not None


def _seconds_until(http_date: str | None, now: datetime) -> float | None:
    """Seconds from `now` to an HTTP date; None for no date and for one that has passed."""
    try:
        moment = parsedate_to_datetime(http_date or "")
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return seconds((moment - now).total_seconds())
