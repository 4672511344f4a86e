"""The documents in a real browser: light and dark, phone and desktop, without a script, found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from counterfoil.ledger import open_ledger
from tests.nodes import served
from tests.pages import DESKTOP, PHONE, SCHEMES, PageNode, Seen, artefacts
from tests.polling import until

pytestmark = pytest.mark.browser

ADDRESSES = {
    "start": "/docs",
    "tutorial": "/docs/tutorials/prove-a-decision",
    "explained": "/docs/explain/scale",
    "errors": "/docs/reference/errors#log-expect",
    "glossary": "/docs/glossary",
    "found": "/docs/search?q=erase+person",
}
"""One of each kind: they are all made by the same few templates."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageNode]:
    """Serve a ledger with nothing in it: documents are the same for all."""
    place = tmp_path_factory.mktemp("documented") / "ledger"
    with open_ledger(place, create=True) as ledger, served(ledger) as url:
        yield PageNode(url, ledger, {}, (), (), (), 0)


@pytest.mark.parametrize("name", ADDRESSES)
def test_documents_can_be_read_by_everybody(name: str, browser: Browser, node: PageNode) -> None:
    """Without a key, both themes and widths: axe finds nothing, nothing scrolls sideways."""
    seen = Seen(browser, node, role=None)
    try:
        assert seen.go(ADDRESSES[name]).status == 200
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            seen.page.set_viewport_size(size)
            for scheme in SCHEMES:
                seen.page.emulate_media(color_scheme=scheme)
                assert seen.too_wide() == [], (width, scheme)
                assert seen.violations() == [], (width, scheme)
                seen.page.screenshot(path=artefacts() / f"docs-{name}-{scheme}-{width}.png")
        assert seen.complaints == []
        assert seen.outside == []
    finally:
        seen.close()


def test_a_reader_finds_the_way_without_a_script(browser: Browser, node: PageNode) -> None:
    """From the first page by a search to a place, on to the next page, and back to the top."""
    seen = Seen(browser, node, role=None, options={"java_script_enabled": False})
    try:
        page = seen.page
        seen.go("/docs")
        page.get_by_label("Search the documentation").fill("log.expect")
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_role("link", name="log.expect").first.click()
        assert page.url.endswith("/docs/reference/errors#log-expect")
        assert page.locator("dt:target").inner_text().startswith("log.expect")
        page.get_by_role("navigation", name="Before and after this page").locator(
            "[rel=next]"
        ).click()
        assert page.locator("article h1").count() == 1
        page.get_by_role("navigation", name="Where this page is").get_by_role(
            "link", name="Documentation"
        ).click()
        assert page.url == f"{node.url}/docs"
        tree = page.get_by_role("navigation", name="Documentation", exact=True)
        tree.get_by_text("Tutorials", exact=True).click()
        tree.get_by_role("link", name="Your first receipt").click()
        assert page.locator("article h1").inner_text() == "Your first receipt"
        assert tree.locator("[aria-current=page]").inner_text() == "Your first receipt"
    finally:
        seen.close()


def test_a_document_can_be_read_by_the_keyboard(browser: Browser, node: PageNode) -> None:
    """What scrolls by itself, code and tables, can be reached and moved without a mouse."""
    seen = Seen(browser, node, role=None, options={"viewport": PHONE})
    try:
        seen.go("/docs/guides/act")
        code = seen.page.locator("article pre").first
        code.focus()
        assert code.evaluate("one => document.activeElement === one")
        seen.page.keyboard.press("ArrowRight")
        assert until(lambda: bool(code.evaluate("one => one.scrollLeft > 0")), 10)
    finally:
        seen.close()
