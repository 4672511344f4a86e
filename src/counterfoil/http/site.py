"""What everything that answers a request has in common: the ledger, the guard, the node's state.

This module refuses to answer anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from counterfoil.access import Guard
from counterfoil.ledger import Ledger
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ops.node.status import NodeStatus
from counterfoil.ops.serving import App

__all__ = ["Site"]


@dataclass(frozen=True, slots=True)
class Site:
    """A node as its shell sees it.

    ledger: open, owned by this process, and lent to operations (`ops.place.lending`). guard: who
    may do what. status: how the node's parts fare, now. witness: an ASGI application that
    cosigns others' logs, where the node is a member of a network.
    """

    ledger: Ledger
    guard: Guard
    status: Callable[[], NodeStatus]
    settings: NodeSettings = field(default_factory=NodeSettings)
    witness: App | None = None
