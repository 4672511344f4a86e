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
from counterfoil.http.pages.api_reference import api_pages
from counterfoil.http.pages.page import Page
from tests.pages import DESKTOP, PHONE, SCHEMES, PageNode, Seen, artefacts

pytestmark = pytest.mark.browser

EXAMPLES: Final[dict[str, Callable[[PageNode], str]]] = {
    "/records/{entry}": lambda node: f"/records/{node.cases[-1]}",
    "/checkpoints/{size:int}": lambda node: f"/checkpoints/{node.ledger.checkpoints()[-1].size}",
    "/lineage/{entry}": lambda node: f"/lineage/{node.decided[0]}",
    "/models/{model}": lambda node: f"/models/{node.ledger.search('kind=model').hits[0].index}",
    "/find": lambda _: "/find?q=payment",
    "/watch/{index:int}": lambda node: f"/watch/{node.alerts[0]}",
    "/contracts/{number:int}": lambda _: "/contracts/7",
    "/apps/finance/cases/{number:int}": lambda node: f"/apps/finance/cases/{node.decided[0]}",
    "/apps/finance/rules/{index:int}": lambda node: (
        f"/apps/finance/rules/{node.ledger.search('kind=rule').hits[0].index}"
    ),
    "/api/{group}": lambda _: "/api/record",
}
"""Path of a page -> an address of it, where the path alone is none."""

SHOWN: Final = [
    one
    for one in (*PAGES, *api_pages(dict))
    if isinstance(one, Page) and not one.posted and one.path != "/api/try"  # leads elsewhere
]


def address_of(page: Page, node: PageNode) -> str:
    """Give an address of a page."""
    return EXAMPLES[page.path](node) if page.path in EXAMPLES else page.path


def test_each_page_with_places_has_an_example() -> None:
    """No page is left out below because nobody gave an address of it."""
    paths = {one.path for one in SHOWN}
    assert {one for one in paths if "{" in one} <= set(EXAMPLES) <= paths


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
    path, _, query = address_of(page, node).partition("?")
    base = node.url + ("/index" if path == "/" else path)

    def get(form: str) -> bytes:
        headers = {"authorization": "Bearer operator"}
        answer = urllib3.request("GET", f"{base}.{form}?{query}", headers=headers)
        assert answer.status == 200
        return answer.data

    facts = json.loads(get("json"))
    assert not [name for name in facts if name.startswith("_")]
    if page.rows:
        rows = facts[page.rows]
        read = list(csv.reader(io.StringIO(get("csv").decode())))
        assert len(read) == 1 + len(rows) or not rows
        assert arrow.ipc.open_stream(get("arrow")).read_all().num_rows == len(rows)


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
