"""Let watchers read a ledger at hand, its owner's or as a reader beside the owner.

The times of the log's own clock are those of its kept checkpoints and of each commit that was
noticed while it was watched. This module refuses to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from counterfoil.ledger import Ledger

__all__ = ["LedgerLog"]

_MOMENTS_MAX: Final = 8192  # the last ones; older ones were read when watching began


class LedgerLog:
    """A ledger as a `LogAccess`; closing it leaves the ledger open."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.origin = ledger.origin
        self._moments: list[tuple[int, int]] = []
        self._read = False

    def refresh(self) -> int:
        """Look at the last commit; gives how many entries there are."""
        size, at_ms = self._ledger.committed
        if not self._read:
            kept = [(one.size, one.at_ms) for one in self._ledger.checkpoints()]
            self._moments = _growing([*kept, (size, at_ms)] if size else kept)
            self._read = True
        elif size > (self._moments[-1][0] if self._moments else 0):
            self._moments = _growing([*self._moments[-_MOMENTS_MAX:], (size, at_ms)])
        return size

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """Read the bytes of entries [first, end)."""
        return self._ledger.entries(first, min(end, self._ledger.size))

    def moments(self) -> Sequence[tuple[int, int]]:
        """List what is known of the log's clock."""
        return self._moments

    def mark(self) -> str:
        """Have none: the ledger itself refuses to be put back."""
        return ""

    def resume(self, mark: str) -> None:
        """Ask for no more than the last entry's leaf, which the feed compares."""

    def close(self) -> None:
        """Leave the ledger to who opened it."""


def _growing(moments: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort by size, each once, with times that never go back."""
    found: list[tuple[int, int]] = []
    for size, at_ms in sorted(dict(moments).items()):
        found.append((size, max(at_ms, found[-1][1]) if found else at_ms))
    return found
