"""How the parts of a node fare, for pages, health checks and metrics.

This module refuses to judge: what is needed to be ready is said where services are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["NodeStatus", "Service", "State"]

State = Literal["starting", "running", "waiting", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Service:
    """One part of a node.

    name: a word or two, such as `anchoring` or `watcher habits`. state: `waiting` is between two
    tries after a failure. since_ms: of the state, Unix ms. detail: what it last said, or its
    error. restarts: how often it was started again. needed: without it the node is not ready.
    """

    name: str
    state: State
    since_ms: int
    detail: str = ""
    restarts: int = 0
    needed: bool = False


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node as a whole. started_ms: Unix ms. services: its parts, by name."""

    started_ms: int
    services: tuple[Service, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether all that is needed runs."""
        return all(one.state == "running" for one in self.services if one.needed)
