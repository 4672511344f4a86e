"""Protocols, and the types that cross floors: what an engine promises, never how it does it."""

from counterfoil.ports.clock import Clock, SystemClock
from counterfoil.ports.operation import (
    STANDARD_STREAM,
    Channel,
    Document,
    Operation,
    Param,
    Progress,
    no_progress,
)
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
    "STANDARD_STREAM",
    "Channel",
    "Clock",
    "Commit",
    "Document",
    "Head",
    "LogStore",
    "Operation",
    "Param",
    "Progress",
    "Segment",
    "Span",
    "StoredCheckpoint",
    "SystemClock",
    "TileStore",
    "no_progress",
]
