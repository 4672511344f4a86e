"""What a ledger answers can be printed as JSON."""

from __future__ import annotations

import json

from counterfoil.ledger import Recorded


def test_recorded_as_json() -> None:
    """The answer to a record has the same fields in Python and in JSON."""
    recorded = Recorded(3, "ab" * 32, "orders", 7, duplicate=True)
    assert json.loads(json.dumps(recorded.to_json())) == {
        "index": 3,
        "leaf": "ab" * 32,
        "source": "orders",
        "number": 7,
        "duplicate": True,
    }
