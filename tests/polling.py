"""Wait for an outcome, not for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]


def until(holds: Callable[[], bool], limit_s: float = 60.0, pause_s: float = 0.05) -> bool:
    """Ask again and again until something holds; say whether it did within a generous limit."""
    end = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True
