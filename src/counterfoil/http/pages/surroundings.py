"""What stands around a statement: what it came from, and what refers to it; one step each way.

This module refuses to go further: the page of lineage does.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Ledger
from counterfoil.provenance.lineage import Edge, Node, Trace
from counterfoil.provenance.lineage.graph import SAID_OUTPUT

__all__ = ["before_and_after", "node_row", "place_of", "surroundings"]

_WIDTH: Final = 12
_NAME_MAX: Final = 200


def surroundings(ledger: Ledger, index: int) -> dict[str, Any]:
    """List what a statement names, and what names it: {up, down, more}; each a list of rows."""
    try:
        trace = ledger.lineage.trace(index, depth=1, width=_WIDTH)
    except CounterfoilError as err:
        return {"up": [], "down": [], "more": False, "why": err.message}
    found: dict[str, list[dict[str, Any]]] = {"up": [], "down": []}
    for edge in trace.edges:
        node = trace.nodes[edge.far]
        if node.id != trace.start:
            side = "up" if before_and_after(edge)[0] == node.id else "down"
            found[side].append({**node_row(node), "as": edge.role or edge.field})
    return {**found, "more": not trace.complete or _has_more(trace), "why": ""}


def before_and_after(edge: Edge) -> tuple[str, str]:
    """Tell which end of a tie came first: a statement comes from what it names, save an output."""
    ends = (edge.target, edge.source)
    return ends[::-1] if edge.field == SAID_OUTPUT else ends


def node_row(node: Node) -> dict[str, Any]:
    """Lay a node out for tables."""
    return {
        "id": node.id,
        "kind": node.kind,
        "name": node.name[:_NAME_MAX],
        "state": node.state,
        "index": node.index,
        "leaf": node.leaf,
        "at_ms": node.at_ms,
        "issuer": node.issuer,
        "origin": node.origin,
        "steps": node.steps,
        "href": place_of(node),
    }


def place_of(node: Node) -> str:
    """Give the address of a node's page: its record, else a search for it; empty for neither."""
    if node.index is not None and node.state == "recorded":
        return f"/records/{node.index}"
    if node.state == "on-chain":
        return f"/find?q={node.id.rpartition(':')[2]}"
    return f"/find?q={node.id.removeprefix('sha256:')}" if node.id.startswith("sha256:") else ""


def _has_more(trace: Trace) -> bool:
    return any(node.more for node in trace.nodes.values())
