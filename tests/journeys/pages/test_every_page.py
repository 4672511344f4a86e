"""Every page of a node in a real browser: light and dark, phone and desktop, with and without."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Final

import pyarrow as arrow
import pytest
import urllib3

from counterfoil.http.pages import PAGES
from counterfoil.http.pages.page import Page
from tests.pages import DESKTOP, PHONE, SCHEMES, PageNode, Seen, artefacts

pytestmark = pytest.mark.browser

EXAMPLES: Final[dict[str, Callable[[PageNode], str]]] = {}
"""Path of a page with places in it -> an address."""

SHOWN: Final = [one for one in PAGES if isinstance(one, Page)]


def address_of(page: Page, node: PageNode) -> str:
    """Give an address of a page."""
    return EXAMPLES[page.path](node) if "{" in page.path else page.path


def test_each_page_with_places_has_an_example() -> None:
    """No page is left out below because nobody gave an address of it."""
    assert {one.path for one in SHOWN if "{" in one.path} == set(EXAMPLES)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.path)
def test_it_can_be_used_by_everybody(
    page: Page, node: PageNode, window: Callable[..., Seen]
) -> None:
    """Both themes and widths: axe finds nothing, nothing scrolls sideways, nothing complains."""
    seen = window()
    answer = seen.go(address_of(page, node))
    assert answer.status == 200
    assert seen.page.title().endswith("Counterfoil")
    name = re.sub(r"\W+", "-", page.path).strip("-") or "overview"
    for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
        seen.page.set_viewport_size(size)
        for scheme in SCHEMES:
            seen.page.emulate_media(color_scheme=scheme)
            assert seen.too_wide() == [], (width, scheme)
            assert seen.violations() == [], (width, scheme)
            picture = artefacts() / f"{name}-{scheme}-{width}.png"
            seen.page.screenshot(path=picture, full_page=True)
            assert picture.stat().st_size > 5_000
    assert seen.complaints == []
    assert seen.outside == []


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.path)
def test_it_is_data_too(page: Page, node: PageNode) -> None:
    """What a page shows, a program gets as JSON, and where it is a table as CSV and Arrow."""
    address = address_of(page, node)
    base = node.url + ("/index" if address == "/" else address)
    headers = {"authorization": "Bearer operator"}
    answer = urllib3.request("GET", f"{base}.json", headers=headers)
    assert answer.status == 200
    facts = json.loads(answer.data)
    if page.rows:
        rows = facts[page.rows]
        text = urllib3.request("GET", f"{base}.csv", headers=headers).data.decode()
        read = list(csv.reader(io.StringIO(text)))
        assert len(read) == 1 + len(rows) or not rows
        table = urllib3.request("GET", f"{base}.arrow", headers=headers).data
        assert arrow.ipc.open_stream(table).read_all().num_rows == len(rows)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.path)
def test_it_is_whole_without_scripts(
    page: Page, node: PageNode, window: Callable[..., Seen]
) -> None:
    """Without JavaScript the same page is there: its heading, its words, its links."""
    address = address_of(page, node)
    plain, scripted = window(java_script_enabled=False), window()
    plain.go(address)
    scripted.go(address)
    assert plain.page.locator("h1").inner_text() == scripted.page.locator("h1").inner_text()
    words = plain.page.locator("main").inner_text()
    assert len(words) >= 0.5 * len(scripted.page.locator("main").inner_text())
