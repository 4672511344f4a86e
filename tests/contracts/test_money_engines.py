"""Token and escrow cost and tell the same on two engines that share no code, call by call.

What a transaction costs stands in docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from counterfoil.chain import create_embedded, faucet_of, fund, open_chain
from tests.anvil import running_anvil
from tests.chains import COINS, numbered_account
from tests.contracts.gas_page import check_documented
from tests.contracts.money_gas import MoneyStory
from tests.contracts.test_gate_engines import Engine

ACCOUNTS = tuple(numbered_account(90_000 + number) for number in range(4))
"""The same on both, all new: so contracts have the same addresses."""


@dataclass
class MovedClock:
    """A clock that stands still until it is moved."""

    now_s: int = 1_800_000_000

    def now_ms(self) -> int:
        return self.now_s * 1000

    def move(self, seconds: int) -> None:
        self.now_s += seconds


class MoneyEngine(Engine):
    """A chain on which the money's story runs."""

    def tell(self, clock: MovedClock) -> MoneyEngine:
        """Tell the whole story."""
        self.accounts = ACCOUNTS
        MoneyStory(self.chain.chain_id, ACCOUNTS, self.send, clock.move).run()
        return self


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MoneyEngine]:
    """The embedded EVM, after the story."""
    home = tmp_path_factory.mktemp("own") / "chain.db"
    clock = MovedClock()
    chain = create_embedded(home, clock=clock)
    for account in ACCOUNTS:
        fund(chain, faucet_of(home), account.address, COINS)
    yield MoneyEngine(chain).tell(clock)
    chain.close()


@pytest.fixture(scope="module")
def other(own: MoneyEngine) -> Iterator[MoneyEngine]:
    """Anvil with the same chain id, accounts and times, after the story."""
    times = [time for _, _, time, _ in own.done]
    past = ("--timestamp", str(times[0] - 1))
    with running_anvil(*past, chain_id=own.chain.chain_id) as anvil:
        chain = open_chain(anvil.url)
        for account in ACCOUNTS:
            anvil.rpc("anvil_setBalance", account.address, hex(COINS))
        yield MoneyEngine(chain, iter(times), anvil).tell(MovedClock())
        chain.close()


def test_limits_and_table(own: MoneyEngine) -> None:
    """No call uses more than its limit, and the reference says what is measured."""
    used = {step.name: gas for step, gas, _, _ in own.done if step.name}
    assert {step.name: gas for step, gas, _, _ in own.done if gas > step.limit} == {}
    check_documented("### Token and escrow", used)


def test_two_engines(own: MoneyEngine, other: MoneyEngine) -> None:
    """Both use the same gas for each call, and tell the same events."""
    assert own.done == other.done
