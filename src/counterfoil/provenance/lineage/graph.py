"""A trace as data: statements, artefacts and people, and what ties them; exporters start here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

__all__ = ["SAID_OUTPUT", "Edge", "Node", "State", "Trace", "Way"]

State = Literal["recorded", "not-found", "other-log", "later", "person", "on-chain"]
"""Of a node: its statement is here; nowhere here; in another log; after the size that was asked
about; it is a person, who has no statement; or a transaction of a chain, which has none either."""

Way = Literal["up", "down"]

SAID_OUTPUT: Final = "outputs"
"""The field whose target comes from the statement that says it, and not the other way round."""


@dataclass(frozen=True, slots=True)
class Node:
    """A statement, or what a statement points at.

    id: the leaf hash; `sha256:<digest>` of an artefact without a statement; `person:<name>`;
    `transaction:<chain id>:<hash>`.
    index, leaf: where its statement stands; its receipt is made from the index. name: for people.
    artefacts: SHA-256 of what it is about. steps: how far from the start. more: it has more
    neighbours than were followed. said: its predicate; sealed fields stay sealed.
    """

    id: str
    kind: str
    state: State
    index: int | None = None
    leaf: str | None = None
    name: str = ""
    at_ms: int | None = None
    issuer: str | None = None
    origin: str | None = None
    artefacts: tuple[str, ...] = ()
    steps: int = 0
    more: bool = False
    said: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print; without its predicate."""
        names = ("id", "kind", "state", "index", "leaf", "name", "at_ms", "issuer", "origin")
        found = {name: getattr(self, name) for name in names}
        kept = {name: value for name, value in found.items() if value not in (None, "")}
        return {**kept, "artefacts": list(self.artefacts), "steps": self.steps, "more": self.more}


@dataclass(frozen=True, slots=True)
class Edge:
    """A statement says something about another.

    source: id of the node that says it. target: id of what it says it about. field: of the
    predicate that says it; `mentions` where it is not in a reference. role: what the reference
    says it is for. way: it was found on the way up or down. near: the end nearer to the start.
    """

    source: str
    target: str
    field: str
    role: str
    way: Way
    near: str

    @property
    def far(self) -> str:
        """The end that is farther from the start."""
        return self.target if self.near == self.source else self.source

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found = {"from": self.source, "to": self.target, "field": self.field, "way": self.way}
        return {**found, "role": self.role} if self.role else found


@dataclass(frozen=True, slots=True)
class Trace:
    """All that was found from one statement.

    start: id of its node. origin: the log. size: entries that were looked at, from 0. nodes: by
    id. complete: no bound of depth, width or number cut it.
    """

    start: str
    origin: str
    size: int
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]
    complete: bool

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.provenance.lineage.drawn import trace_card

        return trace_card(self)

    def recorded(self) -> Iterator[Node]:
        """List the nodes whose statement is here, in the log's order."""
        here = [node for node in self.nodes.values() if node.state == "recorded"]
        yield from sorted(here, key=lambda node: node.index or 0)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "start": self.start,
            "origin": self.origin,
            "size": self.size,
            "complete": self.complete,
            "nodes": [node.to_json() for node in self.nodes.values()],
            "edges": [edge.to_json() for edge in self.edges],
        }
