"""Secrets and private URLs are found; lyrics in any language are not taken for them."""

import base64
import json
import time
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.secrets import (
    SecretKind,
    find_secret,
    is_allowed,
    is_public,
    literal_address,
    may_be_allowed,
    odd_range,
)


def _jwt() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "member", "iat": 1})
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, "c2lnbmF0dXJlc2lnbmF0dXJl"])


DISCORD_TOKEN = "M" + "T" * 23 + "." + "Gx1y2z" + "." + "a1B2c3D4e" * 4

SECRETS = [
    ("sk-1234567890abcdef", SecretKind.API_KEY),
    ("Sk-abcdefghijklmnopqrstuvwxyz", SecretKind.API_KEY),
    ("my key is sk-proj-Ab3_dEf9GhIjKlMn0pQrStUv, sing it", SecretKind.API_KEY),
    ("key=mt-3f2504e04f8911d39a0c0305e82c3301", SecretKind.API_KEY),
    ("mt-3f2504e0-4f89-11d3-9a0c-0305e82c3301", SecretKind.API_KEY),
    ("歌sk-1234567890abcdef", SecretKind.API_KEY),
    ("AKIA" + "ABCDEFGH23456789", SecretKind.API_KEY),
    ("ghp_" + "a1B2" * 9, SecretKind.API_KEY),
    ("github_pat_" + "a1B2" * 12, SecretKind.API_KEY),
    ("glpat-" + "a1B2c3D4e5F6g7H8i9J0", SecretKind.API_KEY),
    ("AIza" + "a1B2c" * 7, SecretKind.API_KEY),
    ("hf_" + "aB" * 17, SecretKind.API_KEY),
    ("xoxb-123456789012-abcdefghijkl", SecretKind.API_KEY),
    ("sk_live_" + "a1B2" * 6, SecretKind.API_KEY),
    ("pypi-AgEIcHlwaS5vcmc" + "a1" * 40, SecretKind.API_KEY),
    ("SG." + "a" * 22 + "." + "b" * 43, SecretKind.API_KEY),
    ("AC" + "0a" * 16, SecretKind.API_KEY),
    ("123456789:" + "AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr", SecretKind.API_KEY),
    ("npm_" + "a1B2" * 9, SecretKind.API_KEY),
    (DISCORD_TOKEN, SecretKind.DISCORD_TOKEN),
    (f"a ballad about {DISCORD_TOKEN}", SecretKind.DISCORD_TOKEN),
    ("https://discord.com/api/webhooks/123456789012345678/" + "aB3_" * 17, SecretKind.WEBHOOK),
    ("https://ptb.discordapp.com/api/v10/webhooks/123456789012345678/" + "aB3_" * 17, SecretKind.WEBHOOK),
    ("https://hooks.slack.com/services/T000/B000/abcdef", SecretKind.WEBHOOK),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADAN\n-----END", SecretKind.PRIVATE_KEY),
    ("-----BEGIN PRIVATE KEY----- MIIEvQIBADAN", SecretKind.PRIVATE_KEY),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----", SecretKind.PRIVATE_KEY),
    ("PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none", SecretKind.PRIVATE_KEY),
    (_jwt(), SecretKind.ACCESS_TOKEN),
    (f"it goes {_jwt()}.", SecretKind.ACCESS_TOKEN),
    ("Authorization: Bearer 9f8e7d6c5b4a39281706abcd", SecretKind.ACCESS_TOKEN),
]

PRIVATE_URLS = [
    "http://localhost",
    "HTTP://LOCALHOST:8080/x",
    "see http://localhost.",
    "...http://localhost/a",
    "**http://localhost**",
    "<http://localhost>",
    "(http://127.0.0.1)",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://\uff11\uff12\uff17。0。0。1/",
    "http://0/",
    "http://10.0.0.5/",
    "http://172.16.3.4/",
    "http://192.168.1.1:3000",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]:80/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http:\\\\10.0.0.1\\x",
    "https://printer.local/",
    "https://wiki.corp.internal/page",
    "https://nas.lan",
    "https://box.home.arpa/",
    "http://app.localhost/",
    "http://intranet/",
    "ftp://192.168.0.2/",
    "redis://10.1.2.3:6379/0",
    "git+ssh://build.internal/repo",
    "歌http://localhost",
    "https://example.com/?next=http://10.0.0.1/",
    "localhost:3000",
    "localhost/admin",
    "192.168.0.1:8080",
    "127.0.0.1/status",
    "printer.local:631",
    "wiki.corp.internal/page",
    "https://user:pass@example.com/",
    "https://token@example.com/",
    "postgres://me:pw@db.example.com/x",
    "https://bucket.s3.amazonaws.com/a.mp3?X-Amz-Signature=abc",
    "https://example.com/a?x=1&sig=abc",
    "https://example.com/a?token=abc",
    "https://example.com/a?x=1&amp;access_token=abc",
    "https://example.com/#id_token=abc",
    "https://example.com/?u=%3Ftoken%3Dabc",
    "https://example.com/?api_key=abc",
    "https://cdn.discordapp.com/attachments/1/2/a.mp3?ex=66&is=66&hm=" + "0a" * 32,
    "file:///etc/passwd",
    "smb://server/share",
]

INNOCENT = [
    "",
    "sk-8 skateboard",
    "SK-8, sk-ing and the sk-ies",
    "task-force",
    "desk-1234567890abcdef is not a key",
    "mt-everest-expedition-song",
    "mt-everest-8848-2024",
    "from 1:05",
    "192 bpm",
    "12/8 time, 24/7 energy, 1/2 step up",
    "localhost blues",
    "no place like 127.0.0.1",
    "home at 10.0.0.1 tonight",
    "local. internal. lan.",
    "version 1.2.3.4/5 of my heart",
    "8.8.8.8:53 is the number of my heart",
    "https://example.com/",
    "https://example.com:8443/a/b?c=d#e",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&si=abcdefgh",
    "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC?si=1",
    "https://medium.com/@someone/a-story",
    "http://93.184.216.34/",
    "http://1572395042/",
    "http://[2606:2800:220:1:248:1893:25c8:1946]/",
    "http://[64:ff9b::5db8:d822]/",
    "spotify://track/abc",
    "https://... and then silence",
    "a smile :// and me@home",
    "(verse) [chorus] {bridge} <outro>",
    "bearer of bad news, bearer of-everything-that-shines-above",
    "eyJust.like.that",
    "the token of my love = you; my secret: nobody knows",
    "password: open sesame",
    "AKIRA and ASIA, NPM TOKEN",
    "La la la la, oh oh oh oh, yeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeah",
    "BEGIN PRIVATE KEY of the heart",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "夜明け前の海、静かな雨が降る",
    "다시 만난 세계, 192 bpm",
    "Ночь, улица, фонарь, аптека",
    "أغنية عن المطر والبحر",
    "गीत बारिश के बारे में",
    "Ça ira, l'été à Saint-Étienne",
    "Ελλάδα, θάλασσα και ήλιος",
]


@pytest.mark.parametrize(("text", "kind"), SECRETS)
def test_secrets_are_found(text, kind):
    assert find_secret(text) is kind
    assert find_secret(f"A slow waltz about\n{text}\nwith strings") is kind


@pytest.mark.parametrize("text", PRIVATE_URLS)
def test_private_urls_are_found(text):
    assert find_secret(text) is SecretKind.PRIVATE_URL
    assert find_secret(f"A song about {text} please") is SecretKind.PRIVATE_URL


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_texts_pass(text):
    assert find_secret(text) is None


@given(st.lists(st.from_regex(r"[^\W\d_]{1,14}[,.!?:;]?", fullmatch=True), max_size=60))
def test_ordinary_words_never_trigger(words):
    assert find_secret(" ".join(words)) is None


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text):
    assert find_secret(text) in {None, *SecretKind}


HOSTILE = [
    "a", "sk-", "://", "x://", "http://", "http://[", "eyJ", "eyJa.", "AKC", "awskey", "artif", "1", "-", " ", "\n",
    ":a@",
    "://a:", "xoxb-1-", "a.", "1.", "a-a.", "[", "bearer ", "?", "?a_", "&hm=", "a:/", "%31", "NPM TOKEN", "12345678:",
    "-----BEGIN RSA ", "sk-aaaaaaaaaaaaaaa ", "discord.com/api/", "glagent-", "雨", "A" * 86,
]  # fmt: skip


def _seconds_for(text: str) -> float:
    best_s = float("inf")
    for _ in range(3):
        start_s = time.process_time()
        find_secret(text)
        best_s = min(best_s, time.process_time() - start_s)
    return best_s


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_does_not_explode_on_hostile_texts(piece):
    """Ten times the text may take ten times as long; a quadratic search would take a hundred times as long."""
    short, long = ((piece * length)[:length] for length in (5_000, 50_000))
    short_s = _seconds_for(short)
    assert short_s < 0.1
    assert _seconds_for(long) < 40 * max(short_s, 0.002)
    assert _seconds_for(f"http://{short}") < 0.1


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7F.0.0.0x1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("127.65535", "127.0.255.255"),
        ("0x", "0.0.0.0"),  # noqa: S104 - an address in a table, nothing listens
        ("[::1]", "::1"),
    ],
)
def test_odd_forms_of_addresses_are_read(host, address):
    assert literal_address(host) == ip_address(address)


@pytest.mark.parametrize(
    "host", ["", "example.com", "1.2.3.4.5", "256.1.1.1.1", "4294967296", "1.16777216", "300.1", "08.1", "a.1"]
)
def test_names_are_not_addresses(host):
    assert literal_address(host) is None


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True),
        ("2002:5db8:d822::1", True),
        ("0.0.0.0", False),  # noqa: S104 - an address in a table, nothing listens
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::a00:1", False),
        ("2002:a00:1::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("fec0::1", False),
        ("fe80::1", False),
        ("fd12::1", False),
        ("ff02::1", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address, public):
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    ("addresses", "may"),
    [
        ("198.18.0.0/15", True),
        ("28.0.0.0/8", True),
        ("240.0.0.0/5", True),
        ("2001:db8::/32", True),
        ("10.1.2.0/24", False),
        ("172.0.0.0/8", False),
        ("192.168.0.0/16", False),
        ("127.0.0.1/32", False),
        ("100.100.100.200/32", False),
        ("169.254.0.0/17", False),
        ("128.0.0.0/1", False),
        ("0.0.0.0/0", False),
        ("fc00::/18", False),
        ("fd00:ec2::254/128", False),
        ("fe80::/64", False),
        ("::ffff:198.18.0.0/111", False),
        ("64:ff9b::/96", False),
        ("::/0", False),
    ],
)
def test_an_operator_may_allow_no_range_that_holds_private_addresses(addresses, may):
    assert may_be_allowed(ip_network(addresses)) is may


@pytest.mark.parametrize(
    ("address", "odd", "allowed"),
    [
        ("198.18.0.1", "198.18.0.0/15", True),
        ("198.19.255.255", "198.18.0.0/15", True),
        ("::ffff:198.18.0.1", "198.18.0.0/15", True),
        ("64:ff9b::c612:1", "198.18.0.0/15", True),
        ("93.184.216.34", None, True),
        ("203.0.113.7", "203.0.113.0/24", False),
        ("10.0.0.1", None, False),
        ("::ffff:10.0.0.1", None, False),
        ("169.254.169.254", None, False),
    ],
)
def test_what_is_in_an_allowed_range_is_allowed_and_nothing_else(address, odd, allowed):
    assert is_allowed(ip_address(address), [ip_network("198.18.0.0/15")]) is allowed
    assert str(odd_range(ip_address(address))) == str(odd)
    assert is_allowed(ip_address(address), []) is is_public(ip_address(address))
