"""Number an issuer's statements without gaps: a refused statement gives its number back."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable

__all__ = ["Numbering"]


class Numbering:
    """The next numbers of an issuer's sources; safe for threads.

    next_number: tells the number after the highest that is recorded for a source.
    """

    def __init__(self, next_number: Callable[[str], int]) -> None:
        self._next_number = next_number
        self._lock = threading.Lock()  # its own: answers of the log come while the door is held
        self._next: dict[str, int] = {}
        self._returned: dict[str, list[int]] = {}

    def take(self, source: str, count: int = 1) -> int:
        """Take `count` numbers in a row and return the first."""
        with self._lock:
            returned = self._returned.get(source)
            if count == 1 and returned:
                return heapq.heappop(returned)
            first = self._next.get(source)
            if first is None:
                first = self._next_number(source)
            self._next[source] = first + count
            return first

    def give_back(self, source: str, first: int, count: int = 1) -> None:
        """Return numbers whose statements were refused."""
        with self._lock:
            heap = self._returned.setdefault(source, [])
            for number in range(first, first + count):
                heapq.heappush(heap, number)
