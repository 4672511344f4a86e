"""What the anchor's gas is measured on, for any engine: `gas_cases()` gives calls, not numbers.

An engine runs each case's calls in order, each as a transaction of its own from one account, and
notes what the last one used. An argument that is a function is called with where it runs, since
signatures and ids depend on chain and contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any, Final

from tests.contracts.signing import Domain, key
from tests.contracts.trees import HugeTree

__all__ = ["LEVELS", "Call", "GasCase", "Where", "gas_cases", "growth"]

LEVELS: Final = (10, 20, 30)
_SIGNER: Final = key("gas: anchor key")
_FOREVER: Final = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Where:
    """Where a case runs. sender: the account that sends all of its transactions."""

    chain_id: int
    contract: str
    sender: str
    log_id: Callable[[bytes], bytes]

    @property
    def domain(self) -> Domain:
        """What signatures are made for."""
        return Domain(self.chain_id, self.contract)


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction to the anchor. arguments: values, or functions of `Where`."""

    function: str
    arguments: tuple[Any, ...]

    def resolved(self, where: Where) -> tuple[Any, ...]:
        """Give the arguments as values."""
        return tuple(value(where) if callable(value) else value for value in self.arguments)


@dataclass(frozen=True, slots=True)
class GasCase:
    """Calls, of which the last is measured. limit: gas that it may use at most."""

    name: str
    calls: tuple[Call, ...]
    limit: int


def gas_cases() -> Iterator[GasCase]:
    """Give every case of the table in docs/reference/contracts.md."""
    yield GasCase("register", (_register("register"),), 99_000)
    for level in LEVELS:
        size = 1 << level
        fits = {10: 75_000, 20: 80_000, 30: 90_000}[level]
        worst = {10: 75_000, 20: 88_000, 30: 99_000}[level]
        yield _direct(f"2^{level}, twice the leaves", size // 2, size, 60_000)
        yield _direct(f"2^{level}, whole tiles of 256", size - 256, size, fits)
        yield _direct(f"2^{level}, worst", size - 1, size, worst)
        yield _relayed(f"2^{level}, worst, signed", size - 1, size, worst + 6_000)
        yield _cosigned(f"2^{level}, worst, signed, 2 of 3 cosign", size - 1, size, worst + 44_000)
        yield _inclusion(f"2^{level}, inclusion", size, worst)


def growth(level: int, count: int = 12) -> Iterator[GasCase]:
    """Give anchors as a log of 2^level leaves or more makes them: some leaves after the last.

    From anywhere up to twice that size, by 1 to 10,000 leaves; the same in every run.
    """
    random = Random(level)
    for number in range(count):
        old = random.randrange(1 << level, 2 << level)
        yield _direct(f"2^{level}, growth {number}", old, old + random.randint(1, 10_000), 99_000)


def _register(name: str, anchor_key: Any = lambda where: where.sender) -> Call:
    return Call("register", (sha256(name.encode()).digest(), bytes(range(1, 33)), anchor_key))


def _log(name: str) -> Callable[[Where], bytes]:
    return lambda where: where.log_id(sha256(name.encode()).digest())


def _direct(name: str, old: int, new: int, limit: int) -> GasCase:
    tree = HugeTree(old, new)
    first = Call("anchor", (_log(name), 0, old, tree.root(old), []))
    arguments = (_log(name), old, new, tree.root(new), tree.consistency(old, new))
    return GasCase(name, (_register(name), first, Call("anchor", arguments)), limit)


def _relayed(name: str, old: int, new: int, limit: int) -> GasCase:
    calls = tuple(_signed(name, pair, HugeTree(old, new)) for pair in ((0, old), (old, new)))
    return GasCase(name, (_register(name, _SIGNER.address), *calls), limit)


def _signed(name: str, pair: tuple[int, int], tree: HugeTree) -> Call:
    old, new = pair
    log, root = _log(name), tree.root(new)

    def signature(where: Where) -> bytes:
        return where.domain.sign(_SIGNER, "Anchor", log(where), old, new, root, _FOREVER)

    proof = tree.consistency(old, new)
    return Call("anchor_by_signature", (log, old, new, root, proof, _FOREVER, signature))


def _cosigned(name: str, old: int, new: int, limit: int) -> GasCase:
    """Name three organisations, of which the sender is one; see `test_gas` for the others."""
    tree = HugeTree(old, new)
    log, root = _log(name), tree.root(new)
    anchor = _signed(name, (old, new), tree)

    def cosignatures(where: Where) -> list[bytes]:
        voices = (key("gas: witness 0"), key("gas: witness 1"))
        return [where.domain.sign(each, "Cosignature", log(where), new, root) for each in voices]

    calls = (
        _register(name, _SIGNER.address),
        _signed(name, (0, old), tree),
        Call("set_quorum", (log, _members, 2)),
        Call("anchor_with_quorum", (*anchor.arguments, cosignatures)),
    )
    return GasCase(name, calls, limit)


def _members(where: Where) -> list[str]:
    raise NotImplementedError


def _inclusion(name: str, size: int, limit: int) -> GasCase:
    raise NotImplementedError
