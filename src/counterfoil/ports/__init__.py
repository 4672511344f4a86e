"""Protocols, and the types that cross floors: what an engine promises, never how it does it."""

from counterfoil.ports.clock import Clock, SystemClock
from counterfoil.ports.store import (
    Commit,
    Head,
    LogStore,
    Segment,
    Span,
    StoredCheckpoint,
    TileStore,
)

__all__ = [
    "Clock",
    "Commit",
    "Head",
    "LogStore",
    "Segment",
    "Span",
    "StoredCheckpoint",
    "SystemClock",
    "TileStore",
]
