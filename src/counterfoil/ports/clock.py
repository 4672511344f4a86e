"""Where time comes from: an argument, so that tests may turn it back."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Tells the time."""

    def now_ms(self) -> int:
        """Tell the Unix time, ms, UTC."""


class SystemClock:
    """The machine's clock: its operator's word."""

    def now_ms(self) -> int:
        """Tell the Unix time, ms, UTC."""
        return time.time_ns() // 1_000_000
