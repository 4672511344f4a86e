"""Every page of a node in a real browser: light and dark, phone and desktop, with and without."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Final

import pyarrow as arrow
import pytest
import urllib3
from playwright.sync_api import Browser

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.http.pages import PAGES
from counterfoil.http.pages.api_reference import api_pages
from counterfoil.http.pages.page import Page
from counterfoil.http.pages.supply.naming import address
from tests.pages import DESKTOP, PHONE, SCHEMES, PageNode, Seen, artefacts
from tests.supply_story import BAD_LOT, CHEESE, PLACES

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
    "/apps/supply/things/{thing:path}": lambda _: f"{address(canonical(CHEESE))}?high=8",
    "/apps/supply/places/{thing:path}": lambda _: f"{address(PLACES['hub'], 'places')}?high=8",
    "/apps/supply/recall/{thing:path}": lambda _: address(canonical(BAD_LOT), "recall"),
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


@pytest.fixture(scope="module")
def windows(browser: Browser, node: PageNode) -> Iterator[tuple[Seen, Seen]]:
    """Open two windows for all pages: one with scripts, one without."""
    opened = Seen(browser, node), Seen(browser, node, options={"java_script_enabled": False})
    yield opened
    for one in opened:
        one.close()


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.path)
def test_it_can_be_used_by_everybody(
    page: Page, node: PageNode, windows: tuple[Seen, Seen]
) -> None:
    """Both themes and widths: axe finds nothing, nothing scrolls sideways, nothing complains.

    And without scripts the page is the same: its heading, and its words but for a button or two.
    """
    seen, plain = windows
    seen.complaints.clear()
    assert seen.go(address_of(page, node)).status == 200
    assert seen.page.title().endswith("Counterfoil")
    name = re.sub(r"\W+", "-", page.path).strip("-") or "overview"
    for width, size in (("phone", PHONE), ("desktop", DESKTOP)):
        seen.page.set_viewport_size(size)
        for scheme in SCHEMES:
            seen.page.emulate_media(color_scheme=scheme)
            only = () if scheme == "light" else ("color-contrast",)  # a theme changes colours
            assert seen.violations(*only) == [], (width, scheme)
            picture = artefacts() / f"{name}-{scheme}-{width}.png"
            seen.page.screenshot(path=picture, full_page=True)
            assert picture.stat().st_size > 5_000
        assert seen.too_wide() == [], width
    assert (seen.complaints, seen.outside) == ([], [])
    plain.go(address_of(page, node))
    heading, words = (seen.page.locator(one).inner_text() for one in ("h1", "main"))
    assert plain.page.locator("h1").inner_text() == heading
    assert len(plain.page.locator("main").inner_text()) >= 0.6 * len(words)


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
