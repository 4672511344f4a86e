"""A frontier grows like the whole tree and keeps only its right edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import EMPTY_ROOT, leaf_hash, reader_of, root_of
from tests.rfc6962 import leaves
from tests.statements import refused

HASHES = [leaf_hash(entry) for entry in leaves(600)]


@given(st.lists(st.integers(0, 70), max_size=8))
def test_growth_in_steps(steps: list[int]) -> None:
    """However leaves arrive, one by one or many at once, the root is that of all of them."""
    frontier, size = Frontier(), 0
    assert frontier.root() == EMPTY_ROOT
    for step in steps:
        frontier.extend(HASHES[size : size + step])
        size += step
        assert frontier.size == size
        assert frontier.root() == root_of(HASHES[:size])
        assert len(frontier.hashes) == size.bit_count()


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_saved_frontier_goes_on(size: int, more: int) -> None:
    """A frontier made of size and hashes is the same, and grows the same."""
    frontier = Frontier()
    frontier.extend(HASHES[:size])
    again = Frontier(size, frontier.hashes)
    assert again.hashes == frontier.hashes
    again.extend(HASHES[size : size + more])
    assert again.root() == root_of(HASHES[: size + more])


def test_hashes_are_complete_subtrees_largest_first() -> None:
    """The hashes of size 13 are the subtrees of 8, 4 and 1 leaves."""
    frontier = Frontier()
    frontier.extend(HASHES[:13])
    read = reader_of(HASHES[:13])
    assert frontier.hashes == (read(3, 0), read(2, 2), read(0, 12))


def test_a_copy_is_independent() -> None:
    """What is tried on a copy does not change the original."""
    frontier = Frontier()
    frontier.extend(HASHES[:5])
    before = frontier.root()
    copy = frontier.copy()
    copy.extend(HASHES[5:9])
    assert (frontier.size, frontier.root()) == (5, before)
    assert copy.root() == root_of(HASHES[:9])


@pytest.mark.parametrize(
    ("size", "hashes"),
    [(-1, []), (0, [HASHES[0]]), (1, []), (3, [HASHES[0]]), (4, HASHES[:2]), (1, [b"x" * 31])],
    ids=range(6),
)
def test_a_wrong_shape_is_refused(size: int, hashes: list[bytes]) -> None:
    """A saved frontier has one hash of 32 bytes for each set bit of its size."""
    with refused("frontier.shape"):
        Frontier(size, hashes)
