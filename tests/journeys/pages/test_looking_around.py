"""Somebody looks around a ledger: what comes in live, what a click filters, keys, lineage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.pages import PageNode, Seen

pytestmark = pytest.mark.browser

Window = Callable[..., Seen]

_SOON_MS: Final = 30_000
HEAR: Final = """() => new Promise((open) => {
  const events = new EventSource('/api/v1/events?source=live')
  events.addEventListener('record', () => { document.documentElement.dataset.heard = 'yes' })
  events.addEventListener('open', open)
})"""


def test_what_is_recorded_appears_by_itself_until_it_is_paused(
    node: PageNode, window: Window
) -> None:
    """The list grows while one looks; paused it stands still, and goes on with all that came."""
    seen = window("reader")
    seen.go("/records?source=live")
    page = seen.page
    rows = page.locator("#live-records tbody tr")
    expect(rows).to_have_count(0)
    node.ledger.record({"came": "first"}, source="live")
    expect(rows).to_have_count(1, timeout=_SOON_MS)
    expect(rows.first).to_contain_text("first")
    page.get_by_role("button", name="Live: pause").click()
    paused = page.get_by_role("button", name="Paused: go on")
    page.evaluate(HEAR)
    node.ledger.record({"came": "second"}, source="live")
    expect(page.locator("html")).to_have_attribute("data-heard", "yes", timeout=_SOON_MS)
    expect(rows).to_have_count(1)
    paused.click()
    expect(rows).to_have_count(2, timeout=_SOON_MS)
    expect(rows.first).to_contain_text("second")
    assert seen.complaints == []


def test_live_rows_are_those_of_the_filter(node: PageNode, window: Window) -> None:
    """What does not fit the address does not appear, however much comes."""
    seen = window("reader")
    seen.go("/records?source=fits")
    node.ledger.record({"n": 1}, source="fits not")
    node.ledger.record({"n": 2}, source="fits")
    rows = seen.page.locator("#live-records tbody tr")
    expect(rows).to_have_count(1, timeout=_SOON_MS)
    expect(rows.first).to_contain_text("n 2")


def test_a_value_that_is_clicked_filters(window: Window) -> None:
    """Clicking an outcome leaves the decisions that have it; the chip takes it away again."""
    seen = window("reader")
    seen.go("/records?kind=decision")
    page = seen.page
    page.locator("#live-records").get_by_role("link", name="clear").first.click()
    assert "f=" in page.url
    words = page.locator("#live-records tbody tr td.say")
    assert words.count() >= 1
    assert all("outcome clear" in one for one in words.all_inner_texts())
    page.get_by_role("link", name="outcome").first.click()
    assert "f=" not in page.url
    assert page.locator("#live-records tbody tr").count() > words.count() - 1


def test_keys_lead_through_rows_and_to_the_search(window: Window) -> None:
    """/ goes to the search, j and k through the rows; in a field they are letters."""
    seen = window("reader")
    seen.go("/records")
    page = seen.page
    links = page.locator("#live-records tbody tr td:first-child a")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("/")
    field = page.locator("[data-search]")
    expect(field).to_be_focused()
    page.keyboard.type("j/k")
    expect(field).to_have_value("j/k")


def test_a_decision_is_followed_to_its_data_with_clicks(node: PageNode, window: Window) -> None:
    """From the list to a decision, its model, the data that it learned from, and up and down."""
    seen = window("reader", java_script_enabled=False)
    seen.go("/records?kind=decision&f=%22purpose%22%3D%22payment+fraud%22")
    page = seen.page
    page.locator("#live-records tbody tr td:first-child a").first.click()
    expect(page.locator("h1")).to_contain_text("decision")
    expect(page.get_by_text("Proven:")).to_be_visible()
    page.get_by_role("link", name="payment-fraud", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("payment-fraud")
    page.get_by_role("link", name="payment-fraud-training").first.click()
    expect(page.locator("h1")).to_contain_text("dataset")
    page.get_by_role("link", name="Follow it up and down").click()
    picture = page.locator("svg.graph")
    assert picture.locator(".start").count() == 1
    boxes = picture.locator(".node").count()
    picture.locator(".down a").first.click()
    expect(page.locator("svg.graph .start")).to_contain_text("model")
    assert page.locator("svg.graph .up").count() >= 1
    assert boxes >= 2
    assert node.ledger.size > 0


def test_lineage_opens_small_and_goes_on_where_one_asks(node: PageNode, window: Window) -> None:
    """One step each way at first; more on demand; one way only; as of an earlier size."""
    seen = window("reader")
    seen.go(f"/lineage/{node.decided[0]}")
    page = seen.page
    nodes = page.locator("svg.graph .node")
    few = nodes.count()
    page.get_by_role("link", name="More steps").click()
    expect(page.get_by_label("Steps each way")).to_have_value("2")
    assert nodes.count() > few
    page.get_by_role("link", name="Up to sources").click()
    assert page.locator("svg.graph .up").count() >= 1
    page.get_by_role("link", name="Down to effects").click()
    assert page.locator("svg.graph .down").count() >= 1
    page.get_by_label("As of log size").fill(str(node.decided[0] + 1))
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("As the log stood at size")).to_be_visible()
    assert page.locator("svg.graph .down").count() == 0


def test_a_hash_is_copied_whole(node: PageNode, window: Window) -> None:
    """The button behind a short hash copies all 64 digits, and says so."""
    seen = window("reader", permissions=["clipboard-read", "clipboard-write"])
    index = node.decided[0]
    seen.go(f"/records/{index}")
    leaf = node.ledger.get(index).leaf
    seen.page.get_by_role("button", name=f"Copy {leaf[:12]}").first.click()
    expect(seen.page.locator("#said")).to_have_text("Copied")
    assert seen.page.evaluate("navigator.clipboard.readText()") == leaf


def test_a_mark_of_a_picture_says_what_it_is(window: Window, node: PageNode) -> None:
    """A pointer on a mark shows its words at once, and Escape takes them away."""
    seen = window("reader")
    model = node.ledger.search("kind=model name=payment-fraud").hits[0].index
    seen.go(f"/models/{model}")
    seen.page.locator(".drawing circle.dot").first.hover()
    tip = seen.page.locator(".tip")
    expect(tip).to_be_visible()
    assert "UTC" in tip.inner_text() or ":" in tip.inner_text()
    seen.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_harmful_text_harms_no_page(node: PageNode, window: Window) -> None:
    """A record of scripts and of hidden characters is shown, whole, and nothing of it runs."""
    seen = window("reader")
    for address in (
        f"/lineage/{node.hostile}",
        "/find?q=onerror",
        "/records?source=hostile&columns=note",
        f"/records/{node.hostile}",
    ):
        seen.go(address)
        assert seen.page.locator("main script, main img[onerror], main [style]").count() == 0
    assert "onerror=alert(1)" in seen.page.locator("main").inner_text()
    assert seen.complaints == []
    assert seen.outside == []


def test_an_auditor_has_a_decision_explained_and_that_is_on_record(
    node: PageNode, window: Window
) -> None:
    """What is sealed opens for an auditor alone, drawn; who looked stands in the log before."""
    held = node.ledger.search('kind=decision outcome=hold purpose="payment fraud"', limit=1)
    index = held.hits[0].index
    reader = window("reader")
    reader.go(f"/records/{index}")
    assert reader.page.get_by_role("button", name="Compute it again").count() == 0
    auditor = window("auditor")
    auditor.go(f"/records/{index}")
    before = node.ledger.size
    auditor.page.get_by_role("button", name="Compute it again").click()
    expect(auditor.page.locator("h1")).to_contain_text("computed again")
    assert auditor.page.locator("svg.drawing rect.bar").count() >= 3
    assert auditor.page.locator(".status.ok").count() == 2
    assert auditor.violations() == []
    opened = [one for one in node.ledger.views(before) if one.kind == "opening"]
    assert {one.content["actor"] for one in opened} == {"Ada, auditor"}
    assert auditor.complaints == []
