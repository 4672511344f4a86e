"""Write a trace as W3C PROV-JSON.

What was made (data sets, models, reports on them, decisions) is an entity; each transformation,
and each making of something out of something else, is an activity; organisations and accountable
persons are agents. Names are leaf hashes in a namespace of this log, so that the same statement
has the same name in every export. This module refuses to say more than statements say: only one
activity is inferred for each statement that was made from something, and it is marked so.
Source: W3C PROV-DM (2013); The PROV-JSON Serialization, W3C Member Submission, 2013.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from counterfoil.provenance.lineage.graph import SAID_OUTPUT, Edge, Node, Trace

__all__ = ["PROV_NAMESPACE", "to_prov"]

PROV_NAMESPACE: Final = "https://counterfoil.dev/ns/provenance#"
"""Namespace of our own attributes: `cf:kind`, `cf:index`, `cf:leaf`, `cf:field`, ..."""

_CALENDAR_END_MS: Final = 253_402_300_799_999
"""End of the year 9999: a signer may say a later time, which xsd:dateTime here cannot."""

_ACTIVITY: Final = "transformation"
_REVISIONS: Final = frozenset({"corrects", "supersedes"})
_WORKS: Final = {"decision": "deciding", "model": "training", "evaluation": "evaluating"}


def to_prov(trace: Trace) -> dict[str, Any]:
    """Turn a trace into a PROV-JSON document, as an object to write with `json`.

    The same trace gives the same document. Nodes of other logs and missing ones are entities
    without attributes of a statement, marked `cf:state`.
    """
    return _Document(trace).made()


class _Document:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._parts: dict[str, dict[str, dict[str, Any]]] = {}

    def made(self) -> dict[str, Any]:
        for node in self._trace.nodes.values():
            self._node(node)
        for edge in sorted(self._trace.edges, key=lambda e: (e.source, e.target, e.field, e.role)):
            self._edge(edge)
        base = f"urn:counterfoil:{quote(self._trace.origin, safe='')}:"
        prefix = {"cf": PROV_NAMESPACE, "log": base, "sha256": "urn:sha256:"}
        prefix |= {"agent": f"{base}agent:", "made": f"{base}made:"}
        parts = {kind: dict(sorted(found.items())) for kind, found in sorted(self._parts.items())}
        return {"prefix": prefix, **parts}

    def _node(self, node: Node) -> None:
        name = _name(node)
        if node.state == "person":
            self._add("agent", name, {"prov:type": _qualified("prov:Person"), "cf:name": node.name})
            return
        kind = "activity" if node.kind == _ACTIVITY else "entity"
        self._add(kind, name, dict(_attributes(node)))
        if node.issuer is None:
            return
        agent = _agent(node.issuer)
        said = {"prov:type": _qualified("prov:Organization"), "cf:name": node.issuer}
        self._add("agent", agent, said)
        self._tie(kind, name, agent)
        behalf = node.said.get("on_behalf_of")
        if isinstance(behalf, str):
            other = _agent(behalf)
            self._add("agent", other, {**said, "cf:name": behalf})
            self._relation("actedOnBehalfOf", {"prov:delegate": agent, "prov:responsible": other})

    def _edge(self, edge: Edge) -> None:
        nodes = self._trace.nodes
        source, target = nodes[edge.source], nodes[edge.target]
        name, other = _name(source), _name(target)
        said = {"cf:field": edge.field, **({"prov:role": edge.role} if edge.role else {})}
        if target.state == "person":
            kind = "activity" if source.kind == _ACTIVITY else "entity"
            self._tie(kind, name, other, said)
        elif source.kind == _ACTIVITY and target.kind != _ACTIVITY:
            if edge.field == SAID_OUTPUT:
                made = {"prov:entity": other, "prov:activity": name}
                self._relation("wasGeneratedBy", made, said)
            else:
                self._relation("used", {"prov:activity": name, "prov:entity": other}, said)
        elif _ACTIVITY in (source.kind, target.kind):
            ends = {"prov:informed": name, "prov:informant": other}
            if source.kind == target.kind:
                self._relation("wasInformedBy", ends, said)
            else:
                influence = {"prov:influencee": name, "prov:influencer": other}
                self._relation("wasInfluencedBy", influence, said)
        else:
            self._derived(source, name, other, edge, said)

    def _derived(
        self, source: Node, name: str, other: str, edge: Edge, said: dict[str, Any]
    ) -> None:
        ends = {"prov:generatedEntity": name, "prov:usedEntity": other}
        if edge.field in _REVISIONS:
            said = {**said, "prov:type": _qualified("prov:Revision")}
        elif source.kind in _WORKS:
            work = f"made:{name.partition(':')[2]}"
            about = {"cf:kind": _WORKS[source.kind], "cf:inferred": True}
            self._add("activity", work, about)
            self._relation("wasGeneratedBy", {"prov:entity": name, "prov:activity": work})
            self._relation("used", {"prov:activity": work, "prov:entity": other}, said)
            ends["prov:activity"] = work
        self._relation("wasDerivedFrom", ends, said)

    def _tie(self, kind: str, name: str, agent: str, said: dict[str, Any] | None = None) -> None:
        if kind == "activity":
            ends = {"prov:activity": name, "prov:agent": agent}
            self._relation("wasAssociatedWith", ends, said)
        else:
            self._relation("wasAttributedTo", {"prov:entity": name, "prov:agent": agent}, said)

    def _add(self, kind: str, name: str, said: dict[str, Any]) -> None:
        self._parts.setdefault(kind, {})[name] = said

    def _relation(
        self, kind: str, ends: dict[str, Any], said: dict[str, Any] | None = None
    ) -> None:
        whole = {**ends, **(said or {})}
        text = repr((kind, sorted(whole.items(), key=lambda item: item[0])))
        self._add(kind, f"_:{sha256(text.encode()).hexdigest()[:16]}", whole)


def _attributes(node: Node) -> Iterator[tuple[str, Any]]:
    yield "cf:kind", node.kind
    if node.state != "recorded":
        yield "cf:state", node.state
    if node.name:
        yield "prov:label", node.name
    if node.index is not None:
        yield "cf:index", {"$": str(node.index), "type": "xsd:long"}
    if node.leaf is not None:
        yield "cf:leaf", node.leaf
    if node.artefacts:
        yield "cf:sha256", node.artefacts[0] if len(node.artefacts) == 1 else list(node.artefacts)
    if node.at_ms is not None and 0 <= node.at_ms <= _CALENDAR_END_MS:
        at = datetime.fromtimestamp(node.at_ms / 1000, UTC).isoformat()
        yield "cf:recorded", {"$": at, "type": "xsd:dateTime"}


def _name(node: Node) -> str:
    if node.state == "person":
        return _agent(node.name)
    return node.id if node.id.startswith("sha256:") else f"log:{node.id}"


def _agent(name: str) -> str:
    return f"agent:{sha256(name.encode()).hexdigest()[:32]}"


def _qualified(name: str) -> dict[str, str]:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}
