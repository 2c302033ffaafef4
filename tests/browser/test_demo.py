"""The demo as a visitor meets it, in a real Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from sandbox.demo_browser import PATIENCE_MS, Demo, Visitor, find_chromium, visit

CHROMIUM = find_chromium()
SPEED = "5"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (set CHROMIUM, or install it): page not tried"),
]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """Alice at the page of a demo that runs five times as fast, and then stops without complaint."""
    demo = Demo("--speed", SPEED)
    said: tuple[int, str] | None = None
    try:
        with visit(demo.url, CHROMIUM or "") as alice:
            yield alice
    finally:
        said = demo.stop()
    assert said == (0, "")


def test_a_song_is_asked_for_heard_and_continued(visitor: Visitor) -> None:
    visitor.slash("song", "Harbour lights at dusk, brushed drums")
    visitor.message("Being made").wait_for()  # the card changes by itself from here on
    card = visitor.message("Finished.")
    visitor.message("is ready").wait_for()

    expect(card.locator("audio")).to_have_count(2, timeout=PATIENCE_MS)  # both takes
    time_shown = card.locator(".media-player-time").first
    expect(time_shown).to_have_text(re.compile(r"^0:00 / 0:1\d$"), timeout=PATIENCE_MS)
    card.get_by_role("button", name=re.compile("^Play ")).first.click()
    expect(time_shown).to_have_text(re.compile(r"^0:0[1-9] /"), timeout=PATIENCE_MS)
    assert card.locator("audio").first.evaluate("audio => audio.currentTime >= 1 && !audio.paused")

    visitor.press("Continue", card)
    form = visitor.page.get_by_role("dialog")
    form.locator("textarea").fill("a softer bridge")
    form.get_by_role("button", name="Submit").click()
    continuation = visitor.message("a softer bridge")
    continuation.filter(has_text="Finished.").locator("audio").first.wait_for(state="attached")

    visitor.be("Mo")
    visitor.slash("queue")
    visitor.message("Queue of this server").filter(has_text="finished 2").wait_for()


def test_a_reply_to_the_ready_ping_is_understood_and_started(visitor: Visitor) -> None:
    visitor.slash("song", "Harbour lights at dusk")
    visitor.reply(visitor.message("is ready"), "from 0:05, a softer bridge")

    visitor.press("Start", visitor.message("Did I understand you?"))

    visitor.message("a softer bridge").filter(has_text="Finished.").wait_for()


def test_the_fourth_wish_waits_and_can_be_cancelled(visitor: Visitor) -> None:
    for number in range(1, 5):
        visitor.slash("song", f"busy street number {number}")

    visitor.press("Cancel", visitor.message("busy street number 4").filter(has_text="In line"))

    visitor.message("busy street number 4").filter(has_text="It cost nothing.").wait_for()


def test_lyrics_and_failures_can_be_seen(visitor: Visitor) -> None:
    visitor.slash("lyrics", "a lighthouse keeper")
    visitor.message("a lighthouse keeper").filter(has_text="Chorus").wait_for()

    visitor.slash("song", "this will fail")
    visitor.message("TokenLab could not make it").wait_for()

    visitor.slash("song", "something unclear")
    visitor.press("Try again", visitor.message("the answer got lost"))
    visitor.message("may cost a second time").filter(has_text="Only you can see this").wait_for()

    visitor.be("Bob")
    visitor.message("the answer got lost").wait_for()
    assert visitor.messages.filter(has_text="Only you can see this").count() == 0
