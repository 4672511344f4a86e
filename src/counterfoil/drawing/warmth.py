"""Draw temperatures over time, with the limits that they have to keep.

Unlike other charts this one does not begin at zero: what is frozen is below. This module refuses
to join what lies far apart: a gap stays a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import floor, isfinite
from typing import Final

from counterfoil.drawing.scale import instant, number, ticks
from counterfoil.drawing.svg import Plot, circle, line_of, path, picture, rect, text

__all__ = ["temperatures"]

_DOTS_MAX: Final = 400
_LEAST_C: Final = 4.0


def temperatures(
    title: str,
    readings: Sequence[tuple[float, float, str]],
    *,
    low_c: float | None = None,
    high_c: float | None = None,
    gap_s: float | None = None,
) -> str:
    """Draw readings as a line, those outside of the limits as marks of their own.

    readings: (Unix seconds, degrees C, told), oldest first; one that is not finite is left out.
    low_c, high_c: limits, drawn as rules. gap_s: readings that are farther apart are not joined;
    None for eight times the usual distance. Returns one `<svg>`; empty text without readings.
    """
    known = [one for one in readings if isfinite(one[0]) and isfinite(one[1])]
    if not known:
        return ""
    limits = [one for one in (low_c, high_c) if one is not None]
    heights = [value for _, value, _ in known] + limits
    base = floor(min(heights)) - 1.0
    steps = ticks(max(max(heights) + 1 - base, _LEAST_C))
    step = steps[1]
    base = floor(base / step) * step
    most = next(
        (one for one in (*steps, steps[-1] + step) if base + one >= max(heights)), steps[-1]
    )
    plot = Plot(known[0][0], known[-1][0], most, height=240)
    parts = []
    for at in (one for one in (*steps, steps[-1] + step) if one <= most):
        y = plot.y(at)
        parts.append(path(f"M{plot.left:g} {y:.1f}H{plot.width - plot.right:g}", "grid"))
        parts.append(text(plot.left - 6, y + 4, number(round(base + at, 6)), "end"))
    parts.append(text(plot.left, plot.top - 6, "degrees C"))
    parts += plot.times()
    parts += _beyond(plot, base, low_c, high_c)
    for run in _runs(known, gap_s):
        if len(run) > 1:
            line = line_of([(plot.x(at), plot.y(value - base)) for at, value, _ in run])
            parts.append(path(line, "line"))
    outside = [one for one in known if _is_outside(one[1], low_c, high_c)]
    inside = [one for one in known if not _is_outside(one[1], low_c, high_c)]
    for marks, kind in ((inside, "dot" if len(known) <= 60 else "spot"), (outside, "bad")):
        for at, value, told in marks[:: -(-len(marks) // _DOTS_MAX) or 1]:
            words = f"{instant(at)}: {number(value)} degrees C{f', {told}' if told else ''}"
            parts.append(circle(plot.x(at), plot.y(value - base), 3, kind, words))
    return picture(title, parts, plot.width, plot.height, about=_told(known, outside, limits))


def _beyond(plot: Plot, base: float, low_c: float | None, high_c: float | None) -> list[str]:
    """Shade what is too cold or too warm, and draw the limits."""
    parts, wide = [], plot.width - plot.left - plot.right
    for limit, name in ((low_c, "coldest"), (high_c, "warmest")):
        if limit is None:
            continue
        y = plot.y(limit - base)
        begin, end = (y, plot.floor) if name == "coldest" else (plot.top, y)
        parts.append(rect(plot.left, begin, wide, end - begin, "beyond"))
        told = f"{name} that is allowed: {limit:g} degrees C"
        parts.append(path(f"M{plot.left:g} {y:.1f}h{wide:g}", "rule", told))
    return parts


def _runs(
    known: Sequence[tuple[float, float, str]], gap_s: float | None
) -> list[list[tuple[float, float, str]]]:
    """Part readings where the next is far away."""
    apart = sorted(b[0] - a[0] for a, b in pairwise(known))
    most = gap_s if gap_s is not None else 8 * apart[len(apart) // 2] if apart else 0.0
    found = [[known[0]]]
    for before, one in pairwise(known):
        if most > 0 and one[0] - before[0] > most:
            found.append([])
        found[-1].append(one)
    return found


def _is_outside(value: float, low_c: float | None, high_c: float | None) -> bool:
    return (low_c is not None and value < low_c) or (high_c is not None and value > high_c)


def _told(
    known: Sequence[tuple[float, float, str]],
    outside: Sequence[tuple[float, float, str]],
    limits: Sequence[float],
) -> str:
    values = [value for _, value, _ in known]
    said = (
        f"{len(known)} readings from {number(min(values))} to {number(max(values))} degrees C, "
        f"{instant(known[0][0])} to {instant(known[-1][0])}."
    )
    return f"{said} {len(outside)} outside of the limits." if limits else said
