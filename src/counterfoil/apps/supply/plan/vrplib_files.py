"""Read routing instances and solutions in the VRPLIB format, as CVRPLIB has them.

Read here: CVRP and VRPTW with one depot, coordinates (EUC_2D, rounded to whole numbers as TSPLIB 95
has it, 2.1) or an explicit matrix, demands, capacity, vehicles, service times, time windows, and a
longest route. One unit of distance counts as one metre, one second, and one minor unit of money, so
that costs are those of the literature. Every other field is refused by name instead of left out.

Source: Reinelt, TSPLIB 95; Uchoa et al., European J. of Operational Research 257, 2017 (X set).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from counterfoil.apps.supply.plan.problem import Place, Problem, Stop, Vehicle
from counterfoil.errors import InputError

__all__ = ["Known", "read_solution", "read_vrplib"]

_LOAD: Final = "units"
_NODES_MAX: Final = 2000
_ORIGIN_MS: Final = 0
_IGNORED: Final = frozenset(["NAME", "COMMENT", "TYPE", "DIMENSION", "NODE_COORD_TYPE",
                             "DISPLAY_DATA_TYPE"])  # fmt: skip
_HEADS: Final = frozenset(["CAPACITY", "VEHICLES", "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT",
                           "SERVICE_TIME", "DISTANCE"])  # fmt: skip
_SECTIONS: Final = frozenset(["NODE_COORD", "DEMAND", "DEPOT", "EDGE_WEIGHT", "SERVICE_TIME",
                              "TIME_WINDOW"])  # fmt: skip
_TYPES: Final = ("", "CVRP", "VRPTW", "CVRPTW", "DCVRP")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Known:
    """A solution that is known. cost: as its file says. routes: of stops' names."""

    cost: int
    routes: tuple[tuple[str, ...], ...]


def read_vrplib(data: bytes) -> Problem:
    """Read an instance; a stop is named by its number in the file, less one, as in solutions.

    Raises InputError with code plan.vrplib.
    """
    heads, sections = _parts(data)
    kind = heads.get("TYPE", "").upper()
    if kind not in _TYPES:
        raise _wrong(f"TYPE is {kind[:40]!a}; CVRP and VRPTW are read")
    size = _whole(heads.get("DIMENSION", "0"), "DIMENSION")
    if not 1 < size <= _NODES_MAX:
        raise _wrong(f"DIMENSION is {size}; 2 to {_NODES_MAX} are read")
    _check_depot(sections.get("DEPOT", []))
    demands = _column(sections, "DEMAND", size, 1, 0)
    windows = sections.get("TIME_WINDOW")
    opens = _column(sections, "TIME_WINDOW", size, 1, 0) if windows else None
    closes = _column(sections, "TIME_WINDOW", size, 2, 0) if windows else None
    fixed = _whole(heads.get("SERVICE_TIME", "0"), "SERVICE_TIME")
    service = _column(sections, "SERVICE_TIME", size, 1, fixed)
    places, matrix = _geometry(heads, sections, size)
    capacity = heads.get("CAPACITY")
    vehicle = Vehicle(
        "vehicle",
        "0",
        count=_whole(heads.get("VEHICLES", str(size - 1)), "VEHICLES"),
        capacity={} if capacity is None else {_LOAD: _whole(capacity, "CAPACITY")},
        until_ms=None if closes is None else closes[0] * 1000,
        from_ms=None if opens is None else opens[0] * 1000,
        route_max_s=_whole(heads["DISTANCE"], "DISTANCE") if "DISTANCE" in heads else None,
        cost_per_km=1000,
    )
    stops = tuple(
        Stop(
            str(at),
            str(at),
            {_LOAD: demands[at]} if demands[at] else {},
            from_ms=None if opens is None else opens[at] * 1000,
            until_ms=None if closes is None else closes[at] * 1000,
            service_s=service[at],
        )
        for at in range(1, size)
    )
    name = heads.get("NAME", "")[:200]
    found = Problem(
        places, (vehicle,), stops, name, _ORIGIN_MS, distance_m=matrix, duration_s=matrix
    )
    return found.check()


def read_solution(data: bytes) -> Known:
    """Read a solution: `Route #1: 5 7`, `Cost 123`. Raises InputError with code plan.vrplib."""
    routes, cost = [], None
    for line in _text(data).splitlines():
        words = line.replace(":", " ").split()
        if len(words) > 1 and words[0].lower() == "route":
            routes.append(tuple(word for word in words[1:] if word.isdigit()))
        elif len(words) == 2 and words[0].lower() == "cost":
            cost = round(float(words[1])) if _NUMBER.fullmatch(words[1]) else None
    if cost is None or cost <= 0:
        raise _wrong("no line `Cost` with a number; this is no solution")
    return Known(cost, tuple(routes))


def _parts(data: bytes) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
    heads: dict[str, str] = {}
    sections: dict[str, list[list[str]]] = {}
    rows: list[list[str]] | None = None
    for line in _text(data).splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "EOF":
            break
        if _NUMBER.fullmatch(words[0]):
            if rows is None:
                raise _wrong(f"numbers where a field should be: {line[:60]!a}")
            rows.append(words)
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        section = name.removesuffix("_SECTION")
        if section != name and section in _SECTIONS:
            rows = sections.setdefault(section, [])
        elif colon and (name in _HEADS or name in _IGNORED):
            heads[name], rows = value, None
        else:
            raise _wrong(f"the field {name[:60]!a} is not understood")
    return heads, sections


def _geometry(
    heads: dict[str, str], sections: dict[str, list[list[str]]], size: int
) -> tuple[tuple[Place, ...], list[list[int]]]:
    kind = heads.get("EDGE_WEIGHT_TYPE", "EUC_2D" if "NODE_COORD" in sections else "")
    rows = sections.get("NODE_COORD", [])
    points = (
        [(float(row[1]), float(row[2])) for row in _sized(rows, "NODE_COORD", size, 3)]
        if rows
        else []
    )
    places = tuple(
        Place(str(at), x=points[at][0], y=points[at][1]) if points else Place(str(at))
        for at in range(size)
    )
    if kind == "EUC_2D" and points:
        return places, [
            [int(((x - a) ** 2 + (y - b) ** 2) ** 0.5 + 0.5) for a, b in points] for x, y in points
        ]
    if kind == "EXPLICIT":
        return places, _explicit(heads.get("EDGE_WEIGHT_FORMAT", ""), sections, size)
    raise _wrong(f"EDGE_WEIGHT_TYPE is {kind[:40]!a}; EUC_2D and EXPLICIT are read")


def _explicit(form: str, sections: dict[str, list[list[str]]], size: int) -> list[list[int]]:
    numbers = [
        _whole(word, "EDGE_WEIGHT") for row in sections.get("EDGE_WEIGHT", []) for word in row
    ]
    shapes: dict[str, Callable[[int], range]] = {
        "FULL_MATRIX": lambda _: range(size),
        "LOWER_ROW": range,
        "LOWER_DIAG_ROW": lambda row: range(row + 1),
        "UPPER_ROW": lambda row: range(row + 1, size),
        "UPPER_DIAG_ROW": lambda row: range(row, size),
    }
    if form not in shapes:
        raise _wrong(f"EDGE_WEIGHT_FORMAT is {form[:40]!a}; {', '.join(shapes)} are read")
    cells = [(row, column) for row in range(size) for column in shapes[form](row)]
    if len(cells) != len(numbers):
        raise _wrong(f"{form} of {size} has {len(cells)} weights, and {len(numbers)} are there")
    found = [[0] * size for _ in range(size)]
    for (row, column), weight in zip(cells, numbers, strict=True):
        found[row][column] = weight
        if form != "FULL_MATRIX":
            found[column][row] = weight
    return found


def _column(
    sections: dict[str, list[list[str]]], name: str, size: int, at: int, default: int
) -> list[int]:
    if name not in sections:
        return [0, *[default] * (size - 1)]
    return [_whole(row[at], name) for row in _sized(sections[name], name, size, at + 1)]


def _sized(rows: list[list[str]], name: str, size: int, width: int) -> list[list[str]]:
    """Give the rows of a section in the order of nodes; each node once."""
    found = {row[0]: row for row in rows if len(row) >= width}
    if len(rows) != size or set(found) != {str(at) for at in range(1, size + 1)}:
        raise _wrong(f"{name}_SECTION does not have one row for each of {size} nodes")
    return [found[str(at)] for at in range(1, size + 1)]


def _check_depot(rows: list[list[str]]) -> None:
    named = [word for row in rows for word in row if word != "-1"]
    if named not in ([], ["1"]):
        raise _wrong("DEPOT_SECTION names another depot than node 1, or several")


def _whole(word: str, name: str) -> int:
    if not _NUMBER.fullmatch(word) or float(word) != int(float(word)) or float(word) < 0:
        raise _wrong(f"{name} has {word[:40]!a}; whole numbers from 0 are read")
    return int(float(word))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise _wrong("it is no text in UTF-8") from err


def _wrong(what: str) -> InputError:
    return InputError(
        "plan.vrplib",
        f"expected a file in the VRPLIB format, but: {what}",
        hint="Instances as of CVRPLIB are read; write anything else as a problem in JSON.",
    )
