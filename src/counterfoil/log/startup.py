"""Refuse to go on from a state that is damaged, went back, or does not hang together.

A log that signs after a rollback forks. So before the first append the database's head, the
published checkpoint, the tiles' right edge and the tail's entries must tell one story. This
module refuses to mend: `recover` does.
"""

from __future__ import annotations

from collections.abc import Callable

from counterfoil.errors import CounterfoilError, FatalLogError
from counterfoil.formats import bundle
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import level_shapes, tile_path
from counterfoil.log.edge import TileEdge
from counterfoil.log.reader import LogReader
from counterfoil.log.remembered import check_remembered
from counterfoil.ports import Head, LogStore, Segment, TileStore, Witnessing
from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["OpenNote", "check_start", "published_edge"]

OpenNote = Callable[[bytes], Checkpoint]
"""Checks a signed checkpoint under the log's own keys; raises VerificationError."""


def check_start(
    store: LogStore,
    tiles: TileStore,
    open_note: OpenNote,
    witnesses: Witnessing | None = None,
) -> TileEdge:
    """Check that store and tiles agree, and return the published tree's edge.

    Reads the right edge and the unpublished tail only: milliseconds for a log of any size.
    witnesses: what they remember must be true of the log, too.
    Raises FatalLogError with code log.rolled-back, log.mismatch, log.damaged, log.signature,
    witness.rolled-back, witness.forked, or one of `Witnessing.remembered`.
    """
    head = store.head()
    edge = published_edge(tiles, open_note)
    if edge.size > head.size:
        raise FatalLogError(
            "log.rolled-back",
            f"expected a database of at least the {edge.size} entries that were published, "
            f"found one of {head.size}",
            hint="An old database was put back. `counterfoil recover DIR` remakes it from the "
            "tiles; entries after them are lost unless you have a newer copy.",
        )
    if head.trimmed > edge.size:
        raise FatalLogError(
            "log.rolled-back",
            f"expected published tiles of at least {head.trimmed} entries, found {edge.size}",
            hint="Old tiles or an old `checkpoint` were put back: restore the newer ones.",
        )
    signed = _check_head(head, open_note)
    tail = _follow_tail(store, edge, head.size)
    if (tail.size, tail.root()) != (head.size, signed):
        raise FatalLogError(
            "log.mismatch",
            f"expected tiles and database to lead to {signed.hex()} at size {head.size}, "
            f"found {tail.root().hex()} at {tail.size}",
            hint="They are of different histories, or damaged: `counterfoil audit` says where.",
        )
    if witnesses is not None:
        check_remembered(witnesses.remembered(), store, tiles, edge)
    return edge


def published_edge(tiles: TileStore, open_note: OpenNote) -> TileEdge:
    """Read the edge of the published tree, checked against its signed checkpoint.

    Raises FatalLogError with code log.signature, log.damaged or log.mismatch.
    """
    signed = tiles.published()
    if signed is None:
        return TileEdge()
    checkpoint = _open(signed, open_note, "the published checkpoint")
    reader = LogReader(tiles)
    levels: list[list[bytes]] = []
    for shape in level_shapes(checkpoint.size):
        data = reader.tile(shape.level, shape.full, shape.partial) if shape.partial else b""
        levels.append([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])
    edge = TileEdge(checkpoint.size, levels)
    if edge.root() != checkpoint.root:
        path = tile_path(0, max(checkpoint.size - 1, 0) >> 8)
        raise FatalLogError(
            "log.mismatch",
            f"expected the tiles up to {path} to lead to {checkpoint.root.hex()}, "
            f"found {edge.root().hex()}",
            hint="Tiles are damaged or of another history: `counterfoil audit` says where.",
        )
    return edge


def _check_head(head: Head, open_note: OpenNote) -> bytes:
    """Check the head against its checkpoint, and return the root that it leads to, 32 bytes."""
    try:
        root = Frontier(head.size, head.frontier).root()
    except CounterfoilError as err:
        raise FatalLogError(
            "log.damaged",
            f"expected the database's head to be whole, but: {err.message}",
            hint="`counterfoil recover DIR` remakes the database from the tiles.",
        ) from err
    if not head.note and head.size == 0:
        return root
    checkpoint = _open(head.note, open_note, "the database's checkpoint")
    if (checkpoint.size, checkpoint.root) != (head.size, root):
        raise FatalLogError(
            "log.mismatch",
            f"expected the database's checkpoint to be of size {head.size} and root {root.hex()}, "
            f"found {checkpoint.size} and {checkpoint.root.hex()}",
            hint="The database is damaged: `counterfoil recover DIR` remakes it from the tiles.",
        )
    return root


def _follow_tail(store: LogStore, edge: TileEdge, end: int) -> TileEdge:
    """Check what will be published next, from its first bundle on, and extend the edge by it."""
    tail = edge.copy()
    bundle_start = edge.size - edge.size % TILE_WIDTH
    published = b"".join(edge.levels[0]) if edge.levels else b""
    for segment in store.segments(bundle_start, end):
        _check_segment(segment)
        known = min(max(edge.size - segment.first, 0), segment.count) * HASH_BYTES
        at = (segment.first - bundle_start) * HASH_BYTES
        if segment.hashes[:known] != published[at : at + known]:
            raise FatalLogError(
                "log.mismatch",
                f"expected entries {segment.first} to {edge.size - 1} of the database to be those "
                "of the tiles, found others",
                hint="They are of different histories: `counterfoil audit` says where.",
            )
        new = segment.hashes[known:]
        for _ in tail.extend([new[i : i + HASH_BYTES] for i in range(0, len(new), HASH_BYTES)]):
            pass
    return tail


def _check_segment(segment: Segment) -> None:
    try:
        hashes = b"".join(map(leaf_hash, bundle.parse(segment.entries)))
    except CounterfoilError:
        hashes = b""
    if hashes != segment.hashes or len(hashes) != segment.count * HASH_BYTES:
        last = segment.first + segment.count - 1
        raise FatalLogError(
            "log.damaged",
            f"expected entries {segment.first} to {last} of the database to be whole, "
            "found them changed",
            hint="Restore the database from a copy, or `counterfoil recover DIR` without them.",
        )


def _open(signed: bytes, open_note: OpenNote, what: str) -> Checkpoint:
    try:
        return open_note(signed)
    except CounterfoilError as err:
        raise FatalLogError(
            "log.signature",
            f"expected {what} to be signed by this log, but: {err.message}",
            hint="The file or the keys are damaged or of another log.",
        ) from err
