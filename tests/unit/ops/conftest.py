"""A small ledger, and what a shell gives to operations."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.ops import ledgers
from counterfoil.ports import Channel


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make a ledger without records."""
    folder = tmp_path / "shop"
    ledgers.init(folder, name="shop", organisation="https://shop.example")
    return folder


@pytest.fixture
def channel() -> Channel:
    """Give standard streams that hold nothing."""
    return Channel(io.BytesIO(), io.BytesIO())
