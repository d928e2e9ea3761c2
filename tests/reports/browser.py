"""A real Chromium that opens pages, and what it notices."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "SEQTASKS_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
DRAWN = "html[data-drawn=yes]"
PATIENCE = 60_000
"""Milliseconds that a page may take to draw its charts on a busy machine."""


def why_no_browser() -> str:
    """Return why no browser can be used, or an empty text."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "the extra test-browser is not installed"
    if chromium() is None:
        names = ", ".join(NAMES)
        return f"there is no Chromium: none of {names} is on the path, and {VARIABLE} names none"
    return ""


def chromium() -> str | None:
    """Return the path of the system's Chromium, or None."""
    named = os.environ.get(VARIABLE)
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Opened:
    """A page in a browser.

    Attributes:
        page: the page, as Playwright drives it.
        noticed: messages of its console, errors of its scripts, and requests that left it.
    """

    def __init__(self, page: Any) -> None:
        self.page, self.noticed = page, list[str]()
        page.on("console", lambda message: self.noticed.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.noticed.append(f"error: {error}"))
        page.on("request", self._asked)
        page.on("dialog", lambda dialog: (self.noticed.append("dialog"), dialog.dismiss()))

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.noticed.append(f"request: {request.url}")

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()

    def value(self, script: str) -> Any:
        return self.page.evaluate(script)


Open = Callable[..., Any]


@contextmanager
def browser() -> Iterator[Open]:
    """Start a browser, and return a context that opens a file in it."""
    from playwright.sync_api import sync_playwright

    why = why_no_browser()
    if why:
        pytest.skip(why)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])

        @contextmanager
        def opened(
            file: Path, width: int = 1300, dark: bool = False, at: str = ""
        ) -> Iterator[Opened]:
            page = started.new_page(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if dark else "light",
            )
            made = Opened(page)
            try:
                page.goto(file.absolute().as_uri() + at)
                page.wait_for_selector(DRAWN, timeout=PATIENCE)
                yield made
            finally:
                page.close()

        yield opened
        started.close()
