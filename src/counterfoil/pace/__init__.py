"""Forecasts that schedule: when to anchor, when to commit. They refuse to see content."""

from counterfoil.pace.cheapest_within import CheapestWithin
from counterfoil.pace.hold_within import HoldWithin
from counterfoil.pace.longest_wait import LongestWait

__all__ = ["CheapestWithin", "HoldWithin", "LongestWait"]
