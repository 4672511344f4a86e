"""Draw a graph of lineage: what a statement came from to its left, what came of it to its right.

Each node can be a link to its page; what leads to the start is of the class `up`, what follows
from it `down`, so that a page can show either. This module refuses to find the graph: a trace does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from counterfoil.drawing.layers import Placed, place, reached
from counterfoil.drawing.svg import link, path, picture, rect, text

__all__ = ["GraphEdge", "GraphNode", "lineage_graph"]

_WIDE: Final = 176
_TALL: Final = 42
_GAP_X: Final = 52
_GAP_Y: Final = 16
_EDGE: Final = 8
_LETTERS: Final = 24
_NODES_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node. kind, name: its two lines of words. href: its page, a path on this site.

    state: `here` where its statement is; `missing` where not. more: it has neighbours that the
    graph does not hold. told: more about it, for a pointer.
    """

    id: str
    kind: str
    name: str = ""
    href: str = ""
    state: Literal["here", "missing"] = "here"
    more: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """`before` went into `after`, as what the edge is called says."""

    before: str
    after: str
    name: str = ""


def lineage_graph(
    title: str,
    nodes: Sequence[GraphNode],
    edges: Iterable[GraphEdge],
    start: str,
    *,
    depth: int | None = None,
    most: int = _NODES_MAX,
) -> str:
    """Draw a graph around the node `start`.

    depth: nodes farther away than so many steps are left out, and so are the farthest beyond
    `most`; a node that lost a neighbour that way shows a +. Returns one `<svg>` in its natural
    size, which may be wider than a page: put it into something that scrolls.
    """
    ties = [edge for edge in edges if edge.before != edge.after]
    both = [tie for e in ties for tie in ((e.before, e.after), (e.after, e.before))]
    away = reached(start, both)
    kept = [one for one in nodes if depth is None or away.get(one.id, 0) <= depth]
    kept = sorted(kept, key=lambda one: away.get(one.id, len(nodes)))[: max(most, 1)]
    ids = {one.id for one in kept}
    cut = {a for a, b in both if a in ids and b not in ids}
    inner = [edge for edge in ties if edge.before in ids and edge.after in ids]
    in_order = [one for one in nodes if one.id in ids]
    placed = place([one.id for one in in_order], ((e.before, e.after) for e in inner))
    up = reached(start, ((edge.after, edge.before) for edge in inner)).keys() - {start}
    down = reached(start, ((edge.before, edge.after) for edge in inner)).keys() - {start}
    side = dict.fromkeys(up, "up") | dict.fromkeys(down, "down") | {start: "start"}
    parts = [_edge(tie, names, placed, side) for tie, names in _names(inner).items()]
    parts += [_node(one, placed, side, more=one.more or one.id in cut) for one in in_order]
    width = placed.layers * (_WIDE + _GAP_X) - _GAP_X + 2 * _EDGE + 10
    height = placed.rows * (_TALL + _GAP_Y) - _GAP_Y + 2 * _EDGE
    left_out = len(nodes) - len(kept)
    about = f"{len(kept)} nodes: {len(up)} lead to the start, {len(down)} follow from it."
    about += f" {left_out} more are farther away." if left_out else ""
    linked = any(one.href for one in kept)
    drawn = picture(title, parts, width, height, about=about, kind="drawing graph", linked=linked)
    return drawn.replace("<svg ", f'<svg width="{width}" height="{height}" ', 1)


def _names(edges: Iterable[GraphEdge]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        found.setdefault((edge.before, edge.after), []).append(edge.name)
    return found


def _node(one: GraphNode, placed: Placed, side: Mapping[str, str], *, more: bool) -> str:
    layer, row = placed.nodes[one.id]
    x, y = _left(layer), _top(row)
    told = ": ".join(filter(None, (one.kind, one.name, one.told)))
    content = rect(x, y, _WIDE, _TALL, "box", told)
    first = y + (17 if one.name else 26)
    content += text(x + 10, first, _short(one.kind), kind="name")
    content += text(x + 10, y + 33, _short(one.name)) if one.name else ""
    content += text(x + _WIDE - 8, y + 17, "+", "end", "name") if more else ""
    kind = f"node {side.get(one.id, 'aside')} {one.state}"
    return f'<g class="{kind}">{link(one.href, content)}</g>'


def _edge(
    tie: tuple[str, str], names: Sequence[str], placed: Placed, side: Mapping[str, str]
) -> str:
    (before, after), bends = tie, placed.bends[tie]
    (layer, row), (last, end) = placed.nodes[before], placed.nodes[after]
    x, y = _left(layer) + _WIDE, _top(row) + _TALL / 2
    d = f"M{x:.1f} {y:.1f}"
    for at, bend in enumerate((*bends, end), layer + 1):
        to_x, to_y = _left(at), _top(bend) + _TALL / 2
        half = (x + to_x) / 2
        d += f"C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        if at < last:
            d += f"h{_WIDE}"
        x, y = to_x + (_WIDE if at < last else 0), to_y
    if last <= layer:  # it closes a cycle
        x, y = _left(last), _top(end) + _TALL / 2
        d += f"M{_left(layer) + _WIDE:.1f} {_top(row) + _TALL / 2:.1f}L{x:.1f} {y:.1f}"
    d += f"M{x - 6:.1f} {y - 4:.1f}l6 4l-6 4"
    ways = {side.get(before, "aside"), side.get(after, "aside")} - {"start"}
    way = ways.pop() if len(ways) == 1 else "aside"
    told = ", ".join(dict.fromkeys(filter(None, names)))
    return path(d, f"tie {way}", told)


def _left(layer: int) -> float:
    return _EDGE + layer * (_WIDE + _GAP_X)


def _top(row: float) -> float:
    return _EDGE + row * (_TALL + _GAP_Y)


def _short(words: str) -> str:
    return words if len(words) <= _LETTERS else f"{words[: _LETTERS - 1]}…"
