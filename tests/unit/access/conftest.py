"""What tests of access share: a ledger that is open, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.ledger import Ledger, open_ledger
from counterfoil.testing.clock import ManualClock
from tests.ledgers import copy_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
