"""Sends one request with a secret, and reads the one answer. Never follows a redirect, never repeats anything."""

from collections.abc import Mapping
from contextlib import suppress

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.tokenlab.answers import Answer
from bot.tokenlab.errors import NotSentError, OutcomeUnknownError, TryLaterError

BODY_MAX_BYTES = 2 * 1024 * 1024
CONNECT_TIMEOUT_S = 10.0
HEADER_MAX_BYTES = 128 * 1024
HEADERS_MAX = 1000
"""Longer or more headers would leave the fate of a create unknown; unless told, aiohttp takes 8 KiB and 128 of them."""

_NOT_SENT = (
    aiohttp.ClientConnectorError,  # refused, DNS, TLS: subclasses included
    aiohttp.ClientHttpProxyError,  # the proxy did not let us through
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    UnicodeError,  # a host name that can't be looked up; answers are decoded without it
)
"""What aiohttp raises only before the first byte of a request (aiohttp 3.14, `ClientSession._request`)."""

_BROKEN_OFF = (aiohttp.ClientError, TimeoutError, ValueError)
"""What aiohttp raises later. A POST is never repeated by aiohttp itself, also not on a stale connection."""


async def read(session: aiohttp.ClientSession, url: URL, secret: SecretStr, patience: aiohttp.ClientTimeout) -> Answer:
    """Send a GET, which may be repeated: trouble on the way is a reason to try later.

    Raises:
        TryLaterError: No status came back.
    """
    try:
        return await send(session, url, secret, patience)
    except OutcomeUnknownError as error:
        raise TryLaterError("no answer from TokenLab") from error


async def send(
    session: aiohttp.ClientSession,
    url: URL,
    secret: SecretStr,
    patience: aiohttp.ClientTimeout,
    *,
    order: Mapping[str, object] | None = None,
) -> Answer:
    """Send a POST with an order, else a GET.

    Raises:
        NotSentError: The request never left.
        OutcomeUnknownError: It may have arrived, but no status came back.
    """
    if session.closed:
        raise NotSentError("the session is closed")
    key = secret.get_secret_value()
    if not (key.isascii() and key.isprintable()):  # aiohttp would raise a ValueError, and the outcome seem unknown
        raise NotSentError("the key can't be sent")
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    method = "GET" if order is None else "POST"
    sending = session.request(
        method,
        url,
        json=order,
        headers=headers,
        timeout=patience,
        allow_redirects=False,
        max_line_size=HEADER_MAX_BYTES,
        max_field_size=HEADER_MAX_BYTES,
        max_headers=HEADERS_MAX,
    )
    try:
        async with sending as response:
            raw = await _body(response.content)
            return Answer.read(response.status, response.headers, raw)
    except _NOT_SENT as error:
        raise NotSentError("no connection to TokenLab") from error
    except _BROKEN_OFF as error:
        raise OutcomeUnknownError("no answer from TokenLab") from error


def limits(total_s: float) -> aiohttp.ClientTimeout:
    """How long a request may take: connecting ends before the whole does, so that "never sent" is told apart."""
    connect_s = min(CONNECT_TIMEOUT_S, total_s / 2)
    return aiohttp.ClientTimeout(total=total_s, connect=connect_s, sock_connect=connect_s)


async def _body(content: aiohttp.StreamReader) -> bytes:
    """What comes of a body, at most about `BODY_MAX_BYTES`; where it breaks off, status and headers still speak."""
    body = bytearray()
    with suppress(*_BROKEN_OFF):
        while len(body) <= BODY_MAX_BYTES and (chunk := await content.readany()):
            body += chunk
    return bytes(body)
