"""Which URLs may be visited at all, before any connection is made."""

from ipaddress import ip_network

import pytest
from yarl import URL

from bot.ui.media.guard import allowing, may_visit


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.com/a.mp3",
        "https://cdn.example.com:8443/a.mp3?sig=x",
        "https://93.184.216.34/a.mp3",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/a.mp3",
    ],
)
def test_public_https_may_be_visited(url):
    assert may_visit(URL(url), allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a.mp3",
        "https:///a.mp3",
        "http://cdn.example.com/a.mp3",
        "ftp://cdn.example.com/a.mp3",
        "file:///etc/passwd",
        "https://user:pass@cdn.example.com/",
        "https://user@cdn.example.com/",
        "https://:pass@cdn.example.com/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
    ],
)
def test_anything_else_may_not(url):
    assert not may_visit(URL(url), allow_private=False)


def test_loopback_and_plain_http_are_for_demo_and_tests():
    assert may_visit(URL("http://127.0.0.1:8080/a.mp3"), allow_private=True)
    assert may_visit(URL("https://localhost/a.mp3"), allow_private=True)
    assert not may_visit(URL("ftp://127.0.0.1/a.mp3"), allow_private=True)
    assert not may_visit(URL("http://user@127.0.0.1/a.mp3"), allow_private=True)


def test_an_allowed_range_may_be_spelled_out():
    rule = allowing([ip_network("198.18.0.0/15")])
    assert may_visit(URL("https://198.18.0.7/a.mp3"), allow_private=False, rule=rule)
    assert not may_visit(URL("https://198.18.0.7/a.mp3"), allow_private=False)
    assert not may_visit(URL("https://10.0.0.7/a.mp3"), allow_private=False, rule=rule)
