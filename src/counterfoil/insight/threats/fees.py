"""Fee anomalies: somebody pays many times what everybody else pays for the same place.

A slip of the finger, a bribe for a place in the block, or a robbed key in a hurry. A price is
compared with the median of its own block and of the blocks before it. This module refuses to tell
which of these it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log10
from statistics import median
from typing import Final

import msgspec

from counterfoil.insight.threats.events import SeenBlock
from counterfoil.insight.threats.reading import ALERT, NONE, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "FeeAnomalies", "State", "fee_anomalies"]

KIND: Final = "fee-anomaly"

_TIMES: Final = 20.0  # the usual price, from which on a price is odd
_REMEMBERED: Final = 100  # blocks


class State(msgspec.Struct):
    """usual: medians of the latest blocks. most: account -> the largest multiple it paid."""

    usual: list[float] = msgspec.field(default_factory=list)
    most: dict[str, float] = msgspec.field(default_factory=dict)


class FeeAnomalies:
    """The detector; see `Fold`."""

    kind = KIND

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find transactions that cost far more than is usual now."""
        before = [*state.usual, block.usual_price] if block.usual_price > 0 else state.usual
        usual = max(block.usual_price, median(before)) if before else 0.0
        for paid in block.paid if usual > 0 else ():
            times = paid.price / usual
            if times < _TIMES or times <= state.most.get(paid.signer, 0.0):
                continue
            state.most[paid.signer] = times
            yield Finding(
                paid.signer,
                KIND,
                min(0.99, 0.5 + 0.2 * log10(times / _TIMES)),
                f"it paid {times:,.0f} times the usual price of gas, {paid.fee / 1e18:.4g} coins "
                f"in all",
                (paid.tx,),
                {"times": times, "fee_coins": paid.fee / 1e18},
            )
        state.usual = before[-_REMEMBERED:]


_MATTERS: Final = Wanted(
    before=f"""
medians AS (SELECT block_number AS of_block, median(price) AS usual FROM paid GROUP BY ALL),
dear AS (
    SELECT tx FROM paid JOIN medians ON block_number = of_block WHERE price >= {_TIMES} * usual
)""",  # noqa: S608 - constants alone
    transfers=NONE,
    paid="tx IN (SELECT tx FROM dear)",
    prices=True,
)


def fee_anomalies(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find fee anomalies in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, FeeAnomalies(), _MATTERS, least)
