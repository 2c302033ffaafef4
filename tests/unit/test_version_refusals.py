"""Which answers to a create are a no to its version: only then is another one tried, so in doubt it is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import system_clock
from bot.tokenlab.answers import Answer
from bot.tokenlab.errors import (
    AccessRefusedError,
    ClipRefusedError,
    ContentRefusedError,
    ModelUnavailableError,
    OutcomeUnknownError,
    RefusedError,
    TokenLabError,
    VersionRefusedError,
)

SENT = "chirp-v4"
UNAVAILABLE = "Version 'chirp-v4' is no longer available"


def error_of(status: int, body: Any, *, version: str | None = SENT) -> TokenLabError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer.read(status, {}, raw).create_error(system_clock(), version=version)


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, said("Not supported", param="mv")),
        (400, said("Not supported", param="body.mv")),
        (400, {**said("Invalid"), "validation_errors": [{"field": "mv", "message": "unknown value"}]}),
        (400, said("mv: must be one of chirp-v5, chirp-v6")),
        (400, said("Invalid value for 'mv'")),
        (400, said(UNAVAILABLE)),
        (400, said("Model chirp-v4 has been retired; use chirp-v6.")),
        (400, said("Model CHIRP-V4 not found", code="model_not_found", param="model")),
        (400, said("chirp-v4: unsupported content type, delivery policy auto")),
        (403, said("Your plan does not include chirp-v4", code="model_not_allowed")),
        (404, said(UNAVAILABLE)),
        (400, {"error": UNAVAILABLE}),
        (400, {"message": UNAVAILABLE}),
        (400, UNAVAILABLE.encode()),
        (400, {"detail": [{"loc": ["body", "mv"], "msg": "unexpected value"}]}),
        (400, {"message": "Validation failed", "errors": [{"field": "mv", "message": "unknown value"}]}),
        (400, said("Validation failed", details=[{"param": "mv"}])),
        (400, said("chirp_v4 is not supported")),
        (403, said("Not in your plan", param="mv")),
        (403, {"message": "Your plan does not include chirp-v4"}),
    ],
)
def test_a_definite_no_that_names_mv_or_quotes_the_version_is_one_to_the_version(status: int, body: Any):
    error = error_of(status, body)
    assert type(error) is VersionRefusedError
    assert error.detail is not None or "detail" in body


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, said("The prompt is empty", param="prompt")),
        (400, said("chirp-v4 takes no such prompt", param="prompt")),
        (400, said("chirp-v5 is not available")),
        (400, said("chirp-v4-5 is not available")),
        (400, said("chirp-v4.5 is not available")),
        (400, said("xchirp-v4 is not available")),
        (400, said("Something is wrong")),
        (400, said("chirp-v4: content policy violation")),
        (400, said("chirp-v4 refused", code="content_policy_violation")),
        (400, said("chirp-v4 refused", code="sensitive_word_error")),
        (400, said("chirp-v4: the prompt names an artist")),
        (400, said("chirp-v4: copyrighted lyrics")),
        (400, said("mv: rejected by moderation", param="mv")),
        (400, said("The prompt is too long for chirp-v4")),
        (400, said("chirp-v4 takes at most 3000 characters")),
        (400, said("Bad", supported_parameters=["prompt", "mv"], recommended_request={"mv": SENT})),
        (400, {**said("Bad prompt"), "request": {"mv": SENT}}),
        (401, said("No access to chirp-v4")),
        (402, said("Not enough credit for chirp-v4")),
        (413, said("Too large for chirp-v4")),
        (400, {}),
        (400, []),
        (400, b"\xff\xfe"),
    ],
)
def test_every_other_definite_no_is_about_something_else(status: int, body: Any):
    error = error_of(status, body)
    assert isinstance(error, RefusedError)
    assert not isinstance(error, VersionRefusedError)


@pytest.mark.parametrize(
    "status", [200, 202, 302, 408, 409, 425, 429, 430, 455, 499, 500, 501, 502, 503, 504, 520, 599]
)
@pytest.mark.parametrize(
    "body",
    [
        said(UNAVAILABLE, param="mv", code="model_not_found"),
        said(UNAVAILABLE, param="mv", code="all_channels_failed", retryable=False),
        {"error": UNAVAILABLE},
        UNAVAILABLE.encode(),
    ],
)
def test_no_other_status_ever_refuses_a_version(status: int, body: Any):
    assert not isinstance(error_of(status, body), VersionRefusedError)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, said("Not for this key", param="mv", code="access_denied")),
        (403, {"error": "unauthorized", "message": "No access to chirp-v4"}),
        (403, said("No access")),
        (451, said("Not in this region", param="mv")),
        (451, said(UNAVAILABLE)),
        (400, {**said("Invalid"), "validation_errors": [{"field": "mv"}, {"field": "continue_clip_id"}]}),
    ],
)
def test_a_refusal_of_the_key_the_content_or_the_clip_is_none_of_the_version(status: int, body: Any):
    error = error_of(status, body)
    assert isinstance(error, AccessRefusedError | ContentRefusedError | ClipRefusedError)


@pytest.mark.parametrize("status", [401, 402, 413])
@pytest.mark.parametrize("code", ["model_not_found", "model_not_allowed"])
def test_no_code_makes_a_refusal_of_the_key_the_credit_or_the_size_one_of_the_version(status: int, code: str):
    assert type(error_of(status, said(UNAVAILABLE, param="mv", code=code))) is ModelUnavailableError


def test_without_a_version_none_can_be_refused():
    assert not isinstance(error_of(400, said("mv must be omitted", param="mv"), version=None), VersionRefusedError)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.sampled_from([SENT, "mv", UNAVAILABLE]) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "msg", "detail", "param", "loc", "validation_errors", "field", "code", "type"]
            ),
            inner,
        )
    ),
)


@given(body=JSON, status=st.sampled_from([200, 429, 500, 502, 503, 504]))
def test_no_shape_of_body_makes_a_5xx_or_a_200_a_refusal_of_the_version(body: Any, status: int):
    assert not isinstance(error_of(status, body), VersionRefusedError)


@given(body=JSON)
def test_no_shape_of_a_definite_no_is_taken_for_an_unknown_outcome(body: Any):
    assert not isinstance(error_of(400, body), OutcomeUnknownError)
