"""Find what cannot have happened, or must not have: journeys, serial numbers, masses, cold chains.

A doubt names the entries that cannot all be true, or the one that breaks a limit; it does not say
who lies. Speed is judged only between places whose coordinates are known. This module refuses to
doubt an event that was declared to be an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from typing import Any, Final

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import INPUT, OUTPUT
from counterfoil.apps.supply.events.trace import Step, steps_of

__all__ = ["Doubt", "Limits", "doubts"]

_GEO: Final = re.compile(r"geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?).*")
_EARTH_KM: Final = 6371.0
_INSTANCE: Final = ("/21/", "/00/", "/8003/", "/8004/", "/235/")
_MADE: Final = "(p.role = 4 OR (p.role = 0 AND e.action = 1 AND e.step = 'commissioning'))"
_ENDS: Final = frozenset({"destroying", "decommissioning"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still possible, or allowed.

    speed_kmh: fastest between two places. balance: how much more mass may come out than went in,
    as a part of it. low_c, high_c: temperatures that are allowed, degrees C; None for any. places:
    canonical name -> (latitude, longitude), degrees.
    """

    speed_kmh: float = 120.0
    balance: float = 0.001
    low_c: float | None = None
    high_c: float | None = None
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that cannot be, or must not be.

    kind: two-places, too-fast, before-made, serial-reuse, mass-balance or cold-chain. indices: of
    the entries that say so.
    """

    kind: str
    thing: str
    says: str
    indices: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def doubts(index: Index, limits: Limits, thing: str | None = None) -> Iterator[Doubt]:
    """List doubts, of one thing or of all that the index knows.

    Raises NotFound with code supply.thing.
    """
    if thing is None:
        names = [name for (name,) in index.database.execute("SELECT name FROM thing ORDER BY name")]
    else:
        names = [canonical(thing)]
    for name in names:
        if any(mark in name for mark in _INSTANCE):
            steps = steps_of(index, name)
            yield from _journey(name, steps, limits)
            yield from _life(index, name, steps)
        elif thing is not None:
            steps_of(index, name)  # which says that there is none
    yield from _masses(index, limits, None if thing is None else names[0])
    yield from _warmth(index, limits, None if thing is None else names[0])


def _journey(name: str, steps: tuple[Step, ...], limits: Limits) -> Iterator[Doubt]:
    """Doubt a thing that is in two places at once, or comes faster than anything drives."""
    placed = [(one, one.point or one.place) for one in steps if one.point or one.place]
    for (one, here), (other, there) in pairwise(placed):
        if here == there:
            continue
        hours = (other.at_ms - one.at_ms) / 3_600_000
        if hours == 0:
            says = f"was at {here} and at {there} at the same time"
            yield Doubt("two-places", name, says, (one.index, other.index))
            continue
        begin, end = _known(here, limits), _known(there, limits)
        if begin is None or end is None:
            continue
        far = _distance_km(begin, end)
        if far > limits.speed_kmh * hours:
            speed = far / hours
            says = f"went {far:.0f} km in {hours:.2f} h, {speed:.0f} km/h, to {there}"
            yield Doubt("too-fast", name, says, (one.index, other.index))


def _life(index: Index, name: str, steps: tuple[Step, ...]) -> Iterator[Doubt]:
    """Doubt a serial number that is made twice, is seen before it is made, or after its end."""
    number = index.thing(name)
    made = index.database.execute(
        f"SELECT e.id, e.at FROM part p JOIN event e ON e.id = p.event WHERE p.thing = ? AND "  # noqa: S608 - ours
        f"e.void IS NULL AND {_MADE} ORDER BY e.at, e.id",
        (number,),
    ).fetchall()
    if len(made) > 1:
        says = f"was made {len(made)} times under one serial number"
        yield Doubt("serial-reuse", name, says, tuple(event for event, _ in made))
    if made:
        early = [one for one in steps if one.at_ms < made[0][1]]
        if early:
            says = f"was seen ({early[0].step or 'an event'}) before it was made"
            yield Doubt("before-made", name, says, (early[0].index, made[0][0]))
    used = index.database.execute(
        "SELECT e.id, e.at FROM part p JOIN event e ON e.id = p.event WHERE p.thing = ? AND "
        "p.role = ? AND p.quantity IS NULL AND e.void IS NULL",
        (number, INPUT),
    ).fetchall()
    ended = [(one.at_ms, one.index) for one in steps if one.step in _ENDS and one.by == name]
    ends = min([*ended, *((at, event) for event, at in used)], default=None)
    if ends is not None:
        late = [one for one in steps if one.at_ms > ends[0] and one.by == name]
        if late:
            says = f"was seen ({late[0].step or 'an event'}) after it was used up or destroyed"
            yield Doubt("serial-reuse", name, says, (ends[1], late[0].index))


def _masses(index: Index, limits: Limits, only: str | None) -> Iterator[Doubt]:
    """Doubt a transformation with more out than in, and a lot of which more was used than made."""
    rows = index.database.execute(
        "SELECT p.event, t.name, p.role, p.quantity, p.uom FROM part p JOIN thing t ON t.id = "
        "p.thing JOIN event e ON e.id = p.event WHERE p.role IN (?, ?) AND e.void IS NULL AND "
        "e.transformation = '' ORDER BY p.event",
        (INPUT, OUTPUT),
    )
    made: dict[tuple[str, str], list[tuple[int, float]]] = {}
    used: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for event, group in groupby(rows, key=lambda row: row[0]):
        parts = list(group)
        for _, name, role, quantity, uom in parts:
            if quantity is not None and uom:
                side = made if role == OUTPUT else used
                side.setdefault((name, uom), []).append((event, quantity))
        if only is not None and all(name != only for _, name, *_ in parts):
            continue
        units = {uom for *_, uom in parts}
        if len(units) != 1 or "" in units or any(part[3] is None for part in parts):
            continue  # what is counted and what is weighed cannot be compared
        came = sum(part[3] for part in parts if part[2] == INPUT)
        went = sum(part[3] for part in parts if part[2] == OUTPUT)
        if came and went > came * (1 + limits.balance):
            says = f"gave {went:g} {units.pop()} out of {came:g}"
            yield Doubt("mass-balance", parts[0][1], says, (event,))
    for (name, uom), taken in used.items():
        given = made.get((name, uom))
        if given is None or (only is not None and name != only):
            continue  # made where nobody tells
        total, spent = sum(q for _, q in given), sum(q for _, q in taken)
        if spent > total * (1 + limits.balance):
            says = f"{spent:g} {uom} were used of {total:g} that were made"
            entries = tuple(event for event, _ in (*given, *taken))
            yield Doubt("mass-balance", name, says, entries)


def _warmth(index: Index, limits: Limits, only: str | None) -> Iterator[Doubt]:
    """Find where it was too warm or too cold, or a sensor said so."""
    rows = index.database.execute(
        "SELECT e.id, e.low, e.high, e.alarm, e.point, min(t.name) FROM event e LEFT JOIN part p "
        "ON p.event = e.id LEFT JOIN thing t ON t.id = p.thing WHERE e.void IS NULL AND (e.alarm "
        "OR e.high > ?1 OR e.low < ?2) GROUP BY e.id ORDER BY e.at, e.id",
        (
            math.inf if limits.high_c is None else limits.high_c,
            -math.inf if limits.low_c is None else limits.low_c,
        ),
    ).fetchall()
    wanted = None if only is None else {one.index for one in steps_of(index, only)}
    for event, low, high, alarm, point, name in rows:
        if wanted is not None and event not in wanted:
            continue
        if limits.high_c is not None and high is not None and high > limits.high_c:
            says = f"was at {high:g} degrees C, above {limits.high_c:g}"
        elif limits.low_c is not None and low is not None and low < limits.low_c:
            says = f"was at {low:g} degrees C, below {limits.low_c:g}"
        else:
            says = "a sensor was alarmed" if alarm else ""
        yield Doubt("cold-chain", only or name or point, says, (event,))


def _known(place: str, limits: Limits) -> tuple[float, float] | None:
    found = _GEO.fullmatch(place)
    if found is not None:
        return float(found[1]), float(found[2])
    return limits.places.get(place)


def _distance_km(begin: tuple[float, float], end: tuple[float, float]) -> float:
    """Compute the distance on a sphere, km; the haversine formula."""
    north, east = (math.radians(b - a) for a, b in zip(begin, end, strict=True))
    across = math.cos(math.radians(begin[0])) * math.cos(math.radians(end[0]))
    half = math.sin(north / 2) ** 2 + across * math.sin(east / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
