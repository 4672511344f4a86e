"""The demonstration's page in a real browser: phone and desktop, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from counterfoil.ledger import create_ledger, open_ledger
from counterfoil.ops.demo.live import Feed
from counterfoil.ops.demo.page import DemoPage
from counterfoil.ops.demo.place import take_place
from counterfoil.ops.demo.watch import DECISIONS, Watch
from counterfoil.ops.serving import serving
from counterfoil.ports import SystemClock

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
LONG = "x" * 300

Open = Callable[..., tuple[Page, list[str]]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, int]]:
    """Serve a demonstration whose payments keep coming; gives a decision and a long record."""
    place = take_place(tmp_path_factory.mktemp("site") / "demo")
    create_ledger(place.ledger, SystemClock(), name="demo", organisation="urn:example:shop")
    with open_ledger(place.ledger) as ledger:
        Watch(ledger, place).take(2_000)
        long = ledger.record({"long": LONG, "markup": "<img src=x onerror=alert(1)>"}).index
        held = next(
            v.index
            for v in ledger.views()
            if v.source == DECISIONS and v.content["decision"] == "hold"
        )
        ledger.publish()
        with Feed(ledger, place), serving(DemoPage(ledger, place)) as url:
            yield url, held, long
    place.release()


@pytest.fixture
def open_page(browser: Browser, site: tuple[str, int, int]) -> Iterator[Open]:
    """Open a path in a context of its own; gives the page and its complaints."""
    opened = []

    def show(path: str, **context: Any) -> tuple[Page, list[str]]:
        opened.append(browser.new_context(**context))
        page, complaints = opened[-1].new_page(), list[str]()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site[0]}{path}")
        return page, complaints

    yield show
    for context in opened:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_fits_and_does_not_complain(
    open_page: Open, site: tuple[str, int, int], tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    """No page scrolls sideways or writes to the console; pictures are taken to look at."""
    _, held, long = site
    for path in ("/", "/checkpoints", f"/records/{held}", f"/records/{long}", "/records/0"):
        page, complaints = open_page(path, viewport=size, color_scheme=scheme)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], path
        page.screenshot(path=tmp_path / "page.png", full_page=True)
        assert (tmp_path / "page.png").stat().st_size > 10_000
        assert complaints == []
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert ground == ("rgb(247, 245, 240)" if scheme == "light" else "rgb(20, 23, 26)")


def test_it_renews_itself_until_it_is_paused(open_page: Open) -> None:
    """New payments appear without a reload; the button stops that, and lets it go on."""
    page, complaints = open_page("/")
    entries = page.locator(".tiles strong").first
    before = entries.inner_text()
    page.wait_for_function(
        "before => document.querySelector('.tiles strong').innerText !== before", arg=before
    )
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    held = entries.inner_text()
    page.wait_for_timeout(5_000)
    assert entries.inner_text() == held
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function(
        "held => document.querySelector('.tiles strong').innerText !== held", arg=held
    )
    assert complaints == []


def test_it_tells_what_it_costs(open_page: Open) -> None:
    """CPU milliseconds an entry, and joules with how they are known, stand beside what there is."""
    page, complaints = open_page("/")
    tile = page.locator(".tiles div", has_text="CPU time an entry").inner_text()
    assert re.search(
        r"(?s)[0-9]+\.[0-9]{2} ms.*[0-9.,]+ J in all, (measured|estimated at 7 W)", tile
    )
    assert complaints == []


def test_it_works_without_javascript(open_page: Open) -> None:
    """Without scripts the page shows the same, renews itself whole, and offers no dead button."""
    page, _ = open_page("/", java_script_enabled=False)
    assert page.locator("h1").inner_text() == "Overview"
    assert page.locator(".payments tbody tr").count() >= 30
    assert not page.locator("#pause").is_visible()
    assert page.locator('noscript meta[http-equiv="refresh"]').count() == 1
    page.locator(".payments tbody tr").first.locator("a").last.click()
    assert page.locator("h1").inner_text().startswith("Entry ")


def test_from_a_decision_to_a_receipt_that_checks_itself(
    open_page: Open, site: tuple[str, int, int]
) -> None:
    """One follows a held payment to its reasons, and to a receipt that says that it holds."""
    page, complaints = open_page(f"/records/{site[1]}")
    assert page.locator(".why tr").count() == 4
    page.get_by_role("link", name="Receipt: a page").click()
    page.wait_for_selector("html[data-outcome]", state="attached")
    assert page.evaluate("document.documentElement.dataset.outcome") == "holds"
    assert complaints == []


def test_markup_in_a_record_is_text(open_page: Open, site: tuple[str, int, int]) -> None:
    """What a record says in HTML is shown letter by letter."""
    page, complaints = open_page(f"/records/{site[2]}")
    assert "<img src=x" in page.locator("pre").inner_text()
    assert page.locator("main img").count() == 0
    assert complaints == []
