"""The provider's errors as exceptions: one table of statuses, types and codes, and the JSON body they share."""

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

# name -> (HTTP status, type, code, message). Types are the published ones; codes say it more exactly.
PROBLEMS: Mapping[str, tuple[int, str, str, str]] = {
    "bad_request": (400, "invalid_request_error", "invalid_request_error", "The request is not valid"),
    "refused": (400, "invalid_request_error", "content_policy_violation", "Content policy violation"),
    "model_not_found": (400, "invalid_request_error", "model_not_found", "The model does not exist"),
    "unsupported_task_cancel": (400, "invalid_request_error", "unsupported_task_cancel", "Music can't be cancelled"),
    "invalid_api_key": (401, "invalid_api_key", "invalid_api_key", "Invalid API key provided"),
    "expired_api_key": (401, "expired_api_key", "expired_api_key", "This API key has expired"),
    "insufficient_balance": (402, "insufficient_balance", "insufficient_balance", "The balance is too low"),
    "quota_exceeded": (402, "quota_exceeded", "quota_exceeded", "This key has used up its quota"),
    "access_denied": (403, "permission_error", "access_denied", "Access denied"),
    "forbidden": (403, "permission_error", "forbidden", "Forbidden"),
    "forbidden_content": (403, "permission_error", "sensitive_word_error", "The lyrics hold a sensitive word"),
    "model_not_allowed": (403, "permission_error", "model_not_allowed", "This key may not use the model"),
    "task_not_owned": (403, "permission_error", "task_not_owned", "The task belongs to another organization"),
    "not_found": (404, "not_found_error", "not_found_error", "There is nothing at this address"),
    "async_task_not_found": (
        404,
        "invalid_request_error",
        "async_task_not_found",
        "Task not found or no longer available.",
    ),
    "method_not_allowed": (405, "invalid_request_error", "method_not_allowed", "The method is not allowed here"),
    "not_acceptable": (406, "invalid_request_error", "not_acceptable", "Only JSON is spoken here"),
    "request_timeout": (408, "timeout_error", "request_timeout", "The request took too long to arrive"),
    "conflict": (409, "invalid_request_error", "conflict", "The request collides with another one"),
    "unsupported_media_type": (415, "invalid_request_error", "unsupported_content_type", "The body is no JSON"),
    "unprocessable": (422, "invalid_request_error", "validation_failed", "The validator did not take the request"),
    "too_early": (425, "invalid_request_error", "too_early", "Too early"),
    "no_credit": (429, "rate_limit_exceeded", "rate_limit_exceeded", "The current credits are insufficient"),
    "too_often": (430, "rate_limit_exceeded", "too_often", "Your call frequency is too high"),
    "artist_name": (451, "invalid_request_error", "invalid_request_error", "The tags hold the name of an artist"),
    "maintenance": (455, "server_error", "maintenance", "The system is being maintained"),
    "client_gone": (499, "timeout_error", "client_closed_request", "The client is gone"),
    "payload_too_large": (413, "invalid_request_error", "payload_too_large", "The body is too large"),
    "rate_limit_exceeded": (429, "rate_limit_exceeded", "rate_limit_exceeded", "Rate limit exceeded"),
    "server_error": (500, "server_error", "server_error", "An internal error occurred"),
    "upstream_error": (502, "upstream_error", "upstream_error", "The upstream service failed"),
    "all_channels_failed": (503, "all_channels_failed", "all_channels_failed", "No channel could take the request"),
    "delivery_tier_unavailable": (
        503,
        "all_channels_failed",
        "delivery_tier_unavailable",
        "The delivery tier has no capacity",
    ),
    "timeout_error": (504, "timeout_error", "timeout_error", "The request took too long"),
}


class ProblemError(Exception):
    """A refusal on its way to the client. Further fields of the error object are given by name.

    `told` is a body of another shape than the published one.
    """

    def __init__(
        self,
        name: str,
        message: str | None = None,
        *,
        param: str | None = None,
        told: Body | None = None,
        **extra: object,
    ) -> None:
        self.told = told
        self.status, kind, code, default = PROBLEMS[name]
        super().__init__(message or default)
        self.error: Body = {"message": message or default, "type": kind, "code": code, **extra}
        if param is not None:
            self.error["param"] = param

    def body(self, request_id: str) -> Body:
        """The JSON body; a wrong field is also named in `validation_errors`."""
        if self.told is not None:
            return self.told
        body: Body = {"error": {**self.error, "request_id": request_id}}
        if "param" in self.error and self.error["code"] == "invalid_request_error":
            body["validation_errors"] = [{"field": self.error["param"], "message": self.error["message"]}]
        return body

    def headers(self) -> dict[str, str]:
        """`Retry-After` where the error names a delay."""
        delay_s = self.error.get("retry_after")
        return {} if delay_s is None else {"Retry-After": str(delay_s)}
