"""A story of calls on two engines that share no code: the embedded EVM, and anvil at its times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from counterfoil.chain import Account, create_embedded, faucet_of, fund, open_chain
from tests.anvil import running_anvil
from tests.chains import COINS
from tests.contracts.money_gas import MoneyStory
from tests.contracts.test_gate_engines import Engine

__all__ = ["StoryEngine", "on_anvil", "on_embedded"]


@dataclass
class MovedClock:
    """A clock that stands still until it is moved."""

    now_s: int = 1_800_000_000

    def now_ms(self) -> int:
        return self.now_s * 1000

    def move(self, seconds: int) -> None:
        self.now_s += seconds


class StoryEngine(Engine):
    """A chain on which a story runs."""

    def tell(
        self, story: type[MoneyStory], accounts: Sequence[Account], wait: Callable[[int], None]
    ) -> StoryEngine:
        """Tell the whole story. accounts: new ones, so that contracts have the same addresses."""
        self.accounts = accounts
        story(self.chain.chain_id, accounts, self.send, wait).run()
        return self


@contextmanager
def on_embedded(
    folder: Path, story: type[MoneyStory], accounts: Sequence[Account]
) -> Iterator[StoryEngine]:
    """Give the embedded EVM, after the story."""
    home, clock = folder / "chain.db", MovedClock()
    chain = create_embedded(home, clock=clock)
    for account in accounts:
        fund(chain, faucet_of(home), account.address, COINS)
    yield StoryEngine(chain).tell(story, accounts, clock.move)
    chain.close()


@contextmanager
def on_anvil(own: StoryEngine, story: type[MoneyStory]) -> Iterator[StoryEngine]:
    """Give anvil with the same chain id, accounts and times, after the story."""
    times = [time for _, _, time, _ in own.done]
    past = ("--timestamp", str(times[0] - 1))
    with running_anvil(*past, chain_id=own.chain.chain_id) as anvil:
        chain = open_chain(anvil.url)
        for account in own.accounts:
            anvil.rpc("anvil_setBalance", account.address, hex(COINS))
        clock = MovedClock()
        yield StoryEngine(chain, iter(times), anvil).tell(story, own.accounts, clock.move)
        chain.close()
