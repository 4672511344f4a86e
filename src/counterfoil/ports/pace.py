"""When to anchor: what a scheduler is told, and what it answers.

An anchor costs money, and waiting costs safety; how to weigh them is a policy of its own (`pace`).
This module refuses to hold one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Pace", "Waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be anchored on a chain.

    now_ms: Unix ms. behind_ms: since when entries wait, Unix ms; None when none do. due_ms: by
    when somebody asked to be anchored, Unix ms; None when nobody did.
    """

    now_ms: int
    behind_ms: int | None
    due_ms: int | None


class Pace(Protocol):
    """Decides when to anchor."""

    def is_due(self, waiting: Waiting) -> bool:
        """Tell whether to anchor the published checkpoint now."""
