"""The reference of name matching says of every feature what the source says."""

from __future__ import annotations

from counterfoil.apps.finance.names.features import FEATURES
from tests.shared_data import ROOT

WORDS = {-1: "against", 0: "either way", 1: "for"}


def test_the_reference_has_every_feature() -> None:
    """docs/reference/name-matching.md lists each feature with its direction and its value."""
    page = (ROOT / "docs" / "reference" / "name-matching.md").read_text(encoding="utf-8")
    rows = [f"| `{name}` | {WORDS[one.sign]} | {one.means} |" for name, one in FEATURES.items()]
    assert [row for row in rows if row not in page] == []
