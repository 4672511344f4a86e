"""Operations of the supply app that plan: routes and stock."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "supply route",
        "supply.routes:route",
        "Plan which vehicle takes what where, within windows, room, shelf life and cold.",
        "morning.json --seconds 20 --svg routes.svg",
        "X-n101-k25.vrp --best X-n101-k25.sol --iterations 2000",
    ),
    writes(
        "supply reroute",
        "supply.routes:reroute",
        "Say whether to stay with a plan when things changed, and what another way saves.",
        "morning.json plan.json changes.json --now 2030-03-17T18:30:00Z --ledger shop",
    ),
    writes(
        "supply stock",
        "supply.stock:stock",
        "Decide how much to order from demand as a distribution, shelf life and what errors cost.",
        "newsvendor strawberries.json",
        "policy strawberries.json --ledger shop",
    ),
)
