"""A visitor of the demo: starts it as a process of its own and uses its page in Chromium, for tests and pictures."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)
"""Chromium does as root and without a screen, and asks nobody on the net for anything."""
WIDTH_PX, HEIGHT_PX = 1280, 900
PATIENCE_MS = 30_000.0
STOP_TIMEOUT_S = 15.0


def find_chromium() -> str | None:
    """Where Chromium is: what the variable `CHROMIUM` names, else the first of the usual names."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Demo:
    """The demo as a process; `url` is its page."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "bot", "demo", "--no-browser", *options]
        self.process = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.url = self._read_url()

    def _read_url(self) -> str:
        assert self.process.stdout is not None  # noqa: S101 -- it was asked for above
        for line in self.process.stdout:
            if found := re.search(r"http://\S+", line):
                return found[0]
        _, said = self.process.communicate(timeout=STOP_TIMEOUT_S)
        raise RuntimeError(f"the demo did not start: {said}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End it as a person would; gives its exit code and what it wrote as errors."""
        self.process.send_signal(number)
        try:
            _, said = self.process.communicate(timeout=STOP_TIMEOUT_S)
        finally:
            self.process.kill()
        return self.process.returncode, said


class Visitor:
    """Somebody at the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.composer = page.locator("#channel-composer-input")
        self.messages = page.locator("#channel-message-list article.channel-message")

    def message(self, text: str) -> Locator:
        """The newest message that holds this text, capitals and all."""
        return self.messages.filter(has_text=re.compile(re.escape(text))).last

    def slash(self, command: str, text: str | None = None, *, choose: bool = False) -> None:
        """Type a command, its first option, and send it; `choose` takes the first choice offered for the option."""
        self.composer.click()
        self.page.keyboard.type(f"/{command}", delay=15)
        self.page.locator(".command-popup").get_by_text(f"/{command}", exact=True).first.click()
        self.page.locator(".command-chip", has_text=f"/{command}").wait_for()
        if text is not None:
            self.page.keyboard.type(text, delay=5)
        if choose:
            self.page.locator(".command-popup [role=option]").first.click()
        self.page.locator("#send-message").click()
        self.page.locator(".command-chip").wait_for(state="detached")

    def press(self, label: str, message: Locator) -> None:
        """Press a button of a message."""
        message.get_by_role("button", name=label, exact=True).click()

    def pick(self, message: Locator, menu: str, option: str) -> None:
        """Pick the option that holds this text from the menu of a message."""
        message.get_by_text(menu).first.click()
        self.page.get_by_role("option").filter(has_text=option, visible=True).first.click()

    def reply(self, message: Locator, text: str) -> None:
        """Answer a message in free text."""
        message.hover()
        message.get_by_role("button", name="Reply", exact=True).click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def be(self, name: str) -> None:
        """See and do everything as somebody else."""
        self.page.get_by_label("Viewing as").select_option(label=name)


@contextmanager
def visit(url: str, chromium: str) -> Iterator[Visitor]:
    """Open the page in a Chromium of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(url)
        visitor = Visitor(page)
        visitor.messages.first.wait_for()
        yield visitor
        browser.close()
