"""The one door to media hosts: which addresses may be connected to. No key, no cookie passes here."""

import logging
import socket
from collections.abc import Callable, Collection
from functools import partial
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType
from yarl import URL

from bot.domain.secrets import Address, AddressRange, is_allowed, is_public, literal_address, odd_range

log = logging.getLogger(__name__)

AddressRule = Callable[[Address], bool]

_CONNECT_TIMEOUT_S = 15.0
_NAME_AND_CONNECT_S = 30.0
_HEADERS = {"User-Agent": "Encore", "Accept-Encoding": "identity"}


class ForbiddenAddressError(OSError):
    """A connection to an address that is not public was refused before it began."""


def allowing(ranges: Collection[AddressRange]) -> AddressRule:
    """The rule that lets public addresses through, and those of the ranges that the operator has named."""
    return partial(is_allowed, ranges=ranges)


def open_media_session(
    *, allow_private: bool, resolver: AbstractResolver | None = None, rule: AddressRule = is_public
) -> aiohttp.ClientSession:
    """A session of its own for media: connects to public addresses only, unless `allow_private`.

    The rule is asked for the very address that the socket is then made for, whatever the name server said before.
    """
    connector = aiohttp.TCPConnector(
        limit=0,  # as many as the fetcher begins: what drips must not keep a healthy one waiting
        use_dns_cache=False,
        resolver=resolver,
        socket_factory=None if allow_private else _guarded_sockets(rule),
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=_NAME_AND_CONNECT_S, sock_connect=_CONNECT_TIMEOUT_S),
    )


def _guarded_sockets(rule: AddressRule) -> Callable[[AddrInfoType], socket.socket]:
    def make_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        address = ip_address(where[0])
        if not rule(address):
            _tell(address)
            raise ForbiddenAddressError("not a public address")
        return socket.socket(family, kind, protocol)

    return make_socket


def _tell(address: Address) -> None:
    """Say how a resolver that makes up its answers can be lived with."""
    if (addresses := odd_range(address)) is not None:
        told = {"range": str(addresses), "setting": "MEDIA_ALLOW_RANGES"}
        log.warning("a media host's name leads into a range that is not public", extra=told)


def may_visit(url: URL, *, allow_private: bool, rule: AddressRule = is_public) -> bool:
    """Whether the URL itself is fit to be fetched: https, no user-info, no private address spelled out."""
    if not url.host or url.raw_user is not None or url.raw_password is not None:
        return False
    if allow_private:
        return url.scheme in {"https", "http"}
    address = literal_address(url.host)
    return url.scheme == "https" and (address is None or rule(address))
