"""A fraud report in a real browser: from a file, without a script, light, dark, wide, narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from counterfoil.ops.finance import fraud_report
from tests.fraud_made import made, model
from tests.journeys.receipt_window import Show

pytestmark = pytest.mark.browser

GROUND = {"light": "rgb(247, 245, 240)", "dark": "rgb(20, 23, 26)"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Report on ten days of simulated payments."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    done = fraud_report.report(made() / "later.csv", model=model(), out=out)
    assert done.bytes == out.stat().st_size
    return out.read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page(show: Show, page: bytes, scheme: str, width: int) -> None:
    """It shows every figure, asks nothing of anybody, complains of nothing and fits the window."""
    shown = show(
        page,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        java_script_enabled=False,
    )
    found = shown.page
    expect(found.get_by_role("heading", level=1)).to_have_text("Fraud report")
    expect(found.locator("figure")).to_have_count(7)
    for name in ("precision-and-recall", "what-decisions-cost", "scores", "day-by-day"):
        picture = found.locator(f"#{name} svg")
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["height"] > 100
    assert shown.requests == [shown.url]
    assert shown.complaints == []
    body = show(page, color_scheme=scheme, viewport={"width": width, "height": 900}).page
    ground = body.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == GROUND[scheme]
    assert body.evaluate("document.documentElement.scrollWidth <= innerWidth")
