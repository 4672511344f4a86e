"""Numbers, times and axes for pictures: where a value lies, and how it is written.

This module refuses to draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from math import floor, log10
from typing import Any, Final

__all__ = ["address", "moment", "number", "share", "ticks"]

_SUFFIXES: Final = ((1e15, "e15"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_DAY_S: Final = 86_400
_LAST_S: Final = 253_402_300_799  # 9999-12-31


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


def address(value: str) -> str:
    """Write an address or hash as HTML: cut for the eye, whole for whoever copies it."""
    return f'<code class="cut" title="{escape(value)}">{escape(value)}</code>'
