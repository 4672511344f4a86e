"""What tests of integrations share: a ledger that publishes at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import counterfoil
from counterfoil.ledger import Ledger
from tests.ledgers import copy_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened
