"""A state folder of its own for each test, since keys of personal data lie there."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the state folder."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    return tmp_path / "state"
