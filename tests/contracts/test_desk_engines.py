"""A reorder desk costs and tells the same on two engines that share no code, call by call.

What a transaction costs stands in docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from counterfoil.chain import create_embedded, faucet_of, fund, open_chain
from tests.anvil import running_anvil
from tests.chains import COINS, numbered_account
from tests.contracts.desk_gas import DeskStory
from tests.contracts.gas_page import check_documented
from tests.contracts.test_gate_engines import Engine
from tests.contracts.test_money_engines import MovedClock

ACCOUNTS = tuple(numbered_account(95_000 + number) for number in range(4))
"""The same on both, all new: so contracts have the same addresses."""


class DeskEngine(Engine):
    """A chain on which the desk's story runs."""

    def tell(self, clock: MovedClock) -> DeskEngine:
        """Tell the whole story."""
        self.accounts = ACCOUNTS
        DeskStory(self.chain.chain_id, ACCOUNTS, self.send, clock.move).run()
        return self


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskEngine]:
    """The embedded EVM, after the story."""
    home = tmp_path_factory.mktemp("own") / "chain.db"
    clock = MovedClock()
    chain = create_embedded(home, clock=clock)
    for account in ACCOUNTS:
        fund(chain, faucet_of(home), account.address, COINS)
    yield DeskEngine(chain).tell(clock)
    chain.close()


@pytest.fixture(scope="module")
def other(own: DeskEngine) -> Iterator[DeskEngine]:
    """Anvil with the same chain id, accounts and times, after the story."""
    times = [time for _, _, time, _ in own.done]
    past = ("--timestamp", str(times[0] - 1))
    with running_anvil(*past, chain_id=own.chain.chain_id) as anvil:
        chain = open_chain(anvil.url)
        for account in ACCOUNTS:
            anvil.rpc("anvil_setBalance", account.address, hex(COINS))
        yield DeskEngine(chain, iter(times), anvil).tell(MovedClock())
        chain.close()


def test_limits_and_table(own: DeskEngine) -> None:
    """No call uses more than its limit, and the reference says what is measured."""
    used = {step.name: gas for step, gas, _, _ in own.done if step.name}
    assert {step.name: gas for step, gas, _, _ in own.done if gas > step.limit} == {}
    check_documented("### Reorder desk", used)


def test_two_engines(own: DeskEngine, other: DeskEngine) -> None:
    """Both use the same gas for each call, and tell the same events."""
    assert own.done == other.done
