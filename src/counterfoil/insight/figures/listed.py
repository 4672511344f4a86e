"""All figures of a report, in the order of the page.

Coins are 10^18 wei; sums are exact and divided last, so that threads do not change a digit. This
module refuses a query without a whole order of its rows.
"""

from __future__ import annotations

from counterfoil.insight.figures import contracts, fees, flows, network
from counterfoil.insight.figures.figure import Figure, Shape

__all__ = ["figures"]


def figures(shape: Shape) -> list[Figure]:
    """List the figures, with buckets of that shape."""
    return [
        *flows.figures(shape),
        *fees.figures(shape),
        *contracts.figures(shape),
        *network.figures(),
    ]
