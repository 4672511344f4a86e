"""Place the nodes of a directed graph in layers, left to right, with few crossings.

Layers by longest path, order by barycentres (Sugiyama, Tagawa and Toda, 1981). The same graph is
placed the same way each time. This module refuses to draw, and to loop over a cycle: an edge that
closes one is placed as if it did not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["Placed", "place", "reached"]

_SWEEPS: Final = 6

Tie = tuple[str, str]
Slot = tuple[str, int]
"""A node at its layer; of an edge that passes a layer, the edge's name at that layer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where nodes are: (layer from 0, row from 0; a row may be a fraction) by node.

    bends: edge -> the rows at which it passes the layers between its ends, left to right.
    """

    nodes: Mapping[str, tuple[int, float]]
    bends: Mapping[Tie, tuple[float, ...]]
    layers: int
    rows: int


def place(nodes: Sequence[str], ties: Iterable[Tie]) -> Placed:
    """Place nodes. ties: (from, to) between them; what has an end elsewhere is left out."""
    known = set(nodes)
    wanted = [(a, b) for a, b in dict.fromkeys(ties) if a in known and b in known and a != b]
    straight = _acyclic(nodes, wanted)
    layer = _layers(nodes, straight)
    slots: dict[int, list[Slot]] = {at: [] for at in range(max(layer.values(), default=0) + 1)}
    for node in nodes:
        slots[layer[node]].append((node, layer[node]))
    links: list[tuple[Slot, Slot]] = []
    passing: dict[Tie, list[Slot]] = {}
    for a, b in straight:
        chain = [(f"{a}\0{b}", at) for at in range(layer[a] + 1, layer[b])]
        for slot in chain:
            slots[slot[1]].append(slot)
        whole = [(a, layer[a]), *chain, (b, layer[b])]
        links += list(pairwise(whole))
        passing[a, b] = chain
    order = _ordered(slots, links)
    most = max((len(line) for line in order.values()), default=0)
    row = {
        slot: at + (most - len(line)) / 2 for line in order.values() for at, slot in enumerate(line)
    }
    bends = {tie: tuple(row[slot] for slot in chain) for tie, chain in passing.items()}
    bends |= {tie: () for tie in wanted if tie not in bends}
    placed = {node: (layer[node], row[node, layer[node]]) for node in nodes}
    return Placed(placed, bends, len(order) if nodes else 0, most)


def reached(start: str, ties: Iterable[Tie]) -> dict[str, int]:
    """Walk along ties from a node: node -> how many steps away; the start itself is 0."""
    next_: dict[str, list[str]] = {}
    for a, b in ties:
        next_.setdefault(a, []).append(b)
    found, edge = {start: 0}, [start]
    while edge:
        fresh = [b for a in edge for b in next_.get(a, ())]
        edge = [node for node in dict.fromkeys(fresh) if node not in found]
        steps = max(found.values()) + 1
        found |= dict.fromkeys(edge, steps)
    return found


def _acyclic(nodes: Sequence[str], ties: Sequence[Tie]) -> list[Tie]:
    """Leave out the ties that close a cycle, as a walk in depth meets them."""
    next_: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in ties:
        next_[a].append(b)
    done: set[str] = set()
    kept: list[Tie] = []
    for root in nodes:
        if root in done:
            continue
        open_, walk = {root}, [(root, iter(next_[root]))]
        while walk:
            node, rest = walk[-1]
            child = next(rest, None)
            if child is None:
                walk.pop()
                open_.discard(node)
                done.add(node)
            elif child not in open_:
                kept.append((node, child))
                if child not in done:
                    open_.add(child)
                    walk.append((child, iter(next_[child])))
    return kept


def _layers(nodes: Sequence[str], ties: Sequence[Tie]) -> dict[str, int]:
    before: dict[str, list[str]] = {node: [] for node in nodes}
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in ties:
        before[b].append(a)
        after[a].append(b)
    missing = {node: len(before[node]) for node in nodes}
    ready = [node for node in nodes if not missing[node]]
    layer = dict.fromkeys(nodes, 0)
    for node in ready:  # grows while it is walked
        for child in after[node]:
            layer[child] = max(layer[child], layer[node] + 1)
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    for node in reversed(ready):  # what nothing leads to stands next to what it leads to
        if not before[node] and after[node]:
            layer[node] = min(layer[child] for child in after[node]) - 1
    return layer


def _ordered(
    slots: Mapping[int, list[Slot]], links: Sequence[tuple[Slot, Slot]]
) -> dict[int, list[Slot]]:
    left: dict[Slot, list[Slot]] = {}
    right: dict[Slot, list[Slot]] = {}
    for a, b in links:
        right.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    order = {at: list(line) for at, line in slots.items()}
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        near = left if forward else right
        for at in sorted(order) if forward else sorted(order, reverse=True):
            beside = order.get(at - 1 if forward else at + 1, [])
            place_ = {slot: row for row, slot in enumerate(beside)}
            row = {slot: float(at_) for at_, slot in enumerate(order[at])}
            for slot in order[at]:
                rows = [place_[one] for one in near.get(slot, ()) if one in place_]
                if rows:
                    row[slot] = sum(rows) / len(rows)
            order[at].sort(key=row.__getitem__)
    return order
