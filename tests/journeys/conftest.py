"""A real browser for the journeys: Debian's Chromium, driven without a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from counterfoil.formats.receipt import Receipt
from counterfoil.formats.receipt_html import format_html
from counterfoil.formats.vkey import VerifierKey
from tests.journeys.receipt_builder import LOG_KEY
from tests.journeys.receipt_window import Show, Shown
from tests.journeys.shopper_phone import Phone, Scan
from tests.shared_data import program

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser, once for a module."""
    path = program("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Open a receipt, or the bytes of a page, in a context of its own."""
    opened: list[Shown] = []

    def open_page(what: Receipt | bytes, key: VerifierKey = LOG_KEY, **context: Any) -> Shown:
        data = what if isinstance(what, bytes) else format_html(what, key)
        opened.append(Shown(browser, data, tmp_path, **context))
        return opened[-1]

    yield open_page
    for shown in opened:
        shown.context.close()


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Phone]:
    """Share one window: opening one takes longer than the page does."""
    found = Phone(browser, viewport={"width": 390, "height": 844})
    yield found
    found.context.close()


@pytest.fixture
def scan(browser: Browser, phone: Phone) -> Iterator[Scan]:
    """Open a link to a page; in a window of its own where it is to be a special one."""
    opened = []

    def open_link(link: str, data: bytes, **options: Any) -> Page:
        if not options:
            return phone.open(link, data)
        opened.append(Phone(browser, **options))
        return opened[-1].open(link, data)

    yield open_link
    for one in opened:
        one.context.close()
