"""Somebody without a key verifies receipts on a node's page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

import counterfoil
from counterfoil.formats import policy as policies
from counterfoil.ops import receipts
from counterfoil.ports import STANDARD_STREAM, Document
from tests.ledgers import copy_ledger
from tests.pages import PageNode, Seen

pytestmark = pytest.mark.browser

Window = Callable[..., Seen]

DROP: Final = """([name, text]) => {
  const data = new DataTransfer()
  data.items.add(new File([text], name))
  const drop = document.getElementById('drop')
  drop.dispatchEvent(new DragEvent('dragover', {dataTransfer: data, bubbles: true}))
  drop.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}))
}"""


def receipt_of(ledger: counterfoil.Ledger, index: int, **form: bool) -> str:
    """Take a receipt away."""
    made = receipts.get(str(index), out=STANDARD_STREAM, ledger=ledger.layout.folder, **form)
    assert isinstance(made, Document)
    return b"".join(made.chunks).decode()


def dropped(page: Page, text: str, name: str = "receipt.json") -> str:
    """Drop a file on the page, and give what is said of it."""
    page.evaluate("delete document.documentElement.dataset.outcome")
    page.evaluate(DROP, [name, text])
    done = re.compile("holds|fails|unable")
    expect(page.locator("html")).to_have_attribute("data-outcome", done)
    return page.locator("#result").inner_text()


@pytest.mark.parametrize("form", ["", "html", "tlog_proof"])
def test_a_receipt_that_is_dropped_turns_valid_and_a_changed_one_says_where(
    node: PageNode, window: Window, form: str
) -> None:
    """Each form is checked in the browser: nothing is sent, and one changed digit is found."""
    seen = window(None)
    seen.go("/verify")
    text = receipt_of(node.ledger, node.decided[0], **({form: True} if form else {}))
    asked: list[str] = []
    seen.page.on("request", lambda request: asked.append(request.url))
    said = dropped(seen.page, text)
    assert said.startswith("Valid")
    assert "the word of whoever runs this node" in said
    if form == "tlog_proof":
        broken = re.sub(r"index \d+", "index 1", text)
    else:
        at = text.index('"entry":"') + 120
        broken = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    said = dropped(seen.page, broken)
    assert said.startswith("Invalid")
    assert re.search(r"\[(proof|entry|envelope)\.[a-z-]+\]", said)
    assert [one for one in asked if "/static/" not in one] == []
    assert seen.violations() == []
    assert seen.complaints == []


def test_a_receipt_of_another_log_needs_its_policy(
    node: PageNode, window: Window, tmp_path: Path
) -> None:
    """Against this ledger's policy it fails as unknown; with its own it is valid."""
    with counterfoil.open(copy_ledger(tmp_path / "other")) as other:
        index = other.record({"from": "elsewhere"}).index
        other.publish()
        text, policy = receipt_of(other, index), policies.format(other.policy).decode()
    seen = window(None)
    seen.go("/verify")
    said = dropped(seen.page, text)
    assert said.startswith("Invalid")
    assert "trust.unknown-log" in said
    assert "bring the policy of its log" in said
    seen.page.get_by_label("Your policy").fill(policy)
    expect(seen.page.locator("#result")).to_contain_text("the policy that you brought")
    assert seen.page.locator("#result").inner_text().startswith("Valid")
    seen.page.get_by_label("Your policy").fill("nonsense")
    expect(seen.page.locator("#result")).to_contain_text("Invalid")
    assert node.ledger.size > 0


def test_what_it_says_of_junk_is_that_it_is_no_receipt(window: Window, node: PageNode) -> None:
    """Markup and noise are told apart from receipts; nothing of them runs."""
    seen = window(None)
    seen.go("/verify")
    for junk in (
        "{}",
        "<script>alert(1)</script>",
        "c2sp.org/tlog-proof@v1\n",
        "\u202e",
        "[" * 5000,
    ):
        if junk.strip():
            assert dropped(seen.page, junk).startswith("Invalid")
    assert seen.complaints == []
    assert node.url


def test_without_a_script_the_node_checks_it(
    node: PageNode, window: Window, tmp_path: Path
) -> None:
    """The form sends the file, and the page that comes back says the same."""
    seen = window(None, java_script_enabled=False)
    seen.go("/verify")
    file = tmp_path / "receipt.json"
    file.write_text(receipt_of(node.ledger, node.decided[0]))
    seen.page.set_input_files("#file", file)
    seen.page.get_by_role("button", name="Let the node check it").click()
    expect(seen.page.locator("#result h2")).to_have_text("Valid")
    expect(seen.page.locator("#result")).to_contain_text("Checked by this node")
