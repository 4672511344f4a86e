"""Every chain that we ship keeps the promises of its port, and both engines execute alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.chain import Account, NodeChain, faucet_of, fund, open_chain
from counterfoil.chain.embedding import create_embedded
from counterfoil.ports import Chain
from counterfoil.testing.chains import ChainConformance
from tests.anvil import Anvil, anvil
from tests.chains import COINS, numbered_account

__all__ = ["anvil"]

NUMBERS = itertools.count(1_000)
"""Every test has an account of its own."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the file of the embedded chain that the tests share."""
    return tmp_path_factory.mktemp("embedded") / "chain.db"


@pytest.fixture(scope="module")
def own(home: Path) -> Iterator[NodeChain]:
    """Make that chain."""
    chain = create_embedded(home)
    yield chain
    chain.close()


class TestEmbedded(ChainConformance):
    """The embedded EVM, in place."""

    @pytest.fixture(autouse=True)
    def _place(self, own: NodeChain, home: Path) -> None:
        self.chain, self.faucet = own, faucet_of(home)

    def open_chain(self) -> Chain:
        return self.chain

    def funded(self) -> Account:
        account = numbered_account(next(NUMBERS))
        fund(self.chain, self.faucet, account.address, COINS)
        return account


class TestAnvil(ChainConformance):
    """Anvil, over HTTP; it puts each transaction in a block of its own."""

    @pytest.fixture(autouse=True)
    def _place(self, anvil: Anvil) -> Iterator[None]:
        self.chain, self.anvil = open_chain(anvil.url), anvil
        yield
        self.chain.close()

    def open_chain(self) -> Chain:
        return self.chain

    def funded(self) -> Account:
        account = numbered_account(next(NUMBERS))
        self.anvil.rpc("anvil_setBalance", account.address, hex(COINS))
        return account
