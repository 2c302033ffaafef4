"""How a request finds its handler in the pretended Discord. Reads bodies; decides nothing about them."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.discord_faults import Reply, UploadedFile
from tests.fakes.discord_world import Json

NO_CONTENT = Reply(204)
INVALID_JSON = "invalid JSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request on its way to a handler."""

    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    json: Any
    files: list[UploadedFile]

    @property
    def body(self) -> Json:
        """The JSON object that was sent, empty if there was none."""
        return self.json if isinstance(self.json, dict) else {}

    def number(self, name: str) -> int:
        """A path parameter that is an id, 0 if it is not a number."""
        value = self.params[name]
        return int(value) if value.isdigit() else 0


Handler = Callable[[Call], Awaitable[Reply]]


class Route:
    """One method and path template. `public` routes carry their own token in the path."""

    def __init__(self, method: str, template: str, handler: Handler, *, public: bool = False) -> None:
        self.method, self.template, self.handler, self.public = method, template, handler, public
        self._pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters, None if this is another route."""
        found = self._pattern.fullmatch(path) if method == self.method else None
        return found.groupdict() if found else None


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The first route that fits."""
    for route in routes:
        if (params := route.match(method, path)) is not None:
            return route, params
    return None


async def read_body(request: web.Request) -> tuple[Any, list[UploadedFile]]:
    """The JSON and the files of a request; JSON is None where there is none."""
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    text = await request.text()
    return (_parsed(text) if text and request.content_type == "application/json" else None), []


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return INVALID_JSON


async def _read_multipart(request: web.Request) -> tuple[Any, list[UploadedFile]]:
    body, files = None, []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read(decode=False))
        if part.name == "payload_json":
            body = _parsed(data)
        else:
            kind = part.headers.get("Content-Type", "")
            files.append(UploadedFile(part=part.name or "", filename=part.filename or "", content_type=kind, data=data))
    return body, files
