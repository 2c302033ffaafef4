"""Where the key may go: the addresses of the API, all on its own origin. Pure; nothing is requested here."""

import re
from urllib.parse import quote

from yarl import URL

URL_MAX_CHARS = 2048
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
"""Printable ASCII without space and backslash."""
_SPELT = re.compile(r"[^/?#]+//[^/?#]*(?P<path>[^?#]*)(?P<query>[^#]*)")
"""What follows the origin in an absolute address."""


def create_url(base: URL) -> URL:
    """Where music is ordered (TokenLab docs, Create Music)."""
    return _at(base, "/v1/music/generations")


def task_url(base: URL, provider_task_id: str) -> URL:
    """The fixed route to one task (TokenLab docs, Get Task Status). The id is opaque, hence percent-encoded."""
    return _at(base, f"/v1/tasks/{_segment(provider_task_id)}")


def models_url(base: URL, category: str) -> URL:
    """The list of models of one category (TokenLab docs, List Models)."""
    return _at(base, "/v1/models").with_query(category=category)


def model_url(base: URL, model_id: str) -> URL:
    """One model with its request contract (TokenLab docs, Get a Model)."""
    return _at(base, f"/v1/models/{_segment(model_id)}")


def keys_url(base: URL) -> URL:
    """The list of the organization's keys (OpenAPI, List organization API keys)."""
    return _at(base, "/v1/management/api-keys")


def usage_url(base: URL, key_id: str) -> URL:
    """What one key has used (TokenLab docs, Get API Key Usage)."""
    return _at(base, f"/v1/management/api-keys/{_segment(key_id)}/usage")


def resolve_poll_url(poll_url: str, base: URL) -> URL | None:
    """The address that `poll_url` means, or None where it is not on the API's own origin.

    The API names root-relative paths (TokenLab docs, Get Music Status). Accepted are those and absolute addresses of
    exactly the origin of `base`; anything unusual (`//host`, backslashes, user-info, white space, other schemes) is
    refused. What comes behind the origin is requested letter by letter, for it may be signed. Check again on every
    use: a stored address may be older than the configuration.
    """
    if len(poll_url) > URL_MAX_CHARS or not _PLAIN.fullmatch(poll_url) or poll_url.startswith("//"):
        return None
    try:
        if poll_url.startswith("/"):
            return _at(base, poll_url.partition("#")[0])
        url, spelt = URL(poll_url), _SPELT.match(poll_url)
        if spelt is None or not url.absolute or "@" in poll_url or _origin(url) != _origin(base):
            return None
        return _at(base, f"{spelt['path'] or '/'}{spelt['query']}")
    except ValueError:
        return None


def _segment(value: str) -> str:
    """One segment of a path, whatever the text; half a surrogate pair too must not raise."""
    return quote(value, safe="", errors="surrogatepass")


def _at(base: URL, encoded_path: str) -> URL:
    url = URL(f"{base.origin()}{encoded_path}", encoded=True)
    if encoded_path.endswith("?") and not url.raw_query_string:  # yarl drops the sign of an empty query
        return url.with_path(f"{url.raw_path}?", encoded=True)
    return url


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port
