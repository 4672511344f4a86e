"""Where many things were last, and whether they still are.

A lot may be in several containers at once: each of its parts is told by itself, and so is what is
in none, unless quantities say that nothing is.

Asked of thousands at once, so that a recall takes one look at the index for each question and not
one for each thing. This module refuses to guess a place that no event tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import CHILD, INPUT, ITEM, LOT, OUTPUT, PARENT

__all__ = ["Affected", "whereabouts"]

_AT_ONCE: Final = 500
_HELD: Final = 16
_ADD: Final = 1
_DELETE: Final = 2
_ROUNDING: Final = 1e-9
_ENDS: Final = {"destroying": "destroyed", "decommissioning": "destroyed", "retail_selling": "sold"}
_Seen = tuple[int, int, str, str]
"""(at_ms, event, place, holder), the latest."""
_Did = tuple[int, int, str]
"""(at_ms, event, step), the latest."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A thing downstream of a bad one, and where it was last.

    index: of the entry that says so; None where no event tells a place. within: the outermost
    thing that holds it. holder: who possesses it, as far as events say. gone: why it is no more:
    used up, destroyed or sold; else empty.
    """

    thing: str
    level: int
    place: str
    holder: str
    within: str
    gone: str
    at_ms: int | None
    index: int | None


def whereabouts(
    index: Index, levels: Mapping[int, int], as_of_ms: int, void: set[int]
) -> Iterator[Affected]:
    """Tell where things were last. levels: thing -> level, as `Affected` gives it."""
    ask = _Asking(index, as_of_ms, void)
    parts, poured = ask.parts(levels)
    holders = {holder for one in parts.values() for holder in one}
    outer = ask.outermost(set(levels) | holders)
    everything = set(levels) | holders | set(outer.values())
    seen, steps = ask.latest(everything)
    ended, left = ask.used_up(levels)
    for found in (ask.left(everything), poured):
        for thing, emptied in found.items():
            seen[thing] = max(seen.get(thing, emptied), emptied)
    names = ask.names(everything)

    def told(thing: int, by: int, within: int) -> Affected:
        last = max((seen[one] for one in (by, within) if one in seen), default=None)
        gone = ended.get(thing) or _ENDS.get(steps[by][2] if by in steps else "", "")
        return Affected(
            names[thing],
            levels[thing],
            last[2] if last else "",
            last[3] if last else "",
            names[within] if within != thing else "",
            gone,
            last[0] if last else None,
            last[1] if last else None,
        )

    for thing in levels:
        inside = parts.get(thing, {})
        rows = [told(thing, holder, outer.get(holder, holder)) for holder in inside]
        if not inside:
            rows.append(told(thing, thing, outer.get(thing, thing)))
        elif _loose(inside, left.get(thing, {})):
            rows.append(told(thing, thing, thing))
        yield from sorted(rows, key=lambda one: -(one.at_ms or 0))


def _loose(inside: Mapping[int, dict[str, float]], left: Mapping[str, float]) -> bool:
    """Tell whether some of a lot may be in no container. left: unit -> what was not used up."""
    packed: dict[str, float] = {}
    for one in inside.values():
        for uom, quantity in one.items():
            packed[uom] = packed.get(uom, 0.0) + quantity
    return any(left.get(uom, 0.0) > packed[uom] * (1 + _ROUNDING) for uom in packed) or any(
        uom not in left for uom in packed
    )


class _Asking:
    def __init__(self, index: Index, as_of_ms: int, void: set[int]) -> None:
        self._ask, self._as_of, self._void = index.database.execute, as_of_ms, void

    def _many(self, query: str, things: Iterable[int], *last: int) -> Iterator[Any]:
        wanted = list(things)
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            yield from self._ask(query.format(",".join("?" * len(part))), (*part, *last))

    def names(self, things: Iterable[int]) -> dict[int, str]:
        """Tell the names of things."""
        return dict(self._many("SELECT id, name FROM thing WHERE id IN ({})", things))

    def outermost(self, things: Iterable[int]) -> dict[int, int]:
        """Tell the outermost thing that holds each now; nothing for what is held by nothing."""
        found = {thing: thing for thing in things}
        for _ in range(_HELD):
            direct = self._held_by(set(found.values()))
            if not direct:
                break
            found = {thing: direct.get(holder, holder) for thing, holder in found.items()}
        return {thing: holder for thing, holder in found.items() if holder != thing}

    def parts(
        self, things: Iterable[int]
    ) -> tuple[dict[int, dict[int, dict[str, float]]], dict[int, _Seen]]:
        """Tell which containers hold how much of each lot now: lot -> container -> unit -> sum.

        And where such a container was last emptied as a whole: lot -> where.
        """
        query = (
            "SELECT p.thing, q.thing, p.at, p.event, p.action, p.quantity, p.uom FROM part p JOIN "
            "part q ON q.event = p.event AND q.role = 1 WHERE p.thing IN ({}) AND p.role = ? AND "
            "p.at <= ? AND p.quantity IS NOT NULL ORDER BY p.at, p.event"
        )
        rows = list(self._many(query, things, CHILD, self._as_of))
        emptied = self._emptied({row[1] for row in rows})
        found: dict[int, dict[int, dict[str, float]]] = {}
        poured: dict[int, _Seen] = {}
        for thing, holder, at, event, action, quantity, uom in rows:
            if event in self._void:
                continue
            if emptied.get(holder, -1) >= at:
                last = self._placed(holder, emptied[holder])
                if last is not None and last[0] >= at:
                    poured[thing] = max(poured.get(thing, last), last)
                continue
            held = found.setdefault(thing, {}).setdefault(holder, {})
            if action == _DELETE:  # more than was there leaves nothing, and no debt
                held[uom] = max(0.0, held.get(uom, 0.0) - quantity)
            elif action == _ADD:
                held[uom] = held.get(uom, 0.0) + quantity
            else:  # seen inside: at least so much
                held[uom] = max(held.get(uom, 0.0), quantity)
        there = {
            thing: {
                holder: held
                for holder, held in of.items()
                if any(quantity > _ROUNDING for quantity in held.values())
            }
            for thing, of in found.items()
        }
        return {thing: of for thing, of in there.items() if of}, poured

    def left(self, things: set[int]) -> dict[int, _Seen]:
        """Tell where what held things was emptied as a whole, which names none of its contents."""
        held = self._held(things)
        emptied = self._emptied({holder for holder, _ in held.values()})
        found, places = {}, {}
        for thing, (holder, since) in held.items():
            at = emptied.get(holder, -1)
            if at < since:
                continue  # it is still inside
            if holder not in places:
                places[holder] = self._placed(holder, at)
            last = places[holder]
            if last is not None and last[0] >= since:
                found[thing] = last
        return found

    def _placed(self, thing: int, until_ms: int) -> _Seen | None:
        """Find the last event of a thing itself, by a time, that tells a place."""
        query = (
            "SELECT e.at, e.id, CASE WHEN e.place != '' THEN e.place ELSE e.point END AS where_, "
            "e.holder FROM part p JOIN event e ON e.id = p.event WHERE p.thing = ? AND p.role != ? "
            "AND p.at <= ? AND (e.place != '' OR e.point != '' OR e.holder != '') ORDER BY e.at "
            "DESC, e.id DESC"
        )
        rows = self._ask(query, (thing, LOT, until_ms))
        return next((row for row in rows if row[1] not in self._void), None)

    def _held_by(self, things: set[int]) -> dict[int, int]:
        found = self._held(things)
        emptied = self._emptied({holder for holder, _ in found.values()})
        return {
            thing: holder for thing, (holder, at) in found.items() if emptied.get(holder, -1) < at
        }

    def _held(self, things: set[int]) -> dict[int, tuple[int, int]]:
        """Tell what each was put into last and not taken out of by name, and when."""
        query = (
            "SELECT p.thing, q.thing, p.at, p.event, p.action FROM part p JOIN part q ON q.event "
            "= p.event AND q.role = 1 WHERE p.thing IN ({}) AND p.role = ? AND p.at <= ? "
            "ORDER BY p.at, p.event"
        )
        found: dict[int, tuple[int, int]] = {}
        for thing, holder, at, event, action in self._many(query, things, CHILD, self._as_of):
            if event in self._void:
                continue
            if action == _DELETE:
                found.pop(thing, None)
            else:
                found[thing] = (holder, at)
        return found

    def _emptied(self, holders: set[int]) -> dict[int, int]:
        """Tell when containers were last emptied as a whole."""
        query = (
            "SELECT p.thing, p.at, p.event FROM part p WHERE p.thing IN ({}) AND p.role = ? AND "
            "p.at <= ? AND p.action = 2 AND NOT EXISTS (SELECT 1 FROM part q WHERE q.event = "
            "p.event AND q.role = 2) ORDER BY p.at"
        )
        return {
            thing: at
            for thing, at, event in self._many(query, holders, PARENT, self._as_of)
            if event not in self._void
        }

    def latest(self, things: Iterable[int]) -> tuple[dict[int, _Seen], dict[int, _Did]]:
        """Find the last event of each thing that tells a place, and the last of all."""
        query = (
            "SELECT p.thing, e.at, e.id, CASE WHEN e.place != '' THEN e.place ELSE e.point END, "
            "e.holder, e.step FROM part p JOIN event e ON e.id = p.event WHERE p.thing IN ({}) "
            "AND p.role != ? AND p.at <= ?"
        )
        seen: dict[int, _Seen] = {}
        did: dict[int, _Did] = {}
        for thing, at, event, place, holder, step in self._many(query, things, LOT, self._as_of):
            if event in self._void:
                continue
            if thing not in did or (at, event) > did[thing][:2]:
                did[thing] = (at, event, step)
            if (place or holder) and (thing not in seen or (at, event) > seen[thing][:2]):
                seen[thing] = (at, event, place, holder)
        return seen, did

    def used_up(self, things: Iterable[int]) -> tuple[dict[int, str], dict[int, dict[str, float]]]:
        """Tell which went into something else: instances, and lots as much as was made of them.

        And how much is left of lots: lot -> unit -> quantity.
        """
        query = (
            "SELECT p.thing, p.event, p.role, p.quantity, p.uom FROM part p WHERE p.thing IN ({}) "
            "AND (p.role IN (?, ?) OR (p.role = ? AND p.action = ?)) AND p.at <= ?"
        )
        found: dict[int, str] = {}
        made: dict[tuple[int, str], float] = {}
        spent: dict[tuple[int, str], float] = {}
        asked = (INPUT, OUTPUT, ITEM, _ADD, self._as_of)
        for thing, event, role, quantity, uom in self._many(query, things, *asked):
            if event in self._void:
                continue
            if role == INPUT and quantity is None:
                found[thing] = "used"
            elif quantity is not None:
                side = spent if role == INPUT else made
                side[thing, uom] = side.get((thing, uom), 0.0) + quantity
        left: dict[int, dict[str, float]] = {}
        for (thing, uom), total in made.items():
            left.setdefault(thing, {})[uom] = total - spent.get((thing, uom), 0.0)
            if 0 < total <= spent.get((thing, uom), 0.0) * (1 + _ROUNDING):
                found[thing] = "used"
        return found, left
