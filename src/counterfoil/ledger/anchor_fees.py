"""Read what a chain's blocks have cost, a little at a time, for who waits for a cheap one.

A chain that does not say is left alone for a while: what waits is anchored by its deadline all the
same. This module refuses to raise, and to ask oftener than blocks come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from counterfoil.errors import CounterfoilError
from counterfoil.ports import FeesSeen

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain

__all__ = ["AnchorFees"]

_PAGE: Final = 1_024  # nodes answer about no more blocks at once
_KEPT: Final = 8_192
_WAITS: Final = 24  # longest waits that are worth learning from
_REST_S: Final = (30.0, 600.0)
_LEAST_LOOK_S: Final = 2.0
_OVERLAP: Final = 8  # blocks that are read again: the newest may have been replaced


class AnchorFees:
    """Base fees of one chain.

    opened: opens it. longest_s: longest wait, by which is chosen how far back to read.
    """

    def __init__(self, opened: Callable[[], NodeChain], longest_s: float) -> None:
        self._opened, self._longest_s = opened, longest_s
        self._chain: NodeChain | None = None
        self._first, self._fees = 0, list[int]()
        self._block_s = 0.0
        self._look_at = self._looked_at = 0.0
        self._rest_s = 0.0

    def seen(self) -> FeesSeen | None:
        """Give what is known by now; None where the chain does not say."""
        now = time.monotonic()
        if now >= self._look_at:
            try:
                self._look(now)
            except CounterfoilError:
                self._rest_s = min(max(2 * self._rest_s, _REST_S[0]), _REST_S[1])
                self._look_at = now + self._rest_s
                self._first, self._fees = 0, []
                self.close()
        if not self._fees or not any(self._fees):  # a chain without base fees says 0
            return None
        return FeesSeen(tuple(self._fees), self._first, self._block_s)

    def close(self) -> None:
        """Let go of the chain."""
        if self._chain is not None:
            self._chain.close()
        self._chain = None

    def _look(self, now: float) -> None:
        chain = self._chain = self._chain or self._opened()
        if not self._fees:
            self._first, self._fees = chain.base_fees(_PAGE)
            self._block_s = _block_time(chain, self._first)
            self._read_back(chain)
        else:
            passed = int((now - self._looked_at) / max(self._block_s, 0.1))
            first, fees = chain.base_fees(min(passed + _OVERLAP, _PAGE))
            at = first - self._first
            kept = self._fees[:at] if 0 <= at <= len(self._fees) else []
            self._first = self._first if kept else first
            self._fees = kept + fees
        cut = max(len(self._fees) - _KEPT, 0)
        self._first, self._fees = self._first + cut, self._fees[cut:]
        self._rest_s, self._looked_at = 0.0, now
        self._look_at = now + max(self._block_s / 2, _LEAST_LOOK_S)

    def _read_back(self, chain: NodeChain) -> None:
        """Read what came before, as far as it helps; what a node no longer has is done without."""
        wanted = min(int(_WAITS * self._longest_s / max(self._block_s, 0.1)), _KEPT)
        while len(self._fees) < wanted and self._first > 0:
            count = min(_PAGE, self._first)
            try:
                first, fees = chain.base_fees(count, self._first - 1)
            except CounterfoilError:
                return
            if first + len(fees) != self._first + 1 or first >= self._first:
                return
            self._first, self._fees = first, fees[:-1] + self._fees


def _block_time(chain: NodeChain, first: int) -> float:
    """Tell the usual seconds between two blocks; 0 where that cannot be told."""
    head, old = chain.head(), chain.block(first)
    if old is None or head.number <= old.number:
        return 0.0
    return max(head.time_s - old.time_s, 0) / (head.number - old.number)
