"""Makes the pictures of the docs from the running demo: `python -m sandbox.screenshots [NAME…]`, needs Chromium."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import click
from playwright.sync_api import Locator, ViewportSize, expect

from sandbox.demo_browser import PATIENCE_MS, ROOT, Demo, Visitor, find_chromium, visit

FOLDER = ROOT / "docs" / "img"
SIZE_PX: ViewportSize = {"width": 1280, "height": 1000}
CARD_WIDTH_PX = 640
LOADED = re.compile(r"/ 0:[1-5]\d$")
HEARD = re.compile(r"^0:0[6-9] /")


def main() -> None:
    """Make every picture anew, or those that are named."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no Chromium here: install it, or name it in the variable CHROMIUM")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in PICTURES.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        demo = Demo()
        try:
            with visit(demo.url, chromium) as visitor:
                visitor.page.set_viewport_size(SIZE_PX)
                visitor.page.locator("#messages-toggle").click()
                shown = picture(visitor)
                target = FOLDER / f"{name}.png"
                visitor.page.mouse.move(SIZE_PX["width"] - 1, SIZE_PX["height"] - 1)
                take(visitor, shown, target)
        finally:
            demo.stop()
        click.echo(target.relative_to(ROOT))


def take(visitor: Visitor, shown: Locator | None, target: Path) -> None:
    """The whole page, or one message of it with a little room around."""
    if shown is None:
        visitor.page.screenshot(path=target)
        return
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None  # noqa: S101 -- it is in view
    width_px = min(box["width"], CARD_WIDTH_PX)
    visitor.page.screenshot(path=target, clip={**box, "width": width_px})


def a_channel(visitor: Visitor) -> None:
    """A finished song that plays, and another one under way."""
    song = finished_song(visitor)
    visitor.slash("song", "Morning train, bright and bouncy, with a brass section")
    visitor.message("Morning train").filter(has_text="Being made").wait_for()
    song.get_by_role("button", name=re.compile("^Play ")).first.click()
    expect(song.locator(".media-player-time").first).to_have_text(HEARD, timeout=PATIENCE_MS)


def waiting(visitor: Visitor) -> Locator:
    """A wish that waits in line behind others."""
    for words in ("Morning train", "Paper lanterns", "Rooftop garden", "Night market"):
        visitor.slash("song", f"{words}, bright and bouncy")
    visitor.slash("song", "Slow harbour blues with harmonica and brushed drums")
    card = visitor.message("Slow harbour blues").filter(has_text="In line")
    card.wait_for()
    return card


def finished(visitor: Visitor) -> Locator:
    """The card of a finished song."""
    return finished_song(visitor)


def lyrics(visitor: Visitor) -> Locator:
    """Lyrics by sections."""
    visitor.slash("lyrics", "A lighthouse keeper who talks to the ships")
    card = visitor.message("lighthouse keeper").filter(has_text="Make it a song")
    card.wait_for()
    return card


def reply_to_continue(visitor: Visitor) -> Locator:
    """A reply in free text, and what was understood of it."""
    finished_song(visitor)
    visitor.reply(visitor.message("is ready"), "from 0:05, a quieter bridge with strings")
    question = visitor.message("Did I understand you?")
    question.wait_for()
    return question


def songs(visitor: Visitor) -> Locator:
    """A member's own list."""
    for words in ("Low tide at the harbour, a blues", "Morning train, bright and bouncy", "Paper lanterns, a waltz"):
        visitor.slash("song", words)
    visitor.message("Paper lanterns").filter(has_text="Finished.").wait_for()
    visitor.slash("lyrics", "A lighthouse keeper")
    visitor.message("lighthouse keeper").filter(has_text="Make it a song").wait_for()
    visitor.slash("songs")
    shown = visitor.message("Your songs")
    shown.wait_for()
    return shown


def failure(visitor: Visitor) -> Locator:
    """A failure in plain words."""
    visitor.slash("song", "A march that will fail")
    card = visitor.message("TokenLab could not make it")
    card.wait_for()
    return card


def unclear(visitor: Visitor) -> Locator:
    """A create whose answer got lost."""
    visitor.slash("song", "A waltz, but something unclear")
    card = visitor.message("the answer got lost")
    card.wait_for()
    return card


def queue(visitor: Visitor) -> Locator:
    """What a moderator sees of a busy server."""
    some_songs(visitor)
    visitor.slash("queue")
    shown = visitor.message("Queue of this server")
    shown.wait_for()
    return shown


def moderate(visitor: Visitor) -> Locator:
    """One unclear task, as a moderator picks it from the queue."""
    visitor.pick(queue(visitor), "Open one of these", "unclear")
    shown = visitor.message("What shall be done?")
    shown.wait_for()
    return shown


def audit(visitor: Visitor) -> Locator:
    """What a moderator has done."""
    visitor.press("Drop", moderate(visitor))
    visitor.press("Yes, drop it", visitor.message("Yes, drop it"))
    visitor.press("Pause & blocks", visitor.message("Queue of this server"))
    visitor.press("Pause", visitor.message("Pause & blocks"))
    form = visitor.page.get_by_role("dialog")
    form.locator("textarea, input").first.fill("Back at eight")
    form.get_by_role("button", name="Submit").click()
    visitor.message("Back at eight").first.wait_for()
    visitor.press("Audit", visitor.message("Queue of this server"))
    shown = visitor.message("Whatever was done")
    shown.wait_for()
    return shown


def board(visitor: Visitor) -> Locator:
    """A board that everybody in the channel sees."""
    visitor.press("Live board", queue(visitor))
    shown = visitor.message("It keeps itself up to date")
    shown.wait_for()
    return shown


def settings(visitor: Visitor) -> Locator:
    """The rules of a server."""
    visitor.be("Mo")
    visitor.slash("settings")
    shown = visitor.message("Settings of this server")
    shown.wait_for()
    return shown


def usage(visitor: Visitor) -> Locator:
    """What a server has used, with its chart."""
    some_songs(visitor)
    visitor.slash("usage")
    visitor.press("This server", visitor.message("Your usage"))
    shown = visitor.message("Usage of this server")
    shown.locator("img").first.wait_for()
    return shown


def privacy(visitor: Visitor) -> Locator:
    """What is kept of somebody."""
    visitor.slash("privacy")
    shown = visitor.message("Your privacy")
    shown.wait_for()
    return shown


def some_songs(visitor: Visitor) -> None:
    """Finished, failed, unclear and waiting wishes of two members; then be Mo."""
    visitor.slash("song", "A march that will fail")
    visitor.message("TokenLab could not make it").wait_for()
    finished_song(visitor)
    visitor.be("Bob")
    visitor.slash("song", "A waltz, but something unclear")
    visitor.message("the answer got lost").wait_for()
    for words in ("Morning train", "Paper lanterns", "Rooftop garden", "Night market"):
        visitor.slash("song", f"{words}, bright and bouncy")
    visitor.be("Mo")


def finished_song(visitor: Visitor) -> Locator:
    """Ask for a song and wait until it can be played and its member has been told."""
    visitor.slash("song", "Low tide at the harbour, a blues with harmonica and brushed drums")
    song = visitor.message("Low tide")
    expect(song.locator(".media-player-time").first).to_have_text(LOADED, timeout=PATIENCE_MS)
    visitor.message("is ready").wait_for()
    return song


PICTURES: dict[str, Callable[[Visitor], Locator | None]] = {
    "demo": a_channel,
    "waiting": waiting,
    "finished": finished,
    "lyrics": lyrics,
    "reply-to-continue": reply_to_continue,
    "songs": songs,
    "failure": failure,
    "unclear": unclear,
    "queue": queue,
    "moderate": moderate,
    "audit": audit,
    "board": board,
    "settings": settings,
    "usage": usage,
    "privacy": privacy,
}


if __name__ == "__main__":
    main()
