"""Draw curves and bars of a fraud report as SVG, in the classes of the page's style.

This module refuses text that is not escaped, and to smooth anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from counterfoil.drawing.scale import number, ticks
from counterfoil.drawing.svg import text
from counterfoil.insight.page.charts import svg

__all__ = ["Line", "curves", "pillars"]

_WIDTH: Final = 720
_HEIGHT: Final = 260
_LEFT: Final = 56
_RIGHT: Final = 12
_TOP: Final = 14
_BOTTOM: Final = 44
_POINTS: Final = 400

Line = tuple[str, str, Sequence[tuple[float, float]]]
"""A line: its name, its classes, its points; x and y from 0."""


def curves(label: str, lines: Sequence[Line], x_name: str, y_name: str) -> str:
    """Draw lines over one pair of axes. label: what it shows, for those who do not see it."""
    xs = [x for _, _, points in lines for x, _ in points]
    ys = [y for _, _, points in lines for _, y in points]
    across, up = ticks(max(xs, default=1.0)), ticks(max(ys, default=1.0))
    parts = _axes(across, up, x_name, y_name)
    for at, (name, kind, points) in enumerate(lines):
        shown = _thinned(points)
        path = "L".join(f"{_x(x, across[-1]):.1f} {_y(y, up[-1]):.1f}" for x, y in shown)
        if path:
            parts.append(f'<path class="{kind}" d="M{path}"><title>{escape(name)}</title></path>')
        x = _LEFT + 12 + 170 * at
        parts.append(f'<path class="{kind}" d="M{x} {_HEIGHT - 6}h18"/>')
        parts.append(text(x + 24, _HEIGHT - 2, name, "start"))
    return svg(label, parts, _WIDTH, _HEIGHT)


def pillars(label: str, rows: Sequence[tuple[str, float, float]], y_name: str) -> str:
    """Draw a bar for each row: its name, a height, and the part of it that is fraud."""
    up = ticks(max((row[1] for row in rows), default=1.0))
    parts = _axes([0.0, 1.0], up, "", y_name, marked=False)
    width = (_WIDTH - _LEFT - _RIGHT) / max(len(rows), 1)
    for at, (name, height, part) in enumerate(rows):
        x = _LEFT + at * width
        told = f"{name}: {number(height)}, {number(part)} of them fraud"
        for value, kind in ((height, "bar"), (part, "bar bad")):
            top = _y(value, up[-1])
            parts.append(
                f'<rect class="{kind}" x="{x + 1:.1f}" y="{top:.1f}" '
                f'width="{max(width - 2, 1):.1f}" height="{_HEIGHT - _BOTTOM - top:.1f}">'
                f"<title>{escape(told)}</title></rect>"
            )
        if at % max(1, len(rows) // 8) == 0:
            parts.append(text(x + width / 2, _HEIGHT - _BOTTOM + 16, name, "middle"))
    return svg(label, parts, _WIDTH, _HEIGHT)


def _axes(
    across: Sequence[float], up: Sequence[float], x_name: str, y_name: str, *, marked: bool = True
) -> list[str]:
    parts = []
    for value in up:
        y = _y(value, up[-1])
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(text(_LEFT - 6, y + 4, number(value), "end"))
    if marked:
        for at, value in enumerate(across):
            anchor = "end" if at == len(across) - 1 else "middle"
            x = _x(value, across[-1])
            parts.append(text(x, _HEIGHT - _BOTTOM + 16, number(value), anchor))
    parts.append(text(_LEFT + 4, _TOP - 3, y_name, "start"))
    parts.append(text(_WIDTH - _RIGHT, _HEIGHT - 2, x_name, "end"))
    return parts


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    step = max(1, len(points) // _POINTS)
    return [*points[::step], points[-1]] if points else []


def _x(value: float, most: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / most


def _y(value: float, most: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / most)
