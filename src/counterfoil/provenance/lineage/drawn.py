"""Draw a trace: what a statement came from to its left, what came of it to its right.

This module refuses to follow anything: it draws what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from counterfoil.drawing import GraphEdge, GraphNode, lineage_graph
from counterfoil.drawing.card import card, facts, note, wide
from counterfoil.drawing.scale import instant
from counterfoil.provenance.lineage.graph import SAID_OUTPUT, Edge, Node, Trace

__all__ = ["draw_trace", "trace_card"]

_ID: Final = 12
_WHERE: Final = {
    "not-found": "no statement here",
    "other-log": "in another log",
    "later": "later than asked about",
    "person": "a person",
    "on-chain": "on a chain",
}


def draw_trace(
    trace: Trace, href: Callable[[Node], str] = lambda _: "", *, depth: int | None = None
) -> str:
    """Draw a trace as SVG, of the classes of `drawing.STYLE`.

    href: node -> its page, a path on the same site; empty for none. depth: most steps from the
    start; None for all that was found.
    """
    nodes = [_node(node, href(node)) for node in trace.nodes.values()]
    start = trace.nodes[trace.start]
    title = f"Lineage of {start.kind} {_name(start)}".rstrip()
    return lineage_graph(title, nodes, map(_edge, trace.edges), trace.start, depth=depth)


def trace_card(trace: Trace) -> str:
    """Write a trace as a card for a notebook: HTML."""
    start = trace.nodes[trace.start]
    cut = [] if trace.complete else [note("It goes on: trace with a larger depth shows more.")]
    return card(
        f"Lineage of {start.kind} {_name(start)}",
        facts(
            ("Log", f"{trace.origin}, as of {trace.size:,} entries"),
            ("Found", f"{len(trace.nodes):,} nodes, {len(trace.edges):,} ties"),
        ),
        wide(draw_trace(trace)),
        *cut,
    )


def _node(node: Node, href: str) -> GraphNode:
    told = [_WHERE.get(node.state, "")]
    if node.index is not None:
        told.append(f"entry {node.index:,}")
    if node.at_ms is not None:
        told.append(instant(node.at_ms / 1000))
    return GraphNode(
        node.id,
        node.kind,
        _name(node),
        href,
        "here" if node.state in ("recorded", "person") else "missing",
        node.more,
        ", ".join(filter(None, told)),
    )


def _name(node: Node) -> str:
    if node.name:
        return node.name
    if node.index is not None:
        return f"entry {node.index:,}"
    return node.id.rpartition(":")[2][:_ID]


def _edge(edge: Edge) -> GraphEdge:
    """Turn what is said about another into what went into what.

    A statement comes after what it points at, but for the outputs that it names.
    """
    name = f"{edge.field}: {edge.role}" if edge.role else edge.field
    if edge.field == SAID_OUTPUT:
        return GraphEdge(edge.source, edge.target, name)
    return GraphEdge(edge.target, edge.source, name)
