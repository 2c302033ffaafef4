"""Where the key may go: whatever the provider calls a poll URL, the answer is our origin or nothing."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from bot.tokenlab.urls import create_url, model_url, models_url, resolve_poll_url, task_url

BASE = URL("https://api.tokenlab.sh")


def origin_of(url: URL) -> tuple[object, ...]:
    return url.scheme, url.host, url.port, url.user, url.password


@pytest.mark.parametrize(
    ("poll_url", "resolved"),
    [
        ("/v1/tasks/ldtask_1", "https://api.tokenlab.sh/v1/tasks/ldtask_1"),
        ("/v1/music/generations/suno%3A7?full=1", "https://api.tokenlab.sh/v1/music/generations/suno%3A7?full=1"),
        ("/v1/tasks/a#part", "https://api.tokenlab.sh/v1/tasks/a"),
        ("https://api.tokenlab.sh/v1/tasks/a", "https://api.tokenlab.sh/v1/tasks/a"),
        ("https://api.tokenlab.sh:443/v1/tasks/a", "https://api.tokenlab.sh/v1/tasks/a"),
        ("HTTPS://API.TokenLab.sh/v1/tasks/a", "https://api.tokenlab.sh/v1/tasks/a"),
    ],
)
def test_paths_and_the_own_origin_are_accepted(poll_url, resolved):
    assert str(resolve_poll_url(poll_url, BASE)) == resolved


@pytest.mark.parametrize(
    "poll_url",
    [
        "",
        "v1/tasks/a",
        "//evil.example/v1/tasks/a",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example\\",
        "https:\\\\evil.example/",
        "http://api.tokenlab.sh/v1/tasks/a",
        "https://api.tokenlab.sh:8443/v1/tasks/a",
        "https://api.tokenlab.sh:99999/",
        "https://api.tokenlab.sh:x/",
        "https://api.tokenlab.sh.evil.example/v1",
        "https://evil.example/v1/tasks/a",
        "https://api.tokenlab.sh@evil.example/",
        "https://evil@api.tokenlab.sh/v1",
        "https://:pw@api.tokenlab.sh/v1",
        "https://@api.tokenlab.sh/v1",
        "ftp://api.tokenlab.sh/v1",
        "javascript:alert(1)",
        "https:/v1/tasks/a",
        "https:v1/tasks/a",
        "http://[::1/",
        " /v1/tasks/a",
        "/v1/tasks/a b",
        "/v1/tasks/a\r\nX-Evil: 1",
        "/v1/tasks/\x00",
        "/v1/tasks/ü",
        "/v1/" + "a" * 2048,
    ],
)
def test_anything_else_is_refused(poll_url):
    assert resolve_poll_url(poll_url, BASE) is None


PIECES = ["/", "//", "\\", "@", ":", "#", "?", "%2f", "..", "https:", "http://", "api.tokenlab.sh", "evil.example", "["]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)))
@example("/..//evil.example/")
@example("/@evil.example")
@example("/:80@evil.example")
@example("/.//evil.example")
@example("https://api.tokenlab.sh/\t//evil.example")
def test_no_string_leads_the_key_to_another_origin(poll_url):
    for base in (BASE, URL("http://127.0.0.1:8801")):
        url = resolve_poll_url(poll_url, base)
        assert url is None or origin_of(url) == origin_of(base)


@given(st.text(min_size=1, max_size=40))
@example("../../etc")
@example("suno:7/x?y#z%2f")
def test_an_id_is_one_path_segment_of_the_fixed_route(task_id):
    if not task_id.isascii() and any("\ud800" <= letter <= "\udfff" for letter in task_id):
        return
    for url, prefix in ((task_url(BASE, task_id), "/v1/tasks/"), (model_url(BASE, task_id), "/v1/models/")):
        assert origin_of(url) == origin_of(BASE)
        assert url.raw_path.startswith(prefix)
        assert "/" not in url.raw_path.removeprefix(prefix)
        assert not url.query_string
        assert not url.fragment


def test_routes_hang_on_the_origin_whatever_path_the_base_has():
    base = URL("http://127.0.0.1:8801/ignored/")
    assert str(create_url(base)) == "http://127.0.0.1:8801/v1/music/generations"
    assert str(models_url(base, "music")) == "http://127.0.0.1:8801/v1/models?category=music"
