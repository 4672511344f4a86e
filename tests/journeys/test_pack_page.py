"""An evidence pack's page in a real browser: its receipts check themselves from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

import counterfoil
from counterfoil.ops import packs
from tests.journeys.receipt_window import Show
from tests.ledgers import copy_ledger
from tests.provenance_story import tell_story

pytestmark = pytest.mark.browser


def test_receipts_of_a_pack_check_themselves(show: Show, tmp_path: Path) -> None:
    """Opened from a file, a statement's receipt says that it is intact, and nothing is asked."""
    folder = copy_ledger(tmp_path / "ledger")
    with counterfoil.open(folder) as opened:
        told = tell_story(opened)
    out = tmp_path / "pack.html"
    packs.pack(str(told["decision 0"]), out=out, ledger=folder, html=True)
    shown = show(out.read_bytes())
    page = shown.page
    expect(page.locator("article")).to_have_count(9)
    last = page.locator("article").last
    last.get_by_text("Receipt of entry").click()
    frame = last.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Intact under key")
    frame.locator("#policy").fill((folder / "policy.txt").read_text())
    expect(frame.locator("#judgement")).to_contain_text("Trusted by your policy")
    assert [url for url in shown.requests if url != "about:srcdoc"] == [shown.url]
    assert shown.complaints == []
