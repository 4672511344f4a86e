"""Draw figures along an axis as SVG: bars, bands between lines, histograms, Lorenz curves.

Colours are classes of the page's style, so that light and dark need no second picture; each mark
has a title, which a pointer shows. This module refuses scripts and any text that is not escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, Final

from counterfoil.drawing.scale import moment, number, share, ticks
from counterfoil.drawing.svg import line_of, text
from counterfoil.insight.figures import Result, Shape

__all__ = ["band", "bars", "histogram", "lorenz", "svg"]

_WIDTH: Final = 720
_HEIGHT: Final = 220
_LEFT: Final = 64
_RIGHT: Final = 12
_TOP: Final = 12
_BOTTOM: Final = 34
_INNER: Final = _WIDTH - _LEFT - _RIGHT
_TALL: Final = _HEIGHT - _TOP - _BOTTOM


def svg(label: str, parts: Iterable[str], width: int = _WIDTH, height: int = _HEIGHT) -> str:
    """Put parts into a picture. label: what it shows, for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )


def bars(result: Result, shape: Shape) -> str:
    """Draw the first number of each bucket as a bar; a second one that is a part of it darker."""
    rows = result.rows
    most = max((float(row[1]) for row in rows), default=0.0)
    axis = ticks(most)
    start, buckets = _buckets(result, shape)
    width = _INNER / buckets
    parts = _axis(axis, result.figure.unit)
    part_of = len(result.columns) > 2 and result.columns[2] == "reverted"
    for row in rows:
        x = _LEFT + (row[0] - start) // shape.step * width
        told = f"{moment(row[0], shape.step, shape.timed)}: {number(row[1])}"
        if part_of:
            told += f", {number(row[2])} {result.columns[2]}"
        parts.append(_bar(x, width, float(row[1]), axis[-1], "bar", told))
        if part_of and row[2]:
            parts.append(_bar(x, width, float(row[2]), axis[-1], "bar bad", told))
    parts += _moments(result, shape)
    return svg(result.figure.title, parts)


def histogram(result: Result, shape: Shape) -> str:
    """Draw a bar for each row: (where it begins, how many)."""
    del shape
    rows = result.rows
    axis = ticks(max((float(row[1]) for row in rows), default=0.0))
    parts = _axis(axis, result.figure.unit)
    shares = result.columns[0] == "full"
    places = 20 if shares else max(len(rows), 1)
    width = _INNER / places
    for at, row in enumerate(rows):
        place = round(row[0] * places) if shares else at
        name = f"{share(row[0])} to {share(row[0] + 1 / places)}" if shares else number(row[0])
        told = f"{name}: {number(row[1])}"
        x = _LEFT + place * width
        parts.append(_bar(x, width, float(row[1]), axis[-1], "bar", told))
        if not shares and at % max(1, len(rows) // 10) == 0:
            parts.append(text(x + width / 2, _HEIGHT - 14, number(row[0]), "middle"))
    if shares:
        parts += [
            text(_LEFT + _INNER * at / 4, _HEIGHT - 14, f"{25 * at} %", "middle") for at in range(5)
        ]
        middle = _LEFT + _INNER / 2
        parts.append(f'<path class="rule" d="M{middle:.1f} {_TOP}V{_TOP + _TALL}"/>')
    return svg(result.figure.title, parts)


def band(result: Result, shape: Shape) -> str:
    """Draw rows of (bucket, low, middle, high): the middle as a line in its band."""
    rows = result.rows
    axis = ticks(max((float(row[3]) for row in rows), default=0.0))
    start, buckets = _buckets(result, shape)
    width = _INNER / buckets

    def x(row: Sequence[Any]) -> float:
        return float(_LEFT + ((row[0] - start) // shape.step + 0.5) * width)

    upper = [(x(row), _y(float(row[3]), axis[-1])) for row in rows]
    lower = [(x(row), _y(float(row[1]), axis[-1])) for row in reversed(rows)]
    middle = [(x(row), _y(float(row[2]), axis[-1])) for row in rows]
    parts = _axis(axis, result.figure.unit)
    parts.append(f'<path class="area" d="{line_of(upper + lower)}Z"/>')
    parts.append(f'<path class="line" d="{line_of(middle)}"/>')
    for row, (at, height) in zip(rows, middle, strict=True):
        told = (
            f"{moment(row[0], shape.step, shape.timed)}: {number(row[2])} "
            f"({number(row[1])} to {number(row[3])})"
        )
        parts.append(
            f'<circle class="dot" cx="{at:.1f}" cy="{height:.1f}" r="2.5">'
            f"<title>{escape(told)}</title></circle>"
        )
    parts += _moments(result, shape)
    return svg(result.figure.title, parts)


def lorenz(result: Result, shape: Shape) -> str:
    """Draw the share of coins by the share of accounts, a line for each side."""
    del shape
    size, left = 260, 48
    box = size - left - 12

    def at(row: Sequence[Any]) -> tuple[float, float]:
        return left + box * float(row[1]), 12 + box * (1 - float(row[2]))

    parts = [f'<path class="rule" d="M{left} {12 + box}L{left + box} 12"/>']
    parts.append(f'<path class="axis" d="M{left} 12V{12 + box}H{left + box}"/>')
    for part in range(0, 5, 2):
        parts.append(text(left + box * part / 4, size - 18, f"{25 * part} %", "middle"))
        parts.append(text(left - 6, 16 + box * (1 - part / 4), f"{25 * part} %", "end"))
    for number_, side in enumerate(dict.fromkeys(row[0] for row in result.rows)):
        curve = [at(row) for row in result.rows if row[0] == side]
        kind = "line" if number_ == 0 else "line second"
        parts.append(f'<path class="{kind}" d="{line_of([(left, 12.0 + box), *curve])}"/>')
        y = 30 + 18 * number_
        parts.append(f'<path class="{kind}" d="M{left + 10} {y - 4}h18"/>')
        parts.append(text(left + 34, y, str(side), "start"))
    return svg(result.figure.title, parts, size, size)


def _bar(x: float, width: float, value: float, most: float, kind: str, told: str) -> str:
    top = _y(value, most)
    gap = min(width * 0.15, 2)
    return (
        f'<rect class="{kind}" x="{x + gap / 2:.1f}" y="{top:.1f}" width="{width - gap:.1f}" '
        f'height="{_TOP + _TALL - top:.1f}"><title>{escape(told)}</title></rect>'
    )


def _y(value: float, most: float) -> float:
    return _TOP + _TALL * (1 - value / most)


def _axis(axis: Sequence[float], unit: str) -> list[str]:
    parts = []
    for value in axis:
        y = _y(value, axis[-1])
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(text(_LEFT - 6, y + 4, number(value), "end"))
    if unit:
        parts.append(text(_WIDTH - _RIGHT, _HEIGHT - 2, unit, "end"))
    return parts


def _buckets(result: Result, shape: Shape) -> tuple[int, int]:
    """Give the first bucket, and how many there are up to the last."""
    starts = [row[0] for row in result.rows]
    return (min(starts), (max(starts) - min(starts)) // shape.step + 1) if starts else (0, 1)


def _moments(result: Result, shape: Shape) -> list[str]:
    """Name the first, middle and last bucket under the axis."""
    start, buckets = _buckets(result, shape)
    places: list[tuple[int, str, Callable[[float], float]]] = [
        (0, "start", lambda _: _LEFT),
        (buckets // 2, "middle", lambda middle: middle),
        (buckets - 1, "end", lambda _: _WIDTH - _RIGHT),
    ]
    parts = []
    for at, anchor, place in places[: 1 if buckets == 1 else 3]:
        middle = _LEFT + (at + 0.5) * _INNER / buckets
        name = moment(start + at * shape.step, shape.step, shape.timed)
        parts.append(text(place(middle), _HEIGHT - 16, name, anchor))
    return parts
