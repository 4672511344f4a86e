"""A real second node that hangs, dies, comes back, is reset or reorganises its blocks."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from counterfoil.chain import NodeChain, open_chain, prepare, transact, wait_receipt
from counterfoil.errors import CounterfoilError, Unavailable, VerificationError
from counterfoil.ports import ChainCall
from counterfoil.testing.chains import probe_code
from tests.anvil import Anvil, running_anvil

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture
def node() -> Iterator[tuple[Anvil, NodeChain]]:
    """Run an anvil for one test; what is final is the head less two."""
    with running_anvil() as anvil:
        chain = open_chain(anvil.url, confirmations=2, timeout_s=20)
        yield anvil, chain
        chain.close()


def pay(anvil: Anvil, chain: NodeChain) -> bytes:
    """Send one coin."""
    return transact(chain, anvil.account, ChainCall(NOBODY, value_wei=1)).tx_hash


def test_a_reorganisation(node: tuple[Anvil, NodeChain]) -> None:
    """A receipt of a block that fell out is none; the transaction can be sent again as it was."""
    anvil, chain = node
    pay(anvil, chain)
    prepared = prepare(chain, anvil.account, ChainCall(NOBODY, value_wei=7))
    chain.send_raw(prepared.raw)
    before = wait_receipt(chain, prepared.hash)
    head = chain.head()
    anvil.rpc("anvil_reorg", 1, [])
    after = chain.head()
    assert (after.number, after.hash != head.hash) == (head.number, True)
    assert chain.tx_receipt(prepared.hash) is None
    chain.send_raw(prepared.raw)
    again = wait_receipt(chain, prepared.hash)
    assert again.block_hash != before.block_hash
    assert chain.balance(NOBODY) == 8


def test_events_after_a_reorganisation(node: tuple[Anvil, NodeChain]) -> None:
    """Events are those of the blocks that stand now."""
    anvil, chain = node
    made = transact(chain, anvil.account, ChainCall(None, probe_code())).contract
    assert made is not None
    for _ in range(3):
        transact(chain, anvil.account, ChainCall(made))
    assert len(list(chain.logs(made, 0, 99))) == 3
    anvil.rpc("anvil_reorg", 2, [])
    assert len(list(chain.logs(made, 0, 99))) == 1


def test_a_node_that_is_reset(node: tuple[Anvil, NodeChain]) -> None:
    """A node that begins anew is caught: its final blocks are not those that it had."""
    anvil, _ = node
    chain = open_chain(anvil.url)
    for _ in range(3):
        pay(anvil, chain)
    known = chain.final()
    anvil.rpc("anvil_mine", "0xc8")
    assert chain.final().number > known.number
    anvil.rpc("anvil_reset")
    with pytest.raises(VerificationError) as caught:
        chain.final()
    assert caught.value.code == "chain.lied"
    chain.close()


def test_a_node_that_lost_its_blocks(node: tuple[Anvil, NodeChain]) -> None:
    """A head that falls back by hundreds of blocks is no reorganisation."""
    anvil, chain = node
    anvil.rpc("anvil_mine", "0xc8")
    assert chain.head().number == 0xC8
    anvil.rpc("anvil_reset")
    with pytest.raises(Unavailable) as caught:
        chain.head()
    assert caught.value.code == "chain.behind"


def test_a_node_that_hangs_and_dies() -> None:
    """While a node hangs or is dead there is an error; a transaction is sent when it is back."""
    with running_anvil() as anvil:
        chain = open_chain(anvil.url, timeout_s=0.3)
        prepared = prepare(chain, anvil.account, ChainCall(NOBODY, value_wei=1))
        anvil.signal(signal.SIGSTOP)
        with pytest.raises(Unavailable) as hanging:
            chain.send_raw(prepared.raw)
        assert hanging.value.code == "chain.unreachable"
        anvil.signal(signal.SIGCONT)
        patient = open_chain(anvil.url)
        assert patient.send_raw(prepared.raw) == prepared.hash
        assert wait_receipt(patient, prepared.hash).ok
        anvil.stop()
        with pytest.raises(CounterfoilError) as dead:
            patient.send_raw(prepared.raw)
        assert dead.value.code == "chain.unreachable"
        for used in (chain, patient):
            used.close()
