"""What tests of the shell share: a ledger that is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.ledger import Ledger, open_ledger
from tests.guarded import GuardedNode, guarded
from tests.ledgers import copy_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


@pytest.fixture
def node(ledger: Ledger) -> Iterator[GuardedNode]:
    with guarded(ledger) as found:
        yield found
