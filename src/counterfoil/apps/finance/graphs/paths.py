"""Chains and cycles: money that is passed on several times, in order of time, nearly all of it.

Both are paths of links. Chains are the heaviest paths, found for all payments at once, step by
step; cycles are paths that come back to whom they began with, followed from every payment whose
account lies on some cycle at all (strongly connected components). This module refuses to follow
more paths than a bound, and takes the heaviest first.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from counterfoil.apps.finance.graphs.candidates import Candidates, none_found
from counterfoil.apps.finance.graphs.links import Links
from counterfoil.apps.finance.graphs.network import Ints, Network, segments
from counterfoil.extras import need

__all__ = ["find_chains", "find_cycles"]

_STEPS: Final = 10
_BEAM: Final = 150_000
_LEAST: Final = 3


def find_chains(network: Network, links: Links, since_s: int) -> Candidates:
    """Find the heaviest chain that ends in each payment from `since_s` on, of three or more.

    Its strength is the sum of its links' weights. Chains that a longer one goes on from, and money
    that goes back at once, are left out.
    """
    away = network.source[links.first] != network.target[links.second]
    links = Links(links.first[away], links.second[away], links.weight[away])
    if not len(links.first):
        return none_found("chain")
    best = np.zeros(network.size)
    before = np.full(network.size, -1, dtype=np.int64)
    length = np.ones(network.size, dtype=np.int64)
    order = np.argsort(links.second, kind="stable")
    first, second, weight = links.first[order], links.second[order], links.weight[order]
    begins = np.flatnonzero(np.r_[True, second[1:] != second[:-1]])
    ends = second[begins]
    for _ in range(_STEPS):  # a link's own end is later, so that this ends by itself
        value = best[first] + weight
        top = np.maximum.reduceat(value, begins)
        improved = top > best[ends] + 1e-12
        if not improved.any():
            break
        at_top = np.flatnonzero(value == np.repeat(top, np.diff(np.r_[begins, len(second)])))
        chosen = at_top[np.searchsorted(second[at_top], ends, side="left")]
        changed = ends[improved]
        best[changed], before[changed] = top[improved], first[chosen[improved]]
        length[changed] = length[before[changed]] + 1
    goes_on = np.zeros(network.size, dtype=bool)
    goes_on[before[before >= 0]] = True
    tails = np.flatnonzero((length >= _LEAST) & ~goes_on & (network.at >= since_s))

    def payments(place: int) -> Ints:
        found = [int(tails[place])]
        while before[found[-1]] >= 0:
            found.append(int(before[found[-1]]))
        return np.array(found[::-1], dtype=np.int64)

    heads = tails.copy()
    for _ in range(_STEPS + 1):
        heads = np.where(before[heads] >= 0, before[heads], heads)
    return Candidates("chain", best[tails], heads, payments)


def find_cycles(network: Network, links: Links, longest_s: int, since_s: int) -> Candidates:
    """Find cycles of three payments or more that last at most `longest_s` seconds.

    The last one is from `since_s` on. Money that goes to and fro between two is left out: refunds
    do.
    Strength: the sum of the links' weights, and how rarely a path ends at that account by chance.
    """
    inside = _on_cycles(network, links)
    keep = inside[links.first] & inside[links.second]
    if not keep.any():
        return none_found("cycle")
    order = np.argsort(links.first[keep], kind="stable")
    first, second = links.first[keep][order], links.second[keep][order]
    weight = links.weight[keep][order]
    starts = np.unique(first)
    begin, now, total = starts, starts, np.zeros(len(starts))
    trail = starts.reshape(-1, 1)
    received = np.bincount(network.target, minlength=len(network.accounts))
    done: list[tuple[np.ndarray, np.ndarray]] = []
    for hops in range(2, _STEPS + 1):
        low = np.searchsorted(first, now, side="left")
        high = np.searchsorted(first, now, side="right")
        owner, link = segments(low, high)
        if not len(owner):
            break
        step, begin = second[link], begin[owner]
        total = total[owner] + weight[link]
        trail = np.column_stack([trail[owner], step])
        fits = network.at[step] - network.at[begin] <= longest_s
        home = network.target[step] == network.source[begin]
        closed = fits & home & (network.at[step] >= since_s)
        if hops >= _LEAST and closed.any():
            chance = (received[network.source[begin[closed]]] + 1) / (network.size + 1)
            done.append((total[closed] - np.log10(chance), trail[closed]))
        seen = (network.target[trail[:, :-1]] == network.target[step][:, None]).any(axis=1)
        on = np.flatnonzero(fits & ~home & ~seen)
        if len(on) > _BEAM:
            on = on[np.argpartition(-total[on], _BEAM)[:_BEAM]]
        begin, now, total, trail = begin[on], step[on], total[on], trail[on]
    if not done:
        return none_found("cycle")
    strength = np.concatenate([one for one, _ in done])
    trails = [row for _, rows in done for row in rows]
    keys = np.array([int(network.source[row].min()) for row in trails], dtype=np.int64)
    return Candidates("cycle", strength, keys, lambda place: trails[place])


def _on_cycles(network: Network, links: Links) -> np.ndarray:
    """Tell which payments lie between accounts that can reach each other by linked payments."""
    rustworkx = need("rustworkx", "finance")
    linked = np.unique(np.concatenate([links.first, links.second]))
    pairs = np.unique(np.column_stack([network.source[linked], network.target[linked]]), axis=0)
    ids, numbers = np.unique(pairs, return_inverse=True)
    numbers = numbers.reshape(pairs.shape)
    graph = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(len(ids)))
    graph.add_edges_from_no_data(
        list(zip(numbers[:, 0].tolist(), numbers[:, 1].tolist(), strict=True))
    )
    component = np.full(len(network.accounts), -1, dtype=np.int64)
    for number, members in enumerate(rustworkx.strongly_connected_components(graph)):
        if len(members) > 1:
            component[ids[members]] = number
    inside = component[network.source] >= 0
    inside &= component[network.source] == component[network.target]
    return inside
