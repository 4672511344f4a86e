"""Find communities: accounts that deal with each other more than their activity explains.

Modularity is raised by moving accounts between communities, many at a time, then by moving whole
communities (the Louvain method, in parallel as by Staudt and Meyerhenke). A random half of the
accounts may move in a round, so that two do not change places for ever. This module refuses to
say what a community is for.

Source: Blondel et al., J. Stat. Mech. (2008) P10008; Staudt, Meyerhenke, IEEE TPDS 27(1), 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from counterfoil.insight.extra import need

__all__ = ["Communities", "find_communities"]

_ROUNDS: Final = 24
_LEVELS: Final = 8
_STILL: Final = 0.002  # of the nodes: fewer moves end a level
_LEAST_GAIN: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Communities:
    """label: (n,) int64, community of each node, the largest is 0. modularity: -0.5 to 1."""

    label: Any
    count: int
    modularity: float


def find_communities(source: Any, target: Any, weight: Any, nodes: int, seed: int) -> Communities:
    """Find communities of a graph whose directions do not count; the same for the same seed.

    source, target: (m,) int64, 0 <= each < nodes. weight: (m,) float64, > 0.
    """
    numpy = need("numpy")
    random = numpy.random.default_rng(seed)
    own = source == target
    loops = numpy.bincount(source[own], weights=weight[own], minlength=nodes)
    both = (
        numpy.concatenate([source[~own], target[~own]]),
        numpy.concatenate([target[~own], source[~own]]),
        numpy.concatenate([weight[~own], weight[~own]]),
    )
    edges = _summed(*both, nodes)
    label = numpy.arange(nodes)
    best = _modularity(*edges, loops, numpy.arange(nodes))
    for _ in range(_LEVELS):
        found = _moved(*edges, loops, random)
        reached = _modularity(*edges, loops, found)
        if reached < best + _LEAST_GAIN:
            break
        best = reached
        names, found = numpy.unique(found, return_inverse=True)
        label = found[label]
        edges, loops = _merged(*edges, loops, found, len(names))
    sizes = numpy.bincount(label)
    order = numpy.argsort(-sizes, kind="stable")
    place = numpy.empty_like(order)
    place[order] = numpy.arange(len(order))
    return Communities(place[label], len(sizes), float(best))


def _summed(source: Any, target: Any, weight: Any, nodes: int) -> tuple[Any, Any, Any]:
    """Add up the weights of equal edges; sorted by source, then target."""
    numpy = need("numpy")
    key = source * nodes + target
    order = numpy.argsort(key, kind="stable")  # the order of sums is the same each time
    key = key[order]
    starts = numpy.flatnonzero(numpy.concatenate([key[:1] >= 0, key[1:] != key[:-1]]))
    if not len(starts):
        return source, target, weight
    key = key[starts]
    return key // nodes, key % nodes, numpy.add.reduceat(weight[order], starts)


def _merged(
    source: Any, target: Any, weight: Any, loops: Any, label: Any, count: int
) -> tuple[tuple[Any, Any, Any], Any]:
    """Make each community one node; each inner edge was there from both ends."""
    numpy = need("numpy")
    source, target = label[source], label[target]
    inner = source == target
    held = numpy.bincount(label, weights=loops, minlength=count)
    held += numpy.bincount(source[inner], weights=weight[inner], minlength=count) / 2
    return _summed(source[~inner], target[~inner], weight[~inner], count), held


def _degrees(source: Any, weight: Any, loops: Any) -> Any:
    return need("numpy").bincount(source, weights=weight, minlength=len(loops)) + 2 * loops


def _modularity(source: Any, target: Any, weight: Any, loops: Any, label: Any) -> float:
    numpy = need("numpy")
    degree = _degrees(source, weight, loops)
    total = degree.sum()
    if not total:
        return 0.0
    inner = weight[label[source] == label[target]].sum() + 2 * loops.sum()
    mass = numpy.bincount(label, weights=degree)
    return float(inner / total - ((mass / total) ** 2).sum())


def _moved(source: Any, target: Any, weight: Any, loops: Any, random: Any) -> Any:
    """Move nodes to the neighbours' communities where that raises modularity most."""
    numpy = need("numpy")
    nodes = len(loops)
    label = numpy.arange(nodes)
    degree = _degrees(source, weight, loops)
    total = degree.sum()
    if not len(source):
        return label
    for _ in range(_ROUNDS):
        mass = numpy.bincount(label, weights=degree, minlength=nodes)
        asked = (random.random(nodes) < 0.5)[source]
        if not asked.any():
            continue
        who, where, pull = _summed(source[asked], label[target[asked]], weight[asked], nodes)
        stays = where == label[who]
        gain = pull - degree[who] * (mass[where] - stays * degree[who]) / total
        here = -degree * (mass[label] - degree) / total
        here[who[stays]] = gain[stays]
        starts = numpy.flatnonzero(numpy.concatenate([[True], who[1:] != who[:-1]]))
        most = numpy.maximum.reduceat(gain, starts)
        top = gain == numpy.repeat(most, numpy.diff(numpy.append(starts, len(who))))
        chosen = numpy.full(nodes, nodes)
        numpy.minimum.at(chosen, who[top], where[top])
        better = numpy.zeros(nodes, dtype=bool)
        better[who[starts]] = most > here[who[starts]] + 1e-12
        label = numpy.where(better, chosen, label)
        if len(who) and better.sum() <= _STILL * nodes:
            break
    return label
