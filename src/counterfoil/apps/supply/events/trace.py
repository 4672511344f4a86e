"""Follow things back to what they were made of, and forward to what became of them.

A thing came out of a transformation, was made in a lot, or holds others that did; the other way
round for what is downstream. What holds a thing tells where it is, and is not itself made of it.
Events count as of a time: those that happened by then and had not been declared to be errors by
then. Each step names the entries that prove it was said. This module refuses to judge events
that contradict each other: `doubts` names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.viewing import FOREVER, Step, View
from counterfoil.apps.supply.events.whereabouts import Affected

__all__ = [
    "FOREVER",
    "Affected",
    "Link",
    "Recall",
    "Step",
    "Trace",
    "holders_of",
    "recall",
    "steps_of",
    "trace",
    "where_is",
]


@dataclass(frozen=True, slots=True)
class Link:
    """One thing came of another. level: how far from where the trace began, from 1.

    how: made-of (a transformation), lot (made in a lot), or held (a container's content). index:
    of the entry that says so.
    """

    level: int
    source: str
    product: str
    how: str
    index: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What a thing was made of, or became. steps: its own. called: name -> what people call it."""

    thing: str
    direction: str
    as_of_ms: int | None
    links: tuple[Link, ...]
    steps: tuple[Step, ...]
    called: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Recall:
    """Everything downstream. evidence: entries that link them. called: as of `Trace`."""

    thing: str
    as_of_ms: int | None
    affected: tuple[Affected, ...]
    evidence: tuple[int, ...]
    called: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def trace(index: Index, thing: str, *, back: bool = True, as_of_ms: int | None = None) -> Trace:
    """Follow a thing back or forward.

    thing: any name of it. Raises NotFound with code supply.thing, Refused with code
    supply.too-many.
    """
    view = View(index, as_of_ms)
    start = view.require(thing)
    links = []
    for level, found in view.spread(start, view.sources if back else view.products):
        for near, far, how, event, at in found:
            source, product = (far, near) if back else (near, far)
            links.append(Link(level, view.name(source), view.name(product), how, event, at))
    direction = "back" if back else "forward"
    steps = tuple(view.steps(start))
    return Trace(canonical(thing), direction, as_of_ms, tuple(links), steps)


def steps_of(index: Index, thing: str, *, as_of_ms: int | None = None) -> tuple[Step, ...]:
    """List the events of a thing's own life, in time. Raises NotFound with code supply.thing."""
    view = View(index, as_of_ms)
    return tuple(view.steps(view.require(thing)))


def holders_of(
    index: Index, thing: str, *, as_of_ms: int | None = None
) -> tuple[tuple[str, int, int], ...]:
    """List a thing and all that held it, the nearest first: name, from and until when, Unix ms.

    Raises NotFound with code supply.thing.
    """
    view = View(index, as_of_ms)
    held = view.holders(view.require(thing))
    return tuple((view.name(one), since, until) for one, since, until in held)


def recall(index: Index, thing: str, *, as_of_ms: int | None = None) -> Recall:
    """Find everything downstream of a bad thing, and where each was last. Errors as `trace`."""
    view = View(index, as_of_ms)
    start = view.require(thing)
    levels, evidence = {start: 0}, set()
    for level, found in view.spread(start, view.products):
        for _, far, _, event, _ in found:
            levels.setdefault(far, level)
            evidence.add(event)
    affected = sorted(view.last_seen(levels), key=lambda one: (one.level, one.thing))
    return Recall(canonical(thing), as_of_ms, tuple(affected), tuple(sorted(evidence)))


def where_is(index: Index, thing: str, *, as_of_ms: int | None = None) -> Affected:
    """Tell where a thing was last, in what and whose hands. Raises NotFound, supply.thing."""
    view = View(index, as_of_ms)
    return next(iter(view.last_seen({view.require(thing): 0})))
