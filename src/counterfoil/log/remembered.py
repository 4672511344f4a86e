"""Hold a log against what its witnesses remember of it.

When a folder is put back from a copy, everything in it agrees with itself; only a memory outside
of it can tell. This module refuses to mend, and to believe a log that is shorter or other than
somebody saw it.
"""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.errors import FatalLogError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.log.edge import TileEdge
from counterfoil.log.reader import LogReader
from counterfoil.ports import LogStore, TileStore
from counterfoil.proofs.merkle import EMPTY_ROOT, root_of_range
from counterfoil.units import HASH_BYTES

__all__ = ["check_remembered", "root_at"]


def check_remembered(
    remembered: Iterable[Checkpoint],
    store: LogStore,
    tiles: TileStore,
    edge: TileEdge,
    *,
    tail: bool = True,
) -> None:
    """Check that the log extends every state that a witness remembers.

    edge: of the published tree. tail: compare what is not published yet, too; not while another
    process may publish and trim it. Raises FatalLogError with code witness.rolled-back or
    witness.forked.
    """
    head = store.head()
    for seen in remembered:
        if seen.size > head.size:
            raise FatalLogError(
                "witness.rolled-back",
                f"expected at least the {seen.size} entries that the witness saw, found "
                f"{head.size}: this ledger was put back to an older state, or its end was cut off",
                hint="Bring the newer state back: `counterfoil recover DIR --from COPY`. If it is "
                "lost for good, begin a successor: `counterfoil recover NEW_DIR --from DIR "
                "--successor`.",
            )
        if seen.size > edge.size and not tail:
            continue
        root = root_at(seen.size, store, tiles, edge)
        if root != seen.root:
            raise FatalLogError(
                "witness.forked",
                f"expected the first {seen.size} entries to lead to {seen.root.hex()}, as the "
                f"witness saw them, found {root.hex()}: entries were changed, or this is another "
                "history of the same log",
                hint="`counterfoil audit` says where; do not go on from this state. Bring back "
                "the true one: `counterfoil recover DIR --from COPY`.",
            )


def root_at(size: int, store: LogStore, tiles: TileStore, edge: TileEdge) -> bytes:
    """Compute the root of the first `size` entries, 32 bytes.

    0 <= size <= the store's size. Raises FatalLogError with code log.damaged.
    """
    if size == 0:
        return EMPTY_ROOT
    if size <= edge.size:
        return root_of_range(0, size, LogReader(tiles).nodes(edge.size))
    tail = edge.copy()
    for segment in store.segments(edge.size, size):
        skip = max(edge.size - segment.first, 0)
        new = segment.hashes[skip * HASH_BYTES : (size - segment.first) * HASH_BYTES]
        for _ in tail.extend([new[i : i + HASH_BYTES] for i in range(0, len(new), HASH_BYTES)]):
            pass
    return tail.root()
