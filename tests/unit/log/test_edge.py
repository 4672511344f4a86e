"""The tree's edge gives the tiles of C2SP and the root of RFC 6962, in steps of any size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.formats.tile import level_shapes, tiles_between
from counterfoil.log.edge import TileEdge
from counterfoil.proofs.merkle import EMPTY_ROOT, leaf_hash, root_of
from tests.rfc6962 import leaves, mth

LEAVES = [leaf_hash(entry) for entry in leaves(70_000)]


def grow(edge: TileEdge, hashes: Sequence[bytes]) -> dict[tuple[int, int], list[bytes]]:
    """Extend an edge and give the tiles that became full."""
    return {(tile.level, tile.number): list(tile.hashes) for tile in edge.extend(hashes)}


def test_the_empty_edge() -> None:
    """A tree without leaves has the root of nothing and no tile."""
    edge = TileEdge()
    assert (edge.size, edge.root(), list(edge.partials())) == (0, EMPTY_ROOT, [])
    assert grow(edge, []) == {}


@given(st.lists(st.integers(0, 600), min_size=1, max_size=6))
@example([255, 1, 1, 255, 256, 257])
@example([256])
def test_steps_of_any_size(steps: list[int]) -> None:
    """In whatever steps it grows, each step gives just the tiles that are new, and the root."""
    edge, sizes = TileEdge(), [0]
    for step in steps:
        size = edge.size + step
        full = grow(edge, LEAVES[edge.size : size])
        sizes.append(size)
        tiles = full | {(t.level, t.number): list(t.hashes) for t in edge.partials()}
        expected = {(p.level, p.index): p.width for p in tiles_between(sizes[-2], size)}
        widths = {key: len(hashes) for key, hashes in tiles.items()}
        assert expected.items() <= widths.items()
        assert edge.size == size
        assert edge.root() == mth(leaves(size))
        for (level, number), hashes in tiles.items():
            first = number * 256
            if level == 0:
                assert hashes == LEAVES[first : first + len(hashes)]
            else:
                roots = [root_of(LEAVES[at * 256 : at * 256 + 256]) for at in range(size // 256)]
                assert hashes == roots[first : first + len(hashes)]


def test_three_levels() -> None:
    """At 65,536 leaves the third level begins, in the tile order of level 0 first."""
    edge = TileEdge()
    order = [(tile.level, tile.number) for tile in edge.extend(LEAVES[:65_536])]
    assert order[-2:] == [(0, 255), (1, 0)]
    assert [list(level) for level in edge.levels[:2]] == [[], []]
    assert edge.levels[2] == [root_of(LEAVES[:65_536])] == [edge.root()]
    grow(edge, LEAVES[65_536:65_540])
    assert edge.root() == root_of(LEAVES[:65_540])
    shapes = {shape.level: shape.partial for shape in level_shapes(65_540) if shape.partial}
    assert {tile.level: len(tile.hashes) for tile in edge.partials()} == shapes


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 66_000])
def test_an_edge_can_be_taken_up(size: int) -> None:
    """From the partial tiles of a tree alone the edge goes on as if it had never stopped."""
    whole, levels = TileEdge(), []
    grow(whole, LEAVES[:size])
    for shape in level_shapes(size):
        levels.append(whole.levels[shape.level] if shape.partial else [])
    taken_up = TileEdge(size, levels)
    assert taken_up.root() == whole.root() == root_of(LEAVES[:size])
    more = LEAVES[size : size + 300]
    assert grow(taken_up, more) == grow(whole, more)
    assert taken_up.root() == whole.root()


def test_a_copy_is_independent() -> None:
    """A failed publication is forgotten by dropping its copy."""
    edge = TileEdge()
    grow(edge, LEAVES[:10])
    other = edge.copy()
    grow(other, LEAVES[10:300])
    assert (edge.size, edge.root()) == (10, root_of(LEAVES[:10]))


def test_nothing_is_appended_before_the_tiles_are_taken() -> None:
    """`extend` is lazy: a step that is not run through appends only what was taken."""
    edge = TileEdge()
    steps = edge.extend(LEAVES[:600])
    assert edge.size == 0
    next(steps)
    assert edge.size == 256
    sizes = [edge.size]
    for _ in steps:
        sizes.append(edge.size)
    assert edge.size == 600
    assert all(a <= b for a, b in pairwise(sizes))
