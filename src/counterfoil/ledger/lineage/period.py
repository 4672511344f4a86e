"""Gather the statements of a period, and what they point at directly, as a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger.lineage.found import Found, node_of
from counterfoil.provenance.lineage import Edge, Node, Trace, Way, pointers_of
from counterfoil.provenance.lineage.graph import SAID_OUTPUT

if TYPE_CHECKING:
    from counterfoil.ledger.readable import Readable

__all__ = ["STATEMENTS_MAX", "gather"]

STATEMENTS_MAX: Final = 1000
"""Most statements of a period."""


def gather(ledger: Readable, first: str | None, until: str | None) -> Trace:
    """Trace a period: its statements, and one step on, what they point at.

    first, until: entry numbers or ISO 8601 dates or times (UTC unless they say), both included; a
    date is its whole day. Dates are held against the signers' own clocks. None is the log's end.
    Raises InputError with code lineage.period, also where it is more than 1,000 statements, and
    NotFound with code lineage.nothing.
    """
    query = " ".join(["kind!=batch", *_bound(first, ">="), *_bound(until, "<=")])
    page = ledger.search(query, limit=STATEMENTS_MAX, newest_first=False)
    if page.next is not None:
        raise InputError(
            "lineage.period",
            f"expected a period of fewer than {STATEMENTS_MAX} statements, found more",
            hint="Take a part at a time: --from and --until may be entry numbers.",
        )
    if not page.hits:
        raise NotFound(
            "lineage.nothing",
            "expected statements in the period, found none",
            hint="`counterfoil record tail` shows the last ones.",
        )
    size = ledger.size
    found = Found(ledger, size, 1)
    nodes = {hit.leaf: found.at(hit.index) for hit in page.hits}
    edges: dict[Edge, None] = {}
    for node in list(nodes.values()):
        for edge, other in _pointed(found, node):
            nodes.setdefault(other.id, replace(other, steps=1))
            edges[edge] = None
    return Trace(page.hits[0].leaf, ledger.origin, size, nodes, tuple(edges), True)


def _pointed(found: Found, node: Node) -> list[tuple[Edge, Node]]:
    tied: list[tuple[Edge, Node]] = []
    for pointer in pointers_of(node.said):
        other = found.target(pointer, node)
        way: Way = "down" if pointer.field == SAID_OUTPUT else "up"
        edge = Edge(node.id, other.id, pointer.field, pointer.role, way, node.id)
        tied.append((edge, other))
    who = node.said.get("accountable")
    if isinstance(who, dict) and isinstance(who.get("name"), str):
        name, role = who["name"], str(who.get("role", ""))
        person = node_of(f"person:{name}", "person", "person", name)
        tied.append((Edge(node.id, person.id, "accountable", role, "up", node.id), person))
    return tied


def _bound(given: str | None, operator: str) -> list[str]:
    """Write a bound as a condition of the query language."""
    if given is None:
        return []
    if given.isascii() and given.isdecimal() and len(given) <= 16:
        return [f"index{operator}{int(given)}"]
    try:
        if len(given) <= 10:
            day = date.fromisoformat(given)
            at = datetime.combine(day, time.min if operator == ">=" else time.max, UTC)
        else:
            at = datetime.fromisoformat(given)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    except ValueError as err:
        raise InputError(
            "lineage.period",
            f"expected an entry number, or a date such as 2026-11-29, found {given!r}",
            hint="A time is written 2026-11-29T08:30:00, in UTC unless it says its own zone.",
        ) from err
    return [f"at_ms{operator}{int(at.timestamp() * 1000)}"]
