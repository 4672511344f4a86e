"""What a pattern found: how strong it is, and which payments it is made of.

Strength is the decimal logarithm of how unlikely it is under that pattern's own simple model; what
it is worth in this network is told by `calibration`. This module refuses to know a pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterfoil.apps.finance.graphs.network import Ints

__all__ = ["Candidates", "Floats", "none_found"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a pattern found, without an order.

    strength: (k,) float64. keys: (k,) int64, what no two findings that are shown share, such as an
    account. payments: place of a candidate -> places of its payments in the network, in order.
    """

    pattern: str
    strength: Floats
    keys: Ints
    payments: Callable[[int], Ints]

    def strongest(self, limit: int) -> Ints:
        """Give the places of the strongest candidates, one a key, the strongest first."""
        order = np.argsort(-self.strength, kind="stable")
        _, first = np.unique(self.keys[order], return_index=True)
        kept: Ints = order[np.sort(first)][:limit]
        return kept


def none_found(pattern: str) -> Candidates:
    """Give no candidates."""
    empty = np.empty(0, dtype=np.int64)
    return Candidates(pattern, np.empty(0), empty, lambda _: empty)
