"""Transactions are made ready before they are sent, and waited for, but not for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from counterfoil.chain import Account, NodeChain, fund, prepare, transact, wait_receipt
from counterfoil.errors import Refused, Unavailable
from counterfoil.ports import ChainCall, Fees
from counterfoil.testing.chains import probe_code
from tests.chains import embedded, numbered_account
from tests.lying_node import lying

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """Make an embedded chain."""
    chain, faucet = embedded(tmp_path_factory.mktemp("transactions"))
    yield chain, faucet
    chain.close()


def test_what_is_ready_is_not_sent(world: tuple[NodeChain, Account]) -> None:
    """Preparing sends nothing; its bytes can be sent later, and are taken once."""
    chain, faucet = world
    before = chain.head()
    prepared = prepare(chain, faucet, ChainCall(NOBODY, value_wei=1))
    assert chain.head() == before
    assert prepared.gas == 21_000 * 120 // 100
    assert chain.send_raw(prepared.raw) == chain.send_raw(prepared.raw) == prepared.hash
    assert chain.head().number == before.number + 1
    assert wait_receipt(chain, prepared.hash).gas_used == 21_000


def test_an_old_chain(world: tuple[NodeChain, Account]) -> None:
    """With a gas price instead of fees the transaction is of the old kind, and is taken."""
    chain, faucet = world
    price = chain.fees().max_fee
    fees = Fees(price, price, legacy=True)
    prepared = prepare(chain, faucet, ChainCall(NOBODY, value_wei=1), fees=fees)
    assert prepared.raw[0] >= 0xC0
    assert wait_receipt(chain, chain.send_raw(prepared.raw)).gas_price == price


def test_an_empty_account(world: tuple[NodeChain, Account]) -> None:
    """An account that cannot pay is found out before anything is signed, with its address."""
    chain, faucet = world
    poor = numbered_account(404)
    with pytest.raises(Refused) as caught:
        prepare(chain, poor, ChainCall(NOBODY))
    assert caught.value.code == "chain.underfunded"
    assert poor.address in caught.value.message
    fund(chain, faucet, poor.address, 10**18)
    assert transact(chain, poor, ChainCall(NOBODY)).ok


def test_waiting_ends(world: tuple[NodeChain, Account]) -> None:
    """A transaction that stands in no block is waited for with growing pauses, then given up."""
    chain, faucet = world
    prepared = prepare(chain, faucet, ChainCall(NOBODY))
    pauses: list[float] = []
    with pytest.raises(Unavailable) as caught:
        wait_receipt(chain, prepared.hash, timeout_s=10, sleep=pauses.append)
    assert caught.value.code == "chain.pending"
    assert 10 <= sum(pauses) < 13
    assert pauses == sorted(pauses)


def test_a_transaction_that_was_reverted(world: tuple[NodeChain, Account]) -> None:
    """One that stands in a block and failed is refused, not taken for done."""
    chain, faucet = world
    liar, node = lying(chain)
    sent = transact(chain, faucet, ChainCall(None, probe_code()))
    node.lies["eth_getTransactionReceipt"] = lambda _, honest: honest() | {"status": "0x0"}
    with pytest.raises(Refused, match="reverted in block"):
        wait_receipt(liar, sent.tx_hash)
