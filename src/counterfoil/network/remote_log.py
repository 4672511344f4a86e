"""Read another party's log entry by entry, each proven, for those who watch it.

Each look fetches the signed checkpoint, holds it to the reader's policy, and proves by tiles that
its tree extends the one that was seen before: also the one before a restart, whose size and root
are part of the watcher's place. This module refuses to read on where the log went back or forked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.network.monitor import origin_of
from counterfoil.network.proven import ProvenTiles
from counterfoil.network.sources import LogSource
from counterfoil.ports import Clock, SystemClock
from counterfoil.proofs.equivocation import root_at
from counterfoil.proofs.trust import evaluate
from counterfoil.units import TILE_WIDTH

__all__ = ["RemoteLog"]

_BUNDLES: Final = 16
_LOOKS: Final = 8192


class RemoteLog:
    """A log behind an address or in a folder, as a `LogAccess` of watchers. Not safe for threads.

    source: of its tiles. policy: the reader's; names exactly one log.
    Raises InputError with code monitor.policy.
    """

    def __init__(self, source: LogSource, policy: Policy, clock: Clock | None = None) -> None:
        self.origin = origin_of(policy)
        self._source, self._policy = source, policy
        self._clock: Clock = clock or SystemClock()
        self._tree: Checkpoint | None = None
        self._looks: list[tuple[int, int]] = []
        self._proven: ProvenTiles | None = None
        self._bundle = lru_cache(_BUNDLES)(self._read_bundle)

    def refresh(self) -> int:
        """Fetch the newest checkpoint, and prove that it extends the last one.

        Raises VerificationError with code watch.history or as `proofs.trust.evaluate`, and as the
        source does.
        """
        signed = self._source.checkpoint()
        tree = evaluate(self._policy, signed, now_s=self._clock.now_ms() // 1000).checkpoint
        before = self._tree
        if before is not None and (tree.size, tree.root) == (before.size, before.root):
            if len(self._looks) > 1 and self._looks[-2][0] == tree.size:
                self._looks.pop()  # what comes next came after the last look
            self._looks.append((tree.size, self._clock.now_ms()))
            return tree.size
        proven = ProvenTiles(tree, self._source.tile, self._source.name)
        if before is not None:
            _require_growth(self.origin, before.size, before.root, tree, proven)
        self._tree, self._proven = tree, proven
        self._looks = [*self._looks[-_LOOKS:], (tree.size, self._clock.now_ms())]
        self._bundle.cache_clear()
        return tree.size

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """Read the bytes of entries [first, end), proven, or to the log's end."""
        size = self._tree.size if self._tree is not None else 0
        at, end = first, min(end, size)
        while at < end:
            number = at // TILE_WIDTH
            for data in self._bundle(number)[at % TILE_WIDTH : end - number * TILE_WIDTH]:
                yield data
                at += 1

    def moments(self) -> Sequence[tuple[int, int]]:
        """List what was there at each look, by the reader's clock; the log tells none."""
        return self._looks

    def mark(self) -> str:
        """Name the size and root that were seen."""
        return "" if self._tree is None else f"{self._tree.size} {self._tree.root.hex()}"

    def resume(self, mark: str) -> None:
        """Prove that the log extends the state that `mark` named; see `LogAccess.resume`."""
        size, _, root = mark.partition(" ")
        if not mark or self._tree is None or self._proven is None:
            return
        try:
            known = int(size), bytes.fromhex(root)
        except ValueError as err:
            raise InputError(
                "watch.cursor", f"expected a size and a root, found {mark[:80]!a}"
            ) from err
        _require_growth(self.origin, *known, self._tree, self._proven)

    def close(self) -> None:
        """Let go of connections."""
        self._source.close()

    def _read_bundle(self, number: int) -> list[bytes]:
        if self._proven is None:
            return []
        return self._proven.entries(number, self._proven.bundle_bytes(number))[0]


def _require_growth(
    origin: str, size: int, root: bytes, tree: Checkpoint, proven: ProvenTiles
) -> None:
    found = f"a log of {tree.size} entries"
    if tree.size >= size:
        was = root_at(size, proven.nodes())
        if was == root:
            return
        found = f"the root {was.hex()}"
    raise VerificationError(
        "watch.history",
        f"expected {origin} to begin with the {size} entries under {root.hex()} that were seen, "
        f"found {found}",
        hint="The log went back, forked, or a cache answers: `counterfoil monitor run` with more "
        "sources tells which, and keeps proof.",
    )
