"""The suite that authors of chains run goes red for chains that break a promise."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.chain import Account, NodeChain, create_embedded, faucet_of
from counterfoil.errors import CounterfoilError
from counterfoil.ports import BlockRef, ChainCall, ChainLog, Fees, TxReceipt
from counterfoil.testing.chains import ChainConformance
from tests.chains import funded

CHECKS = [name for name in dir(ChainConformance) if name.startswith("test_")]
NUMBERS = itertools.count(9_000)


class Broken:
    """A chain that passes everything on; each kind breaks one promise."""

    def __init__(self, chain: NodeChain) -> None:
        self._chain = chain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


class Nameless(Broken):
    """Does not say who runs it."""

    run_by = ""


class TakesAnything(Broken):
    """Passes on what is signed for another chain."""

    def send_raw(self, raw: bytes) -> bytes:
        try:
            return self._chain.send_raw(raw)
        except CounterfoilError as err:
            if err.code == "chain.wrong-network":
                return bytes(32)
            raise


class SendsOnce(Broken):
    """Refuses what it has."""

    def send_raw(self, raw: bytes) -> bytes:
        before = self._chain.head()
        sent = self._chain.send_raw(raw)
        if self._chain.head() == before:
            raise CounterfoilError("known", "already known")
        return sent


class KeepsSilent(Broken):
    """Gives no reason for a revert."""

    def call(self, call: ChainCall, block: int | None = None) -> bytes:
        try:
            return self._chain.call(call, block)
        except CounterfoilError as err:
            raise err.renewed("no") from err


class OnlyToday(Broken):
    """Answers views at the head, whatever block is asked for."""

    def call(self, call: ChainCall, block: int | None = None) -> bytes:
        del block
        return self._chain.call(call)


class LosesEvents(Broken):
    """Forgets the first event."""

    def logs(
        self, address: str, first: int, last: int, topics: Sequence[bytes | None] = ()
    ) -> Iterator[ChainLog]:
        return iter(list(self._chain.logs(address, first, last, topics))[1:])


class IgnoresTopics(Broken):
    """Gives every event."""

    def logs(
        self, address: str, first: int, last: int, topics: Sequence[bytes | None] = ()
    ) -> Iterator[ChainLog]:
        del topics
        return self._chain.logs(address, first, last)


class Stingy(Broken):
    """Suggests fees that nobody takes."""

    def fees(self) -> Fees:
        return replace(self._chain.fees(), max_fee=1, priority_fee=1)


class Optimistic(Broken):
    """Estimates too little gas."""

    def estimate(self, call: ChainCall) -> int:
        return self._chain.estimate(call) * 3 // 4


class Invents(Broken):
    """Has a receipt for everything."""

    def tx_receipt(self, tx_hash: bytes) -> TxReceipt | None:
        return self._chain.tx_receipt(tx_hash) or TxReceipt(
            tx_hash, True, 0, bytes(32), 0, 0, None, ()
        )


class Future(Broken):
    """Has blocks that are not there yet."""

    def block(self, number: int) -> BlockRef | None:
        return self._chain.block(number) or BlockRef(number, bytes(32), 0)


class Unfinished(Broken):
    """Calls a block final that is not even there."""

    def final(self) -> BlockRef:
        head = self._chain.head()
        return replace(head, number=head.number + 1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """Make an honest chain."""
    path = tmp_path_factory.mktemp("suite") / "chain.db"
    chain = create_embedded(path)
    yield chain, faucet_of(path)
    chain.close()


def failures(kind: type[Broken], world: tuple[NodeChain, Account]) -> list[str]:
    """Run the suite on a chain; gives the checks that fail."""
    chain, faucet = world

    class Suite(ChainConformance):
        def open_chain(self) -> Any:
            return kind(chain)

        def funded(self) -> Account:
            return funded(chain, faucet, next(NUMBERS))

    failed = []
    for name in CHECKS:
        try:
            getattr(Suite(), name)()
        except (AssertionError, CounterfoilError):
            failed.append(name)
    return failed


KINDS = Broken.__subclasses__()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_broken_chain_goes_red(kind: type[Broken], world: tuple[NodeChain, Account]) -> None:
    """Each kind of broken chain fails a check."""
    assert failures(kind, world) != []


def test_a_whole_one_passes(world: tuple[NodeChain, Account]) -> None:
    """Control: the same chain unbroken passes, so that the failures above are of the bugs."""
    assert failures(Broken, world) == []


def test_checks_state_their_promise() -> None:
    """Each check of the suite says in a sentence what it is."""
    assert all(inspect.getdoc(getattr(ChainConformance, name)) for name in CHECKS)
