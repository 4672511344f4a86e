"""Read a pack's trace.json, and find ties in it that no statement says.

This module refuses to follow anything: it holds a graph to the statements that are in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.ledger.lineage.found import mentions
from counterfoil.provenance.lineage import Edge, Node, State, Trace, pointers_of

__all__ = ["read_trace", "untied"]


class _Node(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kind: str
    state: State
    artefacts: tuple[str, ...]
    steps: int
    more: bool
    index: int | None = None
    leaf: str | None = None
    name: str = ""
    at_ms: int | None = None
    issuer: str | None = None
    origin: str | None = None


class _Edge(msgspec.Struct, forbid_unknown_fields=True):
    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    field: str
    way: Literal["up", "down"]
    role: str = ""


class _Trace(msgspec.Struct, forbid_unknown_fields=True):
    start: str
    origin: str
    size: int
    complete: bool
    nodes: tuple[_Node, ...]
    edges: tuple[_Edge, ...]


def read_trace(data: bytes) -> Trace:
    """Read a trace as `Trace.to_json` gives it; nodes say nothing yet.

    Raises InputError with code pack.trace.
    """
    try:
        found = msgspec.convert(json_text.parse(data), _Trace)
    except (InputError, msgspec.ValidationError) as err:
        raise InputError("pack.trace", f"expected the graph of a pack, but: {err}") from err
    nodes = {node.id: Node(**msgspec.structs.asdict(node)) for node in found.nodes}
    ends = {end for edge in found.edges for end in (edge.source, edge.target)}
    if len(nodes) != len(found.nodes) or not nodes.keys() >= {found.start, *ends}:
        raise InputError("pack.trace", "expected a graph whose nodes are all there once")
    edges = tuple(
        Edge(edge.source, edge.target, edge.field, edge.role, edge.way, edge.source)
        for edge in found.edges
    )
    return Trace(found.start, found.origin, found.size, nodes, edges, found.complete)


def untied(trace: Trace, payloads: Mapping[str, bytes]) -> Iterator[str]:
    """Tell each tie that its statement does not say, and each node that none points at.

    trace: its recorded nodes as proven. payloads: leaf -> entry, of those.
    """
    said: dict[str, dict[tuple[str, str, str], set[str]]] = {}
    names: dict[str, set[str]] = {}
    for edge in trace.edges:
        source, target = trace.nodes[edge.source], trace.nodes[edge.target]
        if source.id not in said:
            said[source.id] = _said(source)
        found = _names(edge, target, said[source.id], payloads.get(source.id))
        if found is None:
            yield f"expected a tie that a statement says, found {_shown(edge, trace)}"
        else:
            names.setdefault(target.id, set()).update(found)
    for node in trace.nodes.values():
        if node.state != "recorded" and node.name not in names.get(node.id, ()):
            yield f"expected nodes that a statement names, found {node.kind[:40]} {node.id[:80]}"


def _said(node: Node) -> dict[tuple[str, str, str], set[str]]:
    """Index what a statement points at: (field, role, id) -> names that it gives it."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for pointer in pointers_of(node.said):
        ids = [pointer.leaf, pointer.digest and f"sha256:{pointer.digest}"]
        for id_ in ids:
            if id_:
                found.setdefault((pointer.field, pointer.role, id_), set()).add(pointer.name)
    who = node.said.get("accountable")
    if isinstance(who, dict) and isinstance(who.get("name"), str):
        key = ("accountable", str(who.get("role", "")), f"person:{who['name']}")
        found.setdefault(key, set()).add(who["name"])
    return found


def _names(
    edge: Edge,
    target: Node,
    said: Mapping[tuple[str, str, str], set[str]],
    entry: bytes | None,
) -> set[str] | None:
    """Give the names under which a statement points at a node; None where it does not."""
    digests = [f"sha256:{digest}" for digest in target.artefacts]
    if edge.field == "mentions":
        return {""} if entry is not None and mentions(entry, target) else None
    for id_ in (target.id, *digests):
        found = said.get((edge.field, edge.role, id_))
        if found is not None:
            return found
    return None


def _shown(edge: Edge, trace: Trace) -> str:
    ends: list[Any] = []
    for end in (edge.source, edge.target):
        node = trace.nodes[end]
        ends.append(f"{node.kind[:40]} {node.id[:12] if node.index is None else node.index}")
    return f"{ends[0]} {edge.field[:40]} {ends[1]}"
