"""Text of `ops.fees`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.forecasts import past_line
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.fees import FeeForecast

__all__ = ["fees"]

_GWEI: Final = 10**9
_BY: Final = {
    "rule": "the next block's by EIP-1559, exactly",
    "node": "the next block's as the node says",
    "forecast": "all forecast",
}


def fees(done: FeeForecast, paint: Paint) -> Iterator[str]:
    """Show the base fees to come, in gwei, and how good such forecasts were."""
    where = plain(done.source) if done.chain_id is None else f"chain {done.chain_id}"
    yield f"{where}: base fees in gwei, from {number(done.blocks)} blocks; {_BY[done.next_by]}"
    for at, step in enumerate(done.steps, 1):
        name = str(at) if step.block is None else f"block {step.block}"
        band = ""
        if step.low_wei is not None and step.high_wei is not None and step.low_wei < step.high_wei:
            band = f"  {step.low_wei / _GWEI:.6g} to {step.high_wei / _GWEI:.6g}"
        yield f"{name:>16}  {paint.strong(f'{step.base_fee_wei / _GWEI:.6g}')}{paint.quiet(band)}"
    yield from past_line(done.windows, done.past, ("no change", done.stays), paint)
    for note in done.notes:
        yield paint.quiet(plain(note))
