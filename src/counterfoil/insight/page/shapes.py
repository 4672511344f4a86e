"""Draw figures that have no axis: flows as bands, communities as circles.

This module refuses to place anything by chance: the same result is the same picture.
"""

from __future__ import annotations

from html import escape
from math import cos, pi, sin, sqrt
from typing import Any, Final

from counterfoil.drawing.scale import number, share
from counterfoil.insight.figures import Result, Shape
from counterfoil.insight.page.charts import svg

__all__ = ["bands", "communities"]

_WIDTH: Final = 720
_GAP: Final = 6
_ROW: Final = 320
_LABEL: Final = 130
_COLOURS: Final = 5
_ADDRESS: Final = 12


def bands(result: Result, shape: Shape) -> str:
    """Draw rows of (from, to, coins, ...): a band each, from its sender to its receiver."""
    del shape
    total = sum(float(row[2]) for row in result.rows)
    if not total:
        return ""
    senders = _stack([(row[0], float(row[2])) for row in result.rows], total)
    receivers = _stack([(row[1], float(row[2])) for row in result.rows], total)
    used: dict[tuple[int, str], float] = {}
    parts = []
    left, right = _LABEL + 10, _WIDTH - _LABEL - 10
    for row in result.rows:
        thick = max(float(row[2]) / total * _ROW, 0.6)
        y1 = senders[row[0]][0] + used.get((0, row[0]), 0.0)
        y2 = receivers[row[1]][0] + used.get((1, row[1]), 0.0)
        used[0, row[0]] = used.get((0, row[0]), 0.0) + thick
        used[1, row[1]] = used.get((1, row[1]), 0.0) + thick
        middle = (left + right) / 2
        told = f"{row[0]} to {row[1]}: {number(row[2])} coins in {number(row[3])} transactions"
        colour = list(senders).index(row[0]) % _COLOURS
        parts.append(
            f'<path class="flow c{colour}" d="M{left} {y1:.1f}'
            f"C{middle:.0f} {y1:.1f} {middle:.0f} {y2:.1f} {right} {y2:.1f}v{thick:.1f}"
            f"C{middle:.0f} {y2 + thick:.1f} {middle:.0f} {y1 + thick:.1f} {left} "
            f'{y1 + thick:.1f}Z"><title>{escape(told)}</title></path>'
        )
    for held, x, anchor in ((senders, left - 8, "end"), (receivers, right + 8, "start")):
        for name, (top, height) in held.items():
            parts.append(
                f'<text x="{x}" y="{top + height / 2 + 4:.1f}" text-anchor="{anchor}" '
                f'class="mono">{escape(name[:_ADDRESS])}…</text>'
            )
    return svg(result.figure.title, parts, _WIDTH, _height(senders, receivers))


def _stack(rows: list[tuple[str, float]], total: float) -> dict[str, tuple[float, float]]:
    """Place names under each other: name -> (top, height), at least a line of text apart."""
    sums: dict[str, float] = {}
    for name, amount in rows:
        sums[name] = sums.get(name, 0.0) + amount
    placed, y = {}, 4.0
    for name, amount in sums.items():
        height = amount / total * _ROW
        placed[name] = (y, height)
        y += max(height, 14.0) + _GAP
    return placed


def _height(*stacks: dict[str, tuple[float, float]]) -> int:
    return int(max(top + max(height, 14) for one in stacks for top, height in one.values())) + 10


def communities(result: Result, shape: Shape) -> str:
    """Draw the communities on a circle: the larger the more accounts, lines for dealings."""
    del shape
    rows = result.rows[1:]
    if not rows:
        return ""
    most = max(float(row[1]) for row in rows)
    places = {
        str(row[0]): (
            360 + 230 * cos(2 * pi * at / len(rows) - pi / 2),
            175 + 130 * sin(2 * pi * at / len(rows) - pi / 2),
        )
        for at, row in enumerate(rows)
    }
    links = [(str(row[0]), str(other), count) for row in rows for other, count in row[5]]
    heaviest = max((count for _, _, count in links), default=1)
    parts = []
    for one, two, count in links:
        if two in places:
            told = f"{one} and {two}: {number(count)} transactions"
            parts.append(_link(places[one], places[two], count / heaviest, told))
    for at, row in enumerate(rows):
        parts.append(_circle(row, places[str(row[0])], most, at % _COLOURS))
    return svg(result.figure.title, parts, _WIDTH, 350)


def _link(one: tuple[float, float], two: tuple[float, float], weight: float, told: str) -> str:
    return (
        f'<path class="link" stroke-width="{0.4 + 7 * weight:.1f}" '
        f'd="M{one[0]:.1f} {one[1]:.1f}L{two[0]:.1f} {two[1]:.1f}">'
        f"<title>{escape(told)}</title></path>"
    )


def _circle(row: tuple[Any, ...], place: tuple[float, float], most: float, colour: int) -> str:
    radius = 9 + 26 * sqrt(float(row[1]) / most)
    told = f"{row[0]}: {number(row[1])} accounts, {share(float(row[2]))} of dealings inside"
    return (
        f'<circle class="flow c{colour}" cx="{place[0]:.1f}" cy="{place[1]:.1f}" '
        f'r="{radius:.1f}"><title>{escape(told)}</title></circle>'
        f'<text x="{place[0]:.1f}" y="{place[1] + 4:.1f}" text-anchor="middle">'
        f"{escape(str(row[0]))}</text>"
    )
