"""Proofs from tiles are RFC 6962's, for any index and any two published sizes."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.log import LogReader
from counterfoil.log.edge import TileEdge
from counterfoil.log.publisher import Publisher
from counterfoil.proofs.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.log_rig import entries_of
from tests.rfc6962 import mth, path, proof
from tests.unit.log.sequencing import grow

SIZES = sorted({1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 767, 768, 1_023, 1_024, 2_000, 3_000})


@cache
def published() -> LogReader:
    """Publish a log at every size of `SIZES`, up to 3,000 entries."""
    store, tiles = MemoryStore(), MemoryTiles()
    publisher = Publisher(store, tiles, TileEdge())
    for size in SIZES:
        publisher.publish(grow(store, size, 600))
    return LogReader(tiles)


@given(st.sampled_from(SIZES), st.integers(0, 2_999))
@example(3_000, 0)
@example(3_000, 2_999)
@example(257, 256)
def test_inclusion(size: int, index: int) -> None:
    """The path of any entry in any published tree is the one of RFC 6962, and verifies."""
    index %= size
    entries = entries_of(size)
    found = inclusion_path(index, size, published().nodes(size))
    assert found == path(index, entries)
    verify_inclusion(leaf_hash(entries[index]), index, size, found, mth(entries))


@given(st.sampled_from(SIZES), st.sampled_from(SIZES))
@example(2_000, 3_000)
@example(1, 3_000)
@example(256, 257)
def test_consistency(one: int, other: int) -> None:
    """The proof between any two published trees is the one of RFC 6962, and verifies."""
    old, new = sorted((one, other))
    entries = entries_of(new)
    found = consistency_path(old, new, published().nodes(new))
    assert found == proof(old, entries)
    verify_consistency(old, new, mth(entries[:old]), mth(entries), found)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 66_000])
def test_three_levels_of_tiles(size: int) -> None:
    """Beyond 65,536 entries proofs cross three levels of tiles, and verify."""
    store, tiles = MemoryStore(), MemoryTiles()
    Publisher(store, tiles, TileEdge()).publish(grow(store, size, 8_000))
    assert any(name.startswith("tile/2/") for name in tiles.files) == (size >= 65_536)
    reader = LogReader(tiles)
    nodes, root = reader.nodes(size), reader.published()[0].root
    leaves = [leaf_hash(entry) for entry in entries_of(size)]
    assert root == root_of(leaves)
    chosen = [*random.Random(size).sample(range(size), 40), 0, 255, 256, 65_534, size - 1]
    for index in chosen:
        found = inclusion_path(index, size, nodes)
        verify_inclusion(leaves[index], index, size, found, root)
    for old in [*chosen[:10], 256, 512, 32_768, 65_535]:
        found = consistency_path(old, size, nodes)
        verify_consistency(old, size, root_of(leaves[:old]), root, found)
