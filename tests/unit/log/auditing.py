"""Logs made by hand for tests of the audit: any published size, any tail, quickly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from counterfoil.formats import bundle
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, tile_path
from counterfoil.log.audit import HashAudit, TreeReport
from counterfoil.log.edge import TileEdge
from counterfoil.log.findings import Finding, Findings
from counterfoil.ports import Head, LogStore, Segment, StoredCheckpoint, TileStore
from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import leaf_hash, root_of
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from counterfoil.units import TILE_WIDTH
from tests.log_rig import ORIGIN, open_note, sign

__all__ = ["Hand", "flipped", "root_at", "run_audit", "with_segment"]


class Hand:
    """A log of `size` small entries, of which `published` are in tiles.

    trimmed: entries below it are in tiles only. kept: sizes whose checkpoints are kept.
    """

    def __init__(
        self,
        size: int,
        published: int | None = None,
        trimmed: int = 0,
        kept: tuple[int, ...] = (),
        row: int = 100,
    ) -> None:
        self.entries = [b"entry %d" % index + b"." * (index % 5) for index in range(size)]
        self.size, self.published = size, size if published is None else published
        self.hashes = [leaf_hash(entry) for entry in self.entries]
        self.tiles = MemoryTiles()
        self._write_tiles(self.hashes[: self.published])
        disk = MemoryDisk(head=self.head(size, trimmed))
        disk.segments = [s for s in self.segments(row) if s.first >= trimmed]
        disk.checkpoints = {at: StoredCheckpoint(at, self.note(at), 1000 + at) for at in kept}
        self.store = MemoryStore(disk)

    def note(self, size: int) -> bytes:
        """Sign the checkpoint of the first `size` entries."""
        return sign(Checkpoint(ORIGIN, size, root_at(self.hashes, size)))

    def head(self, size: int, trimmed: int = 0) -> Head:
        """Make the head of the first `size` entries."""
        frontier = Frontier()
        frontier.extend(self.hashes[:size])
        return Head(size, frontier.hashes, self.note(size), 1000 + size, trimmed)

    def segments(self, row: int) -> list[Segment]:
        """Cut the entries into rows of at most `row`, where bundles end."""
        found, at = [], 0
        while at < self.size:
            end = min(at + row, at - at % TILE_WIDTH + TILE_WIDTH, self.size)
            run = self.entries[at:end]
            hashes = b"".join(self.hashes[at:end])
            found.append(Segment(at, end - at, bundle.format(run), hashes))
            at = end
        return found

    def _write_tiles(self, hashes: list[bytes]) -> None:
        edge, size = TileEdge(), len(hashes)
        for first in range(0, size, TILE_WIDTH):
            end = min(first + TILE_WIDTH, size)
            path = entries_path(first // TILE_WIDTH, end - first)
            self.tiles.put(path, bundle.format(self.entries[first:end]))
        for tile in [*edge.extend(hashes), *edge.partials()]:
            path = tile_path(tile.level, tile.number, len(tile.hashes))
            self.tiles.put(path, b"".join(tile.hashes))
        self.tiles.publish(self.note(size))


def root_at(hashes: list[bytes], size: int) -> bytes:
    """Compute the root of the first `size` leaves."""
    return root_of(hashes[:size])


def run_audit(
    tiles: TileStore, store: LogStore | None = None, **options: Any
) -> tuple[TreeReport, tuple[Finding, ...]]:
    """Audit, and return the report with what was found."""
    findings: Findings = options.pop("findings", Findings())
    kind = options.pop("kind", HashAudit)
    report: TreeReport = kind(tiles, store, open_note, findings, **options).run()
    return report, findings.kept


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """Flip one bit of one byte; at: from the end when negative."""
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def with_segment(store: MemoryStore, number: int, **changes: Any) -> None:
    """Change one row of a store."""
    store.disk.segments[number] = replace(store.disk.segments[number], **changes)
