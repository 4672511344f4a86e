"""The embedded EVM and anvil share no code, and the same transactions do the same on both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.chain import (
    ContractAbi,
    NodeChain,
    create_embedded,
    faucet_of,
    fund,
    open_chain,
    prepare,
    transact,
    wait_receipt,
)
from counterfoil.contracts import load_artifact
from counterfoil.errors import Refused
from counterfoil.ports import ChainCall, TxReceipt
from counterfoil.testing.chains import probe_code
from tests.anvil import Anvil, anvil
from tests.chains import COINS, numbered_account
from tests.probe_contract import compiled

__all__ = ["anvil"]

SENDER = numbered_account(77)
OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture(scope="module")
def engines(
    anvil: Anvil, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[NodeChain, NodeChain]]:
    """Open both engines, with coins on one same account."""
    path = tmp_path_factory.mktemp("engines") / "chain.db"
    ours, theirs = create_embedded(path), open_chain(anvil.url)
    fund(ours, faucet_of(path), SENDER.address, COINS)
    anvil.rpc("anvil_setBalance", SENDER.address, hex(COINS))
    yield ours, theirs
    ours.close()
    theirs.close()


def facts(receipt: TxReceipt) -> dict[str, Any]:
    """Give what of a receipt does not depend on the chain it is on."""
    return {
        "ok": receipt.ok,
        "gas": receipt.gas_used,
        "contract": receipt.contract,
        "logs": [(log.address, log.topics, log.data, log.index) for log in receipt.logs],
    }


def both(engines: tuple[NodeChain, NodeChain], call: ChainCall) -> TxReceipt:
    """Send one transaction on both engines, and check that what it did is equal."""
    ours, theirs = (transact(chain, SENDER, call) for chain in engines)
    assert facts(ours) == facts(theirs)
    return ours


def test_receipts_are_equal(engines: tuple[NodeChain, NodeChain]) -> None:
    """Status, gas, made contracts and events are equal: coins, creation, storage, hashes, text."""
    probe = compiled()
    abi = ContractAbi(probe.abi)
    both(engines, ChainCall(OTHER, value_wei=5))
    made = both(engines, ChainCall(None, probe.bytecode + (9).to_bytes(32, "big")))
    at = made.contract
    for number, text in ((1, ""), (2, "x" * 32), (2**255, "é"), (1, "again")):
        key = (number % 5).to_bytes(32, "big")
        receipt = both(engines, ChainCall(at, abi.encode("keep", key, number, text)))
        found = abi.event(receipt.logs[0])
        assert found == (
            "Kept",
            {"key": key, "by": SENDER.address, "amount": number, "text": text},
        )
    both(engines, ChainCall(at, abi.encode("forget", (1).to_bytes(32, "big"))))  # a refund
    for steps in (0, 1, 30, 64):
        path = [bytes([k]) * 32 for k in range(steps)]
        both(engines, ChainCall(at, abi.encode("climb", bytes(32), path)))
    both(engines, ChainCall(OTHER, bytes(2_000) + b"\1" * 2_000))  # the calldata floor of EIP-7623
    both(engines, ChainCall(None, probe_code()))
    both(engines, ChainCall(None, load_artifact("anchor").bytecode))


def test_views_are_equal(engines: tuple[NodeChain, NodeChain]) -> None:
    """Both return the same bytes, precompiled contracts included, and refuse in the same words."""
    probe = compiled()
    abi = ContractAbi(probe.abi)
    at = both(engines, ChainCall(None, probe.bytecode + (1).to_bytes(32, "big"))).contract
    asked = [
        abi.encode("owner"),
        abi.encode("root", b"\7" * 32, [b"\1" * 32] * 30),
        abi.encode("pair", 2**64 - 1),
        abi.encode("signer", b"\1" * 32, 27, b"\2" * 32, b"\3" * 32),
        abi.encode("signer", b"\1" * 32, 29, b"\2" * 32, b"\3" * 32),
    ]
    for data in asked:
        ours, theirs = (chain.call(ChainCall(at, data)) for chain in engines)
        assert ours == theirs
    for data in (
        abi.encode("keep", bytes(32), 0, ""),
        abi.encode("forget", bytes(32)),
        b"\1\2\3\4",
        abi.encode("keep", bytes(32), 2**256 - 1, "overflow"),
    ):
        refused = []
        for chain in engines:
            with pytest.raises(Refused) as caught:
                chain.call(ChainCall(at, data))
            refused.append((caught.value.code, caught.value.message))
        assert refused[0] == refused[1]


def test_a_reverting_transaction(engines: tuple[NodeChain, NodeChain]) -> None:
    """With gas forced, anvil mines the failure; ours refuses it and takes nothing for it."""
    probe = compiled()
    abi = ContractAbi(probe.abi)
    at = both(engines, ChainCall(None, probe.bytecode + bytes(32))).contract
    call = ChainCall(at, abi.encode("keep", bytes(32), 0, ""))
    ours, theirs = engines
    nonce, held = ours.nonce(SENDER.address), ours.balance(SENDER.address)
    with pytest.raises(Refused, match="nothing to keep") as caught:
        ours.send_raw(prepare(ours, SENDER, call, gas=100_000).raw)
    assert caught.value.code == "chain.reverted"
    assert (ours.nonce(SENDER.address), ours.balance(SENDER.address)) == (nonce, held)
    sent = theirs.send_raw(prepare(theirs, SENDER, call, gas=100_000).raw)
    with pytest.raises(Refused, match="reverted in block"):
        wait_receipt(theirs, sent)
