"""A window of a real browser with a receipt's page in it, opened from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Request

__all__ = ["Show", "Shown"]


class Shown:
    """A page opened from a file, with what it asked for and what it complained about."""

    def __init__(self, browser: Browser, data: bytes, folder: Path, **context: Any) -> None:
        self.script = context.pop("script", None)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._forget_forbidden)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if self.script:
            self.page.add_init_script(self.script)
        self._file = folder / "receipt.html"
        self.url = self._file.as_uri()
        self.open(data)

    def open(self, data: bytes) -> None:
        """Open another page in the same window."""
        self._file.write_bytes(data)
        self.page.goto(self.url)

    def _forget_forbidden(self, request: Request) -> None:
        """Take back a request that the page's own policy stopped before it left the browser."""
        if request.failure == "csp":
            self.requests.remove(request.url)

    @property
    def outcome(self) -> str:
        """Wait for the verdict: holds, fails or unable."""
        self.page.wait_for_selector("html[data-outcome]", state="attached")
        return str(self.page.evaluate("document.documentElement.dataset.outcome"))


Show = Callable[..., Shown]
"""Opens a receipt, or the bytes of a page; further arguments are the browser context's."""
