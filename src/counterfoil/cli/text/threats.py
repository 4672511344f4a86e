"""Text of `ops.threats`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.threats import Threats

__all__ = ["threats"]

_HIGH: Final = 0.8
_SHOWN: Final = 3


def threats(done: Threats, paint: Paint) -> Iterator[str]:
    """Show each finding with its reason and transactions, and what was looked at."""
    for one in done.findings:
        score = f"{one.score:.2f}"
        colour = paint.bad if one.score >= _HIGH else paint.warn
        yield f"{colour(score)}  {plain(one.kind):18}  {paint.strong(plain(one.account))}"
        yield f"      {plain(one.why)}"
        for tx in one.transactions[:_SHOWN]:
            yield paint.quiet(f"      {plain(tx)}")
    where = "no block" if done.blocks is None else f"blocks {done.blocks[0]} to {done.blocks[1]}"
    yield (
        f"{number(len(done.findings))} findings in {number(done.transactions)} transactions of "
        f"{where}, by {len(done.detectors)} detectors"
    )
    if done.known:
        yield f"{number(done.met)} of {number(done.known)} labelled accounts are in the tables"
    for note in done.notes:
        yield paint.quiet(plain(note))
