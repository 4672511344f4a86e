"""The contract's inclusion check: all leaves of anchored trees, nothing else, as in Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.errors import VerificationError
from counterfoil.proofs.merkle import verify_inclusion
from tests.contracts.flips import flipped, flips
from tests.contracts.rig import DEPLOYER, Contract, World, copy_sources, planted, refused
from tests.contracts.trees import HASHES, HugeTree, inclusion, root

LEAVES = 33


@dataclass(frozen=True, slots=True)
class Place:
    """The claim that a leaf stands in a log; arguments of `verify_inclusion`."""

    log_id: bytes
    size: int
    time: int
    index: int
    leaf_hash: bytes
    path: Sequence[bytes]

    def but(self, **changes: Any) -> Place:
        """Give the claim with changes."""
        return replace(self, **changes)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.log_id, self.size, self.time, self.index, self.leaf_hash, self.path))


def log_of_size(anchor: Contract, size: int, root_hash: bytes) -> tuple[bytes, int]:
    """Register a log and anchor a tree in it; gives the log's id and the time."""
    log_id = anchor("register", size.to_bytes(32, "big"), bytes(32), DEPLOYER)
    return log_id, anchor("anchor", log_id, 0, size, root_hash, [])


def places(anchor: Contract, leaves: int) -> Iterator[Place]:
    """Anchor trees of every size up to `leaves`; gives each leaf of each."""
    for size in range(1, leaves + 1):
        log_id, time = log_of_size(anchor, size, root(size))
        for index in range(size):
            yield Place(log_id, size, time, index, HASHES[index], inclusion(index, size))


def mutations(right: Place, case: int, every: bool) -> Iterator[Place]:
    """Change one byte of a claim: of leaf, path, index, size, time or log."""
    for byte, mask in flips(32, case, every):
        yield right.but(leaf_hash=flipped(right.leaf_hash, byte, mask))
        yield right.but(log_id=flipped(right.log_id, byte, mask))
    path = b"".join(right.path)
    for byte, mask in flips(len(path), case, every):
        changed = flipped(path, byte, mask)
        yield right.but(path=[changed[at : at + 32] for at in range(0, len(path), 32)])
    for byte, mask in flips(8, case, True):
        yield right.but(index=right.index ^ mask << 8 * byte)
        yield right.but(size=right.size ^ mask << 8 * byte)
        yield right.but(time=right.time ^ mask << 8 * byte)


def wrong_answers(anchor: Contract, leaves: int, every: bool, step: int = 1) -> list[Place]:
    """Give each right claim that is refused and each changed one that passes."""
    wrong = []
    for case, right in enumerate(list(places(anchor, leaves))):
        if not anchor("verify_inclusion", *right):
            wrong.append(right)
        if case % step == 0:
            changed = mutations(right, case, every)
            wrong += [claim for claim in changed if anchor("verify_inclusion", *claim)]
    return wrong


def test_all_leaves(anchor: Contract) -> None:
    """Every leaf of every anchored tree up to 33 leaves is found, by both functions."""
    for place in places(anchor, LEAVES):
        assert anchor("verify_inclusion", *place) is True
        assert anchor("check_inclusion", *place) == root(place.size)


def test_changed_places(anchor: Contract) -> None:
    """One changed byte of leaf, path, index, size, time or log, and nothing is found."""
    assert wrong_answers(anchor, LEAVES, every=False, step=3) == []


@pytest.mark.campaign
def test_every_changed_byte(anchor: Contract) -> None:
    """Each byte of each place up to 33 leaves, one at a time."""
    assert wrong_answers(anchor, LEAVES, every=True) == []


BUGS: dict[str, tuple[str, str, str]] = {
    "root uncompared": (
        "anchor.vy",
        "        return False\n    return rfc9162.",
        "        return False\n"
        "    root = rfc9162._root_from_inclusion(size, index, leaf_hash, path)\n"
        "    return rfc9162.",
    ),
    "last hash on any side": ("rfc9162.vy", "(index | ~below)", "index"),
    "zero is found where nothing is": (
        "anchor.vy",
        "    if root == empty(bytes32):\n        return False\n",
        "",
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one check removed, the search above finds a wrong answer."""
    path = planted(tmp_path / "planted", *BUGS[bug])
    assert wrong_answers(World().deploy_source(path), 5, every=False)


@given(st.data())
@example(None)
def test_agreement_on_any_path(shipped: Contract, data: st.DataObject | None) -> None:
    """Contract and Python judge every path alike, right or spoiled, up to 2^63 - 1 leaves."""
    size, index = 2**63 - 1, 2**63 - 2
    if data is not None:
        size = data.draw(st.one_of(st.integers(1, 40), st.integers(1, 2**63 - 1)))
        index = data.draw(st.one_of(st.integers(0, size - 1), st.just(size - 1)))
    tree = HugeTree(index, size)
    path, leaf = tree.inclusion(index, size), tree.leaf(index)
    spoiled = [
        (index, path),
        (max(0, index - 1), path),
        (index + 1, path),
        (index, path[:-1]),
        (index, path[1:]),
        (index, [*path, leaf][:63]),
        (index, path[::-1]),
        (0, path),
    ]
    where, hashes = data.draw(st.sampled_from(spoiled)) if data else spoiled[0]
    with shipped.world.undone():
        log_id, time = log_of_size(shipped, size, tree.root(size))
        found = shipped("verify_inclusion", log_id, size, time, where, leaf, hashes)
    assert found == python_finds(leaf, where, size, hashes, tree.root(size))


def python_finds(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Ask the verifier in Python."""
    try:
        verify_inclusion(leaf, index, size, path, root)
    except VerificationError:
        return False
    return True


def test_check_reverts(anchor: Contract) -> None:
    """The check that another contract relies on reverts, in words; a forgotten `if` cannot pass."""
    log_id, time = log_of_size(anchor, 3, root(3))
    with refused("inclusion"):
        anchor("check_inclusion", log_id, 3, time, 1, HASHES[2], inclusion(1, 3))


def test_nothing_stands_in_nothing(anchor: Contract) -> None:
    """No leaf is found in an empty log, in an unknown one, or at another time."""
    log_id = anchor("register", bytes(32), bytes(32), DEPLOYER)
    now = anchor.world.now
    assert not anchor("verify_inclusion", log_id, 0, now, 0, HASHES[0], [])
    assert not anchor("verify_inclusion", bytes(32), 1, now, 0, HASHES[0], [])
    assert not anchor("verify_inclusion", bytes(32), 0, 0, 0, bytes(32), [])
    anchor("anchor", log_id, 0, 1, root(1), [])
    assert anchor("verify_inclusion", log_id, 1, now, 0, HASHES[0], [])
    assert not anchor("verify_inclusion", log_id, 1, now + 1, 0, HASHES[0], [])


def finds_past_the_end(anchor: Contract) -> bool:
    """Ask for a fourth leaf, whose path fits, of a tree that was anchored as one of three."""
    log_id, time = log_of_size(anchor, 3, root(4))
    return bool(anchor("verify_inclusion", log_id, 3, time, 3, HASHES[3], inclusion(3, 4)))


def test_no_leaf_past_the_end(anchor: Contract, tmp_path: Path) -> None:
    """An index from the size on is no leaf's, even where an owner made the hashes fit."""
    assert not finds_past_the_end(anchor)
    bug = planted(tmp_path / "planted", "rfc9162.vy", "index >= size or ", "")
    assert finds_past_the_end(World().deploy_source(bug))


CALLER = """
# pragma version 0.4.3
# pragma evm-version cancun
from . import IAnchor

@external
@view
def pay(anchor: address, log_id: bytes32, size: uint64, time: uint64, index: uint64,
        leaf_hash: bytes32, path: DynArray[bytes32, 63]) -> bool:
    root: bytes32 = staticcall IAnchor(anchor).check_inclusion(
        log_id, size, time, index, leaf_hash, path
    )
    assert root != empty(bytes32)
    return staticcall IAnchor(anchor).verify_inclusion(log_id, size, time, index, leaf_hash, path)
"""


def test_other_contracts_ask(anchor: Contract, tmp_path: Path) -> None:
    """A contract that imports the interface file can rely on the check, and reverts with it."""
    folder = copy_sources(tmp_path / "theirs")
    (folder / "caller.vy").write_text(CALLER.lstrip(), encoding="utf-8")
    caller = anchor.world.deploy_source(folder / "caller.vy")
    log_id, time = log_of_size(anchor, 5, root(5))
    place = Place(log_id, 5, time, 4, HASHES[4], inclusion(4, 5))
    assert caller("pay", anchor.address, *place) is True
    with refused("inclusion"):
        caller("pay", anchor.address, *place.but(index=3))
