"""Gate and registry cost and tell the same on two engines that share no code; on two chains, not.

What a transaction costs stands in docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from counterfoil.chain import Account, NodeChain, create_embedded, faucet_of, fund, open_chain
from counterfoil.chain.abi import ContractAbi
from counterfoil.chain.transactions import transact
from counterfoil.contracts import NAMES, load_artifact
from counterfoil.errors import Refused
from counterfoil.ports.chain import ChainCall, TxReceipt
from tests.anvil import Anvil, running_anvil
from tests.chains import COINS, numbered_account
from tests.contracts.gas_page import check_documented
from tests.contracts.gate_gas import GateStory, Step

ACCOUNTS = tuple(numbered_account(80_000 + number) for number in range(3))
"""The same on both, all new: so contracts have the same addresses."""

ABIS = [ContractAbi(load_artifact(name).abi) for name in NAMES]


@dataclass
class Engine:
    """A chain on which the story runs. done: step, gas, time, and events of each."""

    chain: NodeChain
    times: Iterator[int] = field(default_factory=lambda: iter(()))
    anvil: Anvil | None = None
    accounts: Sequence[Account] = ACCOUNTS
    done: list[tuple[Step, int, int, list[object]]] = field(default_factory=list)

    def send(self, step: Step) -> tuple[int, str | None]:
        """Carry a step out, at the time of the other engine if there is one."""
        if self.anvil is not None:
            self.anvil.rpc("evm_setNextBlockTimestamp", next(self.times))
        account = self.accounts[step.sender]
        told = transact(self.chain, account, ChainCall(step.to, step.data))
        block = self.chain.block(told.block)
        assert block is not None
        time = block.time_s
        self.done.append((step, told.gas_used, time, events(told)))
        return time, told.contract

    def run(self) -> Engine:
        """Tell the whole story."""
        story = GateStory(self.chain.chain_id, [one.address for one in ACCOUNTS], self.send)
        story.run()
        return self


def events(receipt: TxReceipt) -> list[object]:
    """Read the events of a transaction, whichever contract told them."""
    found: list[object] = []
    for log in receipt.logs:
        told = [event for abi in ABIS if (event := abi.event(log)) is not None]
        assert told
        found.append((log.address, *told[0]))
    return found


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The embedded EVM, after the story."""
    home = tmp_path_factory.mktemp("own") / "chain.db"
    chain = create_embedded(home)
    for account in ACCOUNTS:
        fund(chain, faucet_of(home), account.address, COINS)
    yield Engine(chain).run()
    chain.close()


@pytest.fixture(scope="module")
def other(own: Engine) -> Iterator[Engine]:
    """Anvil with the same chain id, accounts and times, after the story."""
    times = [time for _, _, time, _ in own.done]
    past = ("--timestamp", str(times[0] - 1))
    with running_anvil(*past, chain_id=own.chain.chain_id) as anvil:
        chain = open_chain(anvil.url)
        for account in ACCOUNTS:
            anvil.rpc("anvil_setBalance", account.address, hex(COINS))
        yield Engine(chain, iter(times), anvil).run()
        chain.close()


def test_limits_and_table(own: Engine) -> None:
    """No call uses more than its limit, and the reference says what is measured."""
    used = {step.name: gas for step, gas, _, _ in own.done if step.name}
    assert {step.name: gas for step, gas, _, _ in own.done if gas > step.limit} == {}
    check_documented("### Gate and registry", used)


def test_two_engines(own: Engine, other: Engine) -> None:
    """Both use the same gas for each call, and tell the same events."""
    assert own.done == other.done


def test_two_chains(own: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same verdict works on the chain that it names, and on no other.

    Contracts stand at the same addresses there, with the same log, approval and anchor.
    """
    home = tmp_path_factory.mktemp("twin") / "chain.db"
    twin = create_embedded(home)
    try:
        assert twin.chain_id != own.chain.chain_id
        for account in ACCOUNTS:
            fund(twin, faucet_of(home), account.address, COINS)
        mine = Engine(twin).run()
        assert [step.to for step, *_ in mine.done] == [step.to for step, *_ in own.done]
        used = {step.name: step for step, *_ in own.done}
        step = used["consume, 2^10 leaves"]
        with pytest.raises(Refused, match="chain"):
            twin.call(ChainCall(step.to, step.data, ACCOUNTS[step.sender].address))
    finally:
        twin.close()
