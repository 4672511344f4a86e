"""Numbers, times and axes for pictures: where a value lies, and how it is written.

This module refuses to draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from math import floor, log10
from typing import Any, Final

__all__ = ["address", "instant", "moment", "number", "share", "ticks", "time_ticks"]

_SUFFIXES: Final = ((1e15, "e15"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_DAY_S: Final = 86_400
_LAST_S: Final = 253_402_300_799  # 9999-12-31
_STEPS_S: Final = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, _DAY_S)
_DAYS: Final = (1, 2, 7, 14, 28, 91, 182)
_YEAR_S: Final = 365 * _DAY_S
_MARKS: Final = 6


def number(value: float | int) -> str:
    """Write a number short, for an axis or a tile.

    >>> number(1_234_567), number(0.00042), number(12)
    ('1.23M', '0.00042', '12')
    """
    size = abs(value)
    if size >= 1e18:
        return f"{value:.3g}"
    for least, suffix in _SUFFIXES:
        if size >= least * 10 or (size >= least and least > 1e3):
            return f"{value / least:.3g}{suffix}" if size < least * 1e3 else f"{value:.3g}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3g}" if size < 1000 else f"{value:,.0f}"


def share(value: float) -> str:
    """Write a share as percent.

    >>> share(0.0421), share(0.00001)
    ('4.2 %', '<0.1 %')
    """
    return "<0.1 %" if 0 < value < 0.001 else f"{100 * value:.1f} %"


def moment(value: Any, step: int, timed: bool) -> str:
    """Write the start of a bucket: a time in UTC, as exact as the bucket, or a block's number."""
    if not isinstance(value, int):
        return str(value)
    if not timed or not 0 <= value <= _LAST_S:
        return f"{value:,}"
    form = "%Y-%m-%d" if step >= _DAY_S else "%Y-%m-%d %H:%M" if step >= 60 else "%H:%M:%S"
    return datetime.fromtimestamp(value, UTC).strftime(form)


def ticks(most: float) -> Sequence[float]:
    """Choose round numbers from 0 to at least `most` for an axis, 3 to 6 of them.

    >>> ticks(7)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    if most <= 0:
        return [0.0, 1.0]
    unit = 10.0 ** floor(log10(most))
    step = next(unit * part for part in (0.2, 0.5, 1.0, 2.0) if most / (unit * part) <= 5)
    count = int(-(-most // step))
    return [round(step * at, 12) for at in range(count + 1)]


def time_ticks(first_s: float, last_s: float) -> Sequence[tuple[float, str]]:
    """Choose up to 6 round moments (UTC) between two, each with its name, as exact as needed.

    first_s, last_s: Unix seconds. Where a day begins, its date stands instead of 00:00.

    >>> time_ticks(1_700_000_000, 1_700_007_200)[:2]
    [(1700001000, '22:30'), (1700002800, '23:00')]
    """
    if not 0 <= first_s < last_s <= _LAST_S:
        return [(first_s, instant(first_s))] if 0 <= first_s <= _LAST_S else []
    span = last_s - first_s
    steps = (*_STEPS_S, *(_DAY_S * days for days in _DAYS))
    years = int(span // (_MARKS * _YEAR_S)) + 1
    step = next((one for one in steps if span / one < _MARKS), years * _YEAR_S)
    found = []
    at = int(-(-first_s // step) * step)
    while at <= last_s:
        moment_ = datetime.fromtimestamp(at, UTC)
        day = step >= _DAY_S or (moment_.hour, moment_.minute, moment_.second) == (0, 0, 0)
        form = "%Y-%m-%d" if day else "%H:%M" if step >= 60 else "%H:%M:%S"
        found.append((at, moment_.strftime(form)))
        at += step
    return found


def instant(at_s: float) -> str:
    """Write a moment in UTC to the second; what no calendar has as seconds.

    >>> instant(1_700_000_000)
    '2023-11-14 22:13:20 UTC'
    """
    if not 0 <= at_s <= _LAST_S:
        return f"{at_s:.0f} s after 1970"
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def address(value: str) -> str:
    """Write an address or hash as HTML: cut for the eye, whole for whoever copies it."""
    return f'<code class="cut" title="{escape(value)}">{escape(value)}</code>'
