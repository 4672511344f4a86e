"""A shopper's phone: a browser that scans a link and reaches nothing but one page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, Route

__all__ = ["Phone", "Scan", "trust"]

Scan = Callable[..., Page]
"""Opens a link to the bytes of a page; further arguments are the browser context's."""


class Phone:
    """A browser that reaches nothing but one page, under whatever domain it is asked for."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.data = b""
        self.context = browser.new_context(**options)
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()

    def _answer(self, route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=self.data, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    def open(self, link: str, data: bytes) -> Page:
        """Open a link to a page, and wait until it has checked itself."""
        self.data = data
        self.page.goto("about:blank")  # or a change of the fragment alone would load nothing
        self.page.goto(link)
        self.page.wait_for_selector("html[data-trust]", state="attached")
        return self.page


def trust(page: Page) -> tuple[str, str]:
    """Tell what the page says of itself: whether it holds, and whose keys."""
    data = page.evaluate("({...document.documentElement.dataset})")
    return data["outcome"], data["trust"]
