"""What can go wrong at TokenLab, sorted by what the engine has to decide. No status codes leave this package.

    TokenLabError
    ├── RefusedError            a definite no: nothing was created, the same request will be refused again
    │   ├── WishRefusedError        the member can word it differently
    │   │   └── ContentRefusedError     its content is not allowed
    │   ├── ClipRefusedError        the clip to be continued is not accepted
    │   ├── ModelUnavailableError   the operator must look at the model and what the key may use
    │   │   └── VersionRefusedError     this version of it is not taken, perhaps another one is
    │   ├── AccessRefusedError      the operator must look at the key (a look: hold the task, alert)
    │   ├── NoCreditError           the operator must top up
    │   └── ProviderRefusedError    the provider has no channel and says that waiting won't help
    ├── TryLaterError           nothing was created; the same request may be sent again after a while
    │   ├── ThrottledError          too many requests of this key: slow everything down
    │   ├── NotSentError            no connection: the request never left
    │   └── BadAnswerError          reads only: the answer made no sense (HTML, no status, a redirect)
    ├── OutcomeUnknownError     create only: a task may or may not exist, never send it again by itself
    ├── TaskGoneError           looks only: the provider says that it has no such task, perhaps only for a moment
    └── TaskNotOwnedError       looks only: the task belongs to another key's organization: hold it, alert

`create` raises RefusedError, TryLaterError (not BadAnswerError) and OutcomeUnknownError; reads raise the others and
never OutcomeUnknownError. A TryLaterError of a look says nothing about the task: keep looking.
"""

from typing import ClassVar

from bot.domain.tasks import ErrorCode

DETAIL_MAX_CHARS = 500


class TokenLabError(Exception):
    """Base of everything that the client raises.

    `request_id` is the provider's, for support; `detail` is the provider's own text, at most 500 characters, which no
    member reads unread by us and which is not logged (it may quote the prompt).
    """

    def __init__(self, message: str, *, request_id: str | None = None, detail: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id
        self.detail = detail[:DETAIL_MAX_CHARS] if detail else None


class RefusedError(TokenLabError):
    """A definite refusal; `error_code` is the reason in our own closed list."""

    error_code: ClassVar[ErrorCode] = ErrorCode.WISH_REFUSED


class WishRefusedError(RefusedError):
    """The wish itself was refused: any definite 4xx that names nothing else we know."""


class ContentRefusedError(WishRefusedError):
    """What the wish asks for is not allowed: content policy, copyright, artists' names (451, and words in any 4xx)."""

    error_code = ErrorCode.CONTENT_REFUSED


class ClipRefusedError(RefusedError):
    """The clip that was to be continued is unknown or can't be used."""

    error_code = ErrorCode.CLIP_REFUSED


class ModelUnavailableError(RefusedError):
    """The model is unknown, not allowed for this key, or doesn't take such requests."""

    error_code = ErrorCode.MODEL_UNAVAILABLE


class VersionRefusedError(ModelUnavailableError):
    """The version that was sent as `mv` is not taken; nothing is said against the wish."""

    error_code = ErrorCode.VERSION_UNAVAILABLE


class AccessRefusedError(RefusedError):
    """The key was refused (401, 403)."""

    error_code = ErrorCode.NO_ACCESS


class NoCreditError(RefusedError):
    """Balance or the key's own quota is used up (402, and a 429 that says so)."""

    error_code = ErrorCode.NO_CREDIT


class ProviderRefusedError(RefusedError):
    """No channel took the request, and the provider says that trying again won't help."""

    error_code = ErrorCode.PROVIDER_BUSY


class TryLaterError(TokenLabError):
    """Passing trouble. `retry_after_s` is how many seconds the provider asked us to wait, if it did."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id, detail=detail)
        self.retry_after_s = retry_after_s


class ThrottledError(TryLaterError):
    """Too many requests of this key (429, 430): tell the budget."""


class NotSentError(TryLaterError):
    """No connection could be made, so the request never left this machine."""


class BadAnswerError(TryLaterError):
    """An answer to a read that isn't what the API describes."""


class OutcomeUnknownError(TokenLabError):
    """A create that may have been accepted: time-out, dropped connection, unclear server error, no id in the answer."""


class TaskGoneError(TokenLabError):
    """The provider says that it has no such task; a young one may not be readable everywhere at once."""

    error_code: ClassVar[ErrorCode] = ErrorCode.RESULT_GONE


class TaskNotOwnedError(TokenLabError):
    """This key may not see this task: usually the key was changed to another organization's."""
