"""Derive tiles from what is committed, and publish a checkpoint once they are durable.

Order: entry bundles and hash tiles, synced; their folders, synced; cosignatures of the witnesses;
then the checkpoint, renamed into place. Doing it again gives the same tiles. A root that they do
not lead to is never published. This module refuses to sign.
"""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.errors import FatalLogError, InputError, NotFound
from counterfoil.formats import bundle as bundles
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, tile_path
from counterfoil.log.edge import HashTile, TileEdge
from counterfoil.log.reader import LogReader, damaged, parse_signed
from counterfoil.ports import Head, LogStore, Segment, TileStore, Unwatched, Witnessing
from counterfoil.proofs.merkle import consistency_path, leaf_hash
from counterfoil.units import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH

__all__ = ["Publisher"]


class Publisher:
    """Writes the tiles of a log.

    edge: of the published tree, as `log.startup` found it; owned by the publisher from now on.
    witnesses: whom each checkpoint is shown before it is published.
    """

    def __init__(
        self, store: LogStore, tiles: TileStore, edge: TileEdge, witnesses: Witnessing | None = None
    ) -> None:
        self._store, self._tiles, self._edge = store, tiles, edge
        self._witnesses = witnesses if witnesses is not None else Unwatched()

    @property
    def size(self) -> int:
        """Size of the published tree."""
        return self._edge.size

    def publish(self, head: Head) -> None:
        """Write the tiles of `head` and publish its checkpoint.

        Can be repeated after a failure. Raises Unavailable with code tiles.write, FatalLogError
        with code log.root-mismatch when the tiles lead to another root than the one signed, and
        log.rolled-back or log.damaged when what is published is newer, or no checkpoint.
        """
        if head.size == self._edge.size:
            return
        edge = self._edge.copy()
        full: list[tuple[int, int]] = []
        for bundle in self._bundles(edge.size, head.size):
            self._write_bundle(bundle)
            new = bundle.hashes[(edge.size - bundle.first) * HASH_BYTES :]
            hashes = [new[at : at + HASH_BYTES] for at in range(0, len(new), HASH_BYTES)]
            for tile in edge.extend(hashes):
                self._write_tile(tile)
                full.append((tile.level, tile.number))
        for tile in edge.partials():
            shift = TILE_HEIGHT * tile.level
            if edge.size >> shift != self._edge.size >> shift:  # else it is published already
                self._write_tile(tile)
        checkpoint = parse_signed(head.note)
        _require_root(checkpoint, edge)
        self._require_growth(checkpoint)
        self._tiles.flush()
        self._tiles.publish(self._cosigned(head.note))
        self._edge = edge
        for level, number in full:
            self._tiles.drop_partials(tile_path(level, number))
            if level == 0:
                self._tiles.drop_partials(entries_path(number))

    def gather(self) -> bool:
        """Ask again for cosignatures that the published checkpoint lacks; say if more came.

        Raises as `publish`.
        """
        signed = self._tiles.published() if self._witnesses.wanting else None
        if signed is None or parse_signed(signed).size != self._edge.size:
            return False
        cosigned = self._cosigned(signed)
        if cosigned == signed:
            return False
        self._tiles.publish(cosigned)
        return True

    def published_note(self) -> bytes | None:
        """Read the published checkpoint with all its signatures."""
        return self._tiles.published()

    @property
    def wanting(self) -> bool:
        """Tell whether it is worth asking witnesses again."""
        return self._witnesses.wanting

    def _cosigned(self, signed: bytes) -> bytes:
        def prove(old: int, new: int) -> list[bytes]:
            return consistency_path(old, new, LogReader(self._tiles).nodes(new))

        return self._witnesses.cosign(signed, prove)

    def _require_growth(self, checkpoint: Checkpoint) -> None:
        """Refuse to put an older tree in the place of a newer one, whoever published that."""
        try:
            published, _ = LogReader(self._tiles).published()
        except NotFound:
            return
        if published.size > checkpoint.size:
            raise FatalLogError(
                "log.rolled-back",
                f"expected a published checkpoint of at most {checkpoint.size} entries, "
                f"found one of {published.size}",
                hint="Another process writes to this log, or tiles of another copy were put here.",
            )

    def _bundles(self, old_size: int, new_size: int) -> Iterator[Segment]:
        """Join the store's segments to bundles, from the one that holds `old_size` on."""
        parts: list[Segment] = []
        for segment in self._store.segments(old_size - old_size % TILE_WIDTH, new_size):
            parts.append(segment)
            if (segment.first + segment.count) % TILE_WIDTH == 0:
                yield _join(parts)
                parts = []
        if parts:
            yield _join(parts)

    def _write_bundle(self, bundle: Segment) -> None:
        """Write a bundle whose entries are those that were signed.

        Once it is published the store forgets them: a page that the disk did not keep must be
        found now, while a copy may be at hand.
        """
        path = entries_path(bundle.first // TILE_WIDTH, bundle.count)
        try:
            hashes = b"".join(map(leaf_hash, bundles.parse(bundle.entries)))
        except InputError as err:
            raise damaged(f"the database's entries for {path}", err.message) from err
        if hashes != bundle.hashes:
            raise damaged(f"the database's entries for {path}", "changed ones")
        self._tiles.put(path, bundle.entries)

    def _write_tile(self, tile: HashTile) -> None:
        path = tile_path(tile.level, tile.number, len(tile.hashes))
        self._tiles.put(path, b"".join(tile.hashes))


def _require_root(checkpoint: Checkpoint, edge: TileEdge) -> None:
    if (checkpoint.size, checkpoint.root) != (edge.size, edge.root()):
        raise FatalLogError(
            "log.root-mismatch",
            f"expected the tiles to lead to {checkpoint.root.hex()} at size {checkpoint.size}, "
            f"found {edge.root().hex()} at {edge.size}",
            hint="Stop writing; `counterfoil audit` names what is damaged.",
        )


def _join(parts: list[Segment]) -> Segment:
    return Segment(
        parts[0].first,
        sum(part.count for part in parts),
        b"".join(part.entries for part in parts),
        b"".join(part.hashes for part in parts),
    )
