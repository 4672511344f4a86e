"""Text of `ops.finance.graphs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain

__all__ = ["graph"]


def graph(rows: Iterable[dict[str, Any]], paint: Paint) -> Iterator[str]:
    """Show each finding: how surprising, what, and why."""
    seen = 0
    for one in rows:
        seen += 1
        score = paint.strong(f"{one['score']:7.1f}")
        yield f"{score}  {one['pattern']:15} {plain(one['why'])}"
    yield f"{number(seen)} findings told of; the score is -log10 of how many chance would give"
