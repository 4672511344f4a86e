"""The published log, as it is anchored: its checkpoint, earlier roots, and proofs of growth.

Only what readers can see is anchored. This module refuses to look into the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from counterfoil.log import LogReader
from counterfoil.proofs.merkle import EMPTY_ROOT, consistency_path, inclusion_path, root_of_range
from counterfoil.storage import TileFiles

__all__ = ["PublishedLog"]


class PublishedLog:
    """The tiles of the ledger in `folder`, as `chain.anchor_queue.AnchorSource`."""

    def __init__(self, folder: Path) -> None:
        self._reader = LogReader(TileFiles(folder))

    def published(self) -> tuple[int, bytes, bytes]:
        """Read the published checkpoint: size, root, signed note."""
        checkpoint, note = self._reader.published()
        return checkpoint.size, checkpoint.root, note

    def root(self, size: int) -> bytes:
        """Compute the root at a size that is published."""
        nodes = self._reader.nodes(self.published()[0])
        return root_of_range(0, size, nodes) if size else EMPTY_ROOT

    def include(self, index: int, size: int) -> Sequence[bytes]:
        """Prove that an entry stands in the tree of `size` entries (RFC 9162, 2.1.3)."""
        return inclusion_path(index, size, self._reader.nodes(self.published()[0]))

    def prove(self, old: int, new: int) -> Sequence[bytes]:
        """Prove that the tree of `new` entries extends that of `old`."""
        return consistency_path(old, new, self._reader.nodes(self.published()[0]))
