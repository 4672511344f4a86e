"""A chain report in a real browser: from a file, without a script, light, dark, wide, narrow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from counterfoil.ops import chains
from counterfoil.proofs.verify import verify_receipt
from tests.journeys.receipt_window import Show
from tests.ledgers import copy_ledger

pytestmark = pytest.mark.browser

PAPER, NIGHT = "rgb(247, 245, 240)", "rgb(20, 23, 26)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Report on 2,000 simulated transactions: the page, and the policy of its ledger."""
    place = tmp_path_factory.mktemp("report")
    chains.simulate(out=place / "chain", transactions=2000, seed=4)
    folder = copy_ledger(place / "ledger")
    done = chains.report((place / "chain",), out=place / "report.html", ledger=folder)
    assert done.size == (place / "report.html").stat().st_size
    return (place / "report.html").read_bytes(), (folder / "policy.txt").read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page(show: Show, report: tuple[bytes, bytes], scheme: str, width: int) -> None:
    """It shows every figure, asks nothing of anybody, complains of nothing and fits the window."""
    shown = show(
        report[0],
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        java_script_enabled=False,
    )
    page = shown.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Chain report")
    expect(page.locator("figure")).to_have_count(page.locator("figure figcaption h3").count())
    assert page.locator("figure").count() >= 26
    for name in ("transactions-over-time", "largest-flows", "lorenz", "base-fee", "communities"):
        picture = page.locator(f"#{name} > svg")
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["height"] > 100
    assert shown.requests == [shown.url]
    assert shown.complaints == []
    photograph = page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": 900})
    assert len(set(photograph)) > 100, "something is drawn"


@pytest.mark.parametrize(("scheme", "ground"), [("light", PAPER), ("dark", NIGHT)])
def test_light_and_dark(show: Show, report: tuple[bytes, bytes], scheme: str, ground: str) -> None:
    """The ground is paper by day and ink by night, and marks have colours of their own."""
    page = show(report[0], color_scheme=scheme).page
    found = page.evaluate(
        "[getComputedStyle(document.documentElement).backgroundColor,"
        " getComputedStyle(document.querySelector('rect.bar')).fill,"
        " document.documentElement.scrollWidth <= innerWidth]"
    )
    assert found[0] == ground
    assert found[1] not in ("rgb(0, 0, 0)", ground)
    assert found[2], "nothing sticks out"


def test_query_and_receipt(show: Show, report: tuple[bytes, bytes], tmp_path: Path) -> None:
    """A figure opens to its query, and its receipt, saved from the page, verifies offline."""
    page = show(report[0]).page
    figure = page.locator("#concentration")
    expect(figure.locator("pre").first).to_be_hidden()
    figure.get_by_text("Query, digests and receipt").click()
    expect(figure.locator("pre").first).to_contain_text("sum((wei / total) ** 2")
    with page.expect_download() as download:
        figure.get_by_role("link", name="Receipt of this figure").click()
    saved = tmp_path / "receipt.json"
    download.value.save_as(saved)
    assert download.value.suggested_filename == "concentration.receipt.json"
    verify_receipt(saved.read_bytes(), report[1], now_s=2_000_000_000)
    content = json.loads(json.loads(saved.read_text())["row"]["content"])
    assert content["figure"] == "concentration"
    expect(figure).to_contain_text(content["result_sha256"])
