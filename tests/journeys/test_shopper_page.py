"""The shopper's page in a real browser: from a file, the brand's domain, and a thief's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.identifiers import canonical, lot_of
from counterfoil.apps.supply.shopper import PAGE_MAX_BYTES, policy_digest
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import labels
from tests.journeys.receipt_window import Show
from tests.journeys.shopper_phone import Scan, trust
from tests.ledgers import copy_ledger
from tests.shopper_made import (
    BRAND,
    CERTIFICATE,
    CHEESE,
    chain,
    recorded,
    warmed,
)
from tests.supply_made import item, lot, pack, pallet, place, seen, transform

pytestmark = pytest.mark.browser

SAID = re.compile(r"\b(as it was written|keys as pinned)\b", re.IGNORECASE)


def test_a_scanned_code_shows_the_way_by_the_brands_keys(scan: Scan) -> None:
    """Who scans the code sees the truth answered first, then origin, steps, warmth, papers."""
    page = scan(chain().code, chain().page)
    assert trust(page) == ("holds", "pinned")
    expect(page.get_by_role("heading", level=1)).to_have_text("As it was written")
    expect(page.locator("#keys")).to_contain_text("Keys as pinned by brand.example")
    expect(page.locator("#keys")).to_contain_text("address bar: it must say brand.example")
    expect(page.locator("#verdict")).to_contain_text("8 steps of 3 companies")
    steps = page.locator("#way .step").all_inner_texts()
    assert [one.lower() for one in steps] == [
        "commissioning", "packing", "shipping", "sensor reporting", "receiving", "unpacking",
        "retail selling", "commissioning",
    ]  # fmt: skip
    text = page.inner_text("main")
    for said in (
        "Mountain cheese 200 g", "https://carrier.example", "GLN 4012345000023", CERTIFICATE,
        "3 readings from 4.0 °C to 5.0 °C; 0 of them outside of at most 7.0 °C",
        "GTIN 04012345222227, lot MILK", "a code can be copied onto another",
        "That a sensor was in the box", "That nothing was left out",
    ):  # fmt: skip
        assert said in text, said
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_offline_from_a_file(show: Show) -> None:
    """From a file the page asks nothing of a network; the pasted link of the code pins its keys."""
    shown = show(chain().page, offline=True)
    assert shown.outcome == "holds"
    page = shown.page
    page.wait_for_selector("html[data-trust]", state="attached")
    assert trust(page) == ("holds", "unpinned")
    expect(page.locator("#verdict")).to_contain_text("nobody vouched for yet")
    page.fill("#link", chain().code)
    expect(page.locator("#keys")).to_contain_text("Keys as pinned by brand.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("As it was written")
    page.fill("#link", "")
    expect(page.locator("html")).to_have_attribute("data-trust", "unpinned")
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def test_recalled_and_doubted(scan: Scan) -> None:
    """A recall comes before all else, also one of its lot; a broken cold chain is told, too."""
    recalled = seen(
        20, 1, step="holding", epcList=[], disposition="recalled",
        quantityList=[{"epcClass": lot("L7"), "quantity": 1}],
    )  # fmt: skip
    made = transform(1, [lot("MILK", 22222)], [CHEESE], ilmd={"cbvmda:lotNumber": "L7"})
    warm = warmed(4, 4.5, 11.25)
    events = (made, pack(2, pallet(1), CHEESE), warm, recalled)
    found = recorded({"dairy": events}, high_c="7")
    page = scan(found.code, found.page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Recalled")
    expect(page.locator("#warnings")).to_contain_text("https://dairy.example said so")
    expect(page.locator("#warnings")).to_contain_text("Doubted by who made this page: was at 11.25")
    expect(page.locator("#warm")).to_contain_text("Out of limits:")


def test_a_long_way_is_cut_to_what_fits(scan: Scan) -> None:
    """A page of a long way keeps its ends, and says how much it leaves out."""
    many = [seen(2 + n / 1000, 2, CHEESE, step="inspecting") for n in range(600)]
    first = transform(1, [lot("MILK", 22222)], [CHEESE], bizStep="commissioning")
    last = seen(12, 3, CHEESE, step="retail_selling")
    found = recorded({"dairy": (first, *many, last)})
    assert len(found.page) <= PAGE_MAX_BYTES
    page = scan(found.code, found.page)
    assert trust(page) == ("holds", "pinned")
    left = re.search(r"(\d+) records of its way did not fit", page.inner_text("#warnings"))
    assert left
    steps = page.locator("#way .step").all_inner_texts()
    assert len(steps) + int(left[1]) == 602
    assert [steps[0].lower(), steps[-1].lower()] == ["commissioning", "retail selling"]


def test_without_scripts(show: Show) -> None:
    """Where scripts are off, the page says that nothing was checked, and calls claims claims."""
    page = show(chain().page, java_script_enabled=False).page
    expect(page.get_by_role("heading", level=1)).to_have_text("Not checked")
    expect(page.locator("#way h2")).to_have_text("What this file claims (not verified)")
    expect(page.locator("#claims")).to_contain_text("retail_selling, said by https://shop.example")
    assert not SAID.search(page.inner_text("body"))


def test_a_browser_that_cannot_check_says_so(show: Show) -> None:
    """Without working cryptography there is no tick, but the command that checks."""
    shown = show(
        chain().page, script="Object.defineProperty(crypto, 'subtle', { value: undefined })"
    )
    assert shown.outcome == "unable"
    expect(shown.page.get_by_role("heading", level=1)).to_have_text("Could not be checked here")
    expect(shown.page.locator("#verdict")).to_contain_text("counterfoil supply label-check FILE")
    assert not SAID.search(shown.page.inner_text("body"))


NAMES = [
    item(1), item(999), lot("L/1"), lot("A%2F1"), lot("a!b(c)"),
    "urn:epc:idpat:sgtin:4012345.011111.*",
    "urn:epc:idpat:sgtin:4012345.011111.5", pallet(3), "urn:epc:id:sscc:4012345.1", place(1),
    "urn:epc:id:sgln:4012345.00001.dock-1", "urn:epc:id:pgln:4012345.00001",
    "urn:epc:id:grai:4012345.00001.77", "urn:epc:idpat:grai:4012345.00001.*",
    "urn:epc:id:giai:4000001.111", "urn:epc:id:sgtin:1.2.3", "urn:epc:id:sgtin:4012345.011111.",
    "https://id.gs1.org/01/04012345111118/21/1", "https://shop.example/gtin/4012345111118/lot/L7",
    "http://shop.example/a/b/01/04012345111118/10/L7/21/S?x=1#y", "https://x.example/01/123",
    "https://x.example/00/040123450000000016", "https://x.example/gln/4012345000016/254/d",
    "https://x.example/8003/04012345000016ABC", "https://x.example/01/0401234511111\u0666",
    "geo:1,2", "", "https://x.example", "urn:uuid:1", "HTTPS://X.example/01/04012345111118",
    "https://x.example/01/04012345111118/21/", "https://x.example/constructor/1/01",
    "urn:epc:id:upui:4012345.011111.51qIgY)%3C%26Jp3*j7'SDB", "urn:epc:constructor:x:4012345.1",
]  # fmt: skip


def test_things_have_the_names_that_python_gives(show: Show) -> None:
    """The page's script and Python name things alike, or two things would be one, or one two."""
    shown = show(chain().page)
    assert shown.outcome == "holds"
    named = shown.page.evaluate("names => names.map(counterfoil.canonicalName)", NAMES)
    assert named == [canonical(name) for name in NAMES]
    of = "https://id.gs1.org/01/04012345222227"
    lots = ["L7", "A/1+2", "a b", "!'()*~;=:,&%", "ä€", "x.y-z_"]
    script = "lots => lots.map(([of, lot]) => counterfoil.lotName(of, lot))"
    made = shown.page.evaluate(script, [[of, one] for one in lots])
    assert made == [lot_of(of, one) for one in lots]


def test_a_node_shows_what_was_published(browser: Browser, tmp_path: Path) -> None:
    """Where the code leads the node gives the page to anybody, and lets it check itself."""
    from tests.nodes import served

    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger, served(ledger) as url:
        capture(ledger, [seen(1, 1, CHEESE, action="ADD")])
        made = labels.publish_label(CHEESE, brand=BRAND, ledger=ledger.layout.folder)
        assert made.code is not None
        context = browser.new_context()
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text))
        for path in (made.code.removeprefix(BRAND), "/supply/label/01/4012345111118/21/1"):
            answer = page.goto("about:blank") or page.goto(url + path)
            assert answer is not None
            assert answer.status == 200
            assert answer.headers["content-security-policy"].endswith("frame-ancestors 'none'")
            page.wait_for_selector("html[data-trust]", state="attached")
            assert trust(page) == ("holds", "unpinned"), "a node without TLS is not the brand"
        policy = context.request.get(url + "/.well-known/counterfoil-policy.txt")
        assert policy_digest(policy.body()) == made.policy_digest
        assert page.request.get(url + "/01/04012345111118/21/2").status == 404
        context.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_read_it(scheme: Any, width: int, scan: Scan) -> None:
    """The page fits a phone and a desk, in light and dark, and axe finds nothing to mend."""
    from tests.pages import axe

    page = scan(
        chain().code, chain().page, viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(axe())
    found = page.evaluate("axe.run(document).then(done => done.violations)")
    assert [one["help"] for one in found] == []
    expect(page.get_by_role("img")).to_have_accessible_name(re.compile("^Temperatures from 2030"))
    expect(page.locator("#link")).to_have_accessible_name("The link of the code on the product")
