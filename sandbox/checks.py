"""Judges the body of a create request by the provider's rules. Raises `ProblemError`; answers and stores nothing."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.catalog import MUSIC, PROMPT_MAX_CHARS, Catalog, Model
from sandbox.problems import ProblemError

TAGS_MAX_CHARS = 1000
DEFAULT_MODEL = "suno_music"
ACTIONS = ("MUSIC", "LYRICS")
OPERATIONS = ("upload-cover", "upload-extend", "add-instrumental")
VERSIONS = frozenset(
    (
        "chirp-v6",
        "chirp-v6-wild",
        "chirp-v6-mini",
        "chirp-v3-5",
        "chirp-v4",
        "chirp-v4-5",
        "chirp-v4.5",
        "chirp-v4-5plus",
        "chirp-v4.5plus",
        "chirp-v4-5all",
        "chirp-v4.5all",
        "chirp-v5",
        "chirp-v5-5",
        "chirp-v5.5",
    )
)
TEXTS = ("model", "prompt", "action", "mv", "title", "tags", "negative_tags", "continue_clip_id", "audio_url")


@dataclass(slots=True, kw_only=True)
class Retired:
    """Versions that are refused from now on; a test may change them at any time."""

    versions: set[str] = field(default_factory=set)
    names_mv: bool = True
    """Whether the refusal names the field; if not, only its text quotes the version."""


NOTHING_RETIRED = Retired()
Fields = Mapping[str, Any]
FindClip = Callable[[str], float | None]


def check_create(
    body: Fields, *, catalog: Catalog, clip_length_s: FindClip, lenient: bool, retired: Retired = NOTHING_RETIRED
) -> Model:
    """The model that the request means.

    `clip_length_s` gives the length of a known clip. Lenient lets `mv` be, and parameters that the model doesn't take.
    """
    _check_types(body)
    model = _model(body, catalog)
    lyrics = _action(body) == "LYRICS"
    _check_ability(model, lyrics=lyrics)
    if not lenient:
        _check_version(body, lyrics=lyrics)
        _check_parameters(body, model)
    _check_retired(body, retired)
    operation = _operation(body)
    _check_upload(body, operation)
    _check_texts(body, needs_prompt=operation != "add-instrumental")
    _check_clip(body, clip_length_s)
    return model


def _check_types(body: Fields) -> None:
    for name in TEXTS:
        if name in body and not isinstance(body[name], str):
            raise _wrong(name, "must be a string")
    if not isinstance(body.get("make_instrumental", False), bool):
        raise _wrong("make_instrumental", "must be true or false")
    at_s = body.get("continue_at", 0)
    if isinstance(at_s, bool) or not isinstance(at_s, int | float) or not math.isfinite(at_s) or at_s < 0:
        raise _wrong("continue_at", "must be a number of seconds from 0 on")


def _model(body: Fields, catalog: Catalog) -> Model:
    name = body.get("model", DEFAULT_MODEL)
    model = catalog.find(name)
    if model is None:
        near = catalog.models[0].id
        raise ProblemError("model_not_found", f"Model '{name}' not found", param="model", did_you_mean=near)
    return model


def _action(body: Fields) -> str:
    action: str = body.get("action", "MUSIC")
    if action not in ACTIONS:
        raise _wrong("action", f"must be one of {', '.join(ACTIONS)}")
    return action


def _check_ability(model: Model, *, lyrics: bool) -> None:
    wanted = "lyrics" if lyrics else "music"
    if model.operation != wanted:
        message = f"Model '{model.id}' does not support {wanted}"
        raise ProblemError("bad_request", message, param="action", supported_operations=[model.operation])


def _check_version(body: Fields, *, lyrics: bool) -> None:
    if lyrics:
        if "mv" in body:
            raise _wrong("mv", "must be omitted for lyrics")
    elif "mv" not in body:
        raise _wrong("mv", "is required when action is MUSIC or omitted")
    elif body["mv"] not in VERSIONS:
        raise _wrong("mv", "is not a known version")


def _check_retired(body: Fields, retired: Retired) -> None:
    version = body.get("mv", "")
    if version.replace(".", "-") in retired.versions:
        message = f"Version '{version}' is no longer available"
        raise ProblemError("bad_request", message, param="mv" if retired.names_mv else None)


def _check_parameters(body: Fields, model: Model) -> None:
    for name in MUSIC.parameters:
        if name in body and name not in model.parameters:
            message = f"{name}: is not a parameter of '{model.id}'"
            raise ProblemError("bad_request", message, param=name, supported_parameters=list(model.parameters))


def _operation(body: Fields) -> str | None:
    operation = body.get("audio_operation", "upload-cover" if "audio_url" in body else None)
    if operation is not None and operation not in OPERATIONS:
        raise _wrong("audio_operation", f"must be one of {', '.join(OPERATIONS)}")
    return operation if isinstance(operation, str) else None


def _check_upload(body: Fields, operation: str | None) -> None:
    if operation is None:
        return
    needed = ("audio_url", "title", "tags", "negative_tags") if operation == "add-instrumental" else ("audio_url",)
    for name in needed:
        if not body.get(name):
            raise _wrong(name, f"is required for {operation}")
    if not body["audio_url"].startswith(("http://", "https://")):
        raise _wrong("audio_url", "must be a URL")
    if operation == "upload-extend" and not body.get("continue_at", 0) > 0:
        raise _wrong("continue_at", "must be greater than 0 for upload-extend")


def _check_texts(body: Fields, *, needs_prompt: bool) -> None:
    if needs_prompt and not body.get("prompt", "").strip():
        raise _wrong("prompt", "is required")
    if len(body.get("prompt", "")) > PROMPT_MAX_CHARS:
        message = f"prompt: at most {PROMPT_MAX_CHARS} characters"
        raise ProblemError("bad_request", message, param="prompt", prompt_max_characters=PROMPT_MAX_CHARS)
    for name in ("tags", "negative_tags"):
        if len(body.get(name, "")) > TAGS_MAX_CHARS:
            raise _wrong(name, f"at most {TAGS_MAX_CHARS} characters")


def _check_clip(body: Fields, clip_length_s: FindClip) -> None:
    if "continue_clip_id" not in body:
        return
    length_s = clip_length_s(body["continue_clip_id"])
    if length_s is None:
        raise _wrong("continue_clip_id", "names no finished clip")
    if body.get("continue_at", 0) > length_s:
        raise _wrong("continue_at", "is after the end of the clip")


def _wrong(field: str, message: str) -> ProblemError:
    return ProblemError("bad_request", f"{field}: {message}", param=field)
