"""Write a figure's rows as an HTML table: addresses whole, numbers to the right, shares as bars.

This module refuses to leave out a column.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, Final

from counterfoil.drawing.scale import address, moment, number, share
from counterfoil.insight.figures import Result, Shape

__all__ = ["findings", "grid", "tiles"]

_SHARES: Final = frozenset({"share", "full", "inside", "top_1", "top_10", "top_100"})
_RATIOS: Final = frozenset({"gini", "hhi", "modularity", "rank"})
_TIMES: Final = frozenset({"first_time", "last_time"})
_NUMBERS: Final = frozenset({"first_block", "last_block", "block_number"})
_HEX_LEAST: Final = 42
_SHOWN: Final = 200


def grid(result: Result, shape: Shape) -> str:
    """Write all rows, at most 200 of them."""
    heads = "".join(
        f"<th{_right(result, at)}>{escape(name.replace('_', ' '))}</th>"
        for at, name in enumerate(result.columns)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_right(result, at)}>{_cell(name, value, shape)}</td>"
            for at, (name, value) in enumerate(zip(result.columns, row, strict=True))
        )
        + "</tr>"
        for row in result.rows[:_SHOWN]
    )
    more = len(result.rows) - _SHOWN
    note = f'<p class="note">{more} more rows.</p>' if more > 0 else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(result.figure.title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{note}"
    )


def tiles(result: Result, shape: Shape) -> str:
    """Write the one row as tiles."""
    shown = zip(result.columns, result.rows[0] if result.rows else (), strict=False)
    told = "".join(
        f"<div><dt>{escape(name.replace('_', ' '))}</dt><dd>{_cell(name, value, shape)}</dd></div>"
        for name, value in shown
        if value is not None
    )
    return f'<dl class="tiles">{told}</dl>'


def findings(result: Result, shape: Shape) -> str:
    """Write rows of (account, kind, score, why, transactions)."""
    del shape
    items = []
    for account, kind, score, why, hashes in result.rows:
        seen = " ".join(address(one) for one in hashes)
        items.append(
            f'<li><p><span class="bad"><span aria-hidden="true">■</span> {escape(kind)}</span> '
            f"{address(account)} {_meter(float(score))} {share(float(score))}</p>"
            f"<p>{escape(why)}</p>{f'<p>{seen}</p>' if seen else ''}</li>"
        )
    return f'<ol class="findings">{"".join(items)}</ol>' if items else ""


def _right(result: Result, at: int) -> str:
    values = [row[at] for row in result.rows if row[at] is not None]
    numbers = values and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in values
    )
    return ' class="n"' if numbers else ""


def _cell(name: str, value: Any, shape: Shape) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return escape(_listed(value))
    if name == "since":
        return escape(moment(value, shape.step, shape.timed))
    if name in _TIMES:
        return escape(moment(value, 60, True))
    if name in _SHARES and isinstance(value, int | float):
        return f"{_meter(float(value))} {share(float(value))}"
    if name in _RATIOS and isinstance(value, int | float):
        return f"{value:.4g}"
    if isinstance(value, int | float):
        exact = f"{value:,}" if isinstance(value, int) else repr(value)
        return exact if name in _NUMBERS else f'<span title="{exact}">{number(value)}</span>'
    if isinstance(value, str) and value.startswith("0x") and len(value) >= _HEX_LEAST:
        return address(value)
    if isinstance(value, str) and len(value) == 64 and value.isalnum():
        return address(value)
    return escape(str(value))


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(
        f"{one[0]}: {number(one[1])}" if isinstance(one, list) else str(one) for one in values
    )


def _meter(value: float) -> str:
    width = 60 * min(max(value, 0.0), 1.0)
    return (
        '<svg class="meter" viewBox="0 0 60 8" width="60" height="8" aria-hidden="true">'
        f'<rect class="track" width="60" height="8"/><rect class="bar" width="{width:.1f}" '
        'height="8"/></svg>'
    )
