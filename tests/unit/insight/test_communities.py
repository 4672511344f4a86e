"""Communities are found as well as a slow reference finds them, and the same way each time."""

from __future__ import annotations

from typing import Any

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import pytest

from counterfoil.insight.communities import find_communities


def planted(groups: int, size: int, inner: float, outer: float, seed: int) -> tuple[Any, Any]:
    """Draw edges: dense inside of groups, sparse between them."""
    random = np.random.default_rng(seed)
    nodes = groups * size
    one, two = np.triu_indices(nodes, 1)
    chance = np.where(one // size == two // size, inner, outer)
    kept = random.random(len(one)) < chance
    return one[kept], two[kept]


def test_planted_groups_are_found() -> None:
    """Groups that deal with each other ten times as much as with others are told apart."""
    source, target = planted(6, 40, 0.3, 0.01, 3)
    found = find_communities(source, target, np.ones(len(source)), 240, 1)
    assert found.count == 6
    for group in range(6):
        members = found.label[group * 40 : group * 40 + 40]
        assert np.bincount(members).max() >= 39


@pytest.mark.parametrize("seed", range(3))
def test_as_good_as_the_reference(seed: int) -> None:
    """Modularity is within 3 % of networkx's Louvain on graphs with hubs, and counted alike."""
    graph = nx.powerlaw_cluster_graph(400, 3, 0.4, seed=seed)
    source, target = (np.array(one) for one in zip(*graph.edges, strict=True))
    found = find_communities(source, target, np.ones(len(source)), 400, seed)
    groups = [set(np.flatnonzero(found.label == at).tolist()) for at in range(found.count)]
    assert found.modularity == pytest.approx(nx.community.modularity(graph, groups))
    reference = nx.community.louvain_communities(graph, seed=seed)
    assert found.modularity >= 0.97 * nx.community.modularity(graph, reference)


def test_the_same_each_time() -> None:
    """One seed gives one answer; the largest community is number 0."""
    source, target = planted(5, 30, 0.3, 0.03, 8)
    weight = np.arange(1, len(source) + 1, dtype=float)
    one = find_communities(source, target, weight, 150, 4)
    two = find_communities(source, target, weight, 150, 4)
    assert (one.label == two.label).all()
    sizes = np.bincount(one.label)
    assert (sizes == np.sort(sizes)[::-1]).all()


@pytest.mark.parametrize(
    ("edges", "nodes", "count"),
    [([], 3, 3), ([(0, 0)], 1, 1), ([(0, 1)], 2, 1), ([(0, 1), (2, 3), (3, 3)], 4, 2)],
    ids=["no edges", "a loop", "a pair", "two pairs"],
)
def test_small_graphs(edges: list[tuple[int, int]], nodes: int, count: int) -> None:
    """Graphs without edges, with loops or in parts are no special case for who asks."""
    source = np.array([one for one, _ in edges], dtype=np.int64)
    target = np.array([two for _, two in edges], dtype=np.int64)
    found = find_communities(source, target, np.ones(len(edges)), nodes, 1)
    assert found.count == count
    assert len(found.label) == nodes
