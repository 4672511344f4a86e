"""Draw what happened when: alerts by risk or by watcher, and anchors against the fee of the time.

Each mark can lead to its page. This module refuses to judge: what a mark is, `kind` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal

from counterfoil.drawing.scale import instant, number, ticks
from counterfoil.drawing.svg import Plot, circle, line_of, link, path, picture, rect, runs, text

__all__ = ["Anchoring", "Kind", "Mark", "anchor_timing", "timeline"]

Kind = Literal["ok", "wait", "bad", "seal", "accent"]
"""How a mark looks; its meaning is said in words, too."""

_LANE: Final = 26
_LANE_NAME: Final = 19
_LEFT: Final = 150


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened.

    at_s: Unix seconds. value: how odd or risky, >= 0. told: in words. kind: its look. href: where
    it leads on this site. lane: whose it is, such as a watcher's name; empty where all are one's.
    """

    at_s: float
    value: float
    told: str
    kind: Kind = "bad"
    href: str = ""
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Anchoring:
    """An anchor: from when it was wanted (due_s) until it was in a block (at_s), and its fee.

    fee: in the unit of the fees beside it. told: in words. href: where it leads on this site.
    """

    at_s: float
    fee: float
    told: str
    due_s: float | None = None
    href: str = ""


def timeline(
    title: str,
    marks: Sequence[Mark],
    *,
    first_s: float | None = None,
    last_s: float | None = None,
    unit: str = "",
    threshold: float | None = None,
) -> str:
    """Draw marks over time: in a row for each lane where they have lanes, else by height.

    first_s, last_s: the window, Unix seconds; else from the first mark to the last. What lies
    outside of it, or is not finite, is left out. unit: of the values. threshold: a rule at that
    height.
    """
    marks = [mark for mark in marks if isfinite(mark.at_s) and isfinite(mark.value)]
    moments = [mark.at_s for mark in marks]
    first = min(moments, default=0.0) if first_s is None else first_s
    last = max(moments, default=first) if last_s is None else last_s
    seen = [mark for mark in marks if first <= mark.at_s <= last]
    most = ticks(max([mark.value for mark in seen] + [threshold or 0.0]))[-1]
    lanes = list(dict.fromkeys(mark.lane for mark in seen))
    if any(lanes):
        plot = Plot(first, last, most, height=_LANE * len(lanes) + 42, left=_LEFT)
        parts = _lanes(plot, lanes)
    else:
        plot = Plot(first, last, most)
        parts = plot.values(unit)
        if threshold is not None:
            y = plot.y(threshold)
            told = f"threshold {number(threshold)}"
            parts.append(path(f"M{plot.left:g} {y:.1f}H{plot.width - plot.right:g}", "rule", told))
    parts += plot.times() if last > 0 else []
    for mark in seen:
        at_lane = plot.top + _LANE * (lanes.index(mark.lane) + 0.5)
        y = at_lane if any(lanes) else plot.y(mark.value)
        radius = 4 + 4 * (mark.value / most if any(lanes) else 0)
        told = f"{instant(mark.at_s)}: {mark.told}"
        parts.append(link(mark.href, circle(plot.x(mark.at_s), y, radius, mark.kind, told), told))
    about = f"{len(seen)} marks from {instant(first)} to {instant(last)}." if seen else "No marks."
    linked = any(mark.href for mark in seen)
    return picture(title, parts, plot.width, plot.height, about=about, linked=linked)


def anchor_timing(
    title: str,
    fees: Sequence[tuple[float, float]],
    anchors: Sequence[Anchoring],
    *,
    unit: str = "gwei",
) -> str:
    """Draw the fee over time as a line, and each anchor as a seal at its time and fee.

    fees: (Unix seconds, fee >= 0), oldest first; one that is not finite is a gap. The time from
    when an anchor was due until it was in a block is shaded: what waiting for a low fee cost.
    """
    lines = runs(fees)
    anchors = [one for one in anchors if isfinite(one.at_s) and isfinite(one.fee)]
    moments = [point[0] for run in lines for point in run]
    moments += [at for one in anchors for at in (one.at_s, one.due_s) if at is not None]
    most = max([p[1] for run in lines for p in run] + [one.fee for one in anchors], default=0.0)
    first, last = (min(moments), max(moments)) if moments else (0.0, 1.0)
    plot = Plot(first, last, ticks(most)[-1])
    parts = plot.values(unit) + (plot.times() if moments else [])
    for one in anchors:
        if one.due_s is not None and one.due_s < one.at_s:
            x = plot.x(one.due_s)
            told = f"waited {number(round(one.at_s - one.due_s))} s"
            parts.append(
                rect(x, plot.top, plot.x(one.at_s) - x, plot.floor - plot.top, "waited", told)
            )
    for run in lines:
        parts.append(path(line_of([(plot.x(at), plot.y(fee)) for at, fee in run]), "line"))
    for one in anchors:
        x, y = plot.x(one.at_s), plot.y(one.fee)
        told = f"{instant(one.at_s)}: {one.told}"
        seal = path(f"M{x:.1f} {y - 7:.1f}l6 7l-6 7l-6 -7Z", "seal", told)
        parts.append(link(one.href, seal, told))
    about = f"{len(anchors)} anchors; fees from {instant(first)} to {instant(last)}."
    linked = any(one.href for one in anchors)
    return picture(
        title, parts, plot.width, plot.height, about=about if moments else "", linked=linked
    )


def _lanes(plot: Plot, lanes: Sequence[str]) -> list[str]:
    parts = []
    for at, name in enumerate(lanes):
        y = plot.top + _LANE * (at + 0.5)
        short = name if len(name) <= _LANE_NAME else f"{name[: _LANE_NAME - 1]}…"
        parts.append(text(plot.left - 10, y + 4, short or "other", "end", "name"))
        parts.append(path(f"M{plot.left:g} {y:.1f}H{plot.width - plot.right:g}", "grid"))
    return parts
