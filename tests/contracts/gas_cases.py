"""What the anchor's gas is measured on, for any engine: `gas_cases()` gives calls, not numbers.

An engine runs each case's calls in order, each as a transaction of its own, and notes what the
last one used. An argument that is a function is called with where it runs, since signatures and
ids depend on chain and contract. Gas depends a little on them too, by their zero bytes: engines
use the same only if chain id, accounts and the contract's address are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any, Final

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount

from counterfoil.chain.quantities import keccak
from tests.contracts.signing import Domain, key
from tests.contracts.trees import HugeTree

__all__ = ["LEVELS", "Call", "GasCase", "Where", "gas_cases", "growth"]

LEVELS: Final = (10, 20, 30)
_SIGNER: Final = key("gas: anchor key")
_FOREVER: Final = 2**256 - 1
_LOG_KEY: Final = sha256(b"gas: log key").digest()


@dataclass(frozen=True, slots=True)
class Where:
    """Where a case runs. accounts: four that have means; the first owns all logs."""

    chain_id: int
    contract: str
    accounts: tuple[str, ...]

    @property
    def domain(self) -> Domain:
        """What signatures are made for."""
        return Domain(self.chain_id, self.contract)

    def log_id(self, name: str) -> bytes:
        """Compute the id of a case's log."""
        kinds = ["uint256", "address", "address", "bytes32", "bytes32"]
        values = (self.chain_id, self.contract, self.accounts[0], _origin(name), _LOG_KEY)
        return keccak(encode(kinds, values))


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction to the anchor.

    arguments: values, or functions of `Where`. sender: which of its accounts sends it.
    """

    function: str
    arguments: tuple[Any, ...]
    sender: int = 0

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
        yield _relayed(f"2^{level}, worst, signed", size - 1, size, worst + 6_500)
        yield _cosigned(f"2^{level}, worst, signed, 2 of 3 cosign", size - 1, size, worst + 45_000)


def growth(level: int, count: int = 12) -> Iterator[GasCase]:
    """Give anchors as a log of 2^level leaves or more makes them: some leaves after the last.

    From anywhere up to twice that size, by 1 to 10,000 leaves; the same in every run.
    """
    random = Random(level)
    for number in range(count):
        old = random.randrange(1 << level, 2 << level)
        yield _direct(f"2^{level}, growth {number}", old, old + random.randint(1, 10_000), 99_000)


def _origin(name: str) -> bytes:
    return sha256(name.encode()).digest()


def _register(name: str, anchor_key: Any = lambda where: where.accounts[0]) -> Call:
    return Call("register", (_origin(name), _LOG_KEY, anchor_key))


def _log(name: str) -> Callable[[Where], bytes]:
    return lambda where: where.log_id(name)


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
    tree = HugeTree(old, new)
    log, root = _log(name), tree.root(new)
    witnesses = [key(f"gas: {name}: witness {number}") for number in range(3)]

    def enrolment(witness: LocalAccount, account: int) -> Call:
        def signature(where: Where) -> bytes:
            return where.domain.sign(witness, "Enrolment", where.accounts[account])

        return Call("enrol", (witness.address, signature), account)

    def members(where: Where) -> list[str]:
        return sorted(where.accounts[1:4], key=lambda address: int(address, 16))

    def cosignatures(where: Where) -> list[bytes]:
        said = ("Cosignature", log(where), new, root)
        return [where.domain.sign(each, *said) for each in witnesses[:2]]

    anchor = _signed(name, (old, new), tree)
    calls = (
        _register(name, _SIGNER.address),
        _signed(name, (0, old), tree),
        *(enrolment(witness, account) for account, witness in enumerate(witnesses, 1)),
        Call("set_quorum", (log, members, 2)),
        Call("anchor_with_quorum", (*anchor.arguments, cosignatures)),
    )
    return GasCase(name, calls, limit)
