"""The anchor costs and tells the same on two engines that share no code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from counterfoil.chain import NodeChain, faucet_of, fund, open_chain
from counterfoil.chain.abi import ContractAbi
from counterfoil.chain.embedding import create_embedded
from counterfoil.chain.transactions import transact
from counterfoil.contracts import load_artifact
from counterfoil.ports.chain import ChainCall, TxReceipt
from tests.anvil import running_anvil
from tests.chains import COINS, numbered_account
from tests.contracts.gas_cases import GasCase, Where, gas_cases

ACCOUNTS = tuple(numbered_account(70_000 + number) for number in range(4))
"""The same on both, all new: so the contract has the same address."""


class Engine:
    """The anchor contract on one chain."""

    def __init__(self, chain: NodeChain) -> None:
        artifact = load_artifact("anchor")
        self.chain, self.abi = chain, ContractAbi(artifact.abi)
        self.deployed = transact(chain, ACCOUNTS[0], ChainCall(None, artifact.bytecode))
        assert self.deployed.contract is not None
        addresses = tuple(account.address for account in ACCOUNTS)
        self.where = Where(chain.chain_id, self.deployed.contract, addresses)

    def run(self, case: GasCase) -> list[tuple[int, list[tuple[object, ...]]]]:
        """Send a case's calls; give each one's gas, and its events without their times."""
        seen = []
        for call in case.calls:
            data = self.abi.encode(call.function, *call.resolved(self.where))
            told = transact(self.chain, ACCOUNTS[call.sender], ChainCall(self.where.contract, data))
            seen.append((told.gas_used, self._events(told)))
        return seen

    def _events(self, receipt: TxReceipt) -> list[tuple[object, ...]]:
        events: list[tuple[object, ...]] = []
        for log in receipt.logs:
            found = self.abi.event(log)
            assert found is not None
            name, fields = found
            events.append((name, *sorted((k, v) for k, v in fields.items() if k != "time")))
        return events


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The embedded EVM."""
    home = tmp_path_factory.mktemp("own") / "chain.db"
    chain = create_embedded(home)
    for account in ACCOUNTS:
        fund(chain, faucet_of(home), account.address, COINS)
    yield Engine(chain)
    chain.close()


@pytest.fixture(scope="module")
def other(own: Engine) -> Iterator[Engine]:
    """Anvil, with the chain id of the other: ids and signatures are then the same bytes."""
    with running_anvil(chain_id=own.chain.chain_id) as anvil:
        chain = open_chain(anvil.url)
        for account in ACCOUNTS:
            anvil.rpc("anvil_setBalance", account.address, hex(COINS))
        yield Engine(chain)
        chain.close()


def test_deployment(own: Engine, other: Engine) -> None:
    """The contract gets the same address, for the same gas."""
    assert own.where == other.where
    assert own.deployed.gas_used == other.deployed.gas_used


@pytest.mark.parametrize("case", list(gas_cases()), ids=lambda case: case.name)
def test_gas_and_events(case: GasCase, own: Engine, other: Engine) -> None:
    """At 2^10, 2^20 and 2^30 leaves, each call uses the same gas and tells the same."""
    mine, theirs = own.run(case), other.run(case)
    assert mine == theirs
    assert mine[-1][0] <= case.limit
