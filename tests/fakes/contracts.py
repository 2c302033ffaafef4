"""Checks requests and answers against a published OpenAPI description. Knows JSON Schema; opens no sockets.

The descriptions are not part of this repository. They are looked for in `CONTRACTS_DIR`, by default
`../shared/contracts` beside the repository; where a file is missing, `Contract.load` gives None and
`required_contract` skips the test. Each check returns a list of violations, so that a loopback server can collect
them while it runs and a test can call `assert_clean` at the end.

Where a description is known to say less or something else than the service does, the exception is written here:

- Discord: snowflakes are published as strings of digits, yet the service also accepts integers, and discord.py
  sends some. Only `SnowflakeType` is widened.
- TokenLab: the 200 of the two music routes has no body schema; the schema of `GET /v1/tasks/{id}` is used.
- TokenLab: `progress` is published as an integer, yet newer pages show fractions.
- TokenLab: most error statuses are listed for no route (402, 429 and 503 of a create, the 404 of a task), though
  the prose promises one error shape for all: an unlisted or bodiless status from 400 on is checked against it.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
NO_CONTRACTS = "published API descriptions not found (CONTRACTS_DIR)"
ROOT = "urn:contract"
FIRST_ERROR = 400
FIRST_SERVER_ERROR = 500
MESSAGE_CHARS = 250

QueryValues = Mapping[str, str | Sequence[str]]

BORROWED_SCHEMAS = {
    ("post", "/v1/music/generations", 200): "#/components/schemas/VideoTaskResponse",
    ("get", "/v1/music/generations/{id}", 200): "#/components/schemas/VideoTaskResponse",
}


def contracts_dir() -> Path:
    """Where the published descriptions are expected on this machine."""
    default = Path(__file__).resolve().parents[3] / "shared" / "contracts"
    return Path(os.environ.get("CONTRACTS_DIR") or default)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one published path, with the values that a concrete path gives to the template."""

    method: str
    template: str
    spec: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    path_values: Mapping[str, str]


class Contract:
    """One published API description. Every check returns its violations as readable strings, none if all is well."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._doc = _relaxed(description)
        resource = Resource.from_contents(self._doc, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(ROOT, resource)
        self._routes = [(_pattern(template), template) for template in sorted(self._doc["paths"], key=_looseness)]
        self._prefixes = [_url_path(server["url"]) for server in self._doc.get("servers", [])]

    @classmethod
    def load(cls, filename: str) -> "Contract | None":
        """The description in that file of the contracts' folder, or None where there is no such file."""
        path = contracts_dir() / filename
        return _loaded(path) if path.is_file() else None

    def check_request(
        self, method: str, path: str, *, query: QueryValues | None = None, json_body: object = None
    ) -> list[str]:
        """Compare a request. `path` may carry the server's prefix (`/api/v10`); `json_body` None means no body.

        For a multipart body pass the parsed `payload_json`.
        """
        operation, trouble = self._find(method, path)
        if operation is None:
            return trouble
        found = [*self._check_parameters(operation, query or {}), *self._check_body(operation, json_body)]
        return _labelled(f"{operation.method.upper()} {operation.template}", found)

    def check_response(self, method: str, path: str, status: int, json_body: object = None) -> list[str]:
        """Compare the answer to that request. `json_body` None means that the answer had no JSON body."""
        operation, trouble = self._find(method, path)
        if operation is None:
            return trouble
        label = f"{operation.method.upper()} {operation.template} -> {status}"
        listed, schema = self._response_schema(operation, status)
        if not listed and status < FIRST_SERVER_ERROR and schema is None:
            return [f"{label}: the status is not published for this route"]
        if schema is None:
            return []
        if json_body is None:
            return [f"{label}: a JSON body is published, none was sent"]
        return _labelled(label, self._violations(schema, json_body))

    def _find(self, method: str, path: str) -> tuple[Operation | None, list[str]]:
        bare = self._without_prefix(path)
        for pattern, template in self._routes:
            if match := pattern.fullmatch(bare):
                item = self._doc["paths"][template]
                spec = item.get(method.lower())
                if spec is not None:
                    parameters = (*item.get("parameters", ()), *spec.get("parameters", ()))
                    names = re.findall(r"\{(\w+)\}", template)
                    values = dict(zip(names, match.groups(), strict=True))
                    return Operation(method.lower(), template, spec, parameters, values), []
        known = any(pattern.fullmatch(bare) for pattern, _ in self._routes)
        return None, [f"{method.upper()} {bare}: {'method' if known else 'path'} is not published"]

    def _without_prefix(self, path: str) -> str:
        for prefix in self._prefixes:
            if prefix and path.startswith(f"{prefix}/"):
                return path.removeprefix(prefix)
        return path

    def _check_parameters(self, operation: Operation, query: QueryValues) -> Iterator[str]:
        published = {(p["in"], p["name"]): p for p in operation.parameters}
        for name, value in operation.path_values.items():
            if ("path", name) in published:
                yield from self._check_value(f"path parameter {name}", published["path", name]["schema"], value)
        for name, given in query.items():
            if ("query", name) not in published:
                yield f"query parameter {name} is not published"
            else:
                yield from self._check_value(f"query parameter {name}", published["query", name]["schema"], given)
        for (place, name), parameter in published.items():
            if place == "query" and parameter.get("required") and name not in query:
                yield f"query parameter {name} is required"

    def _check_value(self, label: str, schema: Mapping[str, Any], value: str | Sequence[str]) -> list[str]:
        """A value from a URL is text: it is right if any reading of it (text, number, boolean, list) is right."""
        troubles = [self._violations(schema, reading) for reading in _readings(value)]
        return [] if [] in troubles else [f"{label}: {trouble}" for trouble in troubles[0]]

    def _check_body(self, operation: Operation, body: object) -> list[str]:
        published = operation.spec.get("requestBody")
        if published is None:
            return [] if body is None else ["a body was sent, none is published"]
        if body is None:
            return ["a body is required"] if published.get("required") else []
        schema = published["content"].get("application/json", {}).get("schema")
        return [] if schema is None else self._violations(schema, body)

    def _response_schema(self, operation: Operation, status: int) -> tuple[bool, Mapping[str, Any] | None]:
        responses = operation.spec.get("responses", {})
        answer = next((responses[key] for key in (str(status), f"{status // 100}XX") if key in responses), None)
        if answer is not None and "$ref" in answer:
            answer = self._doc["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        schema = (answer or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None and (borrowed := BORROWED_SCHEMAS.get((operation.method, operation.template, status))):
            schema = {"$ref": borrowed}
        if schema is None and status >= FIRST_ERROR and "ApiError" in self._doc["components"]["schemas"]:
            schema = {"$ref": "#/components/schemas/ApiError"}
        return answer is not None, schema

    def _violations(self, schema: Mapping[str, Any], value: object) -> list[str]:
        validator = Draft202012Validator(_anchored(schema), registry=self._registry)
        return [_worded(error) for error in validator.iter_errors(value)]


def required_contract(filename: str) -> Contract:
    """The description in that file; the test that asks is skipped, with the reason, where it is missing."""
    contract = Contract.load(filename)
    if contract is None:
        pytest.skip(f"{NO_CONTRACTS}: {filename}")
    return contract


def assert_clean(violations: Iterable[str]) -> None:
    """Fail with every violation on its own line, if there is any."""
    found = list(violations)
    assert not found, "against the published description:\n" + "\n".join(found)


@cache
def _loaded(path: Path) -> Contract:
    return Contract(json.loads(path.read_text(encoding="utf-8")))


def _relaxed(description: dict[str, Any]) -> dict[str, Any]:
    """The description as Draft 2020-12 reads it, widened by the exceptions named in the module's docstring."""
    doc: dict[str, Any] = _without_nullable(description)
    schemas = doc["components"]["schemas"]
    if "SnowflakeType" in schemas:
        schemas["SnowflakeType"] = {"anyOf": [schemas["SnowflakeType"], {"type": "integer", "minimum": 0}]}
    if "VideoTaskResponse" in schemas:
        schemas["VideoTaskResponse"]["properties"]["progress"]["type"] = "number"
    return doc


def _without_nullable(node: Any) -> Any:
    """OpenAPI 3.0 marks a field that may be null with `nullable`, which JSON Schema does not know."""
    if isinstance(node, list):
        return [_without_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    nullable = node.get("nullable") is True
    plain = {key: _without_nullable(value) for key, value in node.items() if not (nullable and key == "nullable")}
    return {"anyOf": [plain, {"type": "null"}]} if nullable else plain


def _anchored(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with its references pointing into the registered description."""

    def anchor(node: Any) -> Any:
        if isinstance(node, list):
            return [anchor(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {key: f"{ROOT}{value}" if key == "$ref" else anchor(value) for key, value in node.items()}

    anchored: dict[str, Any] = anchor(dict(schema))
    return anchored


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+\})", template)
    return re.compile("".join("([^/]+)" if piece.startswith("{") else re.escape(piece) for piece in pieces))


def _looseness(template: str) -> tuple[int, str]:
    """Fewest placeholders first, so that `@original` wins over `{message_id}`."""
    return template.count("{"), template


def _url_path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2] if "/" in url.partition("://")[2] else ""


def _readings(value: str | Sequence[str]) -> Iterator[object]:
    yield value if isinstance(value, str) else list(value)
    if not isinstance(value, str):
        return
    if re.fullmatch(r"-?\d+", value):
        yield int(value)
    if value.lower() in {"true", "false", "1", "0"}:
        yield value.lower() in {"true", "1"}
    yield [value]


def _worded(error: Any) -> str:
    """The innermost cause, with the place in the body where it was found."""
    cause = best_match([error]) or error
    place = "/".join(str(part) for part in cause.absolute_path) or "(root)"
    message = cause.message
    return f"{place}: {message if len(message) <= MESSAGE_CHARS else message[:80] + ' … ' + message[-160:]}"


def _labelled(label: str, violations: Iterable[str]) -> list[str]:
    return [f"{label}: {violation}" for violation in violations]
