"""Forecasts that schedule: when to anchor. They see times and sizes, and refuse to see content."""

from counterfoil.pace.longest_wait import LongestWait

__all__ = ["LongestWait"]
