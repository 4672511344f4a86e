"""Draw a journey: where something was, on a map where places are known, and when, always.

A map has no coast and no roads: only places, in their true directions and distances from each
other, and the parts of the way between them as straight lines, since nobody recorded more. This
module refuses to guess a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, cos, floor, hypot, isfinite, radians
from typing import Final, Literal

from counterfoil.drawing.scale import instant
from counterfoil.drawing.svg import WIDTH, Plot, circle, link, path, picture, rect, text

__all__ = ["Stop", "journey_map", "journey_times"]

Look = Literal["plain", "ok", "wait", "bad"]

_SIDE: Final = 34
_TALL: Final = 360
_LANE: Final = 30
_LEFT: Final = 170
_NAME: Final = 24
_LABEL: Final = 30
_LETTER: Final = 6.4
_NEAR: Final = 26.0
_LANES_MAX: Final = 40
_GRID: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 90)
_LINES_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Stop:
    """A stay at a place, and how it was reached.

    name: of the place. first_s, last_s: when it was seen there, Unix seconds. told: the stay in
    words. look: how it went there; way_look: how it went on the way there. handover: who took it
    over on the way there, if anybody. at: (latitude, longitude), degrees; None where not known.
    href: the place's or event's page on this site.
    """

    name: str
    first_s: float
    last_s: float
    told: str = ""
    look: Look = "plain"
    way_look: Look = "plain"
    handover: str = ""
    at: tuple[float, float] | None = None
    href: str = ""


def journey_map(title: str, stops: Sequence[Stop]) -> str:
    """Draw the stops whose places are known on a map, in their order, and the ways between them.

    Equirectangular about the middle latitude. A way over a stop whose place is not known is
    broken. Returns one `<svg>`; empty text where fewer than two different places are known.
    """
    known = [(number, one) for number, one in enumerate(stops, 1) if _on_earth(one.at)]
    if len({one.at for _, one in known}) < 2:
        return ""
    frame = _Frame([one.at for _, one in known if one.at is not None])
    parts = frame.grid()
    for (before, begin), (after, end) in pairwise(known):
        parts += _way(frame.place(begin), frame.place(end), end, whole=after == before + 1)
    labels: list[tuple[float, float, float]] = []
    at_place: dict[tuple[float, float], list[tuple[int, Stop]]] = {}
    for number, one in known:
        at_place.setdefault(frame.place(one), []).append((number, one))
    parts += [
        part for (x, y), there in at_place.items() for part in _spot(x, y, there, labels, frame)
    ]
    missing = len(stops) - len(known)
    about = "; ".join(f"{number}. {one.name}" for number, one in known[:_LANES_MAX])
    about += f". {missing} stops at places that are not known." if missing else "."
    linked = any(one.href for _, one in known)
    return picture(title, parts, WIDTH, frame.height, about=about, linked=linked)


def journey_times(title: str, stops: Sequence[Stop]) -> str:
    """Draw when something was where: a row for each place, in the order of first visits.

    A stay is a bar, a way a line between rows, a handover a diamond on it. Returns one `<svg>`;
    empty text for no stop.
    """
    stops = [one for one in stops if isfinite(one.first_s) and isfinite(one.last_s)]
    if not stops:
        return ""
    names = list(dict.fromkeys(one.name for one in stops))
    shown = names[:_LANES_MAX]
    first, last = min(one.first_s for one in stops), max(one.last_s for one in stops)
    plot = Plot(first, last, 1.0, height=_LANE * len(shown) + 46, left=_LEFT, right=20)
    parts = []
    for row, name in enumerate(shown):
        y = _row(plot, row)
        parts.append(text(plot.left - 12, y + 4, _cut(name, _NAME), "end", "name"))
        parts.append(path(f"M{plot.left:g} {y:.1f}H{plot.width - plot.right:g}", "grid"))
    parts += plot.times()
    inside = [one for one in stops if one.name in shown]
    for begin, end in pairwise(inside):
        here = plot.x(begin.last_s), _row(plot, shown.index(begin.name))
        there = plot.x(end.first_s), _row(plot, shown.index(end.name))
        parts += _way(here, there, end)
    for one in inside:
        x, y = plot.x(one.first_s), _row(plot, shown.index(one.name))
        told = f"{one.name}: {one.told}" if one.told else one.name
        wide = max(plot.x(one.last_s) - x, 8)
        parts.append(
            link(one.href, rect(min(x, plot.width - 10), y - 6, wide, 12, _fill(one.look), told),
                 told)
        )  # fmt: skip
    more = f" {len(names) - len(shown)} more places." if len(names) > len(shown) else ""
    about = f"{len(stops)} stays at {len(names)} places, from {instant(first)} to {instant(last)}."
    linked = any(one.href for one in inside)
    return picture(title, parts, plot.width, plot.height, about=f"{about}{more}", linked=linked)


class _Frame:
    """A piece of the Earth and where its places lie in the picture."""

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        easts = [east for _, east in places]
        self._turn = max(easts) - min(easts) > 180  # the short way is over the date line
        easts = [self._east(east) for east in easts]
        norths = [north for north, _ in places]
        self._shrink = max(cos(radians((min(norths) + max(norths)) / 2)), 0.05)
        wide = max((max(easts) - min(easts)) * self._shrink, 1e-4)
        tall = max(max(norths) - min(norths), 1e-4)
        room = WIDTH - 2 * _SIDE
        self._scale = min(room / wide, (_TALL - 2 * _SIDE) / tall)
        self.height = min(max(tall * self._scale, 80) + 2 * _SIDE, _TALL)
        self._north = (max(norths) + min(norths)) / 2
        self._middle = (max(easts) + min(easts)) / 2

    def _east(self, east: float) -> float:
        return east + 360 if self._turn and east < 0 else east

    def place(self, stop: Stop) -> tuple[float, float]:
        """Tell where a stop lies."""
        north, east = stop.at or (0.0, 0.0)
        return self.spot(north, self._east(east))

    def spot(self, north: float, east: float) -> tuple[float, float]:
        """Tell where a latitude and longitude lie."""
        x = WIDTH / 2 + (east - self._middle) * self._shrink * self._scale
        return x, self.height / 2 - (north - self._north) * self._scale

    def grid(self) -> list[str]:
        """Draw round latitudes and longitudes, and name them."""
        parts = [rect(0.5, 0.5, WIDTH - 1, self.height - 1, "box")]
        half_e, half_n = WIDTH / 2 / self._shrink / self._scale, self.height / 2 / self._scale
        step = next((one for one in _GRID if 2 * half_e / one <= _LINES_MAX), _GRID[-1])
        for at in _multiples(self._middle - half_e, self._middle + half_e, step):
            x, _ = self.spot(0, at)
            parts.append(path(f"M{x:.1f} 0V{self.height:.1f}", "grid"))
            if 20 < x < WIDTH - 20:
                parts.append(text(x, self.height - 5, _degrees(_wrapped(at), "E", "W"), "middle"))
        for at in _multiples(self._north - half_n, self._north + half_n, step):
            _, y = self.spot(at, 0)
            parts.append(path(f"M0 {y:.1f}H{WIDTH}", "grid"))
            if 12 < y < self.height - 20:
                parts.append(text(5, y - 3, _degrees(at, "N", "S")))
        return parts


def _multiples(least: float, most: float, step: float) -> list[float]:
    return [round(n * step, 6) for n in range(ceil(least / step), floor(most / step) + 1)]


def _wrapped(east: float) -> float:
    return east - 360 if east > 180 else east


def _degrees(value: float, above: str, below: str) -> str:
    side = "" if value == 0 else f" {above if value > 0 else below}"
    return f"{abs(value):g}°{side}"


def _way(
    begin: tuple[float, float], end: tuple[float, float], stop: Stop, *, whole: bool = True
) -> list[str]:
    """Draw the way to a stop, with its direction in the middle, or a diamond for a handover."""
    (x, y), (to_x, to_y) = begin, end
    far = hypot(to_x - x, to_y - y)
    if far < 1:
        return []
    style = "leg" if whole else "leg gap"
    told = f"on the way to {stop.name}" + ("" if whole else ", over places that are not known")
    line = path(f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}", f"{style} {stop.way_look}", told)
    middle_x, middle_y = (x + to_x) / 2, (y + to_y) / 2
    if stop.handover:
        d = f"M{middle_x:.1f} {middle_y - 7:.1f}l7 7l-7 7l-7 -7Z"
        return [line, path(d, "seal", f"handed over to {stop.handover}")]
    if far < 2 * _NEAR:
        return [line]
    east, south = (to_x - x) / far, (to_y - y) / far
    tip_x, tip_y = middle_x + 5 * east, middle_y + 5 * south
    back = [
        (tip_x - 9 * east + side * 5 * south, tip_y - 9 * south - side * 5 * east)
        for side in (1, -1)
    ]
    head = "L".join(f"{a:.1f} {b:.1f}" for a, b in (back[0], (tip_x, tip_y), back[1]))
    return [line, path(f"M{head}", f"leg {stop.way_look}")]


def _spot(
    x: float,
    y: float,
    there: Sequence[tuple[int, Stop]],
    labels: list[tuple[float, float, float]],
    frame: _Frame,
) -> list[str]:
    """Draw a place with the numbers of its stops, and its name where there is room."""
    one = next((stop for _, stop in reversed(there) if stop.href), there[-1][1])
    looks = [stop.look for _, stop in there]
    look = next((found for found in ("bad", "wait", "ok") if found in looks), "plain")
    numbers = ", ".join(str(number) for number, _ in there[:4]) + ("…" if len(there) > 4 else "")
    told = f"{numbers}: {one.name}" + (f"; {one.told}" if one.told else "")
    parts = [link(one.href, circle(x, y, 8, _fill(look), told), told)]
    words = _cut(f"{numbers} {one.name}", _LABEL)
    wide = len(words) * _LETTER
    for anchor, left, down in (("start", 12, 4), ("end", -12, 4), ("start", 8, -12),
                               ("end", -8, 20), ("start", 8, 22)):  # fmt: skip
        begin = x + left if anchor == "start" else x + left - wide
        at = y + down
        free = all(begin > a + w or begin + wide < a or abs(at - b) > 13 for a, b, w in labels)
        if free and begin > 2 and begin + wide < WIDTH - 2 and 10 < at < frame.height - 4:
            labels.append((begin, at, wide))
            parts.append(text(x + left, at, words, anchor, "name"))
            return parts
    return parts  # no room: a pointer and the table say its name


def _fill(look: str) -> str:
    return "dot" if look == "plain" else look


def _row(plot: Plot, row: int) -> float:
    return plot.top + _LANE * (row + 0.5)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _on_earth(at: tuple[float, float] | None) -> bool:
    return at is not None and -90 <= at[0] <= 90 and -180 <= at[1] <= 180
