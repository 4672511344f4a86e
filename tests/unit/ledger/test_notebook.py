"""What a notebook shows: each thing as a card that is whole, honest and harmless."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

import counterfoil
from counterfoil.errors import Refused
from counterfoil.formats.receipt import AnchorClaim, Receipt
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions.handle import Handle
from tests.deciding import APPLICANT, lightgbm_bytes
from tests.ledgers import copy_ledger
from tests.provenance_story import tell_story

HOSTILE = "<img src=x onerror=alert(1)>\"'</pre></style><script>alert(2)</script>"
TAGS = {
    "div", "style", "h4", "p", "b", "dl", "dt", "dd", "details", "summary", "pre", "table", "thead",
    "tbody", "tr", "th", "td", "svg", "title", "desc", "g", "path", "rect", "circle", "text",
}  # fmt: skip


class Reader(HTMLParser):
    """Reads a card as a browser does: which elements and attributes, and what text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.words: list[str] = []
        self.depth = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.depth -= 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def shown(thing: Any) -> Reader:
    """Show a thing as a notebook does, and check what holds for every card."""
    html: str = thing._repr_html_()
    read = Reader(html)
    assert html.startswith('<div class="counterfoil">')
    assert read.depth == 0
    assert read.tags <= TAGS
    assert not [name for name in read.names if name.startswith("on") or name in ("style", "src")]
    assert "url(" not in html
    assert "http://" not in html.replace("https://org.example", "")
    return read


MODEL = {
    "name": "credit", "version": "1", "format": "onnx", "digest": "ab" * 32, "size": 5,
    "outcomes": ["grant", "hold"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as made:
        yield made


def test_records(ledger: Ledger) -> None:
    """An entry shows who said what when; what recording answers shows where it stands."""
    done = ledger.record({"amount": 5, "who": "Köln"}, source="orders", number=7)
    answer = shown(done).text
    assert f"Recorded as entry {done.index}" in answer
    assert "durable" in answer
    again = ledger.record({"amount": 5, "who": "Köln"}, source="orders", number=7)
    assert "was recorded before" in shown(again).text
    entry = shown(ledger.get(done.index)).text
    assert '"who": "Köln"' in entry
    assert "orders, number 7" in entry
    assert done.leaf in entry
    many = ledger.record_many([{"n": n} for n in range(3)], source="rows")
    assert "Recorded 3 rows" in shown(many).text
    assert "a batch of statements" in shown(ledger.get(many.indices[0])).text


def test_a_receipt_does_not_say_that_it_holds(ledger: Ledger) -> None:
    """A receipt's card says that nobody checked it; what was verified says what that is worth."""
    index = ledger.record({"n": 1}).index
    receipt = ledger.receipt(index)
    card = shown(receipt)
    assert "not checked here" in card.text
    assert "checked</" not in card.text.replace("not checked", "")
    assert ledger.origin in card.text
    verified = ledger.verify(receipt)
    found = shown(verified).text
    assert f"verified: {verified.grade}" in found
    assert verified.signer.keyid in found
    assert json.loads(found[found.index("{", found.index("Content")) :]) == {"n": 1}


def test_an_anchor_is_a_claim(ledger: Ledger) -> None:
    """What a receipt says of anchors is shown as what it says, before and after it was verified."""
    claim = AnchorClaim(7, f"0x{'1' * 40}", f"0x{'2' * 40}", f"0x{'3' * 64}", 12, 1_794_000_000)
    receipt = ledger.receipt(ledger.record({"n": 1}).index)
    anchored = msgspec.structs.replace(receipt, anchors=(claim,))
    text = shown(anchored).text
    assert "Says it is anchored" in text
    assert "on chain 7, block 12, 2026-11-06" in text
    assert "Anchor, not asked for" in shown(ledger.verify(anchored)).text


def test_a_receipt_that_is_damaged_says_so(ledger: Ledger) -> None:
    """A receipt whose checkpoint cannot be read is shown as such, and raises nothing."""
    receipt = ledger.receipt(ledger.record({"n": 1}).index)
    for text in ("", "\ud800", HOSTILE, receipt.checkpoint[:20]):
        damaged = Receipt(text, receipt.record, receipt.keys)
        assert "cannot be read" in shown(damaged).text


def test_lineage_is_drawn(ledger: Ledger) -> None:
    """A trace shows its graph, with every statement that was found."""
    told = tell_story(ledger)
    trace = ledger.trace(told["decision 0"])
    card = shown(trace)
    assert card.text.count("Ada Example") >= 1
    assert {"svg", "rect", "path"} <= card.tags
    for node in trace.nodes.values():
        assert node.kind in card.text
    cut = ledger.trace(told["decision 0"], depth=1)
    assert "It goes on" in shown(cut).text


def test_decisions(ledger: Ledger) -> None:
    """A decision shows its reasons drawn and what came of it; a page, its counts."""
    model = ledger.models.record(lightgbm_bytes(), "credit", outcomes=("grant", "hold"))
    with ledger.decision(
        model.index, APPLICANT, explain="always", threshold=0.5, accountable="Ada", wait=True
    ) as made:
        before = shown(made).text
    assert "not recorded" in before
    assert made.recorded is not None
    index = made.recorded.result()
    assert f"recorded as entry {index}" in shown(made).text
    ledger.decisions.act(index, "letter", result="sent")
    found = ledger.decisions.get(index)
    card = shown(found)
    assert {"svg", "rect"} <= card.tags
    for words in (found.decision.outcome, "letter", "Ada", "income", str(found.said["score"])):
        assert words in card.text
    mine = ledger.decisions.override(index, "grant", why="misread", accountable="Grace")
    assert f"replaced by entry {mine.index}" in shown(ledger.decisions.get(index)).text
    assert "2 decisions" in shown(ledger.decisions.ls()).text
    assert "There are more" in shown(ledger.decisions.ls(limit=1)).text
    odd = {**found.said, "explanation": {"contributions": {"a": "1.5", "b": "many"}}}
    assert "1 contribution" not in shown(replace(found, said=odd)).text
    assert "+1.5" in shown(replace(found, said=odd)).text


def test_what_is_sealed_stays_sealed(ledger: Ledger) -> None:
    """Personal inputs and reasons are on no card; that they are sealed is."""
    model = ledger.models.record(lightgbm_bytes(), "credit", outcomes=("grant", "hold"))
    options: dict[str, Any] = {"explain": "always", "threshold": 0.5, "accountable": "Ada"}
    with ledger.decision(model.index, APPLICANT, person="p-1", wait=True, **options) as made:
        pass
    assert made.recorded is not None
    index = made.recorded.result()
    for thing in (ledger.decisions.get(index), ledger.get(index), ledger.search("kind=decision")):
        text = shown(thing).text
        assert "31.5" not in text
        assert "ontributions" not in text
    assert "Sealed: " in shown(ledger.decisions.get(index)).text
    assert "sealed, " in shown(ledger.get(index)).text


def test_a_decision_that_failed_says_so(ledger: Ledger) -> None:
    """A look at a decision that could not be recorded tells why, and keeps the error for others."""
    with ledger.decision(ledger.record_statement("model", MODEL).index, {"n": 1}) as made:
        made.outcome = "hold"
    made.outcome, made.score, made.threshold = "hold", 0.5, 0.25
    made.recorded = Handle(lambda: None)
    assert "is being recorded" in shown(made).text
    made.recorded.set_exception(Refused("check.missing", "expected a check, found none"))
    assert "was not recorded: expected a check" in shown(made).text
    assert not made.recorded.told


def test_pages_and_ledgers(ledger: Ledger) -> None:
    """A search shows its hits, a ledger how it stands, also when it is closed."""
    ledger.record_many([{"n": n} for n in range(80)], source="rows")
    page = ledger.search("kind=record", limit=60)
    text = shown(page).text
    assert "60 of " in text
    assert "10 more rows." in text
    assert f"after={page.next}" in text
    assert "Nothing was found." in shown(ledger.search("none=1")).text
    assert f"{ledger.size:,}" in shown(ledger).text
    assert "rows" in shown(ledger).text
    ledger.close()
    assert "closed" in shown(ledger).text


def test_words_in_records_do_no_harm(ledger: Ledger) -> None:
    """Whatever stands in a record is text on every card that shows it."""
    index = ledger.record({HOSTILE: [HOSTILE], "name": HOSTILE}, source="hostile").index
    fields = {**MODEL, "name": HOSTILE[:80], "version": "1"}
    model = ledger.record_statement("model", fields).index
    with ledger.decision(model, {HOSTILE: HOSTILE}, wait=True, accountable=HOSTILE) as made:
        made.outcome = HOSTILE
        made.note = HOSTILE
    assert made.recorded is not None
    decided = made.recorded.result()
    things = [
        ledger.get(index),
        ledger.search(),
        ledger.verify(ledger.receipt(index)),
        ledger.trace(decided),
        ledger.decisions.get(decided),
        ledger.decisions.ls(),
        made,
    ]
    for thing in things:
        card = shown(thing)
        assert HOSTILE[:20] in card.text or HOSTILE[:20] in unescape(card.text)


def test_text_for_terminals_is_as_before(ledger: Ledger) -> None:
    """Where there is no notebook, things say what they are in a line of text."""
    done = ledger.record({"n": 1})
    assert repr(done).startswith("Recorded(index=")
    assert repr(ledger).startswith("Ledger(")
    assert repr(ledger.get(done.index)).startswith("RecordView(index=")
    assert msgspec.to_builtins(done) == done.to_json()


def test_a_ledger_without_a_notebook_loads_no_cards() -> None:
    """Cards cost nothing where nobody looks at one."""
    code = "import sys, counterfoil.ledger; print('counterfoil.drawing.card' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
