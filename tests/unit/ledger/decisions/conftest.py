"""Recorded models for each test of decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counterfoil.ledger import Ledger


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keys of each test's people apart: copies of a ledger are one log."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))


OWN = {
    "name": "credit",
    "version": "1",
    "format": "onnx",
    "digest": "ab" * 32,
    "size": 5,
    "outcomes": ["grant", "hold"],
    "accountable": {"name": "Ada Lovelace", "role": "credit officer"},
}


@pytest.fixture
def own(ledger: Ledger) -> int:
    """Record the statement of a model that the caller runs; gives its index."""
    return ledger.record_statement("model", OWN).index


@pytest.fixture
def said(ledger: Ledger) -> Any:
    """Give what reads a recorded decision's fields, once it is durable."""
    return lambda made: ledger.get(made.recorded.result()).content
