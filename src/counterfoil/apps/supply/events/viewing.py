"""What an index of events shows as of a time: links between things, level by level, and steps.

Events that were declared to be errors by then are left out. Things have numbers here, as in the
index; `trace` gives them their names. This module refuses to go on without end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import CHILD, INPUT, ITEM, LOT, OUTPUT, PARENT
from counterfoil.apps.supply.events.whereabouts import Affected, whereabouts
from counterfoil.errors import NotFound, Refused

__all__ = ["FOREVER", "Step", "View"]

FOREVER: Final = 2**62
"""A time after every other, Unix ms."""

_LEVELS_MAX: Final = 64
_THINGS_MAX: Final = 1_000_000
_AT_ONCE: Final = 500
_HELD: Final = 16
_DELETE: Final = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One event in a thing's life.

    index: of its entry. hash: the event's. by: what was seen, the thing itself or what held it.
    """

    index: int
    hash: str
    at_ms: int
    step: str
    disposition: str
    point: str
    place: str
    by: str


_Row = tuple[int, int, str, int, int]
"""(source or product asked for, the other thing, how, event, at_ms)."""


class View:
    """An index of events as of a time, Unix ms; None for all that was said."""

    def __init__(self, index: Index, as_of_ms: int | None) -> None:
        self._ask = index.database.execute
        self._index = index
        self._as_of = FOREVER if as_of_ms is None else as_of_ms
        rows = self._ask("SELECT id FROM event WHERE void <= ?", (self._as_of,))
        self._void = {row[0] for row in rows}
        self._names: dict[int, str] = {}
        self._held: dict[int, tuple[tuple[int, int, int], ...]] = {}

    def require(self, thing: str) -> int:
        """Find a thing by any name of it."""
        found = self._index.thing(canonical(thing))
        if found < 0:
            raise NotFound(
                "supply.thing",
                f"expected a thing that events name, found none named {thing[:120]!a}",
                hint="Name it as the events do, such as urn:epc:id:sgtin:..., or by its "
                "Digital Link.",
            )
        return found

    def name(self, thing: int) -> str:
        """Tell a thing's canonical name."""
        if thing not in self._names:
            row = self._ask("SELECT name FROM thing WHERE id = ?", (thing,)).fetchone()
            self._names[thing] = str(row[0])
        return self._names[thing]

    def spread(
        self, start: int, near: Callable[[dict[int, int]], Iterator[_Row]]
    ) -> Iterator[tuple[int, list[_Row]]]:
        """Go from a thing level by level, and tell each link once.

        A thing that is reached again at a time that shows more of it is looked at again.
        """
        back = near == self.sources
        limit = self._as_of if back else -FOREVER
        best, edge = {start: limit}, {start: limit}
        told: set[tuple[int, int, str, int]] = set()
        for level in range(1, _LEVELS_MAX + 1):
            rows: list[_Row] = []
            following: dict[int, int] = {}
            for row in near(edge):
                if row[:4] not in told:
                    told.add(row[:4])
                    rows.append(row)
                far, at = row[1], row[4]
                if far not in best or (at > best[far] if back else at < best[far]):
                    best[far] = following[far] = at
            if rows:
                yield level, rows
            if len(best) > _THINGS_MAX:
                raise Refused(
                    "supply.too-many",
                    f"expected at most {_THINGS_MAX} things, found more",
                    hint="Start from a smaller lot, or name an earlier time with --as-of.",
                )
            if not following:
                return
            edge = following

    def sources(self, edge: dict[int, int]) -> Iterator[_Row]:
        """Tell what things were made of. edge: thing -> by when, Unix ms."""
        yield from self._others(edge, OUTPUT, INPUT, "made-of", before=True)
        yield from self._others(edge, ITEM, LOT, "lot", before=True)
        yield from self._others(edge, OUTPUT, LOT, "lot", before=True)
        yield from self._contents(edge, before=True)

    def products(self, edge: dict[int, int]) -> Iterator[_Row]:
        """Tell what became of things. edge: thing -> from when on, Unix ms."""
        yield from self._others(edge, INPUT, OUTPUT, "made-of", before=False)
        yield from self._others(edge, LOT, ITEM, "lot", before=False)
        yield from self._others(edge, LOT, OUTPUT, "lot", before=False)
        yield from self._contents(edge, before=False)

    def _others(
        self, edge: dict[int, int], role: int, other: int, how: str, *, before: bool
    ) -> Iterator[_Row]:
        """Find things in another role of the same event, or of the same transformation."""
        query = (
            "SELECT p.thing, q.thing, q.event, p.at FROM part p JOIN part q ON q.event = p.event "
            "AND q.role = ? WHERE p.thing IN ({}) AND p.role = ? AND p.at <= ? AND q.thing != "
            "p.thing"
        )
        for row in self._many(query, edge, (other,), (role, self._as_of)):
            yield from self._kept(row, edge, how, before)
        if how == "made-of":
            query = (
                # CROSS JOIN: in this order, or SQLite reads all parts of all events
                "SELECT p.thing, q.thing, q.event, p.at FROM part p CROSS JOIN event e ON e.id = "
                "p.event AND e.transformation != '' CROSS JOIN event f ON f.transformation = "
                "e.transformation AND f.transformation != '' AND f.id != e.id CROSS JOIN part q "
                "ON q.event = f.id AND q.role = ? WHERE p.thing IN ({}) AND p.role = ? AND p.at <= "
                "? AND q.thing != p.thing"
            )
            for row in self._many(query, edge, (other,), (role, self._as_of)):
                yield from self._kept(row, edge, how, before)

    def _kept(
        self, row: Sequence[int], edge: dict[int, int], how: str, before: bool
    ) -> Iterator[_Row]:
        near, far, event, at = row
        if event not in self._void and (at <= edge[near] if before else at >= edge[near]):
            yield near, far, how, event, at

    def _contents(self, edge: dict[int, int], *, before: bool) -> Iterator[_Row]:
        """Find what things hold: as of the time of each, or whatever they held from then on."""
        query = (
            "SELECT p.thing, q.thing, p.event, p.at, p.action FROM part p LEFT JOIN part q ON "
            "q.event = p.event AND q.role = ? WHERE p.thing IN ({}) AND p.role = ? AND p.at <= ? "
            "ORDER BY p.thing, p.at, p.event"
        )
        held: dict[int, dict[int, tuple[int, int]]] = {}
        for near, far, event, at, action in self._many(
            query, edge, (CHILD,), (PARENT, self._as_of)
        ):
            if event in self._void or (before and at > edge[near]):
                continue
            inside = held.setdefault(near, {})
            if action != _DELETE:
                if far is not None:
                    inside.setdefault(far, (event, at))
            elif not before and at >= edge[near]:
                continue  # it was inside until then, at least
            elif far is None:
                inside.clear()
            else:
                inside.pop(far, None)
        for near, inside in held.items():
            for far, (event, at) in inside.items():
                yield near, far, "held", event, at

    def _many(
        self, query: str, things: Iterable[int], first: tuple[int, ...], last: tuple[int, ...]
    ) -> Iterator[Any]:
        wanted = list(things)
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            marks = ",".join("?" * len(part))
            yield from self._ask(query.format(marks), (*first, *part, *last))

    # Where things are --------------------------------------------------------------------------

    def steps(self, thing: int) -> list[Step]:
        """List the events of a thing, and of what held it while it did."""
        found: dict[int, Step] = {}
        for held, since, until in self.holders(thing):
            query = (
                "SELECT DISTINCT e.id, e.digest, e.at, e.step, e.disposition, e.point, e.place "
                "FROM part p JOIN event e ON e.id = p.event WHERE p.thing = ? AND p.at >= ? AND "
                "p.at <= ? AND p.role != ?"
            )
            for row in self._ask(query, (held, since, min(until, self._as_of), LOT)):
                if row[0] not in self._void:
                    index, digest, at, *rest = row
                    step, disposition, point, place = rest
                    seen = Step(index, digest, at, step, disposition, point, place, self.name(held))
                    found.setdefault(index, seen)
        return sorted(found.values(), key=lambda one: (one.at_ms, one.index))

    def holders(self, thing: int) -> Iterator[tuple[int, int, int]]:
        """Tell a thing and all that held it, each with from when to when."""
        waiting, seen = [(thing, -FOREVER, self._as_of, 0)], set()
        while waiting:
            at, since, until, depth = waiting.pop(0)
            if (at, since) in seen or depth > _HELD:
                continue
            seen.add((at, since))
            yield at, since, until
            if at not in self._held:  # a box that comes back often is asked about once
                self._held[at] = tuple(self._periods(at))
            for parent, begins, ends in self._held[at]:
                low, high = max(since, begins), min(until, ends)
                if low <= high:
                    waiting.append((parent, low, high, depth + 1))

    def _periods(self, thing: int) -> Iterator[tuple[int, int, int]]:
        """Tell what held a thing directly, from when to when."""
        query = (
            "SELECT q.thing, p.at, p.action, p.event FROM part p JOIN part q ON q.event = p.event "
            "AND q.role = ? WHERE p.thing = ? AND p.role = ? AND p.at <= ? ORDER BY p.at, p.event"
        )
        begun: dict[int, int] = {}
        for parent, at, action, event in self._ask(query, (PARENT, thing, CHILD, self._as_of)):
            if event in self._void:
                continue
            emptied = self._emptied(parent, begun[parent]) if parent in begun else FOREVER
            if emptied < at:  # as a whole, before this
                yield parent, begun.pop(parent), emptied
            if action != _DELETE:
                begun.setdefault(parent, at)
            elif parent in begun:
                yield parent, begun.pop(parent), at
        for parent, since in begun.items():
            yield parent, since, self._emptied(parent, since)

    def _emptied(self, parent: int, since: int) -> int:
        """Tell when a container was emptied as a whole."""
        query = (
            "SELECT p.at, p.event FROM part p WHERE p.thing = ? AND p.role = ? AND p.at >= ? AND "
            "p.at <= ? AND p.action = ? AND NOT EXISTS (SELECT 1 FROM part q WHERE q.event = "
            "p.event AND q.role = ?) ORDER BY p.at LIMIT 8"
        )
        asked = (parent, PARENT, since, self._as_of, _DELETE, CHILD)
        ends = (at for at, event in self._ask(query, asked) if event not in self._void)
        return next(ends, FOREVER)

    def last_seen(self, levels: dict[int, int]) -> Iterator[Affected]:
        """Tell where each thing was last, by itself or with what holds it."""
        return whereabouts(self._index, levels, self._as_of, self._void)
