"""Decide how much to keep and to order, from a file with demand as samples.

This module refuses to record a decision that nobody asked to be recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from counterfoil.extras import brings
from counterfoil.ops.files import read_input
from counterfoil.ops.place import open_for_writing
from counterfoil.ops.supply.seeds import seed_of
from counterfoil.ports import Channel, Param, Progress, no_progress

with brings("supply"):
    from counterfoil.apps.supply.plan.stock.newsvendor import Newsvendor
    from counterfoil.apps.supply.plan.stock.policies import Chosen
    from counterfoil.apps.supply.plan.stock.problem import STOCK_MAX_BYTES, read_stock
    from counterfoil.apps.supply.plan.stock.recorded import choose_stock, record_stock

__all__ = ["Stocked", "stock"]


@dataclass(frozen=True, slots=True)
class Stocked:
    """What was decided. index: of the decision, where it was recorded."""

    chosen: Newsvendor | Chosen
    index: int | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self.chosen)
        return {**found, "index": self.index}


def stock(
    rule: Annotated[
        Literal["newsvendor", "policy"],
        Param("newsvendor: for one period; policy: when to order, and up to how much."),
    ],
    file: Annotated[
        Path, Param("Demand as samples, costs and lots as JSON, or -.", "FILE", holds="file")
    ],
    *,
    seed: Annotated[int, Param("Of the lead times that are drawn.", "N")] = 0,
    ledger: Annotated[
        Path | None, Param("Record it as a decision here.", "DIR", holds="also-ledger")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Stocked:
    """Decide how much to order from demand as a distribution, shelf life and what errors cost.

    Raises InputError with code plan.stock or supply.seed.
    """
    asked = read_stock(read_input(file, channel, STOCK_MAX_BYTES))
    found = choose_stock(asked, rule, seed=seed_of(seed), progress=progress)
    if ledger is None:
        return Stocked(found, None)
    with open_for_writing(ledger) as opened:
        return Stocked(found, record_stock(opened, asked, rule, seed=seed, chosen=found))
