"""The hash audit stays within its bounds, however much is damaged."""

from __future__ import annotations

import pytest

from counterfoil.log import tree_walk
from counterfoil.log.findings import Findings
from tests.unit.log.auditing import Hand, flipped, root_at, run_audit


def test_a_tail_that_fills_a_level() -> None:
    """A tail that completes a tile, whose first part is published, goes on into the next level."""
    hand = Hand(65_536 + 300, 65_000, 64_768)
    report, findings = run_audit(hand.tiles, hand.store)
    assert findings == ()
    assert report.root == root_at(hand.hashes, hand.size)


def test_findings_are_bounded() -> None:
    """A log that is all damage fills the list, and the rest is counted."""
    hand = Hand(256 * 30)
    for path in list(hand.tiles.files):
        if path.startswith("tile/entries"):
            del hand.tiles.files[path]
    kept = Findings(limit=10)
    _, findings = run_audit(hand.tiles, findings=kept)
    assert (len(findings), kept.more, len(kept)) == (10, 20, 30)


def test_many_undecided_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """More disagreements than are kept are named without waiting for a decision."""
    monkeypatch.setattr(tree_walk, "_PENDING_MAX", 5)
    hand = Hand(256 * 20 + 1)
    del hand.tiles.files["tile/1/000.p/20"]
    for path, data in list(hand.tiles.files.items()):
        if path.startswith("tile/0/"):
            hand.tiles.files[path] = flipped(data, 0)
    _, findings = run_audit(hand.tiles)
    assert {f.place for f in findings} >= {f"tile/0/{number:03d}" for number in range(20)}
