"""A clock that a test sets: forward, back, or not at all. Refuses to move by itself."""

from __future__ import annotations

__all__ = ["ManualClock"]


class ManualClock:
    """A `Clock` that stands still until it is told.

    at_ms: Unix time, ms, UTC; may be set at any moment, also backwards.

    >>> clock = ManualClock(1_000)
    >>> clock.advance(-400)
    >>> clock.now_ms()
    600
    """

    def __init__(self, at_ms: int = 1_700_000_000_000) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """Tell the time that was set, ms."""
        return self.at_ms

    def advance(self, by_ms: int) -> None:
        """Move the time by `by_ms`, ms; back where it is negative."""
        self.at_ms += by_ms
