"""Laundering in networks of payments: patterns in time, scored against the network's own chance."""

from counterfoil.apps.finance.graphs.network import Network, make_network
from counterfoil.apps.finance.graphs.search import (
    PATTERNS,
    Finding,
    Searched,
    Settings,
    search_network,
)

__all__ = [
    "PATTERNS",
    "Finding",
    "Network",
    "Searched",
    "Settings",
    "make_network",
    "search_network",
]
