"""Fee anomalies: somebody pays many times what everybody else pays for the same place.

A slip of the finger, a bribe for a place in the block, or a robbed key in a hurry. A price is
compared with what was usual in the last blocks before its own, for in a small block it is itself
what is usual; only at the beginning with its own block. This module refuses to tell which of these
it was.
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
_REMEMBERED: Final = 20  # blocks, over which a base fee can rise tenfold
_ENOUGH: Final = 5  # blocks, from which on those before tell what is usual


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
        enough = len(state.usual) >= _ENOUGH
        usual = median(state.usual) if enough else block.usual_price
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
        if block.usual_price > 0:
            state.usual = [*state.usual, block.usual_price][-_REMEMBERED:]


_MATTERS: Final = Wanted(
    before=f"""
medians AS (SELECT block_number AS of_block, median(price) AS own FROM paid GROUP BY ALL),
usuals AS (
    SELECT of_block, CASE WHEN count(*) OVER before_it >= {_ENOUGH} THEN median(own) OVER before_it
        ELSE own END AS usual
    FROM medians WHERE own > 0 WINDOW before_it AS (
        ORDER BY of_block ROWS BETWEEN {_REMEMBERED} PRECEDING AND 1 PRECEDING
    )
), dear AS (
    SELECT tx FROM paid JOIN usuals ON block_number = of_block WHERE price >= {_TIMES} * usual
)""",  # noqa: S608 - constants alone
    transfers=NONE,
    paid="tx IN (SELECT tx FROM dear)",
    prices=True,
)


def fee_anomalies(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find fee anomalies in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, FeeAnomalies(), _MATTERS, least)
