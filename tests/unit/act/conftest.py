"""A ledger that is ready to act on its own chain, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.ledger import Ledger
from tests.acting import copy_acting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give its folder."""
    return copy_acting(tmp_path)


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    """Open it as its owner."""
    with counterfoil.open(folder) as opened:
        yield opened


@pytest.fixture
def actor(ledger: Ledger) -> Iterator[Actor]:
    """Act for it."""
    with Actor(ledger) as made:
        yield made
