"""Write SVG as text: a picture with its name, marks with what a pointer tells, axes.

Whatever text comes in is escaped here and nowhere else needs to. Looks come from classes, so that
a page whose policy forbids style attributes shows them, in light and in dark. This module refuses
scripts, identifiers (two pictures on one page would share them) and addresses that are no path of
the page's own site.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from counterfoil.drawing.scale import number, ticks, time_ticks

__all__ = ["WIDTH", "Plot", "circle", "line_of", "link", "path", "picture", "rect", "runs", "text"]

WIDTH: Final = 640
"""Width of a chart, in units that are pixels where there is room."""

Point = tuple[float, float]


def picture(
    label: str,
    parts: Iterable[str],
    width: float,
    height: float,
    *,
    about: str = "",
    kind: str = "drawing",
    linked: bool = False,
) -> str:
    """Put parts into a picture.

    label: what it shows, for those who do not see it. about: the same at more length. kind: its
    classes. linked: it holds links, which a plain image would hide from a screen reader.
    """
    role = "group" if linked else "img"
    more = f"<desc>{escape(about)}</desc>" if about else ""
    return (
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="{role}">'
        f"<title>{escape(label)}</title>{more}{''.join(parts)}</svg>"
    )


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """Write words at a place; anchor: start, middle or end."""
    class_ = f' class="{kind}"' if kind else ""
    return f'<text{class_} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, kind: str, told: str = "") -> str:
    """Draw a rectangle. told: what a pointer shows."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return f'<rect class="{kind}" {place}{_end("rect", told)}'


def circle(x: float, y: float, radius: float, kind: str, told: str = "") -> str:
    """Draw a circle. told: what a pointer shows."""
    return (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"{_end("circle", told)}'
    )


def path(d: str, kind: str, told: str = "") -> str:
    """Draw a path. d: its commands. told: what a pointer shows."""
    return f'<path class="{kind}" d="{d}"{_end("path", told)}'


def link(href: str, content: str, told: str = "", kind: str = "") -> str:
    """Make a mark lead somewhere on this site; without an address it stays a mark.

    href: a path that begins with one slash, a fragment or a query. Anything else, such as
    `javascript:` or another host, leads nowhere. told: the link's name for a screen reader.
    """
    path_ = href.startswith("/") and href[1:2] not in ("/", "\\")
    if not (path_ or href.startswith(("#", "?"))) or not href.isprintable():
        return content  # browsers drop tabs and line breaks: "/<tab>/host" is another host
    class_ = f' class="{kind}"' if kind else ""
    name = f' aria-label="{escape(told)}"' if told else ""
    return f'<a{class_} href="{escape(href)}"{name}>{content}</a>'


def line_of(points: Sequence[Point]) -> str:
    """Write the commands of a line through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def runs(points: Iterable[tuple[float, ...] | None]) -> list[list[tuple[float, ...]]]:
    """Part points where one is missing (None) or has a number that is not finite."""
    found: list[list[tuple[float, ...]]] = [[]]
    for point in points:
        if point is not None and all(abs(value) < float("inf") for value in point):
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


@dataclass(frozen=True, slots=True)
class Plot:
    """A pair of axes: x from `first` to `last`, y from 0 to `most`, with room for words."""

    first: float
    last: float
    most: float
    width: float = WIDTH
    height: float = 220
    left: float = 56
    right: float = 14
    top: float = 16
    bottom: float = 26

    @property
    def floor(self) -> float:
        """Where 0 lies."""
        return self.height - self.bottom

    def x(self, value: float) -> float:
        """Place a value along the x axis; what lies outside stands at its end."""
        span = self.last - self.first
        share = (value - self.first) / span if span > 0 else 0.5
        return self.left + (self.width - self.left - self.right) * min(max(share, 0.0), 1.0)

    def y(self, value: float) -> float:
        """Place a value along the y axis; what lies outside stands at its end."""
        share = value / self.most if self.most > 0 else 0.0
        return self.floor - (self.floor - self.top) * min(max(share, 0.0), 1.0)

    def values(self, unit: str = "") -> list[str]:
        """Draw the grid of the y axis, its numbers and its unit."""
        parts = []
        for value in ticks(self.most):
            if value > self.most:
                continue
            y = self.y(value)
            parts.append(path(f"M{self.left:g} {y:.1f}H{self.width - self.right:g}", "grid"))
            parts.append(text(self.left - 6, y + 4, number(value), "end"))
        if unit:
            parts.append(text(self.left, self.top - 6, unit))
        return parts

    def times(self) -> list[str]:
        """Name moments (Unix seconds, UTC) under the x axis."""
        parts = []
        for at, name in time_ticks(self.first, self.last):
            x = self.x(at)
            parts.append(path(f"M{x:.1f} {self.floor:g}v4", "axis"))
            near_end = x + 3.5 * len(name) > self.width
            end = self.width - 2 if near_end else x
            parts.append(text(end, self.height - 8, name, "end" if near_end else "middle"))
        return parts


def _end(name: str, told: str) -> str:
    return f"><title>{escape(told)}</title></{name}>" if told else "/>"
