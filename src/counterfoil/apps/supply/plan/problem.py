"""A routing problem as people write it: places, vehicles, stops, and how far and long the ways are.

Amounts, times and money are whole numbers with their unit in the name, so that nothing is lost in
a sum and the problem's digest names it. This module refuses fields that it does not know, places
and dimensions that nobody defined, and numbers whose sums would not be exact.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import Name

__all__ = [
    "PROBLEM_MAX_BYTES",
    "Place",
    "Problem",
    "Stop",
    "Vehicle",
    "digest_of",
    "read_problem",
    "text_of",
    "wrong_problem",
]

PROBLEM_MAX_BYTES: Final = 32 << 20
"""Largest file with a problem, bytes: a matrix of 1,500 places."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_Millis = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
_Row = Annotated[list[_Count], msgspec.Meta(max_length=2000)]
_Matrix = Annotated[list[_Row], msgspec.Meta(max_length=2000)]
_Amounts = Annotated[dict[Name, _Count], msgspec.Meta(max_length=16)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a problem: no unknown fields, and what is left out has its default."""


class Place(_Part, frozen=True):
    """A place. latitude, longitude: degrees; or x, y: metres on a plane; or none, with a matrix."""

    id: Name
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    x: Annotated[float, msgspec.Meta(ge=-1e8, le=1e8)] | None = None
    y: Annotated[float, msgspec.Meta(ge=-1e8, le=1e8)] | None = None

    def point(self) -> tuple[float, float] | None:
        """Give where it lies in a picture: (east, north); None where nobody says."""
        if self.longitude is not None and self.latitude is not None:
            return self.longitude, self.latitude
        return None if self.x is None or self.y is None else (self.x, self.y)


class Vehicle(_Part, frozen=True):
    """Vehicles of a kind.

    start, end: places; end is start where it is left out. count: how many. capacity: dimension ->
    amount; one that names none takes any amount, and one that names some takes nothing else.
    cold: it cools. from_ms, until_ms: it leaves no earlier and is back no later, Unix ms.
    route_max_s, route_max_m: longest route. cost_fixed: of using one; cost_per_km, cost_per_h:
    minor units of the currency. The hour counts from leaving to being back.
    """

    id: Name
    start: Name
    end: Name | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    capacity: _Amounts = {}
    cold: bool = False
    from_ms: _Millis | None = None
    until_ms: _Millis | None = None
    route_max_s: _Count | None = None
    route_max_m: _Count | None = None
    cost_fixed: _Count = 0
    cost_per_km: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 100
    cost_per_h: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class Stop(_Part, frozen=True):
    """Goods for a place.

    demand: dimension -> amount. from_ms, until_ms: handing over begins within, Unix ms. service_s:
    how long it takes. ready_ms: the goods are at the start from then on. good_until_ms: end of
    their shelf life: handing over begins by then. on_board_max_s: longest time from the vehicle's
    leaving until handing over begins. cold: only a vehicle that cools may carry them. starts: only
    vehicles that start there have them; else all. vehicles: only these may carry them; else all.
    value: what is lost with them, minor units. goods: what they are, for people.
    """

    id: Name
    place: Name
    demand: _Amounts = {}
    from_ms: _Millis | None = None
    until_ms: _Millis | None = None
    service_s: _Count = 0
    ready_ms: _Millis | None = None
    good_until_ms: _Millis | None = None
    on_board_max_s: _Count | None = None
    cold: bool = False
    starts: tuple[Name, ...] = ()
    vehicles: tuple[Name, ...] = ()
    value: _Count = 0
    goods: str = ""


class Problem(_Part, frozen=True):
    """Which goods have to go where, by what.

    start_ms: nothing leaves earlier, Unix ms. places: at most 2,000. distance_m, duration_s: from
    each place (row) to each (column), metres and seconds, need not be symmetric; without them they
    follow from coordinates: a straight way times detour_pct per cent, at speed_kmh. detour: 130 by
    default, a usual circuity of roads (Ballou, Rahardja and Sakai, Transportation Research A 36,
    2002, have 1.1 to 1.5 for most countries).
    """

    places: Annotated[tuple[Place, ...], msgspec.Meta(min_length=1, max_length=2000)]
    vehicles: Annotated[tuple[Vehicle, ...], msgspec.Meta(min_length=1, max_length=200)]
    stops: Annotated[tuple[Stop, ...], msgspec.Meta(max_length=2000)]
    name: str = ""
    start_ms: _Millis = 0
    speed_kmh: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    detour_pct: Annotated[int, msgspec.Meta(ge=100, le=1000)] = 130
    distance_m: _Matrix | None = None
    duration_s: _Matrix | None = None

    def check(self) -> Problem:
        """Give it back where its parts fit together. Raises InputError with code plan.problem."""
        places = _unique("place", [one.id for one in self.places])
        _unique("vehicle", [one.id for one in self.vehicles])
        _unique("stop", [one.id for one in self.stops])
        for vehicle in self.vehicles:
            _known(
                "start or end of a vehicle", {vehicle.start, vehicle.end or vehicle.start}, places
            )
            _window(f"vehicle {vehicle.id}", vehicle.from_ms, vehicle.until_ms)
        kinds = {one.id for one in self.vehicles}
        for stop in self.stops:
            _known("place of a stop", {stop.place}, places)
            _known("start of a stop's goods", set(stop.starts), places)
            _known("vehicle of a stop", set(stop.vehicles), kinds)
            _window(f"stop {stop.id}", stop.from_ms, stop.until_ms)
        for name, matrix in (("distance_m", self.distance_m), ("duration_s", self.duration_s)):
            if matrix is not None and {len(matrix), *map(len, matrix)} != {len(places)}:
                raise wrong_problem(f"{name} is not {len(places)} rows of {len(places)} numbers")
        if self.distance_m is None and any(one.point() is None for one in self.places):
            raise wrong_problem("a place has no coordinates, and there is no matrix distance_m")
        if len({one.latitude is None for one in self.places}) > 1 and self.distance_m is None:
            raise wrong_problem("some places have latitudes and some have not")
        return self


def read_problem(data: bytes) -> Problem:
    """Read a problem from JSON. Raises InputError with code plan.problem or json.*."""
    try:
        return msgspec.convert(json_text.parse(data), Problem).check()
    except msgspec.ValidationError as err:
        raise wrong_problem(str(err)) from err


def text_of(problem: Problem) -> str:
    """Write a problem as canonical JSON (RFC 8785); `read_problem` reads the same again."""
    plain: Any = msgspec.to_builtins(problem)
    return json_text.canonicalise(plain).decode()


def digest_of(problem: Problem) -> str:
    """Name a problem: SHA-256 of its text, hexadecimal."""
    return sha256(text_of(problem).encode()).hexdigest()


def wrong_problem(what: str) -> InputError:
    """Make the error of a problem that is none."""
    return InputError(
        "plan.problem",
        f"expected a routing problem, but: {what[:200]}",
        hint="It has places, vehicles and stops: see the guide on plans of supply chains.",
    )


def _unique(what: str, names: list[str]) -> set[str]:
    found = set(names)
    if len(found) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise wrong_problem(f"the {what} {twice[:60]!a} is there twice")
    return found


def _known(what: str, names: set[str], known: set[str]) -> None:
    for name in sorted(names - known):
        raise wrong_problem(f"the {what}, {name[:60]!a}, is not defined")


def _window(what: str, begin: int | None, end: int | None) -> None:
    if begin is not None and end is not None and end < begin:
        raise wrong_problem(f"the times of {what[:60]!a} end before they begin")
