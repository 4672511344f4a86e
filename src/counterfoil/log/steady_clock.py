"""A log's clock: it never goes back, and it refuses to guess across a large step.

A step back of minutes is a fault to look at; a small one is everyday life, and is bridged by
telling the last time again. It must not be bridged by counting on: thousands of calls in a
millisecond would run ahead of the machine's clock until that looks like a step back itself.
"""

from __future__ import annotations

import threading
from typing import Final

from counterfoil.errors import Refused
from counterfoil.ports import Clock

__all__ = ["STEP_BACK_MAX_MS", "SteadyClock"]

STEP_BACK_MAX_MS: Final = 300_000
"""Largest step back that is bridged, ms (five minutes)."""


class SteadyClock:
    """Tells a time that never goes back.

    clock: the machine's. last_ms: the last time that the log's store knows.
    """

    def __init__(self, clock: Clock, last_ms: int) -> None:
        self._clock = clock
        self._last_ms = last_ms
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Tell the Unix time, ms, never before what was told before.

        Raises Refused with code clock.back when the machine's clock went back by more than five
        minutes.
        """
        with self._lock:
            now = self._clock.now_ms()
            if self._last_ms - now > STEP_BACK_MAX_MS:
                raise Refused(
                    "clock.back",
                    f"expected a time after {self._last_ms} ms, found {now} ms: the machine's "
                    f"clock went back by {(self._last_ms - now) // 1000} s",
                    hint="Set the clock right; nothing was recorded.",
                )
            self._last_ms = max(now, self._last_ms)
            return self._last_ms
