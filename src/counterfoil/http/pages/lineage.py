"""The pages of lineage: from any statement up to what it came from and down to what came of it.

They open small, one step each way, and go on where the reader does. This module refuses to follow
anything itself: `Lineage.trace` does.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.drawing import GraphEdge, GraphNode, lineage_graph
from counterfoil.errors import InputError
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.records import listed
from counterfoil.http.pages.surroundings import before_and_after, node_row, place_of
from counterfoil.http.site import Site
from counterfoil.ops.records import find_entry
from counterfoil.provenance.lineage import Edge, Node, Trace

__all__ = ["PAGES"]

_DEPTH_MAX: Final = 12
_WIDTH: Final = 20
_WIDTH_MAX: Final = 200
_NODES_MAX: Final = 200
_STARTS: Final = 5
_WAYS: Final = ("both", "up", "down")


def _start(site: Site, asked: Asked) -> dict[str, Any]:
    if asked.one("entry"):
        index = find_entry(site.ledger, asked.one("entry").strip())
        return {"goes_to": f"/lineage/{index}", "starts": []}
    starts = []
    for kind in ("decision", "model", "dataset", "alert", "incident"):
        hits = site.ledger.search(f"kind={kind}", limit=_STARTS).hits
        starts.append({"kind": kind, "records": [listed(one) for one in hits]})
    return {"starts": [one for one in starts if one["records"]]}


def _graph(site: Site, asked: Asked) -> dict[str, Any]:
    ledger = site.ledger
    index = find_entry(ledger, str(asked.path["entry"]))
    way = asked.one("way", "both")
    if way not in _WAYS:
        raise InputError(
            "page.parameter", f"expected way to be one of {', '.join(_WAYS)}, found {way[:40]!a}"
        )
    depth = asked.integer("depth", 1, least=1, most=_DEPTH_MAX)
    as_of = asked.integer("as_of", 0, most=ledger.size)
    trace = ledger.lineage.trace(
        index,
        up=way != "down",
        down=way != "up",
        depth=depth,
        width=asked.integer("width", _WIDTH, least=1, most=_WIDTH_MAX),
        limit=_NODES_MAX,
        as_of=as_of or None,
    )
    path = f"/lineage/{index}"
    start = trace.nodes[trace.start]
    return {
        "title": f"Lineage of {start.kind[:40]} {index}",
        "index": index,
        "depth": depth,
        "way": way,
        "as_of": as_of or None,
        "size": ledger.size,
        "complete": trace.complete,
        "start": node_row(start),
        "nodes": [node_row(one) for one in _ordered(trace)],
        "edges": [_tie(one) for one in trace.edges],
        "_drawing": _drawn(trace, asked),
        "_ways": [
            {"value": words, "count": None, "on": way == one, "href": _with(path, asked, way=one)}
            for one, words in zip(
                _WAYS, ("Both ways", "Up to sources", "Down to effects"), strict=True
            )
        ],
        "_more": changed(path, asked.query, depth=depth + 1) if depth < _DEPTH_MAX else "",
        "_less": changed(path, asked.query, depth=depth - 1) if depth > 1 else "",
    }


def _with(path: str, asked: Asked, *, way: str) -> str:
    return changed(path, asked.query, way=None if way == "both" else way)


def _ordered(trace: Trace) -> list[Node]:
    """List nodes by how far they are from the start, then by their place in the log."""
    return sorted(trace.nodes.values(), key=lambda one: (one.steps, one.index or 0))


def _tie(edge: Edge) -> dict[str, Any]:
    before, after = before_and_after(edge)
    return {
        "before": before,
        "after": after,
        "field": edge.field,
        "role": edge.role,
        "way": edge.way,
    }


def _drawn(trace: Trace, asked: Asked) -> str:
    """Draw the graph; a click on a node goes on from there."""
    kept = {name: list(asked.query[name]) for name in ("as_of",) if name in asked.query}
    nodes = [
        GraphNode(
            one.id,
            one.kind.rpartition("/")[2] if "://" in one.kind else one.kind,
            one.name,
            href=place_of(one)
            if one.index is None or one.id == trace.start
            else changed(f"/lineage/{one.index}", kept),
            state="here" if one.state == "recorded" else "missing",
            more=one.more,
            told=f"entry {one.index}" if one.index is not None else one.state,
        )
        for one in _ordered(trace)
    ]
    edges = [GraphEdge(*before_and_after(one), name=one.role or one.field) for one in trace.edges]
    start = trace.nodes[trace.start]
    title = f"Lineage of {start.kind} {start.index}: sources to the left, effects to the right"
    return lineage_graph(title, nodes, edges, trace.start, most=_NODES_MAX)


PAGES: Final = (
    Page("/lineage", "Lineage", _start, "lineage.html", nav="lineage"),
    Page("/lineage/{entry}", "Lineage", _graph, "lineage_graph.html", nav="lineage", rows="nodes"),
)
