"""Draw a number over time: a line, with the band in which a forecast expects it; and a sparkline.

This module refuses to smooth, and to draw over a gap: what is missing is missing in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final

from counterfoil.drawing.scale import instant, number, ticks
from counterfoil.drawing.svg import (
    WIDTH,
    Plot,
    circle,
    line_of,
    path,
    picture,
    rect,
    runs,
    text,
)

__all__ = ["line_with_band", "sparkline"]

_DOTS_MAX: Final = 60
_SPOTS_MAX: Final = 400
_LEGEND_STEP: Final = 150


def line_with_band(
    title: str,
    points: Sequence[tuple[float, float]],
    band: Sequence[tuple[float, float, float, float]] = (),
    *,
    unit: str = "",
    now_s: float | None = None,
    names: tuple[str, str] = ("measured", "forecast"),
) -> str:
    """Draw what was measured, and the band of a forecast with its middle as a broken line.

    points: (Unix seconds, value >= 0), oldest first; a value that is not finite is a gap. band:
    (Unix seconds, low, middle, high) of each step. unit: of the values. now_s: a rule is drawn
    there. names: of line and band, for the legend. Returns one `<svg>`; of nothing, an empty plot.
    """
    lines = runs(points)
    bands = runs(band)
    moments = [point[0] for run in (*lines, *bands) for point in run]
    heights = [point[1] for run in lines for point in run]
    heights += [step[3] for run in bands for step in run]
    first, last = (min(moments), max(moments)) if moments else (0.0, 1.0)
    plot = Plot(first, last, ticks(max(heights, default=0.0))[-1], height=240, top=34)
    parts = plot.values(unit) + (plot.times() if moments else [])
    for run in bands:
        upper = [(plot.x(at), plot.y(high)) for at, _, _, high in run]
        lower = [(plot.x(at), plot.y(low)) for at, low, _, _ in reversed(run)]
        parts.append(path(f"{line_of(upper + lower)}Z", "area"))
        parts.append(path(line_of([(plot.x(at), plot.y(mid)) for at, _, mid, _ in run]), "guess"))
    for run in lines:
        parts.append(path(line_of([(plot.x(at), plot.y(value)) for at, value in run]), "line"))
    parts += _dots(plot, [point for run in lines for point in run], unit)
    if now_s is not None and first <= now_s <= last:
        x = plot.x(now_s)
        parts.append(path(f"M{x:.1f} {plot.top:g}V{plot.floor:g}", "rule", "now"))
    parts += _legend(names, banded=bool(bands))
    return picture(title, parts, plot.width, plot.height, about=_told(lines, bands, unit))


def sparkline(title: str, values: Sequence[float], *, width: int = 120, height: int = 24) -> str:
    """Draw values at equal steps as a line as high as a line of text, its last one as a dot.

    values: oldest first; one that is not finite is a gap. It has no axis: the page says the
    numbers. Returns one `<svg class="drawing spark">`.
    """
    known = [value for value in values if isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (width - 6) / max(len(values) - 1, 1)

    def place(at: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        return 3 + at * step, height - 3 - (height - 6) * share

    parts, last = [], None
    for run in runs((float(at), value) for at, value in enumerate(values)):
        places = [place(int(at), value) for at, value in run]
        last = places[-1]
        if len(places) > 1:
            parts.append(path(line_of(places), "line"))
    if last is not None:
        parts.append(circle(*last, 2, "dot"))
    about = f"from {number(low)} to {number(high)}" if known else "no values"
    return picture(title, parts, width, height, about=about, kind="drawing spark")


def _dots(plot: Plot, points: Sequence[tuple[float, ...]], unit: str) -> list[str]:
    """Give each point a mark to rest a pointer on, unseen where there are many."""
    radius, kind = (2.5, "dot") if len(points) <= _DOTS_MAX else (5, "spot")
    step = -(-len(points) // _SPOTS_MAX) or 1
    return [
        circle(plot.x(at), plot.y(value), radius, kind, f"{instant(at)}: {_amount(value, unit)}")
        for at, value in points[::step]
    ]


def _legend(names: tuple[str, str], *, banded: bool) -> list[str]:
    parts = []
    for at, name in enumerate(names[: 2 if banded else 1]):
        x = WIDTH - 14 - _LEGEND_STEP * (2 if banded else 1) + _LEGEND_STEP * at
        if at:
            parts.append(rect(x, 4, 18, 10, "area"))
        parts.append(path(f"M{x} 9h18", "guess" if at else "line"))
        parts.append(text(x + 24, 13, name))
    return parts


def _told(
    lines: Sequence[Sequence[tuple[float, ...]]],
    bands: Sequence[Sequence[tuple[float, ...]]],
    unit: str,
) -> str:
    if not lines and not bands:
        return "Nothing was measured yet."
    said = []
    if lines:
        at, value = lines[-1][-1]
        values = [one for run in lines for _, one in run]
        said.append(
            f"From {_amount(min(values), unit)} to {_amount(max(values), unit)}; last "
            f"{_amount(value, unit)} at {instant(at)}."
        )
    if bands:
        at, low, middle, high = bands[-1][-1]
        said.append(
            f"Forecast for {instant(at)}: {_amount(middle, unit)}, between {_amount(low, unit)} "
            f"and {_amount(high, unit)}."
        )
    return " ".join(said)


def _amount(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".rstrip()
