"""Finds what must not leave with a wish: keys, tokens and private addresses. Pure text in, a kind out; asks nobody."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum, auto
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

Address = IPv4Address | IPv6Address
AddressRange = IPv4Network | IPv6Network


class SecretKind(StrEnum):
    """What was found; never the secret itself."""

    API_KEY = auto()
    DISCORD_TOKEN = auto()
    WEBHOOK = auto()
    PRIVATE_KEY = auto()
    ACCESS_TOKEN = auto()
    PRIVATE_URL = auto()


def find_secret(text: str) -> SecretKind | None:
    """The kind of the first secret or private URL in the text, or None."""
    return next((kind for kind, found_in in _CHECKS if found_in(text)), None)


# --- Keys and tokens ---------------------------------------------------------------------------------------------
# Only detectors that know the exact shape of a key and whose time grows with the length of the text: those that guess
# from entropy or from words such as "key" take lyrics for secrets, and those for OpenAI, JWT and Artifactory search in
# quadratic time (the first two are done below). Only their patterns are used: nothing is verified over the network.

_KEY_SHAPES = tuple(
    shape
    for detector in (
        AWSKeyDetector(),
        AzureStorageKeyDetector(),
        GitHubTokenDetector(),
        MailchimpDetector(),
        NpmDetector(),
        SendGridDetector(),
        SlackDetector(),
        SquareOAuthDetector(),
        StripeDetector(),
        TwilioKeyDetector(),
    )
    for shape in detector.denylist
)
_DISCORD_SHAPES = tuple(DiscordBotTokenDetector().denylist)
_PRIVATE_KEY_SHAPES = tuple(PrivateKeyDetector().denylist)

_DASHED_KEY = re.compile(r"(?<![a-z0-9])(?:sk|mt)-(?P<body>[a-z0-9_-]{12,})", re.I | re.A)
_DASHED_RUN = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{12,}|[a-z0-9]{20,}", re.I | re.A)
"""What tells a key from a word with hyphens: twelve letters and digits in a row, or twenty of either."""
_OTHER_KEY = re.compile(
    r"(?<!\w)(?:AIza[\w-]{35}|github_pat_\w{36,}|hf_[a-z]{34}|xapp-\d-\w{8,}-\d+-\w{20,}"
    r"|gl(?:pat|dt|ft|rt|soat|agent|imt|ptt|cbt)-[\w-]{20,}|pypi-AgEI\w[\w-]{50,}|\d{8,10}:[\w-]{35}(?![\w-]))",
    re.I | re.A,
)
_BEARER = re.compile(r"\bbearer\s{1,5}(?=[a-z_.~+/-]{0,200}\d)[\w.~+/-]{20,}", re.I | re.A)
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_JWT = re.compile(r"(?<![\w=-])eyJ[\w=-]+\.[\w=-]+(?:\.[\w=-]*)?", re.A)
_WEBHOOK = re.compile(r"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{5,25}/[\w-]{20}|hooks\.slack\.com/\w", re.I)


def _has_any(shapes: Iterable[re.Pattern[str]], text: str) -> bool:
    return any(shape.search(text) for shape in shapes)


def _has_api_key(text: str) -> bool:
    if any(_DASHED_RUN.search(found["body"]) for found in _DASHED_KEY.finditer(text)):
        return True
    return _OTHER_KEY.search(text) is not None or _has_any(_KEY_SHAPES, text)


def _has_discord_token(text: str) -> bool:
    return _has_any(_DISCORD_SHAPES, text)


def _has_webhook(text: str) -> bool:
    return _WEBHOOK.search(text) is not None


def _has_private_key(text: str) -> bool:
    return _PEM.search(text) is not None or _has_any(_PRIVATE_KEY_SHAPES, text)


def _has_access_token(text: str) -> bool:
    found = (match[0].rstrip(".") for match in _JWT.finditer(text))
    return any(map(JwtTokenDetector.is_formally_valid, found)) or _BEARER.search(text) is not None


# --- Private URLs ------------------------------------------------------------------------------------------------

_URL = re.compile(
    r"(?<![a-z0-9])(?P<scheme>[a-z][a-z0-9]{0,15}):[/\\]{2,}(?P<host>\[[^\]\s]{0,80}\]|[^\s/?#\\:,;<>\"'()|]*)",
    re.I | re.A,
)
_BARE_HOST = re.compile(
    r"(?<![\w@.:/\\-])(?P<host>localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[\w-]{1,63}\.){1,8}[a-z]{2,11})(?=:\d{2}|/)",
    re.I | re.A,
)
"""A host without a scheme counts only with a port or a path: "localhost blues" is a genre."""
_USER_INFO = re.compile(r"(?<=[a-z0-9])://[^\s/?#@]+@", re.I)
_SIGNED = re.compile(
    r"(?:[?&#;]|%3f|%26)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|sig|signature|(?:\w{1,20}[_-])?token"
    r"|auth|(?:\w{1,20}[_-])?api_?-?key|subscription-key|pwd|passw(?:or)?d|(?:client_)?secret|hm(?==[0-9a-f]{20}))(?:=|%3d)[^\s&#]",
    re.I,
)
_LOCAL_SCHEMES = frozenset({"file", "smb", "cifs", "nfs", "afp", "jdbc"})
_NET_SCHEMES = frozenset({"http", "https", "ws", "wss", "ftp", "ftps"})
_PRIVATE_NAMES = (
    "localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa",
)  # fmt: skip


_AFTER_A_HOST = ".!}]*_~`\u2026\u00bb\u201d\u2019"
"""Punctuation and Markdown that a sentence may put right behind an address."""


def _has_private_url(text: str) -> bool:
    return (
        any(_is_private_url(found["scheme"].lower(), _plain_host(found["host"])) for found in _URL.finditer(text))
        or any(_is_private_name(found["host"].lower()) for found in _BARE_HOST.finditer(text))
        or _USER_INFO.search(text) is not None
        or _SIGNED.search(text) is not None
    )


def _plain_host(host: str) -> str:
    """The host as a resolver would see it: percent signs, wide digits and wide dots undone."""
    return unicodedata.normalize("NFKC", unquote(host)).replace("。", ".").lower().rstrip(_AFTER_A_HOST)


def _is_private_url(scheme: str, host: str) -> bool:
    if scheme in _LOCAL_SCHEMES:
        return True
    if scheme not in _NET_SCHEMES:
        return _is_private_name(host)
    address = literal_address(host)
    if address is not None:
        return not is_public(address)
    return bool(host) and ("." not in host or _is_private_name(host))


def _is_private_name(host: str) -> bool:
    """Whether a name, or an address in its usual form, leads nowhere but into a private network."""
    if any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES):
        return True
    try:
        return not is_public(ip_address(host.strip("[]")))
    except ValueError:
        return False


# --- Addresses ---------------------------------------------------------------------------------------------------

_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_BYTES = 4
_BYTE_MAX = 0xFF


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, an IPv4 address carried inside an IPv6 one included."""
    if isinstance(address, IPv6Address):
        carried = _carried_ipv4(address)
        if carried is not None:
            return is_public(carried)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or (isinstance(address, IPv6Address) and address.is_site_local)
    )


_NEVER_ALLOWED = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "168.63.129.16/32", "224.0.0.0/4", "255.255.255.255/32",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16",
        "fc00::/7", "fe80::/9", "ff00::/8",
    )
)  # fmt: skip
"""Private networks, the metadata services of clouds, and IPv6 that only carries an IPv4 address."""
_ODD_RANGES = tuple(
    ip_network(one)
    for one in (
        "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
        "100::/64", "2001:2::/48", "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
"""Neither public nor anybody's private network: a resolver that answers with these stands for a proxy of its own."""


def may_be_allowed(addresses: AddressRange) -> bool:
    """Whether an operator may let media come from a range: never a private one, nor one that holds any such."""
    return not any(addresses.version == one.version and addresses.overlaps(one) for one in _NEVER_ALLOWED)


def is_allowed(address: Address, ranges: Iterable[AddressRange]) -> bool:
    """Whether an address is public, or in one of the ranges that the operator has named."""
    carried = _carried_ipv4(address) if isinstance(address, IPv6Address) else None
    return is_public(address) or any((carried or address) in one for one in ranges)


def odd_range(address: Address) -> AddressRange | None:
    """The range that an operator would have to allow for the sake of this address; None for private ones."""
    carried = _carried_ipv4(address) if isinstance(address, IPv6Address) else None
    return next((one for one in _ODD_RANGES if (carried or address) in one), None)


def _carried_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, 6to4 or NAT64 address leads to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def literal_address(host: str) -> Address | None:
    """The address that a host spells out, odd forms such as `2130706433`, `0x7f.1` and `[::1]` included; else None."""
    host = host.strip("[]").rstrip(".")
    try:
        return ip_address(host)
    except ValueError:
        return _loose_ipv4(host)


def _loose_ipv4(host: str) -> IPv4Address | None:
    """An IPv4 address as old C libraries read it: one to four parts, each decimal, octal or hexadecimal."""
    try:
        *leading, last = (_part(part) for part in host.split(".", _IPV4_BYTES))
    except ValueError:
        return None
    free_bytes = _IPV4_BYTES - len(leading)
    if free_bytes < 1 or any(part > _BYTE_MAX for part in leading) or last >= 256**free_bytes:
        return None
    return IPv4Address(sum(part << 8 * (3 - place) for place, part in enumerate(leading)) + last)


def _part(text: str) -> int:
    if not re.fullmatch(r"0x[0-9a-f]{0,8}|\d{1,12}", text, re.I | re.A):
        raise ValueError(text)
    if text[:2] in {"0x", "0X"}:
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


_CHECKS: tuple[tuple[SecretKind, Callable[[str], bool]], ...] = (
    (SecretKind.DISCORD_TOKEN, _has_discord_token),
    (SecretKind.WEBHOOK, _has_webhook),
    (SecretKind.PRIVATE_KEY, _has_private_key),
    (SecretKind.API_KEY, _has_api_key),
    (SecretKind.ACCESS_TOKEN, _has_access_token),
    (SecretKind.PRIVATE_URL, _has_private_url),
)
