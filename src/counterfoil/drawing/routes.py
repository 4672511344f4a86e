"""Draw a plan of routes on a map: the places, each vehicle's way, and what nobody serves.

Places stand in their true directions and distances from each other; ways are straight, since
a plan knows no roads. This module refuses to plan, and to place what has no coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Final

from counterfoil.drawing.style import COLOURS, STYLE
from counterfoil.drawing.svg import circle, line_of, path, picture, rect, text

__all__ = ["MapRoute", "MapSpot", "route_map", "standalone"]

_SIDE: Final = 720.0
_EDGE: Final = 24.0
_LINE: Final = 18
_LINES_MAX: Final = 40
_DASHES: Final = ("", "8 3", "2 3", "10 3 2 3", "14 4")
_COLOURS: Final = ("accent", "seal", "ok", "wait")

_STYLE: Final = "".join(
    f".drawing .way.w{at}{{stroke:var(--{_COLOURS[at % len(_COLOURS)]});"
    f"stroke-dasharray:{_DASHES[at // len(_COLOURS)] or 'none'}}}"
    for at in range(len(_COLOURS) * len(_DASHES))
)


@dataclass(frozen=True, slots=True)
class MapSpot:
    """A place.

    at: (east, north), degrees or metres. look: `dot`, `bad` for one that nobody serves, `start` for
    where vehicles start. told: what a pointer shows.
    """

    name: str
    at: tuple[float, float]
    look: str = "dot"
    told: str = ""


@dataclass(frozen=True, slots=True)
class MapRoute:
    """A vehicle's way through places. name: the vehicle. told: the way in words."""

    name: str
    places: Sequence[str]
    told: str = ""


def route_map(
    title: str, spots: Sequence[MapSpot], routes: Sequence[MapRoute], *, degrees: bool = False
) -> str:
    """Draw routes over their places, and name them below.

    degrees: the places lie on Earth, and are drawn equirectangular about their middle latitude.
    Routes through a place that is no spot go past it.
    """
    place = _frame([one.at for one in spots], degrees=degrees)
    where = {one.name: place(one.at) for one in spots}
    parts = []
    for number, route in enumerate(routes):
        points = [where[name] for name in route.places if name in where]
        look = f"way w{number % (len(_COLOURS) * len(_DASHES))}"
        parts.append(path(line_of(points), look, route.told or route.name) if points else "")
    parts += [_spot(one, where) for one in sorted(spots, key=lambda one: one.look != "dot")]
    top = 2 * _EDGE + max((y for _, y in where.values()), default=_EDGE)
    parts += _legend(routes, top)
    bad = sum(one.look == "bad" for one in spots)
    about = f"{len(routes)} routes over {len(spots)} places"
    about += f", {bad} of which nobody serves." if bad else "."
    height = top + _LINE * min(len(routes), _LINES_MAX + 1) + _EDGE / 2
    return picture(title, parts, _SIDE, height, about=about, kind="drawing routes")


def standalone(drawn: str) -> str:
    """Make a picture a file of its own, which any browser shows: with its names and its looks."""
    head, _, rest = drawn.partition(">")
    look = f".drawing{{color-scheme:light dark;background:var(--ground);{COLOURS}}}"
    more = ".drawing text{font-family:sans-serif}.drawing .way{fill:none;stroke-width:1.8}"
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{look}{STYLE}{more}{_STYLE}</style>{rest}'


def _frame(
    points: Sequence[tuple[float, float]], *, degrees: bool
) -> Callable[[tuple[float, float]], tuple[float, float]]:
    """Make what places a point in the picture, north up, as large as fits."""
    east, north = ([one[axis] for one in points] or [0.0] for axis in (0, 1))
    left, top = min(east), max(north)
    wide = cos(radians((min(north) + top) / 2)) if degrees else 1.0
    span = max((max(east) - left) * wide, top - min(north)) or 1.0
    scale = (_SIDE - 2 * _EDGE) / span
    return lambda at: (_EDGE + (at[0] - left) * wide * scale, _EDGE + (top - at[1]) * scale)


def _spot(one: MapSpot, where: Mapping[str, tuple[float, float]]) -> str:
    x, y = where[one.name]
    told = one.told or one.name
    if one.look == "start":
        return rect(x - 6, y - 6, 12, 12, "accent", told)
    return circle(x, y, 5 if one.look == "bad" else 3.2, one.look, told)


def _legend(routes: Sequence[MapRoute], top: float) -> list[str]:
    parts = []
    for number, route in enumerate(routes[:_LINES_MAX]):
        y = top + _LINE * number
        look = f"way w{number % (len(_COLOURS) * len(_DASHES))}"
        parts.append(path(f"M{_EDGE:g} {y - 4:.1f}h36", look))
        parts.append(text(_EDGE + 44, y, (route.told or route.name)[:100]))
    if len(routes) > _LINES_MAX:
        words = f"and {len(routes) - _LINES_MAX} more"
        parts.append(text(_EDGE + 44, top + _LINE * _LINES_MAX, words))
    return parts
