"""web3 on top of our transports: the usual library, bound to what we check and bound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from web3 import Web3
from web3.exceptions import ContractLogicError

from counterfoil.chain import Account, NodeChain, transact
from counterfoil.chain.transport import RpcError
from counterfoil.ports import ChainCall
from tests.chains import embedded
from tests.lying_node import lying
from tests.probe_contract import compiled


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """Make an embedded chain."""
    chain, faucet = embedded(tmp_path_factory.mktemp("bridge"))
    yield chain, faucet
    chain.close()


def test_a_bound_contract(world: tuple[NodeChain, Account]) -> None:
    """A contract can be bound, called, and its reverts and events read, as with any provider."""
    chain, faucet = world
    probe = compiled()
    made = transact(chain, faucet, ChainCall(None, probe.bytecode + (4).to_bytes(32, "big")))
    web3 = chain.web3
    assert chain.web3 is web3
    assert web3.is_connected()
    contract = web3.eth.contract(abi=probe.abi)(Web3.to_checksum_address(str(made.contract)))
    assert contract.functions.total().call() == 4
    assert contract.functions.owner().call() == faucet.address
    with pytest.raises(ContractLogicError, match="nothing to keep"):
        contract.functions.keep(bytes(32), 0, "").call()
    data = contract.encode_abi("keep", [bytes(32), 5, "five"])
    receipt = transact(chain, faucet, ChainCall(made.contract, bytes.fromhex(data[2:])))
    events = contract.events.Kept().get_logs(from_block=receipt.block)
    assert [(event["args"]["amount"], event["args"]["text"]) for event in events] == [(5, "five")]


def test_a_node_that_refuses(world: tuple[NodeChain, Account]) -> None:
    """Whether a node answers is told, not raised."""
    chain, node = lying(world[0])
    node.lies["eth_chainId"] = lambda _, __: 1 / 0
    with pytest.raises(ZeroDivisionError):
        chain.web3.is_connected()

    def refuse(*_: object) -> object:
        raise RpcError(-32601, "no")

    node.lies["eth_chainId"] = refuse
    assert not chain.web3.is_connected()
