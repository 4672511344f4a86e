"""Walk from a statement up to its sources and down to its effects, breadth first and bounded.

Up are the statements that it points at, the transformation that made it, and what was said about
it: checks, evaluations, corrections. Down is whatever mentions its leaf or its artefact's digest,
and what it made. Only the index is asked, so that a log of a million entries costs as many look-ups
as the trace has nodes. This module refuses to follow more than it was told to: it says so.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger.lineage.found import Found, node_of
from counterfoil.provenance.lineage import Edge, Node, Pointer, Trace, Way, pointers_of
from counterfoil.provenance.lineage.graph import SAID_OUTPUT

if TYPE_CHECKING:
    from counterfoil.ledger.readable import Readable

__all__ = ["DEPTH", "NODES", "WIDTH", "Progress", "transaction_of", "walk"]

DEPTH: Final = 12
"""Most steps each way, unless told."""

WIDTH: Final = 20
"""Most statements followed from one each way, unless told."""

NODES: Final = 200
"""Most nodes of a trace, unless told."""

Progress = Callable[[int, int], None]
"""Told (nodes done, nodes known)."""

_TRANSACTION: Final = re.compile(r"0x[0-9a-f]{64}")
_BOUNDS: Final = {
    "depth": 64,
    "width": 999,  # a search gives 1000, and is asked for one more
    "limit": 10_000,
}
_ABOUT: Final = {
    "check": ("about",),
    "evaluation": ("model",),
    "refusal": ("about",),
    "transformation": (SAID_OUTPUT,),
}
"""Kinds that tell about something, which is seen on the way up: kind -> fields that say of what."""

_ABOUT_ALL: Final = ("corrects", "supersedes")


def walk(
    ledger: Readable,
    index: int,
    *,
    up: bool,
    down: bool,
    depth: int,
    width: int,
    limit: int,
    as_of: int | None,
    progress: Progress | None,
) -> Trace:
    """Trace the entry at an index; see `Lineage.trace`."""
    for name, value in (("depth", depth), ("width", width), ("limit", limit)):
        if not 1 <= value <= _BOUNDS[name]:
            raise _bound(name, _BOUNDS[name], value)
    size = ledger.size
    if as_of is not None and not 1 <= as_of <= size:
        raise _bound("as_of", size, as_of)
    end = size if as_of is None else as_of
    if not 0 <= index < end:
        raise NotFound(
            "entry.index",
            f"expected an entry from 0 to {end - 1}, found {index}",
            hint="`counterfoil record tail` shows the last ones.",
        )
    walker = _Walker(Found(ledger, end, width), depth, limit, progress)
    start = walker.begin(index)
    if up:
        walker.go(start, "up", replaced=not down)
    if down:
        walker.go(start, "down")
    return walker.trace(start, ledger.origin, end)


class _Walker:
    def __init__(self, found: Found, depth: int, limit: int, progress: Progress | None) -> None:
        self._found, self._depth, self._limit = found, depth, limit
        self._progress = progress
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str, str, str], Edge] = {}
        self._cut = False
        self._done = 0

    def begin(self, index: int) -> str:
        node = self._found.at(index)
        self._nodes[node.id] = node
        return node.id

    def go(self, start: str, way: Way, *, replaced: bool = True) -> None:
        """Follow all there is one way.

        replaced: up to what replaced the start, too; where down is followed, that tells it.
        """
        waiting: deque[tuple[str, int]] = deque([(start, 0)])
        seen = {start}
        while waiting:
            id_, steps = waiting.popleft()
            node = self._nodes[id_]
            if node.state != "recorded":
                continue
            if steps == self._depth:
                self._mark(id_)
                continue
            for edge, other in self._neighbours(node, way):
                if id_ == start and not replaced and _replaces(edge, node):
                    continue
                if other.id not in self._nodes:
                    if len(self._nodes) >= self._limit:
                        self._mark(id_)
                        continue
                    self._nodes[other.id] = replace(other, steps=steps + 1)
                key = (edge.source, edge.target, edge.field, edge.role)
                self._edges.setdefault(key, edge)
                if other.id not in seen:
                    seen.add(other.id)
                    waiting.append((other.id, steps + 1))
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, max(len(self._nodes), self._done))

    def trace(self, start: str, origin: str, size: int) -> Trace:
        edges = tuple(self._edges.values())
        return Trace(start, origin, size, self._nodes, edges, not self._cut)

    def _neighbours(self, node: Node, way: Way) -> Iterator[tuple[Edge, Node]]:
        for pointer in pointers_of(node.said):
            if (pointer.field == SAID_OUTPUT) == (way == "down"):
                other = self._found.target(pointer, node)
                yield _edge(node, other, pointer, way, node.id), other
        person = _person(node)
        if way == "up" and person is not None:
            role = str(node.said["accountable"].get("role", ""))
            yield Edge(node.id, person.id, "accountable", role, way, node.id), person
        effect = transaction_of(node)
        if way == "down" and effect is not None:
            yield Edge(node.id, effect.id, "transaction", "", way, node.id), effect
        hits, more = self._found.mentions(node, tuple(_ABOUT) if way == "up" else None)
        if more:
            self._mark(node.id)
        for other in hits:
            yield from self._incoming(node, other, way)

    def _incoming(self, node: Node, other: Node, way: Way) -> Iterator[tuple[Edge, Node]]:
        """List what another statement says about this one."""
        said = False
        for pointer in pointers_of(other.said):
            if pointer.leaf != node.leaf and pointer.digest not in node.artefacts:
                continue
            said = True
            about = pointer.field in (*_ABOUT.get(other.kind, ()), *_ABOUT_ALL)
            if (way == "up" and about) or (way == "down" and pointer.field != SAID_OUTPUT):
                yield _edge(other, node, pointer, way, node.id), other
        if not said and way == "down" and self._found.says(other, node):
            yield Edge(other.id, node.id, "mentions", "", way, node.id), other

    def _mark(self, id_: str) -> None:
        self._cut = True
        self._nodes[id_] = replace(self._nodes[id_], more=True)


def _edge(source: Node, target: Node, pointer: Pointer, way: Way, near: str) -> Edge:
    return Edge(source.id, target.id, pointer.field, pointer.role, way, near)


def _replaces(edge: Edge, node: Node) -> bool:
    """Tell whether a tie says that another statement came in a node's place."""
    return edge.target == node.id and edge.field in _ABOUT_ALL


def _person(node: Node) -> Node | None:
    accountable = node.said.get("accountable")
    name = accountable.get("name") if isinstance(accountable, dict) else None
    if not isinstance(name, str):
        return None
    return node_of(f"person:{name}", "person", "person", name)


def transaction_of(node: Node) -> Node | None:
    """Give the transaction by which a contract acted, as the action's statement names it."""
    evidence = node.said.get("evidence") if node.kind == "action" else None
    if not isinstance(evidence, dict):
        return None
    chain, hash_, block = (evidence.get(name) for name in ("chain", "transaction", "block"))
    if not (isinstance(chain, str) and isinstance(hash_, str) and _TRANSACTION.fullmatch(hash_)):
        return None
    where = f"chain {chain[:20]}" + (f", block {block[:20]}" if isinstance(block, str) else "")
    return node_of(f"transaction:{chain[:20]}:{hash_}", "transaction", "on-chain", where)


def _bound(name: str, most: int, found: int) -> InputError:
    return InputError(
        "lineage.bound",
        f"expected {name} from 1 to {most}, found {found}",
        hint="Trace a part at a time: `more` marks where a trace was cut.",
    )
