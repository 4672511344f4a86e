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
_WARM: Final = (
    "SELECT e.id, e.low, e.high, e.alarm, e.point, min(t.name) FROM event e LEFT JOIN part p "
    "ON p.event = e.id LEFT JOIN thing t ON t.id = p.thing WHERE {} AND e.void IS NULL AND "
    "(e.alarm OR e.high > ? OR e.low < ?) GROUP BY e.id ORDER BY e.at, e.id"
)
_USED: Final = (
    "SELECT DISTINCT p.thing, t.name, p.uom FROM part p JOIN thing t ON t.id = p.thing JOIN "
    "event e ON e.id = p.event WHERE {} AND p.role = ? AND p.quantity IS NOT NULL AND p.uom != "
    "'' AND e.void IS NULL ORDER BY t.name, p.uom"
)
_MASSES: Final = (
    "SELECT p.event, t.name, p.role, p.quantity, p.uom FROM part p JOIN thing t ON t.id = "
    "p.thing JOIN event e ON e.id = p.event WHERE {} AND p.role IN (?, ?) AND e.void IS NULL "
    "AND e.transformation = '' ORDER BY p.event"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still possible, or allowed.

    speed_kmh: fastest between two places. balance: how much more mass may come out than went in,
    as a part of it. low_c, high_c: temperatures that are allowed, degrees C; None for any. places:
    canonical name -> (latitude, longitude), degrees. called: canonical name -> what people call it.
    """

    speed_kmh: float = 120.0
    balance: float = 0.001
    low_c: float | None = None
    high_c: float | None = None
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)


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


def doubts(
    index: Index, limits: Limits, thing: str | None = None, *, newest: int | None = None
) -> Iterator[Doubt]:
    """List doubts, of one thing or of all that the index knows.

    newest: look only at so many of the newest entries with events, and at the things in them.
    Raises NotFound with code supply.thing.
    """
    scope = _Scope(index, None if thing is None else canonical(thing), newest)
    for name in scope.names():
        if any(mark in name for mark in _INSTANCE):
            steps = steps_of(index, name)
            yield from _journey(name, steps, limits)
            yield from _life(index, name, steps)
        elif thing is not None:
            steps_of(index, name)  # which says that there is none
    yield from _masses(scope, limits)
    yield from _lots(scope, limits)
    yield from _warmth(scope, limits)


class _Scope:
    """Which events are looked at: those of a thing, the newest, or all."""

    def __init__(self, index: Index, only: str | None, newest: int | None) -> None:
        self.index, self.only = index, only
        self.ask = index.database.execute
        self._since = 0
        if newest is not None:
            rows = self.ask("SELECT id FROM event ORDER BY id DESC LIMIT ?", (newest,)).fetchall()
            self._since = rows[-1][0] if rows else 0

    def names(self) -> Iterator[str]:
        """Tell the things that are looked at."""
        if self.only is not None:
            yield self.only
            return
        query = "SELECT name FROM thing ORDER BY name"
        if self._since:
            query = (
                "SELECT name FROM thing WHERE id IN (SELECT thing FROM part WHERE event >= ?1) "
                "ORDER BY name"
            )
        rows = self.ask(query, (self._since,) if self._since else ()).fetchall()
        yield from (str(name) for (name,) in rows)

    def events(self, column: str) -> tuple[str, tuple[Any, ...]]:
        """Give the condition that an event is looked at, by the column with its entry."""
        if self.only is None:
            return f"{column} >= ?", (self._since,)
        number = self.index.thing(self.only)
        return f"{column} IN (SELECT event FROM part WHERE thing = ?)", (number,)  # noqa: S608 - ours


def _journey(name: str, steps: tuple[Step, ...], limits: Limits) -> Iterator[Doubt]:
    """Doubt a thing that is in two places at once, or comes faster than anything drives."""
    placed = [(one, one.point or one.place) for one in steps if one.point or one.place]
    for (one, here), (other, there) in pairwise(placed):
        if here == there:
            continue
        hours = (other.at_ms - one.at_ms) / 3_600_000
        if hours == 0:
            says = f"was at {_words(here, limits)} and at {_words(there, limits)} at the same time"
            yield Doubt("two-places", name, says, (one.index, other.index))
            continue
        begin, end = _known(here, limits), _known(there, limits)
        if begin is None or end is None:
            continue
        far = _distance_km(begin, end)
        if far > limits.speed_kmh * hours:
            speed = far / hours
            to = _words(there, limits)
            says = f"went {far:.0f} km in {hours:.2f} h, {speed:.0f} km/h, to {to}"
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


def _masses(scope: _Scope, limits: Limits) -> Iterator[Doubt]:
    """Doubt a transformation with more out than in."""
    condition, given = scope.events("p.event")
    rows = scope.ask(
        _MASSES.format(condition),
        (*given, INPUT, OUTPUT),
    )
    for event, group in groupby(rows, key=lambda row: row[0]):
        parts = list(group)
        units = {uom for *_, uom in parts}
        if len(units) != 1 or "" in units or any(part[3] is None for part in parts):
            continue  # what is counted and what is weighed cannot be compared
        came = sum(part[3] for part in parts if part[2] == INPUT)
        went = sum(part[3] for part in parts if part[2] == OUTPUT)
        if came and went > came * (1 + limits.balance):
            says = f"gave {went:g} {units.pop()} out of {came:g}"
            yield Doubt("mass-balance", parts[0][1], says, (event,))


def _lots(scope: _Scope, limits: Limits) -> Iterator[Doubt]:
    """Doubt a lot of which more was used than made; what was made where nobody tells is left."""
    condition, given = scope.events("p.event")
    used = scope.ask(
        _USED.format(condition),
        (*given, INPUT),
    ).fetchall()
    for thing, name, uom in used:
        if scope.only is not None and name != scope.only:
            continue
        rows = scope.ask(
            "SELECT p.role, p.event, p.quantity FROM part p JOIN event e ON e.id = p.event WHERE "
            "p.thing = ? AND p.role IN (?, ?) AND p.uom = ? AND p.quantity IS NOT NULL AND e.void "
            "IS NULL AND e.transformation = '' ORDER BY p.role DESC, p.event",
            (thing, INPUT, OUTPUT, uom),
        ).fetchall()
        total = sum(quantity for role, _, quantity in rows if role == OUTPUT)
        spent = sum(quantity for role, _, quantity in rows if role == INPUT)
        if total and spent > total * (1 + limits.balance):
            says = f"{spent:g} {uom} were used of {total:g} that were made"
            yield Doubt("mass-balance", name, says, tuple(event for _, event, _ in rows))


def _warmth(scope: _Scope, limits: Limits) -> Iterator[Doubt]:
    """Find where it was too warm or too cold, or a sensor said so."""
    wanted = scope.events("e.id")
    if scope.only is not None:  # what held it was warm for it, too
        held = [one.index for one in steps_of(scope.index, scope.only)]
        wanted = f"e.id IN ({','.join(map(str, held))})", ()
    condition, given = wanted
    rows = scope.ask(
        _WARM.format(condition),
        (
            *given,
            math.inf if limits.high_c is None else limits.high_c,
            -math.inf if limits.low_c is None else limits.low_c,
        ),
    ).fetchall()
    for event, low, high, alarm, point, name in rows:
        if limits.high_c is not None and high is not None and high > limits.high_c:
            says = f"was at {high:g} degrees C, above {limits.high_c:g}"
        elif limits.low_c is not None and low is not None and low < limits.low_c:
            says = f"was at {low:g} degrees C, below {limits.low_c:g}"
        else:
            says = "a sensor was alarmed" if alarm else ""
        yield Doubt("cold-chain", scope.only or name or point, says, (event,))


def _known(place: str, limits: Limits) -> tuple[float, float] | None:
    found = _GEO.fullmatch(place)
    if found is not None:
        return float(found[1]), float(found[2])
    return limits.places.get(place)


def _words(place: str, limits: Limits) -> str:
    return limits.called.get(place) or place


def _distance_km(begin: tuple[float, float], end: tuple[float, float]) -> float:
    """Compute the distance on a sphere, km; the haversine formula."""
    north, east = (math.radians(b - a) for a, b in zip(begin, end, strict=True))
    across = math.cos(math.radians(begin[0])) * math.cos(math.radians(end[0]))
    half = math.sin(north / 2) ** 2 + across * math.sin(east / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
