"""A pack's graph is read strictly, and held to what its statements say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.ledger import Ledger
from counterfoil.ledger.lineage.pack_graph import read_trace, untied
from counterfoil.provenance.lineage import Edge, Node, Trace
from tests.provenance_story import digest_of, tell_story
from tests.statements import refused


def entries_of(ledger: Ledger, trace: Trace) -> dict[str, bytes]:
    return {node.id: ledger.entry(node.index or 0) for node in trace.recorded()}


def test_every_tie_of_a_trace_is_said(ledger: Ledger) -> None:
    """Whatever the walk finds is borne out by the statements, also what merely mentions."""
    told = tell_story(ledger)
    ledger.record({"seen": f"model {digest_of('model.onnx')}"})
    ledger.record_statement(
        "decision", {"model": {"digest": digest_of("nowhere"), "name": "lost"}, "outcome": "hold"}
    )
    for start in (*told.values(), ledger.size - 1, ledger.size - 2):
        trace = ledger.trace(start)
        assert list(untied(trace, entries_of(ledger, trace))) == []
        again = read_trace(json.dumps(trace.to_json()).encode())
        assert again.to_json() == trace.to_json()


def test_what_no_statement_says_is_told(ledger: Ledger) -> None:
    """Ties of another field, role or end; nodes that nothing names; mentions of nothing."""
    told = tell_story(ledger)
    trace = ledger.trace(told["decision 0"])
    entries = entries_of(ledger, trace)
    for number, edge in enumerate(trace.edges):
        for lie in (
            replace(edge, field="endorsed_by"),
            replace(edge, role="lie"),
            replace(edge, source=edge.target, target=edge.source),
            replace(edge, field="mentions", source=edge.target, target=edge.source),
        ):
            edges = (*trace.edges[:number], lie, *trace.edges[number + 1 :])
            assert any(
                "expected a tie" in said for said in untied(replace_edges(trace, edges), entries)
            )
    ghost = Node("person:Eve", "person", "person", name="Eve")
    more = Trace(
        trace.start, trace.origin, trace.size, {**trace.nodes, ghost.id: ghost}, trace.edges, True
    )
    assert [said.rpartition(" ")[2] for said in untied(more, entries)] == ["person:Eve"]


def replace_edges(trace: Trace, edges: tuple[Edge, ...]) -> Trace:
    return replace(trace, edges=edges)


NODE = {
    "id": "a",
    "kind": "record",
    "state": "recorded",
    "artefacts": [],
    "steps": 0,
    "more": False,
}
GRAPH: dict[str, Any] = {
    "start": "a", "origin": "o", "size": 1, "complete": True, "nodes": [NODE], "edges": [],
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"start": "b"},
        {"nodes": []},
        {"nodes": [NODE, NODE]},
        {"nodes": [{**NODE, "said": {}}]},
        {"edges": [{"from": "a", "to": "b", "field": "model", "way": "up"}]},
        {"edges": [{"from": "a", "to": "a", "field": "model", "way": "round"}]},
        {"size": "1"},
        {"more": 1},
    ],
)
def test_another_graph_is_refused(changed: dict[str, Any]) -> None:
    """Nodes that are missing or there twice, unknown fields, values of another type."""
    assert read_trace(json.dumps(GRAPH).encode()).start == "a"
    with refused("pack.trace"):
        read_trace(json.dumps({**GRAPH, **changed}).encode())
    with refused("pack.trace"):
        read_trace(b"")
