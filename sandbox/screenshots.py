"""Makes the pictures of the docs from the running demo: `python -m sandbox.screenshots`, needs Chromium."""

import re
import sys
from pathlib import Path

import click
from playwright.sync_api import ViewportSize, expect

from sandbox.demo_browser import PATIENCE_MS, ROOT, Demo, Visitor, find_chromium, visit

DEMO_PICTURE = ROOT / "docs" / "img" / "demo.png"
SIZE_PX: ViewportSize = {"width": 1280, "height": 1000}
LOADED = re.compile(r"/ 0:[1-5]\d$")
HEARD = re.compile(r"^0:0[6-9] /")


def main() -> None:
    """Make every picture anew."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no Chromium here: install it, or name it in the variable CHROMIUM")
    demo = Demo()
    try:
        with visit(demo.url, chromium) as visitor:
            picture_a_song(visitor, DEMO_PICTURE)
    finally:
        demo.stop()
    click.echo(DEMO_PICTURE.relative_to(ROOT))


def picture_a_song(visitor: Visitor, target: Path) -> None:
    """A finished song that plays, and another one under way."""
    visitor.page.set_viewport_size(SIZE_PX)
    visitor.page.locator("#messages-toggle").click()
    visitor.slash("song", "Low tide at the harbour, a blues with harmonica and brushed drums")
    song = visitor.message("Low tide")
    time_shown = song.locator(".media-player-time")
    expect(time_shown).to_have_text(LOADED, timeout=PATIENCE_MS)
    visitor.message("is ready").wait_for()
    visitor.slash("song", "Morning train, bright and bouncy, with a brass section")
    visitor.message("Morning train").filter(has_text="Being made").wait_for()
    song.get_by_role("button", name=re.compile("^Play ")).click()
    expect(time_shown).to_have_text(HEARD, timeout=PATIENCE_MS)
    visitor.page.mouse.move(SIZE_PX["width"] - 1, SIZE_PX["height"] - 1)
    target.parent.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=target)


if __name__ == "__main__":
    main()
