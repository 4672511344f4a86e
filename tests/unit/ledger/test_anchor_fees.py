"""Base fees of a chain are read a little at a time; a chain that does not say is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.chain import NodeChain, transact
from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.errors import Unavailable
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.anchor_fees import AnchorFees
from counterfoil.ops.anchors import status
from counterfoil.ops.place import open_anchoring
from counterfoil.ports import ChainCall
from tests.anvil import Anvil, anvil
from tests.chains import embedded
from tests.ledgers import set_setting
from tests.unit.ledger.test_anchorer import wait_for

__all__ = ["anvil"]

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture
def mined(tmp_path: Path) -> Iterator[NodeChain]:
    """A chain of a few blocks."""
    chain, faucet = embedded(tmp_path)
    for _ in range(3):
        transact(chain, faucet, ChainCall(NOBODY, value_wei=1))
    yield chain
    chain.close()


def test_fees_up_to_the_block_to_come(mined: NodeChain) -> None:
    """The last fee is that of the block after the newest; looking again costs no question."""
    asked = []

    def opened() -> NodeChain:
        asked.append(1)
        return mined

    fees = AnchorFees(opened, 600.0)
    seen = fees.seen()
    assert seen is not None
    assert seen.first + len(seen.base_fees) - 1 == mined.head().number + 1
    assert list(seen.base_fees) == mined.base_fees(100)[1]
    assert fees.seen() == seen
    assert asked == [1]


def test_new_blocks_are_joined_to_the_old(
    mined: NodeChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read later continues what was read before, with nothing twice."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    fees = AnchorFees(lambda: mined, 600.0)
    first = fees.seen()
    assert first is not None
    now[0] += 3_600.0
    later = fees.seen()
    assert later == first


def test_a_chain_that_does_not_answer() -> None:
    """Nobody hears an error, and it is not asked again at once."""
    asked = []

    def opened() -> NodeChain:
        asked.append(1)
        raise Unavailable("chain.unreachable", "expected a chain, found none")

    fees = AnchorFees(opened, 600.0)
    assert fees.seen() is None
    assert fees.seen() is None
    assert asked == [1]


def test_the_choice_is_in_the_book(folder: Path, anvil: Anvil) -> None:
    """With fees to look at it anchors within the longest wait, and writes down why then."""
    from counterfoil.ledger.anchor_setup import anchor_account, owner_account

    set_setting(folder, "anchor_chains", f'["{anvil.url}"]')
    set_setting(folder, "anchor_confirmations", "1")
    set_setting(folder, "anchor_max_wait_s", "4.0")
    with closing(_opened(anvil.url)) as chain:
        for account in (owner_account(Layout(folder)), anchor_account(Layout(folder))):
            transact(chain, anvil.account, ChainCall(account.address, value_wei=10**18))
    anvil.rpc("evm_setIntervalMining", 1)
    try:
        with open_anchoring(folder) as ledger:
            index = ledger.record({"a": 1}).index
            wait_for(lambda: bool(ledger.receipt(index).anchors))
    finally:
        anvil.rpc("evm_setIntervalMining", 0)
        anvil.rpc("evm_setAutomine", True)
    (one,) = status(ledger=folder)
    assert one.why is not None
    with closing(AnchorBook(Layout(folder).anchor_book, read_only=True)) as book:
        assert book.why(one.chain_id or 0, 10**9) is None
    with open_ledger(folder, read_only=True) as ledger:
        assert ledger.receipt(index).anchors


def _opened(url: str) -> NodeChain:
    from counterfoil.chain import open_chain

    return open_chain(url)
