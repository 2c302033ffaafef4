"""The one door to media hosts: which addresses may be connected to. No key, no cookie passes here."""

import socket
from collections.abc import Callable
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType
from yarl import URL

from bot.domain.secrets import Address, is_public, literal_address

AddressRule = Callable[[Address], bool]

_CONNECT_TIMEOUT_S = 15.0
_CONNECTIONS_MAX = 16
_HEADERS = {"User-Agent": "Encore", "Accept-Encoding": "identity"}


class ForbiddenAddressError(OSError):
    """A connection to an address that is not public was refused before it began."""


def open_media_session(
    *, allow_private: bool, resolver: AbstractResolver | None = None, is_allowed: AddressRule = is_public
) -> aiohttp.ClientSession:
    """A session of its own for media: connects to public addresses only, unless `allow_private`.

    The rule is asked for the very address that the socket is then made for, whatever the name server said before.
    """
    connector = aiohttp.TCPConnector(
        limit=_CONNECTIONS_MAX,
        use_dns_cache=False,
        resolver=resolver,
        socket_factory=None if allow_private else _guarded_sockets(is_allowed),
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S),
    )


def _guarded_sockets(is_allowed: AddressRule) -> Callable[[AddrInfoType], socket.socket]:
    def make_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        if not is_allowed(ip_address(where[0])):
            raise ForbiddenAddressError("not a public address")
        return socket.socket(family, kind, protocol)

    return make_socket


def may_visit(url: URL, *, allow_private: bool) -> bool:
    """Whether the URL itself is fit to be fetched: https, no user-info, no private address spelled out."""
    if not url.host or url.raw_user is not None or url.raw_password is not None:
        return False
    if allow_private:
        return url.scheme in {"https", "http"}
    address = literal_address(url.host)
    return url.scheme == "https" and (address is None or is_public(address))
